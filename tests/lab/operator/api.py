# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small asynchronous client: the operator and the seeder talk to the API server through it."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp
import yaml

from tests.lab.operator.kinds import KINDS, Obj

# One watch line holds one whole object; a VM or a Plan with many VMs is far below this.
_LINE_LIMIT = 8 * 1024 * 1024
_MERGE_PATCH = "application/merge-patch+json"


class ApiError(RuntimeError):
    """The API server refused a request."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class GoneError(ApiError):
    """A watch is too old: list again."""


def _material(entry: Obj, key: str, folder: Path) -> bytes | None:
    """Certificates and keys: inline, or a path relative to the kubeconfig."""
    if entry.get(f"{key}-data"):
        return base64.b64decode(entry[f"{key}-data"])
    return (folder / entry[key]).read_bytes() if entry.get(key) else None


def _named(entries: list[Obj], name: str, key: str) -> Obj:
    return next(entry[key] for entry in entries if entry["name"] == name)


class Api:
    """Typed by kind names, speaks plain dicts. Use as an async context manager."""

    def __init__(self, kubeconfig: Path | str) -> None:
        path = Path(kubeconfig)
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        context = _named(config["contexts"], config["current-context"], "context")
        cluster = _named(config["clusters"], context["cluster"], "cluster")
        user = _named(config["users"], context["user"], "user")
        self.server: str = cluster["server"].rstrip("/")
        authority = _material(cluster, "certificate-authority", path.parent)
        self._ssl = ssl.create_default_context(cadata=authority.decode() if authority else None)
        self._headers = {"Authorization": f"Bearer {user['token']}"} if "token" in user else {}
        self._headers["User-Agent"] = "mtv-teardown-lab"
        self._session: aiohttp.ClientSession | None = None
        # Bounds what is under way at once, so that a big world does not starve the watches.
        self._slots = asyncio.Semaphore(48)

    async def __aenter__(self) -> Api:
        self._session = aiohttp.ClientSession(
            headers=self._headers,
            connector=aiohttp.TCPConnector(ssl=self._ssl, limit=0),
            read_bufsize=_LINE_LIMIT,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
        )
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the client is used outside its context")
        return self._session

    async def request(
        self,
        method: str,
        path: str,
        body: Obj | None = None,
        *,
        query: dict[str, str] | None = None,
        content: str = "application/json",
    ) -> Obj:
        """One request with its JSON answer; every refusal is an ApiError."""
        data = None if body is None else json.dumps(body)
        async with (
            self._slots,
            self.session.request(
                method,
                self.server + path,
                data=data,
                params=query,
                headers={"Content-Type": content},
                timeout=aiohttp.ClientTimeout(total=60),
            ) as answer,
        ):
            raw = await answer.read()
            if answer.status >= 400:
                raise ApiError(answer.status, raw.decode(errors="replace")[:500])
            result: Obj = json.loads(raw)
            return result

    async def get(self, kind: str, namespace: str | None, name: str) -> Obj | None:
        try:
            return await self.request("GET", KINDS[kind].path(namespace, name))
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    async def list(self, kind: str, namespace: str | None = None, labels: str = "") -> tuple[list[Obj], str]:
        """The objects of a kind, with the version that a watch starts from."""
        query = {"labelSelector": labels} if labels else None
        answer = await self.request("GET", KINDS[kind].path(namespace), query=query)
        items = answer["items"]
        for item in items:
            item.setdefault("apiVersion", KINDS[kind].api_version)
            item.setdefault("kind", kind)
        return items, answer["metadata"]["resourceVersion"]

    async def create(self, obj: Obj, sub: str = "") -> Obj:
        metadata = obj["metadata"]
        kind = KINDS[obj["kind"]]
        path = kind.path(metadata.get("namespace"))
        if sub:
            path = kind.path(metadata.get("namespace"), metadata["name"], sub)
        return await self.request("POST", path, obj)

    async def ensure(self, obj: Obj) -> Obj:
        """Create, or take the one of that name that is there already."""
        metadata = obj["metadata"]
        try:
            return await self.create(obj)
        except ApiError as error:
            if error.status != 409:
                raise
        found = await self.get(obj["kind"], metadata.get("namespace"), metadata["name"])
        return found if found is not None else await self.create(obj)

    async def bind(self, pod: Obj, node: str) -> None:
        """What the scheduler does: put a pod on a node."""
        metadata = pod["metadata"]
        body = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": metadata["name"], "namespace": metadata["namespace"]},
            "target": {"apiVersion": "v1", "kind": "Node", "name": node},
        }
        path = KINDS["Pod"].path(metadata["namespace"], metadata["name"], "binding")
        await self.request("POST", path, body)

    async def patch(self, obj: Obj, change: Obj, sub: str = "") -> Obj | None:
        """Merge-patch an object; None when it is gone or was replaced by another."""
        metadata = obj["metadata"]
        path = KINDS[obj["kind"]].path(metadata.get("namespace"), metadata["name"], sub)
        # The uid in the patch makes the server refuse an heir of the same name.
        body = {**change, "metadata": {**change.get("metadata", {}), "uid": metadata["uid"]}}
        try:
            return await self.request("PATCH", path, body, content=_MERGE_PATCH)
        except ApiError as error:
            replaced = error.status == 422 and "metadata.uid" in str(error)
            if error.status in (404, 409) or replaced:
                return None
            raise

    async def delete(self, obj: Obj, *, grace: int | None = None) -> bool:
        """Delete by identity; False when it is gone already."""
        metadata = obj["metadata"]
        body: Obj = {
            "preconditions": {"uid": metadata["uid"]},
            "propagationPolicy": "Background",
        }
        if grace is not None:
            body["gracePeriodSeconds"] = grace
        path = KINDS[obj["kind"]].path(metadata.get("namespace"), metadata["name"])
        try:
            await self.request("DELETE", path, body)
        except ApiError as error:
            if error.status in (404, 409):
                return False
            raise
        return True

    async def watch(self, kind: str, version: str) -> AsyncIterator[tuple[str, Obj]]:
        """Events of one kind after `version`, until the server closes the stream."""
        query = {"watch": "1", "resourceVersion": version, "allowWatchBookmarks": "true"}
        async with self.session.get(self.server + KINDS[kind].path(), params=query) as answer:
            if answer.status >= 400:
                problem = ApiError(answer.status, (await answer.text())[:500])
                raise GoneError(410, "watch") if answer.status == 410 else problem
            async for line in answer.content:
                event: dict[str, Any] = json.loads(line)
                if event["type"] == "ERROR":
                    raise GoneError(int(event["object"].get("code") or 500), str(event["object"]))
                yield event["type"], event["object"]
