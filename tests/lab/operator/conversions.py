# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Conversion controller, 2.12 and newer (F:pkg/controller/conversion, `CC/` below).

It looks again every 3 s and at changes of the spec, not of the status (CC/predicate.go): so a cancel is seen at the
next look, and never where none is due: after Canceled, behind a blocker, and after the one look that follows Succeeded
and Failed. No finalizer and no owners: a Conversion that is deleted leaves its pod, its snapshot and its Secret
(CC/controller.go:86)."""

from __future__ import annotations

import asyncio
import copy
import logging
import math
import time
from collections.abc import Callable
from typing import TypeVar

from tests.lab.operator import vsphere
from tests.lab.operator.conversion import (
    AWAITING_REMOVAL,
    CREATING,
    DEEP,
    FINISHED,
    POD,
    REMOVING,
    RESULTS,
    RUNNING,
    WAITING,
    blockers,
    closing,
    owns_snapshot,
    pod_labels,
    pod_of,
    stages,
)
from tests.lab.operator.engine import Engine, Key
from tests.lab.operator.kinds import Obj
from tests.lab.operator.settings import FORKLIFT
from tests.lab.operator.status import now, same

LOG = logging.getLogger("lab.conversions")
T = TypeVar("T")

# Forklift: 3 s.
_POLL = 0.3


class StageError(Exception):
    """What a stage could not do; it ends the Conversion as Failed."""


class Conversions:
    """One controller for those that a Plan makes and those that somebody makes by hand."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.api = engine.api
        self._wakes: dict[Key, tuple[str, float]] = {}
        engine.controller("Conversion", self.reconcile, runs_in=FORKLIFT)

    async def reconcile(self, key: Key, conversion: Obj | None) -> float | None:
        if conversion is None:
            self._wakes.pop(key, None)
            return None
        metadata = conversion["metadata"]
        uid, wake = self._wakes.get(key, ("", 0.0))
        if self.engine.settings.release < (2, 12):
            return None
        seen = (conversion.get("status") or {}).get("observedGeneration", 0) >= metadata.get("generation", 1)
        if seen and uid == metadata["uid"] and time.monotonic() < wake:
            return None
        again = await self._look(conversion)
        self._wakes[key] = (metadata["uid"], time.monotonic() + again - 0.01 if again else math.inf)
        return again

    async def _look(self, conversion: Obj) -> float | None:
        status = copy.deepcopy(conversion.get("status") or {})
        phase = status.setdefault("phase", "Pending")
        if phase in ("Succeeded", "Failed"):
            return None
        wrong, problem, again = blockers(conversion), "", None
        if phase == "Canceled":
            delay = self.engine.settings.delay(conversion, "cancel")
            if self.engine.due(conversion, "cancel", delay) > 0:
                return _POLL
            wrong = []
            if (conversion.get("spec") or {}).get("targetNamespace"):
                await self._cancel(conversion, status)
        elif not wrong:
            again, problem = _POLL, await self._run(conversion, status)
        if status["phase"] in ("Succeeded", "Failed", "Canceled"):
            status["completionTime"] = now()
        status["conditions"] = wrong or [closing(status["phase"], status.get("stage", ""), problem)]
        status["observedGeneration"] = conversion["metadata"].get("generation", 1)
        old = conversion.get("status") or {}
        if same(old.get("conditions") or [], status["conditions"]) and {**old, "conditions": []} == {
            **status,
            "conditions": [],
        }:
            return again
        version = {"resourceVersion": conversion["metadata"]["resourceVersion"]}
        written = await self.api.patch(conversion, {"metadata": version, "status": status}, "status")
        if written is None:
            return _POLL
        self.engine.store.put(written)
        return again

    async def _cancel(self, conversion: Obj, status: Obj) -> None:
        """The pod's delete and the snapshot's removal are asked for, once; errors are logged and forgotten, Secrets
        are kept (CC/controller.go:118)."""
        for pod in await self._pods(conversion):
            await self.api.delete(pod)
        await self._remove_owned(conversion, status)

    async def _run(self, conversion: Obj, status: Obj) -> str:
        """One stage of a Conversion that is Pending or Running; returns what ended it."""
        if status["phase"] == "Pending":
            status.update(phase="Running", startTime=now(), stage=stages(conversion)[0])
            if conversion["spec"]["type"] == DEEP:
                moref = (conversion["spec"].get("settings") or {}).get("SNAPSHOT_MOREF", "").strip()
                status["snapshot"] = {"owned": False, "moref": moref} if moref else {"owned": True}
        try:
            done = await self._stage(conversion, status)
        except (StageError, vsphere.SnapshotError) as error:
            return await self._failed(conversion, status, str(error))
        if done and status["stage"] == FINISHED:
            status["phase"] = "Succeeded"
        elif done:
            way = stages(conversion)
            status["stage"] = way[way.index(status["stage"]) + 1]
        return ""

    async def _failed(self, conversion: Obj, status: Obj, problem: str) -> str:
        """A snapshot that is there is removed first, by the way's own stages; elsewhere the removal is asked for
        once (CC/pipeline.go:262, CC/controller.go:167)."""
        moref = (status.get("snapshot") or {}).get("moref")
        if owns_snapshot(conversion) and moref and status["stage"] not in (REMOVING, AWAITING_REMOVAL):
            status["stage"] = REMOVING
            return ""
        status["phase"] = "Failed"
        await self._remove_owned(conversion, status)
        return problem

    async def _stage(self, conversion: Obj, status: Obj) -> bool:
        """Whether the stage is over. The pod's HTTP server is not played: its results come when it exits."""
        stage, snapshot = status["stage"], status.get("snapshot") or {}
        if stage == CREATING:
            vm = conversion["spec"]["vm"].get("id", "")
            if not vm:
                raise StageError("vmRef.ID is required")
            snapshot["createTaskId"] = await self._vsphere(conversion, vsphere.create, vm)
        elif stage == WAITING:
            moref = await self._vsphere(conversion, vsphere.result, snapshot["createTaskId"])
            if moref is None:
                return False
            snapshot.update(createTaskId=None, moref=moref)
        elif stage == REMOVING:
            snapshot["removeTaskId"] = await self._vsphere(conversion, vsphere.remove, snapshot["moref"])
        elif stage == AWAITING_REMOVAL:
            if await self._vsphere(conversion, vsphere.result, snapshot["removeTaskId"]) is None:
                return False
            status["snapshot"] = None
        elif stage != RESULTS:
            return await self._pod_stage(conversion, status)
        return True

    async def _pod_stage(self, conversion: Obj, status: Obj) -> bool:
        """The pod is made, and made again where somebody deleted it (CC/ensurer.go `EnsurePod`)."""
        pods = await self._pods(conversion)
        if not pods:
            await self._secret(conversion)
            seconds = self.engine.settings.delay(conversion, "conversion")
            pods = [await self.api.create(pod_of(conversion, seconds))]
        metadata, phase = pods[0]["metadata"], pods[0].get("status", {}).get("phase", "Pending")
        status["pod"] = {"namespace": metadata["namespace"], "name": metadata["name"]}
        if status["stage"] == FINISHED:
            if phase == "Failed":
                raise StageError("conversion pod failed")
            return bool(phase == "Succeeded")
        status["stage"] = POD if phase == "Pending" else RUNNING
        return phase not in ("Pending", "Running")

    async def _remove_owned(self, conversion: Obj, status: Obj) -> None:
        """`RemoveOwnedSnapshot`: one whose id is not known yet stays for ever, as does one whose Secret is gone."""
        snapshot = status.get("snapshot") or {}
        if not owns_snapshot(conversion) or not snapshot.get("moref"):
            return
        try:
            if not snapshot.get("removeTaskId"):
                snapshot["removeTaskId"] = await self._vsphere(conversion, vsphere.remove, snapshot["moref"])
            elif await self._vsphere(conversion, vsphere.result, snapshot["removeTaskId"]) is not None:
                status["snapshot"] = None
        except (StageError, vsphere.SnapshotError) as error:
            LOG.warning("%s: its snapshot stays: %s", conversion["metadata"]["name"], error)

    async def _pods(self, conversion: Obj) -> list[Obj]:
        """From the cache, as the real controller has them; that there is none is asked."""
        labels, namespace = pod_labels(conversion), conversion["spec"]["targetNamespace"]
        found = self.engine.store.labelled("Pod", namespace, **labels)
        if not found:
            query = ",".join(f"{key}={value}" for key, value in labels.items())
            found, _version = await self.api.list("Pod", namespace, query)
        return found

    async def _secret(self, conversion: Obj) -> Obj:
        reference = conversion["spec"]["connection"]["secret"]
        found = await self.api.get("Secret", reference.get("namespace", ""), reference["name"])
        if found is None:
            raise StageError(f"Secret {reference['name']} not found")
        return found

    async def _vsphere(self, conversion: Obj, call: Callable[[Obj, str], T], argument: str) -> T:
        return await asyncio.to_thread(call, await self._secret(conversion), argument)
