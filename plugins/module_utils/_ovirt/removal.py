# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removes VMs of an oVirt engine together: stop, wait until down, remove, wait for every disk (providers.md 5.2).

The VM goes at once and its disks later, or never: a removal that failed leaves them illegal. So a VM has gone when the
engine does not know it any more, and each of its disks by its own id.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ansible_collections.mtv.teardown.plugins.module_utils import _progress, _times
from ansible_collections.mtv.teardown.plugins.module_utils._cause import Cause
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Clock, Limits
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.causes import Held, cause_of, lasting
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.client import Engine, Machine, Refused, Volume
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote

# Forklift's snapshots of a warm migration say so (forklift pkg/controller/plan/adapter/ovirt/client.go).
WARM = "Forklift Operator warm migration precopy"
# RemoveVmCommand: these may be removed. What a stop is of use for: StopVmCommandBase.
REMOVABLE = frozenset({"down", "image_illegal", "unassigned"})
_WAITING = frozenset({"image_locked", "saving_state", "restoring_state"})
# What the engine wants for each command (ActionType.java); older engines had one permit for all that runs a VM.
STOP, REMOVE, REMOVE_DISK = ("stop_vm", "vm_basic_operations"), ("delete_vm",), ("delete_disk",)
# A VM that does not get down is stopped again after so many looks: an orderly shutdown may never end, and what is
# highly available is started anew.
_STOP_AGAIN = 5
# What came to nothing is asked again after ever more looks, up to so many; the removal of a disk so many times in all.
_RARELY, _DISK_TRIES = 8, 3


@dataclass
class _Vm:
    """next_try: the look before which a request that came to nothing is not repeated; tries: how often; stopped: the
    look at which it was told to stop; blocked: waiting is of no use; strange: disks that it did not have when it was
    decided on."""

    one: Remote
    now: Machine | None = None
    status: str = ""
    refused: Refused | None = None
    next_try: int = 0
    tries: int = 0
    stopped: int | None = None
    blocked: bool = False
    strange: list[str] = field(default_factory=list)


@dataclass
class _Disk:
    one: Remote
    status: str = "?"
    refused: Refused | None = None
    asked: int = 0
    blocked: bool = False
    used_by: tuple[str, ...] = ()


class Removal:
    """One call of Site.remove."""

    def __init__(
        self,
        engine: Engine,
        targets: Sequence[Remote],
        limits: Limits,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._engine, self._sleep = engine, sleep
        self._vms = {one.id: _Vm(one) for one in targets if one.kind == "Vm"}
        self._disks = {one.id: _Disk(one) for one in targets if one.kind == "Disk"}
        self._decided = frozenset(self._disks)
        self._clock = Clock(limits)
        self._round = 0
        self._began = _times.now()

    def run(self) -> Mapping[str, Cause]:
        with _progress.waiting(self._told):
            return self._run()

    def _told(self) -> dict[str, object]:
        vms = [(vm.one, vm.status, vm.stopped is not None or vm.tries > 0) for vm in list(self._vms.values())]
        disks = [(disk.one, disk.status, self._is_due(disk)) for disk in list(self._disks.values())]
        things = [
            _progress.thing(
                one.kind,
                one.name,
                provider=one.provider,
                uid=one.identity,
                since=self._began if asked else "",
                held=f"status {status}" if status else "",
            )
            for one, status, asked in (*vms, *disks)
        ]
        return _progress.wait("to go", things, self._clock)

    def _run(self) -> Mapping[str, Cause]:
        failed: ApiError | None = None
        while self._working():
            before = self._marks()
            try:
                self._look()
                self._act()
                failed = None
            except ApiError as exc:
                if exc.lasting:
                    raise
                failed = exc  # an engine that restarts is back in a while
            if self._marks() != before:
                self._clock.moved()
            if not self._working() or self._clock.left() <= 0:
                break
            self._round += 1
            self._sleep(self._engine.patience.poll)
        if failed is not None:
            raise failed
        return self._causes()

    def _working(self) -> bool:
        return any(not vm.blocked for vm in self._vms.values()) or any(
            not disk.blocked and self._is_due(disk) for disk in self._disks.values()
        )

    def _is_due(self, disk: _Disk) -> bool:
        """Its VM has gone, so it has to go, too."""
        return disk.one.owner not in self._vms

    def _marks(self) -> tuple[object, ...]:
        """What differs when anything has moved. Being asked again is no movement."""
        vms = tuple((vm_id, vm.status) for vm_id, vm in self._vms.items())
        return (vms, tuple((disk_id, disk.status) for disk_id, disk in self._disks.items()))

    # Looking

    def _look(self) -> None:
        open_vms = {vm_id: vm.one.name for vm_id, vm in self._vms.items() if not vm.blocked}
        for vm_id, now in (self._engine.machines(open_vms) if open_vms else {}).items():
            self._seen(vm_id, now)
        due = [disk_id for disk_id, disk in self._disks.items() if self._is_due(disk) and not disk.blocked]
        for disk_id, found in (self._engine.volumes(due) if due else {}).items():
            self._seen_disk(disk_id, found)

    def _seen(self, vm_id: str, now: Machine | None) -> None:
        if now is None:
            del self._vms[vm_id]
            return
        vm = self._vms[vm_id]
        vm.now, vm.status = now, now.status

    def _seen_disk(self, disk_id: str, found: Volume | None) -> None:
        if found is None:
            del self._disks[disk_id]
            return
        disk = self._disks[disk_id]
        disk.status = found.status
        if disk.one.owner:  # of a VM that went now: its removal has failed, and to ask anew is for another run
            disk.blocked = found.status == "illegal"
        elif found.vms:  # somebody has taken it
            disk.blocked, disk.used_by = True, found.vms

    # Acting

    def _act(self) -> None:
        self._together(self._engine.stop, [vm for vm in self._ready() if self._wants_stop(vm)], self._told_to_stop)
        self._together(self._engine.remove, [vm for vm in self._ready() if self._wants_removal(vm)], self._told_to_go)
        orphans = [disk for disk in self._disks.values() if self._is_orphan(disk)]
        for disk, answer in zip(
            orphans, self._engine.each(lambda disk: self._engine.remove_disk(disk.one.id), orphans), strict=True
        ):
            disk.refused, disk.asked = answer, disk.asked + 1
            disk.blocked = answer is not None and answer.status == 403

    def _together(
        self, ask: Callable[[str], Refused | None], vms: list[_Vm], tell: Callable[[_Vm, Refused | None], None]
    ) -> None:
        for vm, answer in zip(vms, self._engine.each(lambda vm: ask(vm.one.id), vms), strict=True):
            tell(vm, answer)

    def _ready(self) -> list[_Vm]:
        return [vm for vm in self._vms.values() if not vm.blocked and vm.now is not None and self._round >= vm.next_try]

    def _wants_stop(self, vm: _Vm) -> bool:
        """A protected VM, or one of a pool, is not stopped either: it stays."""
        if vm.now is not None and (vm.now.protected or vm.now.pool):
            vm.blocked = True
            return False
        if vm.status in REMOVABLE or vm.status in _WAITING:
            return False
        return vm.stopped is None or self._round - vm.stopped >= _STOP_AGAIN

    def _wants_removal(self, vm: _Vm) -> bool:
        """Not with a disk that nobody decided on: it would go, too."""
        if vm.status not in REMOVABLE or vm.now is None:
            return False
        vm.strange = [disk.alias for disk in vm.now.volumes if _goes_along(disk) and disk.id not in self._decided]
        vm.blocked = vm.blocked or bool(vm.strange)
        return not vm.blocked

    def _told_to_stop(self, vm: _Vm, answer: Refused | None) -> None:
        """Refused because it got down meanwhile: the next look shows that."""
        if answer is None:
            vm.stopped = self._round
        self._noted(vm, answer)

    def _told_to_go(self, vm: _Vm, answer: Refused | None) -> None:
        """A removal that was taken takes the VM away at once; if it is there all the same, it is asked again."""
        self._noted(vm, answer)
        if answer is None:
            self._later(vm)

    def _noted(self, vm: _Vm, answer: Refused | None) -> None:
        vm.refused = answer
        if answer is not None:
            vm.blocked = lasting(answer.status, answer.text)
            self._later(vm)

    def _later(self, vm: _Vm) -> None:
        vm.tries += 1
        vm.next_try = self._round + min(2**vm.tries, _RARELY)

    def _is_orphan(self, disk: _Disk) -> bool:
        """Its VM went in an earlier run. One that is locked is just going; one that is attached again is not ours."""
        return not disk.one.owner and not disk.blocked and disk.asked < _DISK_TRIES and disk.status in ("ok", "illegal")

    # Telling

    def _causes(self) -> dict[str, Cause]:
        causes = {vm.one.identity: self._cause(vm) for vm in self._vms.values()}
        for disk in self._disks.values():
            causes[disk.one.identity] = self._disk_cause(disk)
        return causes

    def _cause(self, vm: _Vm) -> Cause:
        facts = dict(vm.one.facts)
        if vm.now is not None:
            facts = {**facts_of(vm.now), "host": facts.get("host") or vm.now.host, "strange": vm.strange}
        said = vm.refused or Refused(0, "")
        return cause_of(Held("Vm", vm.one.name, facts, said.text, said.status))

    def _disk_cause(self, disk: _Disk) -> Cause:
        owner = self._vms.get(disk.one.owner)
        if owner is not None:
            return replace(self._cause(owner), text=f"its VM {owner.one.name} stays: {self._cause(owner).text}")
        said = disk.refused or Refused(0, "")
        facts = {"status": disk.status, "used_by": disk.used_by}
        return cause_of(Held("Disk", disk.one.name, facts, said.text, said.status))


def _goes_along(disk: Volume) -> bool:
    """RemoveVmCommand only detaches the others; of a LUN it removes what the engine knows of it."""
    return not disk.shareable or disk.storage_type == "lun"


def facts_of(one: Machine, host: str = "") -> dict[str, object]:
    """What a cause is told from. warm: snapshots of a warm migration; on a VM that stays they are left alone."""
    told = {
        "status": one.status,
        "protected": one.protected,
        "pool": one.pool,
        "host": host,
        "snapshots": [list(each) for each in one.snapshots if each[1] == "locked"],
        "warm": [text for text, _status in one.snapshots if text.startswith(WARM)],
        "disks": [[disk.alias, disk.status] for disk in one.volumes if disk.status not in ("ok", "")],
    }
    return {name: value for name, value in told.items() if value}
