# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a PersistentVolume of the session may be deleted by hand."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.mtv.teardown.plugins.module_utils._session.objects import Obj


def may_be_deleted(volume: Obj) -> bool:
    """A volume that its driver keeps (Retain) and whose claim has gone: nobody else will remove it.

    A volume with Delete is its driver's to remove: to delete the object first would lose the storage behind it
    (kubernetes issue 57496), so that one is waited for, and told when it fails.
    """
    return policy(volume) == "Retain" and volume.status("phase") in ("Released", "Failed", "Available")


def policy(volume: Obj) -> str:
    """persistentVolumeReclaimPolicy; the API's default for volumes made by hand is Retain."""
    return str(volume.spec("persistentVolumeReclaimPolicy") or "Retain")


def storage_note(obj: Obj) -> str:
    """What deleting this volume's object leaves behind, for the report; empty for everything else."""
    if (obj.group, obj.kind) != ("", "PersistentVolume") or policy(obj) != "Retain":
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
    if isinstance(nfs, Mapping):
        return f"nfs {nfs.get('server')}:{nfs.get('path')}"
    if isinstance(csi, Mapping):
        return f"{csi.get('driver')} volume {csi.get('volumeHandle')}"
    if isinstance(iscsi, Mapping):
        return f"iscsi {iscsi.get('targetPortal')} {iscsi.get('iqn')} lun {iscsi.get('lun')}"
    return "see the volume's source"
