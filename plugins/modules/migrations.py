#!/usr/bin/python
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cancels the Migrations of a session."""

from __future__ import annotations

DOCUMENTATION = r"""
module: migrations
short_description: Cancel the running migrations and inspections of an MTV test session
version_added: 0.1.0
description:
  - Cancels every running Migration of the session, by the ids of its VMs, and waits until Forklift has ended each.
  - So are Conversions that a test made itself, to inspect a VM, by their phase. One that is only deleted leaves its pod,
    and its snapshot on the source VM.
  - Migrations of recorded Plans count, also when the record does not name them. Nothing is deleted.
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
  - mtv.teardown._evidence
  - mtv.teardown._lease
  - mtv.teardown._journal
  - mtv.teardown._attributes
options:
  state:
    description: The only state there is; deleting is what M(mtv.teardown.openshift_resources) does.
    type: str
    choices: [canceled]
    default: canceled
notes:
  - A Migration without the condition C(Running) never started, or has finished, and is left alone.
  - Forklift may end a canceled Migration as C(Succeeded) or C(Failed); that counts as ended.
  - A Conversion has ended when Forklift has deleted its pod and asked the vCenter to remove its snapshot; whether that
    is gone, M(mtv.teardown.vsphere_clones) sees.
seealso:
  - module: mtv.teardown.plans
"""

EXAMPLES = r"""
- name: Cancel what the session still runs
  mtv.teardown.migrations:
    session_prefix: auto-ab12

- name: Show what would be canceled
  mtv.teardown.migrations:
    resources_file: .data-collector/resources.json
  check_mode: true
"""

RETURN = r"""
canceled:
  description: Migrations and Conversions that were canceled. In check mode, those it would be. Entries as in RV(mtv.teardown.session_info#module:targets).
  type: list
  elements: dict
  returned: always
  sample:
    - kind: Migration
      api_version: forklift.konveyor.io/v1beta1
      namespace: auto-ab12
      name: auto-ab12-source-vsphere-8-0-1-e3ed-warm
      uid: 4f1d1f0e-3a5e-4a53-9d8e-0d3b0a3c6a11
      evidence: namespace
      reason: ""
      test_name: test_sanity_cold_mtv_migration
absent:
  description: Recorded objects that are not there. Entries as in RV(canceled).
  type: list
  elements: dict
  returned: always
refused:
  description: Objects that look like the session's but were not touched, each with the reason. Entries as in RV(canceled).
  type: list
  elements: dict
  returned: always
remaining:
  description: Objects of the session that are still there, with what holds them. Entries as in RV(canceled).
  type: list
  elements: dict
  returned: always
unreadable:
  description: What could not be read, with the error; nobody knows what is left there. Entries as in RV(mtv.teardown.session_info#module:unreadable).
  type: list
  elements: dict
  returned: always
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

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import cancel_archive
from ansible_collections.mtv.teardown.plugins.module_utils._run import cluster_module, holding, keeping
from ansible_collections.mtv.teardown.plugins.module_utils._run import module as _module


def main() -> None:
    """Cancel and wait."""
    module = cluster_module.module_of(
        {
            **_module.SESSION_SPEC,
            **_module.WAIT_SPEC,
            **_module.EVIDENCE_SPEC,
            **holding.LEASE_SPEC,
            **keeping.JOURNAL_SPEC,
            "state": {"type": "str", "choices": ["canceled"], "default": "canceled"},
        }
    )
    cluster_module.run_phase(module, "canceled", cancel_archive.cancel)


if __name__ == "__main__":
    main()
