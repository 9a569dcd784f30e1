# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long is waited."""

from __future__ import annotations

from dataclasses import dataclass


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
