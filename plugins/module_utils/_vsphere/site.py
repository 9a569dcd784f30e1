# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clones on one vCenter. Rules and cases: providers.md 1 and 5.1."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cause import Cause, first
from ansible_collections.mtv.teardown.plugins.module_utils._errors import garbage
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._provider import ownership
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Missing, Seen, States
from ansible_collections.mtv.teardown.plugins.module_utils._session import notes
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere import causes, states, tasks
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere import disks as vsphere_disks
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere.client import (
    Patience,
    Properties,
    Search,
    VCenter,
    plain_name,
)
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere.removal import (
    BROWSE,
    DESTROY,
    POWER_OFF,
    PRIVILEGES,
    REMOVE_SNAPSHOT,
    Removal,
)

# What Forklift calls its snapshots (forklift.md 2.3).
SNAPSHOTS = PRECOPY, INSPECTION = ("forklift-migration-precopy", "forklift-deep-inspection")
_KEPT_SNAPSHOT = "a snapshot of Forklift on a VM that stays; it is removed only when asked for"
_STRANGE_SNAPSHOT = "a snapshot of an inspection, and no Conversion of the session is known that made it"
_REMEDY = "a vCenter role with it, propagating, on a folder above"
_UNTOLD = "which disks it has is not told, and a delete would take them all"
FOLDER, FILE = FILE_KINDS = ("DatastoreFolder", "DatastoreFile")
_PATH = "config.files.vmPathName"
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

    def told(self, one: Remote) -> Mapping[str, Any]:
        return tasks.recent(self._center, one)

    def stored(self, handles: Collection[str]) -> tuple[Collection[str], str]:
        """First class disks; the CSI driver's handle is their id."""
        found, unread = self._center.first_class_disks()
        return found & set(handles), _told(unread)

    # -- states -------------------------------------------------------------------------------------------------

    def states(self, wanted: Mapping[str, str]) -> States:
        return states.states(self._center, wanted)

    def called(self, name: str) -> Sequence[Remote]:
        return states.called(self._center, name)

    def put(self, one: Remote, wanted: Mapping[str, Any], limits: Limits) -> Cause | None:
        return states.put(self._center, one, wanted, limits)

    # -- looking ------------------------------------------------------------------------------------------------

    def look(self, session: Session) -> Seen:
        """Names of all VMs in one reading, with their disks where a clone is to be expected; the rest only of those
        that may be the session's."""
        homes = self._center.everything(("Datacenter", "Folder"), ("name", "parent"))
        if "Datacenter" not in homes.kinds.values():
            raise garbage(f"{self.connection.key}: {self.connection.address} shows no datacenter, so nothing in one")
        # What was noted here is most likely deleted since: then the disks are read only when a clone is met.
        named, layouts = self._named(with_disks=not session.lineage)
        planned = ownership.planned(session, self.connection.host)
        names = {moref: plain_name(str(values["name"])) for moref, values in named.values.items() if "name" in values}
        inspected = ownership.inspected(session, self.connection.host)
        touched = planned.keys() | inspected.keys()
        wanted = [ref for ref, name in names.items() if ref in touched or ownership.may_be(session, "vsphere", name)]
        details = self._center.details(wanted)
        untold = homes.unread + named.unread + details.unread
        unread = {"VirtualMachine": _told(untold)} if untold else {}
        places = _places(homes.values)
        mine = {ref: one for ref, one in details.values.items() if ownership.may_be(session, "vsphere", names[ref])}
        noted = {ref: one for ref, one in details.values.items() if one.get("config.instanceUuid") in session.lineage}
        disks = self._disks(mine | noted, names, layouts)
        hosts = self._hosts(details.values)
        machines = [
            self._machine(ref, values, places, disks.get(ref, ""), hosts) for ref, values in details.values.items()
        ]
        snapshots = [
            one
            for ref, values in details.values.items()
            if ref in touched and ref not in mine
            for one in self._snapshots_of(ref, values, places, inspected.get(ref))
        ]
        files, unread_files = self._files(session, machines)
        if unread_files:
            unread |= dict.fromkeys(FILE_KINDS, _told(unread_files))
        scopes = {"VirtualMachine": len(names), "Snapshot": len(snapshots)}
        scopes |= {kind: sum(one.kind == kind for one in files) for kind in FILE_KINDS}
        complete = {kind: count for kind, count in scopes.items() if kind not in unread}
        return Seen((*machines, *snapshots, *files), complete, unread)

    def _named(self, with_disks: bool) -> tuple[Properties, Properties | None]:
        """Names of all VMs; and their layouts, where those have been read with them to the end."""
        if with_disks:
            both = self._center.everything("VirtualMachine", ("name", *vsphere_disks.BRIEFLY))
            if not both.unread:
                return both, both
        return self._center.everything("VirtualMachine", ("name",)), None

    def _disks(
        self, machines: Mapping[str, Mapping[str, Any]], names: Mapping[str, str], layouts: Properties | None
    ) -> dict[str, str]:
        """Why each of these must not be deleted with its disks; no other VM may have them. layouts: of all VMs, None
        where they are not read yet."""
        had = {ref: disks for ref, values in machines.items() if (disks := vsphere_disks.attached(values)) is not None}
        homes = {ref: _folder(str(values.get(_PATH) or "")) for ref, values in machines.items()}
        doubt = any(vsphere_disks.doubtful(names[ref], homes[ref], disks) for ref, disks in had.items())
        known = self._users(had, names, layouts, doubt) if had else vsphere_disks.Users({})
        kept = {ref: vsphere_disks.kept(ref, names[ref], homes[ref], disks, known) for ref, disks in had.items()}
        # One that cannot be reached is not deleted anyhow, and says why.
        return {ref: kept.get(ref, _UNTOLD if _is_connected(values) else "") for ref, values in machines.items()}

    def _users(
        self,
        known: Mapping[str, vsphere_disks.Attached],
        names: Mapping[str, str],
        layouts: Properties | None,
        doubt: bool,
    ) -> vsphere_disks.Users:
        """Who has which disk, of all VMs. doubt: some of the known disks are not plainly own."""
        told, close = Properties(), ("name", vsphere_disks.DEVICES, vsphere_disks.FILES)
        disks: dict[str, vsphere_disks.Attached | None] = {}
        if not doubt:
            told = layouts or self._center.everything("VirtualMachine", vsphere_disks.BRIEFLY)
            disks = {ref: vsphere_disks.briefly(values) for ref, values in told.values.items()}
        if doubt or not vsphere_disks.are_true(disks, known):
            closer = told = self._center.everything("VirtualMachine", close)
        else:
            untold = [ref for ref in {**names, **disks} if disks.get(ref) is None and ref not in known]
            closer = self._center.objects("VirtualMachine", untold, close) if untold else Properties()
        disks |= {**known, **{ref: vsphere_disks.attached(values) for ref, values in closer.values.items()}}
        later = {ref: ref for ref in told.values if ref not in names}
        return vsphere_disks.users(disks, {**names, **later}, {*told.unread, *closer.unread})

    def _hosts(self, machines: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
        """Names of the hosts of VMs that cannot be reached."""
        lost = {
            values["runtime.host"]._moId
            for values in machines.values()
            if not _is_connected(values) and values.get("runtime.host") is not None
        }
        read = self._center.objects("HostSystem", lost, ("name",)) if lost else Properties()
        return {ref: str(values.get("name") or ref) for ref, values in read.values.items()}

    def _machine(
        self, ref: str, values: Mapping[str, Any], places: Mapping[str, str], kept: str, hosts: Mapping[str, str]
    ) -> Remote:
        created = values.get("config.createDate")
        name = plain_name(str(values.get("name") or ""))
        facts = _facts(values, hosts)
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
            kept=kept,
            leaves=_leaves(facts),
            facts={**facts, "others_disk": kept} if kept else facts,
        )

    def _snapshots_of(
        self, ref: str, values: Mapping[str, Any], places: Mapping[str, str], made: frozenset[str] | None
    ) -> list[Remote]:
        """Forklift's snapshots on a VM that stays. made: moRefs of those that Conversions of the session had made,
        empty when they do not all say so, None when none of them inspected this VM."""
        name = plain_name(str(values.get("name") or ""))
        trees = _trees(getattr(values.get("snapshot"), "rootSnapshotList", None) or ())

        def is_strange(tree: Any) -> bool:
            return tree.name == INSPECTION and made is None

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
                proof="on a VM of a Plan" if made is None else "on a VM of a Conversion",
                kept=_STRANGE_SNAPSHOT if is_strange(tree) else "" if self._snapshots else _KEPT_SNAPSHOT,
                facts={"vm": ref, "snapshot_id": tree.id, "strange": is_strange(tree)},
            )
            for tree in trees
            if tree.name in SNAPSHOTS and not (tree.name == INSPECTION and made and tree.snapshot._moId not in made)
        ]

    def _files(self, session: Session, machines: Iterable[Remote]) -> tuple[list[Remote], tuple[str, ...]]:
        """Files in datastores that are named as a clone, or were noted of one, and are no registered VM's."""
        stores = self._center.everything("Datastore", ("name", "summary.accessible", "browser"))
        unread = list(stores.unread)
        at_hand: dict[str, Any] = {}
        for ref, values in stores.values.items():
            name = str(values.get("name") or ref)
            if values.get("summary.accessible") is True:
                at_hand[name] = values.get("browser")
            else:
                unread.append(f"datastore {name}: not accessible")
        noted = {path: kind for one in session.lineage for kind, path in [_noted_file(one)] if path}
        patterns: dict[tuple[str, str], set[str]] = {}
        if session.prefix or ownership.recorded(session, "vsphere"):
            named = {
                name for name in ownership.recorded(session, "vsphere") if not name.startswith(session.prefix or "/")
            }
            named |= {f"{session.prefix}*"} if session.prefix else set()
            patterns |= {(name, ""): set(named) for name in at_hand}
        for path in noted:
            name, folder, base = _parts(path)
            if name in at_hand:
                patterns.setdefault((name, folder), set()).add(base)
        searches = {
            f"[{name}] {folder}".rstrip(): Search(at_hand[name], f"[{name}] {folder}".rstrip(), sorted(wanted))
            for (name, folder), wanted in patterns.items()
            if wanted
        }
        if not searches:
            return [], tuple(unread)
        found, failed = self._center.files(searches)
        unread += [f"{where}: {why}" for where, why in failed.items()]
        paths = {
            path: noted.get(path, FOLDER)
            for where, entries in found.items()
            for entry in entries
            for path in [f"{where}/{entry}" if "] " in where else f"{where} {entry}"]
            if path in noted or ("] " not in where and ownership.may_be(session, "vsphere", entry))
        }
        used = {str(one.facts.get("folder")) for one in machines}
        if any(path not in used for path in paths):  # a VM that was renamed keeps its folder
            used |= self._used_folders()
        return [self._file(kind, path) for path, kind in paths.items() if path not in used], tuple(unread)

    def _used_folders(self) -> set[str]:
        every = self._center.everything("VirtualMachine", (_PATH,))
        return {_folder(str(values.get(_PATH) or "")) for values in every.values.values()}

    def _file(self, kind: str, path: str) -> Remote:
        return Remote(
            type="vsphere",
            provider=self.connection.key,
            host=self.connection.host,
            kind=kind,
            id=path,
            name=notes.name_of_file(path),
            place=path,
            kept=_KEPT_FILES,
        )

    # -- rights -------------------------------------------------------------------------------------------------

    def missing(self, targets: Sequence[Remote]) -> tuple[Sequence[Missing], str]:
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
        return [Missing(right, kind, places[ref], _REMEDY) for kind, ref, right in self._missing(wanted)], ""

    def missing_to_put(self, wanted: Sequence[tuple[Remote, Mapping[str, Any]]]) -> tuple[Sequence[Missing], str]:
        names = {one.id: one.name for one, _facts in wanted}
        asked = {(one.kind, one.id): {states.NEEDED[step] for step in states.steps(facts)} for one, facts in wanted}
        return [Missing(right, kind, names[ref], _REMEDY) for kind, ref, right in self._missing(asked)], ""

    def _missing(self, wanted: Mapping[tuple[str, str], set[str]]) -> Iterator[tuple[str, str, str]]:
        """One question for all objects of a kind that are asked for the same."""
        groups: dict[tuple[str, frozenset[str]], list[str]] = {}
        for (kind, ref), rights in wanted.items():
            groups.setdefault((kind, frozenset(rights)), []).append(ref)
        for (kind, privileges), refs in groups.items():
            for ref, missing in self._center.missing(kind, refs, sorted(privileges)).items():
                yield from ((kind, ref, right) for right in missing)

    # -- removing -----------------------------------------------------------------------------------------------

    def remove(self, targets: Sequence[Remote], limits: Limits) -> Mapping[str, Cause]:
        """Power-offs together, then deletes together; each VM is looked at once more right before both."""
        held: dict[str, Cause] = {}
        snapshots = {one.id: one for one in targets if one.kind == "Snapshot"}
        machines = {one.id: one for one in targets if one.kind == "VirtualMachine"}

        def still(refs: Iterable[str]) -> dict[str, bool]:
            """Those that may go, and whether they are on. What has gone, the look that follows has to show."""
            may: dict[str, bool] = {}
            for ref, values in self._center.details(refs).values.items():
                one = machines[ref]
                if one.uid and (values.get("config.instanceUuid") or one.uid) != one.uid:
                    continue  # another VM has got its moRef: the one that we meant has gone
                why = _kept(one, values)
                if why is None:
                    may[ref] = _is_on(values)
                else:
                    held[one.identity] = why
            return may

        ready = still(machines)
        on = {ref for ref, is_on in ready.items() if is_on}
        faults = Removal(self._center, limits, {**machines, **snapshots}, still).run(ready, on, snapshots)
        for ref, fault in faults.items():
            target = machines.get(ref) or snapshots[ref]
            held[target.identity] = causes.why(causes.Held(target.kind, target.facts, fault))
        return held


def _kept(one: Remote, values: Mapping[str, Any]) -> Cause | None:
    """What keeps a VM from being deleted now, as it was just read."""
    facts = {"host": one.facts.get("host"), **_facts(values, {})}
    return _blocked(facts) or _unidentified(one, values) or _more_disks(one, values)


def _unidentified(one: Remote, values: Mapping[str, Any]) -> Cause | None:
    """A moRef alone may be another VM's by now."""
    is_unknown = bool(one.uid) and not values.get("config.instanceUuid")
    return causes.unidentified(causes.Held(one.kind, {"unidentified": is_unknown}))


def _blocked(facts: Mapping[str, Any]) -> Cause | None:
    """What can be known before anything is tried: a delete that is disabled, files that cannot be reached, a question
    that would make the power-off hang."""
    held = causes.Held("VirtualMachine", facts)
    return first((causes.method_disabled, causes.unreachable, causes.question), held)


def _more_disks(one: Remote, values: Mapping[str, Any]) -> Cause | None:
    """Attached since it was looked at: nobody has asked whose they are."""
    disks = vsphere_disks.attached(values)
    new = sorted(disks.files - set(one.facts.get("disks") or ())) if disks is not None else []
    told = _UNTOLD if disks is None else f"disk {new[0]} was attached meanwhile" if new else ""
    return causes.others_disk(causes.Held(one.kind, {"others_disk": told}))


def _is_on(values: Mapping[str, Any]) -> bool:
    return str(values.get("runtime.powerState")) == "poweredOn" and not values.get("config.template")


def _facts(values: Mapping[str, Any], hosts: Mapping[str, str]) -> dict[str, Any]:
    """Plain data of what may hold a VM."""
    question = values.get("runtime.question")
    trees = _trees(getattr(values.get("snapshot"), "rootSnapshotList", None) or ())
    path = str(values.get(_PATH) or "")
    host = values.get("runtime.host")
    disks = vsphere_disks.attached(values)
    facts = {
        "power": str(values.get("runtime.powerState") or ""),
        "connection_state": str(values.get("runtime.connectionState") or ""),
        "host": hosts.get(host._moId, "") if host is not None else "",
        "question": " ".join(str(question.text).split())[:300] if question is not None else "",
        "disabled_methods": list(values.get("disabledMethod") or ()),
        "snapshots": [tree.name for tree in trees],
        "folder": _folder(path),
        "file": path,
        "disks": sorted(disks.files) if disks is not None else [],
    }
    return {name: value for name, value in facts.items() if value}


def _leaves(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """What a VM may leave behind: its folder, and files outside of that."""
    folder = str(facts.get("folder") or "")
    files = {str(facts.get("file") or ""), *facts.get("disks", ())} - {""}
    outside = [f"{FILE}/{file}" for file in sorted(files) if not folder or not file.startswith(f"{folder}/")]
    return (*([f"{FOLDER}/{folder}"] if folder else ()), *outside)


def _noted_file(identity: str) -> tuple[str, str]:
    """Kind and path, of what was noted of a file; empty for anything else."""
    kind, _slash, path = identity.partition("/")
    return (kind, path) if kind in FILE_KINDS and path.startswith("[") and "] " in path else ("", "")


def _parts(path: str) -> tuple[str, str, str]:
    """Datastore, folder and name of a path such as C([datastore] folder/name)."""
    store, _bracket, inner = path.removeprefix("[").partition("] ")
    folder, _slash, base = inner.rpartition("/")
    return store, folder, base


def _is_connected(values: Mapping[str, Any]) -> bool:
    return str(values.get("runtime.connectionState") or "connected") == "connected"


def _places(homes: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Folders and data centres by moRef, each with its inventory path."""
    parents: dict[str, tuple[str, str]] = {}
    for ref, values in homes.items():
        parent = values.get("parent")
        parents[ref] = (plain_name(str(values.get("name") or "?")), parent._moId if parent is not None else "")
    return {ref: _path(ref, parents) for ref in parents}


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
