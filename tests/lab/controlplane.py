# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start, find and stop a lab: a real control plane on loopback, with the lab's CRDs and its operator.

Everything a test needs is here: ``lab = start("bench")`` gives lab.kubeconfig (user "teardown", whose requests are
logged), lab.admin_kubeconfig and lab.limited_kubeconfig; ``requests(lab, since)`` returns what user "teardown" asked
for since ``since = mark(lab)``; ``stop(lab)`` ends it.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from tests.lab import build, manifests, pki, ports, processes
from tests.lab.kube import Api
from tests.lab.openshift import install

CHECKOUT = Path(__file__).resolve().parents[2]
Say = Callable[[str], None]
# user: (file of its kubeconfig, groups). The requests of "teardown" are the ones that are counted.
USERS = {
    "admin": ("admin.kubeconfig", "system:masters"),
    "teardown": ("kubeconfig", ""),
    "limited": ("limited.kubeconfig", ""),
    "kube-controller-manager": ("controllers.kubeconfig", "system:masters"),
}
# For servers that start beside busy processes; one that ends is told at once.
_PATIENCE = 300
# Asked only to see when it is in the log.
_SETTLED = "/version?settled="
# In the order of stopping. Without etcd the API server would need half a minute to end.
PROCESSES = ("operator", "controllers", "openshift", "apiserver", "etcd")


class LabError(Exception):
    """The lab does not come up; the message says why."""


@dataclass(frozen=True)
class Lab:
    """Where a lab is and how to reach it. openshift: it serves what an OpenShift serves beside Kubernetes."""

    name: str
    state: Path
    port: int
    crds: str
    openshift: bool = False

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def kubeconfig(self) -> Path:
        """Cluster admin by a binding; its requests are logged."""
        return self.state / USERS["teardown"][0]

    @property
    def admin_kubeconfig(self) -> Path:
        return self.state / USERS["admin"][0]

    @property
    def limited_kubeconfig(self) -> Path:
        """A user without any right."""
        return self.state / USERS["limited"][0]

    @property
    def audit_log(self) -> Path:
        return self.state / "audit.log"


def _quiet(_text: str) -> None:
    pass


def state_folder(name: str) -> Path:
    """Return the folder of a lab of that name."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,40}", name):
        raise LabError(f"{name!r} is no name for a lab: use lower-case letters, digits and dashes")
    base = os.environ.get("MTV_TEARDOWN_LAB_DIR")
    return (Path(base).resolve() if base else CHECKOUT / ".cache" / "lab") / name


KINDS = ("lab", "vcenter", "openstack")


def owner(state: Path) -> str:
    """Of which kind the server is that was started in this folder; none when it is free."""
    with suppress(FileNotFoundError):
        return (state / "kind").read_text(encoding="ascii")
    return next((kind for kind in KINDS if (state / f"{kind}.json").exists()), "")


def check_owner(state: Path, kind: str) -> None:
    """Refuse the folder of a server of another kind: each clears away what is in its own."""
    held = owner(state)
    if held not in ("", kind):
        raise LabError(f"{state.name} is the name of a server of the kind {held}: take another name, or stop that one")


def claim(state: Path, kind: str) -> None:
    """Make the folder of a server of this kind, unless it is that of another one."""
    check_owner(state, kind)
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(FileExistsError), (state / "kind").open("x", encoding="ascii") as file:
        file.write(kind)
    check_owner(state, kind)


def find(name: str = "default") -> Lab | None:
    """Return a lab that was started, whether it still lives or not."""
    state = state_folder(name)
    try:
        known = json.loads((state / "lab.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Lab(name=name, state=state, port=known["port"], crds=known["crds"], openshift=known.get("openshift", False))


def all_labs() -> list[Lab]:
    """Return every lab that has a folder."""
    folder = state_folder("default").parent
    names = sorted(path.parent.name for path in folder.glob("*/lab.json"))
    return [lab for lab in map(find, names) if lab is not None]


def _operator_exists() -> bool:
    return (Path(__file__).parent / "operator" / "__main__.py").exists()


def trouble(lab: Lab, operator: bool = True) -> str:
    """Say what is wrong with a lab, or nothing."""
    unwanted = {"operator": not (operator and _operator_exists()), "openshift": not lab.openshift}
    wanted = [name for name in PROCESSES if not unwanted.get(name)]
    dead = [name for name in wanted if processes.find(lab.state, name) is None]
    if dead:
        return f"not running: {', '.join(dead)}"
    return "" if _api(lab.state, lab.port, "admin").ready() else "the API server is not ready"


def start(
    name: str = "default",
    *,
    port: int | None = None,
    crds: str = "slim",
    openshift: bool = False,
    operator: bool = True,
    settings: Path | None = None,
    say: Say = _quiet,
) -> Lab:
    """Start a lab, or return the one that runs. What a dead one left behind is cleared first.

    settings: a file with the operator's delays, see operator/settings.py.
    """
    state = state_folder(name)
    claim(state, "lab")
    servers = build.assets(say)
    with _lock(state):
        lab = find(name)
        if lab is not None:
            wrong = trouble(lab, operator)
            if not wrong and (lab.crds, lab.openshift) == (crds, openshift) and port in (None, lab.port):
                say(f"lab {name} is up at {lab.url}")
                return lab
            say(f"starting lab {name} afresh ({wrong or 'other options'})")
        _stop(state)
        lab = Lab(name=name, state=state, port=port or 0, crds=crds, openshift=openshift)
        return _start(lab, servers, operator, settings, say)


def _start(lab: Lab, servers: Path, operator: bool, settings: Path | None, say: Say) -> Lab:
    begun = time.monotonic()
    state = lab.state
    first = lab.port or ports.free(5)
    lab = replace(lab, port=first)
    _write_files(lab)
    up = False
    try:
        _start_api_server(lab, servers)
        manifests.apply(_api(state, lab.port, "admin"), lab.crds, lab.openshift)
        if lab.openshift:
            _start_openshift(lab, first + 4)
        # The controllers come after the CRDs: the garbage collector then knows all kinds from its start.
        processes.spawn(state, "controllers", _controllers_command(state, servers, first + 3))
        if operator and _operator_exists():
            _start_operator(state, settings)
        _wait_default_account(lab)
        up = True
    finally:
        if not up:  # an interrupt, too, must leave nothing running
            _stop(state)
    known = {"port": lab.port, "crds": lab.crds, "openshift": lab.openshift}
    (state / "lab.json").write_text(json.dumps(known), encoding="utf-8")
    say(f"lab {lab.name} is up at {lab.url} after {time.monotonic() - begun:.1f} s, {lab.crds} CRDs")
    return lab


def stop(lab: Lab | str) -> None:
    """Stop a lab and forget what was in it. Its logs stay until the next start."""
    state = state_folder(lab if isinstance(lab, str) else lab.name)
    check_owner(state, "lab")
    if state.is_dir():
        with _lock(state):
            _stop(state)
            (state / "kind").unlink(missing_ok=True)


def _stop(state: Path) -> None:
    for name in PROCESSES[:-1]:
        processes.terminate(state, name)
    # Nothing here is worth a long good-bye: the next start begins with an empty etcd.
    for name in PROCESSES:
        processes.terminate(state, name)
        processes.wait_gone(state, name, patience=3)
    (state / "lab.json").unlink(missing_ok=True)
    shutil.rmtree(state / "etcd", ignore_errors=True)


@contextmanager
def _lock(state: Path) -> Iterator[None]:
    """Let one process at a time start or stop this lab."""
    with (state / "lock").open("w", encoding="ascii") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _write_files(lab: Lab) -> None:
    state = lab.state
    shutil.rmtree(state / "etcd", ignore_errors=True)
    lab.audit_log.unlink(missing_ok=True)
    pki.make(state / "pki")
    tokens = {user: secrets.token_hex(20) for user in USERS}
    lines = [f'{tokens[user]},{user},{user},"{groups}"\n' for user, (_file, groups) in USERS.items()]
    pki.write_secret(state / "tokens.csv", "".join(lines))
    for user, (file, _groups) in USERS.items():
        pki.write_secret(state / file, yaml.safe_dump(_kubeconfig(lab, user, tokens[user])))
    policy = {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived", "ResponseStarted", "Panic"],
        "rules": [{"level": "Metadata", "users": ["teardown"]}, {"level": "None"}],
    }
    (state / "audit-policy.yaml").write_text(yaml.safe_dump(policy), encoding="utf-8")


def _kubeconfig(lab: Lab, user: str, token: str) -> dict[str, Any]:
    authority = str(lab.state / "pki" / "ca.crt")
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": {"server": lab.url, "certificate-authority": authority}}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": user, "namespace": "default"}}],
        "current-context": "lab",
    }


def _api(state: Path, port: int, user: str) -> Api:
    config = yaml.safe_load((state / USERS[user][0]).read_text(encoding="utf-8"))
    return Api(port, state / "pki" / "ca.crt", config["users"][0]["user"]["token"])


def _start_api_server(lab: Lab, servers: Path) -> None:
    state = lab.state
    processes.spawn(state, "etcd", _etcd_command(state, servers, lab.port))
    processes.spawn(state, "apiserver", _api_server_command(state, servers, lab.port))
    api = _api(state, lab.port, "admin")
    deadline = time.monotonic() + _PATIENCE
    while not api.ready():
        for name in ("etcd", "apiserver"):
            if processes.find(state, name) is None:
                raise LabError(f"{name} ended at once:\n{processes.tail(state, name)}")
        if time.monotonic() > deadline:
            raise LabError(f"the API server is not ready after {_PATIENCE} s:\n{processes.tail(state, 'apiserver')}")
        time.sleep(0.1)


def _etcd_command(state: Path, servers: Path, first: int) -> list[str]:
    client, peer = (f"http://127.0.0.1:{port}" for port in (first + 1, first + 2))
    return [
        str(servers / "etcd"),
        f"--data-dir={state}/etcd",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
    ]


def _api_server_command(state: Path, servers: Path, first: int) -> list[str]:
    return [
        str(servers / "kube-apiserver"),
        f"--etcd-servers=http://127.0.0.1:{first + 1}",
        "--bind-address=127.0.0.1",
        # Nobody is told of this address (it is one for documents); without it a host with no default route fails.
        "--advertise-address=192.0.2.1",
        "--external-hostname=localhost",
        f"--secure-port={first}",
        f"--tls-cert-file={state}/pki/server.crt",
        f"--tls-private-key-file={state}/pki/server.key",
        f"--token-auth-file={state}/tokens.csv",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={state}/pki/sa.key",
        f"--service-account-signing-key-file={state}/pki/sa.key",
        "--service-cluster-ip-range=10.0.0.0/24",
        # Pods of the lab run nowhere and need no token.
        "--disable-admission-plugins=ServiceAccount",
        "--endpoint-reconciler-type=none",
        "--allow-privileged=true",
        "--profiling=false",
        f"--audit-policy-file={state}/audit-policy.yaml",
        f"--audit-log-path={state}/audit.log",
        # How an aggregated API server knows that a request comes from this one, and for whom.
        f"--proxy-client-cert-file={state}/pki/front-proxy.crt",
        f"--proxy-client-key-file={state}/pki/front-proxy.key",
        f"--requestheader-client-ca-file={state}/pki/ca.crt",
        "--requestheader-allowed-names=front-proxy",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    ]


def _controllers_command(state: Path, servers: Path, port: int) -> list[str]:
    """Return a command line for our own controller manager, which ignores what it does not know, and for upstream's."""
    controllers = (
        "namespace,garbage-collector,persistentvolume-binder,persistentvolume-protection,"
        "persistentvolumeclaim-protection,serviceaccount,root-ca-certificate-publisher,job"
    )
    return [
        str(servers / "kube-controller-manager"),
        f"--kubeconfig={state}/{USERS['kube-controller-manager'][0]}",
        f"--root-ca-file={state}/pki/ca.crt",
        "--leader-elect=false",
        "--enable-hostpath-provisioner=true",
        f"--controllers={','.join(f'{name}-controller' for name in controllers.split(','))}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={state}/pki",
    ]


def _start_operator(state: Path, settings: Path | None) -> None:
    command = [sys.executable, "-m", "tests.lab.operator", "--kubeconfig", str(state / USERS["admin"][0])]
    command += ["--settings", str(settings)] if settings else []
    processes.spawn(state, "operator", command, cwd=CHECKOUT)


def _start_openshift(lab: Lab, port: int) -> None:
    state = lab.state
    command = [sys.executable, "-m", "tests.lab.openshift", "--kubeconfig", str(state / USERS["admin"][0])]
    processes.spawn(state, "openshift", [*command, "--pki", str(state / "pki"), "--port", str(port)], cwd=CHECKOUT)
    try:
        install.apply(_api(state, lab.port, "admin"), state / "pki" / "ca.crt", port)
    except TimeoutError as exc:
        raise LabError(f"{exc}:\n{processes.tail(state, 'openshift')}") from exc


def _wait_default_account(lab: Lab) -> None:
    """Wait until the controllers work: they then have given the first namespace its ServiceAccount."""
    api = _api(lab.state, lab.port, "admin")
    deadline = time.monotonic() + _PATIENCE
    while not api.request("GET", "/api/v1/namespaces/default/serviceaccounts")["items"]:
        if processes.find(lab.state, "controllers") is None or time.monotonic() > deadline:
            raise LabError(f"the controllers do not work:\n{processes.tail(lab.state, 'controllers')}")
        time.sleep(0.05)


def mark(lab: Lab) -> int:
    """Return a mark to count requests from."""
    _settle(lab)
    return lab.audit_log.stat().st_size


def requests(lab: Lab, since: int = 0) -> list[dict[str, Any]]:
    """Return the finished requests that user "teardown" made since the mark."""
    _settle(lab)
    with lab.audit_log.open("rb") as log:
        log.seek(since)
        found = [_request(json.loads(line)) for line in log if line.endswith(b"\n")]
    return [request for request in found if not request["uri"].startswith(_SETTLED)]


def _settle(lab: Lab) -> None:
    """Wait until the log has what was asked before now. It is written a moment after the answer: so ask, too, and wait
    until that is written."""
    uri = f"{_SETTLED}{secrets.token_hex(8)}"
    begin = lab.audit_log.stat().st_size if lab.audit_log.exists() else 0
    _api(lab.state, lab.port, "teardown").request("GET", uri)
    deadline = time.monotonic() + 60
    while True:
        with lab.audit_log.open("rb") as log:
            log.seek(begin)
            if f'"{uri}"'.encode() in log.read():
                return
        if time.monotonic() > deadline:
            raise LabError(f"{lab.audit_log} does not tell of a request made 60 s ago")
        time.sleep(0.02)


def _request(event: dict[str, Any]) -> dict[str, Any]:
    target = event.get("objectRef", {})
    return {
        "verb": event["verb"],
        "group": target.get("apiGroup", ""),
        "resource": target.get("resource", ""),
        "subresource": target.get("subresource", ""),
        "namespace": target.get("namespace", ""),
        "name": target.get("name", ""),
        "uri": event["requestURI"],
        "code": event.get("responseStatus", {}).get("code", 0),
        "userAgent": event.get("userAgent", ""),
    }
