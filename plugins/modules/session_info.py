#!/usr/bin/python
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what is known of a session, and what there is of it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: session_info
short_description: Read an MTV test session and show what there is of it
version_added: 0.1.0
description:
  - Reads the resources file and the prefix, finds the session on the cluster and returns its keys, for the other modules of this collection.
  - Returns too what a teardown would delete. Nothing is changed.
author:
  - mtv.teardown contributors (!UNKNOWN)
requirements:
  - python >= 3.11
  - kubernetes >= 31.0.0
  - jmespath >= 1.0.1
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - mtv.teardown._session
  - mtv.teardown._journal
  - mtv.teardown._undo
  - mtv.teardown._providers
  - mtv.teardown._providers.openstack
  - mtv.teardown._providers.esxi
  - mtv.teardown._attributes.info
options:
  verify_ignore:
    description:
      - The list that M(mtv.teardown.leftovers_info) takes; it is only checked here, so that a mistake in it is found before anything is deleted.
    type: raw
    default: []
  inputs_only:
    description:
      - Whether only to read the inputs. No server is asked then, and only RV(session), as far as the inputs tell it, and RV(summary) say something.
    type: bool
    default: false
  fail_on_unreachable:
    description:
      - Whether the module fails when the cluster does not answer.
      - With V(false) that is told in RV(unreadable), and RV(session) is what the record and earlier runs say.
    type: bool
    default: true
  rights:
    description:
      - Whether to ask which rights a teardown of the session would lack, on the cluster and on source providers; see RV(rights).
      - Asked is for what is to be put back by O(undo_file), too, on the cluster and on source providers.
      - The questions (SelfSubjectRulesReview, SelfSubjectAccessReview, C(HasPrivilegeOnEntities)) change nothing.
    type: bool
    default: false
  openshift_only:
    description: Whether source providers are left alone; O(rights) asks the cluster alone then, and RV(phases) has none on providers.
    type: bool
    default: false
  forklift_snapshots:
    description: Whether O(rights) asks for what removing Forklift's snapshots on vSphere VMs that stay needs, too.
    type: bool
    default: false
  remove_finalizers:
    description:
      - The list that M(mtv.teardown.openshift_resources) takes; it is checked here, so that a mistake in it is found before anything is deleted.
      - When it names any, O(rights) asks for what taking them off needs, too.
    type: raw
    default: []
    version_added: 0.3.0
  finalizer_grace:
    description: The dictionary that M(mtv.teardown.openshift_resources) takes; it is only checked here.
    type: raw
    default: {}
    version_added: 0.3.0
  lease_namespace:
    description:
      - The namespace of the Lease that M(mtv.teardown.lease) is going to take; it is checked here whether a Lease of this session can be there.
      - With it, O(rights) asks for what that needs, too.
    type: str
    default: ""
    version_added: 0.3.0
seealso:
  - module: mtv.teardown.leftovers_info
"""

EXAMPLES = r"""
- name: Show what a session left
  mtv.teardown.session_info:
    session_prefix: auto-ab12
  register: found

- name: See which rights a teardown would lack
  mtv.teardown.session_info:
    resources_file: .data-collector/resources.json
    rights: true
  register: asked

- name: Hand its keys on
  mtv.teardown.plans:
    session: "{{ found.session }}"
"""

RETURN = r"""
session:
  description: The session's keys, as the other modules take them in their option O(mtv.teardown.plans#module:session).
  type: dict
  returned: always
  contains:
    prefix:
      description: The prefix.
      type: str
      returned: always
    source:
      description: The resources file that was read, or nothing.
      type: str
      returned: always
    records:
      description: The entries of the resources file, without duplicates.
      type: list
      elements: dict
      returned: always
    started:
      description: Creation time of the oldest object that carries the prefix.
      type: str
      returned: always
    namespaces:
      description: Namespaces that the session created.
      type: list
      elements: str
      returned: always
    plans:
      description: Plans, with UID and target namespace.
      type: list
      elements: dict
      returned: always
    migrations:
      description: Migrations, with UID and the UID of their Plan.
      type: list
      elements: dict
      returned: always
    providers:
      description: Providers, with UID and type.
      type: list
      elements: dict
      returned: always
    lineage:
      description: UIDs of what is the session's outside its own namespaces, and the test that made each.
      type: dict
      returned: always
    traces:
      description: What each of these is, where it lives, and by which evidence it is the session's.
      type: dict
      returned: always
    pattern:
      description: What O(session_prefix_pattern) was.
      type: str
      returned: always
    note:
      description: The note of an earlier run that was read, and whether it ended clean or came to no verdict; or nothing.
      type: str
      returned: always
targets:
  description: Objects that a teardown deletes.
  type: list
  elements: dict
  returned: always
  contains:
    kind:
      description: Kind of the object.
      type: str
      returned: always
    api_version:
      description: API version under which it was read; empty for a record whose object is not there.
      type: str
      returned: always
    namespace:
      description: Its namespace; null for objects of the cluster.
      type: str
      returned: always
    name:
      description: Its name.
      type: str
      returned: always
    uid:
      description: Its UID; empty when it is not there.
      type: str
      returned: always
    evidence:
      description: What shows that it is the session's, such as C(namespace), C(label plan), C(owner), C(claim) or C(record).
      type: str
      returned: always
    rests_on:
      description: The object, record or key that the evidence rests on, such as C(Namespace auto-ab12); empty where it was not kept.
      type: str
      returned: always
    reason:
      description: Why it stayed, or was not touched; for volumes what their deletion leaves behind.
      type: str
      returned: always
    test_name:
      description: The test that made it, as far as the record tells.
      type: str
      returned: always
    held_by:
      description: Only for what remains; C(finalizers), C(owners), C(conditions), C(pods), C(phase) and C(message) of the object.
      type: dict
      returned: for what remains
    cause:
      description: Only for what remains; the cause by name, such as V(pod-uses-claim); C(ansible-doc -t lookup mtv.teardown.causes) explains them all.
      type: str
      returned: for what remains
    next_step:
      description: Only for what remains; what a person can do about it.
      type: str
      returned: for what remains
  sample:
    - kind: Namespace
      api_version: v1
      namespace: auto-ab12
      name: auto-ab12
      uid: 4f1d1f0e-3a5e-4a53-9d8e-0d3b0a3c6a11
      evidence: namespace
      reason: ""
      test_name: test_sanity_cold_mtv_migration
found:
  description: How many objects RV(targets) has.
  type: int
  returned: always
absent:
  description: Recorded objects that are not there. Entries as in RV(targets).
  type: list
  elements: dict
  returned: always
refused:
  description: Objects that look like the session's but were not touched, each with the reason. Entries as in RV(targets).
  type: list
  elements: dict
  returned: always
unreadable:
  description: What could not be read, with the error; it is unknown whether anything is left there.
  type: list
  elements: dict
  returned: always
  contains:
    kind:
      description: Kind of the scope.
      type: str
      returned: always
    api_version:
      description: API version or group of the scope.
      type: str
      returned: always
    namespace:
      description: Namespace of the scope; null for the whole cluster.
      type: str
      returned: always
    name:
      description: Name of the record, if the scope is one record.
      type: str
      returned: always
    error:
      description: The error, in the server's words.
      type: str
      returned: always
requests:
  description: How many requests were sent to the API server.
  type: int
  returned: always
  sample: 112
cluster:
  description: C(url), C(context) and C(kubeconfig), the files, of the cluster that was asked; empty with O(inputs_only).
  type: dict
  returned: always
  sample:
    url: https://api.example.com:6443
    context: admin
    kubeconfig: [/home/me/.kube/config]
provider_types:
  description:
    - Types of source providers on which the session may have left something - those that the record or its Providers name.
  type: list
  elements: str
  returned: always
  sample: [vsphere]
configured:
  description: Types of source providers of which one is configured.
  type: list
  elements: str
  returned: always
  sample: [openstack, vsphere]
searched:
  description:
    - Types of source providers on which clones are looked for - those of RV(provider_types), and without a record those of
      RV(configured); of both only what can be searched.
  type: list
  elements: str
  returned: always
  version_added: 0.3.0
  sample: [vsphere]
phases:
  description:
    - The phases of a teardown that have something to do, in their order, by the names of the roles; C(providers) stands
      for clones and volume snapshots. It is empty with O(inputs_only).
  type: list
  elements: str
  returned: always
  version_added: 0.3.0
  sample: [plans, providers, openshift_resources, namespaces]
work:
  description: How many objects there are for each phase; a phase without any need not run.
  type: dict
  returned: always
  sample:
    migrations: 1
    plans: 2
    migrated_vms: 2
    openshift_resources: 34
    namespaces: 3
rights:
  description: What a teardown of the session needs and lacks; empty without O(rights).
  type: dict
  returned: always
  contains:
    missing:
      description: Rights that the account does not have, by the clear word of the cluster or the provider.
      type: list
      elements: dict
      returned: when rights are asked for
      contains:
        verb:
          description: The verb, such as V(delete), or a provider's own name of the right, such as V(VirtualMachine.Inventory.Delete).
          type: str
          returned: always
        resource:
          description: The resource, such as V(plans.forklift.konveyor.io), or the kind of the object on a provider.
          type: str
          returned: always
        namespace:
          description: The namespace; null for the whole cluster, and on providers.
          type: str
          returned: always
        provider:
          description: The key of the provider; empty for the cluster.
          type: str
          returned: always
        name:
          description: The one object that is meant, if it is one.
          type: str
          returned: always
        remedy:
          description: What gives the right; empty where no manifest of this collection does.
          type: str
          returned: always
    unchecked:
      description: C(provider), empty for the cluster, and C(error), where rights could not be asked for; and the C(reason) why a provider could not be opened.
      type: list
      elements: dict
      returned: when rights are asked for
    manifests:
      description: A ClusterRole and Roles with exactly what this session needs on this cluster, to be applied and bound by an administrator.
      type: list
      elements: dict
      returned: when rights are asked for
    summary:
      description: What is missing and what could not be asked for, line by line.
      type: list
      elements: str
      returned: when rights are asked for
journal:
  description: What to keep of the session for later runs, and the name of the file for it.
  type: dict
  returned: always
  contains:
    name:
      description: Name of the file, in the data collector path.
      type: str
      returned: always
    content:
      description: The keys of the session.
      type: dict
      returned: always
    version:
      description: The version of the ConfigMap with the note that was read; empty where there was none.
      type: str
      returned: with O(journal_in)
undo:
  description: What the ledger of changes says - its C(file), how many C(changes) are the session's and not settled, and how many C(others) are not.
  type: dict
  returned: always
  version_added: 0.3.0
  sample: {file: /home/me/.data-collector/resources.undo.json, changes: 2, others: 0}
times:
  description: When the reading C(began) and C(ended); empty when nothing was read.
  type: dict
  returned: always
  sample: {began: "2026-01-01T10:00:00.000Z", ended: "2026-01-01T10:00:02.500Z"}
summary:
  description: The same for people, line by line.
  type: list
  elements: str
  returned: always
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _times
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import config_map, lease
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.find import Found
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import Change
from ansible_collections.mtv.teardown.plugins.module_utils._run import (
    changes,
    cluster_module,
    keeping,
    load,
    look,
    preflight,
    providers,
)
from ansible_collections.mtv.teardown.plugins.module_utils._run import module as _module
from ansible_collections.mtv.teardown.plugins.module_utils._session import finalizers, ignore


def _ask(params: Mapping[str, Any], cluster: Cluster, changed: Sequence[Change], found: Found) -> Mapping[str, Any]:
    """Which rights are missing, on the cluster and on the providers that are going to be searched."""
    named = bool(finalizers.of(params["remove_finalizers"], params["finalizer_grace"]))
    kept = {
        "changes": changed,
        "lease": params["lease_namespace"],
        "journal": str((params["journal_in"] or {}).get("namespace") or ""),
    }
    if params["openshift_only"]:
        return preflight.preflight(cluster, found, finalizers=named, **kept)
    targets, _uncovered = providers.search_of(found.session, params, snapshots=params["forklift_snapshots"])
    undone = providers.changed_on([one for one in changed if one.provider], params)
    return preflight.preflight(cluster, found, targets, named, changed=undone, **kept)


def main() -> None:
    """Read and tell."""
    module = providers.module_of(
        {
            **_module.SESSION_SPEC,
            **keeping.JOURNAL_SPEC,
            **changes.UNDO_SPEC,
            "verify_ignore": _module.IGNORE_SPEC,
            "inputs_only": {"type": "bool", "default": False},
            "fail_on_unreachable": {"type": "bool", "default": True},
            "rights": {"type": "bool", "default": False},
            **_module.FINALIZERS_SPEC,
            "lease_namespace": {"type": "str", "default": ""},
            "openshift_only": {"type": "bool", "default": False},
            "forklift_snapshots": {"type": "bool", "default": False},
        }
    )

    began = _times.now()

    def work() -> dict[str, object]:
        ignore.compile_rules(module.params["verify_ignore"])
        finalizers.of(module.params["remove_finalizers"], module.params["finalizer_grace"])
        session = load.session_of(module.params)
        if module.params["lease_namespace"]:
            lease.check_namespace(module.params["lease_namespace"], session)
        if module.params["journal_in"]:
            config_map.check_namespace(str(module.params["journal_in"]["namespace"] or ""), session)
        known = changes.of(module.params, session)
        ledger = known.as_dict()
        configured = providers.configured(module.params)
        if module.params["inputs_only"]:
            return {"changed": False, **look.inputs(session, configured), "undo": ledger, "requests": 0, "times": {}}
        cluster = cluster_module.cluster_of(module)
        place = keeping.place_of(module.params, session)
        session = place.remember() if place is not None else session
        ask = partial(_ask, module.params, cluster, known.unsettled()) if module.params["rights"] else None
        found = look.look(cluster, session, configured, module.params["fail_on_unreachable"], ask)
        for entry in found["rights"].get("unchecked", ()):
            module.warn(f"rights could not be asked for, {entry['provider'] or 'cluster'}: {entry['error']}")
        if place is not None:
            found["journal"]["version"] = place.note.version
        found["phases"] = look.phases(found, ledger["changes"] + ledger["others"], module.params["openshift_only"])
        times = {"began": began, "ended": _times.now()}
        return {"changed": False, **found, "undo": ledger, "requests": cluster.requests, "times": times}

    _module.run(module, work)


if __name__ == "__main__":
    main()
