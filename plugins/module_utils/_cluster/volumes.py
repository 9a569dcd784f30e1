# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a PersistentVolume of the session may be deleted by hand."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, dig


def may_be_deleted(volume: Obj) -> bool:
    """A volume that its driver keeps (Retain) and whose claim has gone: nobody else will remove it.

    A volume with Delete is its driver's to remove: to delete the object first would lose the storage behind it
    (kubernetes issue 57496), so that one is waited for, and told when it fails. The content of a snapshot likewise;
    whether its snapshot has gone it does not say itself.
    """
    if volume.kind == "VolumeSnapshotContent":
        return policy(volume) == "Retain"
    return policy(volume) == "Retain" and volume.status("phase") in ("Released", "Failed", "Available")


# What has storage behind it, and the field that says what it is bound to. No other group has kinds of these names.
_BOUND_BY = {"PersistentVolume": "claimRef", "VolumeSnapshotContent": "volumeSnapshotRef"}


def bound_to(volume: Obj) -> tuple[str, str, str]:
    """(namespace, name, uid) of the claim of a volume, or of the snapshot of a content; empty for other kinds."""
    field = _BOUND_BY.get(volume.kind, "")
    namespace, name, uid = (str(dig(volume.body, "spec", field, key) or "") for key in ("namespace", "name", "uid"))
    return namespace, name, uid


def bound_uid(volume: Obj) -> str:
    """uid of the claim of a volume, or of the snapshot of a content."""
    return bound_to(volume)[2]


def made_for(volume: Obj, uid: str, claim: Obj | None, started: str) -> str:
    """Why a volume (or the content of a snapshot) was not made for the claim (or snapshot) of this uid that it is bound
    to; empty when it was.

    claim: that one, where it still lives; started: when the session began, empty when nothing tells. What carries the
    claim's uid in its name was made for it (external-provisioner: C(pvc-<uid>), external-snapshotter:
    C(snapcontent-<uid>)); the annotation of who provisioned it says nothing of when or for whom.
    """
    if uid and volume.name in (f"pvc-{uid}", f"snapcontent-{uid}") and _is_provisioned(volume):
        return ""
    if started:
        if not volume.created:
            return "it does not say how old it is"
        return f"older than the session ({volume.created})" if volume.created < started else ""
    if claim is not None and _is_provisioned(volume) and claim.created and volume.created >= claim.created:
        return ""
    return "nothing tells when the session began, nor that it was made for it"


def _is_provisioned(volume: Obj) -> bool:
    """By a driver, on demand: a content from a volume, not from a handle that somebody gave."""
    if volume.kind == "VolumeSnapshotContent":
        return bool(volume.spec("source", "volumeHandle"))
    return bool(volume.annotations.get("pv.kubernetes.io/provisioned-by"))


def policy(volume: Obj) -> str:
    """persistentVolumeReclaimPolicy, or a content's deletionPolicy; the API's default for volumes made by hand is
    Retain."""
    return str(volume.spec("persistentVolumeReclaimPolicy") or volume.spec("deletionPolicy") or "Retain")


def storage_note(obj: Obj) -> str:
    """What deleting this volume's object leaves behind, for the report; empty for everything else."""
    if obj.kind not in _BOUND_BY or policy(obj) != "Retain":
        return ""
    return f"its storage stays, by its reclaim policy Retain: {_storage(obj)}"


# CSI drivers whose volumes lie on a provider that can be asked; their handle is the id of a Cinder volume, of a first
# class disk, of a disk of oVirt.
_DRIVERS = {"cinder.csi.openstack.org": "openstack", "csi.vsphere.vmware.com": "vsphere", "csi.ovirt.org": "ovirt"}


def backend(obj: Obj) -> dict[str, str]:
    """C(type) of the provider and C(handle) of a volume whose storage stays there; empty for everything else."""
    if (obj.group, obj.kind) != ("", "PersistentVolume") or policy(obj) != "Retain":
        return {}
    csi = obj.spec("csi")
    kind = _DRIVERS.get(str(csi.get("driver"))) if isinstance(csi, Mapping) else None
    return {"type": kind, "handle": str(csi.get("volumeHandle") or "")} if kind and isinstance(csi, Mapping) else {}


def _storage(volume: Obj) -> str:
    spec = volume.spec() or {}
    nfs, csi, iscsi = spec.get("nfs"), spec.get("csi"), spec.get("iscsi")
    if volume.kind == "VolumeSnapshotContent":
        return f"{spec.get('driver')} snapshot {volume.status('snapshotHandle') or ''}".strip()
    if isinstance(nfs, Mapping):
        return f"nfs {nfs.get('server')}:{nfs.get('path')}"
    if isinstance(csi, Mapping):
        return f"{csi.get('driver')} volume {csi.get('volumeHandle')}"
    if isinstance(iscsi, Mapping):
        return f"iscsi {iscsi.get('targetPortal')} {iscsi.get('iqn')} lun {iscsi.get('lun')}"
    return "see the volume's source"
