#!/usr/bin/python
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts back what a session changed for a time."""

from __future__ import annotations

DOCUMENTATION = r"""
module: undo
short_description: Undo what an MTV test session changed for a time on OpenShift and on source providers
version_added: 0.3.0
description:
  - Puts fields of objects back that the session changed, by the ledger that was written before each change.
  - A field is put back only where what is read is what the session left there, on the very object that it changed. What somebody else has changed since
    stays as it is, and is returned in RV(remaining).
  - All fields of one object are put back at once, or none. The server is asked to refuse it when anything of that has changed meanwhile, and the object is
    read again afterwards.
  - Secrets, what gives rights, what the API server itself asks (webhooks, API services, definitions of kinds), templates of pods and the status of an object
    are never changed from a ledger.
  - VMs on source providers are switched on or off again, and on vSphere the tracking of changed blocks, too. Each is known by its identity, not by its name,
    and is read right before and afterwards. One in any other state than on or off, such as suspended or with an error, stays as it is.
  - An SSH key that the session put on an ESXi host for copy-offload is taken out of the host's file of keys, where the one line with it is what the session
    wrote. Every other line stays byte for byte, and no line is ever written. A host is asked only by an address at which the ledger has noted keys, and is told
    no password before it has shown the SSH host key by which the ledger knows it.
  - The cluster is asked only when the ledger names objects of it, and a provider only when it names VMs there.
author:
  - mtv.teardown contributors (!UNKNOWN)
requirements:
  - python >= 3.11
  - kubernetes >= 31.0.0
  - jmespath >= 1.0.1
  - PyYAML >= 6.0.1
  - urllib3
  - pyvmomi >= 8.0.1.0.2
  - ovirt-engine-sdk-python >= 4.6.3
  - openstacksdk >= 1.0.0
  - paramiko >= 3.5.1
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - mtv.teardown._session
  - mtv.teardown._wait
  - mtv.teardown._undo
  - mtv.teardown._lease
  - mtv.teardown._journal
  - mtv.teardown._providers
  - mtv.teardown._providers.openstack
  - mtv.teardown._providers.esxi
  - mtv.teardown._providers_file.unopened
  - mtv.teardown._attributes
options:
  mark:
    description: Whether what is settled is marked so in the ledger. Marked changes are never undone again, and go at the next run.
    type: bool
    default: true
  openshift_only:
    description: Leave source providers alone - VMs of the ledger are not looked at then.
    type: bool
    default: false
notes:
  - The library of a type of provider is needed, and loaded, only where the ledger names VMs of that type; paramiko, where it names SSH keys.
  - With C(--diff) each field is shown with the value that it has and the one that it had.
seealso:
  - module: mtv.teardown.change
  - module: mtv.teardown.vm_change
  - module: mtv.teardown.leftovers_info
"""

EXAMPLES = r"""
- name: Undo what the session changed
  mtv.teardown.undo:
    resources_file: .data-collector/resources.json

- name: See what that would be
  mtv.teardown.undo:
    session_prefix: auto-ab12
    undo_file: .data-collector/resources.undo.json
  check_mode: true
  diff: true
"""

RETURN = r"""
undone:
  description: Objects that are as they were before again. In check mode, those that would be.
  type: list
  elements: dict
  returned: always
  sample:
    - kind: StorageClass
      api_version: storage.k8s.io/v1
      namespace: null
      name: fast
      uid: 4f1d1f0e-3a5e-4a53-9d8e-0d3b0a3c6a11
      evidence: ledger
      rests_on: the ledger of changes
      reason: /metadata/annotations/storageclass.kubernetes.io~1is-default-class is "false", and was "true"
      test_name: test_cold_migration
      fields: [/metadata/annotations/storageclass.kubernetes.io~1is-default-class]
    - kind: VirtualMachine
      api_version: vsphere
      namespace: null
      name: mtv-tests-rhel8
      uid: 8d3f1c52-7a64-4f0a-9a55-2f0d7a1c9b30/503e2f1a-5f0c-4bd2-8f7e-6e9e0c0d2a11
      evidence: ledger
      rests_on: the ledger of changes
      reason: /power_state is "on", and was "off"
      test_name: test_warm_migration
      fields: [/power_state]
      provider: vsphere-8
      host: 8d3f1c52-7a64-4f0a-9a55-2f0d7a1c9b30
      id: vm-1234
      place: ""
absent:
  description: Objects that are gone, or whose name another object has now. Nothing is to be undone there. Entries as in RV(undone).
  type: list
  elements: dict
  returned: always
refused:
  description: Changes in the ledger that are not shown to be the session's. Nothing was asked of these. Entries as in RV(undone).
  type: list
  elements: dict
  returned: always
remaining:
  description:
    - Objects that are not as they were before, with the C(cause), such as V(changed-since), and the C(next_step).
    - Entries else as in RV(undone).
  type: list
  elements: dict
  returned: always
unreadable:
  description: What could not be read, or is on another cluster or provider, with the error. Entries as in RV(mtv.teardown.session_info#module:unreadable).
  type: list
  elements: dict
  returned: always
settled:
  description: Ids of the changes in the ledger of which nothing is left.
  type: list
  elements: str
  returned: always
session_prefix:
  description: The prefix of the session whose objects these are; what is judged as another one does not take them.
  type: str
  returned: always
file:
  description: The ledger; empty when there is none.
  type: str
  returned: always
requests:
  description: How many requests were sent to the API server and to providers.
  type: int
  returned: always
  sample: 5
times:
  description: When the phase C(began) and C(ended), and by UID when each object was C(asked) to change. Nothing is C(gone).
  type: dict
  returned: always
  sample:
    began: "2026-01-01T10:00:00.000Z"
    ended: "2026-01-01T10:00:00.250Z"
    asked: {4f1d1f0e-3a5e-4a53-9d8e-0d3b0a3c6a11: "2026-01-01T10:00:00.100Z"}
    gone: {}
"""

from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _times
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._run import (
    changes,
    holding,
    keeping,
    load,
    providers,
    putting_back,
    targets,
)
from ansible_collections.mtv.teardown.plugins.module_utils._run import module as _module


def main() -> None:
    """Read, decide, put back, read again."""
    module = providers.module_of(
        {
            **_module.SESSION_SPEC,
            **_module.WAIT_SPEC,
            **changes.UNDO_SPEC,
            **holding.LEASE_SPEC,
            **keeping.JOURNAL_SPEC,
            **targets.UNOPENED_SPEC,
            "mark": {"type": "bool", "default": True},
            "openshift_only": {"type": "bool", "default": False},
        }
    )

    def work() -> dict[str, Any]:
        began, check_mode = _times.now(), bool(module.check_mode)
        session = load.session_of(module.params)
        found = changes.of(module.params, session)
        done = putting_back.run(module, session, found)
        result = done.result
        if done.settled and module.params["mark"] and not check_mode:
            try:
                changes.settle(found.path, done.settled)
            except RecordError as exc:
                module.warn(f"what is undone is not marked in the ledger: {exc.msg}")
        out: dict[str, Any] = {
            **result.as_dict("undone"),
            "session_prefix": session.prefix,
            "settled": done.settled,
            "file": found.path,
            "changed": bool(result.done),
            "requests": result.requests,
            "times": _module.times(result, began),
        }
        if module.params["fail_on_remaining"] and (result.remaining or result.unreadable):
            out |= {"failed": True, "msg": _module.trouble(result)}
        if module._diff:
            out["diff"] = {name: "".join(f"{line}\n" for line in getattr(done, name)) for name in ("before", "after")}
        return out

    _module.run(module, work)


if __name__ == "__main__":
    main()
