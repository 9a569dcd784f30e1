# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pods without a kubelet: they are scheduled, run, finish, and end some time after their delete."""

from __future__ import annotations

from tests.lab.operator.engine import Engine, Key
from tests.lab.operator.kinds import Obj, deleting, manifest, meta
from tests.lab.operator.settings import ENDS, NODE, RUNS
from tests.lab.operator.status import has

LAUNCHER = "virt-launcher"
_FINAL = ("Succeeded", "Failed")


async def add_node(engine: Engine) -> None:
    """The node all pods run on; no controller judges its heartbeat."""
    node = await engine.api.ensure(manifest("Node", engine.settings.node))
    ready = {"type": "Ready", "status": "True", "reason": "Lab"}
    await engine.api.patch(node, {"status": {"conditions": [ready]}}, "status")


def ending(pod: Obj) -> str | None:
    """The phase the pod finishes in; None when it runs until it is deleted.

    Pods of a Job finish well unless an annotation says otherwise.
    """
    wanted = meta(pod, "annotations").get(ENDS)
    if wanted is not None:
        return wanted if wanted in _FINAL else None
    owners = pod["metadata"].get("ownerReferences") or []
    return "Succeeded" if any(entry["kind"] == "Job" for entry in owners) else None


def status(phase: str) -> Obj:
    """What a kubelet would report."""
    running = phase == "Running"
    ready = {"type": "Ready", "status": "True" if running else "False"}
    state: Obj = {"running": {}}
    if not running:
        code = 0 if phase == "Succeeded" else 1
        state = {"terminated": {"exitCode": code, "reason": "Completed" if not code else "Error"}}
    container = {
        "name": "main",
        "image": "lab/image",
        "imageID": "",
        "ready": running,
        "restartCount": 0,
        "state": state,
    }
    return {"status": {"phase": phase, "conditions": [ready], "containerStatuses": [container]}}


class Pods:
    """Scheduler and kubelet of the lab."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        engine.controller("Pod", self.reconcile)
        engine.watch("Node")

    async def reconcile(self, _key: Key, pod: Obj | None) -> float | None:
        if pod is None:
            return None
        if deleting(pod):
            return await self._end(pod)
        if not pod["spec"].get("nodeName"):
            await self.engine.api.bind(pod, meta(pod, "annotations").get(NODE, self.engine.settings.node))
            return None
        phase = pod.get("status", {}).get("phase")
        if phase in _FINAL:
            return None
        if phase != "Running":
            await self.engine.api.patch(pod, status("Running"), "status")
            return None
        return await self._finish(pod)

    def _node_is_ready(self, name: str) -> bool:
        node = self.engine.store.get("Node", "", name)
        return not name or (node is not None and has(node, "Ready"))

    async def _finish(self, pod: Obj) -> float | None:
        phase = ending(pod)
        if phase is None:
            return None
        runs = float(meta(pod, "annotations").get(RUNS, self.engine.settings.job))
        left = self.engine.due(pod, "runs", runs)
        if left <= 0:
            await self.engine.api.patch(pod, status(phase), "status")
        return left or None

    async def _end(self, pod: Obj) -> float | None:
        """The container gets its grace, then the kubelet confirms with a grace of zero.

        A launcher ends its guest first and so takes longer (K: services/template.go, section 4).
        """
        launcher = meta(pod, "labels").get("kubevirt.io") == LAUNCHER
        step = "vm_end" if launcher else "pod_end"
        grace = float(pod["metadata"].get("deletionGracePeriodSeconds") or 0)
        delay = min(grace, self.engine.settings.delay(pod, step))
        left = self.engine.due(pod, "end", delay)
        if left > 0:
            return left
        if not self._node_is_ready(str(pod["spec"].get("nodeName") or "")):
            return 1.0  # only its kubelet can say that it has ended (kubevirt#10407)
        await self.engine.api.delete(pod, grace=0)
        return None
