# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why objects on OpenStack stay. Rules: providers.md 5.3.

What is told from: C(status), C(task_state), C(locked), C(fault), C(host), C(servers) and C(snapshots) of the object as
it was last read; C(asked) when its deletion was accepted, C(begun) when it was seen under way, C(code) and C(error)
when it was refused.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cause import UNKNOWN, Cause, Finding, Tell, first, tells
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote

_AGAIN = "then run the teardown again"


def _fact(one: Remote, name: str) -> Any:
    return one.facts.get(name) or ""


def _wanted(one: Remote) -> tuple[str, str, str]:
    """What was asked for: to delete it, or to start or stop it."""
    switched = ("starts and stops", "start and stop", "started or stopped")
    return switched if one.facts.get("switched") else ("deletes", "delete", "deleted")


def _is_refused(one: Remote, *codes: int) -> bool:
    return one.facts.get("code") in codes


def is_deleting(one: Remote) -> bool:
    """Nova clears task_state a moment before the server is off its lists, which then say DELETED."""
    return "deleting" in str(_fact(one, "task_state")).lower() or _fact(one, "status") == "DELETED"


@tells("server-locked")
def locked(one: Remote) -> Finding | None:
    if one.kind != "Server" or not one.facts.get("locked"):
        return None
    return Finding(
        f"Server {one.name} is locked: Nova {_wanted(one)[0]} it for nobody but an administrator",
        f"if nobody keeps it on purpose, openstack server unlock {one.id}, {_AGAIN}",
    )


@tells("image-protected")
def protected(one: Remote) -> Finding | None:
    if one.kind != "Image" or not one.facts.get("protected"):
        return None
    return Finding(
        f"Image {one.name} is protected",
        f"if nobody keeps it on purpose, openstack image set --unprotected {one.id}, {_AGAIN}",
    )


@tells("forbidden")
def forbidden(one: Remote) -> Finding | None:
    if not _is_refused(one, 401, 403):
        return None
    return Finding(
        f"this user may not {_wanted(one)[1]} {one.kind} {one.name}: {_fact(one, 'error')}",
        f"give the user the role member in the project, or {_wanted(one)[1]} {one.kind} {one.id} as somebody who may",
    )


@tells("server-soft-deleted")
def soft_deleted(one: Remote) -> Finding | None:
    if _fact(one, "status") != "SOFT_DELETED":
        return None
    return Finding(
        f"Server {one.name} is in the bin of Nova (reclaim_instance_interval), and is not ended before its time",
        f"wait until Nova reclaims it, or nova force-delete {one.id}, {_AGAIN}",
    )


@tells("delete-ignored")
def ignored(one: Remote) -> Finding | None:
    """disable_terminate: 204, and nothing happens (nova/compute/api.py: _delete)."""
    if one.kind != "Server" or not one.facts.get("asked") or one.facts.get("begun"):
        return None
    return Finding(
        f"Nova accepts the deletion of Server {one.name} and does not begin it (disable_terminate)",
        f"ask an administrator to clear disable_terminate of {one.id}, {_AGAIN}",
    )


@tells("server-stuck-deleting")
def stuck_deleting(one: Remote) -> Finding | None:
    """A second delete is ignored while the host is up (providers.md 3.2)."""
    if one.kind != "Server" or not is_deleting(one):
        return None
    where = f" on {one.facts['host']}" if one.facts.get("host") else ""
    fault = f"; its fault: {one.facts['fault']}" if one.facts.get("fault") else ""
    return Finding(
        f"Server {one.name} (made {one.created or 'at a time not told'}) has begun to be deleted{where} and does not "
        f"end{fault}",
        f"see whether nova-compute{where} runs; an administrator can reset it with openstack server set --state error "
        f"{one.id}, {_AGAIN}",
    )


@tells("server-delete-failed")
def delete_failed(one: Remote) -> Finding | None:
    if one.kind != "Server" or not one.facts.get("begun") or _fact(one, "status") != "ERROR":
        return None
    return Finding(
        f"Nova has tried to delete Server {one.name} twice and failed: {_fact(one, 'fault') or 'it does not say why'}",
        f"see the log of nova-compute on its host, {_AGAIN}",
    )


@tells("error-deleting")
def error_deleting(one: Remote) -> Finding | None:
    if _fact(one, "status") != "error_deleting":
        return None
    return Finding(
        f"the storage could not delete {one.kind} {one.name}, which is error_deleting now",
        f"see the log of cinder-volume; an administrator resets it (openstack {one.kind.lower()} set --state error "
        f"{one.id}), {_AGAIN}",
    )


@tells("volume-has-snapshots")
def has_snapshots(one: Remote) -> Finding | None:
    left = one.facts.get("snapshots")
    if one.kind != "Volume" or not left:
        return None
    return Finding(
        f"Volume {one.name or one.id} has snapshots that stay: {', '.join(left)}",
        f"see whose they are; when they are gone, {_AGAIN.removeprefix('then ')}",
    )


@tells("volume-in-use")
def in_use(one: Remote) -> Finding | None:
    servers = ", ".join(one.facts.get("servers") or ())
    if one.kind != "Volume" or not (
        servers or _fact(one, "status") in ("in-use", "detaching", "reserved", "attaching")
    ):
        return None
    return Finding(
        f"Volume {one.name or one.id} is {_fact(one, 'status')}" + (f" by Server {servers}" if servers else ""),
        f"delete that server or detach the volume, {_AGAIN}",
    )


# Of Cinder (cinder/objects/fields.py, VolumeStatus): what it is at, and what a person can do about it.
_BUSY = {
    "awaiting-transfer": (
        "is offered to another project",
        "see who wants it; openstack volume transfer request delete takes the offer back",
    ),
    "maintenance": (
        "is in maintenance: its storage is being worked on, or it was migrated halfway",
        "ask the operator of the storage",
    ),
    "backing-up": ("is being backed up", "wait for the backup to end, or delete it"),
    "restoring-backup": ("is being restored from a backup", "wait for that to end"),
    "uploading": ("is being uploaded into an image", "wait for the upload to end"),
    "downloading": ("is being filled from an image", "wait for that to end"),
    "creating": ("is still being made", "wait for that to end"),
    "managing": ("is just being taken into Cinder", "wait for that to end"),
    "unmanaging": ("is just being taken out of Cinder", "wait for that to end"),
    "extending": ("is being extended", "wait for that to end"),
    "retyping": ("is being moved to another volume type", "wait for that to end"),
    "migrating": ("is being moved to another storage", "wait for that to end"),
    "reverting": ("is being reverted to a snapshot", "wait for that to end"),
    "error_backing-up": ("failed in a backup", "an administrator resets it (openstack volume set --state available)"),
    "error_managing_deleting": (
        "failed while Cinder took it in",
        "an administrator resets it (openstack volume set --state error)",
    ),
}
_BUSY_SNAPSHOT = {
    "creating": _BUSY["creating"],
    "backing-up": _BUSY["backing-up"],
    "restoring": ("is what its volume is being reverted to", "wait for that to end"),
    "unmanaging": _BUSY["unmanaging"],
}


@tells("busy")
def busy(one: Remote) -> Finding | None:
    """Cinder takes no deletion in these states (cinder/volume/api.py: delete, delete_snapshot)."""
    status = str(_fact(one, "status"))
    told = {"Volume": _BUSY, "Snapshot": _BUSY_SNAPSHOT}.get(one.kind, {}).get(status)
    if told is None:
        return None
    return Finding(f"{one.kind} {one.name or one.id} is {status}: it {told[0]}", f"{told[1]}, {_AGAIN}")


@tells("image-in-use")
def image_in_use(one: Remote) -> Finding | None:
    if one.kind != "Image" or not _is_refused(one, 409):
        return None
    return Finding(
        f"something is made from Image {one.name} in the storage: {_fact(one, 'error')}",
        f"delete the volumes and servers that were made from it, {_AGAIN}",
    )


@tells("snapshot-in-use")
def snapshot_in_use(one: Remote) -> Finding | None:
    if one.kind != "Snapshot" or not _is_refused(one, 400, 409):
        return None
    return Finding(
        f"Snapshot {one.name} is {_fact(one, 'status')}: {_fact(one, 'error')}",
        f"delete the volumes that were made from it, {_AGAIN}",
    )


@tells("stuck-deleting")
def still_deleting(one: Remote) -> Finding | None:
    if _fact(one, "status") not in ("deleting", "pending_delete"):
        return None
    return Finding(
        f"{one.kind} {one.name or one.id} has begun to be deleted and does not end",
        f"see the log of the service that stores it; an administrator can reset its state, {_AGAIN}",
    )


@tells("refused")
def refused(one: Remote) -> Finding | None:
    if not one.facts.get("error"):
        return None
    return Finding(
        f"{one.kind} {one.name or one.id} is not {_wanted(one)[2]}: {_fact(one, 'error')}",
        f"see what the cloud says of {one.id}, {_AGAIN}",
    )


# In the order of trust: what a person has set, what the cloud says of its state, what it answered.
CAUSES: tuple[Tell[Remote], ...] = (
    locked,
    protected,
    forbidden,
    soft_deleted,
    error_deleting,
    stuck_deleting,
    delete_failed,
    has_snapshots,
    busy,
    in_use,
    image_in_use,
    still_deleting,
    snapshot_in_use,
    ignored,
    refused,
)


def why(one: Remote) -> Cause:
    known = first(CAUSES, one)
    if known is not None:
        return known
    state = _fact(one, "status") or "in a state that is not told"
    return Cause(
        UNKNOWN,
        f"{one.kind} {one.name or one.id} is {state}, and nothing is known to hold it",
        f"run the teardown again; if it stays, see what the cloud says of {one.id}",
    )
