# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Providers, maps, hosts and hooks: Ready conditions, and the server of an OVA provider."""

from __future__ import annotations

from tests.lab.operator.engine import Engine, Key
from tests.lab.operator.kinds import Obj, deleting, meta
from tests.lab.operator.settings import FORKLIFT
from tests.lab.operator.static import OVA_FINALIZER, ova_server, ova_server_parts
from tests.lab.operator.status import READY, condition, has

_PLAIN = ("NetworkMap", "StorageMap", "Host", "Hook")


class Providers:
    """The controllers of everything a Plan refers to."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        for kind in _PLAIN:
            engine.controller(kind, self.reconcile_plain, runs_in=FORKLIFT)
        engine.controller("Provider", self.reconcile_provider, runs_in=FORKLIFT)
        engine.controller("OVAProviderServer", self.reconcile_server, runs_in=FORKLIFT)

    async def reconcile_plain(self, key: Key, obj: Obj | None) -> float | None:
        if obj is not None and not deleting(obj) and not has(obj, "Ready"):
            change = {"conditions": [condition(*READY, f"The {key[0]} is ready.")]}
            await self.engine.api.patch(obj, {"status": change}, "status")
        return None

    async def reconcile_provider(self, _key: Key, provider: Obj | None) -> float | None:
        """A provider stays Ready when its Secret goes: the inventory holds on (3.3)."""
        if provider is None:
            return None
        ova = provider["spec"].get("type") == "ova"
        if deleting(provider):
            await self._end_provider(provider)
            return None
        held = provider["metadata"].get("finalizers") or []
        if ova and OVA_FINALIZER not in held:
            # The mutating webhook does it on CREATE (provider-mutator.go); the lab has none.
            await self.engine.api.patch(provider, {"metadata": {"finalizers": [*held, OVA_FINALIZER]}})
            return None
        if ova:
            server = await self.engine.api.ensure(ova_server(provider, self.engine.settings.forklift_namespace))
            for part in ova_server_parts(server):
                await self.engine.api.ensure(part)
        if not has(provider, "Ready"):
            change = {"phase": "Ready", "conditions": [condition(*READY, "The provider is ready.")]}
            await self.engine.api.patch(provider, {"status": change}, "status")
        return None

    async def _end_provider(self, provider: Obj) -> None:
        """The finalizer goes right after the server's delete was sent (`cleanupProviderServer`)."""
        held = provider["metadata"].get("finalizers") or []
        if OVA_FINALIZER not in held:
            return
        for server in self.engine.store.all("OVAProviderServer"):
            if meta(server, "labels").get("provider") == provider["metadata"]["uid"]:
                await self.engine.api.delete(server)
        left = [name for name in held if name != OVA_FINALIZER]
        await self.engine.api.patch(provider, {"metadata": {"finalizers": left or None}})

    async def reconcile_server(self, key: Key, server: Obj | None) -> float | None:
        """`Teardown`: the parts, then the finalizer (F:pkg/controller/ova/controller.go)."""
        if server is None or not deleting(server):
            return None
        uid = meta(server, "labels").get("provider", "")
        parts = []
        for kind in ("Deployment", "Service", "PersistentVolumeClaim", "PersistentVolume"):
            namespace = None if kind == "PersistentVolume" else key[1]
            found, _version = await self.engine.api.list(kind, namespace, f"provider={uid}")
            parts += found
        for part in parts:
            await self.engine.api.delete(part)
        held = server["metadata"].get("finalizers") or []
        left = [name for name in held if name != OVA_FINALIZER]
        if left != held:
            await self.engine.api.patch(server, {"metadata": {"finalizers": left or None}})
        return None
