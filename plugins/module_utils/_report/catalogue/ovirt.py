# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left on an oVirt engine."""

from __future__ import annotations

from ansible_collections.mtv.teardown.plugins.module_utils._report.catalogue.entry import Entry

# oVirt has no command line of its own any more. These are modules of a collection that this one needs anyway; they take
# OVIRT_URL, OVIRT_USERNAME and OVIRT_PASSWORD.
_VM = "ansible localhost --module-name ovirt.ovirt.ovirt_vm_info --args pattern=name=$machine"
_DISK = "ansible localhost --module-name ovirt.ovirt.ovirt_disk_info --args pattern=name=$disk"
_LOOK = (_VM, _DISK, "ansible localhost --module-name ovirt.ovirt.ovirt_event_info --args search=Vms.name=$machine")
_UNLOCK = (
    "unlock_entity.sh changes what the engine's database says, and nothing on the storage. While a task still works on "
    "the disk, that destroys it."
)
_TASK = "Wait for the task to end (Tasks in the portal). A lock that stays is one for unlock_entity.sh on the engine."

OVIRT = (
    Entry(
        "disk-added",
        "a disk was attached to it that was not there when its removal was decided",
        "A disk of the VM that the first look did not meet.",
        "Removing the VM would remove that disk, and nobody decided so.",
        "Detach the disk if it is to stay. Then run the teardown again; it decides anew.",
        look=_LOOK,
    ),
    Entry(
        "disk-in-use",
        "the disk is attached to another VM now",
        "The VMs of the disk.",
        "The disk outlived its clone, and somebody uses it.",
        "If it may go, its user detaches it. Then run the teardown again.",
        look=(_DISK,),
    ),
    Entry(
        "forbidden",
        "the account may not do it",
        "403 of the engine, in its own words.",
        "The engine does not let this account stop or remove it. Nothing was done.",
        "Give the account a role that may, such as UserVmManager on the VM. Then run the teardown again.",
        look=_LOOK,
    ),
    Entry(
        "delete-protected",
        "it is protected from being deleted",
        "delete_protected of the VM, or the engine's answer.",
        "Somebody wants it kept. This tool never takes that off, and does not stop the VM either.",
        "If it may go, take the protection off in the portal. Then run the teardown again.",
        look=(_VM,),
        risk="Ask who set it: it is set by hand, and for a reason.",
    ),
    Entry(
        "in-pool",
        "it is in a pool of VMs",
        "vm_pool of the VM, or the engine's answer.",
        "The engine deletes no VM of a pool.",
        "Detach the VM from its pool in the portal, if the pool can do without it. Then run the teardown again.",
        look=(_VM,),
    ),
    Entry(
        "snapshot-running",
        "the engine is at work on a snapshot of it",
        "A snapshot of the VM with status locked, or the engine's answer.",
        "The VM cannot be removed meanwhile.",
        f"{_TASK} Then run the teardown again.",
        look=_LOOK,
        risk=_UNLOCK,
    ),
    Entry(
        "backup-running",
        "it is being backed up",
        "The engine's answer.",
        "The VM cannot be removed meanwhile.",
        "End the backup, in the program that makes it. Then run the teardown again.",
        look=_LOOK,
    ),
    Entry(
        "disk-illegal",
        "its removal failed halfway",
        "Status illegal of a disk without a VM.",
        "The engine has taken the disk from its VM and could not delete it on the storage.",
        "See its storage domain and the events of the engine; the next run asks for the disk alone. Or remove it in "
        "the portal.",
        look=(_DISK,),
    ),
    Entry(
        "storage-domain-inactive",
        "a storage domain of it is not at hand",
        "The engine's answer.",
        "What lies on a storage domain that is not active can be neither deleted nor changed.",
        "Activate the storage domain, then run the teardown again.",
        look=("ansible localhost --module-name ovirt.ovirt.ovirt_storage_domain_info",),
    ),
    Entry(
        "image-locked",
        "its image is locked by a task of the engine",
        "Status image_locked of the VM, or the engine's answer.",
        "A task works on a disk of the VM, or has ended without saying so.",
        f"{_TASK} Then run the teardown again.",
        look=_LOOK,
        risk=_UNLOCK,
    ),
    Entry(
        "disk-locked",
        "a task of the engine holds a disk",
        "Status locked of the disk, or the engine's answer.",
        "A task works on the disk, such as its removal, or has ended without saying so.",
        f"{_TASK} Then run the teardown again.",
        look=(_DISK,),
        risk=_UNLOCK,
    ),
    Entry(
        "not-responding",
        "its host does not tell the engine about it",
        "Status not_responding, unknown or unassigned of the VM.",
        "The engine does not know whether the VM runs, and removes it only when it does.",
        "Bring the host back, or confirm in the portal that it has been rebooted. Then run the teardown again.",
        look=(_VM, "ansible localhost --module-name ovirt.ovirt.ovirt_host_info"),
        risk="Confirm only what you have seen: while the host runs, its VMs start twice, which ruins their disks.",
    ),
    Entry(
        "still-running",
        "it did not get down",
        "The status of the VM.",
        "Only a VM that is down is removed; stopping it had no effect in time.",
        "Power it off in the portal, then run the teardown again.",
        look=_LOOK,
    ),
    Entry(
        "unknown",
        "it stays, and nothing that was read holds it",
        "What the engine answered, if anything.",
        "No known cause fits.",
        "See the events of the engine about it, then run the teardown again.",
        look=_LOOK,
    ),
)
