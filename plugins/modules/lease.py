#!/usr/bin/python
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes and releases the Lease of a session."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lease
short_description: Hold the Lease by which only one run at a time tears an MTV test session down
version_added: 0.3.0
description:
  - Takes the Lease C(mtv-teardown-PREFIX) (C(coordination.k8s.io/v1)) of a session, so that no other run that asks for it tears the same session down.
  - One that another run holds and renews makes the module fail, at once or after O(wait_seconds).
  - One that its holder does not renew, such as a run that was killed, is watched for as long as that run has said itself, by the clock of this machine,
    and then taken over. Times of other machines are never compared with it.
  - A Lease of that name which is not of a teardown of this session is not touched; the module fails.
  - The modules that change something renew it while they work, when they are given RV(lease) as their option O(mtv.teardown.plans#module:lease).
author:
  - mtv.teardown contributors (!UNKNOWN)
requirements:
  - python >= 3.11
  - kubernetes >= 31.0.0
  - jmespath >= 1.0.1
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - mtv.teardown._session
  - mtv.teardown._attributes
attributes:
  check_mode:
    description: Says whether another run holds it, and writes nothing; whether that run lives is not waited for.
  diff_mode:
    support: none
    description: There is nothing to compare.
options:
  namespace:
    description:
      - The namespace of the Lease, which has to be there. Needed with O(state=present).
      - It cannot be one that goes with the session, or that is recorded as made by it.
    type: str
  duration:
    description: Seconds without being renewed after which another run may take it over, from V(10) to V(3600).
    type: int
    default: 60
  wait_seconds:
    description: How long to wait for another run that holds it and lives, up to V(86400).
    type: int
    default: 0
  run_id:
    description: The id of the run, for people who find the Lease. Who holds it is told apart by something else.
    type: str
    default: ""
  held:
    description: The RV(lease) that was taken. Needed with O(state=absent).
    type: dict
  state:
    description: V(present) takes it; V(absent) deletes it, unless it is another run's by now.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: mtv.teardown.openshift_resources
"""

EXAMPLES = r"""
- name: Let no other run tear this session down
  mtv.teardown.lease:
    session_prefix: auto-ab12
    namespace: ci
    wait_seconds: 600
  register: taken

- name: Archive its plans, as long as the Lease is held
  mtv.teardown.plans:
    session_prefix: auto-ab12
    lease: "{{ taken.lease }}"

- name: Release it
  mtv.teardown.lease:
    session_prefix: auto-ab12
    held: "{{ taken.lease }}"
    state: absent
"""

RETURN = r"""
lease:
  description: The Lease, for the option O(mtv.teardown.plans#module:lease) of other modules and for O(held).
  type: dict
  returned: when it was taken
  sample:
    namespace: ci
    name: mtv-teardown-auto-ab12
    uid: 4f1d1f0e-3a5e-4a53-9d8e-0d3b0a3c6a11
    holder: ci-runner-7_0e3b6c1e-93a1-4c55-9d5b-64b6e5ad1d5a
    duration: 60
held_by:
  description: In check mode, or when it fails for that, the run that holds it. Else the run from which it was taken over. Empty when there is none.
  type: dict
  returned: with O(state=present)
  sample:
    holder: ci-runner-3_5b0a4f0e-93a1-4c55-9d5b-64b6e5ad1d5a
    run_id: nightly-1207
    host: ci-runner-3
    started: "2026-01-01T10:00:00.000000Z"
    acquired: "2026-01-01T10:00:00.000000Z"
    renewed: "2026-01-01T10:03:20.000000Z"
    duration: 60
waited:
  description: Seconds until it was taken.
  type: float
  returned: when it was taken
left:
  description: Why the Lease was not deleted; empty when it was.
  type: str
  returned: with O(state=absent)
"""

from ansible_collections.mtv.teardown.plugins.module_utils._run import cluster_module, leasing
from ansible_collections.mtv.teardown.plugins.module_utils._run import module as _module


def main() -> None:
    """Take or release."""
    module = cluster_module.module_of(
        {
            **_module.SESSION_SPEC,
            "namespace": {"type": "str"},
            "duration": {"type": "int", "default": 60},
            "wait_seconds": {"type": "int", "default": 0},
            "run_id": {"type": "str", "default": ""},
            "held": {"type": "dict"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        }
    )
    _module.run(module, lambda: leasing.work(module))


if __name__ == "__main__":
    main()
