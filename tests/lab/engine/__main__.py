# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An oVirt engine for the tests: python -m tests.lab.engine --state FOLDER [--port N]. Loopback only.

FOLDER/engine.json says how it is reached, once it answers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
from pathlib import Path

from aiohttp import web

from tests.lab import pki
from tests.lab.engine.api import Engine
from tests.lab.engine.control import Control

LOOPBACK = "127.0.0.1"


async def serve(state: Path, port: int) -> None:
    engine = Engine()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(state / "pki" / "server.crt", state / "pki" / "server.key")
    api_port = await _listen(engine.application(), port, tls)
    control_port = await _listen(Control(engine).application(), 0, None)
    reached = {"port": api_port, "control": control_port, "ca_file": str(state / "pki" / "ca.crt")}
    told = state / "engine.json.new"
    told.write_text(json.dumps(reached), encoding="utf-8")
    told.rename(state / "engine.json")
    await asyncio.Event().wait()


async def _listen(application: web.Application, port: int, tls: ssl.SSLContext | None) -> int:
    # What hangs on purpose is not waited for at the end.
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, LOOPBACK, port, ssl_context=tls)
    await site.start()
    return int(runner.addresses[0][1])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.engine", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="folder for certificates and engine.json")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    arguments = parser.parse_args()
    if not (arguments.state / "pki" / "server.key").exists():
        pki.make(arguments.state / "pki")
    asyncio.run(serve(arguments.state, arguments.port))


if __name__ == "__main__":
    main()
