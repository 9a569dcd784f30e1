# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests wait for states, not for seconds: a limit here is for what never comes, and costs nothing on a busy machine."""

from __future__ import annotations

import time
from collections.abc import Callable

LIMIT = 120.0


def eventually(holds: Callable[[], object], seconds: float = LIMIT) -> bool:
    ends = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > ends:
            return False
        time.sleep(0.1)
    return True
