#!/usr/bin/python
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deletes the VMs that the migrations of a session made."""

from __future__ import annotations

DOCUMENTATION = r"""
module: migrated_vms
short_description: Delete the VMs that migrations of an MTV test session made
version_added: 0.1.0
description:
  - Deletes the migrated VirtualMachines of a session and waits until they, their instances and the claims that they own are gone.
  - Claims that a finished conversion pod still holds go when the Plan is archived; they are not waited for.
  - Works alone after one test class too, with a Plan, or with the names of VMs and their namespace.
  - In a namespace that the session did not create a VM is only deleted when a label of Forklift shows that a migration made it.
author:
  - mtv.teardown contributors (!UNKNOWN)
requirements:
  - python >= 3.11
  - kubernetes >= 31.0.0
  - jmespath >= 1.0.1
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - mtv.teardown._session
  - mtv.teardown._wait
  - mtv.teardown._finalizers
  - mtv.teardown._evidence
  - mtv.teardown._lease
  - mtv.teardown._journal
  - mtv.teardown._attributes
options:
  plan:
    description: Delete what the migrations of this Plan made; instead of a session.
    type: dict
    suboptions:
      name:
        description: Name of the Plan.
        type: str
        required: true
      namespace:
        description: Namespace of the Plan.
        type: str
        required: true
  vms:
    description: Only VMs of these names.
    type: list
    elements: str
    default: []
  namespace:
    description: Only VMs in this namespace. With O(plan), default is the target namespace of the Plan.
    type: str
  wait:
    description:
      - Whether to wait until they are gone.
      - Without it the deletions are asked for and RV(deleted) says of which VMs; call the module again to see what became of them.
    type: bool
    default: true
    version_added: 0.2.0
  state:
    description: The only state there is.
    type: str
    choices: [absent]
    default: absent
notes:
  - Deleting a VM deletes the disks that the migration handed over to it.
seealso:
  - module: mtv.teardown.openshift_resources
"""

EXAMPLES = r"""
- name: Delete all migrated VMs of a session
  mtv.teardown.migrated_vms:
    session_prefix: auto-ab12

- name: Delete the VMs of one test class
  mtv.teardown.migrated_vms:
    plan:
      name: auto-ab12-source-vsphere-8-0-1-q2ws-cold
      namespace: auto-ab12

- name: Delete two migrated VMs by name
  mtv.teardown.migrated_vms:
    vms: [rhel8-a, rhel8-b]
    namespace: shared-vms
"""

RETURN = r"""
deleted:
  description: VirtualMachines that were deleted. In check mode, those it would be. Entries as in RV(mtv.teardown.session_info#module:targets).
  type: list
  elements: dict
  returned: always
  sample:
    - kind: VirtualMachine
      api_version: kubevirt.io/v1
      namespace: auto-ab12
      name: auto-ab12-mtv-tests-rhel8
      uid: 4f1d1f0e-3a5e-4a53-9d8e-0d3b0a3c6a11
      evidence: namespace
      reason: ""
      test_name: test_sanity_cold_mtv_migration
absent:
  description: Recorded objects that are not there. Entries as in RV(deleted).
  type: list
  elements: dict
  returned: always
refused:
  description: Objects that look like the session's but were not touched, each with the reason. Entries as in RV(deleted).
  type: list
  elements: dict
  returned: always
remaining:
  description: Objects of the session that are still there, with what holds them. Entries as in RV(deleted).
  type: list
  elements: dict
  returned: always
unreadable:
  description: What could not be read, with the error; nobody knows what is left there. Entries as in RV(mtv.teardown.session_info#module:unreadable).
  type: list
  elements: dict
  returned: always
finalizers_removed:
  description: Finalizers that were taken off; in check mode, those that would be. Entries as in RV(mtv.teardown.openshift_resources#module:finalizers_removed).
  type: list
  elements: dict
  returned: when finalizers are named
  version_added: 0.3.0
finalizers_kept:
  description: Named finalizers that were not taken off. Entries as in RV(mtv.teardown.openshift_resources#module:finalizers_kept).
  type: list
  elements: dict
  returned: when finalizers are named
  version_added: 0.3.0
stalled:
  description: Whether a wait ended because nothing moved any more.
  type: bool
  returned: always
session_prefix:
  description: The prefix of the session whose objects these are; what is judged as another one does not take them.
  type: str
  returned: always
evidence:
  description: What was kept of objects in trouble, as RV(mtv.teardown.leftovers_info#module:evidence).
  type: dict
  returned: when O(evidence) names a path and something was kept, or could not be
requests:
  description: How many requests were sent to the API server.
  type: int
  returned: always
  sample: 112
times:
  description: When the phase C(began) and C(ended), and by UID when each object was C(asked) to go, or to change, and seen to be C(gone).
  type: dict
  returned: always
  sample:
    began: "2026-01-01T10:00:00.000Z"
    ended: "2026-01-01T10:00:09.250Z"
    asked: {4f1d1f0e-3a5e-4a53-9d8e-0d3b0a3c6a11: "2026-01-01T10:00:00.300Z"}
    gone: {4f1d1f0e-3a5e-4a53-9d8e-0d3b0a3c6a11: "2026-01-01T10:00:08.900Z"}
"""

from functools import partial

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import delete, order
from ansible_collections.mtv.teardown.plugins.module_utils._run import cluster_module, holding, keeping, load_vms
from ansible_collections.mtv.teardown.plugins.module_utils._run import module as _module


def main() -> None:
    """Delete and wait."""
    module = cluster_module.module_of(
        {
            **_module.SESSION_SPEC,
            **_module.WAIT_SPEC,
            **_module.FINALIZERS_SPEC,
            **_module.EVIDENCE_SPEC,
            **holding.LEASE_SPEC,
            **keeping.JOURNAL_SPEC,
            "plan": {
                "type": "dict",
                "options": {
                    "name": {"type": "str", "required": True},
                    "namespace": {"type": "str", "required": True},
                },
            },
            "vms": {"type": "list", "elements": "str", "default": []},
            "namespace": {"type": "str"},
            "wait": {"type": "bool", "default": True},
            "state": {"type": "str", "choices": ["absent"], "default": "absent"},
        }
    )
    options = module.params
    only = delete.Only(frozenset(options["vms"]), options["namespace"] or "")
    named = [name for name in ("session", "resources_file", "session_prefix") if options[name]]
    if options["plan"] and named:  # roles pass empty values, which mutually_exclusive would count
        module.fail_json(msg=f"give plan or {named[0]}, not both, for either says which VMs are meant")
    alone = options["plan"] is not None or bool(options["vms"] and not named)
    session = partial(
        load_vms.session_of_vms, plan=options["plan"], vms=options["vms"], namespace=options["namespace"] or ""
    )
    phase = partial(delete.run, phase=order.VMS, only=only, wait=options["wait"])
    cluster_module.run_phase(module, "deleted", phase, session if alone else None)


if __name__ == "__main__":
    main()
