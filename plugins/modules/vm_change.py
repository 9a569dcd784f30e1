#!/usr/bin/python
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Switches a VM on a source provider on or off for a time, and notes before how it was."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vm_change
short_description: Change a VM on a source provider for a time, so that a teardown can undo it
version_added: 0.3.0
description:
  - Switches a VM that is there on or off, or on vSphere the tracking of its changed blocks, after it has written to the ledger how it was and how it is going
    to be.
  - M(mtv.teardown.undo), and the playbooks of this collection, put that back, unless somebody else has changed it since. The VM is known by its identity then,
    not by its name.
  - A VM in any other state than on or off, such as suspended, is not changed.
  - A guest is not asked to shut down. Its power is cut, as by the provider's own power off on vSphere and stop on oVirt and OpenStack.
  - With O(state=absent) changes are taken out of the ledger, and no provider is touched. So are SSH keys that a suite had put on an ESXi host, by the name
    of that host.
author:
  - mtv.teardown contributors (!UNKNOWN)
requirements:
  - python >= 3.11
  - jmespath >= 1.0.1
  - PyYAML >= 6.0.1
  - urllib3
  - pyvmomi >= 8.0.1.0.2
  - ovirt-engine-sdk-python >= 4.6.3
  - openstacksdk >= 1.0.0
extends_documentation_fragment:
  - mtv.teardown._providers
  - mtv.teardown._providers.openstack
  - mtv.teardown._attributes
options:
  undo_file:
    description: The ledger, which is made when it is not there, and its folder, too. It belongs beside the resources file, as C(resources.undo.json).
    type: path
    required: true
  session_prefix:
    description: The session for which it is changed, such as V(auto-ab12). Without it the change is of whatever session the ledger is beside.
    type: str
    default: ""
  state:
    description:
      - With V(present) the VM is changed, unless it is so already.
      - With V(absent) what the ledger says of the VM is taken out of it, whatever the VM is like.
      - With V(listed) the ledger is only read.
    type: str
    choices: [present, absent, listed]
    default: present
  name:
    description: The VM's name, or the id that its provider has for it, such as a moRef. Needed but for O(state=listed).
    type: str
  provider:
    description: The key of the provider that it is on, where several are configured; otherwise it is looked for on all of them.
    type: str
    default: ""
  power_state:
    description: Whether the VM is to be on or off.
    type: str
    choices: ["on", "off"]
  change_tracking:
    description: Whether its changed blocks are to be tracked, on vSphere. It begins and ends with the next start of the VM.
    type: bool
  stall_timeout:
    description: Seconds without any progress after which waiting ends.
    type: int
    default: 180
  wait_timeout:
    description: Seconds after which waiting ends in any case.
    type: int
    default: 1800
notes:
  - One of O(power_state) and O(change_tracking) is needed for O(state=present).
  - The library of a type of provider is needed, and loaded, only where a provider of that type is configured.
seealso:
  - module: mtv.teardown.undo
  - module: mtv.teardown.change
"""

EXAMPLES = r"""
- name: A base VM is off for a time
  mtv.teardown.vm_change:
    undo_file: .data-collector/resources.undo.json
    session_prefix: auto-ab12
    providers_file: .providers.json
    provider: vsphere-8
    name: mtv-tests-rhel8
    power_state: "off"

- name: Its changed blocks are tracked for a time
  mtv.teardown.vm_change:
    undo_file: .data-collector/resources.undo.json
    session_prefix: auto-ab12
    vsphere:
      hostname: vcenter.example.com
      username: teardown@vsphere.local
      password: "{{ vcenter_password }}"
    name: mtv-tests-rhel8
    change_tracking: true

- name: What somebody has settled by hand is not to be undone
  mtv.teardown.vm_change:
    undo_file: .data-collector/resources.undo.json
    state: absent
    name: mtv-tests-rhel8
"""

RETURN = r"""
added:
  description: The changes that were noted, and made. In check mode, those that would be.
  type: list
  elements: dict
  returned: always
removed:
  description: The changes that are no longer in the ledger.
  type: list
  elements: dict
  returned: always
changes:
  description: All changes that are in the ledger now.
  type: list
  elements: dict
  returned: always
  sample:
    - id: 5b0e6f0c9b7d4c0f8a4d6d1f2f3c4b5a
      kind: VirtualMachine
      api_version: vsphere
      namespace: null
      name: mtv-tests-rhel8
      uid: 8d3f1c52-7a64-4f0a-9a55-2f0d7a1c9b30/503e2f1a-5f0c-4bd2-8f7e-6e9e0c0d2a11
      place: vcenter.example.com:443
      test_name: ""
      session: auto-ab12
      time: "2026-01-01T10:00:00.000Z"
      state: made
      provider: vsphere
      ref: vm-1234
      fields:
        - path: /power_state
          before: "on"
          after: "off"
"""

from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._run import module as _module
from ansible_collections.mtv.teardown.plugins.module_utils._run import vm_change_by_hand
from ansible_collections.mtv.teardown.plugins.module_utils._run.registry import OPTIONS
from ansible_collections.mtv.teardown.plugins.module_utils._run.targets import FILE_SPEC


def main() -> None:
    """Read, note, change."""
    module = _module.Module(
        argument_spec={
            **FILE_SPEC,
            **OPTIONS,
            "undo_file": {"type": "path", "required": True},
            "session_prefix": {"type": "str", "default": ""},
            "state": {"type": "str", "choices": ["present", "absent", "listed"], "default": "present"},
            "name": {"type": "str"},
            "provider": {"type": "str", "default": ""},
            "power_state": {"type": "str", "choices": ["on", "off"]},
            "change_tracking": {"type": "bool"},
            "stall_timeout": {"type": "int", "default": 180},
            "wait_timeout": {"type": "int", "default": 1800},
        },
        required_if=[
            ("state", "present", ["name"]),
            ("state", "present", list(vm_change_by_hand.STATES), True),
            ("state", "absent", ["name"]),
        ],
        supports_check_mode=True,
    )

    def work() -> dict[str, Any]:
        params, check_mode = module.params, bool(module.check_mode)
        if params["state"] == "present":
            done = vm_change_by_hand.make(params, check_mode)
            return done if module._diff else {name: told for name, told in done.items() if name != "diff"}
        return vm_change_by_hand.strike(params, check_mode)

    _module.run(module, work)


if __name__ == "__main__":
    main()
