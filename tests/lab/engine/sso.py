# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is logged in. Rules: C(E:) is C(oVirt/ovirt-engine), C(backend/manager/modules)."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field

from aiohttp import web

from tests.lab.engine import kerberos
from tests.lab.engine.world import User, World

SCOPE = "ovirt-app-api"
TICKET = "urn:ovirt:params:oauth:grant-type:http"


@dataclass
class Session:
    token: str
    user: User
    used: float = field(default_factory=time.monotonic)


class Sessions:
    """idle: seconds after which a session has ended (UserSessionTimeOutInterval, 30 minutes)."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.open: dict[str, Session] = {}
        self.opened = 0
        self.idle = 1800.0
        self.ids: dict[str, str] = {}

    async def token(self, request: web.Request) -> web.Response:
        """E:enginesso, OAuthTokenServlet.java, buildResponse; errors: SsoService.java, sendJsonDataWithMessage, which
        for the scope of the API says error_code and error."""
        form = await request.post()
        grant, name = str(form.get("grant_type")), str(form.get("username"))
        if grant != "password":
            return _refused("unsupported_grant_type", f"The grant_type {grant} is not supported.")
        user = self._world.users.get(name)
        if form.get("scope") != SCOPE or user is None or user.password != form.get("password"):
            return _refused(
                "access_denied", f"Cannot authenticate user '{name}': The user name or password is incorrect."
            )
        return self._opened(user)

    async def ticket(self, request: web.Request) -> web.Response:
        """The Apache in front takes the ticket, or answers itself; whose it is it hands on in a header
        (E:enginesso, OAuthTokenServlet.java, issueTokenUsingHttpHeaders)."""
        who, answer = kerberos.principal(request.headers.get("Authorization", ""))
        if not who:
            page = "<html><head><title>401 Unauthorized</title></head></html>"
            asked = {"WWW-Authenticate": "Negotiate"}
            return web.Response(text=page, content_type="text/html", status=401, headers=asked)
        form = await request.post()
        grant = str(form.get("grant_type"))
        if grant != TICKET:
            return _refused("unsupported_grant_type", f"The grant_type {grant} is not supported.")
        user = self._world.users.get(who)
        if form.get("scope") != SCOPE or user is None:
            return _refused("access_denied", f"Cannot authenticate user '{who}'.")
        made = self._opened(user)
        made.headers["WWW-Authenticate"] = f"Negotiate {answer}"
        return made

    def _opened(self, user: User) -> web.Response:
        self.opened += 1
        session = Session(uuid.uuid4().hex, user)
        self.open[session.token] = session
        body = {"access_token": session.token, "scope": SCOPE, "exp": "9223372036854775807", "token_type": "bearer"}
        return web.json_response(body)

    async def logout(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.open.pop(str(form.get("token")), None)
        return web.json_response({})

    def of(self, request: web.Request) -> Session:
        """The session of a call; 401 is the page of sendError, and no XML (E:aaa, EnforceAuthFilter.java)."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        session = self.open.get(token)
        if session is not None and time.monotonic() - session.used > self.idle:
            del self.open[token]
            session = None
        if session is None:
            raise web.HTTPUnauthorized(
                text="<html><head><title>Error</title></head><body>Unauthorized</body></html>",
                content_type="text/html",
                headers={"WWW-Authenticate": "Bearer"},
            )
        session.used = time.monotonic()
        return session

    def user_id(self, user: User) -> str:
        return self.ids.setdefault(user.name, str(uuid.uuid5(uuid.NAMESPACE_DNS, user.name)))


def _refused(code: str, text: str) -> web.Response:
    return web.json_response({"error_code": code, "error": text}, status=400)
