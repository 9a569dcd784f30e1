# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Static volumes (2.2): PVs that Forklift makes itself, with reclaim policy Retain. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from tests.lab.operator.kinds import Obj, manifest, meta, owner
from tests.lab.operator.objects import Job, tail, vm_labels


@dataclass(frozen=True)
class Share:
    """A type of provider whose disks are files on a share: its server, and what a plan mounts of it."""

    resource: str
    finalizer: str
    server: str  # value of `subapp`, and the label that holds the server's uid
    volume: str
    claim: str
    label: str  # its values end in -pv and -pvc
    kind: str

    def source(self, volume: Obj) -> Obj:
        """The volume, on this kind of share: NFS, or SMB by its CSI driver."""
        if self.kind == "smb":
            del volume["spec"]["nfs"]
            handle = volume["metadata"]["name"]
            volume["spec"]["csi"] = {"driver": "smb.csi.k8s.io", "volumeHandle": handle,
                                     "volumeAttributes": {"source": "//smb.lab.invalid/share"}}  # fmt: skip
        return volume


SHARES = {
    "ova": Share("OVAProviderServer", "forklift/ova-provider", "ova-server", "ova-store-pv", "ova-store-pvc",
                 "ova", "nfs"),
    "hyperv": Share("HyperVProviderServer", "forklift/hyperv-provider", "hyperv-server", "hyperv-store-pv",
                    "hyperv-pvc", "hyperv", "smb"),
}  # fmt: skip


def static_pair(
    volume: str, claim: str, namespace: str, *, labels: dict[str, str], pv_labels: dict[str, str]
) -> tuple[Obj, Obj]:
    """A PV bound in advance by claimRef, and its PVC."""
    size = {"storage": "1Mi"}
    modes = ["ReadWriteMany"]
    pv_spec = {
        "capacity": size,
        "accessModes": modes,
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": "",
        "claimRef": {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "namespace": namespace,
            "name": claim,
        },
        "nfs": {"server": "nfs.lab.invalid", "path": "/ova"},
    }
    pvc_spec = {
        "accessModes": modes,
        "resources": {"requests": size},
        "storageClassName": "",
        "volumeName": volume,
    }
    return (
        manifest("PersistentVolume", volume, labels=pv_labels, spec=pv_spec),
        manifest("PersistentVolumeClaim", claim, namespace, labels=labels, spec=pvc_spec),
    )


def store(job: Job, provider: str) -> tuple[Obj, Obj]:
    """The share of one VM of an OVA or Hyper-V migration (F:P/kubevirt.go:4433, :4560). The PV's `migration` label is
    the Migration's NAME, everything else carries the uid."""
    share = SHARES[job.source]
    base = f"{provider}-{job.plan_name}"[:180]
    end = tail(job.migration["metadata"]["uid"], job.vm["id"], base)
    mine = vm_labels(job)
    mine.pop("resource", None)
    labels = {**mine, "provider": provider, "app": "forklift"}
    named = {"migration": job.migration["metadata"]["name"][:63], share.label: f"{share.kind}-pv"}
    volume, claim = static_pair(f"{share.volume}-{base}-{end}", f"{share.claim}-{base}-{end}", job.target,
                                labels={**labels, share.label: f"{share.kind}-pvc"},
                                pv_labels={**labels, **named})  # fmt: skip
    return share.source(volume), claim


def is_disk(pvc: Obj) -> bool:
    """Whether a claim with the labels of a VM is one of its disks (F:P/kubevirt.go:2076 `getPVCs`)."""
    return meta(pvc, "labels").get("app") != "forklift"


def lun_pair(job: Job, disk: str) -> tuple[Obj, Obj]:
    """A direct LUN of oVirt: both named by the disk id (F:P/adapter/ovirt/builder.go)."""
    labels = {**vm_labels(job, populator=True), "volume": disk}
    volume, claim = static_pair(disk, disk, job.target, labels=labels, pv_labels=labels)
    del volume["spec"]["nfs"]
    volume["spec"]["iscsi"] = {
        "targetPortal": "10.0.0.1:3260",
        "iqn": "iqn.2026-01.invalid.lab:disk",
        "lun": 1,
    }
    return volume, claim


def server(provider: Obj, namespace: str) -> Obj:
    """OVAProviderServer or HyperVProviderServer in Forklift's namespace, held by its finalizer."""
    metadata = provider["metadata"]
    share = SHARES[provider["spec"]["type"]]
    labels = {"app": "forklift", "subapp": share.server, "provider": metadata["uid"]}
    reference = {"name": metadata["name"], "namespace": metadata["namespace"]}
    made = manifest(share.resource, f"{metadata['name'][:52]}-{tail(metadata['uid'])}".lstrip("-."), namespace,
                    labels=labels, spec={"provider": reference})  # fmt: skip
    made["metadata"]["finalizers"] = [share.finalizer]
    return made


def part_labels(made: Obj, share: Share) -> dict[str, str]:
    """By these the parts of a server are found (F:pkg/controller/ova/builder.go:64): its own uid is among them."""
    uid = meta(made, "labels").get("provider", "")
    return {"app": "forklift", "subapp": share.server, "provider": uid, share.server: made["metadata"]["uid"]}


def server_parts(made: Obj, share: Share) -> list[Obj]:
    """PV without owner; PVC, Service and Deployment owned by the server (F:pkg/controller/ova/{builder,ensurer}.go, and
    hyperv's). Each has a random suffix of its own."""
    namespace, uid = made["metadata"]["namespace"], made["metadata"]["uid"]
    base = made["metadata"]["name"].rpartition("-")[0]
    labels = part_labels(made, share)

    def name(part: str) -> str:
        return f"{base}-{tail(uid, part)}"

    volume, claim = static_pair(name("volume"), name("claim"), namespace, labels=labels, pv_labels=labels)
    service = manifest("Service", name("service"), namespace, labels=labels,
                       spec={"selector": labels, "ports": [{"port": 8080}]})  # fmt: skip
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "main", "image": "lab/image"}]},
    }
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    deployment = manifest("Deployment", name("deployment"), namespace, labels=labels, spec=spec)
    for part in (claim, service, deployment):
        part["metadata"]["ownerReferences"] = [owner(made)]
    return [share.source(volume), claim, service, deployment]
