# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is long in a result as one JSON text each, from task to task. Ansible walks through all that a task registers,
and again wherever that is handed on; with a thousand objects this takes longer than what most modules do with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError

# Of a session; of what a module returns; of the verdict, whose lists of objects are for people.
SESSION = ("records", "lineage", "identities", "traces")
RESULT = ("targets", "deleted", "absent", "refused", "times")
VERDICT = ("targets", "asked")


def closed(result: Mapping[str, Any]) -> dict[str, Any]:
    """What a module returned, with texts for what is long."""
    told = _closed(result, VERDICT if "verdict" in result else RESULT)
    if isinstance(told.get("session"), Mapping):
        told["session"] = _closed(told["session"], SESSION)
    return told


def opened(held: Mapping[str, Any], where: str) -> dict[str, Any]:
    """A session, or what a module returned, without texts. RecordError for a text that is none of closed()."""
    return {name: opened_one(value, f"{where}.{name}") if _is_long(name) else value for name, value in held.items()}


def opened_one(value: Any, where: str) -> Any:
    """The same for one of its values."""
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(value)
    except ValueError as exc:
        raise RecordError(f"{where} is a text, and not JSON: {exc}") from exc
    if not isinstance(found, (list, dict)):
        raise RecordError(f"{where} is JSON, but neither a list nor a dictionary.")
    return found


def _is_long(name: str) -> bool:
    return name in SESSION or name in RESULT or name in VERDICT


def _closed(held: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {
        name: json.dumps(value) if _is_structure(value) and name in names else value for name, value in held.items()
    }


def _is_structure(value: Any) -> bool:
    return isinstance(value, (Mapping, list, tuple))
