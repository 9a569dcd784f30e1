#!/usr/bin/python
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deletes what a session left on the cluster."""

from __future__ import annotations

DOCUMENTATION = r"""
module: openshift_resources
short_description: Delete what an MTV test session left on OpenShift
version_added: 0.1.0
description:
  - Deletes what is shown to belong to the session, in the order that Forklift, KubeVirt and CDI need, and waits for each step.
  - With O(phase=openshift_resources) everything inside namespaces, VirtualMachines excepted, and what belongs to the cluster as a whole.
  - With O(phase=namespaces) the namespaces that the session created, then the volumes that their claims released.
  - Objects that are not shown to be the session's are never touched, whatever their names. Each delete carries the UID of the object that was looked at.
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
  phase:
    description: Which part to delete.
    type: str
    choices: [openshift_resources, namespaces]
    default: openshift_resources
  state:
    description: The only state there is.
    type: str
    choices: [absent]
    default: absent
notes:
  - No finalizer is removed unless O(remove_finalizers) names it. What does not go is returned in RV(remaining) with what holds it, and everything else goes on.
seealso:
  - module: mtv.teardown.migrated_vms
  - module: mtv.teardown.leftovers_info
"""

EXAMPLES = r"""
- name: Delete what the session left inside namespaces
  mtv.teardown.openshift_resources:
    resources_file: .data-collector/resources.json

- name: Delete its namespaces and their released volumes
  mtv.teardown.openshift_resources:
    resources_file: .data-collector/resources.json
    phase: namespaces

- name: Take a finalizer off whose operator is gone for good
  mtv.teardown.openshift_resources:
    resources_file: .data-collector/resources.json
    remove_finalizers:
      - kubernetes.io/pvc-protection
      - name: example.com/held
        guarded_is_gone: true
"""

RETURN = r"""
deleted:
  description: Objects that were deleted. In check mode, those it would be. Entries as in RV(mtv.teardown.session_info#module:targets).
  type: list
  elements: dict
  returned: always
  sample:
    - kind: PersistentVolumeClaim
      api_version: v1
      namespace: auto-ab12
      name: auto-ab12-mtv-tests-rhel8-disk-0
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
  description:
    - Finalizers that were taken off; in check mode, those that would be. An entry for each, with what entries of RV(deleted) have.
    - Its C(finalizer) and the C(finalizers) that the object had before; C(rule), by which rule what it guards is gone; C(by),
      V(reading) or V(word); C(reason), the same in words; C(hanging_since), C(grace), C(removed), when it was taken off, and C(account), by whom;
      C(came_back), whether it was there again afterwards.
  type: list
  elements: dict
  returned: when finalizers are named
  version_added: 0.3.0
finalizers_kept:
  description: Named finalizers of objects that hang which were not taken off, each with the C(reason). Entries else as in RV(finalizers_removed).
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

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import delete
from ansible_collections.mtv.teardown.plugins.module_utils._run import cluster_module, holding, keeping
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
            "phase": {
                "type": "str",
                "choices": ["openshift_resources", "namespaces"],
                "default": "openshift_resources",
            },
            "state": {"type": "str", "choices": ["absent"], "default": "absent"},
        }
    )
    cluster_module.run_phase(module, "deleted", partial(delete.run, phase=module.params["phase"]))


if __name__ == "__main__":
    main()
