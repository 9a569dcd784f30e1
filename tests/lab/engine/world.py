# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine knows: VMs, disks, templates, storage domains, users. Only data, and how tests change it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

CREATED = "2026-11-20T10:00:00.000Z"
# The template that every engine has.
BLANK = "00000000-0000-0000-0000-000000000000"


def new_id() -> str:
    return str(uuid.uuid4())


@dataclass
class Disk:
    """status: ok, locked or illegal; storage_type: image or lun; removal: what removing it comes to, C(gone) after a
    time, C(illegal), or C(stuck) as locked for ever; created: of its first image."""

    alias: str
    id: str = field(default_factory=new_id)
    status: str = "ok"
    shareable: bool = False
    storage_type: str = "image"
    domain: str = "data"
    removal: str = "gone"
    size: int = 1 << 30
    created: str = CREATED


@dataclass
class Snapshot:
    """status: ok, locked or in_preview; type: active or regular."""

    description: str
    id: str = field(default_factory=new_id)
    status: str = "ok"
    type: str = "regular"
    date: str = CREATED


@dataclass
class Vm:
    """disks: ids. start: what a start comes to, C(up) after a time, or C(never); stop: what a hard stop comes to,
    C(down) after a time, C(never), or C(again): the second one works; busy: seconds until image_locked, saving_state or
    powering_down end by themselves; locked_by_tasks: a pool task runs on a VM that is image_locked."""

    name: str
    id: str = field(default_factory=new_id)
    status: str = "down"
    created: str = CREATED
    description: str = ""
    cluster: str = "Default"
    template: str = "Blank"
    thin: bool = False
    delete_protected: bool = False
    pool: str = ""
    host: str = ""
    backup: bool = False
    illegal: bool = False
    locked_by_tasks: bool = False
    start: str = "up"
    stop: str = "down"
    stops_asked: int = 0
    disks: list[str] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=lambda: [Snapshot("Active VM", type="active")])


# What the roles of a user allow who may change something (ActionGroup.java), as far as anything here asks for it.
PERMITS = ("create_vm", "delete_disk", "delete_vm", "edit_vm_properties", "login", "run_vm", "stop_vm")


@dataclass
class User:
    """sees: ids of the VMs that a user who is no administrator has a role on; acts: of those that he may change;
    permits: what the role allows that he has on those, or on the whole system."""

    name: str
    password: str
    admin: bool = True
    sees: list[str] = field(default_factory=list)
    acts: list[str] = field(default_factory=list)
    permits: list[str] = field(default_factory=lambda: list(PERMITS))

    def may(self, permit: str, vm_id: str) -> bool:
        return (self.admin or vm_id in self.acts) and permit in self.permits

    def roles(self) -> dict[str, tuple[list[str], list[str]]]:
        """Name of each of his roles -> (its permits, ids of the VMs that it is given on; none: the whole system)."""
        if self.admin:
            return {"admin": (self.permits, [])}
        found = {"actor": (self.permits, self.acts), "viewer": (["login"], self.sees)}
        return {name: role for name, role in found.items() if role[1]}


@dataclass
class Delays:
    """Seconds. stop: until a VM is down; disk: until a disk that is removed has gone; busy: until a lock ends."""

    stop: float = 0.1
    disk: float = 0.15
    busy: float = 0.3


class World:
    """All of it. Ids are the keys, in the order in which things were made."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.vms: dict[str, Vm] = {}
        self.disks: dict[str, Disk] = {}
        self.templates: dict[str, str] = {new_id(): "rhel8-template"}
        self.clusters: dict[str, str] = {"Default": new_id()}
        self.domains: dict[str, str] = {"data": "active"}
        self.domain_ids: dict[str, str] = {"data": new_id()}
        self.hosts: dict[str, str] = {"host-1": new_id()}
        self.users = {"admin@internal": User("admin@internal", "secret")}
        self.events: list[tuple[str, str]] = []
        self.delays = Delays()
        # ConfigValues.InstanceId, made by engine-setup; older engines have none. dated: tells OVFs.
        self.instance = new_id()
        self.dated = True

    def add_vm(self, given: Mapping[str, Any]) -> Vm:
        """disks: dicts of a Disk each, a number of plain ones, or ids of disks that are there already."""
        values = dict(given)
        wanted = values.pop("disks", 1)
        snapshots = values.pop("snapshots", [])
        vm = Vm(**values)
        vm.snapshots += [Snapshot(**one) for one in snapshots]
        if isinstance(wanted, int):
            wanted = [{"alias": f"{vm.name}_Disk{number + 1}"} for number in range(wanted)]
        for one in wanted:
            vm.disks.append(one if isinstance(one, str) else self.add_disk({"created": vm.created, **one}).id)
        self.clusters.setdefault(vm.cluster, new_id())
        self.vms[vm.id] = vm
        return vm

    def add_disk(self, given: Mapping[str, Any]) -> Disk:
        disk = Disk(**given)
        self.disks[disk.id] = disk
        self.domains.setdefault(disk.domain, "active")
        self.domain_ids.setdefault(disk.domain, new_id())
        return disk

    def attached_to(self, disk: Disk) -> list[Vm]:
        return [vm for vm in self.vms.values() if disk.id in vm.disks]

    def note(self, text: str) -> None:
        self.events.append((str(len(self.events) + 1), text))


def changed(thing: Any, values: Mapping[str, Any]) -> None:
    """Set some of its fields; an unknown one is an error of the test."""
    known = {one.name for one in fields(thing)}
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"{type(thing).__name__} has no {name}")
        setattr(thing, name, [Snapshot(**one) for one in value] if name == "snapshots" else value)


def plain(things: Iterable[Any]) -> list[dict[str, Any]]:
    return [asdict(one) for one in things]
