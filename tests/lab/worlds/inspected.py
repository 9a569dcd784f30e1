# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base VMs that a world inspects, on a vCenter, and the snapshots that are on them."""

from __future__ import annotations

import base64
from typing import Any

from tests.lab.operator import vsphere
from tests.lab.vcenter import peer
from tests.lab.worlds.bystanders import PEOPLES_VM
from tests.lab.worlds.suite import Source
from tests.lab.worlds.table import World


def source_of(center: peer.VCenter, world: World) -> Source:
    """What a Secret says of the vCenter; base VMs that are not there yet are made."""
    wanted = {PEOPLES_VM, *(one.vm for one in world.inspections)}
    center.make(*sorted(wanted - set(center.named())))
    entry = center.entry()
    login = {"user": entry["username"], "password": entry["password"], "cacert": center.ca_file.read_text("utf-8")}
    return Source(entry["api_url"], login, {name: center.named()[name] for name in wanted})


def look(center: peer.VCenter | None) -> dict[str, str]:
    """The snapshots of inspections that there are: their ids -> the names of their VMs."""
    if center is None:
        return {}
    values = source_of(center, World("")).secret()
    secret = {"data": {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}}
    names = {vm_id: vm["name"] for vm_id, vm in center.vms().items()}
    return {snapshot: names[vm_id] for snapshot, vm_id in vsphere.there(secret, names).items()}


def describe(center: peer.VCenter, before: dict[str, str], after: dict[str, str]) -> dict[str, Any]:
    """For world.json: whose they are. Two teams may inspect one VM: so by their ids."""
    new = {snapshot: name for snapshot, name in after.items() if snapshot not in before}
    return {"vcenter": center.state.name, "session": new, "bystanders": before}


def problems(known: dict[str, Any], expect: str) -> list[str]:
    """What is wrong with them now; a vCenter that is gone has nothing wrong to show, so that is told, too."""
    center = peer.find(known["vcenter"])
    if center is None:
        return [f"the vCenter {known['vcenter']} of this world does not run any more"]
    touched, gone, left = compare(known, look(center))
    wrong = [f"a bystander's snapshot is gone: {one}" for one in touched]
    if expect == "untouched":
        return wrong + [f"a snapshot is gone: {one}" for one in gone]
    return wrong + [f"still there: snapshot {one}" for one in left]


def compare(known: dict[str, Any], live: dict[str, str]) -> tuple[list[str], list[str], list[str]]:
    """Snapshots of bystanders that are gone; of the session, those that are gone, and those that are left."""

    def listed(part: str, there: bool) -> list[str]:
        return [f"{one} on {name}" for one, name in known[part].items() if (one in live) == there]

    return listed("bystanders", there=False), listed("session", there=False), listed("session", there=True)
