#!/usr/bin/python
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deletes the clones of a session on source providers of every type."""

from __future__ import annotations

DOCUMENTATION = r"""
module: provider_clones
short_description: Delete the clones of an MTV test session on all source providers
version_added: 0.3.0
description:
  - Finds what a session cloned on every vCenter, oVirt engine and OpenStack cloud that is configured, deletes it, and reads again.
  - All types at once; what is slow, silent or broken on one provider holds up nothing on those of another type, and stops none of its own.
  - Does what M(mtv.teardown.vsphere_clones), M(mtv.teardown.ovirt_clones) and M(mtv.teardown.openstack_clones) do, which say what is never deleted.
  - A type that the session used and of which no provider is configured is told in RV(unreadable).
  - Volume snapshots are left to M(mtv.teardown.volume_snapshots), for they may hold the volumes of clones.
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
  - mtv.teardown._session
  - mtv.teardown._wait
  - mtv.teardown._evidence
  - mtv.teardown._lease
  - mtv.teardown._journal
  - mtv.teardown._providers
  - mtv.teardown._providers.openstack
  - mtv.teardown._providers_file.unopened
  - mtv.teardown._providers_file.noted
  - mtv.teardown._attributes
options:
  types:
    description: Types of providers that are cleaned, where they are configured.
    type: list
    elements: str
    choices: [vsphere, ovirt, openstack]
    default: [vsphere, ovirt, openstack]
  forklift_snapshots:
    description: Remove Forklift's snapshots of warm migrations and inspections, too, on vSphere VMs that stay and that the session's Plans or Conversions name.
    type: bool
    default: false
  state:
    description: The only state there is.
    type: str
    choices: [absent]
    default: absent
notes:
  - The library of a type is needed, and loaded, only where a provider of that type is configured.
seealso:
  - module: mtv.teardown.volume_snapshots
  - module: mtv.teardown.leftovers_info
"""

EXAMPLES = r"""
- name: Delete the clones of a session on every provider of the file
  mtv.teardown.provider_clones:
    resources_file: .data-collector/resources.json
    providers_file: .providers.json

- name: Show what would be deleted on one vCenter and in one cloud
  mtv.teardown.provider_clones:
    session_prefix: auto-ab12
    vsphere:
      hostname: vcenter.example.com
      username: teardown@vsphere.local
      password: "{{ vcenter_password }}"
    openstack:
      cloud: ci
  check_mode: true
"""

RETURN = r"""
deleted:
  description: What was deleted. In check mode, what would be.
  type: list
  elements: dict
  returned: always
  contains:
    kind:
      description: Kind of the object, in the provider's own word.
      type: str
      returned: always
    api_version:
      description: Type of the provider, such as V(vsphere).
      type: str
      returned: always
    namespace:
      description: Always null; providers have none.
      type: str
      returned: always
    name:
      description: Its name.
      type: str
      returned: always
    uid:
      description: What identifies it for good, such as the instance UUIDs of its vCenter and of a VM, or the id of a disk.
      type: str
      returned: always
    evidence:
      description: What shows that it is the session's, such as C(record), C(name) or C(owner).
      type: str
      returned: always
    rests_on:
      description: The object, record or key that the evidence rests on, such as C(Namespace auto-ab12); empty where it was not kept.
      type: str
      returned: always
    reason:
      description: Why it stayed, or was not touched.
      type: str
      returned: always
    test_name:
      description: The test that made it, as far as the record tells.
      type: str
      returned: always
    provider:
      description: The provider, by its key in the providers file, or where else its connection comes from.
      type: str
      returned: always
    id:
      description: The provider's own id of it.
      type: str
      returned: always
    place:
      description: Where people find it, such as an inventory path.
      type: str
      returned: always
    host:
      description: The server of the provider.
      type: str
      returned: always
    leaves:
      description: The folder and the files that it may leave behind, which are looked for when it has gone.
      type: list
      elements: str
      returned: for VMs on vSphere
    vm:
      description: The VM that it is a snapshot of, by its moRef.
      type: str
      returned: for snapshots on vSphere
    snapshot_id:
      description: Its number among the snapshots of its VM.
      type: int
      returned: for snapshots on vSphere
    held_by:
      description: Only for what remains; what the provider says of its state.
      type: dict
      returned: for what remains
    cause:
      description: Only for what remains; the cause by name; C(ansible-doc -t lookup mtv.teardown.causes) explains them all.
      type: str
      returned: for what remains
    next_step:
      description: Only for what remains; what a person can do about it.
      type: str
      returned: for what remains
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
  description: What could not be read, with the error; it is unknown whether anything is left there.
  type: list
  elements: dict
  returned: always
  contains:
    kind:
      description: Kind of the object; empty for all of them.
      type: str
      returned: always
    api_version:
      description: Type of the provider.
      type: str
      returned: always
    provider:
      description: The provider, by its key.
      type: str
      returned: always
    namespace:
      description: Always null.
      type: str
      returned: always
    name:
      description: Always empty.
      type: str
      returned: always
    error:
      description: The error, never with a password.
      type: str
      returned: always
    reason:
      description: Why the provider could not be opened, V(NoAnswer) or V(LoginRefused).
      type: str
      returned: when it could not be opened
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
from ansible_collections.mtv.teardown.plugins.module_utils._run.registry import OPTIONS, PROVIDERS


def main() -> None:
    """Delete and wait."""
    every = list(PROVIDERS)
    module = provider_module.module_of(
        {
            **OPTIONS,
            "types": {"type": "list", "elements": "str", "choices": every, "default": every},
            "forklift_snapshots": {"type": "bool", "default": False},
        }
    )
    wanted = [one for kind, one in PROVIDERS.items() if kind in module.params["types"]]
    provider_module.run_phase(module, wanted, module.params, snapshots=module.params["forklift_snapshots"])


if __name__ == "__main__":
    main()
