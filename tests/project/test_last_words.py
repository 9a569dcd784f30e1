# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of a library reach a user only through _secrets: as an error of ours, which takes secrets out, or by
one_line(). And every module is a _module.Module, which does it once more with all that it says."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(ROOT.glob("plugins/**/*.py"))
# _errors.py: each cleans its message. StrangeAnswerError: its words go through Engine._told.
CLEANING = {
    "TeardownError",
    "RecordError",
    "NoConnectionError",
    "ApiError",
    "garbage",
    "StrangeAnswerError",
    "one_line",
}
MODULE = "plugins/module_utils/_run/module.py"


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _told(node: ast.AST, caught: frozenset[str]) -> Iterator[int]:
    """Lines in which the words of a caught exception are made a text outside of what cleans them."""
    if isinstance(node, ast.Call) and _name(node) in CLEANING:
        return
    if isinstance(node, ast.ExceptHandler) and node.name:
        caught = caught | {node.name}
    is_text = isinstance(node, ast.FormattedValue) or (isinstance(node, ast.Call) and _name(node) in ("str", "repr"))
    held = [node.value] if isinstance(node, ast.FormattedValue) else node.args if isinstance(node, ast.Call) else []
    if is_text and any(isinstance(one, ast.Name) and one.id in caught for one in held):
        yield node.lineno  # type: ignore[attr-defined]
    if isinstance(node, ast.Attribute) and node.attr == "args" and getattr(node.value, "id", "") in caught:
        yield node.lineno
    for child in ast.iter_child_nodes(node):
        yield from _told(child, caught)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_words_of_exceptions(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert list(_told(tree, frozenset())) == []
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    imported = {one.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for one in node.names}
    if str(path.relative_to(ROOT)) != MODULE:
        assert "AnsibleModule" not in names | imported, "use _module.Module"


def test_the_check_finds_what_it_is_for() -> None:
    wrong = "try:\n  x()\nexcept OSError as e:\n  a = f'{e}'\n  b = str(e)[:3]\n  c = e.args[0]\n"
    wrong += "  raise ApiError(f'{e}') from e\n"
    assert list(_told(ast.parse(wrong), frozenset())) == [4, 5, 6]
