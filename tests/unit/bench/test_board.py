# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a board makes of its figures."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bench import board, provider_board, scoreboard
from tests.bench.board import Board, Cell

RESULTS = {
    "all is well": {"ours": Cell(True, 0, 0, 9.6, 30), "a loop": Cell(True, 1, 0, 5.0, 10)},
    "a page answers": {"ours": Cell(False, 0, 3, 2.0, 4), "a loop": Cell(True, 0, 3, 1.0, 2)},
    "on another provider": {"ours": Cell(False, 0, 0, 1.0, 1)},
}


def _rows(text: str, heading: str) -> list[list[str]]:
    """The rows of the table below a heading."""
    lines = text.split(f"{heading}\n{'-' * len(heading)}\n")[1].split("\n\n")[1].splitlines()
    cells = [line.strip(" *-") for line in lines]
    return [cells[start : start + 6] for start in range(0, len(cells), 6)]


def test_a_way_is_summed_over_the_scenarios_that_it_was_in() -> None:
    head, *rows = _rows(board.tables(RESULTS), "In all")
    assert head == ["way", "clean, falsely", "touched", "left", "seconds", "requests"]
    assert rows == [["ours", "0 of 3", "0", "3", "13", "35"], ["a loop", "1 of 2", "1", "3", "6", "12"]]


def test_a_claim_is_false_only_when_something_is_left() -> None:
    text = board.tables(RESULTS)
    assert [row[1] for row in _rows(text, "All is well")[1:]] == ["clean", "clean"]
    assert [row[1] for row in _rows(text, "A page answers")[1:]] == ["not clean", "clean, falsely"]
    assert "- **clean, falsely**\n" in text


def test_a_page_has_its_label_and_title() -> None:
    text = board.page("scoreboard_x", Board("A title", "What it is.", {}), RESULTS)
    assert ".. _ansible_collections.mtv.teardown.docsite.scoreboard_x:\n\nA title\n=======\n\nWhat it is.\n" in text
    assert text.endswith("     - 1\n")


@pytest.mark.parametrize(
    ("there", "told"),
    [
        ({"vm-1", "disk-1", "vm-2"}, (0, 2)),
        ({"vm-2"}, (0, 0)),
        ({"vm-1", "vm-3"}, (1, 1)),
    ],
)
def test_what_is_touched_and_left_is_counted_by_identity(there: set[str], told: tuple[int, int]) -> None:
    nobody: Any = None
    world = provider_board.World("vsphere", {}, nobody, nobody, nobody, nobody, {"vm-1", "disk-1"}, {"vm-2"})
    assert provider_board.counted(world, there) == told


def test_every_scenario_is_on_its_board_once() -> None:
    scenarios = (scoreboard.SCENARIOS, scoreboard.PROTECTING, provider_board.SCENARIOS)
    assert [len(one.runs) for one in scoreboard.BOARDS.values()] == [len(some) for some in scenarios]
