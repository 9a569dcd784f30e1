# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An ESXi host as a place where changes are undone: SSH keys that a session has put into its file of keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cause import Cause, first
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._esxi import causes, keys
from ansible_collections.mtv.teardown.plugins.module_utils._esxi.client import FILE, Host, Patience
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._provider.causes import fails
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Missing, States
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import ESXI, KEY, NOTHING

# The file has no lock: so often it is read anew when somebody else has written it between our reading and our writing.
_TRIES = 3


@contextmanager
def open_site(
    connection: Connection, patience: Patience | None = None, pinned: Mapping[str, frozenset[str]] | None = None
) -> Iterator[EsxiSite]:
    """Log in to the host, if it is one that the ledger knows. pinned: place -> hashes of its SSH host keys."""
    with Host(connection, (pinned or {}).get(connection.place, frozenset()), patience) as host:
        yield EsxiSite(host)


class EsxiSite:
    """See Holder. uid of a key is its fingerprint."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.connection = host.connection

    @property
    def server(self) -> str:
        return self._host.server

    @property
    def calls(self) -> int:
        return self._host.calls

    def states(self, wanted: Mapping[str, str]) -> States:
        content = self._host.read().content
        return States({uid: self._remote(uid, keys.lines_of(content, uid)) for uid in wanted})

    def _remote(self, uid: str, lines: list[bytes]) -> Remote:
        return Remote(
            type=ESXI,
            provider=self.connection.key,
            host=self.connection.host,
            kind=KEY,
            id=uid,
            uid=uid,
            name=self.connection.host.lower(),
            place=FILE,
            facts=keys.facts(lines),
        )

    def missing_to_put(self, wanted: Sequence[tuple[Remote, Mapping[str, Any]]]) -> tuple[Sequence[Missing], str]:  # noqa: ARG002
        """Who has read that file is root, who may write it, and no question says more than an attempt."""
        return (), ""

    def put(self, one: Remote, wanted: Mapping[str, Any], limits: Limits) -> Cause | None:  # noqa: ARG002 - nothing is waited for
        """Take its one line away, and nothing else: a line is never written."""
        hashed = str(one.facts["line"])
        if dict(wanted) != {"line": NOTHING}:
            raise ApiError(f"a line of {FILE} is only ever taken away")
        for _try in range(_TRIES):
            before = self._host.read()
            lines = keys.lines_of(before.content, one.uid)
            after = keys.without(before.content, hashed)
            if keys.facts(lines) != {"line": hashed} or after is None:
                return None  # gone, or somebody else's now, as a look shows
            try:
                if self._host.replace(before, after):
                    return None
            except ApiError as exc:
                if exc.status != 403:
                    raise
                return first(causes.CAUSES, replace(one, facts={"code": exc.status, "error": exc.msg}))
        return fails(self.connection.key, f"somebody else has changed {FILE} again and again: it was left as it was")
