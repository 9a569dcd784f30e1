# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger of changes of a session: which file it is, and which of its changes are the session's."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._recording import ledger
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import (
    MOST_BYTES,
    SETTLED,
    Change,
    parse,
)
from ansible_collections.mtv.teardown.plugins.module_utils._recording.journal import UNDO, Journal
from ansible_collections.mtv.teardown.plugins.module_utils._run import load
from ansible_collections.mtv.teardown.plugins.module_utils._session import notes_file
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

# doc fragment mtv.teardown._undo
UNDO_SPEC: dict[str, Any] = {"undo_file": {"type": "path"}}
WHAT = "a ledger of changes, by which fields of objects are put back"


@dataclass(frozen=True, slots=True)
class Changes:
    """path: of the ledger, where there is one; own: changes of the session; others: those that are not shown to be."""

    path: str = ""
    own: tuple[Change, ...] = ()
    others: tuple[Change, ...] = ()

    def unsettled(self, but: Collection[str] = ()) -> tuple[Change, ...]:
        """Those of which something may be left. but: ids of those that only this run has settled."""
        return tuple(one for one in self.own if one.state != SETTLED or one.id in but)

    def as_dict(self) -> dict[str, Any]:
        others = sum(one.state != SETTLED for one in self.others)
        return {"file": self.path, "changes": len(self.unsettled()), "others": others}


def of(params: Mapping[str, Any], session: Session) -> Changes:
    """RecordError when a file that is there is no ledger, or is not to be trusted."""
    path, is_its = _place(params, session)
    text = notes_file.read(path, WHAT, MOST_BYTES) if path else None
    if text is None:
        if params.get("undo_file"):
            raise RecordError(f"undo_file {path} does not exist. Give the ledger of the session, or no undo_file.")
        return Changes()
    try:
        found = parse(text)
    except ValueError as exc:
        raise RecordError(
            f"{path} is no ledger of changes: {exc}. Nothing was touched. Give a copy in which that is mended, or move "
            "it away to go without: then what the session changed stays, and nothing tells of it."
        ) from exc
    own = tuple(one for one in found if one.session == session.prefix or (is_its and not one.session))
    return Changes(path, own, tuple(one for one in found if one not in own))


def _place(params: Mapping[str, Any], session: Session) -> tuple[str, bool]:
    """(the file, whether all in it is the session's that names no other)."""
    if params.get("undo_file"):
        return str(params["undo_file"]), True
    if session.source and session.source != load.TEXT:
        return ledger.beside(session.source), True
    folder = str(params.get("data_collector_path") or "")
    return (os.path.join(folder, UNDO), False) if folder else ("", False)


def edit(path: str, alter: Callable[[tuple[Change, ...]], Iterable[Change]]) -> tuple[Change, ...]:
    """Change the ledger, under the lock that the recorders share. RecordError when that cannot be."""
    file = Path(path)
    try:
        with Journal(file.parent, "").held():
            return ledger.edit(file, alter)
    except OSError as exc:
        raise RecordError(f"{exc.filename or path}: {exc.strerror}.") from exc
    except ValueError as exc:
        raise RecordError(f"{path}: {exc}.") from exc


def settle(path: str, ids: Collection[str]) -> None:
    """Mark changes of which nothing is left; those that were marked before go."""

    def alter(there: tuple[Change, ...]) -> list[Change]:
        kept = [one for one in there if one.state != SETTLED]
        return [replace(one, state=SETTLED) if one.id in ids else one for one in kept]

    edit(path, alter)
