# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a source provider must offer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from ansible_collections.mtv.teardown.plugins.module_utils._cause import Cause
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._provider.providers_file import ProviderEntry
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session


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


@dataclass(frozen=True, slots=True)
class Missing:
    """A right that the account does not have, by the provider's own word. kind, place: what it is missing on; remedy:
    what gives it."""

    right: str
    kind: str
    place: str
    remedy: str


@dataclass(frozen=True, slots=True)
class States:
    """VMs that were asked for by their identity. remotes: those that are there, by their uid, whose facts have
    C(power_state), which is C(on), C(off) or the provider's own word, and C(change_tracking) where it has that; unread:
    uid -> why nobody knows of one. What is in neither is not there, by an explicit answer."""

    remotes: Mapping[str, Remote] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)


class Site(Protocol):
    """One provider that we are logged in to. Calls raise ApiError when the provider as a whole fails."""

    @property
    def connection(self) -> Connection: ...

    @property
    def server(self) -> str:
        """What the server calls itself, whatever address and account we came by: the instanceUuid of a vCenter, the
        identity of an engine, a project of one Keystone. Empty when it does not tell.

        A Site knows its own objects and what was noted of them (session.lineage) by ids that are good on its server
        alone; here they are told apart by server and id (clones.Remote.at)."""

    @property
    def calls(self) -> int:
        """Requests that were sent."""

    def look(self, session: Session) -> Seen:
        """Read what may be the session's. Nothing is changed."""

    def missing(self, targets: Sequence[Remote]) -> tuple[Sequence[Missing], str]:
        """Rights that the removal of these needs and that we do not have; and what the provider cannot tell of that,
        empty when it told all. Nothing is changed."""

    def remove(self, targets: Sequence[Remote], limits: Limits) -> Mapping[str, Cause]:
        """Delete exactly these, in the provider's order, and wait for all of them together.

        Returns identity -> what held it, for those that did not go; parts are among the targets. One that fails does
        not stop the others. An object that is not there any more, by an explicit answer, has gone.
        """

    def why(self, one: Remote) -> Cause:
        """What holds it, from what was read of it."""

    def told(self, one: Remote) -> Mapping[str, Any]:
        """What it tells itself of what happened to an object, for evidence: C(tasks), C(events) or C(fault), plain data
        in its own words."""

    def stored(self, handles: Collection[str]) -> tuple[Collection[str], str]:
        """Which of these volumes are there, by the handles that a CSI driver has for them; and where nobody could look,
        empty when it was looked everywhere."""

    def states(self, wanted: Mapping[str, str]) -> States:
        """How these VMs are, uid -> id. The uid is what counts: an id may be another VM's by now."""

    def called(self, name: str) -> Sequence[Remote]:
        """VMs of this name or id, as states() tells of them."""

    def put(self, one: Remote, wanted: Mapping[str, Any], limits: Limits) -> Cause | None:
        """Make a VM, as states() has just told of it, what is wanted of its facts, and wait for it; why it may not be
        so, None where nothing says so. How it is then shows a look."""


# Opens a connection; closing it logs out, whatever happened.
Opener = Callable[[Connection], AbstractContextManager[Site]]


@dataclass(frozen=True, slots=True)
class Target:
    """One provider to be searched, and how it is opened."""

    connection: Connection
    opener: Opener


@dataclass(frozen=True, slots=True)
class Loaded:
    """A provider whose library has been imported. missing: the traceback when that failed; briefly: makes the patience
    with a server that has not answered before; open_site: takes a Connection, patience, and what Provider.opened_with
    names."""

    missing: str | None
    briefly: Callable[[], Any]
    open_site: Callable[..., AbstractContextManager[Site]]


@dataclass(frozen=True, slots=True)
class Provider:
    """A type of provider. library: what pip calls it; spec: options of a module; from_options, from_entry and
    from_environment: the connections that each of these sources names, RecordError for one that is wrong; load: imports
    the library, which costs a second; for_collection: the options by which modules of the provider's own collection
    reach it; opened_with: options of modules that its site takes."""

    type: str
    library: str
    spec: Mapping[str, Any]
    from_options: Callable[[Mapping[str, Any]], list[Connection]]
    from_entry: Callable[[ProviderEntry], Connection]
    from_environment: Callable[[Mapping[str, str]], list[Connection]]
    load: Callable[[], Loaded]
    for_collection: Callable[[Connection], dict[str, Any]]
    opened_with: frozenset[str] = frozenset()
