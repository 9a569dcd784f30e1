# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a board is, and its page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """claims: that all is gone. The numbers count objects, but for seconds and requests."""

    claims: bool
    touched: int
    left: int
    seconds: float
    requests: int

    @property
    def false(self) -> bool:
        return self.claims and self.left > 0


# Scenario -> way -> what came of it. Not every scenario need have the same ways.
Results = Mapping[str, Mapping[str, Cell]]


@dataclass(frozen=True)
class Board:
    """about: what its page says before the tables; runs: what each scenario comes to, by its title."""

    title: str
    about: str
    runs: Mapping[str, Callable[[], dict[str, Cell]]]


_HEAD = """..
  Copyright (c) 2026 mtv.teardown contributors
  GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

.. _ansible_collections.mtv.teardown.docsite.{name}:

{title}
{line}

{about}
"""
_TABLE = """
.. list-table::
   :header-rows: 1
   :widths: 40 18 12 10 10 10

   * - way
     - claims
     - touched
     - left
     - seconds
     - requests
"""


def _row(*cells: object) -> str:
    return "".join(f"   {'* ' if not number else '  '}- {cell}\n" for number, cell in enumerate(cells))


def _claim(cell: Cell) -> str:
    if not cell.claims:
        return "not clean"
    return "**clean, falsely**" if cell.false else "clean"


def tables(results: Results) -> str:
    """All scenarios in one table, then one table each."""
    text = "In all\n------\n" + _TABLE.replace("- claims", "- clean, falsely")
    for way in dict.fromkeys(way for row in results.values() for way in row):
        cells = [row[way] for row in results.values() if way in row]
        false = sum(cell.false for cell in cells)
        sums = [sum(part) for part in zip(*((c.touched, c.left, c.seconds, c.requests) for c in cells), strict=True)]
        text += _row(way, f"{false} of {len(cells)}", sums[0], sums[1], f"{sums[2]:.0f}", sums[3])
    for title, row in results.items():
        heading = title[0].upper() + title[1:]
        text += f"\n{heading}\n{'-' * len(heading)}\n{_TABLE}"
        for way, cell in row.items():
            text += _row(way, _claim(cell), cell.touched, cell.left, f"{cell.seconds:.0f}", cell.requests)
    return text


def page(name: str, board: Board, results: Results) -> str:
    """The page of a board. name: of its file."""
    line = "=" * len(board.title)
    return _HEAD.format(name=name, title=board.title, line=line, about=board.about) + "\n" + tables(results)
