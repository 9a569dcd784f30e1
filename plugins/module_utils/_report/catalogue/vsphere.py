# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left on a vCenter, and on a source provider of any type."""

from __future__ import annotations

from ansible_collections.mtv.teardown.plugins.module_utils._report.catalogue.entry import Entry

_INFO = "govc vm.info -vm.ipath $vm"
_TASKS = "govc tasks $vm"
_NAMED = "govc find / -type m -name $name"

ANY = (
    Entry(
        "not-deleted",
        "it is there, and nobody tried to delete it in this run",
        "It was met on the provider, and no phase of this run had it in hand.",
        "The run looked and did not delete, or the object came after the deletions.",
        "Run the teardown, with an account that may delete it.",
    ),
    Entry(
        "provider-fails",
        "the provider did not answer any more",
        "What the provider answered, or that it did not.",
        "The provider as a whole failed while it was asked; nothing about this object is known to be wrong.",
        "See to the provider and the way to it, then run the teardown again.",
    ),
    Entry(
        "unseen",
        "asked to go, and not seen whether it has gone",
        "The look after the deletion could not read such objects of this provider.",
        "The provider took the request. Whether the object is gone, nobody knows.",
        "See why the provider cannot be read, then run the teardown again.",
    ),
    Entry(
        "contested",
        "somebody else uses it, too",
        "The reason names who does: another session's entry, a disk, a server.",
        "The session made it, and something of others depends on it. Nothing was asked of it.",
        "Ask the owner of what the reason names; this tool does not take what somebody else uses.",
    ),
)

VSPHERE = (
    Entry(
        "kept-unread",
        "kept, because nobody can tell which VM it is",
        "vCenter did not tell the instance UUID of the VM, right before it was to be deleted.",
        "Its moRef alone may be another VM's by now: one number is given again. Nothing was asked of it.",
        "See why vCenter does not tell it, such as a right that is missing or a host that is not connected. Then run "
        "the teardown again.",
        look=(_INFO, "govc permissions.ls $vm"),
    ),
    Entry(
        "files-left",
        "files of a clone that is not in the inventory",
        "A folder or a file of a datastore with the clone's name, and no VM that has it.",
        "A clone or a removal ended halfway. vCenter knows nothing of the files, so no VM can be deleted.",
        "Look at them with the datastore browser, and delete them when nobody needs them.",
        look=(_NAMED,),
        risk="Deleted files do not come back, and nobody asks whether another VM has them as a disk.",
    ),
    Entry(
        "snapshot-kept",
        "a snapshot of Forklift on a VM that stays",
        "Its name is one that Forklift gives: of a warm migration, or forklift-deep-inspection.",
        "It lies on a VM that is not the session's to delete, so it is left alone unless that is asked for.",
        "Remove it in vCenter, or set mtv_teardown_forklift_snapshots and run the teardown again. Ask first who else "
        "migrates or inspects this VM.",
        risk="A migration that still runs from this snapshot fails.",
    ),
    Entry(
        "disk-of-others",
        "a disk of it is another VM's too, or not the session's",
        "A disk whose file another VM has attached, or that lies in a folder that is not the clone's.",
        "Deleting the VM deletes the files of its disks, those too.",
        "Detach the disk and keep its files, or delete the VM by hand when nobody needs the disk. Then run the "
        "teardown again.",
        look=(_INFO, "govc device.info -vm.ipath $vm disk-*"),
        risk="govc device.remove deletes the files of a disk, too, unless it is told to -keep them.",
    ),
    Entry(
        "forbidden",
        "the account lacks a privilege",
        "Fault NoPermission, with the privileges that are missing.",
        "vCenter does not let this account do it. The VM is as it was.",
        "Give the account what is named, on this VM. Then run the teardown again.",
        look=("govc permissions.ls $vm",),
    ),
    Entry(
        "method-disabled",
        "a solution has disabled its power-off or deletion",
        "disabledMethod of the VM, or fault MethodDisabled with its source. It is seen before it is tried.",
        "A backup or vSphere Replication locks a VM while it works on it, and some never unlock it.",
        "End that solution's work on the VM, or have its owner enable the method. This tool never does. Then run the "
        "teardown again.",
        look=(_INFO, _TASKS),
        risk="Enabling the method while a backup runs leaves it broken, and files of it on the datastore.",
    ),
    Entry(
        "vm-unreachable",
        "its host or its files are out of reach",
        "connectionState of the VM is not connected, or a fault about its files.",
        "Of such a VM only the entry in the inventory could be deleted; its files would stay, and nobody would know.",
        "Bring its host and datastores back and run the teardown again. Or unregister it by hand and remove its files.",
        look=(_INFO, "govc host.info"),
        commands=("govc vm.unregister $vm",),
        risk="vm.unregister forgets the VM and leaves its files: look for them on the datastore afterwards.",
    ),
    Entry(
        "question-pending",
        "it waits for an answer",
        "runtime.question of the VM.",
        "vSphere asks a person something, such as whether a copied VM was moved. A power-off would hang until then.",
        "Answer it in vCenter, then run the teardown again.",
        look=("govc vm.question -vm.ipath $vm",),
    ),
    Entry(
        "task-running",
        "a task on it has not ended",
        "Fault TaskInProgress, or a task of the run that did not end in time.",
        "vCenter does one thing at a time with a VM.",
        "See the task in vCenter, and cancel it if it hangs. Then run the teardown again.",
        look=(_TASKS,),
        risk="A clone or a migration that is canceled may leave files behind.",
    ),
    Entry(
        "file-locked",
        "a host or a backup proxy holds a file of it",
        "A fault such as FileLocked; it was tried several times.",
        "Somebody has a disk of the VM open, often a backup proxy that was not detached from it.",
        "Find who holds the file (vmkfstools -D on a host shows its owner), and end that. Then run the teardown again.",
        look=(_INFO, _TASKS),
    ),
    Entry(
        "still-running",
        "it was powered on again",
        "Fault InvalidPowerState, after it had been powered off.",
        "Somebody starts it: a person, a schedule, or a cluster's rule.",
        "See who starts it, and end that. Then run the teardown again.",
        look=(_INFO, "govc events $vm"),
    ),
    Entry(
        "task-failed",
        "its task failed",
        "The fault that the task ended with.",
        "vCenter tried and could not. The reason has its words.",
        "See the tasks and events of the VM, then run the teardown again.",
        look=(_TASKS, "govc events $vm"),
    ),
)
