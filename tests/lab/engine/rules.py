# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine lets happen to a VM, and what comes of it. Names of Java classes are where the rule stands in
C(oVirt/ovirt-engine), below C(backend/manager/modules/bll/src/main/java/org/ovirt/engine/core/bll)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

from tests.lab.engine.world import BLANK, Disk, User, Vm, World

# RemoveVmCommand.validate: these alone may be removed.
_REMOVABLE = ("down", "unassigned", "image_illegal", "image_locked")
# StopVmCommandBase.validate: running ones, and these.
_STOPPABLE = ("up", "powering_up", "powering_down", "wait_for_launch", "reboot_in_progress", "migrating", "paused")
_STOPPABLE_TOO = ("not_responding", "suspended", "unknown")


class RefusedError(Exception):
    """A command that did not validate. ErrorType decides the status: CONFLICT 409, NO_PERMISSION 403, BAD_PARAMETERS
    and others 400 (ErrorMessageHelper.java)."""

    def __init__(self, detail: str, status: int = 409) -> None:
        super().__init__(detail)
        self.detail, self.status = detail, status


def may_change(user: User, vm: Vm, permit: str) -> None:
    """CommandBase.checkPermissions: NO_PERMISSION before anything else is looked at."""
    if not user.may(permit, vm.id):
        raise RefusedError("User is not authorized to perform this action.", 403)


def add(world: World, user: User, given: Mapping[str, str]) -> Vm:
    """AddVmCommand.validate: the name is free, and the cluster is there. Its disks come from a template."""
    if not (user.admin and "create_vm" in user.permits):
        raise RefusedError("User is not authorized to perform this action.", 403)
    name, template = given.get("name", ""), given.get("template", "")
    if not name or not template:
        raise RefusedError("Vm [name, template.id|name] required for add", 400)
    if template not in {BLANK, *world.templates}:
        raise RefusedError("Cannot add VM. Template doesn't exist.")
    cluster = next((n for n, ident in world.clusters.items() if given.get("cluster") in (n, ident)), "")
    if not cluster:
        raise RefusedError("Cannot add VM. Cluster id is not valid.")
    _check_name(world, name, "add")
    created = datetime.now(UTC).isoformat(timespec="milliseconds")
    more = {"disks": 0} if template == BLANK else {"disks": 1, "status": "image_locked", "template": template}
    vm = world.add_vm(
        {"name": name, "description": given.get("description", ""), "cluster": cluster, **more, "created": created}
    )
    if vm.status == "image_locked":
        settle(world, vm)
    return vm


def update(world: World, user: User, vm: Vm, given: Mapping[str, str]) -> None:
    """UpdateVmCommand.validate."""
    may_change(user, vm, "edit_vm_properties")
    if given.get("name", vm.name) != vm.name:
        _check_name(world, given["name"], "edit")
    vm.name, vm.description = given.get("name", vm.name), given.get("description", vm.description)


def _check_name(world: World, name: str, what: str) -> None:
    if any(one.name == name for one in world.vms.values()):
        raise RefusedError(
            f"Cannot {what} VM. The VM name is already in use, please choose a unique name and try again."
        )


def check_removal(world: World, vm: Vm, *, force: bool, detach_only: bool) -> None:
    """RemoveVmCommand.validate, in its order."""
    if vm.delete_protected:
        raise RefusedError(
            "Cannot remove VM. Delete protection is enabled. In order to delete, disable Delete protection first."
        )
    _check_status(vm, force=force)
    if vm.pool:
        raise RefusedError("Cannot remove VM. The VM is attached to pool.")
    if vm.backup:
        raise RefusedError("Cannot remove VM. The VM is during a backup operation.")
    if any(one.status == "locked" for one in vm.snapshots):
        raise RefusedError(
            "Cannot remove VM. The VM is performing an operation on a Snapshot. Please wait for the operation to "
            "finish, and try again."
        )
    _check_disks(world, [world.disks[one] for one in vm.disks if one in world.disks], force=force)
    if detach_only and (vm.thin or len(vm.snapshots) > 1):
        # RemoveVmCommand.validate: a thin clone's disks need their template; those with snapshots cannot be detached.
        raise RefusedError("Cannot detach disks of a VM that is based on a template or has snapshots.")


def _check_status(vm: Vm, *, force: bool) -> None:
    if vm.status == "suspended":
        raise RefusedError("Cannot remove VM that its state is not down. -Please stop the VM first.")
    if vm.status == "image_locked":
        if not force:
            raise RefusedError("Cannot remove VM: VM is locked. Please try again in a few minutes.")
        if vm.locked_by_tasks:
            raise RefusedError("Cannot force remove VM when there are running tasks.")
    if vm.status not in _REMOVABLE:
        raise RefusedError("Cannot remove VM. VM is running.")


def _check_disks(world: World, disks: list[Disk], *, force: bool) -> None:
    """DiskImagesValidator.diskImagesNotLocked and StorageDomainValidator.isDomainExistAndActive."""
    locked = [one.alias for one in disks if one.status == "locked"]
    if locked and not force:
        raise RefusedError(
            f"Cannot remove VM: the following disks are locked: {', '.join(locked)}. Please try again in a few minutes."
        )
    if any(world.domains[one.domain] != "active" for one in disks if one.storage_type == "image"):
        raise RefusedError(
            "Cannot remove VM. The relevant Storage Domain is inaccessible. -Please handle Storage Domain issues and "
            "retry the operation."
        )


def remove(world: World, vm: Vm, *, detach_only: bool) -> None:
    """RemoveVmCommand.executeVmCommand: the VM goes from the database at once; its images are marked locked and go
    later. Shareable disks are only detached; what the engine knows of a LUN goes (ImagesHandler.removeLunDisk)."""
    del world.vms[vm.id]
    world.note(f"VM {vm.name} was successfully removed.")
    loop = asyncio.get_running_loop()
    for disk in [world.disks[one] for one in vm.disks if one in world.disks]:
        if detach_only or disk.shareable:
            continue
        if disk.storage_type != "image":
            del world.disks[disk.id]
            continue
        disk.status = "locked"
        if disk.removal != "stuck":
            loop.call_later(world.delays.disk, _end_disk, world, disk)


def _end_disk(world: World, disk: Disk) -> None:
    """RemoveImageCommand: an image whose removal failed stays as a floating disk that is illegal."""
    if disk.removal == "illegal":
        disk.status = "illegal"
        world.note(f"Failed to remove disk {disk.alias} from storage domain {disk.domain}.")
    else:
        world.disks.pop(disk.id, None)


def remove_disk(world: World, disk: Disk) -> None:
    """RemoveDiskCommand.validate: not while it is locked, nor while a VM that uses it runs."""
    if disk.status == "locked":
        raise RefusedError(
            f"Cannot remove Virtual Disk: the following disks are locked: {disk.alias}. "
            "Please try again in a few minutes."
        )
    if any(vm.status != "down" for vm in world.attached_to(disk)):
        raise RefusedError("Cannot remove Virtual Disk. At least one of the VMs is not down.")
    disk.status = "locked"
    asyncio.get_running_loop().call_later(world.delays.disk, world.disks.pop, disk.id, None)


def start(world: World, vm: Vm) -> None:
    """RunVmCommand.validate (RunVmValidator.validateVmStatusUsingMatrix), then what VDSM does."""
    if vm.status in ("image_locked", "saving_state", "restoring_state"):
        raise RefusedError(f"Cannot run VM. VM is {vm.status.replace('image_', '').replace('_', ' ')}.")
    if vm.status not in ("down", "suspended", "paused"):
        raise RefusedError("Cannot run VM. VM is running.")
    vm.status = "wait_for_launch"
    if vm.start != "never":
        asyncio.get_running_loop().call_later(world.delays.stop, _end_start, world, vm)


def _end_start(world: World, vm: Vm) -> None:
    if vm.id in world.vms:
        vm.status, vm.host = "up", next(iter(world.hosts), "")


def stop(world: World, vm: Vm, *, force: bool) -> None:
    """StopVmCommandBase.validate, then what VDSM does."""
    if vm.status in ("saving_state", "restoring_state"):
        raise RefusedError(f"Cannot stop VM. VM is {vm.status.replace('_', ' ')}.")
    if vm.status not in (*_STOPPABLE, *_STOPPABLE_TOO):
        raise RefusedError("Cannot stop VM. VM is not running.")
    if vm.backup and not force:
        raise RefusedError("Cannot stop VM. The VM is during a backup operation.")
    vm.stops_asked += 1
    if vm.stop == "never" or (vm.stop == "again" and vm.stops_asked < 2):
        vm.status = "powering_down" if vm.status in _STOPPABLE else vm.status
        return
    if vm.status != "suspended":
        vm.status = "powering_down"
    asyncio.get_running_loop().call_later(world.delays.stop, _end_stop, world, vm)


def _end_stop(world: World, vm: Vm) -> None:
    if vm.id in world.vms:
        vm.status, vm.host = "down", ""


def settle(world: World, vm: Vm) -> None:
    """What is under way ends by itself after a while: a lock, a saving, an orderly shutdown, a snapshot's operation."""
    ends = {"image_locked": "down", "saving_state": "suspended", "restoring_state": "up", "powering_down": "down"}

    def end() -> None:
        vm.status = ends.get(vm.status, vm.status)
        vm.backup = False
        for one in vm.snapshots:
            one.status = "ok"
        for disk_id in vm.disks:
            if disk_id in world.disks:
                world.disks[disk_id].status = "ok"

    asyncio.get_running_loop().call_later(world.delays.busy, end)
