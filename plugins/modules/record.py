#!/usr/bin/python
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Adds entries to a resources file, or takes them out."""

from __future__ import annotations

DOCUMENTATION = r"""
module: record
short_description: Add what was made to a resources file, take it out, or list what is in it
version_added: 0.3.0
description:
  - Changes the C(resources.json) that the playbooks of this collection take, by hand - for what neither mtv-api-tests nor a
    recorder has seen, and for what has gone since.
  - The file is replaced as a whole, under a lock that the recorders share. Entries that are not named stay as they are, with
    all that stands in them, and so does whatever else is in the file.
  - Where a journal of a recorder is beside it, the change is noted there, too, so that the recorder does not undo it.
author:
  - mtv.teardown contributors (!UNKNOWN)
requirements:
  - python >= 3.11
  - kubernetes >= 31.0.0
extends_documentation_fragment:
  - mtv.teardown._attributes
options:
  path:
    description: The resources file. With O(state=present) it is made when it is not there, and its folder, too.
    type: path
    required: true
    aliases: [resources_file]
  state:
    description:
      - With V(present) each of O(entries) is in the file afterwards.
      - With V(absent) none of them is. An entry without O(entries[].uid) and O(entries[].id) takes out whatever has its name in its
        place.
    type: str
    choices: [present, absent]
    default: present
  entries:
    description:
      - What is to be added or taken out. Without any, the file is only read.
    type: list
    elements: dict
    default: []
    suboptions:
      kind:
        description: A kind of Kubernetes, or for a VM of a source provider its type, such as V(vsphere).
        type: str
        required: true
      name:
        description: Its name. A snapshot of Cinder may have only an O(entries[].id).
        type: str
      namespace:
        description: Its namespace, where it has one.
        type: str
      api_version:
        description: Its API group and version, which tells two kinds of one name apart.
        type: str
      module:
        description: The module of openshift-python-wrapper, as mtv-api-tests writes it in place of an API version.
        type: str
      test_name:
        description: The test that made it, for reports.
        type: str
      generate_name:
        description:
          - How the name begins that the server was to give, in an entry that a recorder left when a task was cut off. To take it out.
        type: str
      uid:
        description:
          - The UID of the object, on vSphere the instanceUuid of the VM.
          - Give it only of what the session made. It shows that this very object is the session's, whatever its name and its age
            are, and that another one of that name is not.
        type: str
      id:
        description: The id that a source provider knows it by. On vSphere that is a moRef, which says nothing without O(entries[].place).
        type: str
      place:
        description:
          - Where it is - the address of the API server, or the name of the source provider's server, with its port where
            that is not 443.
          - An entry with a place is looked for there alone.
        type: str
seealso:
  - module: mtv.teardown.session_info
  - plugin: mtv.teardown.recorder
    plugin_type: callback
"""

EXAMPLES = r"""
- name: A VM that was cloned by hand
  mtv.teardown.record:
    path: .data-collector/resources.json
    entries:
      - kind: vsphere
        name: rhel8-for-tests
        id: vm-4711
        uid: 50236fe8-4f2a-a3e8-9d3a-2f3b8e9c1a11
        place: vcenter.example.com

- name: A namespace that is to be kept
  mtv.teardown.record:
    path: .data-collector/resources.json
    state: absent
    entries:
      - kind: Namespace
        name: auto-ab12-kept

- name: What is recorded
  mtv.teardown.record:
    path: .data-collector/resources.json
  register: recorded
"""

RETURN = r"""
path:
  description: The file.
  type: str
  returned: always
added:
  description: The entries that were not in it.
  type: list
  elements: dict
  returned: always
removed:
  description: The entries that are no longer in it.
  type: list
  elements: dict
  returned: always
entries:
  description: All entries that are in it now, each with its C(kind).
  type: list
  elements: dict
  returned: always
  sample:
    - kind: Namespace
      name: auto-ab12
      namespace: null
"""

from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._run import by_hand
from ansible_collections.mtv.teardown.plugins.module_utils._run import module as _module


def main() -> None:
    """Look, decide, write what has changed."""
    options = {name: {"type": "str"} for name in by_hand.FIELDS}
    module = _module.Module(
        argument_spec={
            "path": {"type": "path", "required": True, "aliases": ["resources_file"]},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "entries": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {"kind": {"type": "str", "required": True}, **options},
            },
        },
        supports_check_mode=True,
    )

    def work() -> dict[str, Any]:
        wanted = [by_hand.checked(given) for given in module.params["entries"]]
        absent = module.params["state"] == "absent"
        done = by_hand.change(module.params["path"], wanted, absent=absent, check_mode=bool(module.check_mode))
        out = {"changed": bool(done.added or done.removed), "path": module.params["path"], **done.as_dict()}
        return {**out, "diff": done.diff()} if module._diff else out

    _module.run(module, work)


if __name__ == "__main__":
    main()
