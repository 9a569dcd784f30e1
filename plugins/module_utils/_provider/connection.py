# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the credentials of source providers come from: options, then the providers file, then the environment. Pure,
but for a look whether the file of a CA is there.

What the environment holds is what the collections of the providers and the credential types of AWX put there:
C(VMWARE_*), C(OVIRT_*) with C(OVIRT_INI_PATH), and C(OS_*) with C(OS_CLIENT_CONFIG_FILE).
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.mtv.teardown.plugins.module_utils import _credentials, _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._openstack import connection
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt import connection as ovirt_connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.providers_file import ProviderEntry

SDK_PORT = 443


@dataclass(frozen=True, slots=True)
class Connection:
    """How one provider is reached.

    type: C(vsphere), C(ovirt) or C(openstack); key: its name for people, the key of the providers file or where else it
    comes from; host: what it is known by, without scheme, port and path; path: that of its address, where it has one;
    secret and more are never shown.
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


Errors = dict[str, str]


def connections(
    kind: str, options: Mapping[str, Any] | None, entries: Iterable[ProviderEntry], environ: Mapping[str, str]
) -> tuple[tuple[Connection, ...], Errors]:
    """All providers of this type that are configured, each once; the first source that names any counts. Beside them,
    key -> what is wrong with one that cannot be used."""
    wrong: Errors = {}
    found = _usable(wrong, f"{kind} (options)", lambda: _from_options(kind, options or {}))
    if not found and not wrong:
        for entry in (one for one in entries if one.type == kind):
            found += _usable(wrong, entry.key, lambda one=entry: [_from_entry(one)])  # type: ignore[misc]
    if not found and not wrong and kind in _FROM_ENVIRONMENT:
        found = _usable(wrong, f"{kind} (environment)", lambda: _FROM_ENVIRONMENT[kind](environ))
    return tuple({one.identity: one for one in reversed(found)}.values())[::-1], wrong


def _usable(wrong: Errors, key: str, make: Callable[[], list[Connection]]) -> list[Connection]:
    try:
        return [_sendable(one) for one in make()]
    except RecordError as exc:
        wrong[key] = exc.msg
        return []


def _sendable(one: Connection) -> Connection:
    """With secrets as they can be sent, or RecordError: each library has its own way to break at what cannot."""
    more = dict(one.more)
    for name in _secrets.names_in(more):
        check = _credentials.token if name.endswith("token") else _credentials.password
        more[name] = check(more[name], f"provider {one.key}: {name.removeprefix(connection.AUTH)}")
    secret = _credentials.password(one.secret, f"provider {one.key}: password")
    return replace(one, secret=secret, more=more)


def _from_options(kind: str, options: Mapping[str, Any], source: str = "options") -> list[Connection]:
    if kind == "openstack":
        return [_openstack(fields) for fields in connection.from_options(options)]
    if kind == "ovirt":
        options = ovirt_connection.from_auth(options)
    given = {name: value for name, value in options.items() if value not in (None, "", {})}
    host = given.get("hostname") or given.get("url")
    if not host:
        return []
    at = split_address(str(host))
    return [
        _checked(
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
                more={"token": str(given["token"])} if given.get("token") else {},
            )
        )
    ]


def _from_entry(entry: ProviderEntry) -> Connection:
    """api_url comes with or without scheme; fqdn is the bare name."""
    if entry.error:
        raise RecordError(entry.error, entry=entry.key)
    address = entry.text("api_url") if entry.type != "vsphere" else entry.text("fqdn") or entry.text("api_url")
    at = split_address(address or entry.text("fqdn"))
    return _checked(
        Connection(
            type=entry.type,
            key=entry.key,
            host=at.host,
            path=at.path,
            port=at.port or SDK_PORT,
            username=entry.text("username"),
            secret=entry.text("password"),
            validate_certs=not _says_yes(entry.values.get("insecure")),
            ca_file=entry.text("ca_file"),
            more=_without_userinfo(connection.from_entry(entry)) if entry.type == "openstack" else {},
        )
    )


def _openstack(fields: Mapping[str, Any]) -> Connection:
    """Not every way to log in there has a user name and a password: openstacksdk says what is missing."""
    at = split_address(fields["more"]["auth_url"])
    more = _without_userinfo(fields["more"])
    made = Connection(
        type="openstack", host=at.host, path=at.path, port=at.port or SDK_PORT, **{**fields, "more": more}
    )
    _check_address(made)
    return made


def _openstack_environment(environ: Mapping[str, str]) -> list[Connection]:
    return [_openstack(fields) for fields in connection.from_environment(environ)]


def _vmware_environment(environ: Mapping[str, str]) -> list[Connection]:
    """VMWARE_VALIDATE_CERTS counts when it is said; what AWX injects says so (providers.md 4.1)."""
    if not environ.get("VMWARE_HOST"):
        return []
    at = split_address(environ["VMWARE_HOST"])
    return [
        _checked(
            Connection(
                type="vsphere",
                key="vsphere (VMWARE_HOST)",
                host=at.host,
                path=at.path,
                port=_port(environ.get("VMWARE_PORT", "")) or at.port or SDK_PORT,
                username=environ.get("VMWARE_USER", ""),
                secret=environ.get("VMWARE_PASSWORD", ""),
                validate_certs=environ.get("VMWARE_VALIDATE_CERTS", "yes").lower() not in _NO,
            )
        )
    ]


_NO = frozenset({"no", "false", "0", "off", "n", "f"})
_FROM_ENVIRONMENT: Mapping[str, Callable[[Mapping[str, str]], list[Connection]]] = {
    "vsphere": _vmware_environment,
    "ovirt": lambda environ: _from_options("ovirt", ovirt_connection.from_environment(environ), "OVIRT_URL"),
    "openstack": _openstack_environment,
}


def _says_yes(value: Any) -> bool:
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


def _without_userinfo(more: Mapping[str, str]) -> dict[str, str]:
    """auth_url without a name and a password: errors of the SDK quote it."""
    parts = urlsplit(more["auth_url"])
    return {**more, "auth_url": parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()}


def _port(text: str) -> int:
    try:
        return int(text or 0)
    except ValueError:
        raise RecordError(f"VMWARE_PORT {text!r} is no number.") from None


def _checked(made: Connection) -> Connection:
    """RecordError when something is missing: before anything is touched."""
    wanted = [("fqdn or api_url", made.host)]
    if not made.more.get("token"):
        wanted += [("username", made.username), ("password", made.secret)]
    missing = [name for name, value in wanted if not value]
    if missing:
        advice = "Add it to that entry of the providers file, or to the options or variables that it comes from."
        raise RecordError(f"provider {made.key}: {', '.join(missing)} is missing. {advice}", entry=made.key)
    _check_address(made)
    return made


def _check_address(made: Connection) -> None:
    if not 0 < made.port < 65536:
        raise RecordError(f"provider {made.key}: {made.port} is no port.", entry=made.key)
    if made.validate_certs and made.ca_file and not os.path.isfile(made.ca_file):
        raise RecordError(f"provider {made.key}: ca_file {made.ca_file} does not exist.", entry=made.key)
