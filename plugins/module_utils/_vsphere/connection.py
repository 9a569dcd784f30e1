# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a vCenter is told: the options of vmware.vmware, the providers file, and C(VMWARE_*), which AWX gives, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._provider import connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection, split_address
from ansible_collections.mtv.teardown.plugins.module_utils._provider.providers_file import ProviderEntry

_NO = frozenset({"no", "false", "0", "off", "n", "f"})


def from_options(options: Mapping[str, Any]) -> list[Connection]:
    """The server that the options name, or none when they name none."""
    return connection.from_options("vsphere", options)


def from_entry(entry: ProviderEntry) -> Connection:
    """The suite connects to the bare name, and not to the address that it gives Forklift."""
    return connection.from_entry(entry, entry.text("fqdn") or entry.text("api_url"))


def from_environment(environ: Mapping[str, str]) -> list[Connection]:
    """VMWARE_VALIDATE_CERTS counts when it is said; what AWX injects says so (providers.md 4.1)."""
    if not environ.get("VMWARE_HOST"):
        return []
    at = split_address(environ["VMWARE_HOST"])
    return [
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


def for_collection(made: Connection) -> dict[str, Any]:
    """As community.vmware has them. A CA it only takes from the environment (SSL_CERT_FILE)."""
    return {
        "hostname": made.host,
        "port": made.port,
        "username": made.username,
        "password": made.secret,
        "validate_certs": made.validate_certs,
    }


def _port(text: str) -> int:
    try:
        return int(text or 0)
    except ValueError:
        raise RecordError(f"VMWARE_PORT {text!r} is no number.") from None
