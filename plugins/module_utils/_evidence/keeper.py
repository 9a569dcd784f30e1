# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps evidence whatever goes wrong: an error here is told, and neither ends the work nor changes its verdict."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from ansible_collections.mtv.teardown.plugins.module_utils import _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._errors import TeardownError
from ansible_collections.mtv.teardown.plugins.module_utils._evidence.folder import Folder
from ansible_collections.mtv.teardown.plugins.module_utils._evidence.keep import HELD, Document

# Seconds that all reading and writing of evidence may take in one module.
PATIENCE = 120.0
_MOST_NOTES = 20

T = TypeVar("T")


class Keeper:
    """folder: None where no evidence is wanted; patience: seconds that are left for it."""

    def __init__(self, folder: Folder | None = None, patience: float = PATIENCE) -> None:
        self._folder, self.patience = folder, patience
        self._notes: dict[str, None] = {}
        self._seen: set[tuple[str, str]] = set()
        self._held = 0
        self._full = False
        self._lock = threading.Lock()

    @property
    def is_wanted(self) -> bool:
        return self._folder is not None and not self._full

    @property
    def log_lines(self) -> int:
        return self._folder.bounds.log_lines if self._folder else 0

    def note(self, text: object) -> None:
        """Tell what could not be kept, and why."""
        if len(self._notes) < _MOST_NOTES:
            self._notes.setdefault(_secrets.one_line(text, 500))

    def fresh(self, objects: Iterable[T], about: Callable[[T], Mapping[str, Any]]) -> list[T]:
        """Those of which there is no evidence of this kind yet, as many as may be kept. about: as in Document."""
        folder = self._folder
        if folder is None or self._full:
            return []
        with self._lock:
            return self._fresh(folder, objects, about)

    def _fresh(self, folder: Folder, objects: Iterable[T], about: Callable[[T], Mapping[str, Any]]) -> list[T]:
        wanted = []
        for one in objects:
            told = about(one)
            key = (str(told.get("uid")), str(told.get("why")))
            if key not in self._seen and not self._was_kept(folder, Document(told, {}).file_name):
                self._seen.add(key)
                wanted.append(one)
        if self._full:
            return []
        most = folder.bounds.objects
        if wanted and about(wanted[0]).get("why") == HELD:  # what hangs later has to find room
            most = max(0, most // 5 - self._held)
            self._held += len(wanted[:most])
        if len(wanted) > most:
            self.note(f"of {len(wanted) - most} more objects there is no evidence: {most} at once is the most.")
        return wanted[:most]

    def _was_kept(self, folder: Folder, name: str) -> bool:
        try:
            return folder.has(name)
        except (OSError, TeardownError) as exc:
            self._failed(exc)
            return False

    def keep(self, document: Document) -> None:
        if self._folder is None or self._full:
            return
        try:
            self._folder.keep(document)
        except (OSError, TeardownError) as exc:
            self._failed(exc)
        except (ValueError, RecursionError) as exc:  # of the library that writes YAML, for what only this one has
            self.note(
                f"no evidence of {document.about.get('kind')} {document.about.get('name')}: {type(exc).__name__}."
            )

    def _failed(self, exc: OSError | TeardownError) -> None:
        self._full = True
        why = exc.msg if isinstance(exc, TeardownError) else f"it cannot be written: {exc.strerror or exc}."
        self.note(f"no more evidence is kept: {why}")

    @contextmanager
    def taking(self) -> Iterator[None]:
        """Time spent on evidence. When there is no more of it, nothing more is taken."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.patience -= time.monotonic() - began
            if self.patience <= 0 and not self._full and self._folder is not None:
                self._full = True
                self.note("no more evidence is kept: it has taken too long.")

    def told(self) -> dict[str, Any]:
        """As it stands in a result; empty when there was nothing to tell."""
        if self._folder is None or not (self._folder.files or self._notes):
            return {}
        return {"folder": self._folder.path, "files": list(self._folder.files), "notes": list(self._notes)}
