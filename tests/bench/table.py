# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures as the README has them, so that they are copied and not typed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

# decimals that a column of floats has
SECONDS, EACH = ".1f", ".2f"


def number(value: float, form: str = ",d") -> str:
    """For people; empty for what nobody counted (less than 0)."""
    return format(value, form) if value >= 0 else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """In Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" if line[0] != "---" else "|" + "---|" * len(line) for line in lines)


def told(rows: Iterable[tuple[str, int, int]]) -> str:
    """rows: (way, what it left, what it touched of others). One sentence about all of them."""
    wrong = [f"{way} left {left} and touched {touched}" for way, left, touched in rows if left or touched]
    return f"{'; '.join(wrong)}." if wrong else "Nothing was left, and nothing of others touched."
