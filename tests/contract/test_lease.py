# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One teardown of a session at a time: its Lease on a real API server, by the playbook as people run it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import lease, lease_store
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.lease import Claim
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError as OurError

from tests.contract.ansible_runs import Playbooks
from tests.contract.conftest import writes
from tests.contract.waiting import eventually
from tests.lab.admin import Admin
from tests.lab.controlplane import CHECKOUT, Lab, mark
from tests.lab.kube import ApiError
from tests.tools.killed import kill

HELD = {"finalizers": ["example.com/held"]}
LEASES = "/apis/coordination.k8s.io/v1/namespaces/{}/leases"


class World:
    """A session with an object that does not go before it is released, a neighbour, and a place for Leases."""

    def __init__(self, lab: Lab, admin: Admin, prefix: str, folder: Path) -> None:
        self.lab, self.admin, self.prefix, self.folder = lab, admin, prefix, folder
        self.place = admin.namespace(f"ci-{prefix}")
        self.neighbour = admin.namespace(f"{prefix}9")
        admin.namespace(prefix)
        admin.make("ConfigMap", prefix, "held", metadata=HELD)
        admin.make("Secret", prefix, "a")
        # It used the place of the Lease, too, which has a name of its own there.
        self.recorded = {"Secret": [{"namespace": self.place, "name": f"{prefix}-shared"}]}
        admin.make("Secret", self.place, f"{prefix}-shared")
        self.bystanders = {
            (kind, place, name): admin.make(kind, place, name)["metadata"]["uid"]
            for kind, place, name in (("Secret", self.neighbour, f"{prefix}9-a"), ("ConfigMap", self.place, "theirs"))
        }
        self.options: dict[str, Any] = {
            "session_prefix": prefix,
            "mtv_teardown_lease_namespace": self.place,
            "mtv_teardown_lease_duration": 10,
            "mtv_teardown_stall_timeout": 300,
        }

    def playbooks(self, name: str) -> Playbooks:
        """One run's: each has a folder of its own."""
        folder = self.folder / name
        folder.joinpath(".data-collector").mkdir(parents=True)
        folder.joinpath(".data-collector/resources.json").write_text(json.dumps(self.recorded), encoding="utf-8")
        return Playbooks(self.lab, folder)

    @contextmanager
    def running(self, name: str, **extra: object) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], str]]]:
        """A teardown in the background; it is killed at the end, if it has not ended."""
        playbooks, log = self.playbooks(name), self.folder / f"{name}.log"
        command = playbooks.command(CHECKOUT / "playbooks/teardown.yml", **{**self.options, **extra})
        with log.open("wb") as output:
            run = subprocess.Popen(
                command, cwd=playbooks.folder, env=playbooks.environment(), stdout=output, stderr=subprocess.STDOUT
            )
        try:
            yield run, lambda: log.read_text(encoding="utf-8")
        finally:
            if run.poll() is None:
                kill(run)

    def waits(self) -> bool:
        """Whether somebody has asked for what does not go."""
        return not self.admin.uid("ConfigMap", self.prefix, "held")

    def release(self) -> None:
        self.admin.release("ConfigMap", self.prefix, "held")

    @property
    def path(self) -> str:
        return f"{LEASES.format(self.place)}/{lease.name_of(self.prefix)}"

    def lease(self) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self.admin.api.request("GET", self.path)
        except ApiError as exc:
            assert exc.code == 404
            return None
        return found


@pytest.fixture
def world(lab: Lab, admin: Admin, prefix: str, tmp_path: Path) -> Iterator[World]:
    made = World(lab, admin, prefix, tmp_path)
    yield made
    assert {key: admin.uid(*key) for key in made.bystanders} == made.bystanders


def test_a_second_run_stops_and_a_third_waits(world: World) -> None:
    # Nobody renews it between two modules, which may take their time to start on a busy machine.
    world.options["mtv_teardown_lease_duration"] = 30
    with world.running("first", mtv_teardown_run_id="one") as (first, first_told):
        assert eventually(world.waits)
        there = world.lease()
        assert there is not None and there["metadata"]["labels"][lease.SESSION] == world.prefix
        assert there["metadata"]["annotations"][lease.RUN] == "one" and there["spec"]["leaseTransitions"] == 0
        second = world.playbooks("second").run("teardown", **{**world.options, "mtv_teardown_run_id": "two"})
        assert second.code == 2 and "run one on host" in second.output, second.output
        assert "CLEAN" not in second.output and "Cancel running migrations" not in second.output
        with world.running("third", mtv_teardown_lease_wait=600) as (third, third_told):
            assert eventually(lambda: "Take the Lease" in third_told())
            renewed = there["spec"]["renewTime"]
            assert eventually(lambda: ((world.lease() or there)["spec"]["renewTime"]) != renewed)
            world.release()
            assert first.wait(300) == 0, first_told()
            assert third.wait(300) == 0, third_told()
            assert "CLEAN" in first_told() and "CLEAN" in third_told()
            assert "was taken over" not in third_told()
    assert world.lease() is None


def test_the_lease_of_a_run_that_was_killed_is_taken_over(world: World) -> None:
    with world.running("killed", mtv_teardown_run_id="killed") as (first, _told):
        assert eventually(world.waits)
        kill(first)
    assert world.lease() is not None
    world.release()
    after_it = world.playbooks("after")
    # Modules of source providers get the connection to the cluster, too, however it is given.
    options = {**world.options, "mtv_teardown_kubeconfig": after_it.kubeconfig}
    after_it.kubeconfig = ""
    after = after_it.run("teardown", **options)
    assert after.code == 0 and "run killed on host" in after.output and "CLEAN" in after.output, after.output
    assert world.lease() is None


def test_a_run_whose_lease_is_taken_over_deletes_nothing_more(world: World) -> None:
    with world.running("first") as (first, told):
        assert eventually(world.waits)
        world.admin.rewrite(world.path, lambda now: now["spec"].update(holderIdentity="another"))
        assert first.wait(300) == 2, told()
        assert "has taken it over" in told() and "CLEAN" not in told()
    assert world.waits() and world.admin.api.request("GET", f"/api/v1/namespaces/{world.prefix}")["status"] == {
        "phase": "Active"
    }
    left = world.lease()
    assert left is not None and left["spec"]["holderIdentity"] == "another"
    world.release()


def test_check_mode_says_who_holds_it_and_writes_nothing(world: World, lab: Lab) -> None:
    options = {**world.options, "mtv_teardown_stall_timeout": 2}
    free = world.playbooks("free").run("teardown", "--check", **options)
    assert (free.code, free.wrote) == (0, []), free.output
    claim = Claim(world.prefix, world.place, "somebody", "run 7", "host 7", lease.stamp(), 60)
    world.admin.api.create(LEASES.format(world.place), lease.made(claim, lease.stamp()))
    since = mark(lab)
    seen = world.playbooks("seen").run("teardown", "--check", **options)
    assert seen.code == 0 and "run run 7 on host host 7" in seen.output, seen.output
    assert writes(lab, since) == []


def test_places_that_are_none_and_a_lease_of_others(world: World) -> None:
    own = world.playbooks("own").run("teardown", **{**world.options, "mtv_teardown_lease_namespace": world.prefix})
    assert own.code == 2 and own.asked == [] and "which goes with the session" in own.output
    nowhere = world.playbooks("none").run("teardown", **{**world.options, "mtv_teardown_lease_namespace": "nowhere"})
    assert nowhere.code == 2 and 'namespaces "nowhere" not found' in nowhere.output.replace("\\", ""), nowhere.output
    theirs = {"metadata": {"name": lease.name_of(world.prefix)}, "spec": {}}
    world.admin.api.create(LEASES.format(world.place), theirs)
    foreign = world.playbooks("foreign").run("teardown", **world.options)
    assert foreign.code == 2 and "is not one of a teardown" in foreign.output, foreign.output
    assert [run.wrote for run in (own, foreign)] == [[], []] and world.admin.uid("Secret", world.prefix, "a")


# oc, which is not done before it is let, and says where it is.
OC = """#!/bin/sh
echo $$ >"{folder}/oc.new"; mv "{folder}/oc.new" "{folder}/oc"
while [ ! -e "{folder}/done" ]; do sleep 0.2; done
"""


class Gathering:
    """The module must_gather of a run that holds the Lease, in the background."""

    def __init__(self, world: World) -> None:
        self.world, self.folder = world, world.folder
        tools = self.folder / "bin"
        tools.mkdir()
        (tools / "oc").write_text(OC.format(folder=self.folder), encoding="utf-8")
        (tools / "oc").chmod(0o755)
        self.playbooks = world.playbooks("gathering")
        self.playbooks.path = f"{tools}:{self.playbooks.path}"
        taken = {"namespace": world.place, "duration": 10, "run_id": "one", "session_prefix": world.prefix}
        collect = {"image": "registry.example.com/mg:1", "dest_dir": str(self.folder / "mg")}
        tasks = [
            {"mtv.teardown.lease": taken, "register": "taken"},
            {"mtv.teardown.must_gather": {**collect, "lease": "{{ taken.lease }}"}},
        ]
        self.play = self.folder / "gathering.yml"
        play = [{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]
        self.play.write_text(json.dumps(play), encoding="utf-8")

    @contextmanager
    def running(self) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], str]]]:
        log = self.folder / "gathering.log"
        with log.open("wb") as output:
            run = subprocess.Popen(
                self.playbooks.command(self.play),
                cwd=self.playbooks.folder,
                env=self.playbooks.environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            assert eventually((self.folder / "oc").exists)
            yield run, lambda: log.read_text(encoding="utf-8")
        finally:
            (self.folder / "done").touch()
            if run.poll() is None:
                kill(run)

    def lives(self) -> bool:
        pid = (self.folder / "oc").read_text(encoding="ascii").strip()
        try:
            return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
        except (FileNotFoundError, ProcessLookupError):
            return False


def test_the_lease_is_held_while_oc_collects(world: World) -> None:
    """For longer than anybody waits for one that is not renewed."""
    gathering = Gathering(world)
    with gathering.running() as (run, told):
        wanting = {**world.options, "mtv_teardown_lease_wait": 15}
        second = world.playbooks("second").run("teardown", **wanting)
        assert second.code == 2 and "run one on host" in second.output, second.output
        assert "was taken over" not in second.output and gathering.lives()
        (gathering.folder / "done").touch()
        assert run.wait(120) == 0, told()
    assert world.admin.uid("Secret", world.prefix, "a")
    world.release()


def test_a_lease_that_is_lost_ends_oc(world: World) -> None:
    gathering = Gathering(world)
    with gathering.running() as (run, told):
        world.admin.rewrite(world.path, lambda now: now["spec"].update(holderIdentity="another"))
        assert run.wait(120) == 2, told()
        assert "has taken it over" in told() and "must-gather was ended" in told() and not gathering.lives()
    world.release()


def test_a_module_that_is_killed_leaves_no_oc(world: World) -> None:
    gathering = Gathering(world)
    with gathering.running() as (run, told):
        oc = int((gathering.folder / "oc").read_text(encoding="ascii"))
        guardian = parent(oc)
        os.kill(parent(guardian), signal.SIGKILL)
        assert run.wait(120) == 2, told()
        assert eventually(lambda: not gathering.lives())
    world.release()


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])


def claim_of(world: World, holder: str) -> Claim:
    return Claim(world.prefix, world.place, holder, holder, "host", lease.stamp(), 10)


def test_who_may_not_is_told_so(world: World, cluster: Cluster, limited: Cluster) -> None:
    claim = claim_of(world, "me")
    with pytest.raises(OurError, match="403"):
        lease_store.take(lease_store.Store(limited._http, world.place, claim.name), claim, 0)
    store = lease_store.Store(cluster._http, world.place, claim.name)
    taken = lease_store.take(store, claim, 0)
    assert lease_store.take(store, claim, 0).uid == taken.uid  # an answer was lost
    assert lease_store.renew(store, taken.uid, "me", 10) > 0
    with pytest.raises(lease_store.LostError, match="run me on host host has taken it over"):
        lease_store.renew(store, taken.uid, "other", 10)
    assert "taken it over" in lease_store.release(store, taken.uid, "other")
    assert lease_store.release(store, taken.uid, "me") == "" and world.lease() is None
    assert "it is gone" in lease_store.release(store, taken.uid, "me")
