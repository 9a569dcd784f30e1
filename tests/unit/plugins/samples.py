# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(make test-all) tries each rule on all that its test names; C(make test) on some of it, always the same."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import pytest

ALL = os.environ.get("MTV_TEARDOWN_TESTS") == "all"


def examples(number: int) -> int:
    """Of so many generated worlds, histories or answers: the first tenth."""
    return number if ALL else max(1, number // 10)


def some(cases: Iterable[Any], one_in: int) -> list[Any]:
    """Of the cases of a table the first and every so many-th; the others are marked exhaustive. Of a table that is a
    product of two, a number that has no factor in common with either takes up others of both each time."""
    return [case if number % one_in == 0 else _exhaustive(case) for number, case in enumerate(cases)]


def _exhaustive(case: Any) -> Any:
    mark = pytest.mark.exhaustive
    if isinstance(case, tuple) and hasattr(case, "marks"):
        return pytest.param(*case.values, id=case.id, marks=[*case.marks, mark])
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=mark)
