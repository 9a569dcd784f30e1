# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A project of OpenStack as a Site: what a session left there, found by name, id and attachment, and deleted by id."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _threads
from ansible_collections.mtv.teardown.plugins.module_utils._cause import Cause
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._openstack import causes, states
from ansible_collections.mtv.teardown.plugins.module_utils._openstack.client import KINDS, Cloud, Patience
from ansible_collections.mtv.teardown.plugins.module_utils._openstack.reading import Reading
from ansible_collections.mtv.teardown.plugins.module_utils._openstack.removal import Removal
from ansible_collections.mtv.teardown.plugins.module_utils._provider import ownership
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Missing, Seen, States
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

# Nova shows what is in its bin only to those who ask for changes since some time; this is before all of them.
_EVER = {"changes-since": "2000-01-01T00:00:00Z", "status": "SOFT_DELETED"}
# Glance's list leaves out what its owner has hidden; this one holds nothing else.
_HIDDEN = {"os_hidden": "true"}

# By the default policies of Nova, Cinder, Glance and Neutron; their operator may have others.
DELETING = ("member", "_member_", "manager", "admin")
READING = "reader"


@contextmanager
def open_site(connection: Connection, patience: Patience | None = None) -> Iterator[OpenStackSite]:
    """Log in to the project that is configured."""
    with Cloud(connection, patience) as cloud:
        yield OpenStackSite(cloud)


class OpenStackSite:
    """See Site."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.connection = cloud.connection

    @property
    def server(self) -> str:
        return self._cloud.server

    @property
    def calls(self) -> int:
        return self._cloud.calls

    def states(self, wanted: Mapping[str, str]) -> States:
        return states.states(self._cloud, wanted)

    def called(self, name: str) -> Sequence[Remote]:
        return states.called(self._cloud, name)

    def put(self, one: Remote, wanted: Mapping[str, Any], limits: Limits) -> Cause | None:
        return states.put(self._cloud, one, wanted, limits)

    def look(self, session: Session) -> Seen:
        found: dict[str, dict[str, dict[str, Any]]] = {}
        unread: dict[str, str] = {}
        with _threads.pool(len(KINDS)) as pool:
            asked = {kind: pool.submit(self._listed, session, kind) for kind in KINDS}
            for kind, answer in asked.items():
                try:
                    found[kind] = answer.result()
                except ApiError as exc:
                    unread[kind] = exc.msg
        place = self.connection.more.get("project_name") or self._cloud.project
        remotes = Reading(session, self.connection, place, found).all()
        return Seen(remotes, {kind: len(items) for kind, items in found.items()}, unread)

    def _listed(self, session: Session, kind: str) -> dict[str, dict[str, Any]]:
        if kind == "Image":
            return self._cloud.listing(kind) | self._cloud.listing(kind, **_HIDDEN)
        if kind != "Server":
            return self._cloud.listing(kind)
        servers = self._cloud.listing(kind) | self._cloud.listing(kind, **_EVER)
        # One that a Plan names, and no list: only an answer about it says that it has gone.
        for ident in sorted(ownership.planned(session, self.connection.host).keys() - servers.keys()):
            known = self._cloud.one(kind, ident)
            if known is not None:
                servers[ident] = known
        return servers

    def missing(self, targets: Sequence[Remote]) -> tuple[Sequence[Missing], str]:
        """OpenStack has no question for it. What is known are the roles in our token; what they allow is for the
        operator to say, but for the one that is made for reading alone."""
        return self._lacks("delete") if targets else ((), "")

    def missing_to_put(self, wanted: Sequence[tuple[Remote, Mapping[str, Any]]]) -> tuple[Sequence[Missing], str]:
        """By the services' own policies who may delete a server may start and stop it, and nobody else."""
        return self._lacks("start and stop servers") if wanted else ((), "")

    def _lacks(self, what: str) -> tuple[Sequence[Missing], str]:
        roles, place = self._cloud.roles, self.connection.more.get("project_name") or self._cloud.project
        if roles & set(DELETING):
            return (), ""
        if roles == {READING}:
            return [Missing(f"role {DELETING[0]}", "Project", place, f"the role {DELETING[0]} in the project")], ""
        named = ", ".join(sorted(roles)) or "none"
        return (), f"whether the roles in the token ({named}) may {what} is for the operator's policies to say"

    def remove(self, targets: Sequence[Remote], limits: Limits) -> Mapping[str, Cause]:
        return Removal(self._cloud, targets, limits).run()

    def stored(self, handles: Collection[str]) -> tuple[Collection[str], str]:
        return self._cloud.listing("Volume").keys() & set(handles), ""

    def told(self, one: Remote) -> Mapping[str, Any]:
        """The whole object with its fault; of a server what was done to it, of a volume what Cinder says of it."""
        if one.kind not in KINDS:
            return {}
        item = self._cloud.one(one.kind, one.id)
        try:
            history = self._cloud.history(one.kind, one.id)
        except ApiError as exc:  # an old service, or a policy; the object itself tells most
            history = [{"unread": exc.msg}]
        return {"fault": (item or {}).get("fault"), "related": [item] if item else [], "tasks": history}

    def why(self, one: Remote) -> Cause:
        return causes.why(one)
