# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A reverse proxy before the lab's API server that fails on purpose.

    with FaultProxy(lab) as proxy:
        proxy.rules = [Rule("503", path=r"^/api/v1/namespaces", times=2)]
        ... use proxy.kubeconfig ...

A rule says which requests fail, how, and how often; what it does not name passes. proxy.seen is what came, in order.
It runs on a thread of its own and speaks TLS with a certificate of its own.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar

import aiohttp
import yaml
from aiohttp import web

from tests.lab import pki
from tests.lab.controlplane import Lab


@dataclass
class Rule:
    """fault: a name in FAULTS; method, path: regular expressions over the method and over path?query; times: how
    often it strikes, None for always; skip: how many requests pass before it does; before: called (in a thread)
    before the request goes on, for what somebody else does at that moment."""

    fault: str = ""
    method: str = ""
    path: str = ""
    times: int | None = None
    skip: int = 0
    before: Callable[[], None] | None = None
    struck: int = field(default=0, init=False)

    def strikes(self, method: str, path: str) -> bool:
        """Whether it does now; counts it."""
        strikes = self.would_strike(method, path)
        self.struck += strikes
        if self.skip > 0 and self.names(method, path):
            self.skip -= 1
        return strikes

    def would_strike(self, method: str, path: str) -> bool:
        over = self.times is not None and self.struck >= self.times
        return self.names(method, path) and self.skip <= 0 and not over

    def names(self, method: str, path: str) -> bool:
        """Whether it is about such a request, now or at another time."""
        return bool(re.search(self.method, method) and re.search(self.path, path))


@dataclass(frozen=True)
class Seen:
    """One request. fault: what was done to it; at: time.monotonic()."""

    method: str
    path: str
    fault: str
    at: float


class Exchange:
    """One request on its way."""

    def __init__(self, proxy: FaultProxy, request: web.Request) -> None:
        self.proxy, self.request = proxy, request

    async def upstream(self) -> aiohttp.ClientResponse:
        kept = ("Authorization", "Accept", "Content-Type", "User-Agent", *self.proxy.more_headers)
        headers = {name: self.request.headers[name] for name in kept if name in self.request.headers}
        url = f"{self.proxy.upstream}{self.request.raw_path}"
        body = await self.request.read()
        return await self.proxy.session.request(self.request.method, _encoded(url), headers=headers, data=body or None)

    async def forward(self, change: Callable[[bytes], bytes] | None = None) -> web.StreamResponse:
        """Pass the request on. A watch is passed on piece by piece, anything else whole."""
        async with await self.upstream() as answer:
            if "watch=" in self.request.query_string and answer.status == 200:
                return await self.pieces(answer)
            raw = await answer.read()
            return web.Response(
                status=answer.status,
                body=change(raw) if change else raw,
                # With its parameters: by these kubectl knows what form of discovery it was given.
                headers={name: answer.headers[name] for name in self.proxy.answer_headers if name in answer.headers},
            )

    async def pieces(self, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        out = await self.begin(answer.content_type)
        async for piece in answer.content.iter_any():
            await out.write(piece)
        return out

    async def begin(self, content_type: str = "application/json", **headers: str) -> web.StreamResponse:
        out = web.StreamResponse(headers={"Content-Type": content_type, **headers})
        await out.prepare(self.request)
        return out

    def cut(self) -> web.StreamResponse:
        """Break the connection as a dying server does."""
        if self.request.transport is not None:
            self.request.transport.abort()
        return web.Response(status=500)


Fault = Callable[[Exchange], Awaitable[web.StreamResponse]]


def _encoded(url: str) -> Any:
    from yarl import URL  # what aiohttp itself uses; the path must not be encoded twice

    return URL(url, encoded=True)


def status(code: int, reason: str, message: str, **headers: str) -> Fault:
    """An answer as the API server words it (metav1.Status)."""

    async def answer(_exchange: Exchange) -> web.StreamResponse:
        told = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code}
        return web.json_response({**told, "reason": reason, "message": message}, status=code, headers=headers)

    return answer


def plain(code: int, text: str, content_type: str = "text/plain", **headers: str) -> Fault:
    async def answer(_exchange: Exchange) -> web.StreamResponse:
        return web.Response(status=code, text=text, content_type=content_type, headers=headers)

    return answer


async def cut(exchange: Exchange) -> web.StreamResponse:
    return exchange.cut()


async def cut_body(exchange: Exchange) -> web.StreamResponse:
    """Half of the answer, then nothing; of a watch, the first piece."""
    async with await exchange.upstream() as answer:
        if "watch=" in exchange.request.query_string:
            out = await exchange.begin()
            await out.write(await answer.content.readany())
        else:
            raw = await answer.read()
            out = await exchange.begin(**{"Content-Length": str(len(raw))})
            await out.write(raw[: len(raw) // 2])
    await asyncio.sleep(0.05)
    return exchange.cut()


async def half(exchange: Exchange) -> web.StreamResponse:
    """A cut answer of which nothing says that it was cut."""
    return await exchange.forward(lambda raw: raw[: len(raw) // 2])


async def endless(exchange: Exchange) -> web.StreamResponse:
    """The same page again and again, each time with another token for the next."""

    def more(raw: bytes) -> bytes:
        page = json.loads(raw)
        page.setdefault("metadata", {})["continue"] = f"token-{time.monotonic_ns()}"
        return json.dumps(page).encode()

    exchange.request = exchange.request.clone(rel_url=exchange.request.rel_url.without_query_params("continue"))
    return await exchange.forward(more)


async def emptied(exchange: Exchange) -> web.StreamResponse:
    """A list without its items, and without a word about being one."""
    return await exchange.forward(lambda _raw: b'{"metadata": {"resourceVersion": "1"}, "items": []}')


async def nameless(_exchange: Exchange) -> web.StreamResponse:
    """Objects of which nobody can tell what they are."""
    body = {"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": [{"metadata": {}}]}
    return web.json_response(body)


async def drip(exchange: Exchange) -> web.StreamResponse:
    """An answer that comes byte by byte and never ends."""
    out = await exchange.begin()
    while True:
        await out.write(b" ")
        await asyncio.sleep(0.05)


async def silence(_exchange: Exchange) -> web.StreamResponse:
    await asyncio.sleep(3600)
    return web.Response()


async def slow(exchange: Exchange) -> web.StreamResponse:
    await asyncio.sleep(exchange.proxy.delay)
    return await exchange.forward()


async def dumb(exchange: Exchange) -> web.StreamResponse:
    """A watch that is opened and then says nothing."""
    await exchange.begin()
    return await silence(exchange)


async def late_410(exchange: Exchange) -> web.StreamResponse:
    """A watch that ends by an event, as the API server does when its history was compacted."""
    told = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}
    out = await exchange.begin()
    await out.write(json.dumps({"type": "ERROR", "object": told}).encode() + b"\n")
    return out


async def noise(exchange: Exchange) -> web.StreamResponse:
    out = await exchange.begin()
    await out.write(b"\x00\xff no event\n")
    return out


async def alien(exchange: Exchange) -> web.StreamResponse:
    """A watch that tells of the end of an object which does not say who it is."""
    out = await exchange.begin()
    await out.write(json.dumps({"type": "DELETED", "object": {"metadata": {}}}).encode() + b"\n")
    return out


FAULTS: dict[str, Fault] = {
    "401": status(401, "Unauthorized", "Unauthorized"),
    "403": status(403, "Forbidden", 'things is forbidden: User "x" cannot list resource "things" in API group ""'),
    "404 of the API": plain(404, "404 page not found\n"),
    "404 without a name": status(404, "NotFound", "the server could not find the requested resource"),
    "409": status(409, "Conflict", "the object has been modified"),
    "410": status(410, "Expired", "the provided continue parameter is too old"),
    "429": status(429, "TooManyRequests", "too many requests", **{"Retry-After": "1"}),
    "500": status(500, "InternalError", "etcdserver: leader changed"),
    "503": plain(503, "service unavailable"),
    "login page": plain(200, "<html>log in</html>", "text/html"),
    "redirect": plain(302, "", Location="/login"),
    "cut": cut,
    "cut answer": cut_body,
    "half": half,
    "null": plain(200, "null", "application/json"),
    "empty object": plain(200, "{}", "application/json"),
    "other kind": plain(200, '{"kind": "Status", "status": "Success"}', "application/json"),
    "emptied": emptied,
    "nameless": nameless,
    "endless": endless,
    "drip": drip,
    "silence": silence,
    "slow": slow,
    "dumb": dumb,
    "late 410": late_410,
    "noise": noise,
    "alien": alien,
}
# After these nothing comes any more, or no end.
HANGING = frozenset({"silence", "drip"})


class FaultProxy:
    """The proxy; use it as a context manager. more_headers: what else of a request is passed on; answer_headers: and of
    an answer; faults: by name."""

    more_headers: tuple[str, ...] = ()
    answer_headers: tuple[str, ...] = ("Content-Type", "Retry-After")
    faults: ClassVar[Mapping[str, Fault]] = FAULTS

    def __init__(self, lab: Lab, user_kubeconfig: Path | None = None, folder: Path | None = None) -> None:
        self.prepare(lab.url, folder or lab.state / "proxy")
        self._trusted = lab.state / "pki" / "ca.crt"
        self._source = user_kubeconfig or lab.kubeconfig

    def prepare(self, upstream: str, folder: Path) -> None:
        self.upstream = upstream
        self.rules: list[Rule] = []
        self.seen: list[Seen] = []
        self.delay = 0.02
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._runner: web.AppRunner
        self.session: aiohttp.ClientSession
        self.port = 0

    @property
    def kubeconfig(self) -> Path:
        return self._folder / "kubeconfig"

    def would_hang(self, method: str, path: str) -> bool:
        """Whether the answer to such a request would never come, or never end."""
        rule = next((rule for rule in self.rules if rule.would_strike(method, path)), None)
        return rule is not None and rule.fault in HANGING

    def __enter__(self) -> FaultProxy:
        self.certify()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(120)
        self.write_config()
        return self

    def certify(self) -> None:
        pki.make(self._folder)

    def write_config(self) -> None:
        config = yaml.safe_load(self._source.read_text(encoding="utf-8"))
        cluster = config["clusters"][0]["cluster"]
        cluster["server"] = f"https://127.0.0.1:{self.port}"
        cluster["certificate-authority"] = str(self._folder / "ca.crt")
        pki.write_secret(self.kubeconfig, yaml.safe_dump(config))

    def __exit__(
        self, _type: type[BaseException] | None, _exc: BaseException | None, _tb: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(120)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self._trusted))

    async def _start(self) -> None:
        trusted = self.trust()
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=trusted, limit=0), timeout=aiohttp.ClientTimeout(total=None)
        )
        app = web.Application(client_max_size=0)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        own.load_cert_chain(self._folder / "server.crt", self._folder / "server.key")
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=own)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def _stop(self) -> None:
        await self._runner.cleanup()
        await self.session.close()
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def path_of(self, request: web.Request) -> str:
        """What rules know a request by, beside its method."""
        return request.raw_path

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        path = await self.path_of(request)
        rule = next((rule for rule in self.rules if rule.strikes(request.method, path)), None)
        self.seen.append(Seen(request.method, path, rule.fault if rule else "", time.monotonic()))
        if rule is not None and rule.before is not None:
            await asyncio.get_running_loop().run_in_executor(None, rule.before)
        exchange = Exchange(self, request)
        try:
            return await (self.faults[rule.fault](exchange) if rule and rule.fault else exchange.forward())
        except (aiohttp.ClientError, ConnectionError):
            return exchange.cut()
