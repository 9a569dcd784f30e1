# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plugin of pytest that tells the marks of each test that was collected, for test_checks.py: C(pytest --collect-only
-p tests.project.marks)."""

from __future__ import annotations

import pytest

TOLD = "marks: "


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        print(f"\n{TOLD}{item.nodeid}\t{' '.join(sorted({mark.name for mark in item.iter_markers()}))}", end="")
