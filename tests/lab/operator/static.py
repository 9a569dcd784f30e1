# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Static volumes (2.2): PVs that Forklift makes itself, with reclaim policy Retain. Pure."""

from __future__ import annotations

from tests.lab.operator.kinds import Obj, manifest, meta, owner
from tests.lab.operator.objects import Job, tail, vm_labels

OVA_FINALIZER = "forklift/ova-provider"


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


def ova_store(job: Job, provider: str) -> tuple[Obj, Obj]:
    """The NFS share of an OVA migration. The PV's `migration` label is the Migration's NAME
    (F:P/kubevirt.go `nfsPVLabels`), everything else carries the uid."""
    base = f"{provider}-{job.plan_name}"[:190]
    end = tail(job.migration["metadata"]["uid"], base)
    labels = vm_labels(job)
    del labels["vmID"]
    named = {**labels, "migration": job.migration["metadata"]["name"][:63]}
    return static_pair(f"ova-store-pv-{base}-{end}", f"ova-store-pvc-{base}-{end}", job.target,
                       labels=labels, pv_labels=named)  # fmt: skip


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


def server_labels(provider: Obj) -> dict[str, str]:
    uid = provider["metadata"]["uid"]
    return {"app": "forklift", "subapp": "ova-server", "provider": uid}


def server_name(provider: Obj) -> str:
    metadata = provider["metadata"]
    return f"{metadata['name'][:52]}-{tail(metadata['uid'])}".lstrip("-.")


def ova_server(provider: Obj, namespace: str) -> Obj:
    """OVAProviderServer in Forklift's namespace, held by its finalizer."""
    metadata = provider["metadata"]
    reference = {"name": metadata["name"], "namespace": metadata["namespace"]}
    made = manifest("OVAProviderServer", server_name(provider), namespace,
                    labels=server_labels(provider), spec={"provider": reference})  # fmt: skip
    made["metadata"]["finalizers"] = [OVA_FINALIZER]
    return made


def ova_server_parts(server: Obj) -> list[Obj]:
    """PV without owner; PVC, Service and Deployment owned by the server
    (F:pkg/controller/ova/builder.go)."""
    name, namespace = server["metadata"]["name"], server["metadata"]["namespace"]
    labels = meta(server, "labels")
    volume, claim = static_pair(name, name, namespace, labels=labels, pv_labels=labels)
    service = manifest("Service", name, namespace, labels=labels,
                       spec={"selector": labels, "ports": [{"port": 8080}]})  # fmt: skip
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "main", "image": "lab/image"}]},
    }
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    deployment = manifest("Deployment", name, namespace, labels=labels, spec=spec)
    for part in (claim, service, deployment):
        part["metadata"]["ownerReferences"] = [owner(server)]
    return [volume, claim, service, deployment]
