# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is recorded of a suite's store and of its creates; and that nothing in it breaks a test."""

from __future__ import annotations

import copy
import json
import os
import pickle
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mtv_record
import pytest
from mtv_record.entries import events_of
from mtv_record.journal import JOURNAL, RESOURCES
from mtv_record.recorder import Recorder
from mtv_record.store import Store

PLAN = {"name": "auto-ab12-p", "namespace": "auto-ab12", "module": "ocp_resources.plan"}


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path / "x", "run")


def events(recorder: Recorder) -> list[dict[str, Any]]:
    assert recorder.folder is not None
    return events_of((recorder.folder / JOURNAL).read_bytes())


def resources(recorder: Recorder) -> dict[str, list[dict[str, Any]]]:
    assert recorder.folder is not None
    found: dict[str, list[dict[str, Any]]] = json.loads((recorder.folder / RESOURCES).read_text(encoding="utf-8"))
    return found


def test_by_hand(recorder: Recorder) -> None:
    recorder.begin("auto-ab12")
    recorder.test = ("tests/test_a.py::test_b", "test_b")
    call = recorder.intent("Plan", "auto-ab12-p", "auto-ab12")
    assert resources(recorder) == {"Plan": [{"name": "auto-ab12-p", "namespace": "auto-ab12", "test_name": "test_b"}]}
    recorder.made(call, uid="6f0e")
    recorder.made(recorder.intent("ConfigMap", "", "auto-ab12"), name="generated-x7kq")
    recorder.not_made(recorder.intent("Secret", "theirs", "auto-ab12"))
    recorder.made(recorder.intent("vsphere", "Some VM"))
    assert recorder.intent("Plan", "no such name") is None
    recorder.made(None)
    assert resources(recorder).keys() == {"Plan", "ConfigMap", "vsphere"}
    assert resources(recorder)["vsphere"] == [{"name": "Some VM"}]
    first = events(recorder)[0]
    assert (first["event"], first["form"], first["prefix"], first["pid"]) == ("session", 1, "auto-ab12", os.getpid())
    assert events(recorder)[2]["uid"] == "6f0e"
    assert len(recorder.troubles) == 1


@pytest.mark.parametrize(
    ("status", "named"),
    [(409, False), (422, False), (400, False), (403, True), (404, True), (500, True), (None, True), ({}, True)],
)
def test_only_an_answer_that_says_so_takes_it_back(recorder: Recorder, status: Any, named: bool) -> None:
    class OfALibraryError(Exception):
        """With the status of an answer."""

    error = OfALibraryError("holds a body that is not to be shown")
    error.status = status  # type: ignore[attr-defined]
    recorder.failed(recorder.intent("Plan", "auto-ab12-p", "auto-ab12"), error)
    assert bool(resources(recorder)) == named
    assert "not to be shown" not in json.dumps(events(recorder))


def test_a_store_is_recorded_as_it_changes(recorder: Recorder) -> None:
    store = Store({"Secret": [{"name": "s", "namespace": "ns"}]}, recorder)
    assert resources(recorder) == {"Secret": [{"name": "s", "namespace": "ns"}]}
    store.setdefault("Plan", []).append(PLAN)
    assert resources(recorder)["Plan"] == [PLAN]
    store["Plan"].extend([{**PLAN, "name": "b"}, {**PLAN, "name": "c"}])
    store["Plan"] += [{**PLAN, "name": "d"}]
    assert [one["name"] for one in resources(recorder)["Plan"]] == ["auto-ab12-p", "b", "c", "d"]
    store["Plan"].remove(PLAN)
    store["Plan"] = [one for one in store["Plan"] if one["name"] != "b"]
    assert [one["name"] for one in resources(recorder)["Plan"]] == ["c", "d"]
    store["Plan"][0]["test_name"] = "test_b"
    store.changed()
    assert resources(recorder)["Plan"][0]["test_name"] == "test_b"
    del store["Secret"]
    store.update({"vsphere": [{"name": "a"}]})
    assert resources(recorder).keys() == {"Plan", "vsphere"}
    assert json.loads(json.dumps(store)) == store
    for plain in (pickle.loads(pickle.dumps(store)), copy.deepcopy(store)):
        assert (type(plain), type(plain["Plan"]), plain) == (dict, list, store)


class Odd(dict[str, Any]):
    """It cannot even be looked at."""

    def __getitem__(self, key: str) -> Any:
        raise RuntimeError(key)


@pytest.mark.parametrize("odd", [None, 3, "x", {}, {"name": object()}, {"name": "\ud800"}, Odd(name="a")])
def test_odd_entries_are_told_and_the_others_recorded(recorder: Recorder, odd: Any) -> None:
    store = Store({}, recorder)
    store.setdefault("Plan", []).append(odd)
    store["Plan"].append(PLAN)
    store[3] = store[None] = "x"
    store.setdefault("Secret", []).append({"name": "s", "namespace": "ns"})
    assert resources(recorder) == {"Plan": [PLAN], "Secret": [{"name": "s", "namespace": "ns"}]}
    assert recorder.troubles
    assert len(recorder.troubles) == len(set(recorder.troubles))


def test_a_folder_that_cannot_be_is_told_once_and_made_up_for(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("a file", encoding="utf-8")
    recorder = Recorder(tmp_path / "x", "run")
    with recorder.folder_is_emptied():
        recorder.intent("Plan", "a", "ns")
    recorder.intent("Plan", "b", "ns")
    recorder.refresh()
    assert len(recorder.troubles) == 1 and "File exists" in recorder.troubles[0]
    (tmp_path / "x").unlink()
    recorder.intent("Plan", "c", "ns")
    assert [one["name"] for one in resources(recorder)["Plan"]] == ["a", "b", "c"]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # its threads are at their end
def test_threads_and_children(recorder: Recorder) -> None:
    threads = [
        threading.Thread(target=lambda n=n: recorder.intent("Plan", f"t{n}", "ns"))  # type: ignore[misc]
        for n in range(8)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    child = os.fork()
    if not child:
        recorder.intent("Plan", "child", "ns")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    recorder.intent("Plan", "after", "ns")
    assert {one["name"] for one in resources(recorder)["Plan"]} == {*(f"t{n}" for n in range(8)), "child", "after"}
    numbers = [(one["process"], one["seq"]) for one in events(recorder)]
    assert len(numbers) == len(set(numbers)) and len({process for process, _seq in numbers}) == 2
    assert recorder.troubles == []


def test_a_handler_that_comes_in_between_waits_for_nobody(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the wrapper's, on an interrupt: its event is written with the next one."""
    real = os.fsync
    calls = []

    def fsync(handle: int) -> None:
        if not calls:
            calls.append(recorder.intent("Plan", "in-between", "ns"))
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    recorder.intent("Plan", "a", "ns")
    recorder.intent("Plan", "b", "ns")
    assert {one["name"] for one in resources(recorder)["Plan"]} == {"a", "b", "in-between"}


def test_a_process_that_was_stopped_does_not_stop_the_others(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtv_record.journal._PATIENCE", 0.1)
    other = Recorder(recorder.folder, "run")
    with other.folder_is_emptied():
        recorder.intent("Plan", "a", "ns")
    assert "another process holds" in recorder.troubles[0]
    recorder.intent("Plan", "b", "ns")
    assert {one["name"] for one in resources(recorder)["Plan"]} == {"a", "b"}


def test_off(tmp_path: Path) -> None:
    recorder = Recorder(None, "run")
    recorder.made(recorder.intent("Plan", "a", "ns"))
    with recorder.folder_is_emptied():
        recorder.refresh()
    recorder.end(0)
    assert list(tmp_path.iterdir()) == []


def test_an_answer_that_cannot_be_read_was_an_answer(recorder: Recorder) -> None:
    from mtv_record.wrapper import _made

    call = recorder.intent("Plan", "a", "ns")
    for made in (None, SimpleNamespace(metadata=None), SimpleNamespace(metadata=SimpleNamespace(uid=3, name=4))):
        _made(recorder, call, made)
    assert [one["event"] for one in events(recorder)].count("made") == 3


def test_what_the_suite_writes_at_its_end_is_made_whole_while_it_deletes(recorder: Recorder) -> None:
    recorder.intent("Plan", "a", "ns")
    assert recorder.folder is not None
    with recorder.file_is_written(), (recorder.folder / RESOURCES).open("w", encoding="utf-8") as file:
        file.write('{"Pl')
        file.flush()
        ends = time.monotonic() + 30
        while (recorder.folder / RESOURCES).read_text(encoding="utf-8") == '{"Pl':
            assert time.monotonic() < ends
            time.sleep(0.01)
        file.write('an": []}')  # into a file that has no name any more
    assert resources(recorder).keys() == {"Plan"}
    assert threading.active_count() == len([one for one in threading.enumerate() if one.name != "mtv_record"])


def test_the_file_is_made_again_by_hand(recorder: Recorder) -> None:
    recorder.intent("Plan", "a", "ns")
    assert recorder.folder is not None
    (recorder.folder / RESOURCES).write_text('{"Pl', encoding="utf-8")
    root = Path(mtv_record.__file__).parents[1]
    command = [sys.executable, "-m", "mtv_record", str(recorder.folder)]
    subprocess.run(command, cwd=root, check=True)
    assert resources(recorder).keys() == {"Plan"}
