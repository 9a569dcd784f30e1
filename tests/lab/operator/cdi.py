# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CDI: DataVolume, its PVC, importer and scratch (C: pkg/controller)."""

from __future__ import annotations

from tests.lab.operator.engine import Engine, Key
from tests.lab.operator.kinds import Obj, deleting, manifest, meta, owner
from tests.lab.operator.settings import CDI, ENDS, IMPORT, RUNS

PHASE = "cdi.kubevirt.io/storage.pod.phase"
SOURCE = "cdi.kubevirt.io/storage.import.source"
PREPOPULATED = "cdi.kubevirt.io/storage.prePopulated"
SNAPSHOT = "cdi.kubevirt.io/storage.checkpoint.current"
_APP = {"app": "containerized-data-importer", "cdi.kubevirt.io": "importer"}


def claim(volume: Obj, storage_class: str) -> Obj:
    """The PVC of a DataVolume: same name, labels copied (controller-base.go, 2.2)."""
    spec = volume["spec"]
    wanted = dict(spec.get("storage") or spec.get("pvc") or {})
    wanted.setdefault("accessModes", ["ReadWriteOnce"])
    wanted.setdefault("resources", {"requests": {"storage": "1Mi"}})
    wanted.setdefault("storageClassName", storage_class)
    annotations = dict(meta(volume, "annotations"))
    source = next(iter(spec.get("source") or {}), "")
    if source:
        annotations[SOURCE] = source
    if spec.get("checkpoints"):
        annotations[SNAPSHOT] = spec["checkpoints"][-1]["current"]
    return manifest(
        "PersistentVolumeClaim",
        volume["metadata"]["name"],
        volume["metadata"]["namespace"],
        labels={**meta(volume, "labels"), "app": "containerized-data-importer"},
        annotations=annotations,
        owners=[owner(volume)],
        spec=wanted,
    )


def importer_name(pvc: Obj) -> str:
    """`importer-<pvc>`, warm `importer-<pvc>-checkpoint-<snapshot>` (import-controller.go)."""
    snapshot = meta(pvc, "annotations").get(SNAPSHOT)
    name = f"importer-{pvc['metadata']['name']}"
    return f"{name}-checkpoint-{snapshot}" if snapshot else name


def importer(pvc: Obj, seconds: float) -> Obj:
    """The importer pod: the PVC is its controller owner."""
    fate = meta(pvc, "annotations").get(IMPORT, "succeeded")
    ends = {"succeeded": "Succeeded", "failed": "Failed"}.get(fate, "never")
    return manifest(
        "Pod",
        importer_name(pvc),
        pvc["metadata"]["namespace"],
        labels=_APP,
        annotations={ENDS: ends, RUNS: str(seconds)},
        owners=[owner(pvc)],
        spec=pod_spec([pvc["metadata"]["name"]]),
    )


def scratch(pvc: Obj, pod: Obj) -> Obj:
    """The importer's work space, gone with it (controller/util.go)."""
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Mi"}},
        "storageClassName": pvc["spec"].get("storageClassName"),
    }
    return manifest(
        "PersistentVolumeClaim",
        f"{pvc['metadata']['name'][:240]}-scratch",
        pvc["metadata"]["namespace"],
        labels={"app": "containerized-data-importer"},
        owners=[owner(pod)],
        spec=spec,
    )


def pod_spec(claims: list[str], grace: int = 30) -> Obj:
    """A one-container pod that mounts these claims."""
    return {
        "automountServiceAccountToken": False,
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": grace,
        "containers": [{"name": "main", "image": "lab/image"}],
        "volumes": [
            {"name": f"disk-{number}", "persistentVolumeClaim": {"claimName": name}}
            for number, name in enumerate(claims)
        ],
    }


class Cdi:
    """DataVolume and import controllers."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        engine.controller("DataVolume", self.reconcile_volume, runs_in=CDI)
        engine.controller("PersistentVolumeClaim", self.reconcile_claim, runs_in=CDI)
        engine.watch("PersistentVolumeClaim", _volume_of_claim)
        engine.watch("Pod", _claim_of_pod)

    async def reconcile_volume(self, key: Key, volume: Obj | None) -> float | None:
        """A living DataVolume re-creates its PVC unless marked prePopulated (3.2).

        It has no finalizer for imports: once deleted it is gone, the PVC follows by the garbage
        collector (CDI#859, section 4).
        """
        if volume is None or deleting(volume):
            return None
        pvc = self.engine.store.get("PersistentVolumeClaim", key[1], key[2])
        if pvc is None:
            if PREPOPULATED not in meta(volume, "annotations"):
                await self.engine.api.ensure(claim(volume, self.engine.settings.storage_class))
            return None
        done = meta(pvc, "annotations").get(PHASE) == "Succeeded" or not volume["spec"].get("source")
        phase = "Succeeded" if done else "ImportInProgress"
        if deleting(pvc):
            phase = "Pending"
        if volume.get("status", {}).get("phase") != phase:
            change = {"phase": phase, "progress": "100.0%" if done else "12.5%"}
            await self.engine.api.patch(volume, {"status": change}, "status")
        return None

    async def reconcile_claim(self, _key: Key, pvc: Obj | None) -> float | None:
        """Import while the PVC is neither complete nor being deleted: an importer that somebody
        deletes comes back (`reconcilePvc`, 3.2)."""
        if pvc is None or not meta(pvc, "annotations").get(SOURCE):
            return None
        pods = self.engine.store.owned(pvc["metadata"]["uid"], "Pod")
        pods = [pod for pod in pods if meta(pod, "labels").get("cdi.kubevirt.io") == "importer"]
        complete = meta(pvc, "annotations").get(PHASE) == "Succeeded"
        if complete or deleting(pvc):
            # CDI#650: an importer must not hold the PVC that is to go.
            for pod in pods:
                if not deleting(pod):
                    await self.engine.api.delete(pod)
            return None
        if not pods:
            return await self._start(pvc)
        phase = pods[0].get("status", {}).get("phase", "Pending")
        if meta(pvc, "annotations").get(PHASE) != phase:
            change = {"metadata": {"annotations": {PHASE: phase}}}
            await self.engine.api.patch(pvc, change)
        return None

    async def _start(self, pvc: Obj) -> float | None:
        if pvc.get("status", {}).get("phase") != "Bound":
            return None
        seconds = self.engine.settings.delay(pvc, "importer")
        pod = await self.engine.api.ensure(importer(pvc, seconds))
        if meta(pvc, "annotations")[SOURCE] in ("vddk", "http"):
            await self.engine.api.ensure(scratch(pvc, pod))
        return None


def _volume_of_claim(pvc: Obj) -> list[Key]:
    namespace = pvc["metadata"]["namespace"]
    return [
        ("DataVolume", namespace, entry["name"])
        for entry in pvc["metadata"].get("ownerReferences") or []
        if entry["kind"] == "DataVolume"
    ]


def _claim_of_pod(pod: Obj) -> list[Key]:
    namespace = pod["metadata"]["namespace"]
    return [
        ("PersistentVolumeClaim", namespace, entry["name"])
        for entry in pod["metadata"].get("ownerReferences") or []
        if entry["kind"] == "PersistentVolumeClaim"
    ]
