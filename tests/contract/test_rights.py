# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every right that a teardown uses, missing in turn: the right is named, nothing is silent, and nobody says "clean"."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contract.clusters import cluster_of
from tests.contract.teardown import Run, teardown
from tests.contract.test_cluster_client import PLAN_SPEC
from tests.contract.test_faults_deleting import SHARED, World
from tests.contract.test_races import RUNNING
from tests.lab.admin import Admin, admin_of
from tests.lab.controlplane import Lab, mark, requests
from tests.lab.kube import ApiError

RBAC = "/apis/rbac.authorization.k8s.io/v1"
_NUMBERS = itertools.count(1)
Right = tuple[str, str, str]  # verb, group, resource


def seed(lab: Lab) -> World:
    """The world of the fault table, with a migration that runs and a plan that is not archived."""
    world = World(admin_of(lab), f"auto-r{next(_NUMBERS):03d}")
    world.seed()
    p = world.prefix
    world.admin.make("Plan", p, f"{p}-q", spec={**PLAN_SPEC, "vms": [{"id": "vm-1"}]})
    ref = {"plan": {"name": f"{p}-q", "namespace": p}}
    world.admin.make("Migration", p, f"{p}-going", spec=ref, status=RUNNING)
    return world


@pytest.fixture(scope="module")
def used(lab: Lab) -> set[Right]:
    """The rights that a whole teardown really used, by the server's own audit log."""
    try:
        admin_of(lab).namespace(SHARED)
    except ApiError as exc:
        if exc.code != 409:
            raise
    since = mark(lab)
    world = seed(lab)
    assert teardown(cluster_of(lab.kubeconfig), world.session, stall=1).leftovers == set()
    found = requests(lab, since)
    return {(r["verb"], r["group"], r["resource"]) for r in found if r["resource"]}


def grant(admin: Admin, user: str, rights: set[Right]) -> None:
    rules = [{"apiGroups": [group], "resources": [name], "verbs": [verb]} for verb, group, name in sorted(rights)]
    admin.api.create(f"{RBAC}/clusterroles", {"metadata": {"name": user}, "rules": rules})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": user}
    subjects = [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}]
    binding = {"metadata": {"name": user}, "roleRef": role, "subjects": subjects}
    admin.api.create(f"{RBAC}/clusterrolebindings", binding)
    admin.wait_right(user, rules[0])


def in_question(used: set[Right]) -> list[Right]:
    """All that change something, and the reads of what this session is made of; the reads of each other kind are
    refused one by one in test_faults_reading.py."""
    ours = {
        "secrets",
        "configmaps",
        "virtualmachines",
        "plans",
        "migrations",
        "namespaces",
        "persistentvolumes",
        "pods",
    }
    return sorted(r for r in used if r[0] in ("delete", "patch") or (r[0] == "list" and r[2] in ours))


def run_without(lab: Lab, right: Right, used: set[Right]) -> tuple[Run, World]:
    """A teardown by somebody who has every right that it uses but one. The namespace stays, where that is not what is
    in question: it would take along what nobody may delete."""
    world = seed(lab)
    user = f"u-{world.prefix}"
    grant(world.admin, user, used - {right})
    whole = right[2] in ("namespaces", "persistentvolumes")
    return teardown(cluster_of(lab.admin_kubeconfig, user), world.session, stall=1, namespaces=whole), world


def judge(right: Right, run: Run, world: World) -> str:
    verb, group, resource = right
    world.check_bystanders()
    if run.verdict == "clean":
        return "clean"
    named = f"{resource}.{group}" if group else resource
    if verb == "list":
        told = [e["error"] for e in run.judged["unreadable"]]
        if not any(f'cannot list resource "{resource}"' in error for error in told):
            return f"the right to list {named} is not named in {told}"
        return ""
    said = [e for phase in run.phases.values() for e in phase.remaining if e["cause"] == "forbidden"]
    if not any(f"{verb} {named}" in e["reason"] for e in said):
        return f"the right to {verb} {named} is not named in {[e['reason'] for e in said]}"
    if verb == "delete" and not {e["kind"] for e in said} & {kind for kind, _name in run.leftovers}:
        return "what could not be deleted is no leftover"
    return ""


def test_every_missing_right_is_named(lab: Lab, used: set[Right]) -> None:
    rights = in_question(used)
    assert len(rights) >= 15, rights
    assert {verb for verb, _group, _name in rights} == {"list", "delete", "patch"}
    with ThreadPoolExecutor(6) as pool:
        runs = list(pool.map(lambda right: run_without(lab, right, used), rights))
    wrong = {
        right: told for right, (run, world) in zip(rights, runs, strict=True) if (told := judge(right, run, world))
    }
    assert wrong == {}


def test_exactly_these_rights_are_enough(lab: Lab, used: set[Right]) -> None:
    world = seed(lab)
    grant(world.admin, f"u-{world.prefix}", used)
    run = teardown(cluster_of(lab.admin_kubeconfig, f"u-{world.prefix}"), world.session, stall=1)
    assert run.leftovers == set()
    assert run.judged["unreadable"] == []
    assert world.there() == set()
    world.check_bystanders()


def test_without_any_right_nothing_happens(lab: Lab) -> None:
    world = seed(lab)
    before = world.there()
    run = teardown(cluster_of(lab.admin_kubeconfig, "u-nobody"), world.session, stall=1)
    assert run.verdict == "unverified"
    assert run.deleted == set()
    assert world.there() == before
    world.check_bystanders()
