# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client's requests on the wire: what is retried, what is absent, what is an error."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
import urllib3
from ansible_collections.mtv.teardown.plugins.module_utils._clients.cluster import Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._clients.rest import TRIES, Http
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.tests.unit.plugins.build import RESOURCES, obj

Answer = tuple[int, dict[str, str], bytes]
CUT = (0, {}, b"")


def status(code: int, reason: str, message: str = "told", **headers: str) -> Answer:
    return code, headers, json.dumps({"kind": "Status", "reason": reason, "message": message}).encode()


def listing(*names: str, token: str = "") -> Answer:
    items = [{"metadata": {"name": name, "uid": f"uid-{name}"}} for name in names]
    data = {"kind": "SecretList", "metadata": {"resourceVersion": "7", "continue": token}, "items": items}
    return 200, {}, json.dumps(data).encode()


class Server:
    """Answers requests in the given order; what was asked stands in asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.waits: list[float] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                outer.asked.append((self.command, self.path, dict(self.headers), self.rfile.read(size)))
                code, headers, body = outer.answers.pop(0)
                if not code:
                    self.connection.close()
                    return
                self.send_response(code)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_DELETE = do_PATCH = do_GET

            def log_message(self, *_args: Any) -> None:
                """Quiet."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def client(self) -> Cluster:
        port = self.http.server_address[1]
        token = {"BearerToken": {"in": "header", "key": "authorization", "value": "Bearer made-up"}}
        configuration = SimpleNamespace(host=f"http://127.0.0.1:{port}", auth_settings=lambda: token)
        return Cluster(Http(configuration, urllib3.PoolManager(), {}, sleep=self.waits.append))


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.http.shutdown()
    made.http.server_close()


def names(server: Server) -> list[str]:
    return [o.name for o in server.client().listing(RESOURCES["Secret"], "n").objects]


def test_list_asks_for_metadata_only_and_sends_the_token(server: Server) -> None:
    server.answers = [listing("a")]
    assert names(server) == ["a"]
    method, path, headers, _body = server.asked[0]
    assert (method, path) == ("GET", "/api/v1/namespaces/n/secrets?limit=500")
    assert "PartialObjectMetadataList" in headers["Accept"]
    assert headers["authorization"] == "Bearer made-up"


def test_pages(server: Server) -> None:
    server.answers = [listing("a", "b", token="next"), listing("c")]
    assert names(server) == ["a", "b", "c"]
    assert server.asked[1][1].endswith("continue=next")


def test_an_expired_page_begins_again(server: Server) -> None:
    server.answers = [listing("a", token="next"), status(410, "Expired"), listing("a", "b")]
    assert names(server) == ["a", "b"]


def test_an_endless_list_is_an_error(server: Server) -> None:
    server.answers = [listing("a", token="same"), listing("b", token="same")]
    with pytest.raises(ApiError, match="never ends"):
        names(server)


@pytest.mark.parametrize(
    "trouble",
    [CUT, status(429, "TooManyRequests", Retry_After="2"), status(500, "InternalError"), status(503, "Unavailable")],
    ids=["cut", "429", "500", "503"],
)
def test_trouble_that_passes_is_retried(server: Server, trouble: Answer) -> None:
    server.answers = [trouble, listing("a")]
    assert names(server) == ["a"]
    assert len(server.waits) == 1
    if trouble[0] == 429:
        assert server.waits[0] >= 2


@pytest.mark.parametrize("trouble", [CUT, status(503, "Unavailable")], ids=["cut", "503"])
def test_trouble_that_stays_is_named(server: Server, trouble: Answer) -> None:
    server.answers = [trouble] * TRIES
    with pytest.raises(ApiError) as caught:
        names(server)
    assert caught.value.status == trouble[0]
    assert len(server.asked) == TRIES


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (status(401, "Unauthorized"), "401"),
        (status(403, "Forbidden", "may not list"), "may not list"),
        ((404, {}, b"404 page not found\n"), "page not found"),
        ((200, {}, b"<html>a login page</html>"), "not JSON"),
        ((200, {}, b'{"kind": "Status"}'), "not a list"),
        ((200, {}, b'{"items": 5, "metadata": {}}'), "not a list"),
    ],
)
def test_what_is_no_answer_is_an_error_at_once(server: Server, answer: Answer, told: str) -> None:
    server.answers = [answer]
    with pytest.raises(ApiError, match=told):
        names(server)
    assert len(server.asked) == 1


def test_get_absent_only_by_the_servers_word(server: Server) -> None:
    server.answers = [status(404, "NotFound"), (404, {}, b"404 page not found\n"), status(403, "Forbidden")]
    client = server.client()
    assert client.get(RESOURCES["Secret"], "n", "a") is None
    for code in ("404", "403"):
        with pytest.raises(ApiError, match=code):
            client.get(RESOURCES["Secret"], "n", "a")


def test_delete_carries_the_uid_and_background(server: Server) -> None:
    server.answers = [(200, {}, b"{}"), status(404, "NotFound")]
    client = server.client()
    assert client.delete(obj("Secret", "a", "n", uid="u-1"))
    assert not client.delete(obj("Secret", "a", "n", uid="u-1"))
    method, path, _headers, body = server.asked[0]
    assert (method, path) == ("DELETE", "/api/v1/namespaces/n/secrets/a")
    sent = json.loads(body)
    assert sent["preconditions"] == {"uid": "u-1"}
    assert sent["propagationPolicy"] == "Background"


def test_the_token_is_in_no_error(server: Server) -> None:
    server.answers = [status(403, "Forbidden")]
    with pytest.raises(ApiError) as caught:
        names(server)
    assert "made-up" not in str(caught.value) + str(caught.value.details)


def discovery(*groups: tuple[str, str, list[tuple[str, str]]]) -> Answer:
    items = [
        {
            "metadata": {"name": group},
            "versions": [
                {
                    "version": "v1",
                    "freshness": freshness,
                    "resources": [
                        {
                            "resource": plural,
                            "responseKind": {"kind": kind},
                            "scope": "Namespaced",
                            "verbs": ["list", "delete"],
                        }
                        for plural, kind in resources
                    ],
                }
            ],
        }
        for group, freshness, resources in groups
    ]
    return 200, {}, json.dumps({"kind": "APIGroupDiscoveryList", "items": items}).encode()


def test_a_group_whose_server_is_down_is_broken_not_absent(server: Server) -> None:
    server.answers = [
        discovery(("", "Current", [("secrets", "Secret")])),
        discovery(("x.example.com", "Stale", [("things", "Thing")]), ("y.example.com", "Current", [("ys", "Y")])),
    ]
    client = server.client()
    client.together = lambda work, items: [work(item) for item in items]  # type: ignore[method-assign]
    catalog = client.discover()
    assert list(catalog.broken) == ["x.example.com"]
    assert catalog.find("y.example.com", "Y") is not None


def test_older_servers_are_asked_group_by_group(server: Server) -> None:
    core = {"kind": "APIVersions", "versions": ["v1"]}
    groups = {
        "kind": "APIGroupList",
        "groups": [{"name": "x.example.com", "preferredVersion": {"version": "v2"}}, {"name": "dead.example.com"}],
    }
    secrets = {"resources": [{"name": "secrets", "kind": "Secret", "namespaced": True, "verbs": ["list", "delete"]}]}
    things = {"resources": [{"name": "things", "kind": "Thing", "namespaced": True, "verbs": ["list"]}]}
    server.answers = [(200, {}, json.dumps(data).encode()) for data in (core, groups, secrets, things)]
    server.answers += [status(403, "Forbidden")]
    client = server.client()
    client.together = lambda work, items: [work(item) for item in items]  # type: ignore[method-assign]
    catalog = client.discover()
    assert [r.key for r in catalog.resources] == ["secrets", "things.x.example.com"]
    assert list(catalog.broken) == ["dead.example.com"]
