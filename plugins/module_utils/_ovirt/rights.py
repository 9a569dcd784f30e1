# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which permits an account lacks on an oVirt engine, as far as its roles tell.

A role is given on an object and holds for all that is in it. Where a role is given is not always known to be above a VM
(a data centre, say), so only what no role can cover is a clear no.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.client import Grant, Machine
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.removal import (
    REMOVABLE,
    REMOVE,
    REMOVE_DISK,
    STOP,
)
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Missing

_REMEDY = "a role with it on the VM, its cluster or its data centre, such as UserVmManager"
# To start a VM (ActionType.RunVm); older engines had one permit for all that runs one.
START = ("run_vm", "vm_basic_operations")
_ABOVE = frozenset({"system", "data_center"})


def missing(targets: Iterable[Remote], machines: dict[str, Machine | None], grants: Sequence[Grant]) -> list[Missing]:
    """machines: the targets that are VMs, as they are now, by id. Disks of a VM go with it, by its right."""
    found = []
    for one in targets:
        machine = machines.get(one.id)
        if machine is not None:
            permits = [REMOVE] if machine.status in REMOVABLE else [STOP, REMOVE]
            covering = [grant for grant in grants if _covers(grant, machine)]
        elif one.kind == "Disk" and not one.owner:
            permits, covering = [REMOVE_DISK], [grant for grant in grants if _covers_disk(grant, one.id)]
        else:
            continue
        place = f"{one.place}/{one.name}" if one.place else one.name
        found += [
            Missing(names[0], one.kind, place, _REMEDY)
            for names in permits
            if not any(grant.permits & set(names) for grant in covering)
        ]
    return found


def missing_to_put(
    wanted: Iterable[tuple[Remote, str]], machines: Mapping[str, Machine | None], grants: Sequence[Grant]
) -> list[Missing]:
    """The same, to switch VMs C(on) or C(off)."""
    return [
        Missing(names[0], one.kind, one.name, _REMEDY)
        for one, power in wanted
        for names, machine in [(START if power == "on" else STOP, machines.get(one.id))]
        if machine is not None and not any(grant.permits & set(names) for grant in grants if _covers(grant, machine))
    ]


def _covers(grant: Grant, machine: Machine) -> bool:
    ours = {"vm": machine.id, "cluster": machine.cluster, "vm_pool": machine.pool}
    return grant.kind in _ABOVE or (bool(grant.id) and ours.get(grant.kind) == grant.id)


def _covers_disk(grant: Grant, disk: str) -> bool:
    return grant.kind in (*_ABOVE, "storage_domain", "vm") or (grant.kind, grant.id) == ("disk", disk)
