# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of write and wait, with every fault on the wire: nothing is lost, and everything else goes.

What a fault leaves is a leftover exactly when it is really there; a run without the fault then ends clean.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._session import notes
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

from tests.contract.clusters import cluster_of
from tests.contract.foresight import through
from tests.contract.teardown import Places, Run, teardown
from tests.contract.test_cluster_client import PLAN_SPEC
from tests.lab.admin import Admin, admin_of
from tests.lab.controlplane import Lab
from tests.lab.faults import FaultProxy, Rule

SHARED = "lent-for-deleting"
_NUMBERS = itertools.count(1)
ARCHIVED = {"conditions": [{"type": "Archived", "status": "True", "category": "Advisory", "message": "x"}]}
CANCELED = {"conditions": [{"type": "Canceled", "status": "True", "category": "Advisory", "message": "x"}]}


@dataclass
class World:
    """A session with a namespace of its own and one thing in a shared one, and bystanders of the same names."""

    admin: Admin
    prefix: str
    more_secrets: tuple[str, ...] = ()

    @property
    def session(self) -> Session:
        return Session(prefix=self.prefix)

    def seed(self) -> None:
        p, admin = self.prefix, self.admin
        for namespace in (p, f"{p}9"):
            admin.namespace(namespace)
            for name in ("a", "b"):
                admin.make("Secret", namespace, f"{p}-{name}")
            admin.make("ConfigMap", namespace, f"{p}-c")
            admin.make("VirtualMachine", namespace, f"{p}-v", spec={"template": {"spec": {}}})
        for name in self.more_secrets:
            admin.make("Secret", p, f"{p}-{name}")
        plan = admin.make("Plan", p, f"{p}-p", spec={**PLAN_SPEC, "targetNamespace": SHARED}, status=ARCHIVED)
        ref = {"plan": {"name": f"{p}-p", "namespace": p}}
        admin.make("Migration", p, f"{p}-r", spec=ref, status=CANCELED)
        admin.make("ConfigMap", SHARED, f"x-{p}", metadata={"labels": {"plan": plan["metadata"]["uid"]}})
        admin.make("ConfigMap", SHARED, f"{p}-not-ours")
        self.bystanders = {
            place: admin.uid(*place)
            for place in (
                ("ConfigMap", SHARED, f"{p}-not-ours"),
                *((kind, f"{p}9", f"{p}-{name}") for kind, name in self.inside if kind not in ("Plan", "Migration")),
            )
        }
        assert all(self.bystanders.values())

    inside = (
        ("Secret", "a"),
        ("Secret", "b"),
        ("ConfigMap", "c"),
        ("VirtualMachine", "v"),
        ("Plan", "p"),
        ("Migration", "r"),
    )

    def hold(self, met: Rule, often: int) -> Rule:
        """A secret that somebody has to wait for: until that rule has struck so often."""
        place = ("Secret", self.prefix, f"{self.prefix}-held")
        self.admin.make(*place, metadata={"finalizers": ["example.com/held"]})
        other = Admin(self.admin.api.clone())

        def release() -> None:
            for _turn in range(600):
                if met.struck >= often and not other.uid(*place):
                    break
                time.sleep(0.1)
            other.release(*place)

        later = threading.Thread(target=release, daemon=True)
        return Rule(method="DELETE", path=f"/secrets/{place[2]}$", times=1, before=later.start)

    def there(self) -> Places:
        """What of the session is really there, by another client."""
        secrets = [("Secret", name) for name in self.more_secrets]
        places = [(kind, self.prefix, f"{self.prefix}-{name}") for kind, name in (*self.inside, *secrets)]
        places.append(("ConfigMap", SHARED, f"x-{self.prefix}"))
        return {(kind, name) for kind, namespace, name in places if self.admin.uid(kind, namespace, name)}

    def check_bystanders(self) -> None:
        assert {place: self.admin.uid(*place) for place in self.bystanders} == self.bystanders

    def forget(self) -> None:
        """Of the bystanders what every other session would be compared with: dozens of worlds stand side by side."""
        base = {"VirtualMachine": "apis/kubevirt.io/v1", "ConfigMap": "api/v1", "Secret": "api/v1"}
        for kind, namespace, name in self.bystanders:
            self.admin.api.request("DELETE", f"/{base[kind]}/namespaces/{namespace}/{kind.lower()}s/{name}")


# What fails: method, and path with {p} for the prefix and {n} for the number of the secret; whether the namespaces'
# phase is part of it.
REQUESTS: dict[str, tuple[str, str, bool]] = {
    "delete of a secret": ("DELETE", "/namespaces/{p}/secrets/{p}-a{n}$", False),
    "delete of a machine": ("DELETE", "/virtualmachines/{p}-v$", False),
    "delete of the plan": ("DELETE", "/plans/{p}-p$", False),
    "delete of the migration": ("DELETE", "/migrations/{p}-r$", False),
    "delete in the shared namespace": ("DELETE", f"/namespaces/{SHARED}/configmaps/x-{{p}}$", False),
    "delete of the namespace": ("DELETE", "/api/v1/namespaces/{p}$", True),
    "list of secrets": ("GET", "/namespaces/{p}/secrets[?]limit", False),
    "watch of secrets": ("GET", "/namespaces/{p}/secrets[?].*watch=", False),
    "watch of the namespace": ("GET", "/api/v1/namespaces[?].*watch=", True),
    "look at one object": ("GET", "/namespaces/{p}/[a-z]+/[^/?]+$", False),
}
# All of them where the code is the same for every kind, and those that differ for each kind of request.
ALL = ["401", "403", "404 of the API", "404 without a name", "409", "429", "500", "503", "cut", "cut answer"]
ALL += ["login page", "redirect", "half", "null", "empty object", "other kind", "drip", "silence"]
SOME = ["403", "404 of the API", "409", "503", "cut answer"]
WATCHES = ["401", "403", "410", "429", "500", "503", "cut", "cut answer", "dumb", "late 410", "noise", "alien", "drip"]
# Those after which nobody tells the end of an object.
MUTE = ("cut answer", "dumb", "drip")


def cells() -> list[tuple[str, str]]:
    faults = dict.fromkeys(REQUESTS, SOME)
    faults |= {"delete of a secret": ALL, "list of secrets": [*SOME, "half"], "watch of secrets": WATCHES}
    faults["watch of the namespace"] = ["403", "410", "cut answer", "dumb"]
    return [(name, fault) for name in REQUESTS for fault in faults[name]]


# What each of these deletes; each object has its own fault, so that one teardown shows many of them.
TARGETS = {
    "delete of a secret": ("Secret", "{p}-a{n}"),
    "delete of a machine": ("VirtualMachine", "{p}-v"),
    "delete of the plan": ("Plan", "{p}-p"),
    "delete of the migration": ("Migration", "{p}-r"),
    "delete in the shared namespace": ("ConfigMap", "x-{p}"),
}
Cell = tuple[str, str]


def worlds() -> list[list[Cell]]:
    """The cells, those together that one teardown shows: every fault on a secret of its own, half of them at a time; of
    the other deletes those with the same fault; and each of what is asked about many objects at once."""
    table = cells()
    secrets = [cell for cell in table if cell[0] == "delete of a secret"]
    others = [
        [cell for cell in table if cell[0] in TARGETS and cell not in secrets and cell[1] == fault] for fault in SOME
    ]
    alone = [[cell] for cell in table if cell[0] not in TARGETS]
    return [secrets[::2], secrets[1::2], *others, *alone]


@dataclass
class Struck:
    """One cell in a world: its rule, and the one object that is to feel it, if it is about one."""

    name: str
    fault: str
    rule: Rule
    target: tuple[str, str] | None


def struck(world: World, group: list[Cell]) -> list[Struck]:
    found = []
    for number, (name, fault) in enumerate(group):
        names = {"p": world.prefix, "n": number or ""}
        method, path, _namespaces = REQUESTS[name]
        kind, target = TARGETS.get(name, ("", ""))
        rule = Rule(fault, method=method, path=path.format(**names))
        found.append(Struck(name, fault, rule, (kind, target.format(**names)) if kind else None))
    return found


def one_world(lab: Lab, folder: Path, group: list[Cell]) -> str:
    """What is wrong with some cells of the table, or nothing."""
    number = next(_NUMBERS)
    name, fault = group[0]
    more = tuple(f"a{index}" for index in range(1, len(group))) if name == "delete of a secret" else ()
    world = World(admin_of(lab), f"auto-w{number:03d}", more)
    namespaces = REQUESTS[name][2]
    world.seed()
    with FaultProxy(lab, folder=folder / f"proxy-{number}") as proxy:
        met = struck(world, group)
        proxy.rules = [one.rule for one in met]
        if name == "watch of secrets":
            proxy.rules.append(world.hold(met[0].rule, often=1 if fault in MUTE else 2))
        # Whatever ends such a watch is seen at once; nothing comes of the mute ones, so the window is waited out.
        window = 30 if name == "watch of secrets" and fault not in MUTE else 3
        run = teardown(through(proxy, lab=lab), world.session, stall=window, namespaces=namespaces)
        try:
            there = world.there()
            world.check_bystanders()
            for one in met:
                judge(world, one, met, run, there)
            # As a later run knows it: by the note that the first one wrote beside the record.
            note = run.found["journal"]
            known = notes.with_journal(world.session, json.dumps(note["content"]), note["name"])
            # On a busy machine the namespace controller takes its time for dozens of namespaces.
            again = teardown(cluster_of(lab.kubeconfig), known, stall=30, namespace_stall=120)
            assert again.verdict == "clean", again.judged["leftovers"]
            world.check_bystanders()
            assert world.there() == set()
            if number % 10 == 0:
                assert teardown(cluster_of(lab.kubeconfig), world.session).deleted == set()
            world.forget()
        except AssertionError as exc:
            return f"{group}: {exc}"
    return ""


def judge(world: World, one: Struck, met: list[Struck], run: Run, there: Places) -> None:
    """there: what of the session is."""
    name, fault = one.name, one.fault
    assert one.rule.struck or name == "look at one object", f"{name} / {fault}: the fault did not strike"
    own = set() if name == "watch of the namespace" else {("Namespace", world.prefix)}
    if name.startswith("list"):
        secrets = {("Secret", f"{world.prefix}-a"), ("Secret", f"{world.prefix}-b")}
        assert there == secrets, f"there is {there}"
        assert not run.deleted & secrets, "called deleted what nobody saw go"
        assert run.judged["unreadable"]
        assert run.leftovers == own
    elif one.target is not None:
        # A fault that lets the request through leaves nothing, so what is left is told by the other client.
        at_most = {other.target for other in met}
        assert there <= at_most, f"the faults kept others: {there - at_most}"
        left = {place for place in run.leftovers if place[0] != "Namespace"}
        assert left == there, f"left {left}, really there {there}"
        assert not run.deleted & there
        there = there & {one.target}
    else:
        at_most = {place for place in there if place[1].endswith(("-a", "-v", "-p", "-r", f"x-{world.prefix}"))}
        assert there == at_most, f"the fault kept others: {there}"
        assert len(there) <= 1
        left = {place for place in run.leftovers if place[0] != "Namespace"}
        assert left == there, f"left {left}, really there {there}"
        assert not run.deleted & there
    if name == "delete of the namespace" and fault not in ("cut answer", "half"):
        assert run.left("Namespace", world.prefix)["cause"]
    if there or own & run.leftovers:
        assert run.verdict == "leftovers"
    for place in there if not name.startswith("list") else ():
        said = run.remaining(*place)
        assert said["reason"]
        assert said["next_step"]
        # A server that says yes and does nothing: then nothing has asked, and that is what is told.
        expected = {"not-asked"} if fault in ("empty object", "other kind", "null") else set()
        assert said["cause"] not in {"not-asked", "unknown"} - expected, said


def test_the_table_is_whole() -> None:
    assert len(cells()) >= 70
    assert sorted(cell for group in worlds() for cell in group) == sorted(cells())


@pytest.fixture(scope="module")
def wrong(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """All cells, several worlds at a time: most of the time they wait."""
    admin_of(lab).namespace(SHARED)
    folder = tmp_path_factory.mktemp("proxies")
    found: dict[str, list[str]] = {name: [] for name in REQUESTS}
    with ThreadPoolExecutor(max_workers=6) as pool:
        all_told = pool.map(lambda group: one_world(lab, folder, group), worlds())
        for group, told in zip(worlds(), all_told, strict=True):
            for name in {name for name, _fault in group} if told else ():
                found[name].append(told)
    return found


@pytest.mark.parametrize("name", REQUESTS)
def test_nothing_is_lost_and_everything_else_goes(wrong: dict[str, list[Any]], name: str) -> None:
    assert wrong[name] == []
