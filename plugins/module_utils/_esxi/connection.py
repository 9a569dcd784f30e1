# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How ESXi hosts are reached by SSH, from options or from what a vCenter's entry says for copy-offload. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import (
    Connection,
    check_address,
    split_address,
)
from ansible_collections.mtv.teardown.plugins.module_utils._provider.providers_file import ProviderEntry
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import ESXI

SSH_PORT = 22
_NEEDED = ("esxi_host", "esxi_user", "esxi_password")


def from_options(options: Mapping[str, Any]) -> list[Connection]:
    """The host that these name, or none when they name none."""
    host = options.get("hostname")
    if not host:
        return []
    login = str(options.get("username") or ""), str(options.get("password") or "")
    return [_made(f"{ESXI} (options)", str(host), *login, port=int(options.get("port") or 0))]


def is_named_in(entry: ProviderEntry) -> bool:
    """Whether a vCenter's entry says how a host of it is reached."""
    given = entry.values.get("copyoffload")
    return isinstance(given, Mapping) and all(isinstance(given.get(name), str) and given[name] for name in _NEEDED)


def from_entry(entry: ProviderEntry) -> Connection:
    """The host beside the vCenter, which has the entry's key to itself."""
    given = entry.values["copyoffload"]
    address, username, password = (str(given[name]) for name in _NEEDED)
    return _made(f"{entry.key} (ESXi)", address, username, password)


def _made(key: str, address: str, username: str, password: str, port: int = 0) -> Connection:
    at = split_address(address)
    missing = [
        name for name, value in (("hostname", at.host), ("username", username), ("password", password)) if not value
    ]
    if missing:
        advice = "Add it to the options or variables that it comes from."
        raise RecordError(f"provider {key}: {', '.join(missing)} is missing. {advice}", entry=key)
    made = Connection(ESXI, key, at.host, port or at.port or SSH_PORT, username, password)
    check_address(made)
    return made
