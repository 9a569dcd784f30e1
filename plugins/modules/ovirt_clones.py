#!/usr/bin/python
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deletes the clones of a session on oVirt engines."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ovirt_clones
short_description: Delete the clones of an MTV test session on oVirt or RHV
version_added: 0.1.0
description:
  - Finds the VMs that a session cloned on every engine that is configured, stops and deletes them, all together,
    and waits for each VM and for each of its disks, which an engine removes later than the VM.
  - A name only finds candidates; each VM is deleted by its id.
  - Never takes delete protection off, a VM out of its pool, or a lock away; each is told.
  - A VM with a disk that is older than itself or of an age that the engine does not tell, with one of another VM, or
    with a LUN, is contested, for the engine would remove that with it; the disk is named. Shareable disks are only
    detached, and stay.
  - Forklift's snapshots on VMs that stay are reported.
author:
  - mtv.teardown contributors (!UNKNOWN)
requirements:
  - python >= 3.11
  - ovirt-engine-sdk-python >= 4.6.3
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
  - mtv.teardown._ovirt
  - mtv.teardown._attributes
options:
  state:
    description: The only state there is.
    type: str
    choices: [absent]
    default: absent
notes:
  - Every session with an engine is ended in every case.
seealso:
  - module: mtv.teardown.leftovers_info
  - module: ovirt.ovirt.ovirt_vm
"""

EXAMPLES = r"""
- name: Delete the clones of a session
  mtv.teardown.ovirt_clones:
    resources_file: .data-collector/resources.json
    providers_file: .providers.json

- name: Show what would be deleted on one engine
  mtv.teardown.ovirt_clones:
    session_prefix: auto-ab12
    url: https://engine.example.com/ovirt-engine/api
    username: admin@internal
    password: "{{ engine_password }}"
    ca_file: /etc/pki/engine.pem
  check_mode: true
"""

RETURN = r"""
deleted:
  description: What was deleted. In check mode, what would be. Entries as in RV(mtv.teardown.provider_clones#module:deleted).
  type: list
  elements: dict
  returned: always
  sample:
    - kind: Vm
      api_version: ovirt
      namespace: null
      name: auto-ab12-mtv-rhel8-9fzk
      uid: 503e2f1a-5f0c-4bd2-8f7e-6e9e0c0d2a11
      evidence: record
      reason: ""
      test_name: test_rhv_cold
      provider: ovirt-4.4
      id: 503e2f1a-5f0c-4bd2-8f7e-6e9e0c0d2a11
      place: Default
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

from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.provider import PROVIDER
from ansible_collections.mtv.teardown.plugins.module_utils._run import provider_module


def main() -> None:
    """Delete and wait."""
    module = provider_module.module_of(PROVIDER.spec)
    provider_module.run_phase(module, [PROVIDER], {PROVIDER.type: module.params})


if __name__ == "__main__":
    main()
