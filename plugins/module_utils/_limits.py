# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long is waited, and how much of that is left: nothing, once somebody has interrupted."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

_interrupted = threading.Event()


def interrupt() -> None:
    """From now on nobody waits any more, in whatever thread: those do not hear of a signal."""
    _interrupted.set()


def is_interrupted() -> bool:
    """Whether nothing more is to be begun."""
    return _interrupted.is_set()


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds. stall: how long nothing may move; total: how long all of it may take; settle: instead of stall, once
    an earlier wait was in vain."""

    stall: float = 180.0
    total: float = 1800.0
    settle: float = 5.0

    def brief(self, slow: bool = False) -> Limits:
        """For what comes after a wait in vain: each later wait ends sooner, so that many stuck objects in many
        kinds cost one window. What moves is waited for all the same. slow: namespaces, whose controller sleeps 5 s
        before it begins."""
        return Limits(min(self.stall, self.settle * (3 if slow else 1)), self.total, self.settle)


class Clock:
    """Begins to count when it is made."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._began = self._moved = time.monotonic()

    def moved(self) -> None:
        """Something did: stall begins anew."""
        self._moved = time.monotonic()

    def left(self, stall: float | None = None) -> float:
        """Seconds that may still be waited, 0 or less when it is over. stall: instead of that of the limits."""
        now = time.monotonic()
        return min((self.limits.stall if stall is None else stall) - (now - self._moved), self.total_left())

    def total_left(self) -> float:
        """The same, however much moves."""
        return -1.0 if is_interrupted() else self.limits.total - (time.monotonic() - self._began)
