# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The installation itself: Deployments report what they are scaled to, and the release that is played can change."""

from __future__ import annotations

from tests.lab.operator.engine import Engine, Key
from tests.lab.operator.kinds import Obj, meta
from tests.lab.operator.settings import PLAYED, RELEASE


class Installation:
    """kubelet's and OLM's part, for the controllers that this process plays."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        engine.controller("Deployment", self.reconcile_deployment)
        engine.controller("ForkliftController", self.reconcile_release)

    async def reconcile_deployment(self, _key: Key, deployment: Obj | None) -> float | None:
        if deployment is None:
            return None
        wanted = deployment["spec"].get("replicas", 1)
        if deployment.get("status", {}).get("availableReplicas", 0) != wanted:
            change = {"replicas": wanted, "readyReplicas": wanted, "availableReplicas": wanted}
            await self.engine.api.patch(deployment, {"status": change}, "status")
        return None

    async def reconcile_release(self, _key: Key, installed: Obj | None) -> float | None:
        release = meta(installed, "annotations").get(RELEASE) if installed is not None else None
        if installed is not None and release:
            self.engine.settings.forklift_version = release
            if meta(installed, "annotations").get(PLAYED) != release:
                await self.engine.api.patch(installed, {"metadata": {"annotations": {PLAYED: release}}})
        return None
