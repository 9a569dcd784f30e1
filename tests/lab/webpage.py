# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What answers instead of a provider: a server that has one page for everything, with status 200, over TLS."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.lab import pki


@dataclass(frozen=True)
class WebPage:
    """address: C(host:port); asked: the method and path of each request; sent: its headers."""

    address: str
    ca_file: Path
    asked: list[tuple[str, str]] = field(default_factory=list)
    sent: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def served(folder: Path, demands: bool = False) -> Iterator[WebPage]:
    """One that runs until the block ends. folder: for its certificates; demands: one of its client, too, such as
    front-proxy.crt there."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            page.asked.append((self.command, self.path))
            page.sent.append(dict(self.headers.items()))
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<html><body>It works!</body></html>")

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - names of http.server

        def log_message(self, *_args: Any) -> None:
            """Nothing: asked has it."""

    pki.make(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    page = WebPage(f"127.0.0.1:{server.server_address[1]}", folder / "ca.crt")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")
    if demands:
        context.load_verify_locations(folder / "ca.crt")
        context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield page
    finally:
        server.shutdown()
        server.server_close()
