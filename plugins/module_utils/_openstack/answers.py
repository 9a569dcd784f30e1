# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is this an answer of a service of OpenStack? Pure, but for the answers of requests."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _secrets

ATTACHED = "os-extended-volumes:volumes_attached"
# What is read of an object, and must be text where it is told; and what must be a list of objects.
_TEXTS = ("name", "status", "created", "created_at", "volume_id", "device_id", "user_id", "OS-EXT-STS:task_state")
_LISTS = (ATTACHED, "attachments")
_ID = re.compile(r"[\w.-]+")
# What a service calls its own 404; Glance answers with a page that names the image.
_FAULTS = ("itemNotFound", "NeutronError")
_VERSIONS_BYTES = 64 * 1024


def is_item(item: Any, needs: Collection[str], owners: Collection[str]) -> bool:
    """True for an object of which all is there, and as it should be, that is made use of."""
    return (
        isinstance(item, dict)
        and isinstance(item.get("id"), str)
        and bool(_ID.fullmatch(item["id"]))
        and all(name in item for name in needs)
        and all(isinstance(item.get(name), (str, type(None))) for name in (*_TEXTS, *owners))
        and all(_is_list(item.get(name, [])) for name in _LISTS)
        and isinstance(item.get("fault"), (dict, type(None)))
    )


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def is_own_404(answer: Any, path: str) -> bool:
    """A page of what stands before the service says nothing of the object. An address in it is only an echo."""
    told = _object(answer)
    if any(name in told for name in _FAULTS):
        return True
    ident = path.rpartition("/")[2]
    return bool(re.search(rf"(?<![/\w]){re.escape(ident)}", answer.text))


def tells_versions(answer: Any) -> bool:
    """The document with which each service begins: one version, or all that it has."""
    if answer.status_code not in (200, 300) or len(answer.content) > _VERSIONS_BYTES:
        return False
    if b'"version' not in answer.content:
        return False
    told = _object(answer)
    listed = told.get("versions", [told.get("version")])
    return isinstance(listed, list) and bool(listed) and all(isinstance(one, dict) and one.get("id") for one in listed)


def words(answer: Any) -> str:
    """What a service says about an error: an object with one key that holds a message, or plain text."""
    told: Any = _object(answer) or answer.reason or ""
    for _level in range(3):
        if not isinstance(told, Mapping):
            break
        told = told.get("message") or told.get("detail") or next(iter(told.values()), "")
    return _secrets.one_line(told)


def _object(answer: Any) -> Mapping[str, Any]:
    try:
        told = answer.json()
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, Mapping) else {}
