# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two files: a journal that only grows, shared by all processes of a run, and the resources.json made from it."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .entries import Fold, events_of

JOURNAL = "resources.journal.jsonl"
RESOURCES = "resources.json"
UNDO = "resources.undo.json"
_EARLIER = "earlier-"
_KEPT = 20
_PATIENCE = 10.0


class Journal:
    """Every method may raise OSError; what was given is then kept, and written with the next one."""

    def __init__(self, folder: Path, run: str) -> None:
        self.folder = folder.absolute()
        self.run = run
        self._own: list[bytes] = []
        self._written = 0
        self._file: int | None = None
        self._offset = 0
        self._fold = Fold()
        self._held: int | None = None
        self._shown: tuple[int, int, int] | None = None
        # Not in the folder: the suite deletes that at its start, with other processes at work in it.
        place = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
        self._lock = Path(tempfile.gettempdir()) / f"mtv-record-{os.getuid()}-{place}.lock"

    def forget(self) -> None:
        """In a process that was forked off: what the other one wrote is not this one's."""
        self._own, self._written, self._held = [], 0, None

    def append(self, *lines: bytes) -> None:
        """Write these lines, and resources.json after them."""
        self._own += lines
        with self._locked():
            self._append()

    @contextmanager
    def held(self) -> Iterator[None]:
        """While somebody changes resources.json by hand: nobody else writes in this folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._held = self._acquire()
        try:
            yield
        finally:
            self._let_go()

    def close(self) -> None:
        """Let the file go; it is opened again where it is needed."""
        if self._file is not None:
            os.close(self._file)
        self._file = None

    def refresh(self) -> None:
        """Make resources.json whole again, whoever wrote it last."""
        with self._locked():
            if self._own or (self.folder / JOURNAL).exists():
                self._append()

    def _append(self) -> None:
        handle = self._open()
        new = os.pread(handle, os.fstat(handle).st_size - self._offset, self._offset)
        self._take(new)
        lines = self._own[self._written :]
        if lines:
            torn = self._offset and os.pread(handle, 1, self._offset - 1) != b"\n"
            self._write(handle, (b"\n" if torn else b"") + b"".join(lines))
        self._show()

    def _open(self) -> int:
        """The journal that is there now. It stays open: nothing else can become the same file."""
        self.folder.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(self.folder / JOURNAL, flags, 0o644)
        found = os.fstat(handle)
        if self._file is not None:
            known = os.fstat(self._file)
            if (known.st_dev, known.st_ino) == (found.st_dev, found.st_ino) and self._offset <= found.st_size:
                os.close(handle)
                return self._file
            os.close(self._file)
        self._file, self._offset, self._fold = handle, 0, Fold()
        there = set(os.pread(handle, found.st_size, 0).split(b"\n"))
        self._own.sort(key=lambda line: line[:-1] not in there)  # a stable sort: what is there comes first
        self._written = sum(line[:-1] in there for line in self._own)
        return handle

    def _take(self, data: bytes) -> None:
        for event in events_of(data):
            self._fold.add(event)
        self._offset += len(data)

    def _write(self, handle: int, data: bytes) -> None:
        size = os.fstat(handle).st_size
        done = os.write(handle, data)
        if done < len(data):
            os.ftruncate(handle, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(handle)
        self._written = len(self._own)
        self._take(data)

    def _show(self) -> None:
        """Write resources.json, unless it says so already, or nothing was made and there is none."""
        file = self.folder / RESOURCES
        if not self._fold.changed and self._shown and _sign(file) == self._shown:
            return
        resources = self._fold.resources()
        content = json.dumps(resources).encode()
        there = file.read_bytes() if _sign(file) else None
        if content != there and (resources or there is not None):
            replace(file, content)
        self._fold.changed, self._shown = False, _sign(file)

    # -- the start of a session ------------------------------------------------------------------------------

    def set_aside(self) -> dict[str, bytes]:
        """Before the suite empties the folder: what is in it. Others wait until put_back."""
        self._held = self._acquire()
        try:
            return self._contents()
        except OSError:
            self._let_go()
            raise

    def _contents(self) -> dict[str, bytes]:
        """By names. What another run left there gets names of its own: it may have been killed."""
        names = {JOURNAL, RESOURCES, UNDO}
        kept = {}
        earlier = sorted(self.folder.glob(f"{_EARLIER}*.resources.*"))[-3 * _KEPT :]
        for file in [*earlier, *(self.folder / name for name in names)]:
            with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
                kept[file.name] = file.read_bytes()
        there = sorted(kept.keys() & names)
        if there and not self._is_ours(kept.get(JOURNAL, b"")):
            last = max((self.folder / name).stat().st_mtime for name in there)
            stamp = datetime.fromtimestamp(last, UTC).strftime("%Y%m%dT%H%M%SZ")
            for name in there:
                aside = f"{_EARLIER}{stamp}.{name}"
                (self.folder / name).rename(self.folder / aside)
                kept[aside] = kept.pop(name)
        return kept

    def put_back(self, kept: dict[str, bytes]) -> None:
        """After it; what was written meanwhile stays."""
        try:
            for name, content in kept.items():
                file = self.folder / name
                there = file.read_bytes() if file.exists() else b""
                if name == JOURNAL:
                    lines = dict.fromkeys([*content.splitlines(), *there.splitlines()])
                    content = b"".join(line + b"\n" for line in lines)
                elif there:
                    continue
                self.folder.mkdir(parents=True, exist_ok=True)
                replace(file, content, 0o600 if name.endswith(UNDO) else 0o644)
            if JOURNAL in kept:
                self._append()
        finally:
            self._let_go()

    def _let_go(self) -> None:
        if self._held is not None:
            _release(self._held)
        self._held = None

    def _is_ours(self, data: bytes) -> bool:
        """Whether this is the journal of this run: another worker of it may have begun before."""
        first: Any = next(iter(events_of(data[:4096].split(b"\n")[0])), None)
        return isinstance(first, dict) and first.get("run") == self.run

    # -- one at a time ---------------------------------------------------------------------------------------

    @contextmanager
    def lock(self) -> Iterator[None]:
        """While another file of the folder is written."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._locked():
            yield

    @contextmanager
    def _locked(self) -> Iterator[None]:
        if self._held is not None:  # between set_aside and put_back
            yield
            return
        handle = self._acquire()
        try:
            yield
        finally:
            _release(handle)

    def _acquire(self) -> int:
        """A process that was stopped must not stop all others: not for ever."""
        handle = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        ends = time.monotonic() + _PATIENCE
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as exc:
                if time.monotonic() > ends:
                    os.close(handle)
                    raise TimeoutError(errno.ETIMEDOUT, f"another process holds {self._lock}") from exc
                time.sleep(0.002)
            except OSError:
                os.close(handle)
                raise
            else:
                return handle


def _sign(file: Path) -> tuple[int, int, int] | None:
    """What changes whenever a file is written; None where there is none."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _release(handle: int) -> None:
    with suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_UN)  # a child that was forked meanwhile has this handle, too
    os.close(handle)


def replace(file: Path, content: bytes, mode: int = 0o644) -> None:
    """The whole new file or the one before, whenever the process or the machine ends."""
    made = file.with_name(f".{file.name}.new")  # one name: whoever writes holds the lock
    try:
        handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        made.replace(file)
    except OSError:
        made.unlink(missing_ok=True)
        raise
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
