# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why claims, volumes, data volumes and their helpers stay. Rules: forklift.md 3.2 and 4."""

from __future__ import annotations

from ansible_collections.mtv.teardown.plugins.module_utils._cause import Finding, tells
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.causes.model import Stuck, Tells
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, listed
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.volumes import policy
from ansible_collections.mtv.teardown.plugins.module_utils._next_step import let_go

CDI_CONTROLLER = "cdi-deployment"
PVC_PROTECTION = "kubernetes.io/pvc-protection"
PV_PROTECTION = "kubernetes.io/pv-protection"
SNAPSHOT_PROTECTION = "snapshot.storage.kubernetes.io/"
CLONE_FINALIZERS = ("cdi.kubevirt.io/cloneSource", "cdi.kubevirt.io/clonePopulator", "cdi.kubevirt.io/dataVolume")
DRIVER_FINALIZER = "external-provisioner.volume.kubernetes.io/finalizer"


@tells("snapshot-in-progress")
def snapshot_in_progress(stuck: Stuck) -> Finding | None:
    """A VolumeSnapshot being taken holds the claim that it is taken of."""
    if not stuck.is_a("", "PersistentVolumeClaim") or not stuck.held_by(SNAPSHOT_PROTECTION):
        return None
    of = [
        snapshot
        for snapshot in stuck.seen.snapshots
        if snapshot.namespace == stuck.obj.namespace
        and snapshot.spec("source", "persistentVolumeClaimName") == stuck.obj.name
        and not snapshot.status("readyToUse")
    ]
    named = f"VolumeSnapshot {of[0].name}" if of else "a VolumeSnapshot"
    look = f"see the status of {named} and the CSI driver's snapshotter"
    return Finding(f"{named} is still being taken of it", f"{look}; {stuck.let_go(of[0])}" if of else look)


@tells("pod-uses-claim")
def pod_uses_claim(stuck: Stuck) -> Finding | None:
    """pvc-protection waits for every pod that is not finished; a finished one counts until it is gone (MTV-5553)."""
    if not stuck.is_a("", "PersistentVolumeClaim") or not stuck.held_by(PVC_PROTECTION) or not stuck.obj.deleting:
        return None
    pods = [pod for pod in stuck.seen.pods if pod.namespace == stuck.obj.namespace and mounts(pod, stuck.obj.name)]
    if not pods:
        return None
    names = ", ".join(pod.name for pod in pods[:5])
    return Finding(f"used by pod {names}", stuck.let_go(pods[0]))


@tells("clone-in-progress")
def clone_source(stuck: Stuck) -> Finding | None:
    held = stuck.held_by(*CLONE_FINALIZERS)
    if not held:
        return None
    down = f", and {CDI_CONTROLLER} is down" if stuck.seen.is_down(CDI_CONTROLLER) else ""
    return Finding(
        f"CDI is cloning it ({held}){down}",
        "see the DataVolumes that clone it; they end, or have to be deleted",
    )


@tells("cdi-controller-down")
def cdi_down(stuck: Stuck) -> Finding | None:
    if not stuck.seen.is_down(CDI_CONTROLLER) or not stuck.held_by("cdi.kubevirt.io/"):
        return None
    return Finding(
        f"Deployment {CDI_CONTROLLER} has no pod that runs, and only it takes {stuck.held_by('cdi.kubevirt.io/')} off",
        f"bring {CDI_CONTROLLER} up (OpenShift Virtualization), then run the teardown again",
    )


@tells("datavolume-recreates")
def data_volume_recreates(stuck: Stuck) -> Finding | None:
    """A claim deleted under a living DataVolume comes back (3.2)."""
    if not stuck.is_a("", "PersistentVolumeClaim") or stuck.obj.deleting:
        return None
    maker = _living_owner(stuck, "DataVolume")
    if maker is None:
        return None
    return Finding(
        f"DataVolume {maker.name} lives and makes it anew",
        stuck.let_go(maker),
    )


@tells("importer-recreated")
def importer_recreated(stuck: Stuck) -> Finding | None:
    """CDI makes an importer anew while its claim is neither complete nor being deleted (3.2)."""
    if not stuck.is_a("", "Pod") or stuck.obj.labels.get("cdi.kubevirt.io") != "importer" or stuck.obj.deleting:
        return None
    claim = _living_owner(stuck, "PersistentVolumeClaim")
    if claim is None:
        return None
    return Finding(
        f"CDI makes it anew while claim {claim.name} lives",
        stuck.let_go(claim),
    )


@tells("volume-attached")
def volume_attached(stuck: Stuck) -> Finding | None:
    if not stuck.is_a("", "PersistentVolume"):
        return None
    found = next(
        (a for a in stuck.seen.attachments if a.spec("source", "persistentVolumeName") == stuck.obj.name), None
    )
    if found is None:
        return None
    trouble = found.status("detachError", "message") or found.status("attachError", "message") or ""
    return Finding(
        f"VolumeAttachment {found.name} still attaches it to node {found.spec('nodeName')}"
        + (f": {trouble}" if trouble else ""),
        f"see node {found.spec('nodeName')} and CSI driver {found.spec('attacher')}; when the node is off for good, "
        "remove it",
    )


@tells("volume-failed")
def volume_failed(stuck: Stuck) -> Finding | None:
    """The driver could not delete the storage, and says why."""
    if not stuck.is_a("", "PersistentVolume") or stuck.obj.status("phase") != "Failed":
        return None
    return Finding(
        f"its driver could not delete the storage: {stuck.obj.status('message') or 'without a message'}",
        "see to what the driver says; the storage behind it still exists",
    )


@tells("claim-holds-volume")
def volume_in_use(stuck: Stuck) -> Finding | None:
    if not stuck.is_a("", "PersistentVolume") or stuck.obj.status("phase") != "Bound":
        return None
    claim = stuck.obj.spec("claimRef") or {}
    whose = stuck.seen.whose(str(claim.get("uid") or ""), "v1", "PersistentVolumeClaim", claim.get("namespace"))
    return Finding(
        f"claim {claim.get('namespace')}/{claim.get('name')} is still bound to it",
        let_go(whose, f"claim {claim.get('namespace')}/{claim.get('name')}"),
    )


@tells("volume-retained")
def volume_kept(stuck: Stuck) -> Finding | None:
    if not stuck.is_a("", "PersistentVolume") or stuck.obj.deleting:
        return None
    if policy(stuck.obj) != "Retain" or stuck.obj.status("phase") not in ("Released", "Available"):
        return None
    return Finding(
        "its reclaim policy is Retain: nothing but a person or this tool removes it, and the storage stays",
        stuck.run(": it deletes the volume's object; the storage behind it has to be freed on its own"),
    )


@tells("driver-deletes")
def driver_slow(stuck: Stuck) -> Finding | None:
    """Policy Delete: the driver takes the storage away first, then the object goes."""
    if not stuck.is_a("", "PersistentVolume") or policy(stuck.obj) != "Delete":
        return None
    if stuck.obj.status("phase") != "Released" and not stuck.held_by(DRIVER_FINALIZER):
        return None
    driver = stuck.obj.spec("csi", "driver") or stuck.obj.annotations.get("pv.kubernetes.io/provisioned-by") or "?"
    event = stuck.seen.events.get(stuck.obj.uid, "")
    return Finding(
        f"driver {driver} has not deleted the storage behind it yet" + (f": {event}" if event else ""),
        f"see the controller of driver {driver}; the volume goes when the storage is gone",
    )


def mounts(pod: Obj, claim: str) -> bool:
    """Whether the pod mounts this claim of its namespace."""
    return any(
        (volume.get("persistentVolumeClaim") or {}).get("claimName") == claim for volume in listed(pod.spec("volumes"))
    )


def _living_owner(stuck: Stuck, kind: str) -> Obj | None:
    """Its owner of this kind, when that is there and not being deleted."""
    for owner in stuck.obj.owners:
        found = stuck.seen.alive(owner.uid) if owner.kind == kind else None
        if found is not None and not found.deleting:
            return found
    return None


CAUSES: tuple[Tells, ...] = (
    snapshot_in_progress,
    pod_uses_claim,
    clone_source,
    cdi_down,
    data_volume_recreates,
    importer_recreated,
    volume_attached,
    volume_failed,
    volume_in_use,
    volume_kept,
    driver_slow,
)
