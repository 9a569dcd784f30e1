# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way of one VM through a migration: copy the disks, convert the guest, make the VM (F:P/migration.go, 2.2).

Every step may run again: names are the same each time, and what is there already is taken."""

from __future__ import annotations

from tests.lab.operator import objects, static
from tests.lab.operator.cdi import PHASE
from tests.lab.operator.engine import Engine
from tests.lab.operator.kinds import Obj, deleting, manifest, meta, owner
from tests.lab.operator.objects import Job
from tests.lab.operator.populator import source_of
from tests.lab.operator.settings import OUTCOME

COPY, CONVERT, CREATE, COMPLETED = "CopyDisks", "ConvertGuest", "CreateVM", "Completed"


class FailedStepError(Exception):
    """The VM's migration ends as Failed; the message goes into its status."""


class Pipeline:
    """Takes one VM one phase on, when it is time for it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.api = engine.api

    async def advance(self, job: Job, status: Obj) -> str:
        """Do the work of the phase the VM is in and return the phase it is in afterwards."""
        phase = str(status["phase"])
        if phase == "Started":
            await self._prepare(job)
            await self._copy(job)
            return COPY
        if phase == COPY:
            return self._after_copy(job) if self._copied(job) else COPY
        if phase == CONVERT:
            return CREATE if await self._converted(job) else CONVERT
        await self._create_vm(job, str(status["newName"]))
        await self._hook(job, "PostHook")
        return COMPLETED

    async def _prepare(self, job: Job) -> None:
        await self.api.ensure(objects.secret(job))
        if job.converts:
            await self.api.ensure(objects.config_map(job))
            for made in objects.plan_config_maps(job):
                await self.api.ensure(made)
        if job.source in static.SHARES:
            provider = str(job.plan["spec"]["provider"]["source"]["name"])
            for made in static.store(job, provider):
                await self.api.ensure(made)
        await self._hook(job, "PreHook")

    async def _hook(self, job: Job, step: str) -> None:
        if any(hook.get("step") == step for hook in job.vm.get("hooks") or []):
            made = await self.api.ensure(objects.hook_job(job, step))
            await self.api.ensure(objects.hook_config(job, made))

    async def _copy(self, job: Job) -> None:
        fate = meta(job.migration, "annotations").get(OUTCOME, "succeeded")
        if job.offload:
            for made in objects.populator_rbac(job):
                await self.api.ensure(made)
        for index in range(job.disks):
            if job.populator is None:
                await self.api.ensure(objects.data_volume(job, index, fate))
            else:
                await self._populate(job, index, fate)
        for disk in job.luns:
            for made in static.lun_pair(job, disk):
                await self.api.ensure(made)

    async def _populate(self, job: Job, index: int, fate: str) -> None:
        """xcopy makes the PVC first, for it owns the rest; the others begin with the populator."""
        name = objects.secret(job)["metadata"]["name"]
        if not job.offload:
            await self.api.ensure(objects.populator(job, index, name))
            await self.api.ensure(objects.populated_claim(job, index, fate))
            return
        pvc = await self.api.ensure(objects.populated_claim(job, index, fate))
        secret = await self.api.ensure(objects.disk_secret(job, index, pvc))
        await self.api.ensure(objects.populator(job, index, secret["metadata"]["name"], pvc))

    def claims(self, job: Job) -> list[Obj]:
        """The PVCs of this VM's disks, in the order of their names."""
        found = self.engine.store.labelled(
            "PersistentVolumeClaim", job.target, migration=job.migration["metadata"]["uid"], vmID=job.vm["id"]
        )
        return sorted(filter(static.is_disk, found), key=lambda pvc: str(pvc["metadata"]["name"]))

    def _copied(self, job: Job) -> bool:
        claims = self.claims(job)
        for pvc in claims:
            if self._failed(pvc):
                raise FailedStepError(f"the copy into {pvc['metadata']['name']} has failed")
        return len(claims) == job.disks + len(job.luns) and all(map(_full, claims))

    def _failed(self, pvc: Obj) -> bool:
        if meta(pvc, "annotations").get(PHASE) == "Failed":
            return True
        namespace, uid = pvc["metadata"]["namespace"], pvc["metadata"]["uid"]
        writer = self.engine.store.get("Pod", namespace, f"populate-{uid}")
        return bool((writer or {}).get("status", {}).get("phase") == "Failed")

    def _after_copy(self, job: Job) -> str:
        return CONVERT if job.converts else CREATE

    async def _converted(self, job: Job) -> bool:
        """virt-v2v works on the disks in a pod without owner, which stays after success; 2.12 has a CR beside it."""
        job.claims = [str(pvc["metadata"]["name"]) for pvc in self.claims(job)]
        secret = await self.api.ensure(objects.secret(job, objects.V2V))
        if self.engine.settings.release >= (2, 12):
            made = await self.api.ensure(objects.conversion(job, secret["metadata"]["name"]))
            phase = (made.get("status") or {}).get("phase")
            if phase in ("Failed", "Canceled"):  # by whoever (F:P/migration.go:2210)
                raise FailedStepError(f"the guest conversion has {phase.lower()}")
            return bool(phase == "Succeeded")
        pod = await self.api.ensure(objects.conversion_pod(job))
        return bool(pod.get("status", {}).get("phase") == "Succeeded")

    async def _create_vm(self, job: Job, name: str) -> None:
        """`EnsureVM`: the VM takes its PVCs over, then the DataVolumes go (2.2)."""
        claims = self.claims(job)
        job.claims = [str(pvc["metadata"]["name"]) for pvc in claims]
        vm = await self.api.ensure(objects.virtual_machine(job, name))
        reference = owner(vm, controller=False)
        for pvc in claims:
            await self.api.patch(pvc, {"metadata": {"ownerReferences": [reference]}})
            await self._own_populator(job, pvc)
        labels = {"migration": job.migration["metadata"]["uid"], "vmID": job.vm["id"]}
        for volume in self.engine.store.labelled("DataVolume", job.target, **labels):
            await self.api.delete(volume)

    async def _own_populator(self, job: Job, pvc: Obj) -> None:
        """`SetPopulatorCrOwnership` of the OpenStack and oVirt adapters."""
        source = source_of(pvc)
        if source is None or job.offload:
            return
        populator = await self.api.get(source["kind"], job.target, source["name"])
        if populator is not None:
            change = {"metadata": {"ownerReferences": [owner(pvc, controller=False)]}}
            await self.api.patch(populator, change)

    async def namespace(self, name: str) -> None:
        """The target namespace is made where there is none (F:P/util.go)."""
        await self.api.ensure(manifest("Namespace", name))


def _full(pvc: Obj) -> bool:
    """A disk that is written: by CDI's importer, by a populator, or there from the start (a LUN)."""
    if deleting(pvc):
        return False
    if meta(pvc, "annotations").get("cdi.kubevirt.io/storage.import.source"):
        return meta(pvc, "annotations").get(PHASE) == "Succeeded"
    return bool(pvc.get("status", {}).get("phase") == "Bound")
