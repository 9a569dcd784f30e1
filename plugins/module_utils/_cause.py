# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why something stays, in one shape for the cluster and every provider."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cause:
    """name: a word for machines, the same in every release; text: what holds the object; next_step: what a person
    can do about it."""

    name: str
    text: str
    next_step: str


def first(tells: Iterable[Callable[[T], Cause | None]], seen: T) -> Cause | None:
    """The first cause that fits what was seen of an object."""
    return next((cause for tell in tells if (cause := tell(seen)) is not None), None)
