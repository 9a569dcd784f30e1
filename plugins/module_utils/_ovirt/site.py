# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session's VMs on an oVirt engine, and their disks, which outlive them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cause import Cause
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt import rights, states
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.causes import Held, cause_of
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.client import Engine, Machine, Patience, Volume
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.removal import Removal, facts_of
from ansible_collections.mtv.teardown.plugins.module_utils._provider import ownership
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Missing, Seen, Site, States
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

TYPE = "ovirt"
_MAKING = timedelta(minutes=1)
_PARTLY = (
    "the account is no administrator of the engine and sees only what it has a role on: what it does not see may be "
    "there all the same"
)

_ROLELESS = "the engine does not show the roles of the account, so nobody knows what it may do"


@contextmanager
def open_site(connection: Connection, patience: Patience | None = None) -> Iterator[Site]:
    """Log in; log out at the end, whatever happened."""
    with Engine(connection, patience) as engine:
        yield OvirtSite(engine)


class OvirtSite:
    """One engine that we are logged in to; a Site of providers.py."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.connection = engine.connection

    @property
    def server(self) -> str:
        """One that does not say which it is (before 4.4) is known by its address, and no other is taken for it."""
        return self._engine.instance or f"{self.connection.host}:{self.connection.port}".lower()

    @property
    def calls(self) -> int:
        return self._engine.calls

    def states(self, wanted: Mapping[str, str]) -> States:
        return states.states(self._engine, wanted, _PARTLY)

    def called(self, name: str) -> Sequence[Remote]:
        return states.called(self._engine, name)

    def put(self, one: Remote, wanted: Mapping[str, Any], limits: Limits) -> Cause | None:
        return states.put(self._engine, one, wanted, limits)

    def look(self, session: Session) -> Seen:
        """Candidates by a whole listing and by their names, so that neither a page that shifts while others delete nor
        a name that was cut hides one; then each with its details; then what an earlier run noted."""
        total = self._engine.check()
        listed = self._engine.everything()
        met = self._by_name(session) | listed
        planned = ownership.planned(session, self.connection.host)
        noted = {one for one in session.lineage if states.UUID.fullmatch(one)}
        wanted = {
            one.id: one.name
            for one in met.values()
            if ownership.may_be(session, TYPE, one.name) or one.id in planned or one.id in noted
        }
        wanted |= {one: name for one, name in planned.items() if states.UUID.fullmatch(one)}
        machines = [one for one in self._engine.machines(wanted, dated=True).values() if one is not None]
        remotes = self._remotes(machines)
        orphans = self._orphans(noted - {one.identity for one in remotes} - met.keys())
        remotes += orphans
        unread = self._unread(total, len(listed))
        scopes = {"Vm": len(met), "Disk": sum(one.kind == "Disk" for one in remotes)}
        return Seen(tuple(remotes), {kind: n for kind, n in scopes.items() if kind not in unread}, unread)

    def _by_name(self, session: Session) -> dict[str, Machine]:
        """The prefix's last part is in the name of each clone, even where that was cut (clones.cut_of)."""
        last = session.prefix.rpartition("-")[2]
        names = {f"*{last}*"} if last else set()
        return self._engine.named(names | set(ownership.recorded(session, TYPE)))

    def _unread(self, total: int | None, listed: int) -> dict[str, str]:
        if total is None:
            return {"Vm": _PARTLY, "Disk": _PARTLY}
        if listed < total and listed < (self._engine.check() or 0):
            return {"Vm": f"the engine counts {total} VMs, but lists {listed}"}
        return {}

    def _remotes(self, machines: Sequence[Machine]) -> list[Remote]:
        places = self._engine.clusters() if machines else {}
        lost = any(one.host and one.status in ("not_responding", "unknown", "unassigned", "") for one in machines)
        hosts = self._engine.hosts() if lost else {}
        made = []
        for one in machines:
            made.append(self._vm(one, places.get(one.cluster, one.cluster), hosts.get(one.host, one.host)))
            made += [self._disk(disk, one) for disk in one.volumes]
        return made

    def _vm(self, one: Machine, place: str, host: str) -> Remote:
        return Remote(
            type=TYPE,
            provider=self.connection.key,
            host=self.connection.host,
            kind="Vm",
            id=one.id,
            uid=one.id,
            name=one.name,
            place=place,
            created=one.created,
            kept="; ".join(told for disk in one.volumes if (told := _why_of_others(disk, one))),
            facts=facts_of(one, host),
        )

    def _disk(self, disk: Volume, owner: Machine | None) -> Remote:
        return Remote(
            type=TYPE,
            provider=self.connection.key,
            host=self.connection.host,
            kind="Disk",
            id=disk.id,
            uid=disk.id,
            name=disk.alias,
            owner=owner.id if owner is not None else "",
            relation=f"disk of Vm {owner.name}" if owner is not None else "",
            kept=_why_kept(disk, owner),
            facts={"status": disk.status},
        )

    def _orphans(self, ids: set[str]) -> list[Remote]:
        """Disks of an earlier run whose VM has gone; most of what was noted is no disk of this engine."""
        found = self._engine.volumes(sorted(ids))
        return [self._disk(disk, None) for disk in found.values() if disk is not None]

    def missing(self, targets: Sequence[Remote]) -> tuple[Sequence[Missing], str]:
        if not targets:
            return (), ""
        grants = self._engine.grants()
        if not grants:
            return (), _ROLELESS
        machines = self._engine.machines({one.id: one.name for one in targets if one.kind == "Vm"})
        return rights.missing(targets, machines, grants), ""

    def missing_to_put(self, wanted: Sequence[tuple[Remote, Mapping[str, Any]]]) -> tuple[Sequence[Missing], str]:
        grants = self._engine.grants()
        if not grants:
            return (), _ROLELESS
        machines = self._engine.machines({one.id: one.name for one, _facts in wanted})
        powers = [(one, str(facts["power_state"])) for one, facts in wanted]
        return rights.missing_to_put(powers, machines, grants), ""

    def remove(self, targets: Sequence[Remote], limits: Limits) -> Mapping[str, Cause]:
        return Removal(self._engine, targets, limits).run()

    def stored(self, handles: Collection[str]) -> tuple[Collection[str], str]:
        return {one for one, found in self._engine.volumes(handles).items() if found is not None}, ""

    def told(self, one: Remote) -> Mapping[str, Any]:
        return {"events": self._engine.events(one.id, one.name)}

    def why(self, one: Remote) -> Cause:
        return cause_of(Held(one.kind, one.name, one.facts))


def _why_kept(disk: Volume, owner: Machine | None) -> str:
    """A disk that others use is theirs, too. What is only detached goes on without the VM."""
    if disk.shareable:
        return "shareable: other VMs may use it, and it is only detached"
    if owner is not None:
        return _why_of_others(disk, owner)
    if disk.storage_type == "lun":
        return "a LUN of a storage server, no disk of the engine's own"
    return f"attached to another VM now ({', '.join(disk.vms)})" if disk.vms else ""


def _why_of_others(disk: Volume, owner: Machine) -> str:
    """Why this disk, which the engine would remove with its VM, is not the VM's own."""
    name = f"disk {disk.alias or disk.id} ({disk.id})"
    if disk.storage_type == "lun":  # ImagesHandler.removeLunDisk: the engine forgets it
        return f"{name} is a LUN of a storage server, and the engine would give it up with the VM"
    if disk.shareable:
        return ""
    others = [one for one in disk.vms if one != owner.id]
    if others:
        return f"{name} is attached to VM {', '.join(others)}, too, and would go with this one"
    if not disk.made:
        return f"the engine does not tell since when there is {name}, which would go with the VM"
    if _is_older(disk.made, owner.created):
        return f"{name} is older than the VM ({disk.made}): somebody has attached it, and it would go with the VM"
    return ""


def _is_older(made: str, created: str) -> bool:
    """Both are told by one clock; a disk is made while its VM is."""
    try:
        return datetime.fromisoformat(created) - datetime.fromisoformat(made) > _MAKING
    except (ValueError, TypeError):
        return True  # nobody knows
