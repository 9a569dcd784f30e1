# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The phases against a real API server: exactly the right set, and what happens when one object does not go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import cancel_archive, delete, order
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._run import look, verify
from ansible_collections.mtv.teardown.plugins.module_utils._session import ignore
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import Result

from tests.contract.conftest import writes
from tests.contract.test_cluster_client import PLAN_SPEC
from tests.lab.admin import Admin
from tests.lab.controlplane import Lab, mark

LIMITS = Limits(stall=3, total=30)
# The namespace controller itself waits 5 s before it looks into a namespace that is deleted.
NAMESPACE_LIMITS = Limits(stall=60, total=120)
HELD = {"finalizers": ["example.com/held"]}
QUICK = verify.Terms(quiet_interval=0.2, total=20)


@dataclass
class World:
    """A session with a namespace of its own, and bystanders with the same names elsewhere."""

    session: Session
    own: str
    others: tuple[str, ...]
    bystanders: dict[tuple[str, str, str], str]

    def alive(self, admin: Admin) -> bool:
        return {key: admin.uid(*key) for key in self.bystanders} == self.bystanders


@pytest.fixture
def world(admin: Admin, prefix: str) -> World:
    others = (admin.namespace(f"{prefix}9"), admin.namespace(f"team-{prefix}"))
    for namespace in (admin.namespace(prefix), *others):
        for name in (f"{prefix}-a", "b"):
            admin.make("Secret", namespace, name)
        admin.make("ConfigMap", namespace, f"{prefix}-c")
        admin.make("NetworkMap", namespace, f"{prefix}-m", spec={"map": [], "provider": {}})
    living = {
        (kind, namespace, name): admin.uid(kind, namespace, name)
        for namespace in others
        for kind, name in (("Secret", f"{prefix}-a"), ("Secret", "b"), ("ConfigMap", f"{prefix}-c"))
    }
    assert all(living.values())
    return World(Session(prefix=prefix), prefix, others, living)


def places(entries: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(entry["kind"], entry["name"]) for entry in entries}


def everything(world: World) -> set[tuple[str, str]]:
    names = {("Secret", f"{world.own}-a"), ("Secret", "b"), ("ConfigMap", f"{world.own}-c")}
    return names | {("NetworkMap", f"{world.own}-m")}


def resources(cluster: Cluster, world: World, check_mode: bool = False, limits: Limits = LIMITS) -> Result:
    return delete.run(cluster, world.session, limits, check_mode, phase=order.RESOURCES)


def namespaces(cluster: Cluster, world: World, limits: Limits = NAMESPACE_LIMITS) -> Result:
    return delete.run(cluster, world.session, limits, False, phase=order.NAMESPACES)


def test_exactly_the_right_set(cluster: Cluster, admin: Admin, world: World) -> None:
    done = resources(cluster, world)
    assert places(done.done) == everything(world)
    assert not done.remaining + done.unreadable
    gone = namespaces(cluster, world)
    assert places(gone.done) == {("Namespace", world.own)}
    assert verify.verify(cluster, world.session, QUICK)["verdict"] == "clean"
    assert world.alive(admin)


def test_check_mode_predicts_and_writes_nothing(lab: Lab, cluster: Cluster, admin: Admin, world: World) -> None:
    since = mark(lab)
    foretold = resources(cluster, world, check_mode=True)
    shown = look.look(cluster, world.session)
    assert writes(lab, since) == []
    assert places(foretold.done) == everything(world)
    done = resources(cluster, world)
    assert places(done.done) == places(foretold.done)
    assert places(shown["targets"]) == places(done.done) | {("Namespace", world.own)}
    assert world.alive(admin)


def test_a_second_run_changes_nothing(lab: Lab, cluster: Cluster, world: World) -> None:
    resources(cluster, world)
    namespaces(cluster, world)
    since = mark(lab)
    assert resources(cluster, world).done == []
    assert namespaces(cluster, world).done == []
    assert writes(lab, since) == []


def test_one_that_hangs_stays_on_the_record_and_the_rest_goes(cluster: Cluster, admin: Admin, world: World) -> None:
    admin.make("Secret", world.own, "held", metadata=HELD)
    done = resources(cluster, world)
    assert places(done.done) == everything(world)
    assert places(done.remaining) == {("Secret", "held")}
    assert done.remaining[0]["held_by"]["finalizers"] == ["example.com/held"]
    assert "held by finalizer example.com/held" in done.remaining[0]["reason"]
    left = verify.verify(cluster, world.session, QUICK)
    assert left["verdict"] == "leftovers"
    assert ("Secret", "held") in places(left["leftovers"])
    assert world.alive(admin)
    admin.release("Secret", world.own, "held")


def test_vms_that_are_asked_to_go_and_not_awaited(
    lab: Lab, cluster: Cluster, limited: Cluster, admin: Admin, world: World
) -> None:
    for namespace in (world.own, *world.others):
        admin.make("VirtualMachine", namespace, "vm", metadata=HELD, spec={"template": {"spec": {}}})

    def ask(by: Cluster, check_mode: bool = False) -> Result:
        return delete.run(by, world.session, LIMITS, check_mode, phase=order.VMS, wait=False)

    undo = admin.allow("limited", ["get", "list", "watch"], f"read-{world.own}")
    try:
        refused = ask(limited)
    finally:
        undo()
    assert (refused.done, places(refused.remaining)) == ([], {("VirtualMachine", "vm")})
    assert "403" in refused.remaining[0]["reason"]
    since = mark(lab)
    foretold = ask(cluster, check_mode=True)
    assert writes(lab, since) == []
    asked = ask(cluster)
    assert (asked.done, asked.remaining) == (foretold.done, [])
    assert [entry["namespace"] for entry in asked.done] == [world.own]
    since = mark(lab)
    assert ask(cluster).done == []
    assert writes(lab, since) == []
    living = [bool(admin.uid("VirtualMachine", name, "vm")) for name in (world.own, *world.others)]
    assert living == [False, True, True]
    waited = delete.run(cluster, world.session, LIMITS, False, phase=order.VMS)
    assert places(waited.remaining) == {("VirtualMachine", "vm")}
    for namespace in (world.own, *world.others):
        admin.release("VirtualMachine", namespace, "vm")
    assert world.alive(admin)


def test_a_namespace_that_does_not_end_says_what_holds_it(cluster: Cluster, admin: Admin, world: World) -> None:
    admin.make("Secret", world.own, "held", metadata=HELD)
    done = namespaces(cluster, world, Limits(stall=15, total=60))
    assert places(done.remaining) == {("Namespace", world.own)}
    assert "finalizers" in done.remaining[0]["reason"]
    admin.release("Secret", world.own, "held")


def test_forbidden_deletes_are_named(limited: Cluster, admin: Admin, world: World) -> None:
    undo = admin.allow("limited", ["get", "list", "watch"], f"read-{world.own}")
    try:
        done = resources(limited, world)
    finally:
        undo()
    assert done.done == []
    assert places(done.remaining) == everything(world)
    assert all("403" in entry["reason"] for entry in done.remaining)
    assert world.alive(admin)


def test_who_may_only_look_is_not_told_to_run_the_teardown(
    limited: Cluster, cluster: Cluster, admin: Admin, world: World
) -> None:
    """Seen of a session whose rights had gone by the time of its last look."""
    undo = admin.allow("limited", ["get", "list", "watch"], f"read-{world.own}")
    try:
        left = verify.verify(limited, world.session, QUICK)["leftovers"]
    finally:
        undo()
    assert places(left) >= everything(world)
    said = {entry["next_step"] for entry in left}
    assert all(one.startswith("give the account the right to delete ") for one in said), said
    assert f"give the account the right to delete secrets in {world.own}, then run the teardown" in said
    for entry in verify.verify(cluster, world.session, QUICK)["leftovers"]:
        assert entry["next_step"] == "run the teardown"
    assert world.alive(admin)


def test_forbidden_is_unverified(limited: Cluster, world: World) -> None:
    result = verify.verify(limited, world.session, QUICK)
    assert result["verdict"] == "unverified"
    assert "Namespace" in {entry["kind"] for entry in result["unreadable"]}
    assert all("403" in entry["error"] for entry in result["unreadable"])


def test_only_three_kinds_are_ever_patched(lab: Lab, cluster: Cluster, admin: Admin, world: World) -> None:
    plan = admin.make("Plan", world.own, f"{world.own}-p", spec=PLAN_SPEC)
    admin.make(
        "Migration",
        world.own,
        f"{world.own}-r",
        metadata={"ownerReferences": []},
        spec={"plan": {"name": plan["metadata"]["name"], "namespace": world.own}},
        status={
            "conditions": [{"type": "Running", "status": "True", "category": "Advisory", "message": "x"}],
            "vms": [{"id": "vm-1", "name": "v", "phase": "CopyDisks", "pipeline": []}],
        },
    )
    inspection = {"type": "DeepInspection", "vm": {"id": "vm-1"}, "connection": {"secret": {}}}
    admin.make("Conversion", world.own, f"{world.own}-i", spec=inspection, status={"phase": "Running"})
    since = mark(lab)
    short = Limits(stall=1, total=5)
    canceled = cancel_archive.cancel(cluster, world.session, short, False)
    archived = cancel_archive.archive(cluster, world.session, short, False)
    assert places(canceled.remaining) == {("Migration", f"{world.own}-r"), ("Conversion", f"{world.own}-i")}
    # Here nobody runs it.
    assert {entry["cause"] for entry in canceled.remaining} == {"forklift-controller-down"}
    assert places(archived.remaining) == {("Plan", f"{world.own}-p")}
    assert sorted((r["verb"], r["resource"], r["name"]) for r in writes(lab, since)) == [
        ("patch", "conversions", f"{world.own}-i"),
        ("patch", "migrations", f"{world.own}-r"),
        ("patch", "plans", f"{world.own}-p"),
    ]
    assert world.alive(admin)


def test_ignored_leftovers_show_but_do_not_count(cluster: Cluster, world: World) -> None:
    rules = ignore.compile_rules(
        [{"expression": f"namespace == '{world.own}' || name == '{world.own}'", "reason": "x"}]
    )
    result = verify.verify(cluster, world.session, verify.Terms(0.2, 20, rules=rules))
    assert result["verdict"] == "clean"
    assert places(result["accepted"]) == everything(world) | {("Namespace", world.own)}
    assert {entry["accepted_because"] for entry in result["accepted"]} == {"x"}
