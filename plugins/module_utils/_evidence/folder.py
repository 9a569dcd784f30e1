# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of evidence of one run: new files only, for the account that made them, within bounds. Names come from us;
what lies there already, or leads elsewhere, is left as it is."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._errors import TeardownError
from ansible_collections.mtv.teardown.plugins.module_utils._evidence.keep import Bounds, Document, fitted, slug

# So many runs of one session leave evidence beside each other; a further one waits for a person to look at them.
MOST_RUNS = 20
# Bytes that a file needs to be of use.
_LEAST = 1024
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


class Folder:
    """path: the folder of a session, beside its result; run: by what the run is known. files: what was written, as it
    stands in a result."""

    def __init__(self, path: str, run: str, bounds: Bounds) -> None:
        self._home, self._name = os.path.split(os.path.abspath(path))
        self._run = slug(run) or "run"
        self.bounds = bounds
        self.files: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    @property
    def path(self) -> str:
        """From the folder of the result."""
        return f"{self._name}/{self._run}"

    def has(self, name: str) -> bool:
        """Whether this run has written such a file already. OSError or TeardownError when nobody can tell."""
        try:
            with self._opened(make=False) as there:
                os.stat(name, dir_fd=there, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def keep(self, document: Document) -> None:
        """Write it, once in a run. TeardownError or OSError when that cannot be; then nothing of it is left."""
        with self._lock, self._opened(make=True) as there:
            sizes = [entry.stat(follow_symlinks=False).st_size for entry in os.scandir(there)]
            room = self.bounds.total_size - sum(sizes)
            if len(sizes) >= self.bounds.objects:
                raise TeardownError(f"{self.path} has {len(sizes)} files: of more objects nothing is kept.")
            if room < _LEAST:
                raise TeardownError(f"{self.path} has {sum(sizes)} bytes: no more is kept.")
            text, truncated = fitted(document, min(self.bounds.file_size, room))
            raw = text.encode()
            if _write(there, document.file_name, raw):
                entry = {"path": f"{self.path}/{document.file_name}", "size": len(raw)}
                entry |= {"sha256": hashlib.sha256(raw).hexdigest(), "truncated": truncated}
                self.files.append({**entry, **document.about})

    @contextmanager
    def _opened(self, make: bool) -> Iterator[int]:
        """The run's folder. The first step is the user's own path, and may be a link; the next two are ours."""
        if make:
            os.makedirs(self._home, exist_ok=True)
        home = os.open(self._home, os.O_RDONLY | os.O_DIRECTORY)
        try:
            session = _inside(home, self._name, make)
            try:
                if make:
                    self._refuse_too_many(session)
                there = _inside(session, self._run, make)
            finally:
                os.close(session)
        finally:
            os.close(home)
        try:
            yield there
        finally:
            os.close(there)

    def _refuse_too_many(self, session: int) -> None:
        runs = set(os.listdir(session))
        if self._run not in runs and len(runs) >= MOST_RUNS:
            raise TeardownError(f"{self._name} has the evidence of {len(runs)} runs: look at it, and take some away.")


def _inside(home: int, name: str, make: bool) -> int:
    """A folder that is ours alone. TeardownError for what is not."""
    if make:
        with suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=home)
    try:
        there = os.open(name, _DIRECTORY, dir_fd=home)
    except OSError as exc:
        if exc.errno in (errno.ELOOP, errno.ENOTDIR):
            raise TeardownError(f"{name} is no folder, or a link: no evidence is kept there.") from None
        raise
    told = os.fstat(there)
    if told.st_uid != os.geteuid() or stat.S_IMODE(told.st_mode) & 0o077:
        os.close(there)
        raise TeardownError(f"{name} is not for this account alone (mode 0700): no evidence is kept there.")
    return there


def _write(folder: int, name: str, raw: bytes) -> bool:
    """False when it is there already."""
    try:
        handle = os.open(name, _NEW, 0o600, dir_fd=folder)
    except FileExistsError:
        return False
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        os.unlink(name, dir_fd=folder)
        raise
    return True
