# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Threads to which the system gives no signal. In Python the first thread alone acts on one, and while it waits it does
not learn of one that another thread got: Ctrl-C would end nothing until the work is done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)


def pool(at_once: int) -> ThreadPoolExecutor:
    """So many at most."""
    return ThreadPoolExecutor(max_workers=at_once, initializer=_take_none)


def thread(work: Callable[..., object], *arguments: Any) -> threading.Thread:
    """One that is not begun yet, and is not waited for when the process ends."""

    def run() -> None:
        _take_none()
        work(*arguments)

    return threading.Thread(target=run, daemon=True)


def timer(seconds: float, work: Callable[[], object]) -> threading.Timer:
    """One that is begun by C(start), and does the work after so many seconds."""
    return _Timer(seconds, work)


class _Timer(threading.Timer):
    def run(self) -> None:
        _take_none()
        super().run()


def _take_none() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
