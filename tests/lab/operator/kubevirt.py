# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""KubeVirt: VirtualMachine, VirtualMachineInstance and virt-launcher, with the order in which
their finalizers go (K: pkg/virt-controller/watch, section 4)."""

from __future__ import annotations

import hashlib

from tests.lab.operator.cdi import pod_spec
from tests.lab.operator.engine import Engine, Key
from tests.lab.operator.kinds import Obj, deleting, manifest, meta, owner
from tests.lab.operator.pods import LAUNCHER
from tests.lab.operator.settings import KUBEVIRT

VM_FINALIZER = "kubevirt.io/virtualMachineControllerFinalize"
VMI_FINALIZER = "kubevirt.io/foregroundDeleteVirtualMachine"
_GRACE = 30 + 15 + 15  # the VMI's default and twice 15 s for the launcher (services/template.go)


def wants_to_run(vm: Obj) -> bool:
    spec = vm["spec"]
    return bool(spec.get("running")) or spec.get("runStrategy") in ("Always", "RerunOnFailure")


def instance(vm: Obj) -> Obj:
    """The VMI of a VM: same name, both finalizers from the start."""
    template = vm["spec"]["template"]
    made = manifest(
        "VirtualMachineInstance",
        vm["metadata"]["name"],
        vm["metadata"]["namespace"],
        labels=(template.get("metadata") or {}).get("labels"),
        annotations=(template.get("metadata") or {}).get("annotations"),
        owners=[owner(vm)],
        spec=template["spec"],
    )
    made["metadata"]["finalizers"] = [VM_FINALIZER, VMI_FINALIZER]
    return made


def revision(vm: Obj) -> Obj:
    """The record of what was started (vm.go `createVMRevision`)."""
    return manifest(
        "ControllerRevision",
        f"revision-start-vm-{vm['metadata']['uid']}-1",
        vm["metadata"]["namespace"],
        owners=[owner(vm)],
        data={"spec": {"runStrategy": vm["spec"].get("runStrategy", "Always")}},
        revision=1,
    )


def claims_of(spec: Obj) -> list[str]:
    """The PVCs behind a VM's volumes; a DataVolume's PVC has its name."""
    names = []
    for volume in spec.get("volumes") or []:
        names.append((volume.get("persistentVolumeClaim") or {}).get("claimName"))
        names.append((volume.get("dataVolume") or {}).get("name"))
    return [name for name in names if name]


def launcher(vmi: Obj) -> Obj:
    """The pod that holds the guest: `virt-launcher-<vmi>-xxxxx`."""
    metadata = vmi["metadata"]
    tail = hashlib.sha256(metadata["uid"].encode()).hexdigest()[:5]
    labels = {**meta(vmi, "labels"), "kubevirt.io": LAUNCHER}
    labels["kubevirt.io/created-by"] = metadata["uid"]
    labels["vm.kubevirt.io/name"] = metadata["name"][:63]
    return manifest(
        "Pod",
        f"{LAUNCHER}-{metadata['name'][:40]}-{tail}",
        metadata["namespace"],
        labels=labels,
        annotations=meta(vmi, "annotations"),
        owners=[owner(vmi)],
        spec=pod_spec(claims_of(vmi["spec"]), _GRACE),
    )


class KubeVirt:
    """virt-controller's part."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        engine.controller("VirtualMachine", self.reconcile_vm, runs_in=KUBEVIRT)
        engine.controller("VirtualMachineInstance", self.reconcile_vmi, runs_in=KUBEVIRT)
        engine.watch("VirtualMachineInstance", _vm_of_instance)
        engine.watch("Pod", _instance_of_pod)

    async def reconcile_vm(self, key: Key, vm: Obj | None) -> float | None:
        if vm is None:
            return None
        vmi = self.engine.store.get("VirtualMachineInstance", key[1], key[2])
        if deleting(vm):
            return await self._end_vm(vm, vmi)
        if VM_FINALIZER not in (vm["metadata"].get("finalizers") or []):
            # vm.go `addVMFinalizer` (kubevirt#8937), in the first sync.
            held = [*(vm["metadata"].get("finalizers") or []), VM_FINALIZER]
            await self.engine.api.patch(vm, {"metadata": {"finalizers": held}})
            return None
        await self._templates(vm)
        if wants_to_run(vm) and vmi is None:
            await self.engine.api.ensure(revision(vm))
            await self.engine.api.ensure(instance(vm))
        elif not wants_to_run(vm) and vmi is not None and not deleting(vmi):
            await self.engine.api.delete(vmi)
        await self._report(vm, vmi)
        return None

    async def _templates(self, vm: Obj) -> None:
        """dataVolumeTemplates: the VM is their controller owner (util.go)."""
        for template in vm["spec"].get("dataVolumeTemplates") or []:
            name, namespace = template["metadata"]["name"], vm["metadata"]["namespace"]
            if self.engine.store.get("DataVolume", namespace, name) is None:
                made = manifest(
                    "DataVolume",
                    name,
                    namespace,
                    annotations=meta(template, "annotations"),
                    owners=[owner(vm)],
                    spec=template["spec"],
                )
                await self.engine.api.ensure(made)

    async def _report(self, vm: Obj, vmi: Obj | None) -> None:
        phase = (vmi or {}).get("status", {}).get("phase")
        printable = "Stopped" if vmi is None else "Starting"
        if phase == "Running":
            printable = "Running"
        if vm.get("status", {}).get("printableStatus") != printable:
            ready = printable == "Running"
            change = {"printableStatus": printable, "ready": ready, "created": vmi is not None}
            await self.engine.api.patch(vm, {"status": change}, "status")

    async def _end_vm(self, vm: Obj, vmi: Obj | None) -> float | None:
        """Delete the VMI first; the VM's finalizer goes when no VMI is left."""
        if vmi is not None:
            if not deleting(vmi):
                await self.engine.api.delete(vmi)
            return None
        await self._release(vm, VM_FINALIZER)
        return None

    async def reconcile_vmi(self, _key: Key, vmi: Obj | None) -> float | None:
        if vmi is None:
            return None
        pods = self.engine.store.owned(vmi["metadata"]["uid"], "Pod")
        if deleting(vmi):
            return await self._end_vmi(vmi, pods)
        if not pods:
            await self.engine.api.ensure(launcher(vmi))
            return None
        phase = {"Running": "Running", "Failed": "Failed"}.get(pods[0].get("status", {}).get("phase", ""), "Scheduling")
        if vmi.get("status", {}).get("phase") != phase:
            change = {"phase": phase, "nodeName": self.engine.settings.node}
            # No status subresource on VMI (1): a plain patch.
            await self.engine.api.patch(vmi, {"status": change})
        return None

    async def _end_vmi(self, vmi: Obj, pods: list[Obj]) -> float | None:
        """Held until no pod owned by it is left (vmi/lifecycle.go)."""
        for pod in pods:
            if not deleting(pod):
                await self.engine.api.delete(pod)
        if not pods:
            await self._release(vmi, VM_FINALIZER, VMI_FINALIZER)
        return None

    async def _release(self, obj: Obj, *finalizers: str) -> None:
        held = obj["metadata"].get("finalizers") or []
        left = [name for name in held if name not in finalizers]
        if left != held:
            await self.engine.api.patch(obj, {"metadata": {"finalizers": left or None}})


def _vm_of_instance(vmi: Obj) -> list[Key]:
    metadata = vmi["metadata"]
    return [("VirtualMachine", metadata["namespace"], metadata["name"])]


def _instance_of_pod(pod: Obj) -> list[Key]:
    namespace = pod["metadata"]["namespace"]
    return [
        ("VirtualMachineInstance", namespace, entry["name"])
        for entry in pod["metadata"].get("ownerReferences") or []
        if entry["kind"] == "VirtualMachineInstance"
    ]
