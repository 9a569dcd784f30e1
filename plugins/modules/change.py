#!/usr/bin/python
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes an object for a time, and notes before how it was."""

from __future__ import annotations

DOCUMENTATION = r"""
module: change
short_description: Change an object of OpenShift for a time, so that a teardown can undo it
version_added: 0.3.0
description:
  - Merges O(patch) into an object that is there, after it has written to the ledger what stands in these fields and what is going to.
  - M(mtv.teardown.undo), and the playbooks of this collection, put back what stands there, unless somebody else has changed it since.
  - What the ledger must not hold or lead to is not changed - Secrets, what may be secret, what gives rights, templates of pods, the status.
  - With O(state=absent) changes are taken out of the ledger, and the cluster is not touched.
author:
  - mtv.teardown contributors (!UNKNOWN)
requirements:
  - python >= 3.11
  - kubernetes >= 31.0.0
  - jmespath >= 1.0.1
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
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
      - With V(present) the object is changed, unless it is so already.
      - With V(absent) what the ledger says of the object is taken out of it, whatever the object is like.
      - With V(listed) the ledger is only read.
    type: str
    choices: [present, absent, listed]
    default: present
  kind:
    description: Kind of the object. Needed but for O(state=listed).
    type: str
  api_version:
    description: Its API group and version. Needed but for O(state=listed).
    type: str
  name:
    description: Its name. Needed but for O(state=listed).
    type: str
  namespace:
    description: Its namespace, where it has one.
    type: str
  patch:
    description: What is to be merged into it (RFC 7396); null takes a field out. Needed for O(state=present).
    type: dict
seealso:
  - module: mtv.teardown.undo
  - module: mtv.teardown.vm_change
  - module: mtv.teardown.record
"""

EXAMPLES = r"""
- name: Another StorageClass is the default for a time
  mtv.teardown.change:
    undo_file: .data-collector/resources.undo.json
    session_prefix: auto-ab12
    api_version: storage.k8s.io/v1
    kind: StorageClass
    name: fast
    patch:
      metadata:
        annotations:
          storageclass.kubernetes.io/is-default-class: "false"

- name: What somebody has settled by hand is not to be undone
  mtv.teardown.change:
    undo_file: .data-collector/resources.undo.json
    state: absent
    api_version: storage.k8s.io/v1
    kind: StorageClass
    name: fast
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
      kind: StorageClass
      api_version: storage.k8s.io/v1
      namespace: null
      name: fast
      uid: 4f1d1f0e-3a5e-4a53-9d8e-0d3b0a3c6a11
      place: https://api.example.com:6443
      test_name: ""
      session: auto-ab12
      time: "2026-01-01T10:00:00.000Z"
      state: made
      fields:
        - path: /metadata/annotations/storageclass.kubernetes.io~1is-default-class
          before: "true"
          after: "false"
"""

from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._run import change_by_hand, cluster_module
from ansible_collections.mtv.teardown.plugins.module_utils._run import module as _module


def main() -> None:
    """Read, note, change."""
    named = ["kind", "api_version", "name"]
    module = cluster_module.module_of(
        {
            "undo_file": {"type": "path", "required": True},
            "session_prefix": {"type": "str", "default": ""},
            "state": {"type": "str", "choices": ["present", "absent", "listed"], "default": "present"},
            "namespace": {"type": "str"},
            "patch": {"type": "dict"},
            **{name: {"type": "str"} for name in named},
        },
        required_if=[("state", "present", [*named, "patch"]), ("state", "absent", named)],
    )

    def work() -> dict[str, Any]:
        params, check_mode = module.params, bool(module.check_mode)
        if params["state"] == "present":
            return change_by_hand.make(cluster_module.cluster_of(module), params, check_mode)
        return change_by_hand.strike(params, check_mode)

    _module.run(module, work)


if __name__ == "__main__":
    main()
