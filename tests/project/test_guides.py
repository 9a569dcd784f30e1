# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guides name what the code says."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs/docsite/rst/guide_troubleshooting.rst").read_text(encoding="utf-8")


def _in_code() -> set[str]:
    """Names of causes: the first argument of each Cause, and the one that the result gives by itself."""
    found = {"contested", "cancel-not-answered", "archive-not-answered"}
    for file in (ROOT / "plugins/module_utils/_causes").glob("*.py"):
        found |= set(re.findall(r'Cause\(\s*"([a-z-]+)"', file.read_text(encoding="utf-8")))
    return found


def test_the_troubleshooting_guide_names_every_cause_and_no_other() -> None:
    named = set(re.findall(r"^   \* - ``([a-z-]+)``$", GUIDE, flags=re.MULTILINE))
    assert len(named) > 40
    assert named == _in_code()


def test_tests_that_the_safety_guide_names_are_there() -> None:
    text = (ROOT / "docs/docsite/rst/guide_safety.rst").read_text(encoding="utf-8")
    files = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    assert set(re.findall(r"(test_\w+\.py)", text)) <= files


def _blocks(guide: str, language: str) -> list[str]:
    """The code blocks of a guide, without their indentation."""
    text = (ROOT / "docs/docsite/rst" / guide).read_text(encoding="utf-8")
    found = re.findall(rf"^\.\. code-block:: {language}\n\n((?:   .*\n|\n)+)", text, flags=re.MULTILINE)
    return [textwrap.dedent(block).strip() for block in found]


@pytest.mark.parametrize(
    ("guide", "language", "examples"),
    [
        ("guide_ci.rst", "yaml", "docs/examples/ci/*.yml"),
        ("guide_ci.rst", "groovy", "docs/examples/ci/Jenkinsfile"),
        ("guide_molecule.rst", "yaml", "docs/examples/acme.migrations/extensions/molecule/**/*.yml"),
    ],
)
def test_guides_show_what_the_examples_do(guide: str, language: str, examples: str) -> None:
    whole = [_without_indentation(file.read_text(encoding="utf-8")) for file in ROOT.glob(examples)]
    blocks = _blocks(guide, language)
    assert blocks
    for block in blocks:
        assert any(_without_indentation(block) in text for text in whole), block


def _without_indentation(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines())
