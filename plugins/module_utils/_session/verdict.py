# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict: clean only when everything was read and nothing is left."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """clean: every scope was read after the last deletion, and nothing of the session is there.
    leftovers: something is. unverified: nothing was seen, but not everything could be read."""

    CLEAN = "clean"
    LEFTOVERS = "leftovers"
    UNVERIFIED = "unverified"


def verdict(
    leftovers: Collection[Any],
    unreadable: Collection[Any],
    not_covered: Collection[Any],
    scopes: Collection[Any],
    not_done: Collection[Any] = (),
    agreed: bool = True,
) -> Verdict:
    """Pessimistic: no scope read is not clean, and what is known to be left outweighs what is not known.

    leftovers: those that the site did not accept; unreadable: scopes that could not be read and records of unknown
    kinds; not_covered: records on source providers that were not looked at; scopes: those that were read;
    not_done: migrations that could not be canceled, and what else was asked of Forklift in vain and counts;
    agreed: the last two looks met the same.
    """
    if leftovers:
        return Verdict.LEFTOVERS
    if unreadable or not_covered or not_done or not scopes or not agreed:
        return Verdict.UNVERIFIED
    return Verdict.CLEAN
