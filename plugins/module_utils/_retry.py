# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same request again, when it got no answer."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError

T = TypeVar("T")
LONGEST = 30.0


def pause(first: float, attempt: int, longest: float = LONGEST) -> float:
    """Seconds before the next attempt: twice as long after each, up to a limit, and never the same for two who began
    together. first: about how long before the second."""
    return float(min(first * 2**attempt, longest) * random.uniform(0.5, 1.0))  # noqa: S311 - jitter


def passes(exc: ApiError) -> bool:
    """Whether the next attempt may do better."""
    return not exc.lasting


def patiently(
    once: Callable[[], T],
    tries: int,
    first: float,
    sleep: Callable[[float], None] = time.sleep,
    again: Callable[[ApiError], bool] = passes,
) -> T:
    """What once returns; it is called so many times at most, as long as again says so of its error. It must be
    something that may be repeated."""
    attempt = 1
    while True:
        try:
            return once()
        except ApiError as exc:
            if attempt >= tries or not again(exc):
                raise
        sleep(pause(first, attempt))
        attempt += 1
