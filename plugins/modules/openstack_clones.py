#!/usr/bin/python
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deletes the clones of a session on OpenStack clouds."""

from __future__ import annotations

DOCUMENTATION = r"""
module: openstack_clones
short_description: Delete the clones of an MTV test session on OpenStack
version_added: 0.1.0
description:
  - Finds the servers that a session cloned in the project of each cloud that is configured, with the volumes, images and ports that belong to them,
    deletes them in their order, all together, and reads again.
  - A name only finds candidates; everything is deleted by its id, and nothing outside the project of the connection.
  - Never unlocks a server or unprotects an image.
  - Of what hangs on a clone, a volume that another server has too, that is older, of another user, or has a name of
    its own is not taken, nor a snapshot of which somebody's image is made, or that nothing shows to be the session's.
    A server that would take such a volume along (C(delete_on_termination)) is contested.
  - Volume snapshots that stand alone are what M(mtv.teardown.volume_snapshots) deletes.
author:
  - mtv.teardown contributors (!UNKNOWN)
requirements:
  - python >= 3.11
  - openstacksdk >= 1.0.0
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
  - mtv.teardown._openstack
  - mtv.teardown._attributes
options:
  state:
    description: The only state there is.
    type: str
    choices: [absent]
    default: absent
notes:
  - The scope is the project of the connection; nothing is searched in others.
seealso:
  - module: mtv.teardown.volume_snapshots
  - module: mtv.teardown.leftovers_info
  - module: openstack.cloud.server
"""

EXAMPLES = r"""
- name: Delete the clones of a session
  mtv.teardown.openstack_clones:
    resources_file: .data-collector/resources.json
    providers_file: .providers.json

- name: Show what would be deleted in one cloud
  mtv.teardown.openstack_clones:
    session_prefix: auto-ab12
    cloud: ci
  check_mode: true
"""

RETURN = r"""
deleted:
  description: What was deleted. In check mode, what would be. Entries as in RV(mtv.teardown.provider_clones#module:deleted).
  type: list
  elements: dict
  returned: always
  sample:
    - kind: Server
      api_version: openstack
      namespace: null
      name: auto-ab12-fedora-9fzk
      uid: 503e2f1a-5f0c-4bd2-8f7e-6e9e0c0d2a11
      evidence: record
      reason: ""
      test_name: test_openstack_cold
      provider: openstack-psi
      id: 503e2f1a-5f0c-4bd2-8f7e-6e9e0c0d2a11
      place: ci
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

from ansible_collections.mtv.teardown.plugins.module_utils._openstack.provider import PROVIDER
from ansible_collections.mtv.teardown.plugins.module_utils._run import provider_module


def main() -> None:
    """Delete and wait."""
    module = provider_module.module_of(PROVIDER.spec)
    provider_module.run_phase(module, [PROVIDER], {PROVIDER.type: module.params})


if __name__ == "__main__":
    main()
