# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection of a run as a kubeconfig: every form of it, back through the real client."""

from __future__ import annotations

import importlib
import json
import stat
from pathlib import Path
from typing import Any

import kubernetes.client
import kubernetes.config
import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.mtv.teardown.tests.lab import pki
from ansible_collections.mtv.teardown.tests.unit.plugins.odd_server import changed, paths

HOST = {"host": "https://127.0.0.1:6443/"}
TOKEN = "sha256~hush"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As in a process of its own, with no connection at hand."""
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    kubernetes.client.Configuration.set_default(None)
    pki.make(tmp_path / "pki")


def run(capfd: pytest.CaptureFixture[str], path: Path, **options: Any) -> dict[str, Any]:
    module = importlib.import_module("ansible_collections.mtv.teardown.plugins.modules.kubeconfig")
    capfd.readouterr()
    with patch_module_args({"path": str(path), **options}), pytest.raises(SystemExit):
        module.main()
    output = capfd.readouterr().out
    assert "hush" not in output
    found: dict[str, Any] = json.loads(output)
    return found


def loaded(path: Path) -> Any:
    configuration = kubernetes.client.Configuration()
    kubernetes.config.load_kube_config(str(path), client_configuration=configuration)
    return configuration


def written(**user: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "other",
        "clusters": [{"name": "k", "cluster": {"server": "https://127.0.0.1:7443", "insecure-skip-tls-verify": True}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": name, "context": {"cluster": "k", "user": "u"}} for name in ("other", "wanted")],
    }


def test_a_host_and_a_key(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    ca = str(tmp_path / "pki" / "ca.crt")
    told = run(
        capfd, path, **HOST, api_key=f"{TOKEN}\n", ca_cert=ca, proxy="http://me:hush@proxy:3128", impersonate_user="me"
    )
    assert told["changed"] and told["host"] == "https://127.0.0.1:6443" and told["path"] == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    made = loaded(path)
    assert (made.host, made.verify_ssl) == (told["host"], True)
    # Clients before 32 do not read it.
    cluster = json.loads(path.read_text(encoding="utf-8"))["clusters"][0]["cluster"]
    assert cluster["proxy-url"] == "http://me:hush@proxy:3128"
    assert made.auth_settings()["BearerToken"]["value"] == f"Bearer {TOKEN}"
    assert Path(made.ssl_ca_cert).read_bytes() == Path(ca).read_bytes()
    assert json.loads(path.read_text(encoding="utf-8"))["users"][0]["user"]["as"] == "me"


def test_a_file_that_everybody_may_read_is_replaced(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text("", encoding="utf-8")
    path.chmod(0o666)
    run(capfd, path, **HOST, api_key=TOKEN, validate_certs=False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and loaded(path).verify_ssl is False


@pytest.mark.parametrize(
    ("user", "authorization"),
    [
        ({"token": TOKEN}, f"Bearer {TOKEN}"),
        ({"username": "me", "password": "hush"}, "Basic bWU6aHVzaA=="),
    ],
)
def test_a_kubeconfig_and_a_context(
    user: dict[str, str], authorization: str, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    source, path = tmp_path / "source", tmp_path / "kubeconfig"
    source.write_text(json.dumps(written(**user)), encoding="utf-8")
    for given in (str(source), written(**user)):
        kubernetes.client.Configuration.set_default(None)
        run(capfd, path, kubeconfig=given, context="wanted")
        made = loaded(path)
        assert (made.host, made.verify_ssl) == ("https://127.0.0.1:7443", False)
        assert made.auth_settings()["BearerToken"]["value"] == authorization


def test_a_client_certificate(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path, pair = tmp_path / "kubeconfig", tmp_path / "pki"
    run(capfd, path, **HOST, client_cert=str(pair / "server.crt"), client_key=str(pair / "server.key"))
    made = loaded(path)
    assert Path(made.cert_file).read_bytes() == (pair / "server.crt").read_bytes()
    assert Path(made.key_file).read_bytes() == (pair / "server.key").read_bytes()


def test_the_environment(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K8S_AUTH_HOST", "https://127.0.0.1:6443")
    monkeypatch.setenv("K8S_AUTH_API_KEY", TOKEN)
    run(capfd, tmp_path / "kubeconfig")
    assert loaded(tmp_path / "kubeconfig").auth_settings()["BearerToken"]["value"] == f"Bearer {TOKEN}"


def test_what_no_kubeconfig_can_say(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    headers = {"proxy_basic_auth": "me:hush"}
    told = run(capfd, tmp_path / "k", **HOST, api_key=TOKEN, proxy="http://p:1", proxy_headers=headers)
    assert told["failed"] and "not possible with this connection" in told["msg"] and "proxy_headers" in told["msg"]
    assert not (tmp_path / "k").exists()


def test_files_that_are_not_there(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    told = run(capfd, tmp_path / "none" / "k", **HOST, api_key=TOKEN)
    assert told["failed"] and "cannot be written" in told["msg"]


ODD: list[Any] = [
    None,
    5,
    "",
    "\n",
    "https://[x",
    "a\nb: c",
    "\ud800",
    "é€",
    [],
    {},
    [None],
    ["x"],
    {"a": {"b": 1}},
    True,
    1e400,
]
BRACKETS = b"[" * 100_000
FILES = [
    b"",
    b"[]",
    b"5",
    b"<html><body>log in</body></html>",
    b"\0",
    b"\xff",
    BRACKETS,
    b"{" * 50_000,
    b"- " * 50_000,
    b"a: *b",
    b"!!python/x y",
    b"clusters: 5",
    b"token: hush\n\tx",
    b"a: &a [*a]",
    b"users: [{name: u, user: {token: hush}}",
    b"? [hush: x",
]


@pytest.mark.parametrize("content", FILES, ids=range(len(FILES)))
def test_files_that_are_no_kubeconfig(content: bytes, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "source"
    file.write_bytes(content)
    told = run(capfd, tmp_path / "k", kubeconfig=str(file))
    assert told["failed"] and told["msg"].startswith(("no connection to a cluster", "kubeconfig "))
    assert not (tmp_path / "k").exists()


@pytest.mark.parametrize("place", list(paths(written(token=TOKEN))), ids=str)
def test_an_odd_kubeconfig(place: tuple[str | int, ...], capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """It works, or says that it does not."""
    for value in ODD:
        kubernetes.client.Configuration.set_default(None)
        told = run(capfd, tmp_path / "k", kubeconfig=changed(written(token=TOKEN), place, value))
        assert told.get("changed") or (told["failed"] and told["msg"])


@pytest.mark.parametrize(
    "user",
    [
        {"exec": {"command": "false", "apiVersion": "client.authentication.k8s.io/v1"}},
        {"exec": {"command": "/no/such/program", "apiVersion": "client.authentication.k8s.io/v1"}},
        {"exec": {"command": "echo", "args": ["{hush"], "apiVersion": "client.authentication.k8s.io/v1"}},
        {"exec": 5},
        {"auth-provider": {"name": "gcp", "config": {"access-token": "hush", "expiry": "x"}}},
        {"auth-provider": {"name": "oidc", "config": {"id-token": "a.b.c", "refresh-token": "hush"}}},
        {"auth-provider": {"name": "azure", "config": {"access-token": "hush", "expires-on": "x"}}},
        {"auth-provider": 5},
        {"tokenFile": "/no/such/file"},
        {"client-certificate-data": "%", "client-key-data": "hush%"},
    ],
)
def test_ways_to_log_in_that_fail(user: dict[str, Any], capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    told = run(capfd, tmp_path / "k", kubeconfig=written(**user))
    assert told.get("changed") or told["failed"]


def test_check_mode_writes_nothing(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(capfd, tmp_path / "k", **HOST, api_key=TOKEN, _ansible_check_mode=True)["changed"]
    assert not (tmp_path / "k").exists()
