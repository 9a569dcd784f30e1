# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in to an OpenStack cloud that answers with what is no token: without a cloud."""

from __future__ import annotations

import http.server
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._errors import NO_ANSWER, ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._openstack import client
from ansible_collections.mtv.teardown.plugins.module_utils._openstack.site import open_site
from ansible_collections.mtv.teardown.plugins.module_utils._provider import teardown
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Target
from ansible_collections.mtv.teardown.plugins.module_utils._run.connections import connections
from ansible_collections.mtv.teardown.plugins.module_utils._run.registry import PROVIDERS

from tests.contract import clouds

PREFIX = "auto-flt1"


class Keystone(http.server.BaseHTTPRequestHandler):
    """One that finds, and says of a log-in what it was told to say."""

    says: ClassVar[tuple[int, str, dict[str, str]]] = (201, "", {})
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        address = f"http://127.0.0.1:{self.server.server_address[1]}/v3/"
        version = {"id": "v3.14", "status": "stable", "links": [{"rel": "self", "href": address}]}
        self._answer(200, json.dumps({"version": version}), {})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append(self.path)
        self._answer(*self.says)

    def _answer(self, status: int, text: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(text)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_args: object) -> None:
        pass


@contextmanager
def keystone(status: int, text: str, headers: dict[str, str]) -> Iterator[str]:
    Keystone.says, Keystone.asked = (status, text, headers), []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keystone) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v3"
        server.shutdown()


TOKEN = {"X-Subject-Token": "t"}


def _token(**more: Any) -> str:
    made: dict[str, Any] = {"expires_at": "2099-01-01T00:00:00Z", "issued_at": "2026-01-01T00:00:00Z", "methods": []}
    made |= {"user": {"id": "u", "name": "ci", "domain": {"id": "d", "name": "D"}}, "roles": [], "catalog": []}
    made |= {"project": {"id": "p", "name": "ci", "domain": {"id": "d", "name": "D"}}}
    return json.dumps({"token": made | more})


LOGINS: dict[str, tuple[int, str, dict[str, str]]] = {
    "page": (200, "<html>log in</html>", {"Content-Type": "text/html"}),
    "empty": (201, "", TOKEN),
    "no content": (204, "", {}),
    "null": (201, "null", TOKEN),
    "list": (201, "[]", TOKEN),
    "empty object": (201, "{}", TOKEN),
    "token null": (201, '{"token": null}', TOKEN),
    "token text": (201, '{"token": "x"}', TOKEN),
    "no token": (201, _token(), {}),
    "deep": (201, "[" * 100_000, TOKEN),
    "half": (201, _token()[:40], TOKEN),
    "no project": (201, _token(project=None), TOKEN),
    "project text": (201, _token(project="p"), TOKEN),
    "project a number": (201, _token(project={"id": 7, "name": "ci"}), TOKEN),
    "roles a number": (201, _token(roles=7), TOKEN),
    "roles of numbers": (201, _token(roles=[7]), TOKEN),
    "catalog null": (201, _token(catalog=None), TOKEN),
    "catalog text": (201, _token(catalog="x"), TOKEN),
    "catalog of text": (201, _token(catalog=["x"]), TOKEN),
    "endpoints null": (201, _token(catalog=[{"type": "compute", "endpoints": None}]), TOKEN),
    "endpoints of text": (201, _token(catalog=[{"type": "compute", "endpoints": ["x"]}]), TOKEN),
    "expires never": (201, _token(expires_at="never"), TOKEN),
    "refused with a page": (401, "<html>no</html>", {"Content-Type": "text/html"}),
}


@pytest.mark.parametrize("answer", LOGINS)
def test_logging_in(answer: str) -> None:
    """Refused as a whole, or, where a token came all the same, nothing is read with it."""
    with keystone(*LOGINS[answer]) as address:
        auth = {"auth_url": address, "username": "ci", "password": "s3cr3t", "project_name": "ci"}
        made = connections(PROVIDERS["openstack"], {"auth": {**auth, "user_domain_name": "D"}}, [], {})[0][0]
        target = Target(made, lambda at: open_site(at, clouds.HASTY))
        found = teardown.survey([target], clouds.session(PREFIX, f"{PREFIX}-rhel8-aaaa"))
    assert found.unreadable and (found.scopes, found.decided, found.absent) == ((), (), ())
    assert "s3cr3t" not in str(found.unreadable)


REFUSALS = {
    "The request you have made requires authentication.": "does not tell which",
    "The password is expired and needs to be changed for user: 7.": "has expired",
    "The account is locked for user: 7.": "locked or disabled",
    "The account is disabled for user: 7.": "locked or disabled",
}


@pytest.mark.parametrize("words", REFUSALS)
def test_a_refused_password_is_sent_once(words: str) -> None:
    """Keystone may lock an account that is refused too often; why it refuses is told as far as it says so."""
    body = json.dumps({"error": {"code": 401, "message": words, "title": "Unauthorized"}})
    with keystone(401, body, {}) as address:
        auth = {"auth_url": address, "username": "ci", "password": "s3cr3t", "project_name": "ci"}
        made = connections(PROVIDERS["openstack"], {"auth": {**auth, "user_domain_name": "D"}}, [], {})[0][0]
        with pytest.raises(ApiError) as told, client.Cloud(made, clouds.HASTY):
            pass
    assert (told.value.status, told.value.lasting) == (401, True)
    assert REFUSALS[words] in told.value.msg
    assert len(Keystone.asked) == 1


def test_a_dead_keystone_costs_one_window() -> None:
    """However many addresses and tries openstacksdk has for it."""
    assert client.Patience().window <= 60
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        auth = {"auth_url": f"http://127.0.0.1:{deaf.getsockname()[1]}/v3", "username": "ci", "project_name": "ci"}
        made = connections(
            PROVIDERS["openstack"], {"auth": {**auth, "password": "s3cr3t", "user_domain_name": "D"}}, [], {}
        )[0][0]
        patience = client.Patience(tries=9, silence=1.0, window=1.0, pause=0.0)
        started = time.monotonic()
        with pytest.raises(ApiError) as told, client.Cloud(made, patience):
            pass
    assert told.value.reason == NO_ANSWER
    assert time.monotonic() - started < 5
