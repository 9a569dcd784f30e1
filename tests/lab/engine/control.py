# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test says and asks, as JSON:

GET /vms, POST /vms {…}, PUT /vms/ID {…}, DELETE /vms/ID; POST /many {"prefix": "x", "count": 10000}
POST /settle/ID: what holds this VM ends after a while; GET /disks, POST /disks {…}, PUT /disks/ID {…}, DELETE /disks/ID
PUT /product {"instance": "", "dated": false}; PUT /domains {"name": "inactive"}
PUT /delays {…}; POST /users {…}; PUT /rules [{…}]
GET /calls, DELETE /calls; GET /sessions, DELETE /sessions (they end); POST /reset
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from tests.lab.engine import rules
from tests.lab.engine.api import Engine
from tests.lab.engine.faults import Rule
from tests.lab.engine.world import Delays, User, changed, plain

Does = Callable[[web.Request, Any], Any]


class Control:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def application(self) -> web.Application:
        made = web.Application()
        world, sessions = self._engine.world, self._engine.sessions
        acts: dict[tuple[str, str], Does] = {
            ("GET", "/vms"): lambda _r, _b: plain(world.vms.values()),
            ("POST", "/vms"): lambda _r, body: asdict(world.add_vm(body)),
            ("PUT", "/vms/{id}"): self._change_vm,
            ("DELETE", "/vms/{id}"): self._delete_vm,
            ("POST", "/many"): self._many,
            ("POST", "/settle/{id}"): lambda r, _b: rules.settle(world, world.vms[r.match_info["id"]]),
            ("GET", "/disks"): lambda _r, _b: plain(world.disks.values()),
            ("POST", "/disks"): lambda _r, body: asdict(world.add_disk(body)),
            ("PUT", "/disks/{id}"): lambda r, body: changed(world.disks[r.match_info["id"]], body),
            ("DELETE", "/disks/{id}"): lambda r, _b: world.disks.pop(r.match_info["id"], None) and None,
            ("PUT", "/product"): lambda _r, body: self._product(**body),
            ("PUT", "/domains"): lambda _r, body: world.domains.update(body),
            ("PUT", "/delays"): lambda _r, body: setattr(world, "delays", Delays(**body)),
            ("POST", "/users"): lambda _r, body: world.users.update({body["name"]: User(**body)}),
            ("PUT", "/rules"): lambda _r, body: self._rules(body),
            ("GET", "/calls"): lambda _r, _b: list(self._engine.calls),
            ("DELETE", "/calls"): lambda _r, _b: self._engine.calls.clear(),
            ("GET", "/sessions"): lambda _r, _b: {"open": len(sessions.open), "opened": sessions.opened},
            ("DELETE", "/sessions"): lambda _r, _b: sessions.open.clear(),
            ("POST", "/reset"): lambda _r, _b: self._reset(),
        }
        for (method, path), act in acts.items():
            made.router.add_route(method, path, _handler(act))
        return made

    def _change_vm(self, request: web.Request, body: Any) -> Any:
        vm = self._engine.world.vms[request.match_info["id"]]
        changed(vm, body)
        return asdict(vm)

    def _delete_vm(self, request: web.Request, _body: Any) -> None:
        """By somebody else's hand: the VM and its disks are just not there any more."""
        vm = self._engine.world.vms.pop(request.match_info["id"])
        for disk_id in vm.disks:
            self._engine.world.disks.pop(disk_id, None)

    def _many(self, _request: web.Request, body: Any) -> int:
        for number in range(int(body["count"])):
            self._engine.world.add_vm({"name": f"{body['prefix']}{number:05d}", "disks": body.get("disks", 1)})
        return len(self._engine.world.vms)

    def _product(self, instance: str | None = None, dated: bool = True) -> None:
        world = self._engine.world
        world.dated = dated
        world.instance = world.instance if instance is None else instance

    def _rules(self, body: Any) -> None:
        self._engine.rules[:] = [Rule(**one) for one in body]

    def _reset(self) -> None:
        self._engine.world.clear()
        self._engine.rules.clear()
        self._engine.calls.clear()
        self._engine.sessions.open.clear()
        self._engine.sessions.opened = 0


def _handler(act: Does) -> Callable[[web.Request], Any]:
    async def handle(request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else None
        try:
            return web.json_response(act(request, body))
        except (KeyError, TypeError, ValueError) as exc:
            raise web.HTTPBadRequest(text=f"{type(exc).__name__}: {exc}") from exc

    return handle
