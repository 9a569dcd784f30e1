# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the aggregated API server asks kube-apiserver: as itself, or on behalf of who asks it."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp
import yaml
from aiohttp import web
from multidict import CIMultiDict

from tests.lab.openshift.store import RefusedError

_EXTRA = "X-Remote-Extra-"
_LINE = 8 * 1024 * 1024


@dataclass(frozen=True)
class User:
    """Who asks, by the headers in which the aggregator of kube-apiserver says it."""

    name: str
    groups: tuple[str, ...]
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def may_all(self) -> bool:
        """openshift-apiserver: pkg/cmd/openshift-apiserver/cmd.go, WithAlwaysAllowGroups."""
        return "system:masters" in self.groups

    def headers(self) -> list[tuple[str, str]]:
        """Impersonation (openshift-apiserver: pkg/client/impersonatingclient/impersonate.go)."""
        asked = [("Impersonate-User", self.name), *(("Impersonate-Group", group) for group in self.groups)]
        return asked + [(f"Impersonate-Extra-{key}", value) for key, value in self.extra]


def user_of(request: web.Request) -> User | None:
    """None when it is not the aggregator that asks: only its certificate vouches for the headers."""
    certificate = request.transport.get_extra_info("peercert") if request.transport else None
    subject = dict(pair[0] for pair in (certificate or {}).get("subject", ()))
    name = request.headers.get("X-Remote-User", "")
    if subject.get("commonName") != "front-proxy" or not name:
        return None
    extra = [(key[len(_EXTRA) :], value) for key, value in request.headers.items() if key.startswith(_EXTRA)]
    return User(name, tuple(request.headers.getall("X-Remote-Group", ())), tuple(extra))


class Upstream:
    """kube-apiserver. Use as an async context manager."""

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        cluster = config["clusters"][0]["cluster"]
        self._server = cluster["server"]
        self._ssl = ssl.create_default_context(cafile=cluster["certificate-authority"])
        self._token = config["users"][0]["user"]["token"]

    async def __aenter__(self) -> Upstream:
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {self._token}", "User-Agent": "openshift-apiserver"},
            connector=aiohttp.TCPConnector(ssl=self._ssl, limit=0),
            read_bufsize=_LINE,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
        )
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _exc: BaseException | None, _tb: TracebackType | None
    ) -> None:
        await self._session.close()

    async def ask(
        self, method: str, path: str, body: Any = None, user: User | None = None, query: Any = None
    ) -> dict[str, Any]:
        """The answer; an error is raised as the server gave it."""
        headers: CIMultiDict[str] = CIMultiDict(user.headers() if user is not None else ())
        async with self._session.request(
            method, self._server + path, json=body, headers=headers, params=query
        ) as answer:
            text = await answer.text()
        told = json.loads(text) if text.startswith("{") else {}
        if answer.status >= 400:
            name = (told.get("details") or {}).get("name", "")
            raise RefusedError(answer.status, told.get("reason", ""), told.get("message", text), name)
        return told if isinstance(told, dict) else {}

    async def make(self, path: str, body: Any) -> None:
        """Create, or leave what is there."""
        try:
            await self.ask("POST", path, body)
        except RefusedError as exc:
            # What is there, and what cannot be made any more because its namespace ends.
            if exc.code not in (403, 404, 409):
                raise

    async def watch(self, path: str, query: dict[str, str] | None = None) -> AsyncIterator[dict[str, Any]]:
        """Events until the server ends the watch."""
        params = {"watch": "1", **(query or {})}
        async with self._session.get(self._server + path, params=params) as answer:
            async for line in answer.content:
                yield json.loads(line)

    async def may(self, user: User, verb: str, group: str, resource: str, namespace: str, name: str) -> bool:
        """A SubjectAccessReview, as every aggregated server asks it."""
        if user.may_all:
            return True
        extra: dict[str, list[str]] = {}
        for key, value in user.extra:
            extra.setdefault(key.lower(), []).append(value)
        attributes = {"verb": verb, "group": group, "resource": resource, "namespace": namespace, "name": name}
        spec = {"user": user.name, "groups": list(user.groups), "extra": extra, "resourceAttributes": attributes}
        path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
        told = await self.ask("POST", path, {"spec": spec})
        return bool(told["status"]["allowed"])
