# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is listed with the client of kubernetes.core: what it could not read is never an empty list."""

from __future__ import annotations

import importlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import kubernetes.client
import pytest
from ansible.module_utils.testing import patch_module_args

TOKEN = "sha256~hush"
KINDS = {
    "/api/v1": {kind: f"{kind.lower()}s" for kind in ("Secret", "ConfigMap", "Pod", "Service", "Event", "Node")},
    "/apis/acme.example.com/v1": {"Robot": "robots"},
}
META = {"name": "auto-ab12-s", "namespace": "mtv", "uid": "u-1", "labels": {"a": "b"}}
SECRETS = [{"metadata": META, "data": {"key": "aHVzaA=="}}]
ROBOTS = {"apiVersion": "acme.example.com/v1", "kind": "RobotList", "items": None}
ANSWERS: dict[str, tuple[int, Any]] = {
    "/version": (200, {"gitVersion": "v1.34.0", "major": "1", "minor": "34"}),
    "/apis": (
        200,
        {
            "kind": "APIGroupList",
            "groups": [
                {
                    "name": "acme.example.com",
                    "versions": [{"groupVersion": "acme.example.com/v1", "version": "v1"}],
                    "preferredVersion": {"groupVersion": "acme.example.com/v1", "version": "v1"},
                }
            ],
        },
    ),
    "/api": (200, {"kind": "APIVersions", "versions": ["v1"]}),
    "/api/v1/namespaces/mtv/secrets": (200, {"apiVersion": "v1", "kind": "SecretList", "items": SECRETS}),
    "/api/v1/secrets": (200, {"apiVersion": "v1", "kind": "SecretList", "items": []}),
    "/apis/acme.example.com/v1/robots": (200, ROBOTS),
    "/api/v1/configmaps": (400, {"kind": "Status", "message": "bad"}),
    "/api/v1/pods": (403, {"kind": "Status", "message": "not for you"}),
    "/api/v1/services": (200, {"kind": "Status", "status": "Success"}),
    "/api/v1/events": (200, "no JSON at all"),
    "/api/v1/nodes": (200, {"apiVersion": "v1", "kind": "NodeList", "metadata": {"continue": "x"}, "items": []}),
}


class _Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path in KINDS:
            found = [
                {"name": plural, "singularName": "", "namespaced": True, "kind": kind, "verbs": ["list", "get"]}
                for kind, plural in KINDS[path].items()
            ]
            version = path.removeprefix("/apis/").removeprefix("/api/")
            code, answer = 200, {"kind": "APIResourceList", "groupVersion": version, "resources": found}
        else:
            code, answer = ANSWERS.get(path, (404, {"kind": "Status", "message": f"there is no {path}"}))
        body = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
        self.send_response(code if self.headers["Authorization"] == f"Bearer {TOKEN}" else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        """Nothing."""


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    kubernetes.client.Configuration.set_default(None)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def run(capfd: pytest.CaptureFixture[str], *scopes: tuple[str, str, str | None], **options: Any) -> dict[str, Any]:
    module = importlib.import_module("ansible_collections.mtv.teardown.plugins.modules.second_look_info")
    capfd.readouterr()
    asked = [{"api_version": version, "kind": kind, "namespace": where} for version, kind, where in scopes]
    with patch_module_args({"scopes": asked, **options}), pytest.raises(SystemExit):
        module.main()
    output = capfd.readouterr().out
    assert "hush" not in output and "Traceback" not in output
    found: dict[str, Any] = json.loads(output)
    return found


def test_what_is_there_and_what_could_not_be_read(host: str, capfd: pytest.CaptureFixture[str]) -> None:
    scopes = [
        ("v1", "Secret", "mtv"),
        ("v1", "Secret", None),
        ("acme.example.com/v1", "Robot", None),
        ("v1", "ConfigMap", None),
        ("v1", "Pod", None),
        ("v1", "Service", None),
        ("v1", "Event", None),
        ("v1", "Node", None),
        ("v1", "Robot", None),
        ("other.example.com/v1", "Robot", None),
        ("v1", "Secret", "nowhere"),
    ]
    results = run(capfd, *scopes, host=host, api_key=TOKEN)["results"]
    assert [(one["item"]["api_version"], one["item"]["kind"], one["item"]["namespace"]) for one in results] == scopes
    assert results[0]["resources"] == [{"metadata": {"name": "auto-ab12-s", "namespace": "mtv", "uid": "u-1"}}]
    assert [(one["api_found"], one["resources"]) for one in results[1:3]] == [(True, []), (True, [])]
    for one in (*results[3:8], results[10]):
        assert one["failed"] and one["msg"] and "resources" not in one, one
    assert [(one["api_found"], one["resources"]) for one in results[8:10]] == [(False, []), (False, [])]


def test_a_server_that_lets_nobody_in(host: str, capfd: pytest.CaptureFixture[str]) -> None:
    told = run(capfd, ("v1", "Secret", "mtv"), host=host, api_key="other")
    assert told.get("failed") or told["results"][0]["failed"]


@pytest.mark.usefixtures("host")
def test_no_way_to_a_cluster(capfd: pytest.CaptureFixture[str]) -> None:
    told = run(capfd, ("v1", "Secret", "mtv"), kubeconfig="/nowhere")
    assert told["failed"] and "kubernetes.core has no connection to a cluster" in told["msg"]
