#!/usr/bin/python
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says what is left of a session."""

from __future__ import annotations

DOCUMENTATION = r"""
module: leftovers_info
short_description: Say what is left of an MTV test session, and give the verdict
version_added: 0.1.0
description:
  - Lists every scope of the session at least twice, with a quiet interval between, and returns a verdict.
  - V(clean) means that everything was read and nothing is left, V(leftovers) that something is.
  - V(unverified) means that nothing was seen, but that not everything could be read.
  - The module itself succeeds with every verdict; the role P(mtv.teardown.verify#role) fails for all but V(clean).
author:
  - mtv.teardown contributors (!UNKNOWN)
requirements:
  - python >= 3.11
  - kubernetes >= 31.0.0
  - jmespath >= 1.0.1
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - mtv.teardown._session
  - mtv.teardown._lease
  - mtv.teardown._journal
  - mtv.teardown._undo
  - mtv.teardown._providers
  - mtv.teardown._providers.openstack
  - mtv.teardown._providers.esxi
  - mtv.teardown._providers_file.unopened
  - mtv.teardown._attributes.info
options:
  phases:
    description:
      - What the modules of the earlier phases returned, by the name of the phase. What they deleted is looked for by its UID too, and told in RV(summary).
    type: dict
    default: {}
  targets:
    description:
      - What M(mtv.teardown.session_info) found at the beginning, for the count of what is gone.
      - A list of dictionaries, or the same as text that is JSON.
    type: raw
    default: []
  verify_ignore:
    description:
      - Leftovers that may stay. They are returned in RV(accepted) and do not count for the verdict.
      - A list of dictionaries with C(expression) and C(reason), or the same as text that is JSON.
      - An C(expression) is JMESPath over one leftover as it stands in RV(leftovers); only the result V(true) accepts it.
      - An expression that accepts what it knows nothing of, such as C(kind != 'Pod'), is an error.
      - A C(reason) says why such a leftover may stay.
    type: raw
    default: []
  quiet_interval:
    description: Seconds between two looks.
    type: float
    default: 3.0
  wait_timeout:
    description: Seconds after which looking ends, though what is left still changes.
    type: int
    default: 300
  openshift_only:
    description:
      - Judge the cluster alone. Source providers are not looked at, and what the record names there does not count.
      - Without it a type of provider that the session used and of which none is configured makes the verdict V(unverified).
    type: bool
    default: false
  run:
    description: By what the run is known of which this look is the end; it is returned.
    type: dict
    default: {}
    suboptions:
      id:
        description: A name that no other run has; it is returned as RV(run_id).
        type: str
        default: ""
      started:
        description: When the run began, such as V(2026-01-01T10:00:00Z). Default is when this module did.
        type: str
        default: ""
seealso:
  - module: mtv.teardown.session_info
"""

EXAMPLES = r"""
- name: See what is left
  mtv.teardown.leftovers_info:
    resources_file: .data-collector/resources.json
  register: left

- name: Accept one leftover
  mtv.teardown.leftovers_info:
    session_prefix: auto-ab12
    verify_ignore:
      - expression: kind == 'PersistentVolume' && contains(name, 'evidence')
        reason: kept for the storage team
"""

RETURN = r"""
leftovers:
  description: Objects of the session that are still there, with what holds them.
  type: list
  elements: dict
  returned: always
  contains:
    kind:
      description: Kind of the object.
      type: str
      returned: always
    provider:
      description: For what lies on a source provider, its key in the providers file, or where else its connection comes from.
      type: str
      returned: for objects on source providers
    place:
      description: For what lies on a source provider, where people find it there.
      type: str
      returned: for objects on source providers
    host:
      description: For what lies on a source provider, its server.
      type: str
      returned: for objects on source providers
    backend:
      description:
        - For a PersistentVolume whose storage stays, the C(type) of provider that has it and the C(handle) there.
        - RV(leftovers[].reason) says whether it is there.
      type: dict
      returned: for retained volumes of Cinder, vSphere and oVirt
    id:
      description: For what lies on a source provider, the provider's own id of it.
      type: str
      returned: for objects on source providers
    api_version:
      description: API version under which it was read, or the type of the source provider; empty for a record whose object is not there.
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
    - kind: PersistentVolumeClaim
      api_version: v1
      namespace: auto-ab12
      name: auto-ab12-mtv-tests-rhel8-disk-0
      uid: 4f1d1f0e-3a5e-4a53-9d8e-0d3b0a3c6a11
      evidence: namespace
      reason: ""
      test_name: test_sanity_cold_mtv_migration
unseen:
  description: What there was before and the last look could not see, because its kind could not be read. Entries as in RV(leftovers).
  type: list
  elements: dict
  returned: always
kept:
  description:
    - What may be the session's and was not deleted, because what shows whose it is, or whether others use it, could not be read or has gone.
    - While there is any the verdict is not V(clean). Entries as in RV(leftovers).
  type: list
  elements: dict
  returned: always
absent:
  description: Recorded objects that were not there to begin with. Entries as in RV(leftovers).
  type: list
  elements: dict
  returned: always
refused:
  description: Objects that look like the session's but were not touched, each with the reason. Entries as in RV(leftovers).
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
    reason:
      description: Why a source provider could not be opened, V(NoAnswer) or V(LoginRefused).
      type: str
      returned: for a source provider that could not be opened
requests:
  description: How many requests were sent to the API server.
  type: int
  returned: always
  sample: 112
verdict:
  description: V(clean), V(leftovers) or V(unverified).
  type: str
  returned: always
  sample: clean
accepted:
  description: Leftovers that O(verify_ignore) accepts, each with C(accepted_because). Entries else as in RV(leftovers).
  type: list
  elements: dict
  returned: always
deleted:
  description: What the earlier phases found and is gone now. Entries as in RV(leftovers).
  type: list
  elements: dict
  returned: always
insecure:
  description: The cluster and the providers whose certificate was not verified, by choice.
  type: list
  elements: str
  returned: always
cluster:
  description: Where the cluster is.
  type: dict
  returned: always
  contains:
    url:
      description: Address of its API server, without what may be secret in one.
      type: str
      returned: always
    context:
      description: The context of the kubeconfig.
      type: str
      returned: always
    kubeconfig:
      description: The files that the connection was taken from.
      type: list
      elements: str
      returned: always
evidence:
  description: What earlier phases kept of objects in trouble, before anything was deleted that would hide why.
  type: dict
  returned: always
  contains:
    folder:
      description: The folder of the run, from that of the result; empty when nothing was kept.
      type: str
      returned: always
    files:
      description: One file for each object, and for each reason to keep one.
      type: list
      elements: dict
      returned: always
      contains:
        path:
          description: Path of the file, from the folder of the result.
          type: str
          returned: always
        size:
          description: Its bytes.
          type: int
          returned: always
        sha256:
          description: Its checksum.
          type: str
          returned: always
        truncated:
          description: Whether something was left out of it because there was too much.
          type: bool
          returned: always
        why:
          description:
            - V(failed) says that the object itself says so, V(hangs) that it was asked to go, or to end, and did not,
              V(refused) that what was asked of it was refused, V(held) that it stays and nothing was asked of it, and
              V(finalizer) that a finalizer was about to be taken off it.
          type: str
          returned: always
        taken:
          description: When.
          type: str
          returned: always
        kind:
          description: Kind of the object. With C(api_version), C(namespace), C(name), C(uid) and C(provider) as in RV(leftovers).
          type: str
          returned: always
    notes:
      description: What could not be kept, and why.
      type: list
      elements: str
      returned: always
  sample:
    folder: teardown-auto-ab12.evidence/2026-01-01T10-00-00Z-7f2d
    files:
      - path: teardown-auto-ab12.evidence/2026-01-01T10-00-00Z-7f2d/PersistentVolumeClaim-auto-ab12-disk-hangs-1f0e3a5e4a.yaml
        size: 2210
        sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        truncated: false
        why: hangs
        taken: "2026-01-01T10:03:09.250Z"
        kind: PersistentVolumeClaim
        api_version: v1
        namespace: auto-ab12
        name: auto-ab12-disk
        uid: 4f1d1f0e-3a5e-4a53-9d8e-0d3b0a3c6a11
    notes: []
files:
  description: The paths of the files that were read, by what they are - C(record), C(note) of an earlier run, C(providers) and C(kubeconfig).
  type: dict
  returned: always
  sample:
    record: [/home/me/.data-collector/resources.json]
run_id:
  description: The name of the run, as O(run) gives it.
  type: str
  returned: always
began:
  description: When the run began.
  type: str
  returned: always
  sample: "2026-01-01T10:00:00Z"
ended:
  description: When the last look had ended. What has none is not the result of a run that ended.
  type: str
  returned: always
  sample: "2026-01-01T10:00:23Z"
seconds:
  description: How long it took.
  type: int
  returned: always
  sample: 23
not_covered:
  description: Records of what lies on source providers that were not looked at, because none of their type is configured.
  type: list
  elements: dict
  returned: always
not_done:
  description:
    - Migrations that could not be canceled and Plans that could not be archived, as the earlier phases told it.
    - A migration among them makes the verdict V(unverified) - nobody knows what it left on its source.
    - Entries as in RV(leftovers).
  type: list
  elements: dict
  returned: always
earlier_runs:
  description:
    - What runs before this one set out to do, as the journal in O(data_collector_path), or in O(journal_in),
      says it - after a run that was killed, or that left something.
    - It is told, and nothing rests on it. A clean run ends it.
  type: list
  elements: dict
  returned: always
  version_added: 0.3.0
  contains:
    run_id:
      description: By what that run is known.
      type: str
      returned: always
    began:
      description: When it was heard of first.
      type: str
      returned: always
    ended:
      description: When it was heard of last.
      type: str
      returned: always
    verdict:
      description: What it came to; empty where it came to no verdict.
      type: str
      returned: always
    error:
      description: Why the journal could not be read; then nothing is known of earlier runs.
      type: str
      returned: always
    dropped:
      description: How many more it set out to do, for which there was no room in O(journal_in).
      type: int
      returned: when there are any
    intended:
      description:
        - Each object with C(kind), C(api_version), C(namespace), C(name), C(uid), C(provider), the C(time), C(what) was to be done,
          V(delete) or V(change), and whether it is C(left). It was written before that was asked for, so a run that was killed may not have
          come to all of it.
      type: list
      elements: dict
      returned: always
finalizers_removed:
  description:
    - Finalizers that the earlier phases took off, as the user named them; RV(summary) begins with that.
    - Entries as in RV(mtv.teardown.openshift_resources#module:finalizers_removed).
  type: list
  elements: dict
  returned: when the earlier phases were to take any off
  version_added: 0.3.0
finalizers_kept:
  description: Named finalizers of objects that hang which were not taken off. Entries as in RV(mtv.teardown.openshift_resources#module:finalizers_kept).
  type: list
  elements: dict
  returned: when the earlier phases were to take any off
  version_added: 0.3.0
changes:
  description:
    - What the session changed for a time, by O(undo_file), an entry for each object as the last look saw it, but for objects of the session.
    - Entries have what those of RV(leftovers) have, the C(fields) by their paths, and C(outcome), which is V(gone), V(other-object), V(as-before),
      V(to-undo), V(changed-since), V(not-allowed), V(not-recorded) or V(unread); C(undone), when the phase asked for it, empty when it did not.
  type: list
  elements: dict
  returned: when the ledger has changes of the session
  version_added: 0.3.0
scopes:
  description: The scopes that were read, each with its kind, namespace and the number of objects in it.
  type: list
  elements: dict
  returned: always
  sample:
    - kind: Pod
      api_version: v1
      namespace: auto-ab12
      count: 0
sweeps:
  description: How often everything was listed.
  type: int
  returned: always
  sample: 2
journal:
  description:
    - What to keep of the session for later runs, and the name of the file for it. With O(journal_in) and without O(session), also C(version), that of
      the ConfigMap that was read. It holds the ids of what is left on source providers,
      for their owners, by which they were known, may be gone.
    - It says the verdict. After V(clean) it holds nothing more, and a later run with the same prefix begins anew.
  type: dict
  returned: always
artifacts:
  description: What the role report hands over with C(set_stats) - the verdict, the prefix, how many of each there are, and what is left by name and cause.
  type: dict
  returned: always
  sample:
    mtv_teardown_verdict: clean
    mtv_teardown_session: auto-ab12
    mtv_teardown_counts: {deleted: 60, leftovers: 0}
    mtv_teardown_leftovers: []
schema:
  description: Where the JSON schema of the result file is, which the collection has in C(extensions/result). The role report writes it as C($schema), too.
  type: str
  returned: always
form:
  description: Version of the form of the result. A later one with the same number may have more keys, and none less.
  type: int
  returned: always
  sample: 1
versions:
  description: Versions of the C(collection), of C(ansible) (ansible-core) and of C(python) where the module ran.
  type: dict
  returned: always
  sample: {collection: 0.2.0, ansible: 2.21.5, python: 3.13.1}
inputs:
  description: What the run was given, without anything of a connection but where it leads; RV(inputs.providers) were looked at.
  type: dict
  returned: always
  contains:
    providers:
      description: The C(key) and C(type) of each source provider that was to be looked at.
      type: list
      elements: dict
      returned: always
providers:
  description: The source providers that were to be looked at, as in RV(inputs.providers).
  type: list
  elements: dict
  returned: always
session:
  description: Who the session is - its prefix, what it is known from, its Plans, Migrations and Providers, and the namespaces that it shares.
  type: dict
  returned: always
looks:
  description: Each look at the cluster, and at the providers, with what it had to read.
  type: list
  elements: dict
  returned: always
  contains:
    of:
      description: V(cluster) or V(providers).
      type: str
      returned: always
    number:
      description: Which one of those it is, from 1.
      type: int
      returned: always
    began:
      description: When its first question was asked; RV(looks[].ended) is when its last answer was there.
      type: str
      returned: always
    ended:
      description: When its last answer was there.
      type: str
      returned: always
    asked:
      description: How many questions it asked. Each is in RV(asked).
      type: int
      returned: always
    failed:
      description: How many of them were not answered to the end.
      type: int
      returned: always
    ours:
      description: UIDs of what it met that is the session's.
      type: list
      elements: str
      returned: always
    kept:
      description: UIDs of what it met of which nobody can tell whose it is.
      type: list
      elements: str
      returned: always
    required:
      description:
        - Kinds that it had to read outside namespaces (C(cluster)), in each namespace of the session (C(namespaces)) and in all of them (C(everywhere)).
        - C(exempt) are kinds that belong to the cluster alone.
      type: dict
      returned: for looks at the cluster
    namespaces:
      description: Namespaces of the session that there were, each V(own) or V(shared); null when nobody could tell.
      type: dict
      returned: for looks at the cluster
    absent_namespaces:
      description: Namespaces of what the run had in hand that were not there any more.
      type: list
      elements: str
      returned: for looks at the cluster
    providers:
      description: Keys of the providers that it had to read.
      type: list
      elements: str
      returned: for looks at providers
asked:
  description: Each question of each look, with its answer.
  type: list
  elements: dict
  returned: always
  contains:
    of:
      description: As in RV(looks[].of).
      type: str
      returned: always
    look:
      description: As in RV(looks[].number).
      type: int
      returned: always
    kind:
      description: Kind that was asked for; empty for the whole of a group or of a provider.
      type: str
      returned: always
    api_version:
      description: Its API version, or the type of the provider.
      type: str
      returned: always
    namespace:
      description: The namespace; null for the whole cluster, and for providers.
      type: str
      returned: always
    provider:
      description: Key of the provider.
      type: str
      returned: for looks at providers
    name:
      description: The one object that was asked for.
      type: str
      returned: for objects of the ledger of changes
    query:
      description: What was asked of the API server, or the identity of a VM; else empty for providers, whose clients ask in many parts.
      type: str
      returned: always
    time:
      description: When it was asked; for a provider, when the look began.
      type: str
      returned: always
    outcome:
      description: V(read), V(failed) or V(incomplete).
      type: str
      returned: always
    count:
      description: How many objects were in the answer; null when there was none, which is not zero.
      type: int
      returned: always
    version:
      description: The C(resourceVersion) of the list; empty for providers, who number no versions of their answers.
      type: str
      returned: always
    error:
      description: Why it was not answered, or not all of it understood.
      type: str
      returned: always
phases:
  description:
    - What each phase did, in their order - C(name), whether it C(ran), C(began), C(ended), C(seconds), C(requests), and how many it C(found),
      was C(done) with, C(left), C(refused), met C(absent) and found C(unreadable). Null is not known, and not zero.
  type: list
  elements: dict
  returned: always
targets:
  description:
    - Every object that the run has or had in hand, with its evidence and what that rests on, its C(outcome), which is V(gone), V(left), V(accepted),
      V(kept) or V(unseen), its C(cause), the C(phase) that had it last, and when it was first C(seen), C(asked) to go, and C(gone).
    - A time that nobody knows is empty; what goes with something else is never asked itself.
  type: list
  elements: dict
  returned: always
summary:
  description: The result for people, line by line.
  type: list
  elements: str
  returned: always
"""

from functools import partial

from ansible_collections.mtv.teardown.plugins.module_utils import _progress
from ansible_collections.mtv.teardown.plugins.module_utils._report import run
from ansible_collections.mtv.teardown.plugins.module_utils._run import (
    changes,
    cluster_module,
    earlier,
    holding,
    judge,
    keeping,
    load,
    providers,
    targets,
)
from ansible_collections.mtv.teardown.plugins.module_utils._run import module as _module
from ansible_collections.mtv.teardown.plugins.module_utils._session import ignore


def main() -> None:
    """Look and tell."""
    module = providers.module_of(
        {
            **_module.SESSION_SPEC,
            **holding.LEASE_SPEC,
            **keeping.JOURNAL_SPEC,
            **changes.UNDO_SPEC,
            **targets.UNOPENED_SPEC,
            "phases": {"type": "dict", "default": {}},
            "targets": {"type": "raw", "default": []},
            "verify_ignore": _module.IGNORE_SPEC,
            "quiet_interval": {"type": "float", "default": 3.0},
            "wait_timeout": {"type": "int", "default": 300},
            "openshift_only": {"type": "bool", "default": False},
            "run": run.RUN_SPEC,
        }
    )

    def work() -> dict[str, object]:
        named = load.session_of(module.params)  # bad input ends before anything is asked
        known = earlier.checked(module.params["phases"], module.params["targets"], named.prefix)
        options = {**module.params, **known}
        ignore.compile_rules(options["verify_ignore"])
        place = keeping.place_of(options, named) if not options["session"] else None
        named = place.remember() if place is not None else named
        found = changes.of(options, named).unsettled(earlier.settled(options["phases"]))
        session = earlier.with_deleted(named, options["phases"])
        _progress.about(tuple, session=session.prefix)
        cluster = cluster_module.cluster_of(module)
        ansible = str(module.ansible_version)
        search = partial(providers.search_of, options=options, changed={one.provider for one in found if one.provider})
        holders = [] if options["openshift_only"] else providers.holders(found, options)
        result = judge.judge(cluster, session, options, search, ansible, found, holders)
        if place is not None:
            result["journal"]["version"] = place.note.version
        return {"changed": False, **result}

    _module.run(module, work)


if __name__ == "__main__":
    main()
