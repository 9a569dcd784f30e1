# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of text in the output of a playbook: as they are for people, in the result for a program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.mtv.teardown.plugins.action.show import IS_SAFE
from ansible_collections.mtv.teardown.plugins.modules import show

pytestmark = pytest.mark.slow

LINES = ["session auto-ab12", 'CLEAN: "all" of it é read', "  {{ 1 + 1 }} $(x) \x1b[31m", "phase   found\rCLEAN\nb"]
SHOWN = ["session auto-ab12", 'CLEAN: "all" of it é read', "  {{ 1 + 1 }} $(x) \ufffd[31m", "phase   found CLEAN b"]


def played(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "lines.json").write_text(json.dumps(LINES), encoding="utf-8")
    read = "{{ lookup('ansible.builtin.file', 'lines.json') | from_json }}"
    task = {"name": "Told", "mtv.teardown.show": {"lines": read}}
    play = {"name": "P", "hosts": "localhost", "gather_facts": False, "tasks": [task]}
    (folder / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
    (folder / "ansible.cfg").write_text("[defaults]\nlocalhost_warning = false\n", encoding="utf-8")
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "localhost,", "play.yml", *arguments]
    more = {**inherited, "LC_ALL": "C.UTF-8", "ANSIBLE_CONFIG": str(folder / "ansible.cfg"), **environment}
    return subprocess.run(command, cwd=folder, env=more, capture_output=True, text=True, check=True, timeout=120)


def told(output: str) -> list[str]:
    """The lines between the title of the task and its end; of ansible-core 2.19 those in its result."""
    lines = output.splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith("TASK [Told]")) + 1
    if IS_SAFE:
        return lines[begin : lines.index("ok: [localhost]")]
    assert lines[begin] == "ok: [localhost] => {"
    result = json.loads("\n".join(["{", *lines[begin + 1 : lines.index("}") + 1]]))
    return list(result["msg"])


@pytest.mark.parametrize("arguments", [(), ("--check",)], ids=["run", "check"])
def test_people_read_text_behind_its_task(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = played(tmp_path, *arguments)
    assert told(done.stdout) == SHOWN
    assert done.stderr == ""


def test_it_is_seen_where_nothing_is_that_went_well(tmp_path: Path) -> None:
    """But for ansible-core 2.19, where the title of the last play alone says the verdict then."""
    lines = played(tmp_path, ANSIBLE_DISPLAY_OK_HOSTS="no").stdout.splitlines()
    assert (SHOWN[1] in lines) == IS_SAFE


def test_a_program_reads_its_own_form(tmp_path: Path) -> None:
    done = played(tmp_path, ANSIBLE_STDOUT_CALLBACK="ansible.posix.json")
    (play,) = json.loads(done.stdout)["plays"]
    assert play["tasks"][0]["hosts"]["localhost"]["msg"] == SHOWN


def test_it_comes_into_the_log(tmp_path: Path) -> None:
    played(tmp_path, ANSIBLE_LOG_PATH=str(tmp_path / "log"))
    line = SHOWN[1] if IS_SAFE else json.dumps(SHOWN[1], ensure_ascii=False)
    assert line in (tmp_path / "log").read_text(encoding="utf-8")


def test_events_of_ansible_runner(tmp_path: Path) -> None:
    """As AWX shows them."""
    played(tmp_path)
    (tmp_path / "project").mkdir()
    for name in ("play.yml", "lines.json"):
        (tmp_path / name).rename(tmp_path / "project" / name)
    tools = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": f"{tools}:{os.environ['PATH']}",
        "ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg"),
    }
    command = [str(tools / "ansible-runner"), "run", str(tmp_path), "-p", "play.yml", "--ident", "one"]
    subprocess.run(command, env=environment, capture_output=True, check=True, timeout=120)
    files = (tmp_path / "artifacts" / "one" / "job_events").glob("*.json")
    events = sorted((json.loads(file.read_text(encoding="utf-8")) for file in files), key=lambda e: int(e["counter"]))
    of_task = [event for event in events if event.get("event_data", {}).get("task") == "Told"]
    texts = [event["stdout"] for event in of_task if event["event"] == "verbose"]
    (ended,) = [event["event_data"]["res"] for event in of_task if event["event"] == "runner_on_ok"]
    assert (texts if IS_SAFE else ended["msg"]) == SHOWN
    assert [event["event"] for event in events[-2:]] == ["runner_on_ok", "playbook_on_stats"]


def test_the_module_alone(capfd: pytest.CaptureFixture[str]) -> None:
    with patch_module_args({"lines": ["a", "b"]}), pytest.raises(SystemExit):
        show.main()
    assert json.loads(capfd.readouterr().out)["msg"] == ["a", "b"]
