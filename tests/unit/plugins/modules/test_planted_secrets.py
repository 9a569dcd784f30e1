# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in every option, file and variable that may hold one, odd in every way, through the real main() of every
module, against servers that send back whatever they are sent: no output and no log holds them, and nothing breaks."""

from __future__ import annotations

import base64
import importlib
import json
import os
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import kubernetes.client
import pytest
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.mtv.teardown.plugins.module_utils import _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import (
    ESXI,
    KEY,
    LINE,
    Change,
    Field,
    written,
)
from ansible_collections.mtv.teardown.tests.lab import pki
from ansible_collections.mtv.teardown.tests.unit.plugins import impatience

pytestmark = pytest.mark.slow

FILES = Path(__file__).parents[4].joinpath("plugins/modules").glob("[a-z]*.py")
MODULES = sorted({path.stem for path in FILES} - {"record", "report", "show"})  # no secrets, no server
OF_PROVIDERS = {"vsphere_clones": "vsphere", "ovirt_clones": "ovirt", "openstack_clones": "openstack"}
OF_PROVIDERS["volume_snapshots"] = "openstack"
OF_ALL_PROVIDERS = "provider_clones"
OF_BOTH = ("leftovers_info", "session_info")
# The connection of the module journal is in its option journal_in (below).
OF_CLUSTER = tuple(name for name in MODULES if name not in (*OF_PROVIDERS, OF_ALL_PROVIDERS, "journal", "vm_change"))
OF_NO_SESSION = ("change", "kubeconfig", "must_gather", "second_look_info")
# Two parts, so that one is found where another is cut off.
PLANTED = ("hush7Qz", "Kw3Hush")
SECRETS = {
    "plain": "{}-{}",
    "newline at the end": "{}-{}\n",
    "newline": "{}\n{}",
    "carriage return": "{}\r{}",
    "nul": "{}\0{}",
    "non-ascii": "{}é€{}",
    "percent": "{}%s%25{}%",
    "quotes": "{}'\"\\<&>{{x}}{}",
    "blanks": "  {} {} ",
    "half a surrogate": "{}\ud800{}",
}
for _name, _form in SECRETS.items():
    SECRETS[_name] = _form.replace("{}", PLANTED[0], 1).replace("{}", PLANTED[1], 1)
VERSIONS = (
    '<namespaces version="1.0"><namespace><name>urn:vim25</name><version>8.0.0.0</version></namespace></namespaces>'
)


class Echo:
    """Answers everything with 403 and all that it was sent."""

    def __init__(self, folder: Path) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def do_GET(self) -> None:
                sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                code, body = 403, f"{self.path} {dict(self.headers)} {sent.decode('utf-8', 'replace')}"
                if self.path.endswith("vimServiceVersions.xml"):
                    code, body = 200, VERSIONS
                elif "soap" in body.lower():
                    code = 500
                else:
                    body = json.dumps({"kind": "Status", "reason": "Forbidden", "message": body, "error": body})
                self.send_response(code)
                self.end_headers()
                self.wfile.write(body.encode())

            do_POST = do_DELETE = do_GET  # noqa: N815 - the library's names

            def log_message(self, *_args: Any) -> None:
                """Quiet."""

        pki.make(folder)
        self.servers = [ThreadingHTTPServer(("127.0.0.1", 0), Handler) for _one in range(2)]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.crt", folder / "server.key")
        self.servers[1].socket = context.wrap_socket(self.servers[1].socket, server_side=True)
        self.plain, self.tls = (f"127.0.0.1:{server.server_address[1]}" for server in self.servers)
        for server in self.servers:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Echo]:
    made = Echo(tmp_path_factory.mktemp("pki"))
    yield made
    for server in made.servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What went to syslog and to the journal. Clients are not patient, and the environment names nobody."""
    lines: list[str] = []
    monkeypatch.setattr(basic.syslog, "syslog", lambda *args: lines.append(str(args)))
    monkeypatch.setattr(basic, "has_journal", False)
    monkeypatch.setattr(_secrets, "_known", _secrets.Known())
    kubernetes.client.Configuration.set_default(None)  # as in a process of its own
    impatience.set_up(monkeypatch)
    for name in (
        "VMWARE_HOST",
        "OVIRT_URL",
        "OVIRT_HOSTNAME",
        "OVIRT_INI_PATH",
        "OS_CLOUD",
        "OS_AUTH_URL",
        "KUBECONFIG",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    # An oc that tells all that it is given.
    oc = tmp_path / "bin" / "oc"
    oc.parent.mkdir()
    oc.write_text('#!/bin/sh\ncat "$KUBECONFIG" && exit 3\n', encoding="utf-8")
    oc.chmod(0o755)
    monkeypatch.setenv("PATH", f"{oc.parent}:{os.environ['PATH']}")
    return lines


def run(name: str, capfd: pytest.CaptureFixture[str], **options: Any) -> tuple[dict[str, Any], str]:
    module = importlib.import_module(f"ansible_collections.mtv.teardown.plugins.modules.{name}")
    # As a controller asks for them: none, at any verbosity.
    given = {"session_prefix": "auto-ab12", "resources_file": "", "_ansible_tracebacks_for": [], **options}
    if name == "leftovers_info":
        given["quiet_interval"] = 0
    if name == "kubeconfig":
        given = {"path": str(Path.home() / "kubeconfig"), **options}
    if name == "second_look_info":
        scopes = [{"api_version": "v1", "kind": "Secret"}]
        given = {"scopes": scopes, "_ansible_tracebacks_for": [], **options}
    if name == "must_gather":
        given = {"dest_dir": str(Path.home() / "collected"), "image": "i", "_ansible_tracebacks_for": [], **options}
    if name == "change":
        what = {"kind": "ConfigMap", "api_version": "v1", "name": "one", "namespace": "ns", "patch": {}}
        given = {"undo_file": str(Path.home() / "resources.undo.json"), **what, **options}
    if name == "vm_change":
        given = {"undo_file": str(Path.home() / "resources.undo.json"), "name": "one", "power_state": "on", **options}
    capfd.readouterr()
    with patch_module_args(given), pytest.raises(SystemExit):
        module.main()
    out = capfd.readouterr()
    return json.loads(out.out), out.out + out.err


def check(told: str, logged: list[str]) -> None:
    """Not as it is, not in another form: each half of it is looked for."""
    text = told + "\n".join(logged)
    encoded = [base64.b64encode(part.encode())[:-4].decode() for part in PLANTED]
    for part in (*PLANTED, *encoded):
        assert part not in text, text[max(0, text.find(part) - 300) : text.find(part) + 100]


def kubeconfig(echo: Echo, **user: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "clusters": [{"name": "k", "cluster": {"server": f"http://{echo.plain}"}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
    }


# Where a cluster's modules may be given a secret.
OPTIONS_OF_CLUSTERS: dict[str, Callable[[Echo, str], dict[str, Any]]] = {
    "api_key": lambda echo, secret: {"host": f"http://{echo.plain}", "api_key": secret},
    "password": lambda echo, secret: {"host": f"http://{echo.plain}", "username": "me", "password": secret},
    "token": lambda echo, secret: {"kubeconfig": kubeconfig(echo, token=secret)},
    "basic": lambda echo, secret: {"kubeconfig": kubeconfig(echo, username="me", password=secret)},
    "key data": lambda echo, secret: {"kubeconfig": kubeconfig(echo, **{"client-key-data": secret})},
    "text": lambda echo, secret: {"kubeconfig": json.dumps(kubeconfig(echo, token=secret), indent=1)},
    "exec": lambda echo, secret: {
        "kubeconfig": kubeconfig(
            echo,
            exec={
                "apiVersion": "client.authentication.k8s.io/v1",
                "command": "sh",
                "args": ["-c", "exit 3"],
                "env": [{"name": "A", "value": "x"}, {"name": "PASSWORD", "password": secret}],
            },
        )
    },
    "proxy headers": lambda echo, secret: {
        "host": f"http://{echo.plain}",
        "api_key": "made-up-key",
        "proxy": f"http://{echo.plain}",
        "proxy_headers": {"proxy_basic_auth": f"me:{secret}", "basic_auth": f"me:{secret}"},
    },
    "session": lambda _echo, secret: {"session": {"prefix": "x", "password": secret, "odd": [{"token": secret}]}},
    "resources": lambda _echo, secret: {"resources": {"vsphere": {"password": secret}}},
    "resources as text": lambda _echo, secret: {"resources": json.dumps({"vsphere": {"password": secret}})},
}
OPTIONS_OF_PROVIDERS: dict[str, dict[str, Callable[[Echo, str], dict[str, Any]]]] = {
    "vsphere": {
        "password": lambda echo, secret: {**_at(echo.tls), "username": "me", "password": secret},
    },
    "ovirt": {
        "password": lambda echo, secret: {**_at(echo.tls, "insecure", True), "username": "me@x", "password": secret},
        "token": lambda echo, secret: {**_at(echo.tls, "insecure", True), "token": secret},
    },
    "openstack": {
        "password": lambda echo, secret: {"auth": _auth(echo, username="me", password=secret)},
        "cloud": lambda echo, secret: {"cloud": {"auth": _auth(echo, username="me", password=secret)}},
        "token": lambda echo, secret: {"auth_type": "token", "auth": _auth(echo, token=secret)},
        "application credential": lambda echo, secret: {
            "auth_type": "v3applicationcredential",
            "auth": {
                "auth_url": f"http://{echo.plain}/v3",
                "application_credential_id": "i",
                "application_credential_secret": secret,
            },
        },
        "passcode": lambda echo, secret: {
            "auth_type": "v3totp",
            "auth": _auth(echo, username="me", passcode=secret, user_domain_name="d"),
        },
    },
}


def _at(address: str, option: str = "validate_certs", value: bool = False) -> dict[str, Any]:
    host, _colon, port = address.partition(":")
    return {"hostname": f"{host}:{port}", option: value}


def _auth(echo: Echo, **more: str) -> dict[str, str]:
    return {"auth_url": f"http://{echo.plain}/v3", "project_name": "p", "project_domain_name": "d", **more}


@pytest.mark.parametrize(
    ("name", "place"),
    [
        (name, place)
        for name in OF_CLUSTER
        for place in OPTIONS_OF_CLUSTERS
        if name not in OF_NO_SESSION or not place.startswith(("session", "resources"))
    ],
)
def test_options_of_a_cluster(
    name: str, place: str, echo: Echo, logged: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    for kind, secret in SECRETS.items():
        if name not in ("session_info", "plans") and kind not in ("newline", "quotes"):
            continue  # they share how they begin and end
        _result, told = run(name, capfd, **OPTIONS_OF_CLUSTERS[place](echo, secret))
        assert "Invoked with" in "".join(logged)
        check(told, logged)


@pytest.mark.parametrize(
    ("name", "place"),
    [(name, place) for name, kind in OF_PROVIDERS.items() for place in OPTIONS_OF_PROVIDERS[kind]]
    + [
        (name, f"{kind}.{place}")
        for name in (*OF_BOTH, OF_ALL_PROVIDERS)
        for kind in OPTIONS_OF_PROVIDERS
        for place in OPTIONS_OF_PROVIDERS[kind]
    ],
)
def test_options_of_providers(
    name: str, place: str, echo: Echo, logged: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    kind, _dot, place = place.rpartition(".")
    for odd, secret in SECRETS.items():
        options = OPTIONS_OF_PROVIDERS[kind or OF_PROVIDERS[name]][place](echo, secret)
        given = {kind: options} if kind else options
        if name in OF_BOTH:
            given |= {"host": f"http://{echo.plain}", "api_key": "made-up-key"}
        result, told = run(name, capfd, **given, **({"fail_on_remaining": False} if name not in OF_BOTH else {}))
        check(told, logged)
        if name not in OF_BOTH and odd in ("newline", "nul", "carriage return"):
            errors = [entry["error"] for entry in result["unreadable"]]
            assert any("(options)" in error and "cannot be sent" in error for error in errors), errors
        assert "Traceback" not in told


@pytest.mark.parametrize(
    ("kind", "place"), [(kind, place) for kind, places in OPTIONS_OF_PROVIDERS.items() for place in places]
)
def test_options_of_the_one_that_changes_a_vm(
    kind: str, place: str, echo: Echo, logged: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    for secret in SECRETS.values():
        result, told = run("vm_change", capfd, **{kind: OPTIONS_OF_PROVIDERS[kind][place](echo, secret)})
        assert result["failed"] and "Traceback" not in told
        check(told, logged)


@pytest.mark.parametrize(
    "place", [place for place in OPTIONS_OF_CLUSTERS if not place.startswith(("session", "resou"))]
)
@pytest.mark.parametrize("name", ["plans", "leftovers_info", "provider_clones", "vsphere_clones"])
@pytest.mark.parametrize("option", ["lease", "journal_in"])
def test_the_connection_to_what_is_kept_there(
    option: str, name: str, place: str, echo: Echo, logged: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    named = {"namespace": "ci", "name": "mtv-teardown-auto-ab12", "uid": "u", "holder": "h"}
    for secret in SECRETS.values():
        kept = {**named, "connection": OPTIONS_OF_CLUSTERS[place](echo, secret)}
        if option == "journal_in":
            kept = {"namespace": "ci", "run": "r", "connection": kept["connection"]}
        cluster = {"host": f"http://{echo.plain}", "api_key": "made-up-key"} if name in OF_CLUSTER else {}
        result, told = run(name, capfd, **{option: kept}, **cluster)
        # Where there is no provider there is nothing to write.
        assert (result.get("failed") or option == "journal_in") and "Traceback" not in told
        check(told, logged)


@pytest.mark.parametrize("kind", OPTIONS_OF_PROVIDERS)
def test_the_providers_file_and_the_environment(
    kind: str,
    echo: Echo,
    logged: list[str],
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = next(module for module, of in OF_PROVIDERS.items() if of == kind)
    for secret in SECRETS.values():
        entry = {
            "type": kind,
            "fqdn": echo.tls,
            "api_url": f"https://{echo.tls}/v3",
            "username": "me",
            "password": secret,
        }
        file = tmp_path / "providers.json"
        file.write_text(json.dumps({"one": {**entry, "insecure": True, "project_name": "p"}}), encoding="utf-8")
        result, told = run(name, capfd, providers_file=str(file), fail_on_remaining=False)
        assert [entry["provider"] for entry in result["unreadable"]] == ["one"]
        check(told, logged)
        if "\0" in secret or "\ud800" in secret:
            continue  # no variable can hold it
        variables = {
            "vsphere": {
                "VMWARE_HOST": echo.tls,
                "VMWARE_USER": "me",
                "VMWARE_PASSWORD": secret,
                "VMWARE_VALIDATE_CERTS": "no",
            },
            "ovirt": {"OVIRT_URL": f"https://{echo.tls}", "OVIRT_USERNAME": "me", "OVIRT_PASSWORD": secret},
            "openstack": {
                "OS_AUTH_URL": f"http://{echo.plain}/v3",
                "OS_USERNAME": "me",
                "OS_PASSWORD": secret,
                "OS_PROJECT_NAME": "p",
            },
        }[kind]
        with monkeypatch.context() as patch:
            for variable, value in variables.items():
                patch.setenv(variable, value)
            _result, told = run(name, capfd, fail_on_remaining=False)
        check(told, logged)


@pytest.mark.parametrize("place", ["option", "file"])
@pytest.mark.parametrize("name", ["undo", *OF_BOTH])
def test_the_log_in_of_an_esxi_host(
    name: str, place: str, echo: Echo, logged: list[str], capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ledger, file = tmp_path / "resources.undo.json", tmp_path / "providers.json"
    key = Change(
        id="change-0001",
        kind=KEY,
        api_version=ESXI,
        namespace=None,
        name="127.0.0.1",
        uid=f"{'ab' * 32}/SHA256:ZkAslGjFiUHdGf",
        place=echo.plain,
        session="auto-ab12",
        fields=(Field(LINE, after=f"sha256:{'cd' * 32}"),),
        provider=ESXI,
        ref="ab",
    )
    ledger.write_text(written([key]), encoding="utf-8")
    host, _colon, port = echo.plain.partition(":")
    for odd, secret in SECRETS.items():
        given: dict[str, Any] = {"undo_file": str(ledger), "host": f"http://{echo.plain}", "api_key": "made-up-key"}
        if name == "session_info":
            given |= {"rights": True, "fail_on_unreachable": False}
        if place == "option":
            given["esxi"] = {"hostname": host, "port": int(port), "username": "root", "password": secret}
        else:
            entry = {"type": "vsphere", "fqdn": "127.0.0.1:1", "username": "me", "password": "made-up"}
            reached = {"esxi_host": echo.plain, "esxi_user": "root", "esxi_password": secret}
            file.write_text(json.dumps({"one": {**entry, "copyoffload": reached}}), encoding="utf-8")
            given["providers_file"] = str(file)
        result, told = run(name, capfd, **given)
        check(told, logged)
        assert "Traceback" not in told
        if name == "undo":
            (error,) = [entry["error"] for entry in result["unreadable"]]
            cannot = odd in ("newline", "nul", "carriage return", "half a surrogate")
            assert ("cannot be sent" if cannot else "gave no answer of an SSH server") in error


def _connection(name: str, echo: Echo, secret: str) -> dict[str, Any]:
    """Of what a module works on, with this secret in it."""
    if name in OF_CLUSTER:
        return OPTIONS_OF_CLUSTERS["token"](echo, secret)
    kind = OF_PROVIDERS.get(name, "ovirt")
    options = OPTIONS_OF_PROVIDERS[kind]["password"](echo, secret)
    return options if name in OF_PROVIDERS else {kind: options}


@pytest.mark.parametrize("name", MODULES)
def test_a_mistyped_option_does_not_show_the_others(
    name: str, echo: Echo, logged: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    """Then the module ends before it has made an object of itself."""
    secret = SECRETS["quotes"]
    result, told = run(name, capfd, **_connection(name, echo, secret), no_such_option=1)
    assert result["failed"] and "Unsupported" in result["msg"]
    check(told, logged)


@pytest.mark.parametrize("name", [name for name in MODULES if name != "journal"])
@pytest.mark.usefixtures("logged")
def test_the_journal(name: str, echo: Echo, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(basic, "has_journal", True)
    monkeypatch.setattr(basic, "journal", SimpleNamespace(send=lambda **told: sent.append(str(told))), raising=False)
    more = {} if name in (*OF_CLUSTER, "vm_change") else {"fail_on_remaining": False}
    for secret in SECRETS.values():
        _result, told = run(name, capfd, **_connection(name, echo, secret), **more)
        assert "Invoked with" in "".join(sent)
        check(told, sent)


def test_a_file_with_a_token_ends_in_a_newline(
    echo: Echo, logged: list[str], capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """As `oc whoami -t > token` writes it: it is sent without, and the server answers."""
    file = tmp_path / "token"
    for secret, sent in ((SECRETS["newline at the end"], True), (SECRETS["newline"], False)):
        file.write_text(secret, encoding="utf-8")
        result, told = run("session_info", capfd, kubeconfig=kubeconfig(echo, tokenFile=str(file)))
        check(told, logged)
        assert ("403 Forbidden" in result["msg"]) is sent
        assert ("the token of the kubeconfig" in result["msg"]) is not sent


def test_the_environment_of_a_cluster(
    echo: Echo, logged: list[str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("K8S_AUTH_HOST", f"http://{echo.plain}")
    for kind, secret in SECRETS.items():
        if "\0" in secret or "\ud800" in secret:
            continue
        monkeypatch.setenv("K8S_AUTH_API_KEY", secret)
        result, told = run("session_info", capfd)
        check(told, logged)
        assert (
            "403 Forbidden" if kind in ("plain", "newline at the end", "percent", "quotes") else "K8S_AUTH_API_KEY"
        ) in result["msg"]


@contextmanager
def without_function(monkeypatch: pytest.MonkeyPatch, name: str) -> Iterator[None]:
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s import client

    with monkeypatch.context() as patch:
        patch.delattr(client, name)
        yield


@pytest.mark.parametrize("function", ["_create_auth_spec", "_create_configuration", "_create_headers"])
@pytest.mark.usefixtures("logged")
def test_a_kubernetes_core_that_is_another_one(
    function: str, echo: Echo, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with without_function(monkeypatch, function):
        result, _told = run("session_info", capfd, host=f"http://{echo.plain}", api_key="made-up-key")
    assert function in result["msg"] and ">=6.2.0,<7.0.0" in result["msg"]
