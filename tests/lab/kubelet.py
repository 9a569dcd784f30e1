# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of a kubelet that has the logs of its pods: the API server asks it, as it asks a real one, at
C(/containerLogs/<namespace>/<pod>/<container>) (kubernetes: pkg/kubelet/server/server.go, getContainerLogs)."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.lab import pki
from tests.lab.admin import Admin


class Kubelet:
    """logs: (namespace, pod, container) -> its lines; asked: what the API server asked for, path and query."""

    def __init__(self, admin: Admin, name: str, folder: Path) -> None:
        self._admin, self.name = admin, name
        self.logs: dict[tuple[str, str, str], list[str]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        pki.make(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.crt", folder / "server.key")
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._admin.api.create("/api/v1/nodes", {"metadata": {"name": self.name}})
        status = {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": self._server.server_port}},
            "conditions": [{"type": "Ready", "status": "True"}],
        }
        path = f"/api/v1/nodes/{self.name}"
        self._admin.rewrite(path, lambda now: now.update(status=status), f"{path}/status")
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _exc: BaseException | None, _tb: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._admin.api.request("DELETE", f"/api/v1/nodes/{self.name}")

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        kubelet = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                kubelet.asked.append((parts.path, query))
                _empty, _logs, namespace, pod, container = (parts.path.split("/") + [""] * 5)[:5]
                lines = kubelet.logs.get((namespace, pod, container))
                self.send_response(404 if lines is None else 200)
                self.end_headers()
                # As a real one: the newest lines, and of those the first so many bytes.
                tail = int(query.get("tailLines", 10**9))
                text = "".join(f"{line}\n" for line in (lines or [])[-tail:]).encode()
                self.wfile.write(text[: int(query.get("limitBytes", len(text)))])

            def log_message(self, *_arguments: Any) -> None:
                pass

        return Handler
