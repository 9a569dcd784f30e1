# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done about recorded changes of one object, from what is read of it. Pure.

A value is put back only where what is read is what the session left there, by its ledger: whatever else is there is
somebody else's, and stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import (
    NOTHING,
    Change,
    Field,
    forbidden_change,
    is_secret,
    parts_of,
    path_of,
    same,
    value_at,
)

_SHOWN = 80


class Outcome(StrEnum):
    """What is seen of changes.

    GONE: the object is not there; REPLACED: another one has its name; BEFORE: it is as it was before; UNDO: it is as
    the session left it; CHANGED: somebody has changed it since; FORBIDDEN: a ledger must not lead there; WITHHELD: the
    ledger has no values; UNREAD: nobody knows.
    """

    GONE = "gone"
    REPLACED = "other-object"
    BEFORE = "as-before"
    UNDO = "to-undo"
    CHANGED = "changed-since"
    FORBIDDEN = "not-allowed"
    WITHHELD = "not-recorded"
    UNREAD = "unread"

    @property
    def settled(self) -> bool:
        """Whether nothing of it is left."""
        return self in (Outcome.GONE, Outcome.REPLACED, Outcome.BEFORE)


@dataclass(frozen=True, slots=True)
class Subject:
    """All changes of one object, the oldest first."""

    changes: tuple[Change, ...]

    @property
    def last(self) -> Change:
        return self.changes[-1]

    @property
    def shown(self) -> str:
        place = f"{self.last.namespace}/" if self.last.namespace else ""
        return f"{self.last.kind} {place}{self.last.name}"


@dataclass(frozen=True, slots=True)
class Judged:
    """reason: for people; targets: what the fields are to be again, and patch: how that is asked for, only of what is
    to be undone; before, after: lines for a diff."""

    subject: Subject
    outcome: Outcome
    reason: str
    targets: Mapping[str, Any]
    patch: tuple[Mapping[str, Any], ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


def subjects(changes: Iterable[Change]) -> list[Subject]:
    """Changes by the object that they are of, in the order of the ledger. A VM keeps its identity with another name,
    and by whatever address its provider is reached."""
    found: dict[tuple[Any, ...], list[Change]] = {}
    for one in changes:
        where = (one.provider,) if one.provider else (one.place, one.group, one.kind, one.namespace, one.name)
        found.setdefault((*where, one.uid), []).append(one)
    return [Subject(tuple(group)) for group in found.values()]


def judge(subject: Subject, body: Mapping[str, Any] | None) -> Judged:
    """body: the object as it is, None when it is not there."""
    if body is None:
        return Judged(subject, Outcome.GONE, "the object is gone", {})
    if _meta(body, "uid") != subject.last.uid:
        return Judged(subject, Outcome.REPLACED, "another object has its name now", {})
    told = next((change.withheld for change in subject.changes if change.withheld), "")
    if told:
        return Judged(
            subject, Outcome.WITHHELD, f"it was changed, and what was there before is not recorded: {told}", {}
        )
    never = next((told for change in subject.changes if (told := forbidden_change(change))), "")
    if never:
        return Judged(subject, Outcome.FORBIDDEN, never, {})
    try:
        return _fields(subject, body)
    except ValueError as exc:
        return Judged(subject, Outcome.FORBIDDEN, _secrets.one_line(exc), {})


def _fields(subject: Subject, body: Mapping[str, Any]) -> Judged:
    by_path: dict[str, list[Field]] = {}
    for change in subject.changes:
        for field in change.fields:
            by_path.setdefault(field.path, []).append(field)
    targets, strange = {}, []
    for path, history in by_path.items():
        live = value_at(body, path)
        target = before_of(history, live)
        if target is None:
            strange.append(f"{path} is {shown(path, live)}, and the session left {shown(path, history[-1].after)}")
        elif not same(target[0], live):
            targets[path] = target[0]
    if strange:
        return Judged(subject, Outcome.CHANGED, f"changed since by somebody else: {'; '.join(strange)}", {})
    if not targets:
        return Judged(subject, Outcome.BEFORE, "it is as it was before", {})
    patch = patch_of(body, targets, {path: history[0].under for path, history in by_path.items()})
    now = {path: shown(path, value_at(body, path)) for path in targets}
    old = {path: shown(path, value) for path, value in targets.items()}
    told = "; ".join(f"{path} is {now[path]}, and was {old[path]}" for path in targets)
    lines = tuple(f"{subject.shown} {path}: {now[path]}" for path in targets)
    undone = tuple(f"{subject.shown} {path}: {old[path]}" for path in targets)
    return Judged(subject, Outcome.UNDO, told, targets, patch, lines, undone)


def about(judged: Judged, reason: str) -> dict[str, Any]:
    """One object of the ledger in a result, but for its evidence."""
    one = judged.subject.last
    paths = {field.path: None for change in judged.subject.changes for field in change.fields}
    return {
        "kind": one.kind,
        "api_version": one.api_version,
        "namespace": one.namespace,
        "name": one.name,
        "uid": one.uid,
        "reason": reason,
        "test_name": one.test_name,
        "fields": list(paths),
    }


def whose(subject: Subject) -> str:
    """Why these changes are not shown to be the session's."""
    other = subject.last.session
    return f"it is of session {other}" if other else "the ledger does not say of which session"


def before_of(history: Sequence[Field], live: Any) -> tuple[Any] | None:
    """(what a field is to be,), from all that the session did to it, the last of it undone first; None when what is
    there is nothing that the session left or found."""
    if same(live, history[0].before):
        return (live,)
    current, met = live, False
    for number in range(len(history) - 1, -1, -1):
        field = history[number]
        if same(current, field.after):
            current, met = field.before, True
        elif same(current, field.before):
            met = True
        elif met or number == 0 or not same(history[number - 1].after, field.before):
            return None
    return (current,) if met else None


def patch_of(
    body: Mapping[str, Any], targets: Mapping[str, Any], under: Mapping[str, str]
) -> tuple[dict[str, Any], ...]:
    """A JSON patch that puts these values there, all or none, and only while the object is this one and each field is
    as it was read. under: path -> what above it the session made, too, and which goes when nothing else is in it.
    ValueError when a place cannot be reached."""
    tests: list[dict[str, Any]] = [{"op": "test", "path": "/metadata/uid", "value": _meta(body, "uid")}]
    live = {path: value_at(body, path) for path in targets}
    tests += [{"op": "test", "path": path, "value": value} for path, value in live.items() if value is not NOTHING]
    if any(value is NOTHING for value in live.values()):  # that nothing is there cannot be tested otherwise
        version = {"op": "test", "path": "/metadata/resourceVersion", "value": _meta(body, "resourceVersion")}
        tests.insert(1, version)
    made, removed = deepcopy(dict(body)), list[str]()
    ops: list[dict[str, Any]] = []
    for path, value in targets.items():
        ops += _step(made, parts_of(path), value)
    for outer in sorted({under[path] for path in targets if under.get(path)}):
        was, left = value_at(body, outer), value_at(made, outer)
        if was is not NOTHING and left is not NOTHING and _is_hollow(left) and not _is_in(outer, removed):
            removed.append(outer)
            ops = [op for op in ops if not op["path"].startswith(f"{outer}/")]
            tests.append({"op": "test", "path": outer, "value": was})
            ops.append({"op": "remove", "path": outer})
    return (*tests, *ops)


def _step(made: dict[str, Any], parts: Sequence[str], value: Any) -> list[dict[str, Any]]:
    """Put one value there; what that takes."""
    ops, at = [], made
    for depth, part in enumerate(parts[:-1], 1):
        if part not in at and value is not NOTHING:
            at[part] = {}
            ops.append({"op": "add", "path": path_of(parts[:depth]), "value": {}})
        inner = at.get(part)
        if not isinstance(inner, dict):
            raise ValueError(f"{path_of(parts)} leads through what has no fields")
        at = inner
    path, there = path_of(parts), parts[-1] in at
    if value is NOTHING:
        at.pop(parts[-1], None)
        return [{"op": "remove", "path": path}] if there else []
    at[parts[-1]] = value
    return [*ops, {"op": "replace" if there else "add", "path": path, "value": value}]


def _is_in(path: str, outer: Iterable[str]) -> bool:
    return any(path.startswith(f"{one}/") for one in outer)


def _is_hollow(value: Any) -> bool:
    """Whether there is nothing in it but what has nothing in it."""
    return isinstance(value, Mapping) and all(_is_hollow(held) for held in value.values())


def shown(path: str, value: Any) -> str:
    """A value in a line for people. What somebody else has written there is not to be told by us."""
    if value is NOTHING:
        return "not there"
    if is_secret(path, value):
        return "what may be secret"
    text = json.dumps(value, sort_keys=True)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _meta(body: Mapping[str, Any], key: str) -> str:
    meta = body.get("metadata")
    return str(meta.get(key) or "") if isinstance(meta, Mapping) else ""
