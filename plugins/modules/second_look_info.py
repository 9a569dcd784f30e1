#!/usr/bin/python
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists what there is on a cluster, with the client of another collection."""

from __future__ import annotations

DOCUMENTATION = r"""
module: second_look_info
short_description: List what there is on a cluster with the client of kubernetes.core
version_added: 0.3.0
description:
  - Lists objects of many kinds at once with the client of kubernetes.core, and with none of the code that this collection lists with, so that it can be
    held against a verdict.
  - It answers as M(kubernetes.core.k8s_info) does in a loop, which makes a process for each kind and takes ten times as long.
  - What could not be read is never an empty list; that scope has failed.
author:
  - mtv.teardown contributors (!UNKNOWN)
requirements:
  - python >= 3.11
  - kubernetes >= 31.0.0
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - mtv.teardown._attributes.info
options:
  scopes:
    description: What is to be listed.
    type: list
    elements: dict
    required: true
    suboptions:
      api_version:
        description: The API version of the kind.
        type: str
        required: true
      kind:
        description: The kind.
        type: str
        required: true
      namespace:
        description: The namespace; all of them when it is not given.
        type: str
seealso:
  - module: mtv.teardown.leftovers_info
  - module: kubernetes.core.k8s_info
"""

EXAMPLES = r"""
- name: List what a second look has to see
  mtv.teardown.second_look_info:
    scopes: "{{ verify_result | mtv.teardown.second_look_scopes(namespaces) }}"
  register: listed
"""

RETURN = r"""
results:
  description: For each scope what there is, in the order in which they were given.
  type: list
  elements: dict
  returned: when there is a connection to the cluster
  contains:
    item:
      description: The scope.
      type: dict
    api_found:
      description: Whether the cluster knows the kind.
      type: bool
      returned: when it could be asked
    resources:
      description: The objects, of each C(metadata) with C(name), C(namespace) and C(uid).
      type: list
      elements: dict
      returned: when it could be asked
    failed:
      description: True where the list could not be read.
      type: bool
      returned: when it could not
    msg:
      description: Why not.
      type: str
      returned: when it could not, or the kind is not known
  sample:
    - item: {api_version: v1, kind: Secret, namespace: openshift-mtv}
      api_found: true
      resources:
        - metadata: {name: builder-dockercfg-x7k2p, namespace: openshift-mtv, uid: 4f1d1f0e-3a5e-4a53-9d8e-0d3b0a3c6a11}
"""

from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import independent
from ansible_collections.mtv.teardown.plugins.module_utils._run import cluster_module
from ansible_collections.mtv.teardown.plugins.module_utils._run import module as _module


def main() -> None:
    """Read, and say what was read."""
    scope = {
        "api_version": {"type": "str", "required": True},
        "kind": {"type": "str", "required": True},
        "namespace": {"type": "str"},
    }
    spec = {"scopes": {"type": "list", "elements": "dict", "required": True, "options": scope}}
    module = cluster_module.module_of(spec)
    cluster_module.need_library(module)
    connection = {name: module.params[name] for name in AUTH_ARG_SPEC}
    _module.run(module, lambda: {"changed": False, "results": independent.lists(connection, module.params["scopes"])})


if __name__ == "__main__":
    main()
