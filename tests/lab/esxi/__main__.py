# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An ESXi host for the tests, as far as SSH goes: python -m tests.lab.esxi --state FOLDER. Loopback only.

FOLDER/esxi.json says how it is reached, once it answers. A control port takes, as JSON: PUT /faults {…} (host.Faults);
PUT /shown "self", "other" or "" (who is behind the port: another host, or somebody who says nothing); GET /seen;
POST /reset.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import asyncssh
from aiohttp import web

from tests.lab.esxi.host import Faults, Front, Host, Seen, serve

# A host has several, and which one is shown depends on the client.
_KINDS = ("ssh-ed25519", "ecdsa-sha2-nistp256")


def _keys(folder: Path, name: str) -> list[asyncssh.SSHKey]:
    """Made once: a host that is started again is the same one."""
    made = []
    for kind in _KINDS:
        path = folder / f"{name}-{kind}"
        if not path.exists():
            asyncssh.generate_private_key(kind).write_private_key(path)
        made.append(asyncssh.read_private_key(path))
    return made


async def _serve(state: Path, port: int) -> None:
    host = Host(state / "root")
    names = {name: _keys(state, name) for name in ("self", "other")}
    front = Front({name: await serve(host, keys) for name, keys in names.items()})
    shown = await front.listen(port)
    control = await _control(host, front)
    hashes = {name: [hashlib.sha256(key.public_data).hexdigest() for key in keys] for name, keys in names.items()}
    told = state / "esxi.json.new"
    told.write_text(json.dumps({"port": shown, "control": control, "keys": hashes}), encoding="utf-8")
    told.rename(state / "esxi.json")
    await asyncio.Event().wait()


async def _control(host: Host, front: Front) -> int:
    async def faults(request: web.Request) -> web.Response:
        host.faults, host.readings = Faults(**await request.json()), 0
        return web.json_response(None)

    async def shown(request: web.Request) -> web.Response:
        front.shown = await request.json()
        return web.json_response(None)

    async def seen(_request: web.Request) -> web.Response:
        return web.json_response({**host.told(), "connections": front.connections})

    async def reset(_request: web.Request) -> web.Response:
        host.faults, host.seen, host.readings = Faults(), Seen(), 0
        front.shown, front.connections = "self", 0
        return web.json_response(None)

    made = web.Application()
    made.router.add_put("/faults", faults)
    made.router.add_put("/shown", shown)
    made.router.add_get("/seen", seen)
    made.router.add_post("/reset", reset)
    runner = web.AppRunner(made, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address: Any = runner.addresses[0]
    return int(address[1])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.esxi", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="folder for keys, files and esxi.json")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    arguments = parser.parse_args()
    arguments.state.mkdir(parents=True, exist_ok=True)
    asyncio.run(_serve(arguments.state, arguments.port))


if __name__ == "__main__":
    main()
