# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ctrl-C reaches the thread that acts on it, whatever the others do."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils import _threads
from ansible_collections.mtv.teardown.plugins.module_utils._together import together

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)


def taken() -> set[int]:
    """Of these, what the system may give to this thread."""
    return set(NUMBERS) - signal.pthread_sigmask(signal.SIG_BLOCK, ())


def by_pool() -> set[int]:
    with _threads.pool(1) as pool:
        return pool.submit(taken).result()


def together_with_others() -> set[int]:
    return set().union(*together(lambda _item: taken(), range(4), 4))


def alone() -> set[int]:
    found: list[set[int]] = []
    thread = _threads.thread(lambda where: where.append(taken()), found)
    thread.start()
    thread.join()
    assert thread.daemon
    return found[0]


def late() -> set[int]:
    found: list[set[int]] = []
    timer = _threads.timer(0.01, lambda: found.append(taken()))
    timer.start()
    timer.join()
    return found[0]


@pytest.mark.parametrize("ask", [by_pool, together_with_others, alone, late])
def test_threads_get_none(ask: Callable[[], set[int]]) -> None:
    assert taken() == set(NUMBERS)
    assert ask() == set()
    assert taken() == set(NUMBERS)


@pytest.fixture
def heard() -> Iterator[list[int]]:
    told: list[int] = []
    before = signal.signal(signal.SIGHUP, lambda number, _frame: told.append(number))
    yield told
    signal.signal(signal.SIGHUP, before)


def test_the_first_thread_hears_what_the_process_is_sent_while_others_work(heard: list[int]) -> None:
    over = threading.Event()
    with _threads.pool(8) as pool:
        for _each in range(8):
            pool.submit(over.wait)
        for count in range(1, 21):
            os.kill(os.getpid(), signal.SIGHUP)
            ends = time.monotonic() + 30
            while len(heard) < count and time.monotonic() < ends:
                time.sleep(0.001)
            assert len(heard) == count
        over.set()
