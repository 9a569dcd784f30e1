# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why something stays, in one shape for the cluster and every provider."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
# What is told without a table: that nothing in it fits, that somebody else has the object, too, and that what showed
# whose it is has gone.
UNKNOWN, CONTESTED, OUTLIVED = "unknown", "contested", "outlived"


@dataclass(frozen=True, slots=True)
class Cause:
    """name: a word for machines, the same in every release; text: what holds the object; next_step: what a person
    can do about it."""

    name: str
    text: str
    next_step: str


class Finding(NamedTuple):
    """What was seen of one object, and what to do about that."""

    text: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Tell(Generic[T]):
    """A row of a table of causes. look: tells this one from what was seen of an object, or None where it is another."""

    name: str
    look: Callable[[T], Finding | None]

    def __call__(self, seen: T, /) -> Cause | None:
        found = self.look(seen)
        return None if found is None else Cause(self.name, *found)


def tells(name: str) -> Callable[[Callable[[T], Finding | None]], Tell[T]]:
    """Names the cause that a function tells: one name for each, so that a table says all that it can tell."""

    def named(look: Callable[[T], Finding | None]) -> Tell[T]:
        return Tell(name, look)

    return named


def first(table: Iterable[Tell[T]], seen: T) -> Cause | None:
    """The first cause that fits what was seen of an object."""
    return next((cause for tell in table if (cause := tell(seen)) is not None), None)
