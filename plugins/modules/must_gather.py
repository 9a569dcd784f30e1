#!/usr/bin/python
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs oc adm must-gather while the Lease of a run is held."""

from __future__ import annotations

DOCUMENTATION = r"""
module: must_gather
short_description: Collect the state of MTV with oc adm must-gather, while the Lease of the run is held
version_added: 0.3.0
description:
  - Runs C(oc adm must-gather) with the image of the installed MTV operator, for minutes, and renews O(lease) meanwhile.
  - C(oc), which has to be in C(PATH), gets the connection of this module, in whatever form it was given, by a private kubeconfig that is removed
    when it has ended.
  - C(oc) is ended, with all that it has begun, when the Lease is lost, when it takes much longer than O(timeout), and when this module is cut off,
    even by C(SIGKILL).
  - It deletes nothing, but C(oc) runs a pod and a namespace of its own on the cluster while it collects.
author:
  - mtv.teardown contributors (!UNKNOWN)
requirements:
  - python >= 3.11
  - kubernetes >= 31.0.0
  - jmespath >= 1.0.1
  - oc
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - mtv.teardown._lease
attributes:
  check_mode:
    support: full
    description: In check mode nothing is collected, and the module says so.
  diff_mode:
    support: none
    description: There is nothing to compare.
  platform:
    support: full
    platforms: posix
    description: Target OS the module runs on.
options:
  dest_dir:
    description: The folder into which C(oc) writes. It makes it.
    type: path
    required: true
  image:
    description: The image that collects. By default the one that the ClusterServiceVersion of the MTV operator names.
    type: str
  namespace:
    description: The namespace of the MTV operator, where its ClusterServiceVersion is.
    type: str
    default: openshift-mtv
  timeout:
    description:
      - Seconds that C(oc) may collect, from V(1) to V(86400).
      - It starts a pod before, and copies afterwards. Two minutes beyond this limit it is ended.
    type: int
    default: 600
seealso:
  - module: mtv.teardown.lease
"""

EXAMPLES = r"""
- name: Collect, and let no other run take the session over meanwhile
  mtv.teardown.must_gather:
    dest_dir: .data-collector/must-gather
    lease: "{{ taken.lease }}"
"""

RETURN = r"""
dest_dir:
  description: The folder with what was collected.
  type: str
  returned: success
  sample: /home/ci/.data-collector/must-gather
image:
  description: The image that collected.
  type: str
  returned: when oc was run
  sample: registry.redhat.io/migration-toolkit-virtualization/mtv-must-gather-rhel8:2.9.0
rc:
  description: The code with which C(oc) ended; 128 and the number of the signal that ended it.
  type: int
  returned: when oc was run
last_lines:
  description: The last lines that C(oc) said, without secrets.
  type: list
  elements: str
  returned: when oc was run
msg:
  description: What became of it.
  type: str
  returned: always
"""

from ansible_collections.mtv.teardown.plugins.module_utils._run import cluster_module, holding, must_gather
from ansible_collections.mtv.teardown.plugins.module_utils._run import module as _module


def main() -> None:
    """Collect."""
    module = cluster_module.module_of(
        {
            "dest_dir": {"type": "path", "required": True},
            "image": {"type": "str"},
            "namespace": {"type": "str", "default": "openshift-mtv"},
            "timeout": {"type": "int", "default": 600},
            **holding.LEASE_SPEC,
        }
    )
    _module.run(module, lambda: must_gather.work(module))


if __name__ == "__main__":
    main()
