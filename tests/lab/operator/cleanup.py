# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What cancel and archive clean up (3.1 step 3, 3.3), and what nothing cleans."""

from __future__ import annotations

import logging

from tests.lab.operator.api import Api, ApiError
from tests.lab.operator.kinds import Obj
from tests.lab.operator.objects import V2V
from tests.lab.operator.settings import Settings
from tests.lab.operator.static import SHARES, is_disk

LOG = logging.getLogger("lab.cleanup")


class Cleanup:
    """Forklift logs errors here and goes on: so does the lab."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self.api = api
        self.settings = settings

    async def _remove(self, kind: str, namespace: str | None, labels: str) -> list[Obj]:
        try:
            found, _version = await self.api.list(kind, namespace, labels)
            for obj in found:
                await self.api.delete(obj)
        except ApiError as error:
            LOG.info("%s %s: %s", kind, labels, error)
            return []
        return found

    async def vm(self, plan: Obj, vm: Obj, migration: str, *, succeeded: bool) -> None:
        """`cleanup(vm)` in its order. `migration` is "" where Forklift forgets the uid: then what
        is looked up by it (PVCs and their importers) is found by nobody."""
        target = plan["spec"]["targetNamespace"]
        mine = f"plan={plan['metadata']['uid']},vmID={vm['id']}"
        claims: list[Obj] = []
        if migration:
            found, _version = await self.api.list(
                "PersistentVolumeClaim", target, f"migration={migration},vmID={vm['id']}"
            )
            claims = list(filter(is_disk, found))
        if not succeeded and self.settings.deletes_vm_on_failure(plan, vm):
            await self._disks(target, mine, claims)
        await self._importers(target, claims)
        await self._remove("Pod", target, f"{mine},forklift.app")
        if self.settings.release >= (2, 12):
            # `DeleteConversion` (F:P/kubevirt.go:785): its pods by the VM and the type, its Secrets, itself. Nothing
            # here cancels it: `CancelConversion` (F:P/kubevirt.go:955) has no caller.
            for made in await self._remove("Conversion", plan["metadata"]["namespace"], mine):
                await self._remove("Pod", target, f"vmID={vm['id']},conversion-type={made['spec']['type']}")
                await self._remove("Secret", target, f"vmID={vm['id']},{V2V}=true")
        await self._remove("Secret", target, mine)
        await self._remove("ConfigMap", target, mine)
        await self._remove("Job", plan["metadata"]["namespace"], mine)
        await self._populators(target, vm["id"], migration)

    async def _disks(self, target: str, mine: str, claims: list[Obj]) -> None:
        """VM, populated PVCs without finalizers and their prime PVCs (F:P/kubevirt.go:2698), DataVolumes."""
        await self._remove("VirtualMachine", target, mine)
        for pvc in claims:
            if not pvc["spec"].get("dataSourceRef"):
                continue
            prime = await self.api.get("PersistentVolumeClaim", target, f"prime-{pvc['metadata']['uid']}")
            if prime is not None:
                await self.api.delete(prime)
            await self.api.delete(pvc)
            await self.api.patch(pvc, {"metadata": {"finalizers": None}})
        await self._remove("DataVolume", target, mine)

    async def _importers(self, target: str, claims: list[Obj]) -> None:
        """By the claim's name in the pod's (F:P/kubevirt.go:1526): `importer-prime-<uid>` is not found."""
        pods, _version = await self.api.list("Pod", target, "app=containerized-data-importer")
        for pod in pods:
            if any(f"importer-{pvc['metadata']['name']}" in pod["metadata"]["name"] for pvc in claims):
                await self.api.delete(pod)

    async def _populators(self, target: str, vm_id: str, migration: str) -> None:
        if not migration:
            return
        mine = f"migration={migration},vmID={vm_id}"
        for kind in (
            "OvirtVolumePopulator",
            "OpenstackVolumePopulator",
            "VSphereXcopyVolumePopulator",
        ):
            await self._remove(kind, target, mine)
        if not self.settings.retain_populator_pods:
            pods, _version = await self.api.list("Pod", target, mine)
            for pod in pods:
                if pod["metadata"]["name"].startswith("populate-"):
                    await self.api.delete(pod)

    async def provider_storage(self, plan: Obj) -> None:
        """Archive: OVA's and Hyper-V's PVCs and PVs by the plan's uid (F:P/migration.go:694), VDDK jobs and ConfigMaps
        (3.3)."""
        target = plan["spec"]["targetNamespace"]
        uid = plan["metadata"]["uid"]
        for share in SHARES.values():
            await self._remove("PersistentVolumeClaim", target, f"plan={uid},{share.label}={share.kind}-pvc")
            await self._remove("PersistentVolume", None, f"plan={uid},{share.label}={share.kind}-pv")
        await self._remove("Job", target, f"plan={uid},vddk")
        await self._remove("ConfigMap", target, f"plan={uid},resource=vddk-config")

    async def orphans(self, plan: Obj) -> None:
        """2.12+ `cleanupOrphanedResources` (F:P/controller.go:209,904): by the plan's name, in all namespaces of the
        local cluster, and no claim or DataVolume that a VirtualMachine owns (2.4 point 2)."""
        metadata = plan["metadata"]
        labels = f"plan-name={metadata['name']},plan-namespace={metadata['namespace']}"
        for kind in ("PersistentVolumeClaim", "DataVolume"):
            found, _version = await self.api.list(kind, None, labels)
            for obj in found:
                owners = obj["metadata"].get("ownerReferences") or []
                if not any(entry["kind"] == "VirtualMachine" for entry in owners):
                    await self.api.delete(obj)
        for kind in ("Pod", "Secret", "ConfigMap"):
            await self._remove(kind, None, labels)
        await self._remove("PersistentVolume", None, labels)
