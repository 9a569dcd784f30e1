# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what tells of objects in trouble, and keeps it: the object itself, its events, how its namespace ends, its
owners, what its controller logged of it, and of a migration its pods and volumes. Only of such objects, each read once
for all that ask, and never more than the bounds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _times
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import trouble
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Catalog, Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, Resource, text
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.order import CDI, FORKLIFT
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._evidence import keep, masks
from ansible_collections.mtv.teardown.plugins.module_utils._evidence.keeper import Keeper

# Of a log: lines, bytes and seconds back that are asked of the server; pods of a controller, containers of a pod, pods
# of a migration whose logs are read.
TAIL, BYTES, SECONDS = 5000, 4 * 1024 * 1024, 6 * 3600
_PODS, _CONTAINERS, _MIGRATION_PODS, _OWNERS = 2, 3, 5, 5
_LATE = "not read: evidence has taken too long"
_POD, _EVENT, _NAMESPACE, _DEPLOYMENT = ("", "Pod"), ("", "Event"), ("", "Namespace"), ("apps", "Deployment")


class ClusterWitness:
    """A Witness (witness.py) that reads the cluster."""

    def __init__(self, cluster: Cluster, keeper: Keeper) -> None:
        self._cluster, self._keeper = cluster, keeper

    def take(self, catalog: Catalog, objects: Iterable[Obj], why: str) -> None:
        """Evidence of each of these of which there is none yet."""
        wanted = self._keeper.fresh(trouble.foremost(objects), lambda obj: _about(obj, why))
        if not wanted:
            return
        with self._keeper.taking():
            reader = _Reader(self._cluster, catalog, self._keeper.log_lines, time.monotonic() + self._keeper.patience)
            reader.prepare(wanted)
            for document in self._cluster.together(lambda obj: reader.document(obj, why), wanted):
                self._keeper.keep(document)

    def told(self) -> dict[str, Any]:
        return self._keeper.told()


def _about(obj: Obj, why: str) -> dict[str, Any]:
    return {
        "kind": obj.kind,
        "api_version": obj.resource.api_version,
        "namespace": obj.namespace,
        "name": obj.name,
        "uid": obj.uid,
        "why": why,
        "taken": _times.now(),
    }


def _body(obj: Obj) -> dict[str, Any]:
    """As kubectl shows it: in a list an object does not say of which kind it is, and metadata alone says another."""
    what = {"apiVersion": obj.resource.api_version, "kind": obj.kind}
    return {**what, **{name: held for name, held in obj.body.items() if name not in what}}


@dataclass(slots=True)
class _Reader:
    """ends: after that nothing more is read; unread: what of the things that many ask for could not be read, by what it
    is."""

    cluster: Cluster
    catalog: Catalog
    log_lines: int
    ends: float
    unread: dict[str, str] = field(default_factory=dict)
    namespaces: dict[str, dict[str, Any]] = field(default_factory=dict)
    logs: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def prepare(self, objects: Iterable[Obj]) -> None:
        """What many of them ask for, once."""
        objects = list(objects)
        for place in sorted({obj.namespace for obj in objects if obj.namespace}):
            self.namespaces[place] = self._namespace(place)
        for name in sorted({name for obj in objects for name in trouble.controllers_of(obj)}):
            self.logs[name] = self._controller(name)

    def document(self, obj: Obj, why: str) -> keep.Document:
        """All of one object."""
        unread: list[str] = []
        now = self._one(obj.resource, obj.namespace, obj.name, unread)
        obj = now if now is not None and now.uid == obj.uid else obj
        body = _body(obj)
        controllers = trouble.controllers_of(obj)
        shared = [self.unread[key] for key in (f"namespace {obj.namespace}", *controllers) if key in self.unread]
        words = (obj.uid, obj.name)
        log = [
            f"{source} | {line}"
            for name in controllers
            for source, said in self.logs.get(name, ())
            for line in keep.lines_about(said, words, self.log_lines)
        ]
        parts = {
            "object": masks.of_object(body),
            "owners": self._owners(obj, unread),
            "namespace": self.namespaces.get(obj.namespace or "", {}),
            "events": self._events(obj, unread),
            "log": log,
        }
        return keep.Document(
            _about(obj, why), {**parts, **self._made(obj, log, unread)}, tuple(dict.fromkeys((*unread, *shared)))
        )

    # -- of one object ----------------------------------------------------------------------------------------

    def _events(self, obj: Obj, unread: list[str]) -> list[dict[str, Any]]:
        place = obj.namespace or "default"
        found = self._list(_EVENT, place, unread, f"involvedObject.uid={obj.uid}")
        newest = sorted((one.body for one in found), key=trouble.when)[-keep.EVENTS :]
        return [masks.masked(trouble.event(body)) for body in newest]

    def _owners(self, obj: Obj, unread: list[str]) -> list[dict[str, Any]]:
        told = []
        for owner in obj.owners[:_OWNERS]:
            resource = self.catalog.find(owner.group, owner.kind)
            place = obj.namespace if resource is not None and resource.namespaced else None
            there = self._one(resource, place, owner.name, unread)
            gone = {"kind": owner.kind, "name": owner.name, "uid": owner.uid, "read": False}
            told.append(trouble.owner_state(there) if there is not None and there.uid == owner.uid else gone)
        return told

    def _made(self, obj: Obj, log: list[str], unread: list[str]) -> dict[str, Any]:
        """Of a migration what Forklift made for it; of a pod its own log."""
        if (obj.group, obj.kind) == _POD:
            log += self._own_log(obj, unread)
        if obj.group != FORKLIFT or obj.kind not in ("Plan", "Migration"):
            return {}
        plan = self._plan_of(obj, unread) if obj.kind == "Migration" else obj
        place = text(plan.spec("targetNamespace")) if plan is not None else ""
        roots = [obj.uid, *([plan.uid] if plan is not None else [])]
        made = {
            kind: [one for one in self._list(kind, place or obj.namespace, unread) if trouble.is_made_for(one, roots)]
            for kind in (_POD, (CDI, "DataVolume"))
        }
        for pod in sorted(made[_POD], key=lambda pod: pod.status("phase") != "Failed")[:_MIGRATION_PODS]:
            log += self._own_log(pod, unread)
        pods, volumes = ([masks.of_object(_body(one)) for one in each] for each in made.values())
        return {"pods": pods, "related": volumes}

    def _plan_of(self, migration: Obj, unread: list[str]) -> Obj | None:
        place, name = text(migration.spec("plan", "namespace")), text(migration.spec("plan", "name"))
        return self._one(self.catalog.find(FORKLIFT, "Plan"), place or migration.namespace, name, unread)

    def _own_log(self, pod: Obj, unread: list[str]) -> list[str]:
        if pod.status("phase") in (None, "", "Pending"):
            return []  # it has not said anything
        return [
            f"{pod.name} {name} | {line}"
            for name, said in self._said_by(pod, unread)
            for line in keep.last_lines(said, self.log_lines)
        ]

    # -- of many ----------------------------------------------------------------------------------------------

    def _namespace(self, name: str) -> dict[str, Any]:
        unread: list[str] = []
        found = self._one(self.catalog.find(*_NAMESPACE), None, name, unread)
        if unread:
            self.unread[f"namespace {name}"] = unread[0]
        told: dict[str, Any] = masks.masked(trouble.state_of(found)) if found is not None else {}
        return told

    def _controller(self, name: str) -> list[tuple[str, str]]:
        """(pod and container, its log) of a Deployment, wherever it is."""
        unread: list[str] = []
        said = []
        for deployment in self._list(_DEPLOYMENT, None, unread, f"metadata.name={name}"):
            wanted = deployment.spec("selector", "matchLabels")
            labels = wanted if isinstance(wanted, Mapping) else {}
            there = self._list(_POD, deployment.namespace, unread) if labels else ()
            pods = [pod for pod in there if all(pod.labels.get(key) == value for key, value in labels.items())]
            for pod in sorted(pods, key=lambda pod: pod.created)[-_PODS:]:
                said += [(f"{pod.name} {box}", lines) for box, lines in self._said_by(pod, unread)]
        if unread:
            self.unread[name] = f"the log of {name}: {unread[0]}"
        return said

    def _said_by(self, pod: Obj, unread: list[str]) -> list[tuple[str, str]]:
        said = []
        for name in trouble.containers(pod)[:_CONTAINERS]:
            lines = self._try(unread, lambda n=name: self.cluster.log(pod, n, TAIL, BYTES, SECONDS))  # type: ignore[misc]
            said += [(name, lines)] if lines else []
        return said

    # -- whatever goes wrong ----------------------------------------------------------------------------------

    def _list(
        self, kind: tuple[str, str], namespace: str | None, unread: list[str], fields: str = ""
    ) -> tuple[Obj, ...]:
        resource = self.catalog.find(*kind)
        return self._listed(resource, namespace, unread, fields) if resource is not None else ()

    def _one(self, resource: Resource | None, namespace: str | None, name: str, unread: list[str]) -> Obj | None:
        """By a list, which every account may ask for that may see the object; of a Secret only its metadata."""
        if resource is None or not name:
            return None
        there = self._listed(resource, namespace, unread, f"metadata.name={name}")
        return next((one for one in there if one.name == name), None)

    def _listed(self, resource: Resource, namespace: str | None, unread: list[str], fields: str) -> tuple[Obj, ...]:
        whole = (resource.group, resource.kind) != ("", "Secret")
        read = self._try(unread, lambda: self.cluster.listing(resource, namespace, whole, fields, broken=[]))
        return read.objects if read is not None else ()

    def _try(self, unread: list[str], read: Callable[[], Any]) -> Any:
        """None when it could not be read; that is told in the document."""
        if time.monotonic() > self.ends:
            unread.append(_LATE)
            return None
        try:
            return read()
        except ApiError as exc:
            unread.append(exc.msg)
            return None
