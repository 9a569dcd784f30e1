# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same work on many things at once, in threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from ansible_collections.mtv.teardown.plugins.module_utils import _threads
from ansible_collections.mtv.teardown.plugins.module_utils._limits import is_interrupted

A = TypeVar("A")
B = TypeVar("B")


def together(work: Callable[[A], B], items: Iterable[A], at_once: int) -> list[B]:
    """What work returns for each item, in their order; at_once: how many threads at most. Nothing is begun any more
    once somebody has interrupted."""

    def begin(item: A) -> B:
        if is_interrupted():
            raise KeyboardInterrupt
        return work(item)

    items = list(items)
    if at_once < 2 or len(items) < 2:
        return [begin(item) for item in items]
    with _threads.pool(min(at_once, len(items))) as pool:
        return list(pool.map(begin, items))
