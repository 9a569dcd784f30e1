# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of a resources file, added and taken out by hand. What else is in the file stays as it is."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import kubeconfig
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import place_of
from ansible_collections.mtv.teardown.plugins.module_utils._recording.entries import FIELDS as _SUITES
from ansible_collections.mtv.teardown.plugins.module_utils._recording.entries import IDENTITY, line_of
from ansible_collections.mtv.teardown.plugins.module_utils._recording.journal import (
    JOURNAL,
    RESOURCES,
    Journal,
    replace,
)
from ansible_collections.mtv.teardown.plugins.module_utils._session import resources_file

FIELDS = (*_SUITES, *(name for name in IDENTITY if name != "outcome"))
# By these two entries are about one object; a test name only says more.
_SAME = ("name", "namespace", "id", "uid", "place", "api_version", "generate_name")
_Entry = Mapping[str, Any]
_File = dict[str, Any]


@dataclass(frozen=True)
class Done:
    """What became of a file: each entry with its kind."""

    added: Sequence[_Entry]
    removed: Sequence[_Entry]
    before: Sequence[_Entry]
    entries: Sequence[_Entry]

    def as_dict(self) -> dict[str, Any]:
        return {name: list(getattr(self, name)) for name in ("added", "removed", "entries")}

    def diff(self) -> dict[str, str]:
        return {"before": _lines(self.before), "after": _lines(self.entries)}


def checked(given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """(kind, entry) of what was given; RecordError where no object can be called so."""
    kind = given["kind"]
    entry = {name: given[name] for name in FIELDS if given.get(name)}
    if kind not in resources_file.PROVIDER_KEYS and not entry.get("id"):
        entry.setdefault("namespace", None)  # as the suite writes what lies in no namespace
    (record,) = resources_file.parse(json.dumps({kind: [entry]}), "entries") or (None,)
    if record is not None and record.place:
        entry["place"] = place_of(record.place) if record.on_provider else kubeconfig.place_of(_url(record.place))
        if not entry["place"]:
            raise RecordError(f"entries: place {record.place!r} is no address.")
    return kind, {name: entry[name] for name in FIELDS if name in entry}


def _url(place: str) -> str:
    return place if "//" in place else f"https://{place}"


def change(path: str, wanted: Sequence[tuple[str, _Entry]], *, absent: bool, check_mode: bool) -> Done:
    """Add these to the file, or take them out. RecordError where it is no resources file, or cannot be written."""
    file = Path(path)
    if check_mode or not wanted:
        return _changed(_read(file), wanted, absent=absent)[1]
    try:
        journal = Journal(file.parent, "")
        with journal.held():
            data, done = _changed(_read(file), wanted, absent=absent)
            if (done.added or done.removed) and file.name == RESOURCES and (file.parent / JOURNAL).exists():
                journal.append(*_events(done))
                journal.close()
            if done.added or done.removed:
                replace(file, json.dumps(data).encode())
    except OSError as exc:
        raise RecordError(f"{exc.filename or path}: {exc.strerror}. Nothing was changed.") from exc
    return done


def _events(done: Done) -> list[bytes]:
    """For the journal, from which a recorder makes the file again."""
    process, now = f"by-hand-{uuid.uuid4().hex[:12]}", datetime.now(UTC).isoformat(timespec="milliseconds")
    told = [*(("struck", one) for one in done.removed), *(("stored", one) for one in done.added)]
    head = {"process": process, "time": now.replace("+00:00", "Z")}
    return [line_of({"event": event, "seq": seq, **head, **one}) for seq, (event, one) in enumerate(told, 1)]


def _read(file: Path) -> _File:
    """The whole file as it stands, once it is known to be one."""
    if not os.path.lexists(file) or (file.is_file() and not file.stat().st_size):
        return {}
    resources_file.read(str(file))
    found: _File = json.loads(file.read_text(encoding="utf-8-sig"))
    return found


def _changed(data: _File, wanted: Iterable[tuple[str, _Entry]], *, absent: bool) -> tuple[_File, Done]:
    """(the file as it is to be, what that changes)."""
    before, removed, added = _listed(data), [], []
    made = {key: list(value) if isinstance(value, list) else value for key, value in data.items()}
    for kind, entry in wanted:
        there = made.get(kind, [])
        if absent:
            removed += [_shown(kind, one) for one in there if _is_meant(entry, one)]
            if there:
                made[kind] = [one for one in there if not _is_meant(entry, one)]
        elif not any(_is_said(entry, one) for one in there):
            made.setdefault(kind, []).append(dict(entry))
            added.append({"kind": kind, **entry})
    kept = {key: value for key, value in made.items() if value or not data.get(key)}
    return kept, Done(added, removed, before, _listed(kept))


def _is_meant(entry: _Entry, one: _Entry) -> bool:
    """Whether an entry of the file is about what is to be taken out: whatever that says of it is so there."""
    told = [name for name in _SAME if entry.get(name)]
    by_identity = bool(entry.get("uid") or entry.get("id"))
    named = by_identity or (entry.get("namespace") or None) == (one.get("namespace") or None)
    return named and all(entry[name] == one.get(name) for name in told)


def _is_said(entry: _Entry, one: _Entry) -> bool:
    return all((entry.get(name) or None) == (one.get(name) or None) for name in _SAME) and "outcome" not in one


def _listed(data: _File) -> list[dict[str, Any]]:
    kinds = {key: value for key, value in data.items() if not key.startswith("_")}
    return [_shown(kind, one) for kind, entries in kinds.items() for one in entries]


def _shown(kind: str, one: _Entry) -> dict[str, Any]:
    """What else a suite keeps in an entry may be secret."""
    return {"kind": kind, **{name: one[name] for name in (*FIELDS, "outcome") if name in one}}


def _lines(entries: Iterable[_Entry]) -> str:
    shown = (
        " ".join(str(one[name]) for name in ("kind", "namespace", "name", "id", "uid", "place") if one.get(name))
        for one in entries
    )
    return "".join(f"{line}\n" for line in sorted(shown))
