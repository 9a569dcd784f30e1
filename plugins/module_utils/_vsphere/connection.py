# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a vCenter is told: the options of vmware.vmware, the providers file, and C(VMWARE_*), which AWX gives, too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._provider import connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection, split_address
from ansible_collections.mtv.teardown.plugins.module_utils._provider.providers_file import ProviderEntry

_NO = frozenset({"no", "false", "0", "off", "n", "f"})


def from_options(options: Mapping[str, Any]) -> list[Connection]:
    """The server that the options name, or none when they name none."""
    return [_behind(one, options) for one in connection.from_options("vsphere", options)]


def from_entry(entry: ProviderEntry) -> Connection:
    """The suite connects to the bare name, and not to the address that it gives Forklift."""
    return _behind(connection.from_entry(entry, entry.text("fqdn") or entry.text("api_url")), entry.values)


def from_environment(environ: Mapping[str, str]) -> list[Connection]:
    """VMWARE_VALIDATE_CERTS counts when it is said; what AWX injects says so (providers.md 4.1)."""
    if not environ.get("VMWARE_HOST"):
        return []
    at = split_address(environ["VMWARE_HOST"])
    proxy = {"proxy_host": environ.get("VMWARE_PROXY_HOST"), "proxy_port": environ.get("VMWARE_PROXY_PORT")}
    made = [
        connection.checked(
            Connection(
                type="vsphere",
                key="vsphere (VMWARE_HOST)",
                host=at.host,
                path=at.path,
                port=_port(environ.get("VMWARE_PORT", "")) or at.port or connection.SDK_PORT,
                username=environ.get("VMWARE_USER", ""),
                secret=environ.get("VMWARE_PASSWORD", ""),
                validate_certs=environ.get("VMWARE_VALIDATE_CERTS", "yes").lower() not in _NO,
            )
        )
    ]
    return [_behind(one, proxy) for one in made]


def for_collection(made: Connection) -> dict[str, Any]:
    """As community.vmware has them. A CA it only takes from the environment (SSL_CERT_FILE)."""
    return {
        "hostname": made.host,
        "port": made.port,
        "username": made.username,
        "password": made.secret,
        "validate_certs": made.validate_certs,
        **dict(zip(("proxy_host", "proxy_port"), proxy(made) or (), strict=False)),
    }


def proxy(made: Connection) -> tuple[str, int] | None:
    """Host and port of the proxy through which the vCenter is reached, by CONNECT."""
    return (made.more["proxy_host"], int(made.more["proxy_port"])) if made.more.get("proxy_host") else None


def _behind(made: Connection, given: Mapping[str, Any]) -> Connection:
    """The same, behind the proxy that is given; RecordError for half of one."""
    host, port = given.get("proxy_host") or "", given.get("proxy_port") or 0
    if not host and not port:
        return made
    number = _port(str(port), f"provider {made.key}: proxy_port")
    if not isinstance(host, str) or not host or not 0 < number < 65536 or set(host) & set("/@ "):
        told = "proxy_host and proxy_port go together: the name or address of the proxy, without a scheme, and its port"
        raise RecordError(f"provider {made.key}: {told}.", entry=made.key)
    return replace(made, more={**made.more, "proxy_host": host, "proxy_port": str(number)})


def _port(text: str, name: str = "VMWARE_PORT") -> int:
    try:
        return int(text or 0)
    except ValueError:
        raise RecordError(f"{name} {text!r} is no number.") from None
