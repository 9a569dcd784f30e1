# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A realm of Kerberos: MIT's own KDC (Debian: krb5-kdc, krb5-admin-server, krb5-user), in a folder of its own, on
loopback."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.lab import processes

REALM = "LAB.EXAMPLE"
_INSTALL = Path(__file__).resolve().parents[1] / "tools" / "debian.sh"
# Where Debian keeps them, which is not in everybody's PATH.
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
_CLIENTS = """[libdefaults]
default_realm = {realm}
dns_lookup_kdc = false
dns_lookup_realm = false
dns_canonicalize_hostname = false
rdns = false
[realms]
{realm} = {{
  kdc = 127.0.0.1:{port}
}}
"""
_SERVER = """[kdcdefaults]
kdc_listen = 127.0.0.1:{port}
kdc_tcp_listen = 127.0.0.1:{port}
[realms]
{realm} = {{
  database_name = {folder}/principal
  key_stash_file = {folder}/stash
  acl_file = {folder}/acl
}}
"""


@dataclass(frozen=True)
class Realm:
    """A running KDC. keytab: the keys of the service HTTP on 127.0.0.1."""

    folder: Path

    @property
    def keytab(self) -> Path:
        return self.folder / "http.keytab"

    @property
    def service(self) -> dict[str, str]:
        """The environment of whoever takes tickets."""
        return {"KRB5_CONFIG": str(self.folder / "krb5.conf"), "KRB5_KTNAME": str(self.keytab)}

    def ticket(self, user: str, password: str) -> dict[str, str]:
        """The environment of whoever has logged in."""
        cache = self.folder / f"tickets-{user}"
        environment = {"KRB5_CONFIG": str(self.folder / "krb5.conf"), "KRB5CCNAME": f"FILE:{cache}"}
        _run("kinit", user, environment=environment, given=f"{password}\n")
        return environment


def start(folder: Path, users: Mapping[str, str]) -> Realm:
    """users: name -> password."""
    subprocess.run([_INSTALL, "krb5kdc", "krb5-kdc krb5-admin-server krb5-user"], check=True, timeout=600)
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {"realm": REALM, "port": port, "folder": folder}
    (folder / "krb5.conf").write_text(_CLIENTS.format(**told), encoding="ascii")
    (folder / "kdc.conf").write_text(_SERVER.format(**told), encoding="ascii")
    realm = Realm(folder)
    environment = {"KRB5_CONFIG": str(folder / "krb5.conf"), "KRB5_KDC_PROFILE": str(folder / "kdc.conf")}
    master = secrets.token_hex()
    _run("kdb5_util", "create", "-s", environment=environment, given=f"{master}\n{master}\n")
    service = "HTTP/127.0.0.1"
    _admin(environment, f"addprinc -randkey {service}", f"ktadd -k {realm.keytab} {service}")
    for name, password in users.items():
        _run("kadmin.local", environment=environment, given=f"addprinc {name}\n{password}\n{password}\n")
    command = ["env", *(f"{name}={value}" for name, value in {**environment, "PATH": _PATH}.items())]
    processes.spawn(folder, "kdc", [*command, "krb5kdc", "-n", "-P", f"{folder}/krb5kdc.pid"])
    _wait(port)
    return realm


def stop(realm: Realm) -> None:
    processes.terminate(realm.folder, "kdc")
    processes.wait_gone(realm.folder, "kdc", 5)


def _admin(environment: Mapping[str, str], *queries: str) -> None:
    _run("kadmin.local", environment=environment, given="".join(f"{query}\n" for query in queries))


def _run(program: str, *arguments: str, environment: Mapping[str, str], given: str) -> None:
    """What is secret goes in by standard input, for a command line is shown to everybody."""
    told = {**os.environ, **environment, "PATH": _PATH, "LC_ALL": "C"}
    done = subprocess.run(
        [program, *arguments], input=given, env=told, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{program}: {done.stderr or done.stdout}")


def _wait(port: int) -> None:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        with socket.socket() as link:
            if link.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the KDC does not answer")
