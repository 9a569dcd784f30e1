# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a source provider must offer, and what less is enough where nothing but a session's changes are put back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

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
    C(power_state), which is C(on), C(off) or the provider's own word, and C(change_tracking) where it has that; of an
    SSH key C(line). unread: uid -> why nobody knows of one. What is in neither is not there, by an explicit answer."""

    remotes: Mapping[str, Remote] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)


class Holder(Protocol):
    """One server that we are logged in to, as far as it holds what a session changed for a time. Calls raise ApiError
    when the server as a whole fails."""

    @property
    def connection(self) -> Connection: ...

    @property
    def server(self) -> str:
        """What the server calls itself, whatever address and account we came by: the instanceUuid of a vCenter, the
        identity of an engine, a project of one Keystone, the hash of an ESXi host's own SSH key. Empty when it does not
        tell.

        A Site knows its own objects and what was noted of them (session.lineage) by ids that are good on its server
        alone; here they are told apart by server and id (clones.Remote.at)."""

    @property
    def calls(self) -> int:
        """Requests that were sent."""

    def states(self, wanted: Mapping[str, str]) -> States:
        """How these VMs are, uid -> id. The uid is what counts: an id may be another VM's by now."""

    def missing_to_put(self, wanted: Sequence[tuple[Remote, Mapping[str, Any]]]) -> tuple[Sequence[Missing], str]:
        """As Site.missing() tells it, of what put() needs for these. Nothing is changed."""

    def put(self, one: Remote, wanted: Mapping[str, Any], limits: Limits) -> Cause | None:
        """Make a VM, as states() has just told of it, what is wanted of its facts, and wait for it; why it may not be
        so, None where nothing says so. How it is then shows a look."""


class Site(Holder, Protocol):
    """One provider that we are logged in to, which holds clones."""

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

    def called(self, name: str) -> Sequence[Remote]:
        """VMs of this name or id, as states() tells of them."""


H_co = TypeVar("H_co", bound=Holder, covariant=True)


@dataclass(frozen=True)  # without slots, for Python 3.11 cannot make one of a class with them by Target(…)
class Reach(Generic[H_co]):
    """One server, and how it is opened; closing it logs out, whatever happened."""

    connection: Connection
    opener: Callable[[Connection], AbstractContextManager[H_co]]


# Opens a connection to a provider that is searched.
Opener = Callable[[Connection], AbstractContextManager[Site]]
# A provider to be searched; a server that is asked for changes alone.
Target = Reach[Site]
HolderTarget = Reach[Holder]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A provider whose library has been imported. missing: the traceback when that failed; briefly: makes the patience
    with a server that has not answered before; open_site: takes a Connection, patience, and what Provider.opened_with
    names."""

    missing: str | None
    briefly: Callable[[], Any]
    open_site: Callable[..., AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True)
class Provider:
    """A type of provider. library: what pip calls it; spec: options of a module; from_options, from_entry and
    from_environment: the connections that each of these sources names, RecordError for one that is wrong; load: imports
    the library, which costs a second; for_collection: the options by which modules of the provider's own collection
    reach it; opened_with: options of modules that its site takes; is_in: whether an entry of the providers file names
    one, by default one of its type."""

    type: str
    library: str
    spec: Mapping[str, Any]
    from_options: Callable[[Mapping[str, Any]], list[Connection]]
    from_entry: Callable[[ProviderEntry], Connection]
    from_environment: Callable[[Mapping[str, str]], list[Connection]]
    load: Callable[[], Loaded]
    for_collection: Callable[[Connection], dict[str, Any]]
    opened_with: frozenset[str] = frozenset()
    is_in: Callable[[ProviderEntry], bool] | None = None

    def named_by(self, entries: Iterable[ProviderEntry]) -> list[ProviderEntry]:
        """Entries of the providers file that name one."""
        return [one for one in entries if (self.is_in(one) if self.is_in else one.type == self.type)]
