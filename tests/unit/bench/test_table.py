# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures as the README has them."""

from __future__ import annotations

from tests.bench.__main__ import _plan
from tests.bench.table import SECONDS, number, table, told
from tests.lab.controlplane import CHECKOUT


def test_a_table_is_one_of_the_readme() -> None:
    assert table(("way", "objects"), [("a", "1"), ("b", "")]) == "| way | objects |\n|---|---|\n| a | 1 |\n| b |  |"
    assert [number(1234), number(0), number(-1), number(2.26, SECONDS)] == ["1,234", "0", "", "2.3"]


def test_ways_are_named_in_the_readme_as_they_are_printed() -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    assert table(("way", "objects", "seconds", "requests"), []) in readme
    assert table(("way", "clones", "seconds", "a clone", "requests"), []) in readme
    assert all(f"| {way} | {number(size)} |" in readme for way, _run, _world, size in _plan(1000, 100))


def test_what_went_wrong_is_told() -> None:
    assert told([("ours", 0, 0)]) == "Nothing was left, and nothing of others touched."
    assert told([("ours", 0, 0), ("a loop", 2, 1)]) == "a loop left 2 and touched 1."
