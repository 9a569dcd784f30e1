# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base VMs that a world inspects, on a vCenter, and the snapshots that are on them."""

from __future__ import annotations

from typing import Any

from tests.lab.operator.vsphere import SNAPSHOT
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


def snapshots(center: peer.VCenter, world: World) -> dict[str, Any]:
    """For world.json: on which VMs there is one, by whose they are."""
    ours = {one.vm for one in world.inspections}
    there = sorted(vm["name"] for vm in center.vms().values() if SNAPSHOT in vm.get("snapshots", []))
    return {
        "vcenter": center.state.name,
        "session": [name for name in there if name in ours],
        "bystanders": [name for name in there if name not in ours],
    }


def problems(known: dict[str, Any], expect: str) -> list[str]:
    """What is wrong with them now; a vCenter that is gone has nothing wrong to show, so it is an error."""
    center = peer.find(known["vcenter"])
    if center is None:
        return [f"the vCenter {known['vcenter']} of this world does not run any more"]
    there = {vm["name"] for vm in center.vms().values() if SNAPSHOT in vm.get("snapshots", [])}
    wrong = [f"a bystander's snapshot is gone: {name}" for name in known["bystanders"] if name not in there]
    if expect == "untouched":
        return wrong + [f"a snapshot is gone: {name}" for name in known["session"] if name not in there]
    return wrong + [f"still there: the snapshot {SNAPSHOT} on {name}" for name in known["session"] if name in there]
