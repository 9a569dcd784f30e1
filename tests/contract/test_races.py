# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others do at the worst moment. The proxy holds a request back until they have done it."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import cancel_archive, delete, order
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._run import look, verify
from ansible_collections.mtv.teardown.plugins.module_utils._session import notes
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session, from_dict
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record

from tests.contract.clusters import cluster_of
from tests.contract.teardown import places, teardown
from tests.contract.test_cluster_client import PLAN_SPEC
from tests.contract.test_faults_deleting import SHARED, World
from tests.contract.waiting import eventually
from tests.lab.admin import Admin, admin_of
from tests.lab.controlplane import Lab
from tests.lab.faults import FaultProxy, Rule
from tests.lab.kube import ApiError

LIMITS = Limits(stall=3, total=30, settle=1)
RUNNING = {"conditions": [{"type": "Running", "status": "True", "category": "Advisory", "message": "x"}]}
ENDED = {"conditions": [{"type": "Canceled", "status": "True", "category": "Advisory", "message": "x"}]}
REST = "/api/v1/namespaces"


@pytest.fixture(scope="module", autouse=True)
def shared(lab: Lab) -> None:
    try:
        admin_of(lab).namespace(SHARED)
    except ApiError as exc:
        if exc.code != 409:
            raise


@pytest.fixture
def other(lab: Lab) -> Admin:
    """Somebody else, on a connection of their own."""
    return admin_of(lab)


@pytest.fixture
def racing(lab: Lab, tmp_path: Path) -> Any:
    with FaultProxy(lab, folder=tmp_path / "proxy") as proxy:
        yield proxy


def remade(other: Admin, kind: str, namespace: str, name: str) -> str:
    """Delete and make again; returns the new uid."""
    base = {"Secret": "secrets", "ConfigMap": "configmaps"}[kind]
    other.api.request("DELETE", f"{REST}/{namespace}/{base}/{name}")
    return str(other.make(kind, namespace, name)["metadata"]["uid"])


def recorded(prefix: str, name: str) -> Session:
    """A session that recorded a Secret in a namespace that is not its own."""
    record = Record("Secret", name, SHARED, "ocp_resources.secret", "test_a", entry="Secret[0]")
    return Session(prefix=prefix, source="resources.json", records=(record,))


def test_a_successor_is_never_deleted_and_is_told(lab: Lab, racing: FaultProxy, other: Admin, prefix: str) -> None:
    """Between our list and our delete somebody makes a secret of that name anew."""
    name = f"{prefix}-s"
    first = other.make("Secret", SHARED, name)["metadata"]["uid"]
    new: list[str] = []
    rule = Rule(
        method="DELETE",
        path=f"/secrets/{name}$",
        times=1,
        before=lambda: new.append(remade(other, "Secret", SHARED, name)),
    )
    racing.rules = [rule]
    run = teardown(cluster_of(racing.kubeconfig), recorded(prefix, name))
    assert rule.struck
    assert new != [first]
    assert other.uid("Secret", SHARED, name) == new[0]
    refused = [e for e in run.phases[order.RESOURCES].refused if e["name"] == name]
    assert [("made anew since" in e["reason"]) for e in refused] in ([True], [True, True])
    assert ("Secret", name) in places(run.judged["refused"])
    assert run.verdict == "clean"
    # A later run knows by its note that this is another one.
    note = run.found["journal"]
    known = notes.with_journal(recorded(prefix, name), json.dumps(note["content"]), note["name"])
    assert teardown(cluster_of(lab.kubeconfig), known).deleted == set()
    assert other.uid("Secret", SHARED, name) == new[0]


def test_what_others_delete_meanwhile_is_no_error(lab: Lab, racing: FaultProxy, other: Admin, prefix: str) -> None:
    world = World(other, prefix)
    world.seed()

    def by_hand() -> None:
        admin_of(lab).api.request("DELETE", f"{REST}/{prefix}/secrets/{prefix}-a")

    racing.rules = [Rule(method="DELETE", path=f"/secrets/{prefix}-a$", times=1, before=by_hand)]
    run = teardown(cluster_of(racing.kubeconfig), world.session)
    assert run.verdict == "clean", run.judged["leftovers"]
    assert world.there() == set()
    world.check_bystanders()


def test_two_teardowns_of_one_session(lab: Lab, other: Admin, prefix: str) -> None:
    world = World(other, prefix)
    world.seed()
    with ThreadPoolExecutor(3) as pool:
        runs = list(pool.map(lambda _n: teardown(cluster_of(lab.kubeconfig), world.session), range(3)))
    assert [run.verdict for run in runs] == ["clean"] * 3, [run.judged["leftovers"] for run in runs]
    assert not [e for run in runs for phase in run.phases.values() for e in phase.remaining]
    assert world.there() == set()
    world.check_bystanders()


def test_a_session_of_a_similar_name_is_born(lab: Lab, racing: FaultProxy, other: Admin, prefix: str) -> None:
    """In the middle of it, with the names of ours."""
    world = World(other, prefix)
    world.seed()
    born: dict[tuple[str, str, str], str] = {}

    def birth() -> None:
        admin = admin_of(lab)
        for namespace in (f"{prefix}7", f"x-{prefix}"):
            admin.namespace(namespace)
            for name in (f"{prefix}-a", f"{prefix}7-a"):
                born[("Secret", namespace, name)] = admin.make("Secret", namespace, name)["metadata"]["uid"]

    racing.rules = [Rule(method="DELETE", path=f"/secrets/{prefix}-a$", times=1, before=birth)]
    run = teardown(cluster_of(racing.kubeconfig), world.session)
    assert run.verdict == "clean"
    assert len(born) == 4
    assert {place: other.uid(*place) for place in born} == born
    world.check_bystanders()


def test_a_plan_that_starts_another_migration_while_we_cancel(
    lab: Lab, racing: FaultProxy, other: Admin, prefix: str
) -> None:
    other.namespace(prefix)
    spec = {**PLAN_SPEC, "vms": [{"id": "vm-1"}]}
    other.make("Plan", prefix, f"{prefix}-p", spec=spec)
    ref = {"spec": {"plan": {"name": f"{prefix}-p", "namespace": prefix}}}
    other.make("Migration", prefix, f"{prefix}-one", status=RUNNING, **ref)

    def answer(name: str) -> None:
        """As Forklift would, a moment after it was asked."""
        admin = admin_of(lab)
        path = f"/apis/forklift.konveyor.io/v1beta1/namespaces/{prefix}/migrations/{name}"
        threading.Timer(0.7, admin._set_status, (path, ENDED)).start()

    def start_another() -> None:
        admin_of(lab).make("Migration", prefix, f"{prefix}-two", status=RUNNING, **ref)
        answer(f"{prefix}-one")

    racing.rules = [
        Rule(method="PATCH", path=f"/migrations/{prefix}-one$", times=1, before=start_another),
        Rule(method="PATCH", path=f"/migrations/{prefix}-two$", times=1, before=lambda: answer(f"{prefix}-two")),
    ]
    done = cancel_archive.cancel(cluster_of(racing.kubeconfig), Session(prefix=prefix), LIMITS, False)
    assert places(done.done) == {("Migration", f"{prefix}-one"), ("Migration", f"{prefix}-two")}
    assert not done.remaining
    for name in ("one", "two"):
        path = f"/apis/forklift.konveyor.io/v1beta1/namespaces/{prefix}/migrations/{prefix}-{name}"
        assert other.api.request("GET", path)["spec"]["cancel"] == [{"id": "vm-1"}]
    again = cancel_archive.cancel(cluster_of(racing.kubeconfig), Session(prefix=prefix), LIMITS, False)
    assert again.done == []


def test_a_namespace_made_anew_is_somebody_elses(lab: Lab, other: Admin, prefix: str) -> None:
    """Found, then deleted and made again by others before we begin: nothing in it is ours any more."""
    other.namespace(prefix)
    other.make("Secret", prefix, f"{prefix}-a")
    client = cluster_of(lab.kubeconfig)
    session = from_dict(look.look(client, Session(prefix=prefix))["session"])
    other.api.request("DELETE", f"{REST}/{prefix}")
    assert eventually(lambda: prefix not in {n["metadata"]["name"] for n in other.api.request("GET", REST)["items"]})
    other.namespace(prefix)
    uid = other.make("Secret", prefix, f"{prefix}-a")["metadata"]["uid"]
    for phase in (order.VMS, order.RESOURCES, order.NAMESPACES):
        done = delete.run(client, session, LIMITS, False, phase=phase)
        assert done.done == []
    assert ("Namespace", prefix) in places(done.refused)
    judged = verify.verify(client, session, verify.Terms(0.1, 5))
    assert judged["verdict"] == "clean"
    told = {e["name"]: e["reason"] for e in judged["refused"]}
    assert "made anew" in told[prefix]
    assert "made anew" in told[f"{prefix}-a"]
    assert other.uid("Secret", prefix, f"{prefix}-a") == uid


def test_what_is_made_after_the_sweep_is_a_leftover(lab: Lab, racing: FaultProxy, other: Admin, prefix: str) -> None:
    """A controller makes something of the session's Plan anew, in the shared namespace, after everything was deleted:
    during the verification's first look, so that only its second one can see it."""
    world = World(other, prefix)
    world.seed()
    uid = other.uid("Plan", prefix, f"{prefix}-p")
    looks: list[str] = []

    def late() -> None:
        looks.append(uid)
        if len(looks) == 1:
            labels = {"labels": {"plan": uid}}
            admin_of(lab).make("Secret", SHARED, f"late-{prefix}", metadata=labels)

    run_session = Session(prefix=prefix)
    found = look.look(cluster_of(lab.kubeconfig), run_session)
    session = from_dict(found["session"])
    teardown(cluster_of(lab.kubeconfig), session)
    racing.rules = [Rule(path="/apis/kubevirt.io/v1/virtualmachines[?]", skip=1, before=late)]
    judged = verify.verify(cluster_of(racing.kubeconfig), session, verify.Terms(0.3, 5))
    assert looks
    assert judged["verdict"] == "leftovers"
    assert places(judged["leftovers"]) == {("Secret", f"late-{prefix}")}
    assert teardown(cluster_of(lab.kubeconfig), session).verdict == "clean"
    world.check_bystanders()
