#!/usr/bin/python
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the connection of a run for a program that takes a kubeconfig."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kubeconfig
short_description: Write the connection to a cluster as a private kubeconfig
version_added: 0.3.0
description:
  - Writes a kubeconfig that leads where the other modules of this collection go with the same options, in whatever form these are,
    for a program that takes nothing else, such as C(oc).
  - A command line, where a token could stand too, is for everybody on the machine to see.
  - Only its owner can read the file. It holds credentials, as text, so remove it as soon as the program has ended.
  - The cluster is not asked for anything.
author:
  - mtv.teardown contributors (!UNKNOWN)
requirements:
  - python >= 3.11
  - kubernetes >= 31.0.0
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
attributes:
  check_mode:
    support: full
    description: Can run in check mode, and then writes nothing.
  diff_mode:
    support: none
    description: The file holds credentials, so no difference is shown.
  platform:
    support: full
    platforms: posix
    description: Target OS the module runs on.
options:
  path:
    description: The file to write. A file that is there is replaced; its folder has to exist.
    type: path
    required: true
  state:
    description: What becomes of the file.
    type: str
    choices: [present]
    default: present
"""

EXAMPLES = r"""
- name: Write the connection
  mtv.teardown.kubeconfig:
    path: "{{ folder.path }}/kubeconfig"
"""

RETURN = r"""
path:
  description: The file.
  type: str
  returned: always
host:
  description: The address of the API server.
  type: str
  returned: always
context:
  description: The name of the only context in it.
  type: str
  returned: always
  sample: mtv.teardown
"""

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import kubeconfig_writer
from ansible_collections.mtv.teardown.plugins.module_utils._run import cluster_module
from ansible_collections.mtv.teardown.plugins.module_utils._run import module as _module


def main() -> None:
    """Write it."""
    module = cluster_module.module_of(
        {
            "path": {"type": "path", "required": True},
            "state": {"type": "str", "choices": ["present"], "default": "present"},
        }
    )

    def work() -> dict[str, object]:
        made = kubeconfig_writer.of(*cluster_module.connection_of(module))
        if not module.check_mode:
            kubeconfig_writer.write(module.params["path"], made)
        host = made["clusters"][0]["cluster"]["server"]
        return {"changed": True, "path": module.params["path"], "host": host, "context": kubeconfig_writer.NAME}

    _module.run(module, work)


if __name__ == "__main__":
    main()
