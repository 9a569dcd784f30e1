# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Informers and a work queue, as controllers have them: a cache fed by LIST + WATCH, keys to look
at again, one worker at a time per key. Nothing is written to the objects to remember progress."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable

import aiohttp

from tests.lab.operator.api import Api, ApiError, GoneError
from tests.lab.operator.kinds import Obj, meta
from tests.lab.operator.settings import IGNORED, Settings

LOG = logging.getLogger("lab.operator")

# (kind, namespace, name); the namespace is "" for cluster-scoped kinds.
Key = tuple[str, str, str]
Reconcile = Callable[[Key, "Obj | None"], Awaitable["float | None"]]
Mapper = Callable[[Obj], Iterable[Key]]


def key_of(obj: Obj) -> Key:
    metadata = obj["metadata"]
    return obj["kind"], metadata.get("namespace", ""), metadata["name"]


class Store:
    """What the watches have shown so far."""

    def __init__(self) -> None:
        self._objects: dict[str, dict[Key, Obj]] = defaultdict(dict)
        self._owned: dict[str, set[Key]] = defaultdict(set)

    def put(self, obj: Obj) -> None:
        key = key_of(obj)
        self.drop(key)
        self._objects[key[0]][key] = obj
        for reference in obj["metadata"].get("ownerReferences") or []:
            self._owned[reference["uid"]].add(key)

    def drop(self, key: Key) -> Obj | None:
        old = self._objects[key[0]].pop(key, None)
        for reference in (old or {"metadata": {}})["metadata"].get("ownerReferences") or []:
            self._owned[reference["uid"]].discard(key)
        return old

    def get(self, kind: str, namespace: str, name: str) -> Obj | None:
        return self._objects[kind].get((kind, namespace, name))

    def all(self, kind: str) -> list[Obj]:
        return list(self._objects[kind].values())

    def labelled(self, kind: str, namespace: str, **labels: str) -> list[Obj]:
        wanted = labels.items()
        return [
            obj
            for obj in self._objects[kind].values()
            if obj["metadata"].get("namespace", "") == namespace
            and wanted <= (obj["metadata"].get("labels") or {}).items()
        ]

    def owned(self, uid: str, kind: str) -> list[Obj]:
        return [self._objects[kind][key] for key in self._owned[uid] if key[0] == kind]


class Engine:
    """Runs the controllers."""

    def __init__(self, api: Api, settings: Settings, workers: int = 24) -> None:
        self.api = api
        self.settings = settings
        self.store = Store()
        self._controllers: dict[str, list[tuple[Reconcile, str]]] = defaultdict(list)
        self._mappers: dict[str, list[Mapper]] = defaultdict(list)
        self._queue: asyncio.Queue[Key] = asyncio.Queue()
        self._waiting: set[Key] = set()
        self._busy: set[Key] = set()
        self._again: set[Key] = set()
        self._since: dict[tuple[str, str], float] = {}
        self._tries: dict[Key, int] = defaultdict(int)
        self._synced: dict[str, asyncio.Event] = {}
        self._workers = workers

    def controller(self, kind: str, reconcile: Reconcile, runs_in: str = "") -> None:
        """Call `reconcile` for every object of the kind that changed or asked to be seen again.

        runs_in: the Deployment whose pod this is; while that is scaled to nothing, nobody is called.
        """
        self._controllers[kind].append((reconcile, runs_in))
        self.watch(kind)

    def watch(self, kind: str, mapper: Mapper | None = None) -> None:
        """Keep the kind in the store; `mapper` names keys of others that its events concern."""
        self._synced.setdefault(kind, asyncio.Event())
        if mapper is not None:
            self._mappers[kind].append(mapper)

    def is_off(self, deployment: str) -> bool:
        """Whether this Deployment is there and scaled to nothing."""
        found = [d for d in self.store.all("Deployment") if d["metadata"]["name"] == deployment]
        return any(d["spec"].get("replicas") == 0 for d in found)

    def due(self, obj: Obj, step: str, delay: float) -> float:
        """Seconds left of a delay that began when this was first asked for the object."""
        begun = self._since.setdefault((obj["metadata"]["uid"], step), time.monotonic())
        return max(0.0, begun + delay - time.monotonic())

    def enqueue(self, key: Key, after: float = 0.0) -> None:
        if after > 0:
            asyncio.get_running_loop().call_later(after, self.enqueue, key)
        elif key in self._busy:
            self._again.add(key)
        elif key not in self._waiting:
            self._waiting.add(key)
            self._queue.put_nowait(key)

    async def run(self, ready: Callable[[], None] | None = None) -> None:
        """Watch and work until cancelled."""
        async with asyncio.TaskGroup() as group:
            for kind in self._synced:
                group.create_task(self._inform(kind))
            await asyncio.gather(*(event.wait() for event in self._synced.values()))
            if ready is not None:
                ready()
            for _number in range(self._workers):
                group.create_task(self._work())

    async def _inform(self, kind: str) -> None:
        while True:
            try:
                items, version = await self.api.list(kind)
                self._replace(kind, items)
                self._synced[kind].set()
                while True:
                    version = await self._follow(kind, version)
            except GoneError:
                continue
            except (ApiError, aiohttp.ClientError, TimeoutError) as error:
                LOG.warning("watch of %s: %s", kind, error)
                await asyncio.sleep(1)

    async def _follow(self, kind: str, version: str) -> str:
        async for event, obj in self.api.watch(kind, version):
            version = obj["metadata"]["resourceVersion"]
            if event == "DELETED":
                self.store.drop(key_of(obj))
                self._forget(obj)
            elif event != "BOOKMARK":
                self.store.put(obj)
            if event != "BOOKMARK":
                self._notify(obj)
        return version

    def _replace(self, kind: str, items: list[Obj]) -> None:
        alive = {key_of(item) for item in items}
        for old in self.store.all(kind):
            if key_of(old) not in alive:
                self.store.drop(key_of(old))
                self._notify(old)
        for item in items:
            self.store.put(item)
            self._notify(item)

    def _forget(self, obj: Obj) -> None:
        uid = obj["metadata"]["uid"]
        for entry in [entry for entry in self._since if entry[0] == uid]:
            del self._since[entry]

    def _notify(self, obj: Obj) -> None:
        if self._controllers[obj["kind"]]:
            self.enqueue(key_of(obj))
        for mapper in self._mappers[obj["kind"]]:
            for key in mapper(obj):
                self.enqueue(key)

    async def _work(self) -> None:
        while True:
            key = await self._queue.get()
            self._waiting.discard(key)
            self._busy.add(key)
            try:
                await self._handle(key)
            finally:
                self._busy.discard(key)
                if key in self._again:
                    self._again.discard(key)
                    self.enqueue(key)

    async def _handle(self, key: Key) -> None:
        for reconcile, runs_in in self._controllers[key[0]]:
            obj = self.store.get(*key)
            if self.is_off(runs_in) or (obj is not None and IGNORED in meta(obj, "annotations")):
                self.enqueue(key, 0.5)
                continue
            try:
                again = await reconcile(key, obj)
            except (ApiError, aiohttp.ClientError, TimeoutError) as error:
                self._tries[key] += 1
                LOG.info("%s: %s", "/".join(key), error)
                # A namespace that ends refuses new objects: not worth a quick retry.
                self.enqueue(key, min(5.0, 0.1 * 2 ** self._tries[key]))
                continue
            self._tries.pop(key, None)
            if again:
                self.enqueue(key, again)
