# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long is waited, and how much of that is left: nothing, once somebody has interrupted. And for how long a run may
change anything, where only one may at a time."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass

from ansible_collections.mtv.teardown.plugins.module_utils._errors import StoppedError

# Seconds of a Lease: no holder of ours asks for more, so nobody waits longer for a dead one.
LONGEST_LEASE = 3600

_interrupted = threading.Event()
# Why nothing may be changed any more; by now() until when something may, and why not for longer.
_stopped, _until, _late = "", math.inf, ""


def interrupt(why: str = "") -> None:
    """From now on nobody waits any more, in whatever thread: those do not hear of a signal. why: nothing may be changed
    any more, either."""
    global _stopped
    _stopped = _stopped or why
    _interrupted.set()


def is_interrupted() -> bool:
    """Whether nothing more is to be begun."""
    return _interrupted.is_set()


def now() -> float:
    """Seconds of a clock that nobody sets, and that goes on while a machine sleeps, where there is one."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


def may_change_until(moment: float, why: str = "") -> None:
    """Changes may be asked for up to that moment, unless it is put off before. why: what hinders that."""
    global _until, _late
    _until, _late = moment, f": {why}" if why else ""


def why_stopped() -> str:
    """Why nothing may be changed any more; empty while it may."""
    if now() > _until:
        interrupt(f"the Lease of this run was not renewed in time, so another run may have taken it over{_late}")
    return _stopped


def before_a_change() -> None:
    """Called right before each request that changes something. StoppedError when it must not be sent."""
    why = why_stopped()
    if why:
        raise StoppedError(f"{why}. Nothing more was asked for.")


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
