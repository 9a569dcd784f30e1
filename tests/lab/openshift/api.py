# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The aggregated API server: discovery, who may what, and the verbs of each resource.

It authorizes in its own group, as openshift-apiserver does (kube-apiserver has done so before it forwards a request),
and then asks RBAC on behalf of the user (pkg/authorization/apiserver/registry/rolebinding/proxy.go).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.lab.openshift import projects, views
from tests.lab.openshift.store import Obj, RefusedError, Store, not_found
from tests.lab.openshift.upstream import Upstream, User, user_of
from tests.lab.openshift.views import Served

_PATH = re.compile(r"^/apis/([^/]+)/v1(?:/namespaces/([^/]+))?/([^/]+)(?:/([^/]+))?$")
_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_GROUPS = sorted({served.group for served in views.SERVED})


@dataclass(frozen=True)
class Asked:
    """One request, understood. body: decoded, None without one."""

    served: Served
    verb: str
    namespace: str
    name: str
    user: User
    query: dict[str, str]
    body: Any

    @property
    def resource(self) -> str:
        return f"{self.served.plural}.{self.served.group}"

    @property
    def uid(self) -> str:
        """The precondition of a delete."""
        conditions = (self.body or {}).get("preconditions") or {}
        return str(conditions.get("uid") or "")


class Server:
    """All handlers; what is stored lives as long as this."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream, self._store = upstream, Store()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        user = user_of(request)
        if user is None:
            return _status(RefusedError(401, "Unauthorized", "Unauthorized"), None)
        if request.path in ("/readyz", "/healthz", "/livez"):
            return web.Response(text="ok")
        told = _discovered(request)
        if told is not None:
            return told
        asked: Asked | None = None
        try:
            asked = await _understood(request, user)
            await self._authorize(asked)
            if asked.verb == "watch":
                return await self._watch(request, asked)
            answer = await self._handler(asked)(asked)
        except RefusedError as exc:
            return _status(exc, asked)
        if "as=PartialObjectMetadata" in request.headers.get("Accept", "") and answer.get("kind") != "Status":
            answer = views.metadata_only(answer)
        return web.json_response(answer, status=201 if asked.verb == "create" else 200)

    async def _authorize(self, asked: Asked) -> None:
        # pkg/project/apiserver/registry/project: who may see one namespace may ask for its project.
        inside = asked.name if asked.served.kind == "Project" else asked.namespace
        served = asked.served
        if not await self._upstream.may(asked.user, asked.verb, served.group, served.plural, inside, asked.name):
            place = f' in the namespace "{inside}"' if inside else " at the cluster scope"
            message = (
                f'{asked.resource} is forbidden: User "{asked.user.name}" cannot {asked.verb} resource '
                f'"{served.plural}" in API group "{served.group}"{place}'
            )
            raise RefusedError(403, "Forbidden", message, asked.name)

    def _handler(self, asked: Asked) -> Callable[[Asked], Awaitable[Obj]]:
        if asked.served.kind == "ProjectRequest":
            return self._request_project
        if asked.served.kind == "Project":
            return self._project
        if asked.served.shows == "imagestreams":
            return self._tag
        return self._rights if asked.served.shows else self._stored

    # -- Roles and RoleBindings -----------------------------------------------------------------------------

    async def _rights(self, asked: Asked) -> Obj:
        kind = asked.served.kind
        place = f"/namespaces/{asked.namespace}" if asked.namespace else ""
        path = f"{asked.served.shows}{place}/{asked.served.plural}" + (f"/{asked.name}" if asked.name else "")
        body = asked.body
        if asked.verb in ("update", "patch"):
            now = await self._upstream.ask("GET", path, user=asked.user)
            body = views.merged(views.from_rbac(kind, now), body) if asked.verb == "patch" else body
        if asked.verb in ("create", "update", "patch"):
            body = views.to_rbac(kind, body)
        told = await self._upstream.ask(_METHODS[asked.verb], path, body, asked.user, asked.query)
        if asked.verb == "list":
            items = [views.from_rbac(kind, item) for item in told["items"]]
            return _list_of(asked, items, told["metadata"])
        return _SUCCESS if asked.verb == "delete" else views.from_rbac(kind, told)

    # -- Projects -------------------------------------------------------------------------------------------

    async def _request_project(self, asked: Asked) -> Obj:
        if asked.verb == "list":  # says whether one may create
            return _SUCCESS
        return views.project_of(await projects.request(self._upstream, asked.user, asked.body))

    async def _project(self, asked: Asked) -> Obj:
        """The server does this by its own right: the user's was looked at."""
        path = "/api/v1/namespaces" + (f"/{asked.name}" if asked.name else "")
        if asked.verb == "list":
            query = {key: value for key, value in asked.query.items() if key == "labelSelector"}
            namespaces = (await self._upstream.ask("GET", path, query=query))["items"]
            visible = await self._visible(asked.user, namespaces)
            return _list_of(asked, [views.project_of(item) for item in visible], {})
        body = asked.body
        if asked.verb == "patch":
            body = views.merged(views.project_of(await self._upstream.ask("GET", path)), body)
        if asked.verb in ("create", "update", "patch"):
            body = views.namespace_of(body)
        told = await self._upstream.ask(_METHODS[asked.verb], path, body)
        return _SUCCESS if asked.verb == "delete" else views.project_of(told)

    async def _visible(self, user: User, namespaces: list[Obj]) -> list[Obj]:
        """Those that the user may get (pkg/project/auth/cache.go)."""

        async def sees(item: Obj) -> bool:
            name = item["metadata"]["name"]
            return await self._upstream.may(user, "get", "", "namespaces", name, name)

        if await self._upstream.may(user, "get", "", "namespaces", "", ""):
            return namespaces
        seen = await asyncio.gather(*map(sees, namespaces))
        return [item for item, visible in zip(namespaces, seen, strict=True) if visible]

    # -- ImageStreams ---------------------------------------------------------------------------------------

    async def _tag(self, asked: Asked) -> Obj:
        kind, streams = asked.served.kind, "imagestreams.image.openshift.io"
        if asked.verb == "list":
            found = self._store.list(streams, asked.namespace)
            return _list_of(asked, [tag for stream in found for tag in views.tags_of(stream, kind)], {})
        name, colon, tag = (asked.name or (asked.body or {}).get("metadata", {}).get("name", "")).partition(":")
        if not colon:
            raise RefusedError(400, "BadRequest", f"{kind}s must be retrieved with <name>:<tag>")
        if asked.verb in ("create", "update", "patch"):
            return await self._write_tag(asked, name, tag)
        stream = self._store.get(streams, asked.namespace, name)
        found_tags = [shown for shown in views.tags_of(stream, kind) if shown["metadata"]["name"] == f"{name}:{tag}"]
        if asked.verb == "get" and found_tags:
            return found_tags[0]
        left = views.without_tag(stream, tag)
        if left is None or asked.verb == "get":
            raise not_found(asked.resource, asked.name)
        if asked.uid and asked.uid != stream["metadata"]["uid"]:
            raise RefusedError(409, "Conflict", "the UID precondition was not met", asked.name)
        await self._store.replace(streams, asked.namespace, name, left)
        return _SUCCESS

    async def _write_tag(self, asked: Asked, name: str, tag: str) -> Obj:
        """A tag is written into its stream, which is made where there is none."""
        streams = "imagestreams.image.openshift.io"
        wanted = asked.body.get("tag" if asked.served.kind == "ImageStreamTag" else "spec") or {}
        try:
            stream = self._store.get(streams, asked.namespace, name)
        except RefusedError:
            await self._check_namespace(asked.namespace)
            stream = await self._store.create(streams, asked.namespace, _stream(name))
        spec = [t for t in stream.get("spec", {}).get("tags") or () if t["name"] != tag]
        if asked.verb == "create" and len(spec) != len(stream.get("spec", {}).get("tags") or ()):
            raise RefusedError(409, "AlreadyExists", f'{asked.resource} "{name}:{tag}" already exists', f"{name}:{tag}")
        changed = {**stream, "spec": {**stream.get("spec", {}), "tags": [*spec, {**wanted, "name": tag}]}}
        stream = await self._store.replace(streams, asked.namespace, name, changed)
        shown = views.tags_of(stream, "ImageTag")
        return next(s for s in shown if s["metadata"]["name"] == f"{name}:{tag}")

    # -- what is stored here --------------------------------------------------------------------------------

    async def _stored(self, asked: Asked) -> Obj:
        place = (asked.resource, asked.namespace)
        match asked.verb:
            case "list":
                items = list(self._store.list(*place))
                return _list_of(asked, items, {"resourceVersion": self._store.version})
            case "create":
                await self._check_namespace(asked.namespace)
                kind = {"kind": asked.served.kind, "apiVersion": asked.served.api_version}
                return await self._store.create(*place, {**asked.body, **kind})
            case "update" | "patch":
                now = self._store.get(*place, asked.name)
                changed = views.merged(now, asked.body) if asked.verb == "patch" else asked.body
                return await self._store.replace(*place, asked.name, changed)
            case "delete":
                return await self._store.delete(*place, asked.name, asked.uid)
            case "deletecollection":
                for item in list(self._store.list(*place)):
                    await self._store.delete(*place, item["metadata"]["name"])
                return _SUCCESS
        return self._store.get(*place, asked.name)

    async def _check_namespace(self, name: str) -> None:
        """Admission of every API server: nothing is made where nothing may be."""
        if not name:
            return
        namespace = await self._upstream.ask("GET", f"/api/v1/namespaces/{name}")
        if namespace["metadata"].get("deletionTimestamp"):
            message = f"unable to create new content in namespace {name} because it is being terminated"
            raise RefusedError(403, "Forbidden", message)

    async def _watch(self, request: web.Request, asked: Asked) -> web.StreamResponse:
        if asked.query.get("sendInitialEvents"):
            message = 'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden'
            raise RefusedError(422, "Invalid", message)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        partial = "as=PartialObjectMetadata" in request.headers.get("Accept", "")

        async def send() -> None:
            since = asked.query.get("resourceVersion", "")
            if asked.served.kind == "Project":
                async for event in self._upstream.watch("/api/v1/namespaces", {"resourceVersion": since}):
                    if event["type"] in ("ADDED", "MODIFIED", "DELETED"):
                        visible = await self._visible(asked.user, [event["object"]])
                        await write(event["type"], [views.project_of(item) for item in visible])
                return
            async for kind, item in self._store.watch(asked.resource, asked.namespace, since):
                await write(kind, [item])

        async def write(kind: str, items: list[Obj]) -> None:
            for item in items:
                shown = views.metadata_only(item) if partial else item
                await response.write(json.dumps({"type": kind, "object": shown}).encode() + b"\n")

        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(send(), float(asked.query.get("timeoutSeconds") or 1800))
        return response


_METHODS = {"get": "GET", "list": "GET", "create": "POST", "update": "PUT", "patch": "PUT", "delete": "DELETE"}
_SUCCESS: Obj = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}


def _stream(name: str) -> Obj:
    return {"kind": "ImageStream", "apiVersion": f"{views.IMAGE}/v1", "metadata": {"name": name}, "spec": {}}


def _list_of(asked: Asked, items: list[Obj], meta: Obj) -> Obj:
    kind = {"kind": f"{asked.served.kind}List", "apiVersion": asked.served.api_version}
    return {**kind, "metadata": meta, "items": items}


def _status(exc: RefusedError, asked: Asked | None) -> web.Response:
    """An error about the object that was asked for (pkg/authorization/apiserver/registry/registry/wrapper.go)."""
    message, details = str(exc), {}
    if asked is not None:
        for store in (f".{views.RBAC}", "namespaces "):
            plural = asked.served.plural
            message = message.replace(f"{plural}{store}", f"{asked.resource}").replace(store, f"{asked.resource} ")
        details = {"name": exc.name, "group": asked.served.group, "kind": asked.served.plural}
    told = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message}
    body = {**told, "reason": exc.reason, "details": details, "code": exc.code}
    return web.json_response(body, status=exc.code)


def _discovered(request: web.Request) -> web.Response | None:
    if request.method != "GET":
        return None
    if request.path == "/apis" and "as=APIGroupDiscoveryList" in request.headers.get("Accept", ""):
        return web.Response(body=json.dumps(views.aggregated()).encode(), headers={"Content-Type": _AGGREGATED})
    groups = [
        {"name": group, "versions": [version], "preferredVersion": version}
        for group in _GROUPS
        for version in ({"groupVersion": f"{group}/v1", "version": "v1"},)
    ]
    if request.path == "/apis":
        return web.json_response({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
    for group in groups:
        if request.path == f"/apis/{group['name']}":
            return web.json_response({"kind": "APIGroup", "apiVersion": "v1", **group})
        if request.path == f"/apis/{group['name']}/v1":
            return web.json_response(views.discovery(str(group["name"])))
    return None


async def _understood(request: web.Request, user: User) -> Asked:
    match = _PATH.match(request.path)
    found = match and next((s for s in views.SERVED if (s.group, s.plural) == (match[1], match[3])), None)
    if not match or found is None or (match[2] and not found.namespaced):
        raise RefusedError(404, "NotFound", "the server could not find the requested resource")
    name, query = match[4] or "", dict(request.query)
    watched = query.get("watch") in ("1", "true")
    verbs = {
        "GET": "get" if name else "watch" if watched else "list",
        "POST": "create",
        "PUT": "update",
        "PATCH": "patch",
        "DELETE": "delete" if name else "deletecollection",
    }
    verb = verbs.get(request.method, "")
    if verb not in found.verbs:  # a list with watch=1 of what cannot be watched is refused like any other verb
        message = "the server does not allow this method on the requested resource"
        raise RefusedError(405, "MethodNotAllowed", message)
    if verb == "patch" and request.content_type != "application/merge-patch+json":
        message = "the body of the request was in an unknown format - accepted media types: merge-patch"
        raise RefusedError(415, "UnsupportedMediaType", message)
    text = await request.text()
    try:
        body = json.loads(text) if text else None
    except ValueError as exc:
        raise RefusedError(400, "BadRequest", f"the body is no JSON: {exc}") from exc
    return Asked(found, verb, match[2] or "", name, user, query, body)
