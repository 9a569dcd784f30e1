# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left for storage of the cluster: claims, volumes, and what fills them."""

from __future__ import annotations

from ansible_collections.mtv.teardown.plugins.module_utils._report.catalogue.entry import ITS_EVENTS, THE_OBJECT, Entry

_CLAIMS = "kubectl get persistentvolumeclaims --all-namespaces"
_DATA_VOLUMES = "kubectl get datavolumes.cdi.kubevirt.io --all-namespaces"
_DRIVERS = "kubectl get csidrivers"

STORAGE = (
    Entry(
        "snapshot-in-progress",
        "a VolumeSnapshot is still being taken of it",
        "Finalizer snapshot.storage.kubernetes.io/pvc-as-source-protection, and a VolumeSnapshot that is not ready.",
        "The claim stays until its storage has the snapshot.",
        "See the status of the VolumeSnapshot, and the log of the driver's snapshotter. A snapshot that cannot end has "
        "to be deleted by whoever made it.",
        look=(THE_OBJECT, "kubectl get volumesnapshots.snapshot.storage.k8s.io $within"),
    ),
    Entry(
        "pod-uses-claim",
        "a pod uses the claim",
        "Finalizer kubernetes.io/pvc-protection, and pods that mount the claim.",
        "A claim stays while a pod mounts it; a finished pod counts until it is gone, such as that of a conversion "
        "whose Plan was not archived (MTV-5553).",
        "See whose the pod is. The session's goes with the teardown; of another one ask its owner.",
        look=("kubectl get pods $within --output wide", "kubectl get Pod/$pod $within --output yaml"),
    ),
    Entry(
        "clone-in-progress",
        "CDI is cloning it",
        "A finalizer of CDI: cdi.kubevirt.io/cloneSource, clonePopulator or dataVolume.",
        "The source of a clone stays until the clone has ended.",
        "See the DataVolumes that clone it: they end, or have to be deleted by whoever made them.",
        look=(THE_OBJECT, _DATA_VOLUMES),
    ),
    Entry(
        "cdi-controller-down",
        "CDI's controller does not run",
        "Deployment cdi-deployment has no pod that is available, and the object has a finalizer of CDI.",
        "Only this controller takes that finalizer off.",
        "Bring it up (OpenShift Virtualization; often in openshift-cnv). Then run the teardown again.",
        look=("kubectl get deployments --all-namespaces --field-selector metadata.name=cdi-deployment",),
        commands=("kubectl scale --namespace openshift-cnv deployment/cdi-deployment --replicas 1",),
        risk="Once it runs, it goes on with every import and clone of the cluster, those of others too.",
    ),
    Entry(
        "datavolume-recreates",
        "a DataVolume that lives makes it again",
        "Its owner reference to a DataVolume that is there and not being deleted.",
        "CDI makes the claim of a DataVolume anew for as long as that is there.",
        "Delete the DataVolume, if that may go; not its claim.",
        look=(THE_OBJECT, "kubectl get datavolumes.cdi.kubevirt.io $within"),
    ),
    Entry(
        "importer-recreated",
        "CDI makes it again while its claim lives",
        "Label cdi.kubevirt.io=importer, and its owner reference to a claim that is there and not being deleted.",
        "CDI makes the importer anew until its claim is full or is being deleted.",
        "Delete the DataVolume of the claim, if that may go; not its pods.",
        look=(THE_OBJECT, "kubectl get datavolumes.cdi.kubevirt.io,persistentvolumeclaims $within"),
    ),
    Entry(
        "volume-attached",
        "a VolumeAttachment still attaches it to a node",
        "A VolumeAttachment whose source is this volume, with its attachError or detachError.",
        "The volume stays until its driver says that no node has it any more.",
        "See the node and the controller of the CSI driver. When the node is off for good, an administrator removes "
        "the VolumeAttachment.",
        look=("kubectl get volumeattachments", THE_OBJECT, "kubectl get nodes"),
        risk="If the node still runs, two of them may write to the same disk then, and what is on it is lost.",
    ),
    Entry(
        "volume-failed",
        "its driver could not delete the storage",
        "Phase Failed of the PersistentVolume, and its message.",
        "The driver tried, and its storage said no. The message has its words.",
        "See to what the driver says: the storage behind the volume still exists, and has to be freed there. Then run "
        "the teardown again.",
        look=(THE_OBJECT, ITS_EVENTS, _DRIVERS),
    ),
    Entry(
        "claim-holds-volume",
        "a claim is still bound to it",
        "Phase Bound of the PersistentVolume, and its claimRef.",
        "The volume goes when its claim has gone.",
        "See what holds the claim where that is the session's; where it is somebody else's, the volume is in use, and "
        "its owner has to say whether it may go.",
        look=(THE_OBJECT, _CLAIMS),
    ),
    Entry(
        "volume-retained",
        "its reclaim policy is Retain",
        "persistentVolumeReclaimPolicy Retain, and phase Released or Available.",
        "Nobody deletes such a volume by itself, and its storage is not freed with it.",
        "Run the teardown: it deletes the volume's object. The storage behind it has to be freed on its own.",
        look=(THE_OBJECT,),
        risk="Once the object is gone, only the storage itself knows of the data: note the volumeHandle first.",
    ),
    Entry(
        "driver-deletes",
        "its driver has not deleted the storage yet",
        "Reclaim policy Delete, phase Released, and a finalizer of the driver or its newest event.",
        "The storage goes first, then the object. The driver is slow, fails, or does not run.",
        "See the controller of the driver that the reason names; the volume goes when the storage has gone.",
        look=(ITS_EVENTS, THE_OBJECT, _DRIVERS),
        risk="Taking the driver's finalizer off instead lets the object go, and the storage stays: used, paid for, and "
        "known to nobody.",
    ),
)
