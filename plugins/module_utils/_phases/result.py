# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one shape in which every phase answers: lists of plain items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._record.resources_file import Record
from ansible_collections.mtv.teardown.plugins.module_utils._session.objects import Obj
from ansible_collections.mtv.teardown.plugins.module_utils._session.ownership import Decision


@dataclass(slots=True)
class Result:
    """done: deleted, canceled or archived (in check mode: what would be); absent: recorded and not there;
    refused: not shown to be the session's, or held by others; remaining: the session's and still there, with what
    holds it; unreadable: what could not be read."""

    done: list[dict[str, Any]] = field(default_factory=list)
    absent: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    remaining: list[dict[str, Any]] = field(default_factory=list)
    unreadable: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self, done: str) -> dict[str, Any]:
        """done: the name of the first list, by what the phase does."""
        return {
            done: self.done,
            "absent": self.absent,
            "refused": self.refused,
            "remaining": self.remaining,
            "unreadable": self.unreadable,
        }


def item(obj: Obj, decision: Decision, reason: str = "", held_by: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """One object in a result."""
    made: dict[str, Any] = {
        "kind": obj.kind,
        "api_version": obj.resource.api_version,
        "namespace": obj.namespace,
        "name": obj.name,
        "uid": obj.uid,
        "evidence": decision.evidence,
        "reason": reason or decision.reason,
        "test_name": decision.test_name,
    }
    if held_by is not None:
        made["held_by"] = dict(held_by)
    return made


def absent_item(record: Record) -> dict[str, Any]:
    """A record whose object is not there."""
    return {
        "kind": record.kind,
        "api_version": "",
        "namespace": record.namespace,
        "name": record.name,
        "uid": "",
        "evidence": "record",
        "reason": "already gone",
        "test_name": record.test_name,
    }


def shown(entry: Mapping[str, Any]) -> str:
    """One line for a person."""
    place = f"{entry['namespace']}/" if entry.get("namespace") else ""
    return f"{entry.get('kind') or entry.get('api_version')} {place}{entry.get('name') or '*'}"
