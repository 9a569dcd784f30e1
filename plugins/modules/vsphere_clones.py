#!/usr/bin/python
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deletes the clones of a session on vCenters."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vsphere_clones
short_description: Delete the clones of an MTV test session on vSphere
version_added: 0.1.0
description:
  - Finds the VMs that a session cloned on every vCenter that is configured, powers them off and deletes them, all together, and reads again.
  - A name only finds candidates; each VM is deleted by its moRef, and only while its instance UUID is the one that was looked at.
  - Never deletes a template that the record does not name, a VM of an ambiguous name, one whose files cannot be reached,
    or one that somebody has renamed; each is told, with its inventory path.
  - A clone with a disk that is another VM's too, or that nothing shows to be the session's, stays; a delete would take that disk.
  - Files that a deleted clone left on a datastore, and Forklift's snapshots on VMs that stay, are looked for and reported.
author:
  - mtv.teardown contributors (!UNKNOWN)
requirements:
  - python >= 3.11
  - pyvmomi >= 8.0.1.0.2
  - jmespath >= 1.0.1
  - PyYAML >= 6.0.1
  - urllib3
extends_documentation_fragment:
  - mtv.teardown._session
  - mtv.teardown._wait
  - mtv.teardown._evidence
  - mtv.teardown._lease
  - mtv.teardown._journal
  - mtv.teardown._providers_file
  - mtv.teardown._providers_file.unopened
  - mtv.teardown._providers_file.noted
  - mtv.teardown._vsphere
  - mtv.teardown._attributes
options:
  forklift_snapshots:
    description: Remove Forklift's snapshots of warm migrations and of inspections, too, on VMs that Plans or Conversions of the session name and that stay.
    type: bool
    default: false
  state:
    description: The only state there is.
    type: str
    choices: [absent]
    default: absent
notes:
  - One session per vCenter, which is ended in every case.
  - The account needs System.View and System.Read, VirtualMachine.Interact.PowerOff, VirtualMachine.Inventory.Delete and Datastore.Browse.
seealso:
  - module: mtv.teardown.leftovers_info
  - module: vmware.vmware.vm
"""

EXAMPLES = r"""
- name: Delete the clones of a session
  mtv.teardown.vsphere_clones:
    resources_file: .data-collector/resources.json
    providers_file: .providers.json

- name: Show what would be deleted on one vCenter
  mtv.teardown.vsphere_clones:
    session_prefix: auto-ab12
    hostname: vcenter.example.com
    username: teardown@vsphere.local
    password: "{{ vcenter_password }}"
  check_mode: true
"""

RETURN = r"""
deleted:
  description: What was deleted. In check mode, what would be. Entries as in RV(mtv.teardown.provider_clones#module:deleted).
  type: list
  elements: dict
  returned: always
  sample:
    - kind: VirtualMachine
      api_version: vsphere
      namespace: null
      name: auto-ab12-mtv-tests-rhel8-9fzk
      uid: 8d3f1c52-7a64-4f0a-9a55-2f0d7a1c9b30/503e2f1a-5f0c-4bd2-8f7e-6e9e0c0d2a11
      evidence: record
      reason: ""
      test_name: test_sanity_cold_mtv_migration
      provider: vsphere-8
      id: vm-1234
      place: /DC0/vm/mtv/auto-ab12-mtv-tests-rhel8-9fzk
absent:
  description: Records whose object is not there. Entries as in RV(deleted).
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
  description: What could not be read, with the error; nobody knows what is left there. Entries as in RV(mtv.teardown.provider_clones#module:unreadable).
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
insecure:
  description: Providers whose certificate was not verified, by choice.
  type: list
  elements: str
  returned: always
evidence:
  description: What was kept of objects in trouble, as RV(mtv.teardown.leftovers_info#module:evidence).
  type: dict
  returned: when O(evidence) names a path and something was kept, or could not be
requests:
  description: How many requests were sent to providers.
  type: int
  returned: always
  sample: 31
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

from ansible_collections.mtv.teardown.plugins.module_utils._run import provider_module
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere.provider import PROVIDER


def main() -> None:
    """Delete and wait."""
    module = provider_module.module_of({**PROVIDER.spec, "forklift_snapshots": {"type": "bool", "default": False}})
    snapshots = module.params["forklift_snapshots"]
    provider_module.run_phase(module, [PROVIDER], {PROVIDER.type: module.params}, snapshots=snapshots)


if __name__ == "__main__":
    main()
