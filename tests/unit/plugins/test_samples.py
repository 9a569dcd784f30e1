# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What make test leaves to make test-all is there, and marked."""

from __future__ import annotations

from itertools import product

import pytest
from ansible_collections.mtv.teardown.tests.unit.plugins import samples


def test_of_a_table_nothing_is_lost() -> None:
    told = samples.some(["a", ("b", 1), pytest.param("c", 2, id="see", marks=pytest.mark.worlds), "d", "e"], 3)
    assert (told[0], told[3]) == ("a", "d")
    marked = {number: [mark.name for mark in told[number].marks] for number in (1, 2, 4)}
    assert marked == {1: ["exhaustive"], 2: ["worlds", "exhaustive"], 4: ["exhaustive"]}
    assert [tuple(told[number].values) for number in (1, 2, 4)] == [("b", 1), ("c", 2), ("e",)]
    assert told[2].id == "see"


def test_of_a_product_both_are_taken_up() -> None:
    rows, columns = range(12), range(6)
    kept = [one for one in samples.some(product(rows, columns), 5) if not hasattr(one, "marks")]
    assert ({row for row, _column in kept}, {column for _row, column in kept}) == (set(rows), set(columns))


@pytest.mark.parametrize(("wanted", "number", "made"), [(True, 450, 450), (False, 450, 45), (False, 8, 1)])
def test_of_what_is_generated(wanted: bool, number: int, made: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "ALL", wanted)
    assert samples.examples(number) == made
