# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of a resources file by hand: once, whole, beside what others have in it, and seen by the recorders."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.mtv.teardown.plugins.module_utils._recording.recorder import Recorder
from ansible_collections.mtv.teardown.plugins.module_utils._run import by_hand
from ansible_collections.mtv.teardown.plugins.module_utils._session import resources_file

SUITES: dict[str, Any] = {
    "_comment": "by somebody",
    "Namespace": [{"name": "auto-ab12", "namespace": None, "module": "ocp_resources.namespace", "theirs": [1]}],
    "vsphere": [{"name": "auto-ab12-rhel8"}],
}
VM = {"kind": "vsphere", "name": "mine", "id": "vm-7", "uid": "50236fe8", "place": "VC.example.com"}
MAP = {"kind": "ConfigMap", "name": "values", "namespace": "shared", "api_version": "v1"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "record" / "resources.json"
    made.parent.mkdir()
    made.write_text(json.dumps(SUITES), encoding="utf-8")
    return made


def run(capfd: pytest.CaptureFixture[str], path: Path, *entries: dict[str, Any], **options: Any) -> dict[str, Any]:
    module = importlib.import_module("ansible_collections.mtv.teardown.plugins.modules.record")
    capfd.readouterr()
    given = {"path": str(path), "entries": list(entries), **options}
    with patch_module_args(given), pytest.raises(SystemExit):
        module.main()
    found: dict[str, Any] = json.loads(capfd.readouterr().out)
    return found


def read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def test_adding_and_taking_out(capfd: pytest.CaptureFixture[str], file: Path) -> None:
    added = {key: value for key, value in VM.items() if key != "kind"} | {"place": "vc.example.com:443"}
    checked = run(capfd, file, VM, MAP, _ansible_check_mode=True, _ansible_diff=True)
    assert checked["changed"] and read(file) == SUITES
    assert "vsphere mine vm-7 50236fe8 vc.example.com:443\n" in checked["diff"]["after"]
    done = run(capfd, file, VM, MAP)
    assert done["added"] == [{"kind": "vsphere", **added}, MAP]
    found = read(file)
    assert found["vsphere"] == [{"name": "auto-ab12-rhel8"}, added]
    assert {name: found[name] for name in ("_comment", "Namespace")} == {
        name: SUITES[name] for name in ("_comment", "Namespace")
    }
    again = run(capfd, file, VM, MAP)
    assert (again["changed"], again["added"], read(file)) == (False, [], found)
    gone = run(capfd, file, {"kind": "vsphere", "id": "vm-7", "name": "mine"}, MAP, state="absent")
    assert [one["name"] for one in gone["removed"]] == ["mine", "values"]
    assert read(file) == SUITES
    assert run(capfd, file, MAP, state="absent")["changed"] is False


def test_listing_writes_nothing(capfd: pytest.CaptureFixture[str], file: Path) -> None:
    before = file.stat()
    told = run(capfd, file)
    meta = {"name": "auto-ab12", "namespace": None, "module": "ocp_resources.namespace"}
    assert told["entries"] == [{"kind": "Namespace", **meta}, {"kind": "vsphere", "name": "auto-ab12-rhel8"}]
    assert not told["changed"]
    assert file.stat().st_mtime_ns == before.st_mtime_ns
    assert run(capfd, file.with_name("none.json"))["entries"] == []
    assert not file.with_name("none.json").exists()


def test_a_file_that_is_not_there_is_made(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "new" / "resources.json"
    assert run(capfd, file, {"kind": "Namespace", "name": "auto-ab12"})["changed"]
    assert read(file) == {"Namespace": [{"name": "auto-ab12", "namespace": None}]}
    assert [one.name for one in resources_file.read(str(file))] == ["auto-ab12"]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"kind": "a kind", "name": "x"}, "neither a Kubernetes kind nor a provider"),
        ({"kind": "Plan", "name": "No Such Name"}, "can have the name"),
        ({"kind": "Plan"}, "has no name"),
        ({"kind": "vsphere", "name": "x", "place": "https://"}, "is no address"),
        ({"kind": "vsphere", "name": "x\ny"}, "line break"),
    ],
)
def test_what_could_not_be_read_again_is_not_written(
    capfd: pytest.CaptureFixture[str], file: Path, entry: dict[str, Any], told: str
) -> None:
    failed = run(capfd, file, VM, entry)
    assert failed["failed"] and told in failed["msg"]
    assert read(file) == SUITES


def test_a_file_that_is_none_stays_as_it_is(capfd: pytest.CaptureFixture[str], file: Path) -> None:
    for text in ('{"Plan": 3}', '{"Pl', "[]"):
        file.write_text(text, encoding="utf-8")
        assert run(capfd, file, VM)["failed"]
        assert file.read_text(encoding="utf-8") == text


def test_a_folder_that_cannot_be_written(capfd: pytest.CaptureFixture[str], file: Path) -> None:
    failed = run(capfd, file / "resources.json", VM)
    assert failed["failed"] and "Nothing was changed" in failed["msg"]
    assert read(file) == SUITES


def test_names_in_other_places_and_with_other_ids_stay(capfd: pytest.CaptureFixture[str], file: Path) -> None:
    other = {**VM, "place": "other.example.com"}
    anew = {**VM, "id": "vm-8", "uid": "60236fe8"}
    run(capfd, file, VM, other, anew)
    run(capfd, file, VM, state="absent")
    assert [(one["id"], one["place"]) for one in read(file)["vsphere"][1:]] == [
        ("vm-7", "other.example.com:443"),
        ("vm-8", "vc.example.com:443"),
    ]
    run(capfd, file, {"kind": "vsphere", "name": "mine"}, state="absent")
    assert read(file) == SUITES


def test_a_recorder_keeps_what_was_done_by_hand(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "run")
    recorder.made(recorder.intent("ConfigMap", "a", "ns", api_version="v1", place="https://c:6443"), uid="1")
    recorder.made(recorder.intent("Plan", "b", "ns"))
    file = tmp_path / "resources.json"
    run(capfd, file, VM, {"kind": "Plan", "name": "b", "namespace": "ns"})
    run(capfd, file, {"kind": "ConfigMap", "name": "a", "namespace": "ns"}, state="absent")
    recorder.intent("Secret", "c", "ns")
    found = read(file)
    assert found.keys() == {"Plan", "vsphere", "Secret"} and found["vsphere"][0]["id"] == "vm-7"
    assert [one["name"] for one in found["Plan"]] == ["b"]


def test_what_has_no_name_yet_can_be_taken_out(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "run")
    for name in ("made-", "kept-"):
        recorder.intent("ConfigMap", "", "ns", api_version="v1", place="https://c:6443", generate_name=name)
    file = tmp_path / "resources.json"
    assert [one["generate_name"] for one in read(file)["ConfigMap"]] == ["made-", "kept-"]
    entry = {"kind": "ConfigMap", "namespace": "ns", "generate_name": "made-"}
    assert len(run(capfd, file, entry, state="absent")["removed"]) == 1
    recorder.refresh()
    assert [one["generate_name"] for one in read(file)["ConfigMap"]] == ["kept-"]


def test_several_processes_at_once(file: Path) -> None:
    code = (
        "import sys; from ansible_collections.mtv.teardown.plugins.module_utils._run import by_hand\n"
        "for n in range(10): by_hand.change(sys.argv[1], [('Plan', {'name': f'{sys.argv[2]}-{n}', 'namespace': 'ns'})],"
        " absent=False, check_mode=False)"
    )
    root = Path(by_hand.__file__).parents[6]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), *sys.path])}
    started = [subprocess.Popen([sys.executable, "-c", code, str(file), name], env=environment) for name in "abc"]
    assert [one.wait(timeout=120) for one in started] == [0, 0, 0]
    assert {one["name"] for one in read(file)["Plan"]} == {f"{name}-{n}" for name in "abc" for n in range(10)}
    assert read(file)["Namespace"] == SUITES["Namespace"]
    assert [one.name for one in file.parent.iterdir()] == ["resources.json"]
