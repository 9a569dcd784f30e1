# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one waiter: many objects at once, on LIST + WATCH, until each is as wanted or nothing moves any more."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ansible_collections.mtv.teardown.plugins.module_utils import _progress, _threads
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import awaited
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Cluster, Watch
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, Resource, conditions
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Clock, Limits, is_interrupted

Done = Callable[[Obj], bool]


# A watch that has gone dumb is noticed by the list that comes after it, at the latest after so many seconds.
_LONGEST_WATCH = 45.0
# Between two attempts at a list or watch that failed; between two lists, where watching is not allowed.
_BREATH, _POLL = 0.5, 2.0


@dataclass(frozen=True, slots=True)
class Waited:
    """pending: what is not as wanted, newest state; errors: (resource, namespace, message) that could not be read."""

    pending: tuple[Obj, ...]
    errors: tuple[tuple[Resource, str | None, str], ...] = ()


def until_gone(cluster: Cluster, objects: Iterable[Obj], limits: Limits) -> Waited:
    """Wait until none of these uids is there."""
    return _Waiter(cluster, objects, limits, lambda _obj: False, "to go").run()


def until(cluster: Cluster, objects: Iterable[Obj], done: Done, limits: Limits, what: str) -> Waited:
    """Wait until done(object) holds, or the object is gone, for each of them (read whole). what: that, in words."""
    return _Waiter(cluster, objects, limits, done, what, whole=True).run()


class _Waiter:
    """One thread per kind and namespace; they share the clock of progress."""

    def __init__(
        self, cluster: Cluster, objects: Iterable[Obj], limits: Limits, done: Done, what: str, whole: bool = False
    ) -> None:
        self._cluster, self._clock, self._done, self._whole = cluster, Clock(limits), done, whole
        self._what = what
        self._groups: dict[tuple[Resource, str | None], dict[str, Obj]] = defaultdict(dict)
        for obj in objects:
            self._groups[(obj.resource, obj.namespace)][obj.uid] = obj
        self._lock = threading.Condition()
        self._over = False
        self._watches: set[Watch] = set()
        self._errors: list[tuple[Resource, str | None, str]] = []

    def run(self) -> Waited:
        threads = [_threads.thread(self._follow, *key) for key in self._groups]
        for thread in threads:
            thread.start()
        try:
            with _progress.waiting(self._told), self._lock:
                while self._pending() and any(t.is_alive() for t in threads) and (left := self._clock.left()) > 0:
                    self._lock.wait(min(left, 1.0))
        finally:
            self._end()
        for thread in threads:
            thread.join(timeout=5.0)
        with self._lock:
            return Waited(tuple(self._pending()), tuple(self._errors))

    def _told(self) -> dict[str, object]:
        with self._lock:
            pending = self._pending()
        return _progress.wait(self._what, awaited.things(pending, self._cluster.ledger), self._clock)

    def _pending(self) -> list[Obj]:
        return [obj for group in self._groups.values() for obj in group.values()]

    def _end(self) -> None:
        with self._lock:
            self._over = True
            # To close one takes until its server says something; it ends with the process anyway.
            watches = [] if is_interrupted() else list(self._watches)
        for watch in watches:
            watch.close()

    def _follow(self, resource: Resource, namespace: str | None) -> None:
        """List, then watch from there; list again whenever that cannot go on. What fails for a time is asked again
        for as long as there is patience; what fails for good ends the waiting for this kind."""
        whole = self._whole or resource.kind == "Namespace"
        while not self._over and self._groups[(resource, namespace)]:
            try:
                broken: list[str] = []
                listing = self._cluster.listing(resource, namespace, whole=whole, broken=broken)
                found = {obj.uid: obj for obj in listing.objects}
                if broken:  # what is not among the others may be one of these
                    found = {**self._groups[(resource, namespace)], **found}
                self._listed(resource, namespace, found)
                if self._groups[(resource, namespace)] and not self._over:
                    self._watch_or_poll(resource, namespace, listing.version, whole)
            except ApiError as exc:
                if exc.lasting:
                    with self._lock:
                        self._errors.append((resource, namespace, exc.msg))
                        self._lock.notify_all()
                    return
                self._breathe()
            except _broken():  # a cut connection
                self._breathe()

    def _breathe(self, seconds: float = _BREATH) -> None:
        if not self._over:
            time.sleep(seconds)

    def _watch_or_poll(self, resource: Resource, namespace: str | None, version: str, whole: bool) -> None:
        try:
            self._watch(resource, namespace, version, whole)
        except ApiError as exc:
            if not exc.lasting:
                raise
            self._breathe(_POLL)  # may list, but not watch

    def _watch(self, resource: Resource, namespace: str | None, version: str, whole: bool) -> None:
        seconds = int(max(1, min(_LONGEST_WATCH, self._clock.left())))
        watch = self._cluster.watch(resource, namespace, version, seconds, whole=whole)
        with self._lock:
            self._watches.add(watch)
        try:
            for event in watch:
                if event.obj is not None:
                    self._seen(resource, namespace, event.obj, gone=event.type == "DELETED")
                if self._over or not self._groups[(resource, namespace)]:
                    return
        finally:
            with self._lock:
                self._watches.discard(watch)
            watch.close()

    def _listed(self, resource: Resource, namespace: str | None, found: dict[str, Obj]) -> None:
        for uid, before in list(self._groups[(resource, namespace)].items()):
            now = found.get(uid)
            self._seen(resource, namespace, now or before, gone=now is None)

    def _seen(self, resource: Resource, namespace: str | None, obj: Obj, gone: bool) -> None:
        group = self._groups[(resource, namespace)]
        with self._lock:
            before = group.get(obj.uid)
            if before is None:
                return
            if self._over:  # nothing that comes after the end may change the answer
                return
            if gone:
                self._cluster.ledger.note_gone(obj.uid)
            if gone or self._done(obj):
                del group[obj.uid]
            elif _mark(before) == _mark(obj):
                group[obj.uid] = obj
                return
            else:
                group[obj.uid] = obj
            self._clock.moved()
            self._lock.notify_all()


def _mark(obj: Obj) -> tuple[object, ...]:
    """What counts as movement of an object that stays: being deleted, fewer finalizers, a namespace emptying."""
    told: tuple[str, ...] = ()
    if obj.kind == "Namespace":
        told = tuple(str(c.get("message")) for c in conditions(obj).values())
    return (bool(obj.deleting), obj.finalizers, told)


def _broken() -> tuple[type[Exception], ...]:
    """What a stream raises that broke or was closed under its reader; imported late, as sanity wants."""
    import urllib3

    return (OSError, ValueError, AttributeError, urllib3.exceptions.HTTPError)
