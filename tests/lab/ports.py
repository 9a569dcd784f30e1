# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports for servers that must be told theirs before they start."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack

# Below those that most systems give to whoever connects, so that one of them stays free until its server takes it.
_RANGE = range(12000, 32000)


def free(count: int) -> int:
    """The first of so many in a row that nobody uses."""
    for _attempt in range(1000):
        first = random.randrange(_RANGE.start, _RANGE.stop - count)
        if _are_free(range(first, first + count)):
            return first
    raise OSError(f"there are no {count} free ports in a row between {_RANGE.start} and {_RANGE.stop}")


def _are_free(ports: range) -> bool:
    with ExitStack() as stack:
        for port in ports:
            probe = stack.enter_context(socket.socket())
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
