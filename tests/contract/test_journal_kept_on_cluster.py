# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The note and the journal of a session in ConfigMaps of a real API server: killed runs, writers at once, a whole
playbook without any file, and what stops a run before it touches anything."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import config_map
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.config_map_store import Store, announce_to
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._session import journal, notes
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

from tests.contract.ansible_runs import Playbooks
from tests.contract.killing import AFTER, BEFORE, Killer
from tests.lab.admin import Admin, admin_of
from tests.lab.controlplane import Lab
from tests.lab.faults import FaultProxy
from tests.lab.kube import ApiError
from tests.lab.worlds import check, seed

NOTE, JOURNAL = config_map.NOTE, config_map.JOURNAL


def there(admin: Admin, place: str, prefix: str) -> list[str]:
    """Which of the two ConfigMaps are."""
    return [what for what in (NOTE, JOURNAL) if admin.uid("ConfigMap", place, config_map.name_of(prefix, what))]


def kept(admin: Admin, place: str, prefix: str, what: str) -> str:
    found = admin.get("ConfigMap", place, config_map.name_of(prefix, what))
    assert found["metadata"]["labels"]["mtv.teardown/session"] == prefix
    (value,) = found["binaryData"].values()
    return config_map.unpacked(value)


def test_runs_that_are_killed_are_known_to_the_next(acting_lab: Lab, tmp_path: Path) -> None:
    """By their prefix alone: what stands in shared namespaces is known by what an earlier run has noted. First each is
    killed at a deletion, or another write to what is torn down; then at one to the ConfigMaps."""
    prefix, place = "auto-cm01", "ci-cm01"
    seed.seed(acting_lab, "shared-namespace", prefix, tmp_path, say=lambda _text: None)
    admin = admin_of(acting_lab)
    admin.namespace(place)
    theirs = admin.make("ConfigMap", place, "theirs")["metadata"]["uid"]
    with FaultProxy(acting_lab, folder=tmp_path / "proxy") as proxy:
        command = ("tests.contract.one_run", str(proxy.kubeconfig), str(tmp_path), prefix, "16", place)
        killer = Killer([proxy], {"method": "^(DELETE|PATCH)$", "path": f"^(?!/api/v1/namespaces/{place}/)"}, *command)
        for fault in (BEFORE, AFTER):  # behind the latter the answer to another write may kill the next run, too
            assert killer.run(fault) is None
        assert there(admin, place, prefix) == [NOTE, JOURNAL]
        killer.write = {"method": "^(POST|PUT)$", "path": f"^/api/v1/namespaces/{place}/"}
        assert killer.run(AFTER) is None
        last = killer.run()
    assert last is not None and last["verdict"] == "clean", last
    told = [(bool(one["intended"]), one["verdict"]) for one in last["earlier"]]
    assert told in ([(True, "")] * 2, [(True, "")] * 3)  # the third may have come to one before it was killed
    deleted = Counter(one.path for one in proxy.seen if one.method == "DELETE" and one.fault != BEFORE)
    assert set(deleted.values()) == {1}, deleted.most_common(5)
    assert there(admin, place, prefix) == [] and admin.uid("ConfigMap", place, "theirs") == theirs
    problems, seen = check.check(acting_lab, tmp_path / "world.json", "clean")
    assert not problems, seen


def store(cluster: Cluster, place: str, prefix: str) -> Store:
    return Store(cluster._http, place, prefix, JOURNAL)


def test_two_who_write_at_once_lose_nothing(admin: Admin, cluster: Cluster, prefix: str) -> None:
    place = admin.namespace(f"ci-{prefix}")
    runs = {run: announce_to(store(cluster, place, prefix), run) for run in ("one", "two")}

    def write(run: str) -> None:
        for number in range(6):
            runs[run]([{"kind": "Pod", "name": f"p{number}", "uid": f"{run}-{number}"}], journal.DELETE)

    threads = [threading.Thread(target=write, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = journal.runs_of(kept(admin, place, prefix, JOURNAL).splitlines())
    assert sorted((one["run_id"], len(one["intended"])) for one in told) == [("one", 6), ("two", 6)]


def test_the_largest_that_we_write_is_taken(admin: Admin, cluster: Cluster, prefix: str) -> None:
    """The server counts the bytes as we do."""
    place = admin.namespace(f"ci-{prefix}")
    made = config_map.made(place, prefix, NOTE, "")
    made["binaryData"] = {next(iter(made["binaryData"])): "A" * (config_map.MOST // 3 * 4)}
    cluster._http.json("POST", f"/api/v1/namespaces/{place}/configmaps", body=made)


def test_who_may_not_is_told_so(admin: Admin, limited: Cluster, prefix: str) -> None:
    place = admin.namespace(f"ci-{prefix}")
    with pytest.raises(RecordError, match=r"403.*extensions/rights/journal.yml"):
        store(limited, place, prefix).read()
    with pytest.raises(RecordError, match=r"403.*nothing more is deleted"):
        announce_to(store(limited, place, prefix), "one")([{"kind": "Pod", "uid": "u"}], journal.DELETE)
    with pytest.raises(ApiError):
        admin.get("ConfigMap", place, config_map.name_of(prefix, JOURNAL))


@pytest.fixture
def world(admin: Admin, prefix: str, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A session that used the namespace of the ConfigMaps, too; and what others have there."""
    place = admin.namespace(f"ci-{prefix}")
    admin.namespace(prefix)
    admin.make("ConfigMap", prefix, "held", metadata={"finalizers": ["example.com/held"]})
    admin.make("Secret", place, f"{prefix}-shared")
    collector = tmp_path / ".data-collector"
    collector.mkdir()
    record = {"Secret": [{"namespace": place, "name": f"{prefix}-shared"}]}
    (collector / "resources.json").write_text(json.dumps(record), encoding="utf-8")
    theirs = admin.make("ConfigMap", place, "theirs")["metadata"]["uid"]
    yield {
        "session_prefix": prefix,
        "mtv_teardown_journal_namespace": place,
        "mtv_teardown_skip_data_collector": True,
        "mtv_teardown_run_id": "one",
        "mtv_teardown_openshift_only": True,
    }
    assert admin.uid("ConfigMap", place, "theirs") == theirs


def test_a_playbook_without_files(admin: Admin, lab: Lab, world: dict[str, Any], prefix: str, tmp_path: Path) -> None:
    place, playbooks = world["mtv_teardown_journal_namespace"], Playbooks(lab, tmp_path)
    first = playbooks.run("teardown", **world)
    assert first.code == 2 and "LEFTOVERS" in first.output, first.output
    assert there(admin, place, prefix) == [NOTE, JOURNAL]
    assert json.loads(kept(admin, place, prefix, NOTE))["verdict"] == "leftovers"
    # They are not among what is the session's, although it used that namespace.
    (run,) = journal.runs_of(kept(admin, place, prefix, JOURNAL).splitlines())
    assert run["verdict"] == "leftovers" and not [one for one in run["intended"] if "mtv-teardown" in one["name"]]
    admin.release("ConfigMap", prefix, "held")
    second = playbooks.run("teardown", **{**world, "mtv_teardown_run_id": "two"})
    assert second.code == 0 and "CLEAN" in second.output and "earlier run one " in second.output, second.output
    assert there(admin, place, prefix) == []
    assert playbooks.files() == [".data-collector/resources.json"]


def held_up(playbooks: Playbooks, world: dict[str, Any], told: str) -> None:
    """The run ends before anything is asked for."""
    done = playbooks.run("teardown", **world)
    assert done.code == 2 and told in " ".join(done.output.split()), done.output
    assert done.wrote == []


def test_one_of_others_is_not_touched_and_stops_the_run(
    admin: Admin, lab: Lab, world: dict[str, Any], prefix: str, tmp_path: Path
) -> None:
    place = world["mtv_teardown_journal_namespace"]
    name = config_map.name_of(prefix, JOURNAL)
    theirs = admin.make("ConfigMap", place, name, data={"of": "others"})
    held_up(Playbooks(lab, tmp_path), world, f"is not one of a teardown of session {prefix}")
    found = admin.get("ConfigMap", place, name)
    assert (found["metadata"]["resourceVersion"], found["data"]) == (
        theirs["metadata"]["resourceVersion"],
        {"of": "others"},
    )


def test_a_note_that_was_forged_stops_the_run(
    admin: Admin, lab: Lab, cluster: Cluster, world: dict[str, Any], prefix: str, tmp_path: Path
) -> None:
    """It would make a VM of others the session's."""
    place = world["mtv_teardown_journal_namespace"]
    uid = admin.uid("ConfigMap", place, "theirs")
    plans = [{"namespace": place, "name": "theirs", "uid": uid}]
    forged = json.dumps({**notes.entry(Session(prefix)), "plans": plans})
    cluster._http.json(
        "POST",
        f"/api/v1/namespaces/{place}/configmaps",
        body=config_map.made(place, prefix, NOTE, forged),
    )
    held_up(Playbooks(lab, tmp_path), world, "emove it")
    assert kept(admin, place, prefix, NOTE) == forged


def test_check_mode_reads_both_and_writes_neither(
    admin: Admin, lab: Lab, world: dict[str, Any], prefix: str, tmp_path: Path
) -> None:
    place, playbooks = world["mtv_teardown_journal_namespace"], Playbooks(lab, tmp_path)
    for expected in ([], [NOTE, JOURNAL]):
        done = playbooks.run("teardown", "--check", **world)
        assert (done.code, done.wrote, there(admin, place, prefix)) == (0, [], expected), done.output
        read = {one["name"] for one in done.asked if (one["verb"], one["resource"]) == ("get", "configmaps")}
        assert read == set(config_map.names_of(prefix))
        if not expected:
            assert playbooks.run("teardown", **world).code == 2
