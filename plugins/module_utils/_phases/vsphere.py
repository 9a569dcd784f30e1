# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clones on one vCenter. Rules and cases: providers.md 1 and 5.1."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._causes import vsphere as causes
from ansible_collections.mtv.teardown.plugins.module_utils._causes.model import Cause
from ansible_collections.mtv.teardown.plugins.module_utils._clients.vsphere import Patience, VCenter, plain_name
from ansible_collections.mtv.teardown.plugins.module_utils._phases.providers import Lack, Seen
from ansible_collections.mtv.teardown.plugins.module_utils._phases.vsphere_tasks import (
    BROWSE,
    DESTROY,
    POWER_OFF,
    PRIVILEGES,
    REMOVE_SNAPSHOT,
    Removal,
)
from ansible_collections.mtv.teardown.plugins.module_utils._phases.wait import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._record.connections import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._session import clones
from ansible_collections.mtv.teardown.plugins.module_utils._session.clones import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

# What Forklift calls its snapshots (forklift.md 2.3).
SNAPSHOT = "forklift-migration-precopy"
_KEPT_SNAPSHOT = "a snapshot of Forklift on a VM that stays; it is removed only when asked for"
_REMEDY = "a vCenter role with it, propagating, on a folder above"
_KEPT_FILES = "files of a clone that is not in the inventory; they are reported, never deleted"


@contextmanager
def open_site(
    connection: Connection, patience: Patience | None = None, snapshots: bool = False
) -> Iterator[VSphereSite]:
    """Log in; and out, whatever happens. snapshots: Forklift's on VMs that stay may be removed."""
    with VCenter(connection, patience) as center:
        yield VSphereSite(center, snapshots)


class VSphereSite:
    """A Site (providers.py) that is a vCenter."""

    def __init__(self, center: VCenter, snapshots: bool = False) -> None:
        self._center = center
        self._snapshots = snapshots

    @property
    def connection(self) -> Connection:
        return self._center.connection

    @property
    def server(self) -> str:
        return self._center.server

    @property
    def calls(self) -> int:
        return self._center.calls

    def why(self, one: Remote) -> Cause:
        return causes.why(causes.Held(one.kind, one.facts))

    def stored(self, handles: Collection[str]) -> Collection[str]:
        """First class disks; the CSI driver's handle is their id."""
        return self._center.first_class_disks() & set(handles)

    # -- looking ------------------------------------------------------------------------------------------------

    def look(self, session: Session) -> Seen:
        """Names of all VMs in one reading; the rest only of those that may be the session's."""
        named = self._center.everything("VirtualMachine", ("name",))
        planned = clones.planned(session, self.connection.host)
        names = {moref: plain_name(str(values["name"])) for moref, values in named.values.items() if "name" in values}
        wanted = [ref for ref, name in names.items() if ref in planned or clones.may_be(session, "vsphere", name)]
        details = self._center.details(wanted)
        unread = {"VirtualMachine": _told(named.unread + details.unread)} if named.unread + details.unread else {}
        places = self._places() if details.values else {}
        machines = [self._machine(ref, values, places) for ref, values in details.values.items()]
        snapshots = [
            one
            for ref, values in details.values.items()
            if ref in planned and not clones.may_be(session, "vsphere", names[ref])
            for one in self._precopies(ref, values, places)
        ]
        folders, unread_files = self._folders(session, machines)
        if unread_files:
            unread["DatastoreFolder"] = _told(unread_files)
        scopes = {"VirtualMachine": len(names), "Snapshot": len(snapshots), "DatastoreFolder": len(folders)}
        complete = {kind: count for kind, count in scopes.items() if kind not in unread}
        return Seen((*machines, *snapshots, *folders), complete, unread)

    def _places(self) -> dict[str, str]:
        """Folders and data centres by moRef, each with its inventory path."""
        parents: dict[str, tuple[str, str]] = {}
        for kind in ("Folder", "Datacenter"):
            for ref, values in self._center.everything(kind, ("name", "parent")).values.items():
                parent = values.get("parent")
                parents[ref] = (plain_name(str(values.get("name") or "?")), parent._moId if parent is not None else "")
        return {ref: _path(ref, parents) for ref in parents}

    def _machine(self, ref: str, values: Mapping[str, Any], places: Mapping[str, str]) -> Remote:
        created = values.get("config.createDate")
        name = plain_name(str(values.get("name") or ""))
        return Remote(
            type="vsphere",
            provider=self.connection.key,
            host=self.connection.host,
            kind="VirtualMachine",
            id=ref,
            name=name,
            place=f"{_folder_of(values, places)}/{name}",
            uid=str(values.get("config.instanceUuid") or ""),
            template=bool(values.get("config.template")),
            created=created.isoformat() if created is not None and created.year > 1970 else "",
            facts=_facts(values),
        )

    def _precopies(self, ref: str, values: Mapping[str, Any], places: Mapping[str, str]) -> list[Remote]:
        """Forklift's snapshots on a VM that Plans of the session name and that is no clone of it."""
        name = plain_name(str(values.get("name") or ""))
        return [
            Remote(
                type="vsphere",
                provider=self.connection.key,
                host=self.connection.host,
                kind="Snapshot",
                id=tree.snapshot._moId,
                name=tree.name,
                place=f"{_folder_of(values, places)}/{name}",
                created=tree.createTime.isoformat() if tree.createTime is not None else "",
                shown="on a VM of a Plan",
                kept="" if self._snapshots else _KEPT_SNAPSHOT,
                facts={"vm": ref},
            )
            for tree in _trees(getattr(values.get("snapshot"), "rootSnapshotList", None) or ())
            if tree.name == SNAPSHOT
        ]

    def _folders(self, session: Session, machines: Iterable[Remote]) -> tuple[list[Remote], tuple[str, ...]]:
        """Folders in datastores that are named as a clone and belong to no VM that is registered."""
        stores = self._center.everything("Datastore", ("name", "summary.accessible"))
        patterns = [f"{session.prefix}*"] if session.prefix else []
        patterns += [name for name in clones.recorded(session, "vsphere") if not name.startswith(session.prefix or "/")]
        searches = {
            ref: (str(values["name"]), patterns)
            for ref, values in stores.values.items()
            if values.get("summary.accessible") and "name" in values
        }
        if not patterns or not searches:
            return [], stores.unread
        found, unread = self._center.files(searches)
        names = {ref: name for ref, (name, _patterns) in searches.items()}
        paths = [
            f"[{names[ref]}] {entry}"
            for ref, entries in found.items()
            for entry in entries
            if clones.may_be(session, "vsphere", entry)
        ]
        used = {str(one.facts.get("folder")) for one in machines}
        if any(path not in used for path in paths):  # a VM that was renamed keeps its folder
            used |= self._used_folders()
        return [self._folder(path) for path in paths if path not in used], stores.unread + unread

    def _used_folders(self) -> set[str]:
        every = self._center.everything("VirtualMachine", ("config.files.vmPathName",))
        return {_folder(str(values.get("config.files.vmPathName") or "")) for values in every.values.values()}

    def _folder(self, path: str) -> Remote:
        return Remote(
            type="vsphere",
            provider=self.connection.key,
            host=self.connection.host,
            kind="DatastoreFolder",
            id=path,
            name=path.partition("] ")[2],
            place=path,
            kept=_KEPT_FILES,
        )

    # -- rights -------------------------------------------------------------------------------------------------

    def lacks(self, targets: Sequence[Remote]) -> tuple[Sequence[Lack], str]:
        """vCenter says it for many objects at once."""
        wanted: dict[tuple[str, str], set[str]] = {}
        places: dict[str, str] = {}
        machines = {one.id: one for one in targets if one.kind == "VirtualMachine"}
        for ref, values in self._center.details(machines).values.items():
            places[ref] = machines[ref].place
            steps = {DESTROY, POWER_OFF} if _is_on(values) else {DESTROY}
            wanted[("VirtualMachine", ref)] = {PRIVILEGES[step] for step in steps}
            if values.get("parent") is not None:
                wanted[("Folder", values["parent"]._moId)] = {PRIVILEGES[DESTROY]}
                places[values["parent"]._moId] = machines[ref].place.rpartition("/")[0]
        for one in targets:
            if one.kind == "Snapshot":
                vm = str(one.facts["vm"])
                places[vm] = one.place
                wanted.setdefault(("VirtualMachine", vm), set()).add(PRIVILEGES[REMOVE_SNAPSHOT])
        for ref, values in self._center.everything("Datastore", ("name", "summary.accessible")).values.items():
            if values.get("summary.accessible"):
                places[ref] = str(values.get("name") or ref)
                wanted[("Datastore", ref)] = {BROWSE}
        return [Lack(right, kind, places[ref], _REMEDY) for kind, ref, right in self._missing(wanted)], ""

    def _missing(self, wanted: Mapping[tuple[str, str], set[str]]) -> Iterator[tuple[str, str, str]]:
        """One question for all objects of a kind that are asked for the same."""
        groups: dict[tuple[str, frozenset[str]], list[str]] = {}
        for (kind, ref), rights in wanted.items():
            groups.setdefault((kind, frozenset(rights)), []).append(ref)
        for (kind, privileges), refs in groups.items():
            for ref, missing in self._center.lacking(kind, refs, sorted(privileges)).items():
                yield from ((kind, ref, right) for right in missing)

    # -- removing -----------------------------------------------------------------------------------------------

    def remove(self, targets: Sequence[Remote], limits: Limits) -> Mapping[str, Cause]:
        """Power-offs together, then deletes together; identity is looked at once more right before."""
        held: dict[str, Cause] = {}
        snapshots = {one.id: one for one in targets if one.kind == "Snapshot"}
        machines = {one.id: one for one in targets if one.kind == "VirtualMachine"}
        ready: dict[str, Remote] = {}
        now = self._center.details(machines)
        for ref, one in machines.items():
            values = now.values.get(ref)
            if values is None:
                continue  # it has gone meanwhile: the look that follows has to show it
            facts = _facts(values)
            if one.uid and str(values.get("config.instanceUuid") or one.uid) != one.uid:
                continue  # another VM has got its moRef: the one that we meant has gone
            blocked = _blocked(facts)
            if blocked is not None:
                held[one.identity] = blocked
            else:
                ready[ref] = one
        on = {ref for ref in ready if _is_on(now.values[ref])}
        faults = Removal(self._center, limits).run(list(ready), on, list(snapshots))
        for ref, fault in faults.items():
            target = ready.get(ref) or snapshots[ref]
            held[target.identity] = causes.why(causes.Held(target.kind, target.facts, fault))
        return held


def _blocked(facts: Mapping[str, Any]) -> Cause | None:
    """What can be known before anything is tried: a delete that is disabled, files that cannot be reached, a question
    that would make the power-off hang."""
    held = causes.Held("VirtualMachine", facts)
    for tell in (causes.method_disabled, causes.unreachable, causes.question):
        cause = tell(held)
        if cause is not None:
            return cause
    return None


def _is_on(values: Mapping[str, Any]) -> bool:
    return str(values.get("runtime.powerState")) == "poweredOn" and not values.get("config.template")


def _facts(values: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data of what may hold a VM."""
    question = values.get("runtime.question")
    trees = _trees(getattr(values.get("snapshot"), "rootSnapshotList", None) or ())
    path = str(values.get("config.files.vmPathName") or "")
    facts = {
        "power": str(values.get("runtime.powerState") or ""),
        "connection_state": str(values.get("runtime.connectionState") or ""),
        "question": " ".join(str(question.text).split())[:300] if question is not None else "",
        "disabled_methods": list(values.get("disabledMethod") or ()),
        "snapshots": [tree.name for tree in trees],
        "folder": _folder(path),
    }
    return {name: value for name, value in facts.items() if value}


def _trees(roots: Iterable[Any]) -> Iterator[Any]:
    """Every snapshot of a tree, siblings and children."""
    for tree in roots:
        yield tree
        yield from _trees(tree.childSnapshotList or ())


def _folder_of(values: Mapping[str, Any], places: Mapping[str, str]) -> str:
    parent = values.get("parent")
    if parent is not None and parent._moId in places:
        return places[parent._moId]
    return "(in a vApp)" if values.get("parentVApp") is not None else ""


def _path(ref: str, parents: Mapping[str, tuple[str, str]]) -> str:
    names: list[str] = []
    while ref in parents and len(names) < len(parents):
        name, above = parents[ref]
        if above:  # the root folder's own name is no part of a path
            names.append(name)
        ref = above
    return "".join(f"/{name}" for name in reversed(names))


def _folder(path: str) -> str:
    """C([datastore] folder) of a path to a VM's file; empty for one in the root."""
    return path.rpartition("/")[0]


def _told(unread: Iterable[str]) -> str:
    listed = list(unread)
    more = f" … and {len(listed) - 5} more" if len(listed) > 5 else ""
    return "; ".join(listed[:5]) + more
