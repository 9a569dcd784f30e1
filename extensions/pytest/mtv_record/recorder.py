# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one process of a run has to record. Nothing in here breaks a test: what goes wrong is told, once."""

from __future__ import annotations

import itertools
import os
import socket
import threading
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .changes import MADE, Change
from .entries import PROVIDERS, Entry, entry_of, line_of, text
from .journal import UNDO, Journal
from .ledger import Alter, edit

FORM = 1
_PAUSE = 0.1
# What reading odd objects and writing files may raise. (What tells to end, such as KeyboardInterrupt, is not here.)
FAILURES = (OSError, ValueError, TypeError, AttributeError, LookupError, RuntimeError)
# Answers of an API server after which nothing was made: a bad request, one that exists, one that is not valid.
# What only reads never gets them; 403 and 404 may come from looking at what was made a moment ago.
_NOT_MADE = frozenset({400, 409, 422})


@dataclass(frozen=True)
class Call:
    """A create that has begun: its number, and what it is to make."""

    seq: int
    kind: str
    entry: Entry


class Recorder:
    """test: node id and name of the test that runs. Suites that have no store of pytest-harvest call begin, intent,
    made and not_made themselves (fixture mtv_record)."""

    def __init__(self, folder: Path | None, run: str, worker: str = "", suite: str = "") -> None:
        self.tell: Callable[[str], None] = lambda told: None  # noqa: ARG005
        self.troubles: list[str] = []
        self.test = ("", "")
        self.prefix = self.provider = ""
        self._facts = {"run": run, "worker": worker, "suite": suite}
        self.folder = folder
        self._journal = Journal(folder, run) if folder else None
        self._begin_process()

    def _begin_process(self) -> None:
        self._pid = os.getpid()
        self._process = uuid.uuid4().hex[:12]
        self._started = now()
        self._seq = itertools.count(1)
        self._lock = threading.RLock()
        self._busy = False
        self._waiting: list[bytes] = []
        self._told_prefix: str | None = None

    # -- what a suite may call -------------------------------------------------------------------------------

    def begin(self, prefix: str) -> None:
        """Tell the session's prefix, such as auto-ab12."""
        self.prefix = text(prefix)

    def intent(
        self,
        kind: str,
        name: str,
        namespace: str | None = None,
        module: str = "",
        test_name: str | None = None,
        **identity: str,
    ) -> Call | None:
        """Before something is made. Without a name, where the server gives one: made tells it. identity: place, where
        it is made, and api_version, where an event has them (entries.IDENTITY)."""
        kind = text(kind)
        given: dict[str, Any] = {"name": name or "x", "namespace": namespace, "module": module}
        given["test_name"] = self.test[1] if test_name is None else test_name
        if kind in PROVIDERS:
            given = {"name": given["name"], **({"test_name": given["test_name"]} if identity else {})}
        entry = entry_of(kind, {**given, **identity})
        if entry is None:
            self.trouble(f"a {kind or 'thing'} of an impossible name or kind is not recorded")
            return None
        if not name:
            entry["name"] = ""
        if "place" in identity:
            entry["place"] = text(identity["place"])  # that it is not known is told, too
        return Call(self._note("intent", kind=kind, **entry), kind, entry)

    def made(self, call: Call | None, uid: str = "", name: str = "", ident: str = "") -> None:
        """After it was made; name: where the server gave it; ident: its id, where a provider has one beside."""
        if call is not None:
            entry = {**call.entry, "name": call.entry["name"] or text(name), **_idents(uid, ident)}
            nameless = entry.pop("generate_name", None) is not None
            self._note("made", of=call.seq, kind=call.kind, **entry)
            if nameless:  # its intent stands under no name
                self.not_made(call, "it has its name")

    def unknown(self, call: Call | None, reason: str, uid: str = "", ident: str = "") -> None:
        """When nobody knows whether it was there before; with its identity, where that is known."""
        if call is not None:
            named = {**call.entry, **(_idents(uid, ident) if uid or ident else {})}
            self._note("failed", of=call.seq, kind=call.kind, **named, reason=text(reason))

    def gone(self, kind: str, entry: Entry) -> None:
        """When an object that may be recorded was deleted, and its identity is known."""
        self._note("gone", kind=kind, **entry)

    def not_made(self, call: Call | None, reason: str = "") -> None:
        """When it is sure that nothing was made by this call: it is not named any more."""
        if call is not None:
            self._note("not_made", of=call.seq, kind=call.kind, **call.entry, reason=text(reason))

    # -- what is changed for a time --------------------------------------------------------------------------

    def changing(self, changes: Sequence[Change]) -> None:
        """Before objects that are there are changed: how they are, and how they are to be."""
        if changes:
            self._note("changing", ids=[one.id for one in changes])
            self._ledger(
                lambda there: [*there, *changes], "a change is not in the ledger, and cannot be undone from it"
            )

    def changed(self, ids: Collection[str]) -> None:
        """After it."""
        if ids:
            self._ledger(lambda there: [replace(one, state=MADE) if one.id in ids else one for one in there])

    def put_back(self, ids: Collection[str]) -> None:
        """When they are as they were before again."""
        if ids:
            self._ledger(lambda there: [one for one in there if one.id not in ids])

    def noted(self) -> list[Change]:
        """What the session has changed, and not put back yet."""
        found: list[Change] = []

        def read(there: tuple[Change, ...]) -> tuple[Change, ...]:
            found.extend(one for one in there if one.session == self.prefix)
            return there

        self._ledger(read)
        return found

    def _ledger(self, alter: Alter, lost: str = "the ledger of changes could not be kept") -> None:
        with self._lock, self._alone() as journal:
            if journal is None:
                if self._journal is not None:
                    self.trouble(lost)
                return
            with journal.lock():
                try:
                    edit(journal.folder / UNDO, alter)
                except FAILURES as exc:
                    self.trouble(f"{lost}: {getattr(exc, 'strerror', None) or exc}")

    # -- what the plugin calls -------------------------------------------------------------------------------

    def failed(self, call: Call | None, exc: BaseException) -> None:
        """It ended with an exception; unless that says that nothing was made, something may have been."""
        try:
            status = exc.status if isinstance(exc.status, int) else 0  # type: ignore[attr-defined]
        except FAILURES:
            status = 0
        reason = f"{type(exc).__name__} {status or ''}".strip()
        if status in _NOT_MADE:
            self.not_made(call, reason)
        elif call is not None:
            self._note("failed", of=call.seq, kind=call.kind, **call.entry, reason=reason)

    def stored(self, kind: str, entry: Entry) -> None:
        self._note("stored", kind=kind, **entry)

    def removed(self, kind: str, entry: Entry) -> None:
        self._note("removed", kind=kind, **entry)

    def end(self, code: int) -> None:
        """The process ends as it should."""
        if self._told_prefix is not None:
            self._note("end", code=code)

    def refresh(self) -> None:
        """The suite may have written resources.json itself, with what this process alone knows."""
        with self._alone() as journal:
            if journal:
                journal.refresh()

    @contextmanager
    def file_is_written(self) -> Iterator[None]:
        """Around what may write resources.json: its own deletes, which take minutes, begin right after that."""
        ends = threading.Event()

        def watch() -> None:
            while not ends.wait(_PAUSE):
                self.refresh()

        thread = threading.Thread(target=watch, name="mtv_record", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ends.set()
            thread.join()

    def close(self) -> None:
        """At the end of the process; what comes later is written all the same."""
        with self._alone() as journal:
            if journal:
                journal.close()

    @contextmanager
    def folder_is_emptied(self) -> Iterator[None]:
        """Around what may delete the folder: what is in it is there again afterwards."""
        kept = None
        with self._alone() as journal:
            kept = journal.set_aside() if journal else None
        try:
            yield
        finally:
            if kept is not None:
                with self._alone() as journal:
                    if journal:
                        journal.put_back(kept)

    # -- writing ---------------------------------------------------------------------------------------------

    def _note(self, event: str, **fields: Any) -> int:
        """Write one event; returns its number."""
        if self._journal is None:
            return 0
        if os.getpid() != self._pid:  # forked off: another process, with numbers of its own
            self._begin_process()
            self._journal.forget()
        with self._lock:
            if self._told_prefix != self.prefix:
                self._told_prefix = self.prefix
                facts = {"form": FORM, **self._facts, "prefix": self.prefix, "started": self._started}
                self._line("session", {**facts, "host": socket.gethostname(), "pid": self._pid})
            seq = self._line(event, {**fields, "test": text(self.test[0]), "provider": self.provider})
            with self._alone() as journal:
                if journal:
                    lines, self._waiting = self._waiting, []
                    journal.append(*lines)
        return seq

    def _line(self, event: str, fields: Mapping[str, Any]) -> int:
        seq = next(self._seq)
        self._waiting.append(line_of({"event": event, "process": self._process, "seq": seq, "time": now(), **fields}))
        return seq

    @contextmanager
    def _alone(self) -> Iterator[Journal | None]:
        """One thread at a time; a signal's handler that comes in between writes with the next event."""
        with self._lock:
            if self._busy:
                yield None
                return
            self._busy = True
            try:
                yield self._journal
            except FAILURES as exc:
                self.trouble(f"{getattr(exc, 'filename', None) or 'journal'}: {getattr(exc, 'strerror', None) or exc}")
            finally:
                self._busy = False

    def trouble(self, told: str) -> None:
        """Tell it, once."""
        if told not in self.troubles:
            self.troubles.append(told)
            self.tell(told)


def _idents(uid: str, ident: str) -> Entry:
    return {"uid": text(uid), **({"id": text(ident)} if ident else {})}


def now() -> str:
    """UTC, with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
