# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Providers, maps, hosts and hooks: Ready conditions, the servers of OVA and Hyper-V
providers, and what stands beside vSphere's."""

from __future__ import annotations

from tests.lab.operator.engine import Engine, Key
from tests.lab.operator.kinds import Obj, deleting, manifest, meta, owner
from tests.lab.operator.settings import FORKLIFT
from tests.lab.operator.static import SHARES, Share, part_labels, server, server_parts
from tests.lab.operator.status import READY, condition, has

# What an OVA server's controller needs to begin before its Provider is gone.
_HEAD_START = 0.5
_PLAIN = ("NetworkMap", "StorageMap", "Host", "Hook")


class Providers:
    """The controllers of everything a Plan refers to."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        for kind in _PLAIN:
            engine.controller(kind, self.reconcile_plain, runs_in=FORKLIFT)
        engine.controller("Provider", self.reconcile_provider, runs_in=FORKLIFT)
        for share in SHARES.values():
            engine.controller(share.resource, self.reconcile_server, runs_in=FORKLIFT)

    async def reconcile_plain(self, key: Key, obj: Obj | None) -> float | None:
        if obj is not None and not deleting(obj) and not has(obj, "Ready"):
            change = {"conditions": [condition(*READY, f"The {key[0]} is ready.")]}
            await self.engine.api.patch(obj, {"status": change}, "status")
        return None

    async def reconcile_provider(self, _key: Key, provider: Obj | None) -> float | None:
        """A provider stays Ready when its Secret goes: the inventory holds on (3.3)."""
        if provider is None:
            return None
        kind = provider["spec"].get("type")
        share = SHARES.get(kind)
        if deleting(provider):
            return await self._end_provider(provider, share) if share else None
        held = provider["metadata"].get("finalizers") or []
        if share and share.finalizer not in held:
            # The mutating webhook does it on CREATE (provider-mutator.go); the lab has none.
            await self.engine.api.patch(provider, {"metadata": {"finalizers": [*held, share.finalizer]}})
            return None
        if share:
            await self.engine.api.ensure(server(provider, self.engine.settings.forklift_namespace))
        if kind == "vsphere":
            for secret in ssh_keys(provider):
                await self.engine.api.ensure(secret)
        if not has(provider, "Ready"):
            change = {"phase": "Ready", "conditions": [condition(*READY, "The provider is ready.")]}
            await self.engine.api.patch(provider, {"status": change}, "status")
        return None

    async def _end_provider(self, provider: Obj, share: Share) -> float | None:
        """The server's delete is sent, then the finalizer goes, whatever becomes of the server (F:pkg/controller/
        provider/controller.go:654). Forklift does not wait in between; there the server's controller is mostly faster,
        and finds the Provider: so is the lab's, which waits a moment."""
        held = provider["metadata"].get("finalizers") or []
        if share.finalizer not in held:
            return None
        uid = provider["metadata"]["uid"]
        mine = [one for one in self.engine.store.all(share.resource) if meta(one, "labels").get("provider") == uid]
        for one in mine:
            await self.engine.api.delete(one)
        left = self.engine.due(provider, "server", _HEAD_START) if mine else 0
        if left > 0:
            return left
        await self._release(provider, share)
        return None

    async def _release(self, obj: Obj, share: Share) -> None:
        held = obj["metadata"].get("finalizers") or []
        left = [name for name in held if name != share.finalizer]
        if left != held:
            await self.engine.api.patch(obj, {"metadata": {"finalizers": left or None}})

    async def reconcile_server(self, key: Key, made: Obj | None) -> float | None:
        """`Deploy` and `Teardown` (F:pkg/controller/{ova,hyperv}/controller.go). Without its Provider, an OVA server is
        held for ever (ova:213); Hyper-V's goes by the Provider's uid in its label (hyperv:229)."""
        if made is None:
            return None
        share = next(one for one in SHARES.values() if one.resource == key[0])
        reference = (made.get("spec") or {}).get("provider") or {}
        provider = self.engine.store.get("Provider", reference.get("namespace", ""), reference.get("name", ""))
        if not deleting(made):
            for part in server_parts(made, share) if provider is not None else []:
                await self.engine.api.ensure(part)
            return None if provider is not None else 1.0
        if provider is None and key[0] == "OVAProviderServer":
            return 1.0
        labels = ",".join(f"{name}={value}" for name, value in part_labels(made, share).items())
        for kind in ("Service", "Deployment", "PersistentVolumeClaim", "PersistentVolume"):
            found, _version = await self.engine.api.list(kind, None if kind == "PersistentVolume" else key[1], labels)
            for part in found:
                await self.engine.api.delete(part)
        await self._release(made, share)
        return None


def ssh_keys(provider: Obj) -> list[Obj]:
    """Beside each vSphere provider, whether copy-offload is used or not (F:pkg/controller/provider/controller.go:480,
    :561)."""
    name = provider["metadata"]["name"]
    labels = {
        "app.kubernetes.io/name": "forklift",
        "app.kubernetes.io/component": "ssh-keys",
        "app.kubernetes.io/managed-by": "forklift-controller",
        "forklift.konveyor.io/provider": name,
    }
    return [
        manifest("Secret", f"offload-ssh-keys-{name[:228]}-{part}", provider["metadata"]["namespace"], labels=labels,
                 owners=[owner(provider)], stringData={f"{part}-key": "lab"})
        for part in ("private", "public")
    ]  # fmt: skip
