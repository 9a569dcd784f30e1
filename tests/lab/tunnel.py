# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP proxy that knows CONNECT alone, as those between a test machine and a vCenter do (RFC 9110, 9.3.6)."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Tunnel:
    """port: of the proxy on loopback; asked: C(host:port) of each tunnel, also of those that were refused."""

    port: int
    asked: list[str] = field(default_factory=list)


@contextmanager
def tunnel(*known: str, to: str, refuses: bool = False) -> Iterator[Tunnel]:
    """One that runs until the block ends. known: where tunnels may lead, C(host:port); each leads to the same place."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            method, target, _version = self.rfile.readline().decode("latin-1").split()
            while self.rfile.readline().strip():
                pass  # headers
            made.asked.append(target)
            if refuses or method != "CONNECT" or target not in known:
                self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                return
            host, _colon, port = to.rpartition(":")
            with socket.create_connection((host, int(port))) as there:
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=_pump, args=(there, self.connection), daemon=True)
                back.start()
                _pump(self.connection, there)
                back.join()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads, allow_reuse_address = True, True

        def handle_error(self, *_args: Any) -> None:
            """A client that goes away is none."""

    server = Server(("127.0.0.1", 0), Handler)
    made = Tunnel(server.server_address[1])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
