# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What earlier phases of the run did, from what their roles registered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _texts
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._session import notes
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

_ITEM = ("kind", "api_version", "namespace", "name", "uid", "evidence", "reason", "test_name")
_LISTS = ("deleted", "undone", "remaining")
# The phase whose objects are not the session's: it only had changed them.
UNDO = "undo"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_FINALIZERS = ("finalizers_removed", "finalizers_kept")
# Of a file of evidence.
_FILE = ("path", "sha256", "why", "kind", "api_version", "name", "uid", "taken")
_MAYBE = ("namespace", "provider")
_COUNTED = ("refused", "absent", "unreadable", "canceled", "archived", "targets", "settled")


def checked(phases: Mapping[str, Any], targets: Any = (), prefix: str = "") -> dict[str, Any]:
    """C(phases) and C(targets), the results of earlier phases and what there was before them, or RecordError: they come
    through variables that anybody may have set. What a role registers stays for all plays of a process, so what is
    told there may be about a session other than that of this prefix."""
    for name, phase in phases.items():
        if not isinstance(phase, Mapping):
            raise RecordError(f"phases: {name} is not what the role registered.")
    targets = _texts.opened_one(targets, "targets")
    phases = {name: _texts.opened(phase, f"phases: {name}") for name, phase in phases.items()}
    for name, phase in phases.items():
        for kind in _LISTS:
            held = phase.get(kind)
            _check_items(f"phases: {name}.{kind}", [] if held is None else held)
        for kind in _FINALIZERS:
            _check_finalizers(f"phases: {name}.{kind}", phase.get(kind) or [])
        wrong = not all(isinstance(phase.get(kind, []), (list, tuple)) for kind in _COUNTED)
        wrong = wrong or not all(isinstance(one, str) for one in phase.get("settled") or ())
        if wrong or not _are_times(phase) or not _is_evidence(phase.get("evidence", {})):
            raise RecordError(f"phases: {name} is not what the role registered.")
        other = phase.get("session_prefix") or prefix
        if prefix and other != prefix:
            told = f"phases: {name} is about session {other}, and this is {prefix}"
            raise RecordError(f"{told}. Give what the role returned for this one.")
    _check_items("targets", targets)
    return {"phases": phases, "targets": targets}


def _check_items(where: str, items: Any) -> None:
    wrong = not isinstance(items, (list, tuple)) or not all(_is_item(one) for one in items)
    if wrong:
        raise RecordError(f"{where} is not a list of objects as a module of this collection returns it.")


def _check_finalizers(where: str, entries: Any) -> None:
    _check_items(where, entries)
    for one in entries:
        time, texts = one.get("removed", ""), [one.get(key, "") for key in ("finalizer", "rule", "by", "account")]
        odd = not one.get("finalizer") or not all(isinstance(text, str) for text in texts)
        if odd or not (time == "" or (isinstance(time, str) and _TIME.fullmatch(time))):
            raise RecordError(f"{where} is not what the role registered.")


def _are_times(phase: Mapping[str, Any]) -> bool:
    times, requests = phase.get("times", {}), phase.get("requests")
    if not isinstance(times, Mapping) or not isinstance(requests, (int, type(None))):
        return False
    by_uid = [times.get(name, {}) for name in ("asked", "gone")]
    texts = [times.get(name, "") for name in ("began", "ended")]
    if not all(isinstance(one, Mapping) for one in by_uid):
        return False
    texts += [value for one in by_uid for value in one.values()]
    return all(text == "" or (isinstance(text, str) and _TIME.fullmatch(text)) for text in texts)


def _is_evidence(told: Any) -> bool:
    if not isinstance(told, Mapping) or not isinstance(told.get("folder", ""), str):
        return False
    notes, files = told.get("notes", []), told.get("files", [])
    if not all(isinstance(one, (list, tuple)) for one in (notes, files)):
        return False
    return all(isinstance(one, str) for one in notes) and all(_is_file(one) for one in files)


def _is_file(one: Any) -> bool:
    if not isinstance(one, Mapping) or not set(one) <= {*_FILE, *_MAYBE, "size", "truncated"}:
        return False
    size = one.get("size")
    whole = isinstance(size, int) and not isinstance(size, bool) and isinstance(one.get("truncated"), bool)
    texts = all(isinstance(one.get(key), str) for key in _FILE)
    return whole and texts and all(isinstance(one.get(key), (str, type(None))) for key in _MAYBE)


def evidence_of(phases: Mapping[str, Any]) -> dict[str, Any]:
    """What all of them have kept of objects in trouble: C(folder), C(files) and C(notes), each once."""
    told = [phase["evidence"] for phase in phases.values() if phase.get("evidence")]
    files = {one["path"]: dict(one) for kept in told for one in kept.get("files", ())}
    notes = dict.fromkeys(note for kept in told for note in kept.get("notes", ()))
    folder = next((kept["folder"] for kept in told if kept.get("folder")), "")
    return {"folder": folder, "files": [files[path] for path in sorted(files)], "notes": list(notes)}


def _is_item(one: Any) -> bool:
    if not isinstance(one, Mapping) or not all(isinstance(one.get(key), (str, type(None))) for key in _ITEM):
        return False
    texts = [one.get(key) for key in ("provider", "cause", "next_step")]
    stored, leaves = one.get("backend") or {}, one.get("leaves") or []
    return (
        all(key in one for key in _ITEM)
        and all(isinstance(one[key], str) for key in _ITEM if key != "namespace")
        and all(isinstance(told, (str, type(None))) for told in texts)
        and isinstance(leaves, (list, tuple))
        and all(isinstance(identity, str) for identity in leaves)
        and isinstance(stored, Mapping)
        and all(isinstance(stored.get(key), str) for key in (("type", "handle") if stored else ()))
    )


def deleted_by(phases: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What earlier phases deleted, from what their roles registered."""
    return [entry for phase in phases.values() for entry in phase.get("deleted") or ()]


def remaining_by(phases: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """uid -> what the last phase said of it that could not take it away."""
    return _by_uid(phase for name, phase in phases.items() if name != UNDO)


def not_undone(phases: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """uid -> what the phase said of an object that it could not make as it was before."""
    return _by_uid([phases.get(UNDO) or {}])


def undone_at(phases: Mapping[str, Any]) -> dict[str, str]:
    """uid -> when it was asked to be as it was before."""
    phase = phases.get(UNDO) or {}
    asked = (phase.get("times") or {}).get("asked") or {}
    return {str(entry["uid"]): str(asked.get(entry["uid"], "")) for entry in phase.get("undone") or ()}


def settled(phases: Mapping[str, Any]) -> frozenset[str]:
    """Ids of the changes of which the phase left nothing, by its own word."""
    return frozenset((phases.get(UNDO) or {}).get("settled") or ())


def _by_uid(phases: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {str(entry["uid"]): entry for phase in phases for entry in phase.get("remaining") or () if entry["uid"]}


def finalizers(phases: Mapping[str, Any], deleted: Iterable[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """What the phases took off, and what they did not, of objects that did not go all the same; nothing where no phase
    was to take any off. deleted: what is gone."""
    if not any("finalizers_removed" in phase for phase in phases.values()):
        return {}
    removed, kept = ([dict(e) for p in phases.values() for e in p.get(name) or ()] for name in _FINALIZERS)
    gone = {str(entry["uid"]) for entry in deleted}
    off = {(entry["uid"], entry["finalizer"]) for entry in removed if not entry.get("came_back")}
    last = {(e["uid"], e["finalizer"]): e for e in kept if e["uid"] not in gone}
    return {"finalizers_removed": removed, "finalizers_kept": [e for key, e in last.items() if key not in off]}


def not_done(phases: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Migrations that could not be canceled and Plans that could not be archived."""
    return [entry for name in ("migrations", "plans") for entry in (phases.get(name) or {}).get("remaining") or ()]


def with_deleted(session: Session, phases: Mapping[str, Any]) -> Session:
    """The session, knowing what earlier phases found: what belonged to those is known by their uids. Not so of what it
    only changed, which is other people's."""
    remaining = (e for name, phase in phases.items() if name != UNDO for e in phase.get("remaining") or ())
    return notes.with_items(session, [*deleted_by(phases), *remaining])
