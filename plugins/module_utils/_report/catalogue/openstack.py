# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left on an OpenStack."""

from __future__ import annotations

from ansible_collections.mtv.teardown.plugins.module_utils._report.catalogue.entry import Entry

_SERVER = "openstack server show $server"
_HISTORY = "openstack server event list $server"
_VOLUME = "openstack volume show $volume"
_SNAPSHOT = "openstack volume snapshot show $snapshot"
_IMAGE = "openstack image show $image"

OPENSTACK = (
    Entry(
        "server-locked",
        "the server is locked",
        "locked of the server.",
        "Nova deletes a locked server for nobody but an administrator.",
        "If nobody keeps it on purpose, unlock it, and run the teardown again.",
        look=(_SERVER,),
        commands=("openstack server unlock $server",),
        risk="Somebody may have locked it to keep it: ask first.",
    ),
    Entry(
        "image-protected",
        "the image is protected",
        "protected of the image.",
        "Glance deletes a protected image for nobody.",
        "If nobody keeps it on purpose, take the protection off, and run the teardown again.",
        look=(_IMAGE,),
        commands=("openstack image set --unprotected $image",),
        risk="Somebody may have protected it to keep it: ask first.",
    ),
    Entry(
        "forbidden",
        "this user may not delete it",
        "401 or 403 of the cloud, in its own words.",
        "The user has no role in the project that lets it. Nothing was done.",
        "Give the user the role member in the project, and run the teardown again. Or somebody who may deletes it.",
        look=("openstack role assignment list --names --auth-user",),
    ),
    Entry(
        "server-soft-deleted",
        "the server is in Nova's bin",
        "Status SOFT_DELETED of the server.",
        "The cloud keeps deleted servers for a time (reclaim_instance_interval), and its volumes with it.",
        "Wait until Nova reclaims it, or let somebody who may force its deletion. Then run the teardown again.",
        look=(_SERVER,),
        commands=("openstack server delete --force $server",),
        risk="Nothing brings the server back after that.",
    ),
    Entry(
        "error-deleting",
        "the storage could not delete it",
        "Status error_deleting.",
        "Cinder tried and failed, and does not try again by itself.",
        "See the log of cinder-volume. An administrator resets its state, then run the teardown again.",
        look=(_VOLUME, _SNAPSHOT),
        commands=(
            "openstack volume set --state error $volume",
            "openstack volume snapshot set --state error $snapshot",
        ),
        risk="The state is only what Cinder's database says: what is wrong with the storage stays so.",
    ),
    Entry(
        "server-stuck-deleting",
        "its deletion has begun and does not end",
        "task_state deleting, with the host and the fault of the server.",
        "nova-compute on its host hangs or does not run, and Nova ignores a second deletion meanwhile.",
        "See whether nova-compute runs there. An administrator can reset the server's state, then run the teardown "
        "again.",
        look=(_SERVER, _HISTORY, "openstack compute service list"),
        commands=("openstack server set --state error $server",),
        risk="If nova-compute still works on it, two deletions meet; volumes may stay attached in Cinder alone.",
    ),
    Entry(
        "server-delete-failed",
        "Nova tried to delete it twice and failed",
        "Status ERROR of the server after its deletion had begun, with its fault.",
        "Its host could not end the guest or give its volumes and ports back.",
        "See the log of nova-compute on its host, then run the teardown again.",
        look=(_SERVER, _HISTORY),
    ),
    Entry(
        "volume-has-snapshots",
        "snapshots of it stay",
        "Snapshots of the volume that are not the session's, or cannot go.",
        "Cinder deletes no volume that has snapshots, and this tool deletes none that are not the session's.",
        "See whose they are. When they are gone, run the teardown again.",
        look=("openstack volume snapshot list --volume $volume",),
    ),
    Entry(
        "busy",
        "Cinder is at work on it, or holds it for somebody",
        "Its status, such as backing-up, uploading, awaiting-transfer or maintenance.",
        "Cinder takes no deletion in these states.",
        "Wait for it, or take it back, as the next step of the object says. Then run the teardown again.",
        look=(_VOLUME, _SNAPSHOT),
    ),
    Entry(
        "volume-in-use",
        "the volume is attached, or Cinder still says so",
        "Status in-use, reserved, attaching or detaching, and the servers that have it.",
        "A volume is deleted only when no server has it.",
        "Delete the server that is named, if that may go, or detach the volume. Then run the teardown again.",
        look=(_VOLUME,),
        risk="Detaching takes a disk from a server that may run: ask whose that is.",
    ),
    Entry(
        "image-in-use",
        "something in the storage was made from the image",
        "409 of Glance, in its own words.",
        "The storage keeps clones of the image, which need it.",
        "Delete the volumes and servers that were made from it, if they may go. Then run the teardown again.",
        look=(_IMAGE, "openstack volume list --long"),
    ),
    Entry(
        "stuck-deleting",
        "its deletion has begun and does not end",
        "Status deleting or pending_delete.",
        "The service that stores it hangs or does not run.",
        "See the log of that service; an administrator can reset the state. Then run the teardown again.",
        look=(_VOLUME, _SNAPSHOT, _IMAGE),
        risk="Reset while the service still works on it, it may be deleted halfway.",
    ),
    Entry(
        "snapshot-in-use",
        "something in the storage was made from the snapshot",
        "400 or 409 of Cinder, in its own words.",
        "The storage keeps clones of the snapshot, which need it, or is busy with it.",
        "Delete the volumes that were made from it, if they may go. Then run the teardown again.",
        look=(_SNAPSHOT, "openstack volume list --long"),
    ),
    Entry(
        "delete-ignored",
        "Nova takes the deletion and does not begin it",
        "The deletion was accepted, and task_state stayed empty (disable_terminate).",
        "Somebody has marked the server so that Nova ignores its deletion.",
        "Ask an administrator to clear disable_terminate of it. Then run the teardown again.",
        look=(_SERVER, _HISTORY),
    ),
    Entry(
        "refused",
        "the cloud refuses its deletion",
        "What the cloud answered, in its own words.",
        "No known cause fits.",
        "See to what it says, then run the teardown again.",
        look=(_SERVER, _VOLUME, _SNAPSHOT, _IMAGE),
    ),
    Entry(
        "unknown",
        "it stays, and nothing that was read holds it",
        "Its status.",
        "No known cause fits.",
        "Run the teardown again. If it stays, see what the cloud says of it.",
        look=(_SERVER, _VOLUME, _SNAPSHOT, _IMAGE),
    ),
)
