# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection from what people have: kubeconfigs that work, and words for those that do not."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import rest
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError, NoConnectionError

SECRET = "c2VjcmV0LXRoYXQtbm9ib2R5LXNob3VsZC1zZWU"
URL = "https://api.example.com:6443"


def kubeconfig(user: Any, server: str = URL, **more: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "there", "cluster": {"server": server}}],
        "users": [{"name": "me", "user": user}],
        "contexts": [{"name": "ours", "context": {"cluster": "there", "user": "me"}}],
        "current-context": "ours",
        **more,
    }


def plugin(folder: Path, script: str, **more: Any) -> dict[str, Any]:
    file = folder / "login"
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(file), **more}}


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the caller's own."""
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "K8S_AUTH_KUBECONFIG", "K8S_AUTH_CONTEXT", "K8S_AUTH_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def connected(given: Any = None, **params: Any) -> rest.Http:
    return rest.connect(SimpleNamespace(params={"kubeconfig": given, **params}))


def told(given: Any = None, **params: Any) -> str:
    with pytest.raises(NoConnectionError) as caught:
        connected(given, **params)
    return caught.value.msg


def written(folder: Path, content: Any, name: str = "config") -> str:
    raw = content if isinstance(content, bytes) else yaml.safe_dump(content).encode()
    (folder / name).write_bytes(raw)
    return str(folder / name)


def test_where_names_the_cluster_the_context_and_the_files(tmp_path: Path) -> None:
    file = written(tmp_path, kubeconfig({"token": SECRET}))
    http = connected(file)
    assert http.where == {"url": URL, "context": "ours", "kubeconfig": [file]}
    assert http.anonymous == ""
    both = connected(f"{tmp_path}/absent:{file}")
    assert both.where["kubeconfig"] == [file]


def test_an_address_is_shown_without_what_is_secret_in_it(tmp_path: Path) -> None:
    server = "https://user:pa55word@api.example.com:6443/k8s/?token=abc#x"
    http = connected(written(tmp_path, kubeconfig({"token": SECRET}, server)))
    assert http.where["url"] == "https://api.example.com:6443/k8s"


@pytest.mark.parametrize("name", ["KUBECONFIG", "K8S_AUTH_KUBECONFIG"])
def test_the_environment(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, kubeconfig({"token": SECRET}))
    monkeypatch.setenv(name, file)
    assert connected().where["kubeconfig"] == [file]


@pytest.mark.parametrize("name", ["K8S_AUTH_CONTEXT", "K8S_AUTH_HOST", "K8S_AUTH_SSL_CA_CERT", "KUBECONFIG"])
def test_what_is_empty_is_not_given(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".kube").mkdir()
    written(tmp_path / ".kube", kubeconfig({"token": SECRET}))
    monkeypatch.setenv(name, "")
    assert connected().where["url"] == URL
    assert connected("", context="", host="").where["context"] == "ours"


def test_a_byte_order_mark(tmp_path: Path) -> None:
    raw = b"\xef\xbb\xbf" + yaml.safe_dump(kubeconfig({"token": SECRET})).encode()
    assert connected(written(tmp_path, raw)).where["url"] == URL


HTML = b"\n<!DOCTYPE html><html><body>Log in</body></html>"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(HTML, "is a web page, perhaps that of a login", id="html"),
        pytest.param(b"just some words", "it has no clusters, contexts and users", id="text"),
        pytest.param(b"", "it has no clusters, contexts and users", id="empty"),
        pytest.param(b"[1, 2]", "it has no clusters, contexts and users", id="list"),
        pytest.param(f'users: [token: "{SECRET}\n  {{'.encode(), "is not YAML, line 2", id="broken"),
        pytest.param(b"clusters: {a: 1}", "clusters is not a list of entries", id="no-list"),
        pytest.param(b"users: [1]", "users is not a list of entries", id="no-entries"),
        pytest.param("{}".encode("utf-16"), "is not UTF-8 text", id="utf-16"),
        pytest.param(kubeconfig({}, **{"current-context": "theirs"}), "theirs", id="no-such-context"),
        pytest.param(kubeconfig({"token": "x"}, "api.example.com"), "host is no address of a cluster", id="no-scheme"),
        pytest.param(
            kubeconfig({"token": "x"}, "https://[api/"), "host is no address of a cluster|Invalid IPv6 URL", id="no-url"
        ),
    ],
)
def test_what_is_no_kubeconfig_says_what_it_is(content: Any, words: str, tmp_path: Path) -> None:
    message = told(written(tmp_path, content))
    assert any(one in message for one in words.split("|"))
    assert SECRET not in message and "api/" not in message
    assert "Give " in message or "give one such as" in message


@pytest.mark.parametrize(
    ("path", "words"),
    [
        pytest.param("/nowhere/a:/nowhere/b", "kubeconfig /nowhere/a and /nowhere/b does not exist", id="absent"),
        pytest.param("/dev/fd/63", "pipe of the shell", id="pipe"),
        pytest.param("apiVersion: v1\nusers: []", "kubeconfig is text, and has to be a path", id="text"),
        pytest.param(None, "/.kube/config does not exist", id="none"),
    ],
)
def test_what_is_not_there(path: str | None, words: str) -> None:
    message = told(path)
    assert (words in message and "K8S_AUTH_" in message) or "write it to a file" in message


@pytest.mark.parametrize(
    ("script", "words"),
    [
        pytest.param('echo "no session, run: cloud login" >&2; exit 3', "no session, run: cloud login", id="fails"),
        pytest.param("echo not json", "failed to decode process output", id="garbage"),
        pytest.param("echo '{}'", "missing key 'apiVersion'", id="empty"),
        pytest.param(
            'echo \'{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {}}\'',
            "missing token or clientCertificateData",
            id="no-token",
        ),
    ],
)
def test_an_exec_plugin_that_fails_is_told_in_its_own_words(script: str, words: str, tmp_path: Path) -> None:
    user = plugin(tmp_path, script)
    file = written(tmp_path, kubeconfig(user))
    message = told(file)
    assert any(one in message for one in words.split("|"))
    for part in ("exec plugin", str(tmp_path / "login"), "user 'me' of context 'ours'", file, "Run it by hand"):
        assert part in message
    assert told(kubeconfig(user)).startswith("no connection to a cluster: the exec plugin")


def test_an_exec_plugin_that_is_not_there(tmp_path: Path) -> None:
    user = plugin(tmp_path, "")
    (tmp_path / "login").unlink()
    assert "No such file or directory" in told(written(tmp_path, kubeconfig(user)))


def test_what_a_plugin_was_given_is_not_shown(tmp_path: Path) -> None:
    script = f'echo "denied: $PASS with $2 for {SECRET}" >&2; exit 1'
    user = plugin(tmp_path, script, args=["--password", "hunter22"], env=[{"name": "PASS", "value": "pa55word"}])
    message = told(written(tmp_path, kubeconfig(user)))
    assert "denied: " in message
    for secret in ("pa55word", "hunter22", SECRET):
        assert secret not in message


def test_an_exec_plugin_that_works(tmp_path: Path) -> None:
    status = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "t"}}
    user = plugin(tmp_path, f"echo '{json.dumps(status)}'")
    http = connected(written(tmp_path, kubeconfig(user)))
    assert http._auth() == {"authorization": "Bearer t"}


@pytest.mark.parametrize("name", ["azure", "openstack", "gcp"])
def test_an_auth_provider_that_the_client_does_not_know(name: str, tmp_path: Path) -> None:
    user = {"auth-provider": {"name": name, "config": {"cmd-args": SECRET}}}
    message = told(written(tmp_path, kubeconfig(user)))
    assert f"the auth-provider '{name}' of user 'me'" in message
    assert "exec plugin" in message and SECRET not in message


class _Refusing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"reason": "Forbidden", "message": 'User "system:anonymous" cannot list'}).encode()
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """It has nothing to say."""


@pytest.fixture
def refusing() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Refusing)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


def refused(http: rest.Http) -> str:
    with pytest.raises(ApiError) as caught:
        http.json("GET", "/api")
    assert (caught.value.status, caught.value.reason) == (403, "Forbidden")
    return caught.value.msg


def test_a_refusal_of_somebody_without_credentials_says_so(refusing: str, tmp_path: Path) -> None:
    file = written(tmp_path, kubeconfig({}, refusing))
    message = refused(connected(file))
    assert "No credentials were sent: user 'me' of context 'ours'" in message and file in message
    assert "No credentials" not in refused(connected(written(tmp_path, kubeconfig({"token": "x"}, refusing))))
    nobody = kubeconfig({}, refusing, contexts=[{"name": "ours", "context": {"cluster": "there"}}])
    assert "No credentials were sent: no user of context 'ours'" in refused(connected(nobody))


def test_a_user_name_and_a_password_are_credentials(refusing: str) -> None:
    message = refused(connected(None, host=refusing, username="me", password="pa55word"))
    assert "No credentials" not in message and "pa55word" not in message


def test_an_address_with_a_password_is_in_no_error(refusing: str) -> None:
    host = refusing.replace("//", "//me:pa55word@")
    http = connected(None, host=host, api_key="x")
    assert "pa55word" not in refused(http)
    http.patience = rest.Patience(tries=1, connect=0.5)
    http._configuration.host = "http://me:pa55word@127.0.0.1:1"
    with pytest.raises(ApiError) as caught:
        http.json("GET", "/api")
    assert "pa55word" not in caught.value.msg


def test_whether_the_certificate_is_verified() -> None:
    unsafe = kubeconfig({"token": "x"})
    unsafe["clusters"][0]["cluster"]["insecure-skip-tls-verify"] = True
    assert connected(unsafe).insecure is True
    assert connected(kubeconfig({"token": "x"}), validate_certs=False).insecure is True
    assert connected(kubeconfig({"token": "x"})).insecure is False
