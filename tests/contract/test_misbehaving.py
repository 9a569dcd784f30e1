# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controllers that misbehave, in whole worlds: the session goes all the same, the cause is named, bystanders live.

The worlds are seeded one after the other and torn down side by side: most of the time they wait.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import cancel_archive
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.wait import until
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._session import resources_file
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

from tests.contract.clusters import cluster_of
from tests.contract.teardown import Run, teardown
from tests.contract.waiting import eventually
from tests.lab.admin import Admin, admin_of
from tests.lab.controlplane import Lab
from tests.lab.manifests import MTV_NAMESPACE
from tests.lab.operator.settings import FORKLIFT, LIES, PLAYED, RELEASE
from tests.lab.worlds import seed
from tests.lab.worlds.check import look, problems

BASE = "/apis/forklift.konveyor.io/v1beta1"


@dataclass
class Story:
    """world: what is seeded; release: of Forklift, while it is; spoil: what goes wrong then; causes: those that the
    phases name, kind -> cause; verdict: of the first run."""

    world: str
    spoil: Callable[[Admin, str], None] = lambda _admin, _prefix: None
    release: str = "2.12"
    causes: tuple[tuple[str, str], ...] = ()
    verdict: str = "clean"


def of_kind(admin: Admin, prefix: str, plural: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = admin.api.request("GET", f"{BASE}/namespaces/{prefix}/{plural}")["items"]
    return found


def archive_lies(admin: Admin, prefix: str) -> None:
    for plan in of_kind(admin, prefix, "plans"):
        admin.change("Plan", prefix, plan["metadata"]["name"], metadata={"annotations": {LIES: "yes"}})


def secrets_gone(admin: Admin, prefix: str) -> None:
    """As after a namespace's secrets were swept first."""
    for provider in of_kind(admin, prefix, "providers"):
        name = provider["spec"].get("secret", {}).get("name")
        if name:
            admin.api.request("DELETE", f"/api/v1/namespaces/{prefix}/secrets/{name}")


def source_gone(admin: Admin, prefix: str) -> None:
    """The Plan is blocked then, so that no cancel is processed."""

    def blocked() -> bool:
        known = [{c["type"] for c in plan["status"]["conditions"]} for plan in of_kind(admin, prefix, "plans")]
        return all("SourceProviderNotValid" in types for types in known if "Executing" in types)

    for provider in of_kind(admin, prefix, "providers"):
        if provider["spec"].get("type") != "openshift":
            admin.api.request("DELETE", f"{BASE}/namespaces/{prefix}/providers/{provider['metadata']['name']}")
    assert eventually(blocked)


STORIES = {
    "archive lies": Story("failed", archive_lies),
    "archive never comes": Story("failed", secrets_gone, causes=(("Plan", "secret-gone"),)),
    "plan is blocked": Story("running", source_gone, causes=(("Migration", "plan-blocked"),), verdict="unverified"),
    "2.10 keeps disks": Story("running", release="2.10"),
    "2.10 forgets populators": Story("populator-ovirt", release="2.10"),
    "2.11": Story("populator-openstack", release="2.11"),
}


@dataclass
class Told:
    prefix: str
    session: Session
    world: dict[str, Any]
    run: Run | None = None


def play(admin: Admin, release: str) -> None:
    """From now on the operator is Forklift of that release."""
    admin.change("ForkliftController", MTV_NAMESPACE, FORKLIFT, metadata={"annotations": {RELEASE: release}})

    def played() -> bool:
        notes = admin.get("ForkliftController", MTV_NAMESPACE, FORKLIFT)["metadata"]["annotations"]
        return bool(notes.get(PLAYED) == release)

    assert eventually(played)


def seeded(lab: Lab, folder: Path, name: str, story: Story, number: int) -> Told:
    admin, prefix = admin_of(lab), f"auto-m{number:03d}"
    play(admin, story.release)
    out = folder / prefix
    world = seed.seed(lab, story.world, prefix, out, say=lambda _text: None)
    records = resources_file.read(str(out / "resources.json"))
    story.spoil(admin, prefix)
    return Told(prefix, Session(prefix=prefix, source=name, records=records), world)


def nobody_runs(admin: Admin) -> bool:
    """A server leaves a zero out."""
    return not admin.get("Deployment", MTV_NAMESPACE, FORKLIFT)["status"].get("availableReplicas")


def torn_down(lab: Lab, told: Told) -> Told:
    told.run = teardown(cluster_of(lab.kubeconfig), told.session, stall=8, namespace_stall=60)
    return told


@pytest.fixture(scope="module")
def told(acting_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Told]:
    """All stories. The release of the teardown is that of the last one that sets an older one: archive differs."""
    folder = tmp_path_factory.mktemp("stories")
    found: dict[str, Told] = {}
    for number, (name, story) in enumerate(STORIES.items()):
        found[name] = seeded(acting_lab, folder, name, story, number)
        if story.release != "2.12":  # played while its own release is: one by one
            torn_down(acting_lab, found[name])
    play(admin_of(acting_lab), "2.12")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: torn_down(acting_lab, one), [one for one in found.values() if one.run is None]))
    return found


def left(lab: Lab, one: Told, others: list[Told]) -> list[str]:
    """What is wrong in the cluster, by the worlds' own check. Other stories' objects are nobody's bystanders."""

    theirs = {entry["uid"] for other in others for entry in other.world["session"]}
    world = {**one.world, "bystanders": [e for e in one.world["bystanders"] if e["uid"] not in theirs]}
    assert len(world["bystanders"]) > 20
    return problems(world, look(lab), "clean")


@pytest.mark.parametrize("name", STORIES)
def test_the_session_is_gone_and_bystanders_live(acting_lab: Lab, told: dict[str, Told], name: str) -> None:
    one = told[name]
    assert one.run is not None
    assert one.run.judged["leftovers"] == []
    assert one.run.verdict == STORIES[name].verdict
    others = [other for key, other in told.items() if key != name]
    assert left(acting_lab, one, others) == []


@pytest.mark.parametrize("name", STORIES)
def test_the_cause_and_what_could_not_be_done_are_told(told: dict[str, Told], name: str) -> None:
    run, story = told[name].run, STORIES[name]
    assert run is not None
    said = {(e["kind"], e["cause"]) for phase in run.phases.values() for e in phase.remaining}
    assert said == set(story.causes)
    assert {(e["kind"], e["cause"]) for e in run.judged["not_done"]} == set(story.causes)
    assert all(e["next_step"] for e in run.judged["not_done"])


@pytest.mark.parametrize("name", STORIES)
def test_a_second_run_changes_nothing(acting_lab: Lab, told: dict[str, Told], name: str) -> None:
    again = teardown(cluster_of(acting_lab.kubeconfig), told[name].session)
    assert again.deleted == set()
    assert again.leftovers == set()
    assert again.judged["unreadable"] == []


def test_nobody_runs_forklift(acting_lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancel and archive are never answered. That costs one window for both, is named, and all the rest goes."""
    windows: list[float] = []

    def noted(*args: Any) -> Any:
        windows.append(next(one.stall for one in args if isinstance(one, Limits)))
        return until(*args)

    monkeypatch.setattr(cancel_archive, "until", noted)
    admin = admin_of(acting_lab)
    one = seeded(acting_lab, tmp_path, "down", Story("running"), 9)
    admin.change("Deployment", MTV_NAMESPACE, FORKLIFT, spec={"replicas": 0})
    try:
        assert eventually(lambda: nobody_runs(admin))
        run = teardown(cluster_of(acting_lab.kubeconfig), one.session, stall=8, namespace_stall=60)
    finally:
        admin.change("Deployment", MTV_NAMESPACE, FORKLIFT, spec={"replicas": 1})
    assert {e["cause"] for e in run.judged["not_done"]} == {"forklift-controller-down"}
    assert {e["kind"] for e in run.judged["not_done"]} == {"Migration", "Plan"}
    assert run.verdict == "unverified"
    assert run.leftovers == set()
    assert windows == [8.0, 1.0]
    assert left(acting_lab, one, []) == []
    assert json.dumps(run.judged["not_done"]).count("forklift-controller") >= 2


def test_slow_is_not_stuck(acting_lab: Lab) -> None:
    """Objects that go one by one, each after less than a window, are waited for though all of them take longer."""
    admin, prefix = admin_of(acting_lab), "auto-slow"
    admin.namespace(prefix)
    names = [f"s{number}" for number in range(4)]
    for name in names:
        admin.make("Secret", prefix, name, metadata={"finalizers": ["example.com/held"]})

    def let_go() -> None:
        other = admin_of(acting_lab)
        for name in names:
            assert eventually(lambda name=name: not other.uid("Secret", prefix, name))
            time.sleep(2.5)
            other.release("Secret", prefix, name)

    with ThreadPoolExecutor(1) as pool:
        all_let_go = pool.submit(let_go)
        run = teardown(cluster_of(acting_lab.kubeconfig), Session(prefix=prefix), stall=8, namespace_stall=60)
    all_let_go.result()
    assert run.verdict == "clean"
    assert not [e for phase in run.phases.values() for e in phase.remaining]
    assert not any(phase.stalled for phase in run.phases.values())
