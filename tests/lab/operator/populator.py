# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Forklift's volume populators (F:pkg/lib-volume-populator): the `prime-` PVC, the populate pod
and the hand-over of the PV."""

from __future__ import annotations

from tests.lab.operator.cdi import pod_spec
from tests.lab.operator.engine import Engine, Key
from tests.lab.operator.handover import away_when_lost, hand_over
from tests.lab.operator.kinds import FORKLIFT, KINDS, Obj, deleting, manifest, meta, owner
from tests.lab.operator.settings import ENDS, IMPORT, POPULATOR, RUNS

POPULATED_FROM = "forklift.konveyor.io/populated-from"
PROTECTION = "forklift.konveyor.io/populate-target-protection"


def source_of(pvc: Obj) -> Obj | None:
    """The Forklift populator CR that a PVC names, if it does."""
    source = pvc["spec"].get("dataSourceRef") or {}
    return source if source.get("apiGroup") == FORKLIFT else None


def prime(pvc: Obj, *, owned: bool) -> Obj:
    """`prime-<PVC uid>`, owned by the target PVC since 2.11."""
    spec = {
        key: value
        for key, value in pvc["spec"].items()
        if key in ("accessModes", "resources", "storageClassName", "volumeMode")
    }
    return manifest("PersistentVolumeClaim", f"prime-{pvc['metadata']['uid']}",
                    pvc["metadata"]["namespace"], owners=[owner(pvc)] if owned else None,
                    spec=spec)  # fmt: skip


def pod(pvc: Obj, seconds: float, *, owned: bool) -> Obj:
    """`populate-<PVC uid>`, writes into the prime PVC."""
    fate = meta(pvc, "annotations").get(IMPORT, "succeeded")
    ends = {"succeeded": "Succeeded", "failed": "Failed"}.get(fate, "never")
    labels = {key: value for key, value in meta(pvc, "labels").items() if key in ("migration", "plan", "vmID")}
    return manifest("Pod", f"populate-{pvc['metadata']['uid']}", pvc["metadata"]["namespace"],
                    labels=labels, annotations={ENDS: ends, RUNS: str(seconds)},
                    owners=[owner(pvc)] if owned else None,
                    spec=pod_spec([f"prime-{pvc['metadata']['uid']}"]))  # fmt: skip


class Populators:
    """The populator machinery, level-triggered on the target PVC."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        engine.controller("PersistentVolumeClaim", self.reconcile, runs_in=POPULATOR)
        for kind in ("OpenstackVolumePopulator", "OvirtVolumePopulator"):
            engine.watch(kind, self._targets)
        engine.watch("VSphereXcopyVolumePopulator", self._targets)
        engine.watch("PersistentVolumeClaim", self._target_of_prime)
        engine.watch("Pod", self._target_of_pod)
        engine.watch("PersistentVolume")

    def _targets(self, cr: Obj) -> list[Key]:
        namespace = cr["metadata"]["namespace"]
        return [
            ("PersistentVolumeClaim", namespace, pvc["metadata"]["name"])
            for pvc in self.engine.store.all("PersistentVolumeClaim")
            if pvc["metadata"]["namespace"] == namespace
            and (source_of(pvc) or {}).get("name") == cr["metadata"]["name"]
        ]

    def _by_uid(self, namespace: str, uid: str) -> list[Key]:
        return [
            ("PersistentVolumeClaim", namespace, pvc["metadata"]["name"])
            for pvc in self.engine.store.all("PersistentVolumeClaim")
            if pvc["metadata"]["uid"] == uid
        ]

    def _target_of_prime(self, pvc: Obj) -> list[Key]:
        name = pvc["metadata"]["name"]
        if not name.startswith("prime-"):
            return []
        return self._by_uid(pvc["metadata"]["namespace"], name.removeprefix("prime-"))

    def _target_of_pod(self, made: Obj) -> list[Key]:
        name = made["metadata"]["name"]
        if not name.startswith("populate-"):
            return []
        return self._by_uid(made["metadata"]["namespace"], name.removeprefix("populate-"))

    async def reconcile(self, key: Key, pvc: Obj | None) -> float | None:
        source = source_of(pvc) if pvc is not None else None
        if pvc is None or source is None or source["kind"] not in KINDS:
            return None
        await self._protect(pvc)
        if deleting(pvc):
            return None
        uid = pvc["metadata"]["uid"]
        first = self.engine.store.get("PersistentVolumeClaim", key[1], f"prime-{uid}")
        if pvc.get("status", {}).get("phase") == "Bound":
            return await self._finished(first)
        if self.engine.store.get(source["kind"], key[1], source["name"]) is None:
            return None
        writer = self.engine.store.get("Pod", key[1], f"populate-{uid}")
        return await self._populate(pvc, source, first, writer)

    async def _protect(self, pvc: Obj) -> None:
        """2.9 and 2.10 hold the target PVC while it is populated (removed by MTV-3353)."""
        if self.engine.settings.release >= (2, 11):
            return
        held = pvc["metadata"].get("finalizers") or []
        busy = pvc.get("status", {}).get("phase") != "Bound" and not deleting(pvc)
        if busy and PROTECTION not in held:
            await self.engine.api.patch(pvc, {"metadata": {"finalizers": [*held, PROTECTION]}})
        elif not busy and PROTECTION in held:
            left = [name for name in held if name != PROTECTION]
            await self.engine.api.patch(pvc, {"metadata": {"finalizers": left or None}})

    async def _populate(self, pvc: Obj, source: Obj, first: Obj | None, writer: Obj | None) -> float | None:
        owned = self.engine.settings.release >= (2, 11)
        if first is None:
            await self.engine.api.ensure(prime(pvc, owned=owned))
            return None
        if first.get("status", {}).get("phase") != "Bound":
            return None
        if writer is None:
            seconds = self.engine.settings.delay(pvc, "populator")
            await self.engine.api.ensure(pod(pvc, seconds, owned=owned))
            return None
        if writer.get("status", {}).get("phase") == "Succeeded":
            await self._rebind(pvc, source, first)
            return 0.5
        return None

    async def _rebind(self, pvc: Obj, source: Obj, first: Obj) -> None:
        origin = {POPULATED_FROM: f"{pvc['metadata']['namespace']}/{source['name']}"}
        await hand_over(self.engine, pvc, first, origin)

    async def _finished(self, first: Obj | None) -> float | None:
        return await away_when_lost(self.engine, first)
