# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CDI: DataVolume, its PVC, importer and scratch (C: pkg/controller)."""

from __future__ import annotations

from tests.lab.operator.engine import Engine, Key
from tests.lab.operator.handover import away_when_lost, hand_over
from tests.lab.operator.kinds import Obj, deleting, manifest, meta, owner
from tests.lab.operator.settings import CDI, CSI_CLASS, ENDS, IMPORT, PREFIX, RUNS

PHASE = "cdi.kubevirt.io/storage.pod.phase"
SOURCE = "cdi.kubevirt.io/storage.import.source"
PREPOPULATED = "cdi.kubevirt.io/storage.prePopulated"
POPULATOR_KIND = "cdi.kubevirt.io/storage.populator.kind"
SOURCE_OF_PRIME = f"{PREFIX}source-of-prime"
SNAPSHOT = "cdi.kubevirt.io/storage.checkpoint.current"
# C:pkg/util/util.go:187 `SetRecommendedLabels`
LABELS = {
    "app": "containerized-data-importer",
    "app.kubernetes.io/component": "storage",
    "app.kubernetes.io/managed-by": "cdi-controller",
}
_IMPORTER = {**LABELS, "cdi.kubevirt.io": "importer"}
_GROUP, _SOURCE = "cdi.kubevirt.io", "VolumeImportSource"


def goes_by_populator(volume: Obj) -> bool:
    """A CSI class, and an import (C:pkg/controller/datavolume/controller-base.go:1315)."""
    spec = volume["spec"]
    wanted = spec.get("storage") or spec.get("pvc") or {}
    return bool(spec.get("source")) and wanted.get("storageClassName") == CSI_CLASS


def import_source(volume: Obj) -> Obj:
    """`volume-import-source-<uid>`, which goes with its DataVolume or when that has Succeeded (C:pkg/controller/
    datavolume/import-controller.go:223,344)."""
    metadata, spec = volume["metadata"], {"source": volume["spec"]["source"]}
    return manifest(_SOURCE, f"volume-import-source-{metadata['uid']}", metadata["namespace"], owners=[owner(volume)],
                    spec=spec)  # fmt: skip


def is_populated(pvc: Obj) -> bool:
    """Whether CDI's own populator fills this claim."""
    return bool((pvc["spec"].get("dataSourceRef") or {}).get("kind") == _SOURCE)


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
    if goes_by_populator(volume):
        # Who imports is the prime; what and from where is in the VolumeImportSource.
        annotations[POPULATOR_KIND], annotations[SOURCE_OF_PRIME] = _SOURCE, annotations.pop(SOURCE)
        name = import_source(volume)["metadata"]["name"]
        wanted["dataSourceRef"] = {"apiGroup": _GROUP, "kind": _SOURCE, "name": name}
    if spec.get("checkpoints"):
        annotations[SNAPSHOT] = spec["checkpoints"][-1]["current"]
    return manifest(
        "PersistentVolumeClaim",
        volume["metadata"]["name"],
        volume["metadata"]["namespace"],
        labels={**LABELS, **meta(volume, "labels")},
        annotations=annotations,
        owners=[owner(volume)],
        spec=wanted,
    )


def prime(pvc: Obj) -> Obj:
    """`prime-<uid of the claim>`, without the claim's labels (C:pkg/controller/populators/populator-base.go:194)."""
    kept = ("accessModes", "resources", "storageClassName", "volumeMode")
    annotations = {key: value for key, value in meta(pvc, "annotations").items() if key in (IMPORT, SNAPSHOT)}
    annotations |= {SOURCE: meta(pvc, "annotations")[SOURCE_OF_PRIME], POPULATOR_KIND: _SOURCE}
    return manifest(
        "PersistentVolumeClaim",
        f"prime-{pvc['metadata']['uid']}",
        pvc["metadata"]["namespace"],
        labels={**LABELS, "velero.io/exclude-from-backup": "true"},
        annotations=annotations,
        owners=[owner(pvc)],
        spec={key: value for key, value in pvc["spec"].items() if key in kept},
    )


def importer_name(pvc: Obj) -> str:
    """`importer-<pvc>`, warm `importer-<pvc>-checkpoint-<snapshot>` (import-controller.go)."""
    snapshot = meta(pvc, "annotations").get(SNAPSHOT)
    name = f"importer-{pvc['metadata']['name']}"
    return f"{name}-checkpoint-{snapshot}" if snapshot else name


def importer(pvc: Obj, seconds: float, labelled: Obj) -> Obj:
    """The importer pod: the PVC is its controller owner. It has the claim's labels, for a prime those of the claim
    behind it (C:pkg/controller/import-controller.go:975)."""
    fate = meta(pvc, "annotations").get(IMPORT, "succeeded")
    ends = {"succeeded": "Succeeded", "failed": "Failed"}.get(fate, "never")
    return manifest(
        "Pod",
        importer_name(pvc),
        pvc["metadata"]["namespace"],
        labels={**_IMPORTER, **meta(labelled, "labels")},
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
        labels=LABELS,
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
        engine.watch("PersistentVolumeClaim", _claim_of_claim)
        engine.watch("PersistentVolumeClaim", _volume_of_claim)
        engine.watch("PersistentVolume")
        engine.watch("Pod", _claim_of_pod)

    async def reconcile_volume(self, key: Key, volume: Obj | None) -> float | None:
        """A living DataVolume re-creates its PVC unless marked prePopulated (3.2).

        It has no finalizer for imports: once deleted it is gone, the PVC follows by the garbage
        collector (CDI#859, section 4).
        """
        if volume is None or deleting(volume):
            return None
        pvc = self.engine.store.get("PersistentVolumeClaim", key[1], key[2])
        if goes_by_populator(volume):
            made = import_source(volume)
            if volume.get("status", {}).get("phase") != "Succeeded":
                await self.engine.api.ensure(made)
            elif (left := await self.engine.api.get(_SOURCE, key[1], made["metadata"]["name"])) is not None:
                await self.engine.api.delete(left)
        if pvc is None:
            if PREPOPULATED not in meta(volume, "annotations"):
                await self.engine.api.ensure(claim(volume, self.engine.settings.storage_class))
            return None
        done = meta(pvc, "annotations").get(PHASE) == "Succeeded" or not volume["spec"].get("source")
        done = done and (pvc.get("status", {}).get("phase") == "Bound" or not is_populated(pvc))
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
        if pvc is not None and is_populated(pvc):
            return await self._populate(pvc)
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

    async def _populate(self, pvc: Obj) -> float | None:
        """The import runs on the prime, whose volume is handed over in the end (C:pkg/controller/populators/
        import-populator.go:154)."""
        metadata = pvc["metadata"]
        if deleting(pvc):
            return None
        first = self.engine.store.get("PersistentVolumeClaim", metadata["namespace"], f"prime-{metadata['uid']}")
        if pvc.get("status", {}).get("phase") == "Bound":
            return await away_when_lost(self.engine, first)
        if first is None:
            await self.engine.api.ensure(prime(pvc))
            return None
        phase = meta(first, "annotations").get(PHASE)
        if phase and meta(pvc, "annotations").get(PHASE) != phase:
            await self.engine.api.patch(pvc, {"metadata": {"annotations": {PHASE: phase}}})
        if phase == "Succeeded":
            await hand_over(self.engine, pvc, first, {})
            return 0.5
        return None

    async def _start(self, pvc: Obj) -> float | None:
        if pvc.get("status", {}).get("phase") != "Bound":
            return None
        seconds = self.engine.settings.delay(pvc, "importer")
        owners = {entry["name"] for entry in pvc["metadata"].get("ownerReferences") or []}
        behind = [self.engine.store.get("PersistentVolumeClaim", pvc["metadata"]["namespace"], one) for one in owners]
        labelled = next((one for one in behind if one is not None), pvc)
        pod = await self.engine.api.ensure(importer(pvc, seconds, labelled))
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


def _claim_of_claim(pvc: Obj) -> list[Key]:
    """The claim behind a prime."""
    return _claim_of_pod(pvc)


def _claim_of_pod(pod: Obj) -> list[Key]:
    namespace = pod["metadata"]["namespace"]
    return [
        ("PersistentVolumeClaim", namespace, entry["name"])
        for entry in pod["metadata"].get("ownerReferences") or []
        if entry["kind"] == "PersistentVolumeClaim"
    ]
