# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a later run has to know, and that one has begun, in files."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.mtv.teardown.plugins.module_utils._session import notes
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

PREFIX = "auto-ab12"
CONTENT: dict[str, Any] = json.loads(json.dumps(notes.entry(Session(PREFIX))))
NAME = notes.file_name(PREFIX)
BEGUN = {"verdict": "unverified", "run_id": "one", "began": "2026-01-01T10:00:00Z", "ended": "", "summary": ["a run"]}


def run(capfd: pytest.CaptureFixture[str], name: str, **options: Any) -> dict[str, Any]:
    module = importlib.import_module(f"ansible_collections.mtv.teardown.plugins.modules.{name}")
    capfd.readouterr()
    with patch_module_args(options), pytest.raises(SystemExit):
        module.main()
    found: dict[str, Any] = json.loads(capfd.readouterr().out)
    return found


def keep(capfd: pytest.CaptureFixture[str], folder: Path, content: Any = CONTENT, **more: Any) -> dict[str, Any]:
    note = {"name": NAME, "content": content}
    return run(capfd, "journal", session_prefix=PREFIX, data_collector_path=str(folder), note=note, **more)


def test_a_note_is_kept_once_and_for_its_owner(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    checked = keep(capfd, tmp_path, _ansible_check_mode=True)
    assert (checked["changed"], checked["kept"], list(tmp_path.iterdir())) == (True, [str(tmp_path / NAME)], [])
    assert keep(capfd, tmp_path)["kept"] == [str(tmp_path / NAME)]
    assert json.loads((tmp_path / NAME).read_text("utf-8")) == CONTENT
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    again = keep(capfd, tmp_path)
    assert (again["changed"], again["kept"]) == (False, [])


@pytest.mark.parametrize("content", [None, {}, {**CONTENT, "prefix": "auto-zz99"}])
def test_what_is_no_note_of_the_session_is_not_kept(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, content: Any
) -> None:
    assert keep(capfd, tmp_path, content)["failed"] is True
    assert list(tmp_path.iterdir()) == []


def test_where_it_cannot_be_written_says_why(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    told = keep(capfd, tmp_path / "file" / "folder")
    assert told["failed"] is True and "nothing was deleted" in told["msg"]


def test_somebody_has_to_say_where(capfd: pytest.CaptureFixture[str]) -> None:
    told = run(capfd, "journal", session_prefix=PREFIX, note={"content": CONTENT})
    assert told["failed"] is True and "give data_collector_path, or journal_in" in told["msg"]


def test_that_a_run_has_begun_stands_for_its_result(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "teardown-auto-ab12.result.json"
    checked = run(capfd, "report", results=[str(file)], result=BEGUN, _ansible_check_mode=True)
    assert (checked["changed"], file.exists()) == (True, False)
    done = run(capfd, "report", results=[str(file)], result=BEGUN)
    assert (done["changed"], done["written"], done["results"]) == (True, str(file), [])
    assert json.loads(file.read_text("utf-8")) == BEGUN
    assert [one.name for one in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize("more", [{"verdict": "clean"}, {"ended": "2026-01-01T10:00:00Z"}, {"leftovers": []}])
def test_nothing_else_does(capfd: pytest.CaptureFixture[str], tmp_path: Path, more: dict[str, Any]) -> None:
    """Only a look ends with a verdict."""
    file = tmp_path / "teardown-auto-ab12.result.json"
    told = run(capfd, "report", results=[str(file)], result={**BEGUN, **more})
    assert (told["failed"], file.exists()) == (True, False)
