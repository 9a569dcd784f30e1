# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The session's objects on source providers: found, deleted by identity, looked for again. The same for every type of
provider; what differs is behind Site."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from ansible_collections.mtv.teardown.plugins.module_utils._causes.model import Cause
from ansible_collections.mtv.teardown.plugins.module_utils._phases.wait import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._record.connections import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._record.resources_file import Record
from ansible_collections.mtv.teardown.plugins.module_utils._session.clones import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.ownership import Decision, Status


@dataclass(frozen=True, slots=True)
class Seen:
    """One reading of one provider.

    remotes: every object that may be the session's, by its name (clones.may_be), by its id in a Plan (clones.planned),
    by session.lineage, or as a part of such a one; scopes: kind -> how many objects of it were met, for each kind that
    was read to the end; unread: kind (empty for all) -> why it could not be read, or not all of it.
    """

    remotes: tuple[Remote, ...] = ()
    scopes: Mapping[str, int] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)


class Site(Protocol):
    """One provider that we are logged in to. Calls raise ApiError when the provider as a whole fails."""

    connection: Connection
    calls: int

    def look(self, session: Session) -> Seen:
        """Read what may be the session's. Nothing is changed."""

    def remove(self, targets: Sequence[Remote], limits: Limits) -> Mapping[str, Cause]:
        """Delete exactly these, in the provider's order, and wait for all of them together.

        Returns identity -> what held it, for those that did not go; parts are among the targets. One that fails does not
        stop the others. An object that is not there any more, by an explicit answer, has gone.
        """

    def why(self, one: Remote) -> Cause:
        """What holds it, from what was read of it."""


# Opens a connection; closing it logs out, whatever happened.
Opener = Callable[[Connection], AbstractContextManager[Site]]
Wants = Callable[[Remote], bool]


@dataclass(frozen=True, slots=True)
class Survey:
    """What several providers hold of a session. read: (provider, kind) of what was read to the end."""

    decided: tuple[tuple[Remote, Decision], ...] = ()
    scopes: tuple[Mapping[str, Any], ...] = ()
    unreadable: tuple[Mapping[str, Any], ...] = ()
    absent: tuple[Record, ...] = ()

    def with_status(self, *statuses: Status) -> list[tuple[Remote, Decision]]:
        return [(one, made) for one, made in self.decided if made.status in statuses]

    def was_read(self, provider: str, kind: str) -> bool:
        return any((scope["provider"], scope["kind"]) == (provider, kind) for scope in self.scopes)
