# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs ask for is on disk before they ask; the next one reads it, whatever became of the file."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import delete, order
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._report import told
from ansible_collections.mtv.teardown.plugins.module_utils._session import journal
from ansible_collections.mtv.teardown.tests.unit.plugins import results

PREFIX = "auto-ab12"


def environment(folder: Path, run: str = "one") -> dict[str, str]:
    return {journal.FOLDER: str(folder), journal.RUN: run}


def item(number: int, **more: Any) -> dict[str, Any]:
    names = {"kind": "Pod", "api_version": "v1", "namespace": PREFIX, "name": f"pod-{number}", "uid": f"uid-{number}"}
    return {**names, "evidence": "name", "reason": "", **more}


def runs(folder: Path, run: str = "now") -> list[dict[str, Any]]:
    return journal.earlier(str(folder), PREFIX, run)


@pytest.mark.parametrize(
    ("given", "prefix", "check_mode"),
    [
        ({}, PREFIX, False),
        ({journal.FOLDER: "folder"}, PREFIX, False),  # nobody could tell its lines from those of other runs
        ({journal.RUN: "one"}, PREFIX, False),
        ({journal.FOLDER: "folder", journal.RUN: "one"}, "", False),
        ({journal.FOLDER: "folder", journal.RUN: "one"}, PREFIX, True),
    ],
)
def test_without_a_place_a_run_or_a_prefix_there_is_none(given: dict[str, str], prefix: str, check_mode: bool) -> None:
    assert journal.announce_to(given, prefix, check_mode) is journal.nobody


def test_each_run_is_told_with_what_it_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "collector"
    announce = journal.announce_to(environment(folder), PREFIX, False)
    announce([item(1), item(2)], journal.DELETE)
    announce([item(2), item(3, namespace=None)], journal.DELETE)
    announce([item(1)], journal.CHANGE)
    announce([], journal.DELETE)
    journal.announce_to(environment(folder, "two"), PREFIX, False)([item(3)], journal.DELETE)
    journal.announce_to(environment(folder), "auto-zz99", False)([item(9)], journal.DELETE)
    first, second = runs(folder)
    assert [(one["uid"], one["what"]) for one in first["intended"]] == [
        ("uid-1", "delete"),
        ("uid-2", "delete"),
        ("uid-3", "delete"),
        ("uid-1", "change"),
    ]
    assert first["intended"][2]["namespace"] is None and first["intended"][0]["namespace"] == PREFIX
    assert first["began"] <= first["ended"] <= second["began"] and first["verdict"] == second["verdict"] == ""
    assert [one["run_id"] for one in runs(folder, "one")] == ["two"]
    file = folder / journal.file_name(PREFIX)
    assert file.stat().st_mode & 0o777 == 0o600 and "evidence" not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(("verdict", "left"), [("leftovers", True), ("unverified", True), ("clean", False)])
def test_a_clean_run_ends_it(tmp_path: Path, verdict: str, left: bool) -> None:
    journal.announce_to(environment(tmp_path), PREFIX, False)([item(1)], journal.DELETE)
    one, look = (journal.Journal(journal.path_of(str(tmp_path), PREFIX), run) for run in ("one", "look"))
    one.end(verdict)
    if left:
        look.end(verdict)  # it has set out to do nothing
    assert [run["verdict"] for run in runs(tmp_path)] == ([verdict] if left else [])
    one.end("clean")
    one.end(verdict)
    assert not list(tmp_path.iterdir())  # a run that asked for nothing leaves nothing


@pytest.mark.parametrize(
    "torn",
    [
        '{"run": "one", "time": "2026-01-01T10:00:00.000Z", "event": "del',
        "[" * 5000,
        '{"run": 7, "time": "", "event": "delete"}',
        '{"run": "x", "time": "", "event": "delete", "uid": {"a": 1}}',
        '{"run": "x", "time": "", "event": "created"}',
        '"text"',
        json.dumps({"run": "x", "time": "", "event": "delete", "name": "n" * 5000}),
    ],
)
def test_what_no_run_wrote_is_passed_over(tmp_path: Path, torn: str) -> None:
    file = tmp_path / journal.file_name(PREFIX)
    announce = journal.announce_to(environment(tmp_path), PREFIX, False)
    announce([item(1)], journal.DELETE)
    with file.open("a", encoding="utf-8") as handle:
        handle.write(torn)
    announce([item(2)], journal.DELETE)
    (one,) = runs(tmp_path)
    assert [entry["uid"] for entry in one["intended"]] == ["uid-1", "uid-2"]


@pytest.mark.parametrize("content", [b"\xff\xfe\xff", None])
def test_one_that_cannot_be_read_is_told_and_stops_nobody(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / journal.file_name(PREFIX)
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    (one,) = runs(tmp_path)
    assert str(file) in one["error"] and one["intended"] == []
    assert "nothing is known" in told.earlier_lines({"earlier_runs": [one]})[0]


def test_what_cannot_be_written_is_not_asked_for(tmp_path: Path) -> None:
    (tmp_path / journal.file_name(PREFIX)).symlink_to(tmp_path / "elsewhere")
    announce = journal.announce_to(environment(tmp_path), PREFIX, False)
    with pytest.raises(RecordError, match="nothing more is deleted"):
        announce([item(1)], journal.DELETE)
    assert not (tmp_path / "elsewhere").exists()


def test_many_at_once(tmp_path: Path) -> None:
    announce = journal.announce_to(environment(tmp_path), PREFIX, False)
    others = journal.announce_to(environment(tmp_path, "two"), PREFIX, False)
    work = [lambda n=n: (announce if n % 2 else others)([item(n)], journal.DELETE) for n in range(60)]  # type: ignore[misc]
    threads = [threading.Thread(target=one) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(len(one["intended"]) for one in runs(tmp_path)) == 60


class WatchedServer(results.LivingServer):
    """Sees whether what it is asked to delete was announced."""

    path = Path()

    def _answer(self, method: str, path: str, query: dict[str, list[str]], body: str | None) -> tuple[int, bytes]:
        if method == "DELETE":
            assert json.loads(body or "{}")["preconditions"]["uid"] in self.path.read_text(encoding="utf-8")
        return super()._answer(method, path, query, body)


def test_a_phase_writes_before_it_asks(tmp_path: Path) -> None:
    server = WatchedServer(results.free_world())
    server.path = tmp_path / journal.file_name(PREFIX)
    cluster = server.client()
    cluster.ledger.announce = journal.announce_to(environment(tmp_path), PREFIX, False)
    result = delete.run(cluster, results.SESSION, results.QUICK, False, phase=order.RESOURCES)
    (one,) = runs(tmp_path)
    asked = [entry["uid"] for entry in one["intended"]]
    assert result.done and len(asked) == len(set(asked)) and set(asked) == set(cluster.ledger.asked)


def test_a_phase_asks_for_nothing_that_it_could_not_write(tmp_path: Path) -> None:
    (tmp_path / journal.file_name(PREFIX)).mkdir()
    server = WatchedServer(results.free_world())
    cluster = server.client()
    cluster.ledger.announce = journal.announce_to(environment(tmp_path), PREFIX, False)
    with pytest.raises(RecordError):
        delete.run(cluster, results.SESSION, results.QUICK, False, phase=order.RESOURCES)
    assert not server.deleted and not cluster.ledger.asked


def test_a_result_tells_what_a_killed_run_did(tmp_path: Path) -> None:
    world = results.free_world()
    uid = str(world[-1]["metadata"]["uid"])
    killed = journal.announce_to(environment(tmp_path, "killed"), PREFIX, False)
    killed([item(1), item(2, kind="Secret", uid=uid)], journal.DELETE)
    world[-1]["metadata"]["finalizers"] = ["example.com/held"]
    result = results.run(results.LivingServer(world), data_collector_path=str(tmp_path))
    left = {one["uid"] for one in result["leftovers"]}
    (run,) = result["earlier_runs"]
    assert {one["uid"]: one["left"] for one in run["intended"]} == {"uid-1": False, uid: uid in left}
    line = next(one for one in result["summary"] if one.startswith("earlier run killed"))
    assert "no verdict: it set out to delete 2 (1 Pod, 1 Secret)" in line


def test_what_goes_already_is_not_asked_for_again() -> None:
    server = results.LivingServer(results.free_world())
    predicted = delete.run(server.client(), results.SESSION, results.QUICK, True, phase=order.RESOURCES)
    uid = predicted.done[-1]["uid"]
    going = next(one for one in server.items if one["metadata"]["uid"] == uid)
    going["metadata"] |= {"deletionTimestamp": "2026-01-01T12:40:00Z", "finalizers": ["example.com/held"]}
    cluster = server.client()
    result = delete.run(cluster, results.SESSION, results.QUICK, False, phase=order.RESOURCES)
    assert cluster.ledger.asked and uid not in cluster.ledger.asked
    assert uid in {one["uid"] for one in result.remaining}
