# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to delete a session side by side, when the world is not as it should be: python -m tests.bench.scoreboard.

Each pair of scenario and way gets a lab and a session of its own. What a way claims is its exit code; what is true is
told by the worlds' own check, which knows nothing of any way. Writes a page of docs/docsite/rst.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench import provider_board, ways
from tests.bench.board import Board, Cell, page, tables
from tests.lab import controlplane
from tests.lab.admin import Admin, admin_of
from tests.lab.faults import FaultProxy, Rule
from tests.lab.kube import ApiError
from tests.lab.manifests import MTV_NAMESPACE
from tests.lab.operator.kinds import KINDS
from tests.lab.operator.settings import FORKLIFT
from tests.lab.vcenter import peer
from tests.lab.worlds import check, inspected, seed
from tests.lab.worlds.table import SHARED

OUT = controlplane.CHECKOUT / ".cache" / "bench" / "scoreboard"
PAGES = controlplane.CHECKOUT / "docs" / "docsite" / "rst"
PREFIX = "auto-sb01"
# Seconds that a way may wait in vain for one thing, and that what it began has to end after it.
LIMIT, SETTLE = 20, 20
# The suite's order; what it does not know comes before the namespaces.
_FIRST = ("Migration", "Plan", "Provider", "Host", "Secret", "NetworkAttachmentDefinition", "StorageMap", "NetworkMap")

World = dict[str, Any]


def _nothing(_admin: Admin, _world: World) -> None:
    """Leave all as it is."""


@dataclass(frozen=True)
class Scenario:
    """world: what is seeded, and suite: who writes its record; spoil: what goes wrong before the teardown; rules: what
    fails on the wire during it."""

    title: str
    world: str
    spoil: Callable[[Admin, World], None] = _nothing
    rules: tuple[Rule, ...] = ()
    suite: str | None = None
    size: int = 0
    on_vcenter: bool = False  # its base VMs are on one, and their snapshots count


def _by_hand(admin: Admin, world: World) -> None:
    one = next(entry for entry in world["session"] if entry["kind"] == "Migration")
    admin.api.request("DELETE", one["path"])


def _down(admin: Admin, _world: World) -> None:
    admin.change("Deployment", MTV_NAMESPACE, FORKLIFT, spec={"replicas": 0})
    time.sleep(1)


def _held(admin: Admin, world: World) -> None:
    """Three objects of each of ten kinds have a finalizer that nobody answers to."""
    count: dict[str, int] = {}
    for entry in world["session"]:
        count[entry["kind"]] = count.get(entry["kind"], 0) + 1
        if entry["name"].startswith(f"{PREFIX}-") and count[entry["kind"]] <= 3:
            now = admin.api.request("GET", entry["path"])
            now["metadata"]["finalizers"] = ["example.com/held"]
            admin.api.request("PUT", entry["path"], now)


def _is_there(admin: Admin, path: str) -> bool:
    try:
        admin.api.request("GET", path)
    except ApiError as exc:
        if exc.code != 404:
            raise
        return False
    return True


def _others_vm(admin: Admin, world: World) -> None:
    """A migrated VM in the shared namespace was deleted, and other people made one of the same name."""
    one = next(e for e in world["session"] if e["kind"] == "VirtualMachine" and e["namespace"] == SHARED)
    spec = admin.api.request("GET", one["path"])["spec"]
    admin.api.request("DELETE", one["path"])
    deadline = time.monotonic() + 60
    while _is_there(admin, one["path"]):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{one['path']} does not go")
        time.sleep(0.2)
    made = admin.make("VirtualMachine", SHARED, one["name"], spec={**spec, "runStrategy": "Halted"})
    world["bystanders"].append({**one, "uid": made["metadata"]["uid"]})


def _add(admin: Admin, world: World, part: str, base: str, obj: dict[str, Any]) -> None:
    """Make an object, and note whose it is. base: the path of its kind and namespace."""
    made: dict[str, Any] = admin.api.request("POST", base, obj)
    meta = made["metadata"]
    entry = {"kind": made["kind"], "apiVersion": made["apiVersion"], "path": f"{base}/{meta['name']}"}
    world[part].append({**entry, "namespace": meta.get("namespace"), "name": meta["name"], "uid": meta["uid"]})


def _record(world: World, kind: str, name: str, namespace: str | None) -> None:
    """What the suite writes of what it made, or thought to have made."""
    file = Path(world["out"]) / "resources.json"
    record = json.loads(file.read_text(encoding="utf-8"))
    record.setdefault(kind, []).append(
        {"name": name, "namespace": namespace, "module": f"ocp_resources.{kind.lower()}"}
    )
    file.write_text(json.dumps(record), encoding="utf-8")


def _strangers_inside(admin: Admin, world: World) -> None:
    """A namespace that the suite made without its prefix, into which others have moved."""
    admin.namespace("mtv-target2")
    _record(world, "Namespace", "mtv-target2", None)
    _add(admin, world, "bystanders", "/api/v1/namespaces/mtv-target2/secrets", {"metadata": {"name": "theirs"}})


def _lent_claim(admin: Admin, world: World) -> None:
    """Others have a VM, switched off, on a claim that a migration of the session made in the shared namespace."""
    claim = next(e for e in world["session"] if e["kind"] == "PersistentVolumeClaim" and e["namespace"] == SHARED)
    volumes = [{"name": "root", "persistentVolumeClaim": {"claimName": claim["name"]}}]
    domain = {"devices": {"disks": [{"name": "root", "disk": {"bus": "virtio"}}]}}
    spec = {"runStrategy": "Halted", "template": {"spec": {"domain": domain, "volumes": volumes}}}
    base = f"/apis/kubevirt.io/v1/namespaces/{SHARED}/virtualmachines"
    named = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": "rescued"}}
    _add(admin, world, "bystanders", base, {**named, "spec": spec})
    world["session"].remove(claim)
    world["bystanders"].append(claim)


def _overlapping(admin: Admin, world: World) -> None:
    """A map that this session reused, and that another one made meanwhile."""
    time.sleep(1)  # younger by the clock of the API, which counts seconds
    side = {"name": "auto-zz99-source-vsphere", "namespace": "auto-zz99"}
    named = {"apiVersion": "forklift.konveyor.io/v1beta1", "kind": "StorageMap", "metadata": {"name": "gold"}}
    body = {**named, "spec": {"map": [], "provider": {"source": side, "destination": side}}}
    _add(admin, world, "bystanders", f"/apis/forklift.konveyor.io/v1beta1/namespaces/{SHARED}/storagemaps", body)
    _record(world, "StorageMap", "gold", SHARED)


def _outside(admin: Admin, world: World) -> None:
    """What a session left outside namespaces, and others' neighbours of it."""
    storage, rbac = "/apis/storage.k8s.io/v1/storageclasses", "/apis/rbac.authorization.k8s.io/v1/clusterroles"
    for part, prefix in (("session", PREFIX), ("bystanders", f"{PREFIX}3")):
        _add(admin, world, part, storage, {"metadata": {"name": f"{prefix}-fast"}, "provisioner": "example.com/none"})
        _add(admin, world, part, rbac, {"metadata": {"name": f"{prefix}-reader"}, "rules": []})


_LISTS = r"/(datavolumes|persistentvolumeclaims|persistentvolumes|pods)([?]|$)"
_SECRETS = Rule("500", "GET", r"/namespaces/mtv-target2/secrets([?]|$)")
SCENARIOS = (
    Scenario("nothing is wrong", "cold"),
    Scenario("the copy failed: claims named by Forklift", "failed"),
    Scenario("volumes with reclaim policy Retain", "ova"),
    Scenario("VMs in a namespace that others use", "shared-namespace"),
    Scenario("the record names what the session only reused", "many"),
    Scenario("a migrated VM was replaced by other people's of that name", "shared-namespace", _others_vm, suite="old"),
    Scenario("one Migration was deleted by hand", "failed", _by_hand),
    Scenario("lists of pods, claims and volumes are forbidden", "failed", rules=(Rule("403", "GET", _LISTS),)),
    Scenario("one list answers 503 once", "failed", rules=(Rule("503", "GET", _LISTS, times=1),)),
    Scenario("Forklift is down, a migration runs", "running", _down),
    Scenario("three objects in each of ten kinds are stuck", "bulk", _held, size=100),
)
# What protects others, and what is easily overlooked: a page of its own, from a run of its own.
PROTECTING = (
    Scenario("others have moved into a recorded namespace", "cold", _strangers_inside),
    Scenario("others are in a recorded namespace, and that cannot be read", "cold", _strangers_inside, (_SECRETS,)),
    Scenario("other people's VM that is off uses a claim of the session", "shared-namespace", _lent_claim),
    Scenario("two sessions overlap", "many", _overlapping),
    Scenario("something is left outside namespaces", "cold", _outside),
    Scenario("the tests inspect base VMs", "deep-inspection", on_vcenter=True),
)
WAYS: dict[str, Callable[..., int]] = {
    "this collection": ways.teardown,
    "the suite's own way (openshift-python-wrapper)": ways.wrapper,
    "kubectl delete -f": ways.kubectl,
    "kubernetes.core.k8s in a loop": ways.loop,
}


def _say(text: str) -> None:
    print(f"scoreboard: {text}", file=sys.stderr, flush=True)


def _recorded(out: Path, world: World) -> ways.Objects:
    """What the record names on the cluster, in the suite's order."""
    record = json.loads((out / "resources.json").read_text(encoding="utf-8"))
    versions = {entry["kind"]: entry["apiVersion"] for part in ("session", "bystanders") for entry in world[part]}
    versions |= {kind: known.api_version for kind, known in KINDS.items()}
    kinds = [*_FIRST, *(kind for kind in record if kind not in (*_FIRST, "Namespace")), "Namespace"]
    return [
        {"apiVersion": versions[kind], "kind": kind, "name": entry["name"], "namespace": entry.get("namespace")}
        for kind in kinds
        for entry in record.get(kind, [])
        if kind in versions and "name" in entry and "id" not in entry
    ]


def _judged(lab: controlplane.Lab, world: World, center: peer.VCenter | None) -> tuple[int, int]:
    """Bystanders that are gone, and what is left of the session once all has settled."""
    deadline = time.monotonic() + SETTLE
    while True:
        found = check.compare(world, check.look(lab))
        left, touched = len(found.left) + len(found.new), len(found.touched)
        if center is not None:
            lost, _gone, there = inspected.compare(world["snapshots"], inspected.look(center))
            touched, left = touched + len(lost), left + len(there)
        if not left or time.monotonic() > deadline:
            return touched, left
        time.sleep(1)


def _cell(scenario: Scenario, way: str, number: int) -> Cell:
    out = OUT / f"{number:02d}"
    shutil.rmtree(out, ignore_errors=True)  # what an earlier run wrote down would be believed
    with ExitStack() as stack:
        lab = controlplane.start("scoreboard", say=lambda _text: None)
        stack.callback(controlplane.stop, lab)
        center = None
        if scenario.on_vcenter:
            center = peer.start("scoreboard-vcenter")
            stack.callback(peer.stop, "scoreboard-vcenter")
        options: dict[str, Any] = {"written": scenario.suite, "size": scenario.size, "center": center}
        world = seed.seed(lab, scenario.world, PREFIX, out, **options, say=lambda _text: None)
        scenario.spoil(admin_of(lab), {**world, "out": str(out)})
        kubeconfig = lab.kubeconfig
        if scenario.rules:
            proxy = stack.enter_context(FaultProxy(lab))
            proxy.rules = [Rule(rule.fault, rule.method, rule.path, rule.times) for rule in scenario.rules]
            kubeconfig = proxy.kubeconfig
        objects = _recorded(out, world)
        since = controlplane.mark(lab)
        begun = time.monotonic()
        code = WAYS[way](kubeconfig, out, objects, limit=LIMIT)
        seconds = time.monotonic() - begun
        time.sleep(0.5)  # the log is written a moment after the answer
        asked = len(proxy.seen) if scenario.rules else len(controlplane.requests(lab, since))
        touched, left = _judged(lab, world, center)
    cell = Cell(code == 0, touched, left, seconds, asked)
    _say(f"{scenario.title}: {way}: {cell}")
    return cell


_ABOUT = """Four ways to remove what a session left, {about}, each in the same scenarios, on a real API server with
controllers that act as Forklift, KubeVirt and CDI do. All figures come from one run of ``make scoreboard``, which
writes this page; none is set by hand.

Each pair of scenario and way has a lab and a session of its own, with the same bystanders: a session of a longer
name, another team's objects of the same names, VMs in a shared namespace. A way *claims* by its exit code. What is
true is counted by a check that shares no code with any of the ways, {settle} s after the way ended at the latest:
objects of others that are gone (*touched*), and of the session that are there (*left*); snapshots on a vCenter count.
A claim of clean with something left is **false**.

All are given the same ``resources.json``, and all may wait {limit} s for one thing in vain; as shipped, that is 180 s
here and 120 to 300 s in the suite. kubectl and kubernetes.core get the objects that the record names, in the suite's
order. The suite's own way is retold in ``tests/bench/suite_way.py``; the suite itself logs what it finds and leaves
its exit code as it is."""


def _row(scenario: Scenario, number: int) -> dict[str, Cell]:
    return {way: _cell(scenario, way, number * len(WAYS) + place) for place, way in enumerate(WAYS)}


def _board(title: str, about: str, scenarios: tuple[Scenario, ...]) -> Board:
    runs = {one.title: partial(_row, one, number) for number, one in enumerate(scenarios)}
    return Board(title, _ABOUT.format(about=about, settle=SETTLE, limit=LIMIT), runs)


BOARDS = {
    "scoreboard": _board("Scoreboard", "when the world is not as it should be", SCENARIOS),
    "scoreboard_others": _board(
        "Scoreboard: what protects others", "where somebody else's things are near", PROTECTING
    ),
    "scoreboard_providers": provider_board.BOARD,
}


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scoreboard", description=__doc__)
    parser.add_argument("--only", type=int, nargs="*", help="numbers of scenarios, from 1; then nothing is written")
    parser.add_argument("--board", choices=BOARDS, default="scoreboard", help="default: scoreboard")
    args = parser.parse_args()
    board = BOARDS[args.board]
    titles = list(board.runs)
    chosen = [titles[number - 1] for number in args.only] if args.only else titles
    results = {title: board.runs[title]() for title in chosen}
    if args.only:
        print(tables(results))
    else:
        file = PAGES / f"{args.board}.rst"
        file.write_text(page(args.board, board, results), encoding="utf-8")
        _say(f"wrote {file.relative_to(controlplane.CHECKOUT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
