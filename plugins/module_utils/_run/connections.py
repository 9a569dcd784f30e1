# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the credentials of source providers come from: options, then the providers file, then the environment.

What the environment holds is what the collections of the providers and the credential types of AWX put there:
C(VMWARE_*), C(OVIRT_*) with C(OVIRT_INI_PATH), and C(OS_*) with C(OS_CLIENT_CONFIG_FILE).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _credentials, _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.providers_file import ProviderEntry
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Provider

Errors = dict[str, str]


def connections(
    provider: Provider, options: Mapping[str, Any] | None, entries: Iterable[ProviderEntry], environ: Mapping[str, str]
) -> tuple[tuple[Connection, ...], Errors]:
    """All providers of this type that are configured, each once; the first source that names any counts. Beside them,
    key -> what is wrong with one that cannot be used."""
    wrong: Errors = {}
    kind = provider.type
    found = _usable(wrong, f"{kind} (options)", lambda: provider.from_options(options or {}))
    if not found and not wrong:
        for entry in provider.named_by(entries):
            found += _usable(wrong, entry.key, lambda one=entry: [_from_entry(provider, one)])  # type: ignore[misc]
    if not found and not wrong:
        found = _usable(wrong, f"{kind} (environment)", lambda: provider.from_environment(environ))
    return tuple({one.identity: one for one in reversed(found)}.values())[::-1], wrong


def _usable(wrong: Errors, key: str, make: Callable[[], list[Connection]]) -> list[Connection]:
    try:
        return [_sendable(one) for one in make()]
    except RecordError as exc:
        wrong[key] = exc.msg
        return []


def _from_entry(provider: Provider, entry: ProviderEntry) -> Connection:
    if entry.error:
        raise RecordError(entry.error, entry=entry.key)
    return provider.from_entry(entry)


def _sendable(one: Connection) -> Connection:
    """With secrets as they can be sent, or RecordError: each library has its own way to break at what cannot."""
    more = dict(one.more)
    for name in _secrets.names_in(more):
        check = _credentials.token if name.endswith("token") else _credentials.password
        _auth, _dot, option = name.rpartition(".")
        more[name] = check(more[name], f"provider {one.key}: {option}")
    secret = _credentials.password(one.secret, f"provider {one.key}: password")
    return replace(one, secret=secret, more=more)
