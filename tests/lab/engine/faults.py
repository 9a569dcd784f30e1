# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong on purpose. A rule is looked for before each call; the first that fits and is not used up decides."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from tests.lab.engine import shapes

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PAGE = "<html><head><title>{status}</title></head><body>The proxy server could not handle the request</body></html>"


@dataclass
class Rule:
    """method, path: regular expressions of the call, query and all; skip: how many such calls pass first; times: how
    many are hit, -1 for all; acts: the engine does what it was asked, only the answer is lost.

    kind: C(html), a proxy's page with status; C(fault), the engine's own, with status and text; C(empty), a status
    without body; C(xml), C(json), text as it is; C(slow), right after so many seconds; C(hang), no answer for so many
    seconds; C(cut), the connection breaks; C(untyped), a right answer without content type; C(garbage), half of one.
    """

    method: str = ".*"
    path: str = ".*"
    kind: str = "html"
    status: int = 502
    text: str = "Internal Engine Error"
    seconds: float = 0.0
    skip: int = 0
    times: int = -1
    acts: bool = False

    def takes(self, method: str, path: str) -> bool:
        if self.times == 0 or not re.fullmatch(self.method, method) or not re.search(self.path, path):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= self.times > 0
        return True


async def answer(rule: Rule, request: web.Request, handler: Handler) -> web.StreamResponse:
    """What the rule makes of this call."""
    if rule.kind == "slow":
        await asyncio.sleep(rule.seconds)
        return await handler(request)
    if rule.kind == "hang":
        await asyncio.sleep(rule.seconds or 3600)
    right = await handler(request) if rule.acts or rule.kind in ("untyped", "garbage") else None
    if rule.kind in ("cut", "hang"):
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
    if rule.kind == "fault":
        return web.Response(status=rule.status, text=shapes.fault(rule.text), content_type="application/xml")
    if rule.kind in ("xml", "json"):
        return web.Response(status=200, text=rule.text, content_type=f"application/{rule.kind}")
    if rule.kind == "empty":
        return web.Response(status=rule.status)
    if rule.kind in ("untyped", "garbage"):
        return _spoilt(rule, right)
    return web.Response(status=rule.status, text=PAGE.format(status=rule.status), content_type="text/html")


def _spoilt(rule: Rule, right: web.StreamResponse | None) -> web.Response:
    body = right.body if isinstance(right, web.Response) else b""
    text = bytes(body) if isinstance(body, (bytes, bytearray)) else b""
    if rule.kind == "garbage":
        return web.Response(body=text[: len(text) // 2], content_type="application/xml")
    made = web.Response(body=text)
    made.headers["Content-Type"] = ""
    return made
