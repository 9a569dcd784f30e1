# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names are matched whole: in Python a dollar lets a line break pass at the end, so no pattern here has one."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = {"compile", "match", "search", "fullmatch", "sub", "split", "findall", "finditer", "said", "says"}


def _patterns(tree: ast.AST) -> list[str]:
    """What is given to a function of re, or to one that hands it on, as far as it is written there."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = [c for c in calls if (c.func.attr if isinstance(c.func, ast.Attribute) else "") in FUNCTIONS]
    texts = [text for call in named for arg in call.args[:1] for text in ast.walk(arg)]
    return [text.value for text in texts if isinstance(text, ast.Constant) and isinstance(text.value, str)]


@pytest.mark.parametrize("path", sorted(ROOT.glob("plugins/**/*.py")), ids=lambda path: path.stem)
def test_no_pattern_ends_before_a_line_break(path: Path) -> None:
    wrong = [text for text in _patterns(ast.parse(path.read_text(encoding="utf-8"))) if "$" in text.replace(r"\$", "")]
    assert wrong == []
