# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a migration creates, as manifests (sections 2.1 and 2.2). Pure: nothing here calls out."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass, field

from tests.lab.operator.cdi import pod_spec
from tests.lab.operator.kinds import FORKLIFT, Obj, manifest, meta, owner
from tests.lab.operator.settings import DISKS, ENDS, IMPORT, LUNS, RUNS, Settings

V2V = "isV2V"
DELETE_AFTER = "cdi.kubevirt.io/storage.deleteAfterCompletion"


@dataclass
class Job:
    """One VM of one Migration: what every builder needs to know."""

    plan: Obj
    migration: Obj
    vm: Obj
    source: str
    settings: Settings
    offload: bool = False
    storage_class: str = ""
    claims: list[str] = field(default_factory=list)

    @property
    def plan_name(self) -> str:
        return str(self.plan["metadata"]["name"])

    @property
    def plan_namespace(self) -> str:
        return str(self.plan["metadata"]["namespace"])

    @property
    def target(self) -> str:
        return str(self.plan["spec"]["targetNamespace"])

    @property
    def warm(self) -> bool:
        return bool(self.plan["spec"].get("warm") or self.plan["spec"].get("type") == "warm")

    @property
    def disks(self) -> int:
        return int(meta(self.plan, "annotations").get(DISKS, "1"))

    @property
    def luns(self) -> list[str]:
        """Direct LUNs of this VM: the plan's annotation `<vm id>=<disk id>,…`."""
        pairs = meta(self.plan, "annotations").get(LUNS, "").split(",")
        return [pair.split("=")[1] for pair in pairs if pair.startswith(f"{self.vm['id']}=")]

    @property
    def populator(self) -> str | None:
        """The populator kind, or None where CDI copies the disks (2.2)."""
        if self.source == "openstack":
            return "OpenstackVolumePopulator"
        if self.source == "ovirt" and not self.warm:
            return "OvirtVolumePopulator"
        return "VSphereXcopyVolumePopulator" if self.offload else None

    @property
    def converts(self) -> bool:
        """virt-v2v runs for sources with a foreign guest."""
        return self.source in ("vsphere", "ova", "hyperv")


def tail(*parts: str) -> str:
    """Five characters in place of a random suffix: the same every time, so that a repeated step
    finds what it made before."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:5]


def generated(job: Job, base: str, role: str = "") -> str:
    """generateName as the API server does it: the base is cut to 58 characters."""
    seed = tail(job.migration["metadata"]["uid"], job.vm["id"], base, role)
    return f"{base[:58]}{seed}"


def dns1123(name: str) -> str:
    """A VM name that Kubernetes accepts (F:P/util/utils.go)."""
    return re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-")[:63].strip("-") or "vm"


def vm_labels(job: Job, *, populator: bool = False) -> dict[str, str]:
    """`vmLabels()` (F:P/kubevirt.go:3968); populator objects have no plan label before 2.11 (#6945) and never names."""
    labels = {"migration": job.migration["metadata"]["uid"], "vmID": job.vm["id"]}
    if not populator and job.settings.release >= (2, 10):
        labels["resource"] = "vm-config"
    if not populator or job.settings.release >= (2, 11):
        labels["plan"] = job.plan["metadata"]["uid"]
    if not populator and job.settings.release >= (2, 12):
        labels["plan-name"] = job.plan_name
        labels["plan-namespace"] = job.plan_namespace
    return labels


def _base(job: Job) -> str:
    return f"{job.plan_name}-{job.vm['id']}-"


def secret(job: Job, kind: str = "") -> Obj:
    """One for the disks, one for virt-v2v (F:P/kubevirt.go:1249 `ensureV2vSecret`)."""
    kind = kind or ("isPopulator" if job.populator else "isDV")
    labels = {**vm_labels(job), kind: "true"}
    name = generated(job, _base(job), "v2v secret" if kind == V2V else "")
    return manifest("Secret", name, job.target, labels=labels, stringData={"user": "lab"})


def disk_secret(job: Job, index: int, pvc: Obj) -> Obj:
    """xcopy: one per disk, owned by its PVC, without the plan's name."""
    labels = vm_labels(job, populator=True)
    name = f"{generated(job, _base(job))}-{index}"
    owners = [owner(pvc, controller=False)]
    return manifest("Secret", name, job.target, labels=labels, owners=owners,
                    stringData={"user": "lab"})  # fmt: skip


def config_map(job: Job) -> Obj:
    labels = {**vm_labels(job), "resource": "vm-config"}
    return manifest("ConfigMap", generated(job, _base(job)), job.target, labels=labels,
                    data={"input.xml": "<domain/>"})  # fmt: skip


def plan_config_maps(job: Job) -> list[Obj]:
    """The vddk-conf has labels, the other two have none: found by name only."""
    labels = {**vm_labels(job), "resource": "vddk-config"}
    del labels["vmID"]
    conf = manifest("ConfigMap", f"{job.plan_name[:46]}-vddk-conf-{tail(job.plan_name)}",
                    job.target, labels=labels, data={"vddk-config-file": ""})  # fmt: skip
    plain = [
        manifest("ConfigMap", f"{job.plan_name}-{name}", job.target, data={"config": ""})
        for name in ("extra-v2v-conf", "customization-scripts")
    ]
    return [conf, *plain]


def data_volume(job: Job, index: int, fate: str) -> Obj:
    """generateName `<plan>-<vmID>-`; kept after completion (2.2)."""
    spec: Obj = {
        "source": {"vddk": {"uuid": job.vm["id"], "backingFile": f"[lab] disk-{index}.vmdk"}},
        "storage": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Mi"}},
            "storageClassName": job.storage_class or job.settings.storage_class,
        },
    }
    if job.source != "vsphere":
        spec["source"] = {"http": {"url": f"http://lab.invalid/disk-{index}"}}
    if job.warm:
        spec["checkpoints"] = [{"current": f"snapshot-{index + 1}", "previous": ""}]
        spec["finalCheckpoint"] = fate == "succeeded"
    annotations = {DELETE_AFTER: "false", IMPORT: fate}
    return manifest("DataVolume", generated(job, _base(job), str(index)), job.target,
                    labels=vm_labels(job), annotations=annotations, spec=spec)  # fmt: skip


def image_of(job: Job, index: int) -> str:
    """The id of a source image or disk attachment: the same on every call."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{job.vm['id']}/{index}"))


def populated_name(job: Job, index: int) -> str:
    """Names that may hold no session prefix: ids, or the plan's template."""
    if job.offload:
        template = job.plan["spec"].get("pvcNameTemplate")
        source = dns1123(job.vm["name"])[:4].strip("-")
        short = f"{job.plan_name[:4]}-{source}-disk-{index}"
        return generated(job, f"{template or short}-", str(index))
    return generated(job, f"{image_of(job, index)}-", str(index))


def populated_claim(job: Job, index: int, fate: str) -> Obj:
    """A PVC with a populator: no owner until the VM is made."""
    labels = vm_labels(job, populator=True)
    labels["vmdkKey" if job.offload else "imageID"] = str(2000 + index) if job.offload else image_of(job, index)
    source = {"apiGroup": FORKLIFT, "kind": job.populator, "name": populator_name(job, index)}
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Mi"}},
        "storageClassName": job.settings.storage_class,
        "dataSourceRef": source,
    }
    return manifest("PersistentVolumeClaim", populated_name(job, index), job.target,
                    labels=labels, annotations={IMPORT: fate}, spec=spec)  # fmt: skip


def populator_name(job: Job, index: int) -> str:
    if job.source == "openstack":
        image = f"forklift-migration-vm-{job.vm['id']}"
        if index:
            image += f"-volume-{image_of(job, index)}"
        return f"{image[:100]}-{tail(image, job.migration['metadata']['uid'])}"
    return populated_name(job, index)


def populator(job: Job, index: int, secret_name: str, pvc: Obj | None = None) -> Obj:
    """The populator CR; only xcopy's has an owner from the start."""
    specs: dict[str, Obj] = {
        "OpenstackVolumePopulator": {
            "identityUrl": "https://lab.invalid:5000/v3",
            "imageId": image_of(job, index),
            "secretName": secret_name,
        },
        "OvirtVolumePopulator": {
            "diskId": image_of(job, index),
            "engineSecretName": secret_name,
            "engineUrl": "https://lab.invalid",
        },
        "VSphereXcopyVolumePopulator": {
            "vmId": job.vm["id"],
            "vmdkPath": f"[lab] disk-{index}.vmdk",
            "storageVendorProduct": "ontap",
            "secretName": secret_name,
        },
    }
    kind = str(job.populator)
    owners = [owner(pvc, controller=False)] if pvc is not None else None
    return manifest(kind, populator_name(job, index), job.target, owners=owners,
                    labels=vm_labels(job, populator=True), spec=specs[kind])  # fmt: skip


def populator_rbac(job: Job) -> list[Obj]:
    """Forklift's shared RBAC, and the Secret in which the populators of all teams keep tokens of storage arrays (F:P/
    adapter/vsphere/builder.go:2495): never deleted by Forklift (2.2)."""
    account = {"kind": "ServiceAccount", "name": "populator", "namespace": job.target}
    shared = job.settings.forklift_namespace
    rule = {"apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": ["get", "list"]}
    made = [manifest("ServiceAccount", "populator", job.target), storage_array(shared)]
    places = (("populator-pvc-reader", job.target), ("populator-lease-reader", shared))
    for name, namespace in places:
        made.append(manifest("Role", name, namespace, rules=[rule]))
        made.append(_binding("Role", name, namespace, account))
    rule = {"apiGroups": [""], "resources": ["persistentvolumes"], "verbs": ["get", "list"]}
    made.append(manifest("ClusterRole", "populator-pv-reader", rules=[rule]))
    made.append(_binding("ClusterRole", "populator-pv-reader", None, account))
    return made


def storage_array(namespace: str) -> Obj:
    return manifest("Secret", "storage-array-secret", namespace)


def _binding(role: str, name: str, namespace: str | None, account: Obj) -> Obj:
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": role, "name": name}
    return manifest(f"{role}Binding", f"{name}-binding", namespace, roleRef=reference,
                    subjects=[account])  # fmt: skip


def conversion(job: Job, secret_name: str) -> Obj:
    """2.12+: in the Plan's namespace, no owner. Its labels and annotations become the pod's (F:P/kubevirt.go:374)."""
    pod = conversion_pod(job)["metadata"]
    spec = {
        "type": "Remote",
        "vm": {"id": job.vm["id"], "name": job.vm.get("name", "")},
        "disks": [{"name": name, "namespace": job.target} for name in job.claims],
        "connection": {"secret": {"name": secret_name, "namespace": job.target}},
        "targetNamespace": job.target,
        "podSettings": {"generateName": _base(job)},
    }
    return manifest("Conversion", generated(job, _base(job), "conversion"), job.plan_namespace,
                    labels={**pod["labels"], "conversion-type": "Remote"}, annotations=pod["annotations"],
                    spec=spec)  # fmt: skip


def conversion_pod(job: Job) -> Obj:
    """virt-v2v, without an owner, kept after it succeeded. Since 2.12 the Conversion controller makes it."""
    labels = {**vm_labels(job), "forklift.app": "virt-v2v"}
    annotations = {ENDS: "Succeeded", RUNS: str(job.settings.delay(job.plan, "conversion"))}
    return manifest("Pod", generated(job, _base(job), "v2v"), job.target, labels=labels,
                    annotations=annotations, spec=pod_spec(job.claims))  # fmt: skip


def job_spec() -> Obj:
    return {"backoffLimit": 0, "template": {"spec": pod_spec([])}}


def hook_job(job: Job, step: str) -> Obj:
    """In the Plan's namespace, owned by the Plan (F:P/hook.go)."""
    labels = {**vm_labels(job), "resource": "hook-config"}
    name = generated(job, f"{_base(job)[:48]}{step.lower()}-")
    return manifest("Job", name, job.plan_namespace, labels=labels,
                    owners=[owner(job.plan, controller=False, block=False)],
                    spec=job_spec())  # fmt: skip


def hook_config(job: Job, made: Obj) -> Obj:
    labels = {**vm_labels(job), "resource": "hook-config"}
    return manifest("ConfigMap", made["metadata"]["name"], job.plan_namespace, labels=labels,
                    owners=[owner(made, controller=False, block=False)],
                    data={"playbook.yml": ""})  # fmt: skip


def vddk_job(plan: Obj) -> Obj:
    """Made at plan validation: there although no Migration ever ran."""
    name = f"vddk-validator-{plan['metadata']['name'][:43]}{tail(plan['metadata']['uid'])}"
    labels = {"plan": plan["metadata"]["uid"], "vddk": hashlib.sha256(b"vddk").hexdigest()[:32]}
    return manifest("Job", name, plan["spec"]["targetNamespace"], labels=labels,
                    spec=job_spec())  # fmt: skip


def virtual_machine(job: Job, name: str) -> Obj:
    running = job.plan["spec"].get("targetPowerState") == "on"
    volumes = [
        {"name": f"vol-{number}", "persistentVolumeClaim": {"claimName": claim}}
        for number, claim in enumerate(job.claims)
    ]
    disks = [{"name": volume["name"], "disk": {"bus": "virtio"}} for volume in volumes]
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"domain": {"devices": {"disks": disks}}, "volumes": volumes},
    }
    return manifest("VirtualMachine", name, job.target, labels=vm_labels(job), spec={
        "runStrategy": "Always" if running else "Halted", "template": template})  # fmt: skip
