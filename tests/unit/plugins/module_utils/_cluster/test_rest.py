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
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.rest import PATIENCE, Http, Patience
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.tests.unit.plugins.build import RESOURCES, obj

Answer = tuple[int, dict[str, str], bytes]
CUT = (0, {}, b"")


def status(code: int, reason: str, message: str = "told", name: str = "", **headers: str) -> Answer:
    told = {"kind": "Status", "reason": reason, "message": message, "details": {"name": name}}
    return code, headers, json.dumps(told).encode()


def listing(*names: str, token: str = "") -> Answer:
    items = [{"metadata": {"name": name, "namespace": "n", "uid": f"uid-{name}"}} for name in names]
    data = {"kind": "SecretList", "metadata": {"resourceVersion": "7", "continue": token}, "items": items}
    return 200, {}, json.dumps(data).encode()


def foreign(metadata: Any) -> Answer:
    """A list with one object of this metadata."""
    data = {"kind": "SecretList", "metadata": {"resourceVersion": "7"}, "items": [{"metadata": metadata}]}
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

    def client(self, patience: Patience = PATIENCE) -> Cluster:
        port = self.http.server_address[1]
        token = {"BearerToken": {"in": "header", "key": "authorization", "value": "Bearer made-up"}}
        configuration = SimpleNamespace(host=f"http://127.0.0.1:{port}", auth_settings=lambda: token)
        return Cluster(Http(configuration, urllib3.PoolManager(), {}, self.waits.append, patience))


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
    server.answers = [listing("a", token="one"), listing("b", token="two"), listing("a", "b", token="three")]
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
    server.answers = [trouble] * PATIENCE.tries
    with pytest.raises(ApiError) as caught:
        names(server)
    assert caught.value.status == trouble[0]
    assert len(server.asked) == PATIENCE.tries


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (status(401, "Unauthorized"), "401"),
        (status(403, "Forbidden", "may not list"), "may not list"),
        ((404, {}, b"404 page not found\n"), "page not found"),
        ((200, {}, b"<html>a login page</html>"), "not JSON"),
        ((200, {}, b"[]"), "not an object"),
        ((200, {}, b"null"), "not an object"),
        ((200, {}, b'{"kind": "Status"}'), "not a list"),
        ((200, {}, b'{"kind": "SecretList", "items": 5, "metadata": {}}'), "not a list"),
        ((200, {}, b'{"items": [], "metadata": {"resourceVersion": "1"}}'), "not a list"),
        ((302, {"Location": "/login"}, b""), "302"),
        (foreign({"name": "a", "uid": "u", "namespace": "elsewhere"}), "who it is"),
        (foreign({"name": "a", "namespace": "n"}), "who it is"),
        (
            foreign({"name": "a", "uid": "u", "namespace": "n", "labels": ["x"]}),
            "Secret a .* metadata.labels is no object",
        ),
        (foreign(None), "who it is"),
    ],
)
def test_what_is_no_answer_is_an_error_at_once(server: Server, answer: Answer, told: str) -> None:
    server.answers = [answer]
    with pytest.raises(ApiError, match=told):
        names(server)
    assert len(server.asked) == 1


def test_get_absent_only_by_the_servers_word(server: Server) -> None:
    server.answers = [
        status(404, "NotFound", name="a"),
        (404, {}, b"404 page not found\n"),
        status(404, "NotFound"),  # the server could not find the requested resource: no word about this object
        status(403, "Forbidden"),
    ]
    client = server.client()
    assert client.get(RESOURCES["Secret"], "n", "a") is None
    for code in ("404", "404", "403"):
        with pytest.raises(ApiError, match=code):
            client.get(RESOURCES["Secret"], "n", "a")


def test_delete_carries_the_uid_and_background(server: Server) -> None:
    server.answers = [(200, {}, b"{}"), status(404, "NotFound", name="a")]
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


# What every server has; a discovery without it is not believed.
CORE = [("namespaces", "Namespace"), ("pods", "Pod"), ("secrets", "Secret")]
OTHERS = {"apps": [("deployments", "Deployment")], "rbac.authorization.k8s.io": [("clusterroles", "ClusterRole")]}


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
        discovery(("", "Current", CORE)),
        discovery(
            *((group, "Current", kinds) for group, kinds in OTHERS.items()),
            ("x.example.com", "Stale", [("things", "Thing")]),
            ("y.example.com", "Current", [("ys", "Y")]),
        ),
    ]
    client = server.client()
    client.together = lambda work, items: [work(item) for item in items]  # type: ignore[method-assign]
    catalog = client.discover()
    assert list(catalog.broken) == ["x.example.com"]
    assert catalog.find("y.example.com", "Y") is not None


def test_second_views_are_in_no_catalog(server: Server) -> None:
    """As openshift-apiserver shows them."""
    server.answers = [
        discovery(("", "Current", CORE)),
        discovery(
            *((group, "Current", kinds) for group, kinds in OTHERS.items()),
            (
                "authorization.openshift.io",
                "Current",
                [("clusterroles", "ClusterRole"), ("rolebindings", "RoleBinding")],
            ),
            ("project.openshift.io", "Current", [("projects", "Project")]),
        ),
    ]
    client = server.client()
    client.together = lambda work, items: [work(item) for item in items]  # type: ignore[method-assign]
    catalog = client.discover()
    shown = [r.key for r in catalog.resources if r.group.endswith(".openshift.io")]
    assert shown == ["rolebindings.authorization.openshift.io"]  # of this server it is the only way to see them
    assert catalog.find("project.openshift.io", "Project") is catalog.find("", "Namespace")


def test_older_servers_are_asked_group_by_group(server: Server) -> None:
    core = {"kind": "APIVersions", "versions": ["v1"]}
    groups = {
        "kind": "APIGroupList",
        "groups": [{"name": name, "preferredVersion": {"version": "v2"}} for name in (*OTHERS, "x.example.com")]
        + [{"name": "dead.example.com"}, {"name": "strange.example.com"}],
    }
    kinds = [
        {"resources": [{"name": name, "kind": kind, "namespaced": True, "verbs": ["list"]} for name, kind in named]}
        for named in (CORE, *OTHERS.values(), [("things", "Thing")])
    ]
    server.answers = [(200, {}, json.dumps(data).encode()) for data in (core, groups, *kinds)]
    server.answers += [status(403, "Forbidden"), (200, {}, b'{"kind": "Status"}')]
    client = server.client()
    client.together = lambda work, items: [work(item) for item in items]  # type: ignore[method-assign]
    catalog = client.discover()
    assert [r.key for r in catalog.resources] == [
        "namespaces",
        "pods",
        "secrets",
        "deployments.apps",
        "clusterroles.rbac.authorization.k8s.io",
        "things.x.example.com",
    ]
    assert list(catalog.broken) == ["dead.example.com", "strange.example.com"]


@pytest.mark.parametrize(
    "answers",
    [
        [discovery(("", "Current", CORE)), discovery()],
        [discovery(("", "Current", CORE[1:])), discovery(*((g, "Current", k) for g, k in OTHERS.items()))],
        [(200, {}, b"{}"), (200, {}, b"{}")],
        [(200, {}, b'{"kind": "APIVersions"}'), (200, {}, b'{"kind": "Status"}')],
    ],
    ids=["no groups", "no namespaces", "empty", "half"],
)
def test_half_a_discovery_is_none(server: Server, answers: list[Answer]) -> None:
    """Taken for whole, it would make every kind that it does not name absent."""
    server.answers = list(answers)
    client = server.client()
    client.together = lambda work, items: [work(item) for item in items]  # type: ignore[method-assign]
    with pytest.raises(ApiError, match="discovery"):
        client.discover()


def test_an_answer_that_never_ends_is_given_up(server: Server) -> None:
    server.answers = [(200, {}, b" " * 5_000_000)] * 2
    with pytest.raises(ApiError, match="did not end"):
        server.client(Patience(tries=2, size=1_000_000)).listing(RESOURCES["Secret"], "n")


def test_a_server_that_is_down_is_not_asked_five_times_for_everything(server: Server) -> None:
    server.answers = [CUT] * 100
    client = server.client()
    for _attempt in range(4):
        with pytest.raises(ApiError):
            client.listing(RESOURCES["Secret"], "n")
    assert len(server.asked) == 5 + 3 + 1 + 1
    server.answers = [listing("a"), CUT, CUT, listing("b")]
    assert client.listing(RESOURCES["Secret"], "n").objects[0].name == "a"
    assert client.listing(RESOURCES["Secret"], "n").objects[0].name == "b"  # it is back, and so is the patience


@pytest.mark.parametrize(("asked", "least", "most"), [("7", 7, 8), ("86400", 30, 31), ("soon", 0, 1)])
def test_the_server_says_how_long_to_wait_up_to_a_limit(server: Server, asked: str, least: int, most: int) -> None:
    server.answers = [status(429, "TooManyRequests", Retry_After=asked), listing("a")]
    names(server)
    assert least <= server.waits[0] <= most


def test_a_conflict_passes_but_not_one_about_who_it_is(server: Server) -> None:
    server.answers = [status(409, "Conflict", "object was modified"), (200, {}, b"{}")]
    assert server.client().delete(obj("Secret", "a", "n"))
    server.answers = [status(409, "Conflict", "Precondition failed: UID in precondition: x")]
    with pytest.raises(ApiError, match="Precondition"):
        server.client().delete(obj("Secret", "a", "n"))
    server.answers = [status(409, "Conflict", "The system is ensuring all content is removed from this namespace.")]
    assert server.client().delete(obj("Namespace", "a"))
