# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a volume comes from a prime claim to the claim that it was filled for: in Forklift's populators and in CDI's."""

from __future__ import annotations

from tests.lab.operator.engine import Engine
from tests.lab.operator.kinds import Obj, deleting


async def hand_over(engine: Engine, pvc: Obj, first: Obj, origin: dict[str, str]) -> None:
    """The prime's PV gets the target as its claim; the prime is Lost after that. CDI does it in the same way
    (C:pkg/controller/common `Rebind`)."""
    volume = engine.store.get("PersistentVolume", "", first["spec"]["volumeName"])
    if volume is None:
        return
    metadata = pvc["metadata"]
    reference = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "resourceVersion": None,
    }
    change = {"metadata": {"annotations": origin}, "spec": {"claimRef": reference}}
    await engine.api.patch(volume, change)


async def away_when_lost(engine: Engine, first: Obj | None) -> float | None:
    """A prime is deleted when Lost."""
    if first is not None and not deleting(first):
        if first.get("status", {}).get("phase") == "Lost":
            await engine.api.delete(first)
        else:
            return 0.5
    return None
