# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether other modules agree with a result."""

from __future__ import annotations

DOCUMENTATION = r"""
name: second_opinion
short_description: Whether modules of other collections agree with a result
version_added: 0.3.0
description:
  - Holds what modules of other collections answered against a result of M(mtv.teardown.leftovers_info). An object that
    the result calls deleted, or that bears the prefix and is not told of, must not be among their answers.
  - What they could not read, or were not asked, is never taken for agreement; then the verdict is V(unverified).
author:
  - mtv.teardown contributors (!UNKNOWN)
options:
  _input:
    description: What M(mtv.teardown.leftovers_info) returned.
    type: dict
    required: true
  namespaces:
    description: What M(kubernetes.core.k8s_info) returned for all namespaces.
    type: dict
    required: true
  cluster:
    description: What M(mtv.teardown.second_look_info) returned for what P(mtv.teardown.second_look_scopes#filter) says.
    type: dict
    required: true
  answers:
    description: By the name of a module, what it returned for each item of P(mtv.teardown.second_look_sites#lookup).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Take what the second look says into the result
  ansible.builtin.set_fact:
    verify_result: "{{ verify_result | mtv.teardown.second_opinion(namespaces, cluster, answers) }}"
  vars:
    answers:
      community.vmware.vmware_vm_info: "{{ vms }}"
"""

RETURN = r"""
_value:
  description: The result with C(second_look) - C(agrees), C(against), C(unread), C(asked) and C(seen).
  type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._report import second_opinion as _opinion


def second_opinion(
    result: Mapping[str, Any], namespaces: Mapping[str, Any], cluster: Mapping[str, Any], answers: Mapping[str, Any]
) -> dict[str, Any]:
    """The result, with what they say of it."""
    return _opinion.judged(result, _opinion.opinion(result, namespaces, cluster, answers))


class FilterModule:
    """result | mtv.teardown.second_opinion(namespaces, cluster, answers)"""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"second_opinion": second_opinion}
