# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a second look has to list on the cluster."""

from __future__ import annotations

DOCUMENTATION = r"""
name: second_look_scopes
short_description: What a second look has to list on the cluster
version_added: 0.3.0
description:
  - Returns what M(mtv.teardown.second_look_info) has to list to see whether it agrees with a result of
    M(mtv.teardown.leftovers_info).
  - Each kind is listed where the last look was, and where something was deleted; in all namespaces at once where the look
    was in all of them.
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
"""

EXAMPLES = r"""
- name: List what a second look has to see
  mtv.teardown.second_look_info:
    scopes: "{{ verify_result | mtv.teardown.second_look_scopes(namespaces) }}"
"""

RETURN = r"""
_value:
  description: For each list C(api_version), C(kind), and C(namespace), which is null for all.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._report import second_opinion


def second_look_scopes(result: Mapping[str, Any], namespaces: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Without a list of namespaces there is nothing to be listed; the opinion says so."""
    return second_opinion.scopes(result, [one["metadata"]["name"] for one in namespaces.get("resources") or ()])


class FilterModule:
    """result | mtv.teardown.second_look_scopes(namespaces)"""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"second_look_scopes": second_look_scopes}
