# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to delete clones on source providers side by side, where somebody else's things are near: a board.

Each pair of scenario and way gets a provider of its own. What is true is told by the provider's control port.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench import providers, ways
from tests.bench.board import Board, Cell
from tests.lab import controlplane
from tests.lab.engine import peer as engines
from tests.lab.vcenter import peer as vcenters
from tests.lab.webpage import WebPage, served

OUT = controlplane.CHECKOUT / ".cache" / "bench" / "provider-board"
PREFIX = "auto-sb01"
CLONES = [f"{PREFIX}-rhel8", f"{PREFIX}-win2019", f"{PREFIX}-fedora"]
BYSTANDERS = (f"{PREFIX}3-rhel8", "database-vm", "rhel8")
# Seconds that the playbook may wait in vain for one thing, and that what a way began has to end after it.
LIMIT, SETTLE = 20, 20


@dataclass
class World:
    """One provider. entry: of the providers file; peer: its control port; there: identities of what there is;
    requests: how many came since forget; session, others: identities of what was made."""

    kind: str
    entry: dict[str, Any]
    peer: Any
    there: Callable[[], set[str]]
    forget: Callable[[], None]
    requests: Callable[[], int]
    session: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)


def counted(world: World, there: set[str]) -> tuple[int, int]:
    """What of others is gone, and what is left of the session."""
    return len(world.others - there), len(world.session & there)


# -- the providers ----------------------------------------------------------------------------------------------


def _disk(name: str) -> str:
    """The file of the disk with which the vCenter makes a VM."""
    return f"[LocalDS_0] {name}/{name}.vmdk"


@contextmanager
def _vsphere() -> Iterator[World]:
    center = vcenters.start("scoreboard-clones")
    try:
        center.clear()
        made = center.make(*({"name": n, "power": "poweredOn" if i % 2 else ""} for i, n in enumerate(CLONES)))
        others = center.make(*BYSTANDERS)
        files = [_disk(name) for name in BYSTANDERS]
        yield World(
            "vsphere",
            center.entry(),
            center,
            lambda: set(center.vms()) | {file for file in files if center.has_file(file)},
            center.forget_calls,
            lambda: sum(center.calls().values()),
            {vm["id"] for vm in made},
            {vm["id"] for vm in others} | set(files),
        )
    finally:
        vcenters.stop("scoreboard-clones")


@contextmanager
def _ovirt() -> Iterator[World]:
    engine = engines.start(OUT / "engine")
    try:
        engine.ask("POST", "/reset")
        made = [engine.vm(name, status="up" if i % 2 else "down") for i, name in enumerate(CLONES)]
        others = [engine.vm(name) for name in BYSTANDERS]
        entry = {"type": "ovirt", "api_url": engine.url, "username": engines.USER, "password": engines.PASSWORD}
        yield World(
            "ovirt",
            {**entry, "ca_file": engine.ca_file},
            engine,
            lambda: set(engine.vms()) | set(engine.disks()),
            lambda: engine.ask("DELETE", "/calls"),
            lambda: len(engine.calls()),
            {one for vm in made for one in (vm["id"], *vm["disks"])},
            {one for vm in others for one in (vm["id"], *vm["disks"])},
        )
    finally:
        engines.stop(engine)


PROVIDERS = {"vsphere": _vsphere, "ovirt": _ovirt}


# -- what is wrong ----------------------------------------------------------------------------------------------


def _nothing(_world: World) -> None:
    """Leave all as it is."""


def _attached(world: World) -> None:
    """The disk of another VM is attached to a clone, as somebody does who wants to read its files."""
    world.peer.change(world.peer.named()[CLONES[0]], attach=_disk("database-vm"))


def _namesake(world: World) -> None:
    """Somebody keeps a VM of a clone's name in a folder of his own."""
    world.others.add(world.peer.make({"name": CLONES[0], "folder": "theirs"})[0]["id"])


def _older_disk(world: World) -> None:
    """A disk that somebody made before the session is attached to a clone."""
    disk = world.peer.disk("database", created="2026-01-15T08:00:00.000Z")
    vm = next(one for one in world.peer.vms().values() if one["name"] == CLONES[0])
    world.peer.change(vm["id"], disks=[*vm["disks"], disk["id"]])
    world.others.add(disk["id"])


@dataclass(frozen=True)
class Scenario:
    """behind_page: a proxy's page answers instead of the provider."""

    title: str
    kind: str
    spoil: Callable[[World], None] = _nothing
    behind_page: bool = False


SCENARIOS = (
    Scenario("on vSphere: nothing is wrong", "vsphere"),
    Scenario("on vSphere: another VM's disk is attached to a clone", "vsphere", _attached),
    Scenario("on vSphere: somebody has a VM of a clone's name in another folder", "vsphere", _namesake),
    Scenario("on vSphere: the page of a proxy answers", "vsphere", behind_page=True),
    Scenario("on oVirt: nothing is wrong", "ovirt"),
    Scenario("on oVirt: somebody's older disk is attached to a clone", "ovirt", _older_disk),
    Scenario("on oVirt: the page of a proxy answers", "ovirt", behind_page=True),
)


# -- the ways ---------------------------------------------------------------------------------------------------


# With the kubeconfig of a cluster on which the session has nothing.
Way = Callable[[World, Path, Path], int]


def _playbook(_world: World, out: Path, kubeconfig: Path) -> int:
    return ways.teardown(kubeconfig, out, [], limit=LIMIT, providers=out / "providers.json")


def _module(world: World, out: Path, _kubeconfig: Path) -> int:
    return providers.play(providers.ours(world.kind), out, CLONES, False)


def _loop(name: str, world: World, out: Path, _kubeconfig: Path) -> int:
    return providers.play(providers.loops(world.kind, world.entry)[name], out, CLONES, True)


OURS: dict[str, Way] = {"this collection": _playbook, "its module for clones alone": _module}
_THEIRS = {"vsphere": ("community.vmware.vmware_guest", "vmware.vmware.vm"), "ovirt": ("ovirt.ovirt.ovirt_vm",)}
WAYS: dict[str, dict[str, Way]] = {
    kind: {**OURS, **{f"{name} in a loop": partial(_loop, name) for name in names}} for kind, names in _THEIRS.items()
}


# -- the runs ---------------------------------------------------------------------------------------------------


def _behind(page: WebPage, world: World) -> None:
    """Let the page be where the world's users look for it."""
    world.entry |= {"fqdn": page.address, "api_url": f"https://{page.address}/ovirt-engine/api"}
    world.entry |= {"ca_file": str(page.ca_file)}
    world.forget, world.requests = page.asked.clear, lambda: len(page.asked)


def _settled(world: World) -> tuple[int, int]:
    """What is touched and left when nothing has changed for two seconds."""
    deadline = time.monotonic() + SETTLE
    before, there = set[str](), world.there()
    while there != before and time.monotonic() < deadline:
        time.sleep(2)
        before, there = there, world.there()
    return counted(world, there)


def _cell(scenario: Scenario, way: Way, out: Path, kubeconfig: Path) -> Cell:
    shutil.rmtree(out, ignore_errors=True)  # what an earlier run wrote down would be believed
    out.mkdir(parents=True)
    with ExitStack() as stack:
        world = stack.enter_context(PROVIDERS[scenario.kind]())
        scenario.spoil(world)
        missing = (world.session | world.others) - world.there()
        if missing:
            raise RuntimeError(f"{scenario.title}: {missing} cannot be lost, for it is not there")
        if scenario.behind_page:
            _behind(stack.enter_context(served(out / "page")), world)
        record = {world.kind: [{"name": name} for name in CLONES]}
        (out / "resources.json").write_text(json.dumps(record), encoding="utf-8")
        (out / "providers.json").write_text(json.dumps({"source": world.entry}), encoding="utf-8")
        world.forget()
        begun = time.monotonic()
        code = way(world, out, kubeconfig)
        seconds = time.monotonic() - begun
        return Cell(code == 0, *_settled(world), seconds, world.requests())


def _row(scenario: Scenario, number: int) -> dict[str, Cell]:
    row = {}
    lab = controlplane.start("scoreboard", say=lambda _text: None)
    try:
        for place, (name, way) in enumerate(WAYS[scenario.kind].items()):
            row[name] = _cell(scenario, way, OUT / f"{number:02d}-{place}", lab.kubeconfig)
            print(f"scoreboard: {scenario.title}: {name}: {row[name]}", file=sys.stderr, flush=True)
    finally:
        controlplane.stop(lab)
    return row


_ABOUT = f"""Ways to remove the {len(CLONES)} clones of a session from its source provider, in the same scenarios, on
the lab's vCenter and oVirt engine. All figures come from one run of ``make scoreboard``, which writes this page; none
is set by hand.

Each pair of scenario and way has a provider of its own, with the same bystanders: the clone of a session of a longer
name, the VM that was cloned, and another team's database. A way *claims* by its exit code. What is true is told by the
provider's control port, which is no part of its API, once nothing changes there any more: VMs and disks of others that
are gone (*touched*), and VMs of the session that are there, on oVirt their disks, too (*left*). A claim of clean with
something left is **false**. Requests are those that the provider was sent.

*This collection* is its whole playbook, with a cluster on which the session has nothing; most of its time is spent
there. The module alone, and the loops, ask the provider only. All are given the clones' names from the same record.
The loops delete with ``state: absent``, as those collections document it, vmware_guest with ``force``."""

BOARD = Board(
    "Scoreboard: source providers",
    _ABOUT,
    {one.title: partial(_row, one, number) for number, one in enumerate(SCENARIOS)},
)
