# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Kubernetes API as this collection uses it: discover, list, watch, get, delete by uid, patch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from urllib.parse import quote

from ansible_collections.mtv.teardown.plugins.module_utils import _times
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import ledger, second_views, shapes
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.needed_rights import Right, Rule
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import (
    Obj,
    Resource,
    dig,
    from_item,
    listed,
    text,
)
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.rest import CONNECTIONS, Http, parsed
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.witness import Nobody, Witness
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError, garbage
from ansible_collections.mtv.teardown.plugins.module_utils._session import journal
from ansible_collections.mtv.teardown.plugins.module_utils._together import together

PAGE = 500
# How often a write is tried that meets somebody else's.
_CONFLICTS = 4
# In the API server's 409 to the delete of a namespace that is ending already.
_ENDING = "ensuring all content is removed"
_DISCOVERY = "application/json;g=apidiscovery.k8s.io;v={v};as=APIGroupDiscoveryList"
_AGGREGATED = ",".join((_DISCOVERY.format(v="v2"), _DISCOVERY.format(v="v2beta1"), "application/json"))
_METADATA = "application/json;as=PartialObjectMetadata{list};g=meta.k8s.io;v=v1,application/json"

_JSON_PATCH = "application/json-patch+json"
_RULE = ("verbs", "apiGroups", "resources", "resourceNames")

# A discovery without these is not one: to take it for whole would make every kind absent.
_EVERYWHERE = (("", "Namespace"), ("", "Pod"), ("apps", "Deployment"), ("rbac.authorization.k8s.io", "ClusterRole"))

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Catalog:
    """What the cluster serves, second views left out. broken: groups whose server did not answer, so that their kinds
    are not known."""

    resources: tuple[Resource, ...]
    broken: Mapping[str, str] = field(default_factory=dict)
    _numbers: Mapping[tuple[str, str], int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        numbers: dict[tuple[str, str], int] = {}
        for number, one in enumerate(self.resources):
            numbers.setdefault((one.group, one.kind), number)
        object.__setattr__(self, "_numbers", numbers)

    def find(self, group: str, kind: str) -> Resource | None:
        """The kind, or the one whose objects it shows."""
        wanted = ((group, kind), second_views.store_of(group, kind))
        found = [self._numbers[one] for one in wanted if one in self._numbers]
        return self.resources[min(found)] if found else None

    def deletable(self, namespaced: bool) -> list[Resource]:
        """Kinds that can be listed and deleted, in namespaces or outside them."""
        return [r for r in self.resources if r.namespaced == namespaced and {"list", "delete"} <= r.verbs]


@dataclass(frozen=True, slots=True)
class Listing:
    """A complete list. version: the resourceVersion from which a watch goes on."""

    objects: tuple[Obj, ...]
    version: str


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a watch. type: ADDED, MODIFIED, DELETED, BOOKMARK (which has no object)."""

    type: str
    obj: Obj | None


class Cluster:
    """One cluster. All errors are ApiError; an empty list is an answer, never a failure."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self.ledger = ledger.Ledger()
        # Told of what is in trouble before it is hidden.
        self.witness: Witness = Nobody()

    @property
    def requests(self) -> int:
        return self._http.requests

    @property
    def where(self) -> Mapping[str, Any]:
        """C(url), C(context) and C(kubeconfig), the files: for people, without secrets."""
        return self._http.where

    @property
    def insecure(self) -> bool:
        """True when nobody looks whether the server is the one that it says it is."""
        return self._http.insecure

    @property
    def server_time(self) -> float | None:
        """Seconds since the epoch by the server's clock, by which it dates its objects; None when it told none."""
        return self._http.server_time

    def together(self, work: Callable[[A], B], items: Iterable[A]) -> list[B]:
        """work on every item, a bounded number at a time; results in the order of the items."""
        return together(work, items, CONNECTIONS)

    # -- discovery ------------------------------------------------------------------------------------------

    def discover(self) -> Catalog:
        """All kinds in two requests (aggregated discovery), or one request per group on older servers."""
        told = ledger.entry("", "discovery", None, "/api, /apis", _times.now())
        try:
            catalog = self._discover()
        except ApiError as exc:
            self.ledger.lists.append({**told, "outcome": ledger.FAILED, "error": exc.msg})
            raise
        self.ledger.lists.append({**told, "count": len(catalog.resources)})
        return catalog

    def _discover(self) -> Catalog:
        core, groups = self.together(lambda path: self._http.json("GET", path, accept=_AGGREGATED), ("/api", "/apis"))
        kinds = (dig(core, "kind"), dig(groups, "kind"))
        if kinds == ("APIGroupDiscoveryList", "APIGroupDiscoveryList"):
            catalog = _catalog([*listed(core.get("items")), *listed(groups.get("items"))])
        elif kinds == ("APIVersions", "APIGroupList"):
            catalog = self._discover_each(groups)
        else:
            raise garbage(f"the answers to /api and /apis are not a discovery, but {kinds[0]} and {kinds[1]}")
        missing = [kind for group, kind in _EVERYWHERE if not catalog.find(group, kind) and group not in catalog.broken]
        if missing:
            raise garbage(f"discovery is incomplete: it does not name {', '.join(missing)}, which every server has")
        return replace(catalog, resources=second_views.stores(catalog.resources, catalog.broken))

    def _discover_each(self, groups: Any) -> Catalog:
        versions = [("", "v1")]
        for group in listed(dig(groups, "groups")):
            preferred = text(dig(group, "preferredVersion", "version"))
            versions.append((text(group.get("name")), preferred))
        broken: dict[str, str] = {}

        def read(gv: tuple[str, str]) -> list[Resource]:
            group, version = gv
            try:
                answer = self._http.json("GET", f"/apis/{group}/{version}" if group else f"/api/{version}")
            except ApiError as exc:
                broken[group] = exc.msg
                return []
            if not isinstance(answer.get("resources"), list):
                broken[group] = f"the server of {group or 'the core'} answers {text(answer.get('kind'))[:50]}"
                return []
            return [
                Resource(
                    group,
                    version,
                    text(r.get("name")),
                    text(r.get("kind")),
                    bool(r.get("namespaced")),
                    _texts(r.get("verbs")),
                )
                for r in listed(dig(answer, "resources"))
                if "/" not in text(r.get("name"))
            ]

        found = [resource for resources in self.together(read, versions) for resource in resources]
        return Catalog(tuple(found), broken)

    # -- reading --------------------------------------------------------------------------------------------

    def listing(
        self,
        resource: Resource,
        namespace: str | None = None,
        whole: bool = False,
        fields: str = "",
        broken: list[str] | None = None,
    ) -> Listing:
        """Every object, page by page. whole: read spec and status too, not only metadata; fields: a field selector;
        broken: takes what is wrong with objects that cannot be understood, each of which is an error without it."""
        query = self._path(resource, namespace) + (f"?fieldSelector={fields}" if fields else "")
        told = ledger.entry(resource.kind, resource.api_version, namespace, query, _times.now())
        known = len(broken or ())
        try:
            found = self._listing(resource, namespace, whole, fields, broken)
        except ApiError as exc:
            self.ledger.lists.append({**told, "outcome": ledger.FAILED, "error": exc.msg})
            raise
        wrong = (broken or [])[known:]
        less = {"outcome": ledger.INCOMPLETE, "error": "; ".join(wrong[:5])} if wrong else {}
        self.ledger.lists.append({**told, "count": len(found.objects), "version": found.version, **less})
        return found

    def _listing(
        self, resource: Resource, namespace: str | None, whole: bool, fields: str, broken: list[str] | None
    ) -> Listing:
        for _again in range(3):
            try:
                return self._pages(resource, namespace, whole, fields, broken)
            except ApiError as exc:
                if exc.status != 410:  # the list outlived its snapshot: begin again
                    raise
        return self._pages(resource, namespace, whole, fields, broken)

    def _pages(
        self, resource: Resource, namespace: str | None, whole: bool, fields: str, broken: list[str] | None
    ) -> Listing:
        path, token = self._path(resource, namespace), ""
        accept = "" if whole else _METADATA.format(list="List")
        objects: dict[str, Obj] = {}
        ends = time.monotonic() + self._http.patience.listing
        while True:
            query = {"limit": PAGE, "continue": token, "fieldSelector": fields}
            page = self._http.json("GET", path, query, accept=accept)
            found, following, version = _page(resource, namespace, page, path, broken)
            fresh = {obj.uid: obj for obj in found if obj.uid not in objects}
            objects.update(fresh)
            if not following:
                return Listing(tuple(objects.values()), version)
            if not fresh or time.monotonic() > ends:
                raise garbage(
                    f"the list of {path} never ends: {len(objects)} objects, and pages that bring nothing new"
                )
            token = following

    def get(self, resource: Resource, namespace: str | None, name: str) -> Obj | None:
        """The whole object (of a Secret only its metadata), or None when a healthy server says that it is not there."""
        path = self._path(resource, namespace, name)
        accept = _METADATA.format(list="") if resource.key == "secrets" else ""
        try:
            return _object(resource, namespace, self._http.json("GET", path, accept=accept), path)
        except ApiError as exc:
            if _is_absent(exc, name):
                return None
            raise

    def look_at(self, resource: Resource, namespace: str | None, name: str) -> Obj | None:
        """The same, kept among what was asked as a question about this one object."""
        query = self._path(resource, namespace, name)
        told = {**ledger.entry(resource.kind, resource.api_version, namespace, query, _times.now()), "name": name}
        try:
            found = self.get(resource, namespace, name)
        except ApiError as exc:
            self.ledger.lists.append({**told, "outcome": ledger.FAILED, "error": exc.msg})
            raise
        version = text(dig(found.body, "metadata", "resourceVersion")) if found else ""
        self.ledger.lists.append({**told, "count": int(found is not None), "version": version})
        return found

    def log(self, pod: Obj, container: str, lines: int, size: int, seconds: int) -> str:
        """The newest lines of a container's log, of so many bytes and seconds at most. It is asked for once: a kubelet
        that is gone has none."""
        query = {"container": container, "tailLines": lines, "limitBytes": size, "sinceSeconds": seconds}
        return self._http.text(self._path(pod.resource, pod.namespace, pod.name) + "/log", query)

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
        return Watch(resource, namespace, path, self._http.stream(path, query, accept, seconds + 10.0))

    # -- rights ---------------------------------------------------------------------------------------------

    def rules(self, namespace: str) -> tuple[Rule, ...]:
        """What we may do in a namespace, as far as the server can enumerate it: what is not in it may be allowed all
        the same."""
        status = self._review("SelfSubjectRulesReview", {"namespace": namespace})
        return tuple(Rule(*(_texts(rule.get(key)) for key in _RULE)) for rule in listed(status.get("resourceRules")))

    def may(self, right: Right) -> bool:
        """Whether we may do exactly this."""
        asked = {
            "verb": right.verb,
            "group": right.group,
            "resource": right.resource.partition("/")[0],
            "subresource": right.resource.partition("/")[2],
            "namespace": right.namespace,
            "name": right.name,
        }
        status = self._review("SelfSubjectAccessReview", {"resourceAttributes": asked})
        allowed = status.get("allowed")
        if not isinstance(allowed, bool):
            raise garbage("the answer to an access review does not say whether it is allowed")
        if not allowed and status.get("evaluationError"):
            raise ApiError(f"the server cannot tell whether it is allowed: {text(status['evaluationError'])[:300]}")
        return allowed

    def account(self) -> str:
        """Who we are to the server, for people; empty where it does not say."""
        try:
            status = self._review("SelfSubjectReview", {}, "authentication.k8s.io/v1")
        except ApiError:
            return ""
        return text(dig(status, "userInfo", "username"))

    def _review(self, kind: str, spec: Mapping[str, Any], base: str = "authorization.k8s.io/v1") -> Mapping[str, Any]:
        """A question that is put as an object; nothing is stored."""
        body = {"apiVersion": base, "kind": kind, "spec": spec}
        status = self._http.json("POST", f"/apis/{base}/{kind.lower()}s", body=body).get("status")
        if not isinstance(status, Mapping):
            raise garbage(f"the answer to {kind} has no status")
        return status

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
        return self._write("DELETE", obj, body) is not None

    def patch(self, obj: Obj, change: Mapping[str, Any]) -> Obj | None:
        """Merge change into the object, or into its status when that is what it is about (then the server ignores the
        rest); None when it is not there any more."""
        body = {**change, "metadata": {"uid": obj.uid}}
        part = "/status" if "status" in change else ""
        item = self._write("PATCH", obj, body, "application/merge-patch+json", part)
        path = self._path(obj.resource, obj.namespace, obj.name)
        return _object(obj.resource, obj.namespace, item, path) if item is not None else None

    def without_finalizer(self, obj: Obj, finalizer: str) -> None:
        """Take one finalizer off exactly this object, as it was read: whatever was written to it since makes the server
        refuse (422, 409). Sent once: of a second one nobody could tell what it met."""
        meta = {"uid": obj.uid, "resourceVersion": text(dig(obj.body, "metadata", "resourceVersion"))}
        place = f"/metadata/finalizers/{obj.finalizers.index(finalizer)}"
        tests = [{"op": "test", "path": f"/metadata/{key}", "value": value} for key, value in meta.items()]
        self.patch_tested(
            obj, [*tests, {"op": "test", "path": place, "value": finalizer}, {"op": "remove", "path": place}]
        )

    def patch_tested(self, obj: Obj, body: Iterable[Mapping[str, Any]]) -> None:
        """A JSON patch that tests what it changes, and its uid, so that the server refuses it (422, 409) when that is
        something else by now. Sent once."""
        path = self._path(obj.resource, obj.namespace, obj.name)
        self.ledger.note_asked(obj, journal.CHANGE)
        self._http.json("PATCH", path, body=list(body), content_type=_JSON_PATCH, once=True)

    def would_be(self, obj: Obj, body: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
        """What such a patch would make of it, as the server keeps it. Nothing is changed."""
        path = self._path(obj.resource, obj.namespace, obj.name)
        dry = {"dryRun": "All"}
        return self._http.json("PATCH", path, dry, body=list(body), content_type=_JSON_PATCH, once=True)

    def _write(
        self, method: str, obj: Obj, body: Any, content_type: str = "application/json", part: str = ""
    ) -> Mapping[str, Any] | None:
        """Change one object; None when a healthy server says that it is not there. A conflict that is not about
        who it is (somebody wrote at the same moment) passes, so it is tried again."""
        path = self._path(obj.resource, obj.namespace, obj.name) + part
        self.ledger.note_asked(obj, journal.DELETE if method == "DELETE" else journal.CHANGE)
        if method == "DELETE":
            self.ledger.to_go[obj.uid] = obj
        for attempt in range(1, _CONFLICTS + 1):
            try:
                return self._http.json(method, path, body=body, content_type=content_type)
            except ApiError as exc:
                if _is_absent(exc, obj.name):
                    self.ledger.note_gone(obj.uid)
                    return None
                if obj.kind == "Namespace" and exc.status == 409 and _ENDING in exc.msg:
                    return {}  # its deletion was asked for before
                if exc.status != 409 or is_successor(exc) or attempt == _CONFLICTS:
                    if exc.status:  # without an answer it may have been taken
                        self.ledger.to_go.pop(obj.uid, None)
                    raise
                self._http.pause(attempt)
        raise AssertionError("unreachable")  # the loop returns or raises

    @staticmethod
    def _path(resource: Resource, namespace: str | None, name: str = "") -> str:
        base = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
        place = f"/namespaces/{quote(namespace, safe='')}" if namespace and resource.namespaced else ""
        return f"{base}{place}/{resource.plural}" + (f"/{quote(name, safe='')}" if name else "")


class Watch:
    """An open watch. Iterate over it; close() from another thread ends it."""

    def __init__(self, resource: Resource, namespace: str | None, path: str, answer: Any) -> None:
        self._resource, self._namespace, self._path, self._answer = resource, namespace, path, answer

    def __iter__(self) -> Iterator[Event]:
        pending = b""
        for chunk in self._answer.stream(65536, decode_content=True):
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                if line.strip():
                    yield self._event(line)

    def _event(self, line: bytes) -> Event:
        try:
            data = parsed(line)
        except ValueError as exc:
            raise garbage(f"the watch of {self._path} sent no JSON") from exc
        kind, item = dig(data, "type"), dig(data, "object")
        if kind == "ERROR":
            code = dig(item, "code")
            raise ApiError(
                f"the watch of {self._path} ended: {text(dig(item, 'message'))}",
                status=code if isinstance(code, int) else 0,
                reason=text(dig(item, "reason")),
            )
        if kind == "BOOKMARK":
            return Event("BOOKMARK", None)
        if not isinstance(kind, str) or kind not in ("ADDED", "MODIFIED", "DELETED"):
            raise garbage(f"the watch of {self._path} sent an event {text(kind)[:50]}")
        return Event(str(kind), _object(self._resource, self._namespace, item, self._path))

    def close(self) -> None:
        self._answer.close()


def is_successor(exc: ApiError) -> bool:
    """The server's 409 to a uid precondition: the name is somebody else's now."""
    return exc.status == 409 and "precondition" in exc.msg.lower()


def _is_absent(exc: ApiError, name: str) -> bool:
    """404 about this very object. A 404 of a whole API names none, or is no Status at all (page not found)."""
    return exc.status == 404 and exc.reason == "NotFound" and exc.name == name


def _page(
    resource: Resource, namespace: str | None, page: Mapping[str, Any], path: str, broken: list[str] | None
) -> tuple[list[Obj], str, str]:
    """One page of a list, checked: its objects, the token of the next page, its resourceVersion."""
    kind, meta = text(page.get("kind")), page.get("metadata")
    items = page.get("items") or []  # an empty list of metadata is sent as null
    if not kind.endswith("List") or not isinstance(items, list) or not isinstance(meta, Mapping):
        raise garbage(f"the answer to {path} is not a list, but {kind[:50]}")
    objects = []
    for item in items:
        try:
            objects.append(_object(resource, namespace, item, path))
        except ApiError as exc:
            if broken is None:
                raise
            broken.append(exc.msg)
    return objects, text(meta.get("continue")), text(meta.get("resourceVersion"))


def _object(resource: Resource, namespace: str | None, item: Any, path: str) -> Obj:
    """An object of an answer; garbage when it lacks what tells who it is, or stands elsewhere."""
    meta = dig(item, "metadata")
    whole = (
        isinstance(meta, Mapping)
        and all(isinstance(meta.get(key), str) and meta[key] for key in ("name", "uid"))
        and (not resource.namespaced or bool(meta.get("namespace")))
        and (namespace is None or not resource.namespaced or meta.get("namespace") == namespace)
    )
    if not whole:
        raise garbage(f"an object in the answer to {path} does not say who it is")
    wrong = shapes.fault(resource, item)
    if wrong:
        raise garbage(f"{resource.kind} {meta['name']} in the answer to {path} cannot be understood: {wrong}")
    return from_item(resource, item)


def _texts(value: Any) -> frozenset[str]:
    return frozenset(one for one in value if isinstance(one, str)) if isinstance(value, list) else frozenset()


def _catalog(groups: Iterable[Mapping[str, Any]]) -> Catalog:
    """Resources of the preferred version of every group; versions that are stale make the group broken."""
    resources: list[Resource] = []
    broken: dict[str, str] = {}
    for item in groups:
        group = text(dig(item, "metadata", "name"))
        seen: set[str] = set()
        for version in listed(item.get("versions")):
            if version.get("freshness") == "Stale":
                broken[group] = f"the server of {group}/{text(version.get('version'))} does not answer"
            for entry in listed(version.get("resources")):
                plural = text(entry.get("resource"))
                if plural in seen:
                    continue
                seen.add(plural)
                kind = text(dig(entry, "responseKind", "kind"))
                resources.append(
                    Resource(
                        group,
                        text(version.get("version")),
                        plural,
                        kind,
                        entry.get("scope") == "Namespaced",
                        _texts(entry.get("verbs")),
                    )
                )
    return Catalog(tuple(resources), broken)
