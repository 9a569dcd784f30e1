# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of reports are what is made of the result beside them, and the guide shows what is in them.

After a change of a face: C(python -m tests.project.test_report_examples) makes them anew.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._report import faces
from ansible_collections.mtv.teardown.tests.unit.plugins import mutations

from tests.contract.guide_commands import blocks
from tests.project.test_result_form import errors
from tests.tools import screenshot

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "examples" / "report"
RESULT = FOLDER / "teardown-auto-ab12.result.json"


def made() -> dict[Path, str]:
    told = faces.read(str(RESULT))
    files = {Path(faces.file_name(str(RESULT), n)): text for n, text in faces.render(told, faces.FACES).items()}
    picture = screenshot.of_page(files[FOLDER / "teardown-auto-ab12.html"])
    terminal = "\n".join(faces.lines(told)) + "\n"
    return {**files, FOLDER / "teardown-auto-ab12.txt": terminal, FOLDER / "teardown-auto-ab12.svg": picture}


@pytest.mark.parametrize("file", sorted(made()), ids=lambda file: "".join(file.suffixes))
def test_each_is_what_is_made_of_the_result(file: Path) -> None:
    assert file.read_text(encoding="utf-8") == made()[file]


def test_the_result_is_one_and_proves_itself() -> None:
    result = json.loads(RESULT.read_text(encoding="utf-8"))
    assert errors(result) == []
    assert faces.lines(faces.read(str(RESULT))) == result["summary"]  # whatever order a file gives its keys
    audit = mutations.program()
    assert audit.told(RESULT, result)[0] == audit.AGREES


def test_the_guide_shows_what_is_in_them() -> None:
    """Line by line, in their order; "…" stands for what is left out."""
    texts = list(made().values())
    shown = [b for b in blocks(ROOT / "docs/docsite/rst/guide_report.rst") if b.language == "text"]
    assert len(shown) == 5
    for block in shown[:-1]:  # the last one is a rule for an alert
        assert any(_is_in(block.text.splitlines(), text.splitlines()) for text in texts), block.text


def _is_in(wanted: list[str], lines: list[str]) -> bool:
    rest = iter(lines)
    return all(any(line.strip() == one.strip() for line in rest) for one in wanted if one.strip() not in ("", "…"))


if __name__ == "__main__":
    data = json.loads(RESULT.read_text(encoding="utf-8"))
    data["summary"] = faces.lines(faces.read(str(RESULT)))
    RESULT.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for path, text in made().items():
        path.write_text(text, encoding="utf-8")
