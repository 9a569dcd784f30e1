# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a source provider is reached, from options or an entry of the providers file. Pure, but for a look whether the
file of a CA is there."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.mtv.teardown.plugins.module_utils import _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._provider.providers_file import ProviderEntry

SDK_PORT = 443
# In Connection.more: a ticket of Kerberos logs in, and neither a name nor a password is needed.
TICKET = "kerberos"


@dataclass(frozen=True, slots=True)
class Connection:
    """How one provider is reached.

    type: C(vsphere), C(ovirt), C(openstack) or C(esxi); key: its name for people, the key of the providers file or
    where else it comes from; host: what it is known by, without scheme, port and path; path: that of its address, where
    it has one; secret and more are never shown.
    """

    type: str
    key: str
    host: str
    port: int = 0
    username: str = ""
    secret: str = field(default="", repr=False)
    validate_certs: bool = True
    ca_file: str = ""
    more: Mapping[str, str] = field(default_factory=dict, repr=False)
    path: str = ""

    def __post_init__(self) -> None:
        _secrets.keep(self.secret, *_secrets.secrets_in(self.more))

    @property
    def identity(self) -> tuple[Any, ...]:
        """Two entries of the providers file often say the same: then it is searched once. Another account, project,
        domain, region or path may lead elsewhere, and only the server knows (Site.server)."""
        how = (self.username, self.secret, self.validate_certs, self.ca_file)
        return (self.type, self.host.lower(), self.port, self.path, *how, *sorted(self.more.items()))

    @property
    def address(self) -> str:
        """Host and port as they stand in a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def place(self) -> str:
        """What a record calls the place where it makes things."""
        return self.address.lower()


def place_of(address: Any, port: Any = None) -> str:
    """The same of an address that a task was given; empty for what is none."""
    try:
        at = split_address(str(address or ""))
        return Connection("", "", at.host, int(port or at.port or SDK_PORT)).place if at.host else ""
    except (RecordError, ValueError, TypeError):
        return ""


def from_options(
    kind: str, options: Mapping[str, Any], source: str = "options", more: Mapping[str, str] | None = None
) -> list[Connection]:
    """The server that these name, or none when they name none."""
    given = {name: value for name, value in options.items() if value not in (None, "", {})}
    host = given.get("hostname") or given.get("url")
    if not host:
        return []
    at = split_address(str(host))
    return [
        checked(
            Connection(
                type=kind,
                key=f"{kind} ({source})",
                host=at.host,
                path=at.path,
                port=int(given.get("port") or at.port or SDK_PORT),
                username=str(given.get("username") or ""),
                secret=str(given.get("password") or ""),
                validate_certs=bool(options.get("validate_certs", True) is not False),
                ca_file=str(given.get("ca_file") or ""),
                more={**(more or {}), **({"token": str(given["token"])} if given.get("token") else {})},
            )
        )
    ]


def from_entry(entry: ProviderEntry, address: str, more: Mapping[str, str] | None = None) -> Connection:
    """address: with or without scheme, port and path."""
    at = split_address(address)
    return checked(
        Connection(
            type=entry.type,
            key=entry.key,
            host=at.host,
            path=at.path,
            port=at.port or SDK_PORT,
            username=entry.text("username"),
            secret=entry.text("password"),
            validate_certs=not says_yes(entry.values.get("insecure")),
            ca_file=entry.text("ca_file"),
            more=more or {},
        )
    )


def says_yes(value: Any) -> bool:
    """A boolean of JSON, or what people and Ansible write for it."""
    return value is True or (isinstance(value, str) and value.lower() in ("yes", "true", "1", "on"))


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is. port: 0 where none is said."""

    host: str
    port: int = 0
    path: str = ""


def split_address(address: str) -> Address:
    """An address with or without scheme, port and path. A name and a password in it are nobody's business: they are not
    used, and never shown."""
    text = address.strip()
    shown = text.rpartition("@")[2]
    bare = _bare_ipv6(text)
    if bare:
        return Address(bare)
    try:
        parts = urlsplit(text if "//" in text else f"//{text}")
        bare = _bare_ipv6(parts.netloc.rpartition("@")[2])
        host, port = (bare, 0) if bare else (parts.hostname or "", parts.port or 0)
    except ValueError as exc:
        told = _secrets.one_line(exc).replace(text, shown)
        raise RecordError(f"{shown!r} is no address of a provider: {told}.") from None
    if any(char.isspace() or not char.isprintable() for char in host):
        raise RecordError(f"{shown!r} is no address of a provider: no host has such a name.")
    return Address(host, port, parts.path.rstrip("/"))


def _bare_ipv6(text: str) -> str:
    """C(fd00::1), which is an address, though in a URL it would need brackets; empty for anything else."""
    try:
        return text if ipaddress.ip_address(text).version == 6 else ""
    except ValueError:
        return ""


def checked(made: Connection) -> Connection:
    """RecordError when something is missing: before anything is touched."""
    wanted = [("fqdn or api_url", made.host)]
    if not (made.more.get("token") or made.more.get(TICKET)):
        wanted += [("username", made.username), ("password", made.secret)]
    missing = [name for name, value in wanted if not value]
    if missing:
        advice = "Add it to that entry of the providers file, or to the options or variables that it comes from."
        raise RecordError(f"provider {made.key}: {', '.join(missing)} is missing. {advice}", entry=made.key)
    check_address(made)
    return made


def check_address(made: Connection) -> None:
    if not 0 < made.port < 65536:
        raise RecordError(f"provider {made.key}: {made.port} is no port.", entry=made.key)
    if made.validate_certs and made.ca_file and not os.path.isfile(made.ca_file):
        raise RecordError(f"provider {made.key}: ca_file {made.ca_file} does not exist.", entry=made.key)
