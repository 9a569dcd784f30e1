# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Providers to be searched, from options, files and the environment, each with what opens it.

The names of the options are those of vmware.vmware, ovirt.ovirt and openstack.cloud. Their environment is no fallback
of an option here, because a providers file comes before it (connections.py).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from ansible.module_utils.basic import env_fallback, missing_required_lib
from ansible_collections.mtv.teardown.plugins.module_utils._errors import NO_ANSWER, ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._provider import providers_file
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.providers_file import ProviderEntry
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Opener, Provider, Site, Target
from ansible_collections.mtv.teardown.plugins.module_utils._run import connections

# doc fragment mtv.teardown._providers_file
FILE_SPEC: dict[str, Any] = {
    "providers_file": {"type": "path", "fallback": (env_fallback, ["MTV_TEARDOWN_PROVIDERS_FILE"])},
}
# doc fragment mtv.teardown._providers_file.unopened
UNOPENED_SPEC: dict[str, Any] = {"unopened": {"type": "list", "elements": "dict", "default": []}}
# doc fragment mtv.teardown._providers_file.noted
NOTED_SPEC: dict[str, Any] = {"keep_note": {"type": "bool", "default": False}}
# Entries whose type is unknown may be of any type.
_ANY = ""


def targets_of(
    providers: Collection[Provider],
    file: str | None,
    options: Mapping[str, Any],
    unopened: Iterable[Mapping[str, Any]] = (),
    again: bool = False,
    wants: Callable[[Connection], bool] = lambda _one: True,
    **more: Any,
) -> list[Target]:
    """The providers of these types that are configured; one that cannot be used says so when it is opened.

    options: type -> the options of its connection; unopened: what earlier phases said of those that they could not
    open, with the reason; again: one that gave no answer is asked once more, briefly; wants: which of them are to be;
    more: for the openers of vSphere and ESXi.
    """
    before = {str(entry["provider"]): entry for entry in unopened if entry.get("provider") and entry.get("reason")}
    entries = entries_of(file)
    found: list[Target] = []
    for one in sorted(providers, key=lambda provider: provider.type):
        made, wrong = connections.connections(one, options.get(one.type), entries, os.environ)
        found += [
            _target(one, connection, before.get(connection.key), again, **more)
            for connection in made
            if wants(connection)
        ]
        found += [unusable(one.type, key, error) for key, error in wrong.items()]
    if providers:
        found += [unusable(_ANY, entry.key, entry.error) for entry in entries if entry.error and not entry.type]
    return found


def _target(
    provider: Provider, connection: Connection, before: Mapping[str, Any] | None, again: bool, **more: Any
) -> Target:
    """A login that was refused is never sent again: a few of them lock the account."""
    if before is None or (again and before["reason"] == NO_ANSWER):
        return Target(connection, _opener(provider, before is not None, **more))
    return Target(connection, partial(_Unusable, str(before["error"]), str(before["reason"])))


def entries_of(file: str | None) -> tuple[ProviderEntry, ...]:
    """Those of the providers file, where there is one. RecordError when it is none."""
    return providers_file.read(file) if file else ()


def _opener(provider: Provider, briefly: bool, **more: Any) -> Opener:
    """Imported late: each of these libraries costs a second, and most runs need one at most. briefly: nothing is asked
    a second time."""
    loaded = provider.load()
    if loaded.missing:
        return partial(_Unusable, missing_required_lib(provider.library), "")
    options = {name: value for name, value in more.items() if name in provider.opened_with}
    return partial(loaded.open_site, **({"patience": loaded.briefly()} if briefly else {}), **options)


def unusable(kind: str, key: str, error: str) -> Target:
    """One that fails with this error."""
    return Target(Connection(kind, key, ""), partial(_Unusable, error, ""))


class _Unusable(AbstractContextManager[Site]):
    """A provider that fails as soon as it is opened."""

    def __init__(self, error: str, reason: str, _connection: Connection) -> None:
        self._error, self._reason = error, reason

    def __enter__(self) -> Site:
        raise ApiError(self._error, reason=self._reason)

    def __exit__(self, *_exc: object) -> None:
        """Nothing has been opened."""
