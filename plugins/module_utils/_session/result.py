# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one shape in which every phase answers: lists of plain items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._errors import TeardownError
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record


@dataclass(slots=True)
class Result:
    """done: deleted, canceled or archived (in check mode: what would be); absent: recorded and not there;
    refused: not shown to be the session's, or held by others; remaining: the session's and still there, with what
    holds it; unreadable: what could not be read; stalled: a wait ended because nothing moved any more; requests: how
    many were sent; insecure: providers whose certificate is not verified, by choice; error: why a part of the work was
    not begun; asked and gone: uid -> when it was asked to go, and when it was seen that it is not there any more;
    finalizers: C(finalizers_removed) and C(finalizers_kept), where some were to be removed;
    kept: the evidence that was kept of what is in trouble, empty for none."""

    done: list[dict[str, Any]] = field(default_factory=list)
    absent: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    remaining: list[dict[str, Any]] = field(default_factory=list)
    unreadable: list[dict[str, Any]] = field(default_factory=list)
    stalled: bool = False
    requests: int = 0
    insecure: list[str] = field(default_factory=list)
    error: TeardownError | None = None
    asked: dict[str, str] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)
    finalizers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)

    def followed_by(self, later: Result) -> Result:
        """What both have done; what is absent, refused or unreadable is as the later one saw it."""
        return Result(
            [*self.done, *later.done],
            later.absent,
            later.refused,
            [*self.remaining, *later.remaining],
            later.unreadable,
            later.stalled,
        )

    @classmethod
    def of_all(cls, results: Iterable[Result]) -> Result:
        """What several have done that know nothing of each other."""
        found = cls()
        for one in results:
            for name in ("done", "absent", "refused", "remaining", "unreadable", "insecure"):
                getattr(found, name).extend(getattr(one, name))
            found.stalled |= one.stalled
            found.requests += one.requests
            found.asked |= one.asked
            found.gone |= one.gone
            found.error = found.error or one.error
        return found

    def as_dict(self, done: str) -> dict[str, Any]:
        """done: the name of the first list, by what the phase does."""
        return {
            done: self.done,
            "absent": self.absent,
            "refused": self.refused,
            "remaining": self.remaining,
            "unreadable": self.unreadable,
            "stalled": self.stalled,
            **self.finalizers,
        }


@dataclass(slots=True)
class Undone:
    """What putting changes back has come to. settled: ids of the changes of which nothing is left; before, after: lines
    of a diff."""

    result: Result = field(default_factory=Result)
    settled: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)


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


def number_of(number: int, kind: str) -> str:
    """Such as C(1 Secret), C(2 NetworkPolicies), C(3 Ingresses)."""
    if number == 1 or not kind:
        return f"{number} {kind}"
    if kind.endswith("y") and kind[-2:-1] not in tuple("aeiou"):
        return f"{number} {kind[:-1]}ies"
    return f"{number} {kind}{'es' if kind.endswith(('s', 'x', 'ch')) else 's'}"


def shown(entry: Mapping[str, Any]) -> str:
    """One line for a person."""
    if entry.get("provider"):
        name, place = entry.get("name") or "*", entry.get("place") or ""
        what = place if place.endswith(name) else f"{place}/{name}" if place else name
        return f"{entry['kind'] or entry['api_version']} {what} on {entry['provider']}"
    place = f"{entry['namespace']}/" if entry.get("namespace") else ""
    return f"{entry.get('kind') or entry.get('api_version')} {place}{entry.get('name') or '*'}"
