# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the objects are kept that the aggregated API server owns: in memory, for as long as the lab lives.

It refuses what the generic registry of Kubernetes refuses (apiserver: pkg/registry/generic/registry/store.go).
"""

from __future__ import annotations

import asyncio
import datetime
import uuid
from collections.abc import AsyncIterator, Iterable
from typing import Any

Obj = dict[str, Any]
Key = tuple[str, str, str]


class RefusedError(Exception):
    """An error that the client gets as a Status."""

    def __init__(self, code: int, reason: str, message: str, name: str = "") -> None:
        super().__init__(message)
        self.code, self.reason, self.name = code, reason, name


def not_found(resource: str, name: str) -> RefusedError:
    return RefusedError(404, "NotFound", f'{resource} "{name}" not found', name)


class Store:
    """Objects by resource (plural.group), namespace and name."""

    def __init__(self) -> None:
        self._objects: dict[Key, Obj] = {}
        self._events: list[tuple[int, str, Key, Obj]] = []
        self._version = 1
        self._changed = asyncio.Condition()

    @property
    def version(self) -> str:
        return str(self._version)

    def list(self, resource: str, namespace: str) -> Iterable[Obj]:
        """Every object, or those of one namespace."""
        return [o for (r, ns, _n), o in sorted(self._objects.items()) if r == resource and namespace in ("", ns)]

    def get(self, resource: str, namespace: str, name: str) -> Obj:
        try:
            return self._objects[resource, namespace, name]
        except KeyError:
            raise not_found(resource, name) from None

    async def create(self, resource: str, namespace: str, item: Obj) -> Obj:
        meta = dict(item.get("metadata") or {})
        if not meta.get("name"):
            raise RefusedError(422, "Invalid", f"{resource}: metadata.name: Required value")
        key = (resource, namespace, meta["name"])
        if key in self._objects:
            raise RefusedError(409, "AlreadyExists", f'{resource} "{meta["name"]}" already exists', meta["name"])
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        meta.update({"uid": str(uuid.uuid4()), "creationTimestamp": now, "generation": 1})
        meta.update({"namespace": namespace} if namespace else {})
        return await self._put("ADDED", key, {**item, "metadata": meta})

    async def replace(self, resource: str, namespace: str, name: str, item: Obj) -> Obj:
        """The object as it now is. Without finalizers it goes once its deletion was asked for."""
        old, meta = self.get(resource, namespace, name)["metadata"], item["metadata"]
        for field in ("uid", "resourceVersion"):
            if meta.get(field) and meta[field] != old[field]:
                raise RefusedError(409, "Conflict", _CONFLICT[field].format(resource, name), name)
        kept = {field: old[field] for field in ("uid", "creationTimestamp", "deletionTimestamp") if field in old}
        item = {**item, "metadata": {**meta, **kept}}
        if kept.get("deletionTimestamp") and not meta.get("finalizers"):
            return await self._remove((resource, namespace, name), item)
        return await self._put("MODIFIED", (resource, namespace, name), item)

    async def delete(self, resource: str, namespace: str, name: str, uid: str = "") -> Obj:
        item = self.get(resource, namespace, name)
        if uid and uid != item["metadata"]["uid"]:
            raise RefusedError(409, "Conflict", _CONFLICT["uid"].format(resource, name), name)
        if not item["metadata"].get("finalizers"):
            return await self._remove((resource, namespace, name), item)
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        meta = {"deletionTimestamp": now, **item["metadata"]}
        return await self._put("MODIFIED", (resource, namespace, name), {**item, "metadata": meta})

    async def _put(self, event: str, key: Key, item: Obj) -> Obj:
        self._version += 1
        item = {**item, "metadata": {**item["metadata"], "resourceVersion": self.version}}
        self._objects[key] = item
        return await self._tell(event, key, item)

    async def _remove(self, key: Key, item: Obj) -> Obj:
        self._version += 1
        del self._objects[key]
        meta = {**item["metadata"], "resourceVersion": self.version}
        return await self._tell("DELETED", key, {**item, "metadata": meta})

    async def _tell(self, event: str, key: Key, item: Obj) -> Obj:
        self._events.append((self._version, event, key, item))
        async with self._changed:
            self._changed.notify_all()
        return item

    async def watch(self, resource: str, namespace: str, since: str) -> AsyncIterator[tuple[str, Obj]]:
        """(type, object) of what changes from a version on; of what is there, too, when none is given."""
        seen = int(since) if since.isdigit() and since != "0" else self._version
        if since in ("", "0"):
            for item in self.list(resource, namespace):
                yield "ADDED", item
        while True:
            for version, event, (kind, place, _name), item in [e for e in self._events if e[0] > seen]:
                seen = version
                if kind == resource and namespace in ("", place):
                    yield event, item
            async with self._changed:
                while self._version <= seen:
                    await self._changed.wait()


_CONFLICT = {
    "uid": 'Operation cannot be fulfilled on {} "{}": Precondition failed: UID in precondition does not match',
    "resourceVersion": 'Operation cannot be fulfilled on {} "{}": the object has been modified',
}
