# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time the deletion of clones on source providers beside loops of the providers' own collections, on the lab's peers:
python -m tests.bench.providers.

Each way gets fresh clones, half of them powered on. Requests are those that the peer counted. What is left, and which
neighbours are gone, is asked of the peer afterwards.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench import ways
from tests.bench.table import EACH, SECONDS, number, table, told
from tests.lab.controlplane import CHECKOUT
from tests.lab.engine import peer as engines
from tests.lab.openstack import peer as clouds
from tests.lab.openstack.worlds import Project
from tests.lab.vcenter import peer as vcenters

OUT = CHECKOUT / ".cache" / "bench"
PREFIX = "auto-b001"
# What the tests name the snapshot of a base VM's volume from which they make a clone.
SNAPSHOT = "snapshot for {}-snapshot"
Task = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """What one way took. requests: -1 where nobody counts."""

    way: str
    clones: int
    seconds: float
    requests: int
    left: int
    touched: int

    @property
    def ours(self) -> bool:
        return "_clones`" in self.way


@dataclass(frozen=True)
class Bench:
    """One provider. entry: of the providers file; make: clones of these names; there: names of what there is;
    forget, requests: its count."""

    kind: str
    entry: dict[str, Any]
    make: Callable[[list[str]], None]
    there: Callable[[], set[str]]
    forget: Callable[[], None]
    requests: Callable[[], int]


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def _names(count: int) -> list[str]:
    return [f"{PREFIX}-rhel8-{number:04d}" for number in range(count)]


# -- the peers --------------------------------------------------------------------------------------------------


@contextmanager
def vsphere(others: int) -> Iterator[Bench]:
    """A vCenter with so many VMs of others."""
    center = vcenters.start("bench-vcenter", _say)
    try:
        center.clear()
        center.many("other-", others)

        def make(names: list[str]) -> None:
            center.make(*({"name": name, "power": "poweredOn" if i % 2 else ""} for i, name in enumerate(names)))

        yield Bench(
            "vsphere",
            center.entry(),
            make,
            lambda: set(center.named()),
            center.forget_calls,
            lambda: sum(center.calls().values()),
        )
    finally:
        vcenters.stop("bench-vcenter")


@contextmanager
def ovirt(others: int) -> Iterator[Bench]:
    """An engine with so many VMs of others. Like one at rest it forgets a disk half a second after its VM."""
    engine = engines.start(OUT / "engine")
    try:
        for number in range(others):
            engine.vm(f"other-{number:05d}", disks=0)

        def make(names: list[str]) -> None:
            for number, name in enumerate(names):
                engine.vm(name, status="up" if number % 2 else "down")

        entry = {"type": "ovirt", "api_url": engine.url, "username": engines.USER, "password": engines.PASSWORD}
        yield Bench(
            "ovirt",
            {**entry, "ca_file": engine.ca_file},
            make,
            lambda: {vm["name"] for vm in engine.vms().values()},
            lambda: engine.ask("DELETE", "/calls"),
            lambda: len(engine.calls()),
        )
    finally:
        engines.stop(engine)


@contextmanager
def openstack(others: int) -> Iterator[Bench]:
    """The real services, with so many servers of others. Nobody counts requests there."""
    peer = clouds.start("bench-openstack", say=_say)
    project = Project(peer)
    try:
        project.empty()
        for number in range(others):
            project.clone(f"other-{number:05d}")

        base = project.volume("base-disk")

        def make(names: list[str]) -> None:
            for name in names:
                project.clone(name, boot_volume=True)
                project.snapshot(base, SNAPSHOT.format(name))

        def there() -> set[str]:
            """The clones of which anything is there; of the others, whatever there is."""
            names = {name for _kind, name in project.everything().values()}
            return {
                name.removeprefix("snapshot for ").removesuffix("-snapshot").removesuffix("-boot-vol") for name in names
            }

        entry = {
            "type": "openstack",
            "api_url": peer.auth_url,
            "username": "ci",
            "password": "secret",
            "project_name": "ci",
            "user_domain_name": "Default",
            "region_name": "RegionOne",
        }
        yield Bench(
            "openstack",
            entry,
            make,
            there,
            lambda: None,
            lambda: -1,
        )
    finally:
        clouds.stop("bench-openstack")


# -- the ways ---------------------------------------------------------------------------------------------------


def ours(kind: str) -> list[Task]:
    given = {"resources_file": "{{ record }}", "providers_file": "{{ providers }}"}
    tasks: list[Task] = [{f"mtv.teardown.{kind}_clones": given}]
    return tasks + ([{"mtv.teardown.volume_snapshots": given}] if kind == "openstack" else [])


def loops(kind: str, entry: dict[str, Any]) -> dict[str, list[Task]]:
    """The collections' own modules, one clone after the other. entry: of the providers file."""
    login = {"username": entry["username"], "password": entry["password"]}
    if kind == "vsphere":
        host, _colon, port = entry["fqdn"].partition(":")
        login |= {"hostname": host, "port": int(port), "validate_certs": False}
        guest = {**login, "name": "{{ item }}", "state": "absent", "force": True}
        vm = {**login, "name": "{{ item }}", "state": "absent", "allow_power_cycling": True}
        return {
            "`community.vmware.vmware_guest`": [{"community.vmware.vmware_guest": guest}],
            "`vmware.vmware.vm`": [{"vmware.vmware.vm": vm}],
        }
    if kind == "ovirt":
        auth = {**login, "url": entry["api_url"], "ca_file": entry["ca_file"]}
        return {
            "`ovirt.ovirt.ovirt_vm`": [
                {"ovirt.ovirt.ovirt_vm": {"auth": auth, "name": "{{ item }}", "state": "absent"}}
            ]
        }
    auth = {
        **login,
        "auth_url": entry["api_url"],
        "project_name": "ci",
        "user_domain_name": "Default",
        "project_domain_name": "Default",
    }
    server = {"auth": auth, "region_name": "RegionOne", "name": "{{ item }}", "state": "absent"}
    volume = {**server, "name": "{{ item }}-boot-vol"}
    snapshot = {**server, "name": SNAPSHOT.format("{{ item }}")}
    return {
        "`openstack.cloud.server`, `volume_snapshot` and `volume`": [
            {"openstack.cloud.server": server},
            {"openstack.cloud.volume_snapshot": snapshot},
            {"openstack.cloud.volume": volume},
        ]
    }


def play(tasks: list[Task], out: Path, names: list[str], looped: bool) -> int:
    """Run tasks as a play, for each name where they are looped."""
    shown = [{**task, "loop": names} if looped else task for task in tasks]
    variables = {
        "record": str(out / "resources.json"),
        "providers": str(out / "providers.json"),
        "ansible_pipelining": True,
    }
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "vars": variables, "tasks": shown}
    file = out / "play.yml"
    file.write_text(json.dumps([play]), encoding="utf-8")
    return ways.playbook(file, out)


def _sdk(bench: Bench, names: list[str], threads: int) -> int:
    """openstacksdk as a script would use it: so many at once, each until it is gone."""
    running = clouds.find("bench-openstack")
    if running is None:
        raise RuntimeError("the services do not run")
    sdk = Project(running).sdk

    def remove(name: str) -> None:
        server = sdk.compute.find_server(name, ignore_missing=False)
        sdk.compute.delete_server(server)
        sdk.compute.wait_for_delete(server)
        snapshot = sdk.block_storage.find_snapshot(SNAPSHOT.format(name), ignore_missing=False)
        sdk.block_storage.delete_snapshot(snapshot)
        sdk.block_storage.wait_for_delete(snapshot)
        volume = sdk.block_storage.find_volume(f"{name}-boot-vol", ignore_missing=True)
        if volume is not None:
            sdk.block_storage.delete_volume(volume)
            sdk.block_storage.wait_for_delete(volume)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(remove, names))
    # To the SDK a server has gone when Nova calls it DELETED; its list has it for a moment more.
    ends = time.monotonic() + 60
    while bench.there() & set(names) and time.monotonic() < ends:
        time.sleep(0.25)
    return len(bench.there() & set(names))


def _time(bench: Bench, way: str, count: int, run: Callable[[Path, list[str]], int]) -> Row:
    names = _names(count)
    out = OUT / f"{bench.kind}-{len(way)}-{count}"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    (out / "resources.json").write_text(json.dumps({bench.kind: [{"name": name} for name in names]}), encoding="utf-8")
    (out / "providers.json").write_text(json.dumps({"source": bench.entry}), encoding="utf-8")
    _say(f"{bench.kind}: {way}: {count} clones")
    bench.make(names)
    before = bench.there()
    bench.forget()
    begun = time.monotonic()
    code = run(out, names)
    seconds = time.monotonic() - begun
    requests, after = bench.requests(), bench.there()
    if code:
        raise RuntimeError(f"{way} ended with {code}: see {out}/output.log")
    row = Row(way, count, seconds, requests, len(after & set(names)), len(before - after - set(names)))
    _say(f"{bench.kind}: {way}: {seconds:.1f} s, {requests} requests, {row.left} left, {row.touched} touched")
    return row


def _rows(bench: Bench, count: int, loop: int) -> list[Row]:
    rows = [
        _time(
            bench,
            f"`{bench.kind}_clones`" + (", `volume_snapshots`" if bench.kind == "openstack" else ""),
            size,
            lambda out, names: play(ours(bench.kind), out, names, False),
        )
        for size in (1, count)
    ]
    for way, tasks in loops(bench.kind, bench.entry).items():
        rows.append(_time(bench, f"{way}, a loop", loop, lambda out, names, t=tasks: play(t, out, names, True)))  # type: ignore[misc]
    if bench.kind == "openstack":
        rows += [
            _time(bench, f"openstacksdk, {how}", size, lambda _out, names, t=threads: _sdk(bench, names, t))  # type: ignore[misc]
            for how, size, threads in (("one after the other", loop, 1), ("ten threads", count, 10))
        ]
    return rows


def _table(rows: list[Row]) -> str:
    shown = [
        (
            r.way,
            number(r.clones),
            number(r.seconds, SECONDS),
            number(r.seconds / r.clones, EACH),
            number(r.requests),
        )
        for r in rows
    ]
    return table(("way", "clones", "seconds", "a clone", "requests"), shown)


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.providers", description=__doc__)
    parser.add_argument("--count", type=int, default=50, help="clones of a session; default: 50")
    parser.add_argument("--loop", type=int, default=10, help="clones for the loops, several seconds each; default: 10")
    parser.add_argument("--others", type=int, default=10000, help="VMs of others on vSphere; default: 10000")
    parser.add_argument("--only", choices=("vsphere", "ovirt", "openstack"), help="one provider alone")
    args = parser.parse_args()
    rows: list[Row] = []
    for kind, opened, others in (("vsphere", vsphere, args.others), ("ovirt", ovirt, 500), ("openstack", openstack, 5)):
        if args.only in (None, kind):
            with opened(others) as bench:
                rows += _rows(bench, args.count, args.loop)
    print(f"{_table(rows)}\n\n{told((row.way, row.left, row.touched) for row in rows)}")
    return 0 if all(row.left == 0 and row.touched == 0 for row in rows if row.ours) else 1


if __name__ == "__main__":
    sys.exit(main())
