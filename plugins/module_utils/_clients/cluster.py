# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Kubernetes API as this collection uses it: discover, list, watch, get, delete by uid, patch."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

from ansible_collections.mtv.teardown.plugins.module_utils._clients.rest import CONNECTIONS, Http
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._session.objects import (
    Obj,
    Resource,
    dig,
    from_item,
    listed,
)

PAGE = 500
_DISCOVERY = "application/json;g=apidiscovery.k8s.io;v={v};as=APIGroupDiscoveryList"
_AGGREGATED = ",".join((_DISCOVERY.format(v="v2"), _DISCOVERY.format(v="v2beta1"), "application/json"))
_METADATA = "application/json;as=PartialObjectMetadata{list};g=meta.k8s.io;v=v1,application/json"

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Catalog:
    """What the cluster serves. broken: groups whose server did not answer, so that their kinds are not known."""

    resources: tuple[Resource, ...]
    broken: Mapping[str, str] = field(default_factory=dict)

    def find(self, group: str, kind: str) -> Resource | None:
        return next((r for r in self.resources if r.group == group and r.kind == kind), None)

    def deletable_in_namespaces(self) -> list[Resource]:
        return [r for r in self.resources if r.namespaced and {"list", "delete"} <= r.verbs]


@dataclass(frozen=True, slots=True)
class Listing:
    """A complete list. version: the resourceVersion from which a watch goes on."""

    objects: tuple[Obj, ...]
    version: str


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a watch. type: ADDED, MODIFIED, DELETED, BOOKMARK."""

    type: str
    obj: Obj
    version: str


class Cluster:
    """One cluster. All errors are ApiError; an empty list is an answer, never a failure."""

    def __init__(self, http: Http) -> None:
        self._http = http

    @property
    def requests(self) -> int:
        return self._http.requests

    def together(self, work: Callable[[A], B], items: Iterable[A]) -> list[B]:
        """work on every item, a bounded number at a time; results in the order of the items."""
        items = list(items)
        if len(items) < 2:
            return [work(item) for item in items]
        with ThreadPoolExecutor(max_workers=min(CONNECTIONS, len(items))) as pool:
            return list(pool.map(work, items))

    # -- discovery ------------------------------------------------------------------------------------------

    def discover(self) -> Catalog:
        """All kinds in two requests (aggregated discovery), or one request per group on older servers."""
        core, groups = self.together(lambda path: self._http.json("GET", path, accept=_AGGREGATED), ("/api", "/apis"))
        if dig(core, "kind") == "APIGroupDiscoveryList" and dig(groups, "kind") == "APIGroupDiscoveryList":
            return _catalog([*listed(core.get("items")), *listed(groups.get("items"))])
        return self._discover_each(groups)

    def _discover_each(self, groups: Any) -> Catalog:
        versions = [("", "v1")]
        for group in listed(dig(groups, "groups")):
            preferred = str(dig(group, "preferredVersion", "version") or "")
            versions.append((str(group.get("name")), preferred))
        broken: dict[str, str] = {}

        def read(gv: tuple[str, str]) -> list[Resource]:
            group, version = gv
            try:
                answer = self._http.json("GET", f"/apis/{group}/{version}" if group else f"/api/{version}")
            except ApiError as exc:
                broken[group] = exc.msg
                return []
            return [
                Resource(
                    group,
                    version,
                    str(r.get("name")),
                    str(r.get("kind")),
                    bool(r.get("namespaced")),
                    frozenset(r.get("verbs") or ()),
                )
                for r in listed(dig(answer, "resources"))
                if "/" not in str(r.get("name"))
            ]

        found = [resource for resources in self.together(read, versions) for resource in resources]
        return Catalog(tuple(found), broken)

    # -- reading --------------------------------------------------------------------------------------------

    def listing(self, resource: Resource, namespace: str | None = None, whole: bool = False) -> Listing:
        """Every object, page by page. whole: read spec and status too, not only metadata."""
        for _again in range(3):
            try:
                return self._pages(resource, namespace, whole)
            except ApiError as exc:
                if exc.status != 410:  # the list outlived its snapshot: begin again
                    raise
        return self._pages(resource, namespace, whole)

    def _pages(self, resource: Resource, namespace: str | None, whole: bool) -> Listing:
        path, objects, token = self._path(resource, namespace), [], ""
        accept = "" if whole else _METADATA.format(list="List")
        while True:
            page = self._http.json("GET", path, {"limit": PAGE, "continue": token}, accept=accept)
            items = dig(page, "items")
            meta = dig(page, "metadata")
            if items is None and str(dig(page, "kind")).endswith("List"):
                items = []  # an empty list of metadata is sent as null
            if not isinstance(items, list) or not isinstance(meta, Mapping):
                raise ApiError(f"the answer to {path} is not a list", status=200, reason="Garbage")
            objects += [from_item(resource, item) for item in listed(items)]
            following = str(meta.get("continue") or "")
            if not following:
                return Listing(tuple(objects), str(meta.get("resourceVersion") or ""))
            if following == token:
                raise ApiError(f"the list of {path} never ends", status=200, reason="Garbage")
            token = following

    def get(self, resource: Resource, namespace: str | None, name: str) -> Obj | None:
        """The whole object, or None when a healthy server says that it is not there."""
        try:
            return from_item(resource, self._http.json("GET", self._path(resource, namespace, name)))
        except ApiError as exc:
            if _is_absent(exc):
                return None
            raise

    def watch(
        self, resource: Resource, namespace: str | None, version: str, seconds: int, whole: bool = False
    ) -> Watch:
        """Events from version on, for at most so many seconds."""
        query = {
            "watch": "1",
            "resourceVersion": version,
            "timeoutSeconds": max(1, seconds),
            "allowWatchBookmarks": "true",
        }
        accept = "application/json" if whole else _METADATA.format(list="")
        path = self._path(resource, namespace)
        return Watch(resource, path, self._http.stream(path, query, accept, seconds + 10.0))

    # -- writing --------------------------------------------------------------------------------------------

    def delete(self, obj: Obj) -> bool:
        """Ask for the deletion of exactly this object. False when it is not there any more.

        The uid is a precondition: an object of the same name made since is somebody else's (the server answers 409).
        Background, because Foreground makes the garbage collector update Plans and Migrations through Forklift's
        webhooks, which refuse it (forklift.md 1.2).
        """
        body = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background",
            "preconditions": {"uid": obj.uid},
        }
        try:
            self._http.json("DELETE", self._path(obj.resource, obj.namespace, obj.name), body=body)
        except ApiError as exc:
            if _is_absent(exc):
                return False
            raise
        return True

    def patch(self, obj: Obj, change: Mapping[str, Any]) -> Obj | None:
        """Merge change into the object; None when it is not there any more."""
        try:
            item = self._http.json(
                "PATCH",
                self._path(obj.resource, obj.namespace, obj.name),
                body={**change, "metadata": {"uid": obj.uid}},
                content_type="application/merge-patch+json",
            )
        except ApiError as exc:
            if _is_absent(exc):
                return None
            raise
        return from_item(obj.resource, item)

    @staticmethod
    def _path(resource: Resource, namespace: str | None, name: str = "") -> str:
        base = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
        place = f"/namespaces/{quote(namespace, safe='')}" if namespace and resource.namespaced else ""
        return f"{base}{place}/{resource.plural}" + (f"/{quote(name, safe='')}" if name else "")


class Watch:
    """An open watch. Iterate over it; close() from another thread ends it."""

    def __init__(self, resource: Resource, path: str, answer: Any) -> None:
        self._resource, self._path, self._answer = resource, path, answer

    def __iter__(self) -> Iterator[Event]:
        pending = b""
        for chunk in self._answer.stream(65536, decode_content=True):
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                if line.strip():
                    yield self._event(line)

    def _event(self, line: bytes) -> Event:
        try:
            data = json.loads(line)
        except ValueError as exc:
            raise ApiError(f"the watch of {self._path} sent no JSON", status=200, reason="Garbage") from exc
        item = dig(data, "object") or {}
        if dig(data, "type") == "ERROR":
            raise ApiError(
                f"the watch of {self._path} ended: {dig(item, 'message')}",
                status=int(dig(item, "code") or 0),
                reason=str(dig(item, "reason") or ""),
            )
        return Event(
            str(dig(data, "type")),
            from_item(self._resource, item),
            str(dig(item, "metadata", "resourceVersion") or ""),
        )

    def close(self) -> None:
        self._answer.close()


def _is_absent(exc: ApiError) -> bool:
    """404 with the reason NotFound: the object. A 404 of a whole API has no such reason (page not found)."""
    return exc.status == 404 and exc.reason == "NotFound"


def _catalog(groups: Iterable[Mapping[str, Any]]) -> Catalog:
    """Resources of the preferred version of every group; versions that are stale make the group broken."""
    resources: list[Resource] = []
    broken: dict[str, str] = {}
    for item in groups:
        group = str(dig(item, "metadata", "name") or "")
        seen: set[str] = set()
        for version in listed(item.get("versions")):
            if version.get("freshness") == "Stale":
                broken[group] = f"the server of {group}/{version.get('version')} does not answer"
            for entry in listed(version.get("resources")):
                plural = str(entry.get("resource"))
                if plural in seen:
                    continue
                seen.add(plural)
                kind = str(dig(entry, "responseKind", "kind") or "")
                resources.append(
                    Resource(
                        group,
                        str(version.get("version")),
                        plural,
                        kind,
                        entry.get("scope") == "Namespaced",
                        frozenset(entry.get("verbs") or ()),
                    )
                )
    return Catalog(tuple(resources), broken)
