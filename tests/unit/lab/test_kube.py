# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests' own client on a server that cuts connections: it asks again, and is not misled by its own first try."""

from __future__ import annotations

import http.server
import json
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab import pki
from tests.lab.admin import Admin
from tests.lab.kube import TRIES, Api, ApiError

SECRETS = "/api/v1/namespaces/n/secrets"


class Server(http.server.ThreadingHTTPServer):
    """Knows secrets. acts: how many requests it carries out before it cuts the connection; deaf: how many it cuts
    without; meanwhile: how often somebody else writes before a PUT comes in."""

    daemon_threads = True
    acts = deaf = meanwhile = 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.there: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []

    def handle_error(self, *_args: Any) -> None:
        """A client that goes is no news."""

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if method == "POST":
            path = f"{path}/{body['metadata']['name']}"
            if path in self.there:
                return 409, {"reason": "AlreadyExists"}
            self.there[path] = {**body, "metadata": {**body["metadata"], "uid": str(len(self.asked)), "version": 1}}
            return 201, self.there[path]
        if path not in self.there:
            return 404, {"reason": "NotFound"}
        if method == "DELETE":
            return 200, self.there.pop(path)
        if method == "PUT":
            if self.meanwhile:
                self.meanwhile -= 1
                self.there[path]["metadata"]["version"] += 1
            if body["metadata"]["version"] != self.there[path]["metadata"]["version"]:
                return 409, {"reason": "Conflict"}
            body["metadata"]["version"] += 1
            self.there[path] = body
        return 200, self.there[path]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def _any(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size)) if size else None
        self.server.asked.append(self.command)
        cut = self.server.deaf or self.server.acts
        code, told = (0, None) if self.server.deaf else self.server.answer(self.command, self.path, body)
        if cut:
            self.server.deaf, self.server.acts = max(self.server.deaf - 1, 0), max(self.server.acts - 1, 0)
            self.close_connection = True
            return
        text = json.dumps(told).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815 - names of http.server

    def log_message(self, *_args: Any) -> None:
        """Nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    pki.make(tmp_path)
    made = Server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")
    made.socket = context.wrap_socket(made.socket, server_side=True)
    threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def admin(server: Server, tmp_path: Path) -> Admin:
    return Admin(Api(server.server_address[1], tmp_path / "ca.crt", "x"))


@pytest.mark.parametrize(("acts", "deaf"), [(0, 0), (1, 0), (0, 1), (1, 1), (0, TRIES - 1)])
def test_a_cut_connection_is_no_end(server: Server, admin: Admin, acts: int, deaf: int) -> None:
    server.acts, server.deaf = acts, deaf
    uid = admin.make("Secret", "n", "a")["metadata"]["uid"]
    server.acts, server.deaf = acts, deaf
    assert admin.uid("Secret", "n", "a") == uid
    server.acts, server.deaf = acts, deaf
    admin.change("Secret", "n", "a", metadata={"labels": {"x": "y"}})
    assert server.there[f"{SECRETS}/a"]["metadata"]["labels"] == {"x": "y"}
    server.acts, server.deaf = acts, deaf
    admin.api.request("DELETE", f"{SECRETS}/a")
    assert server.there == {}


def test_a_server_that_always_cuts_is_told(server: Server, admin: Admin) -> None:
    server.deaf = 1000
    with pytest.raises(OSError):
        admin.uid("Secret", "n", "a")
    assert len(server.asked) == TRIES


def test_what_others_did_is_still_an_error(server: Server, admin: Admin) -> None:
    admin.make("Secret", "n", "a")
    with pytest.raises(ApiError, match="409"):
        admin.make("Secret", "n", "a")
    with pytest.raises(ApiError, match="404"):
        admin.api.request("DELETE", f"{SECRETS}/b")
    assert server.asked == ["POST", "POST", "DELETE"]


def test_a_write_is_made_again_when_others_wrote_meanwhile(server: Server, admin: Admin) -> None:
    admin.make("Secret", "n", "a", metadata={"finalizers": ["example.com/held"]})
    server.meanwhile = 3
    admin.release("Secret", "n", "a")
    assert server.there[f"{SECRETS}/a"]["metadata"]["finalizers"] == []
