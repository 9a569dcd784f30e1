# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the cluster, scope by scope, and says what there is the session's. The same for deleting and verifying."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _progress
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import (
    forklift,
    inspections,
    kinds,
    kubeconfig,
    noting,
    order,
    scopes,
    second_views,
    unfindable,
)
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Catalog, Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.coverage import Coverage, Place
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.needed_rights import Right
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, Owner, Resource, listed
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.ownership import BY_NAME, Ownership, home_of
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.scopes import EVERYTHING, Aim, Scope, scope_of
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._next_step import Whose
from ansible_collections.mtv.teardown.plugins.module_utils._session import notes
from ansible_collections.mtv.teardown.plugins.module_utils._session import prefix as prefixes
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Decision, Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Key, Session, merge_keys
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record


@dataclass(frozen=True, slots=True)
class Found:
    """One reading. session: with the keys that this reading added; scopes: those read, with their counts;
    absent: records that a complete reading did not meet; namespaces: those that there are, None when that could
    not be read."""

    session: Session
    catalog: Catalog = field(default_factory=lambda: Catalog(()))
    decided: tuple[tuple[Obj, Decision], ...] = ()
    absent: tuple[Record, ...] = ()
    scopes: tuple[Mapping[str, Any], ...] = ()
    unreadable: tuple[Mapping[str, Any], ...] = ()
    namespaces: frozenset[str] | None = None

    def with_status(self, *statuses: Status) -> list[tuple[Obj, Decision]]:
        return [(obj, decision) for obj, decision in self.decided if decision.status in statuses]

    @property
    def owned(self) -> list[tuple[Obj, Decision]]:
        return self.with_status(Status.OWNED)

    def was_read(self, api_version: str, kind: str, namespace: str | None) -> bool:
        """Whether this reading can say that something is not there: its scope was read, or its namespace is gone."""
        if namespace and self.namespaces is not None and namespace not in self.namespaces:
            return True
        return any(
            (scope["api_version"], scope["kind"]) == (api_version, kind) and scope["namespace"] in (namespace, None)
            for scope in self.scopes
        )

    def followed_by(self, later: Found) -> Found:
        """Both looks as one: what the later one read is as it saw it."""
        read = {(scope["api_version"], scope["kind"], scope["namespace"]) for scope in later.scopes}
        failed = [e for e in self.unreadable if (e["api_version"], e["kind"], e["namespace"]) not in read]
        met = {obj.uid for obj, _decision in later.decided}
        stays = [
            (obj, decision)
            for obj, decision in self.decided
            if obj.uid not in met and not later.was_read(obj.resource.api_version, obj.kind, obj.namespace)
        ]
        there = {obj.place for obj, _decision in later.decided}
        gone = [r for r in self.absent if (r.kind, r.namespace or "", r.name) not in there and r not in later.absent]
        return replace(
            later,
            decided=(*stays, *later.decided),
            absent=(*gone, *later.absent),
            scopes=(*self.scopes, *later.scopes),
            unreadable=(*(entry for entry in failed if entry not in later.unreadable), *later.unreadable),
        )

    def contents(self) -> dict[str, Counter[str]]:
        """namespace -> how many objects of each kind were met in it that are the session's."""
        inside: dict[str, Counter[str]] = defaultdict(Counter)
        for obj, decision in self.decided:
            if obj.namespace and decision.ours:
                inside[obj.namespace][obj.kind] += 1
        return inside

    def whose(self, uid: str, api_version: str, kind: str, namespace: str | None) -> Whose:
        """Of an object of the cluster: what a look did not keep, though it read such objects there, is of others."""
        met = next((decision.whose for obj, decision in self.decided if obj.uid == uid), None)
        if met is not None:
            return met
        return Whose.OTHERS if self.was_read(api_version, kind, namespace) else Whose.UNKNOWN

    @property
    def unread_roots(self) -> str:
        """Why Plans, Migrations or Providers could not all be read; empty when they were."""
        roots = {kind for _group, kind in order.ROOT_KINDS}
        unread = (
            entry for entry in self.unreadable if entry["kind"] in roots or entry["api_version"] == order.FORKLIFT
        )
        return next((f"{entry['kind'] or order.FORKLIFT}: {entry['error']}" for entry in unread), "")


def find(cluster: Cluster, session: Session, catalog: Catalog | None = None, aim: Aim = EVERYTHING) -> Found:
    """Read every scope of the session and decide on all that is in it. Nothing that fails ends it: what could not
    be read is in the answer. aim: a phase needs no more than what it deletes, and what that rests on."""
    try:
        catalog = catalog or cluster.discover()
    except ApiError as exc:
        return undiscovered(session, exc)
    # Whether a note is about this session, and a name shows a namespace to be its own, only everything in it can tell.
    narrow = session.names_prove and not session.noted
    with _progress.waiting(_progress.reading(cluster.ledger.lists)):
        return _Reading(cluster, session, catalog, aim if narrow else EVERYTHING).run()


def undiscovered(session: Session, exc: ApiError) -> Found:
    """A reading of a cluster that does not say what it serves."""
    entry = {"kind": "", "api_version": "discovery", "namespace": None, "name": "", "error": exc.msg}
    return Found(session, unreadable=(entry,))


# How many generations of owners are looked up one by one, where their kinds were not read; how often a decision may ask
# for more.
_GENERATIONS = 5


class _Reading:
    def __init__(self, cluster: Cluster, session: Session, catalog: Catalog, aim: Aim) -> None:
        self._cluster, self._session, self._catalog, self._aim = cluster, session, catalog, aim
        self._given = session
        self._objects: dict[str, Obj] = {}
        self._views: dict[second_views.Place, str] = {}
        self._scopes: list[dict[str, Any]] = []
        self._unreadable: list[dict[str, Any]] = []
        self._groups = self._recorded_groups()
        self._read_keys: set[tuple[str, str | None]] = set()
        self._covered: set[Place] = set()
        self._errors: dict[Place, str] = {}
        self._swept: set[str] = set()
        self._gone: set[str] = set()
        self._unknown: dict[str, str] = {}
        placed = any(record.place for record in session.records if not record.on_provider)
        self._url = kubeconfig.place_of(str(cluster.where["url"])) if placed else ""

    def run(self) -> Found:
        self._read(self._root_scopes())
        self._learn()
        if any(key.type in order.SERVED_PROVIDERS for key in self._session.providers):
            controller = self._catalog.find(order.FORKLIFT, "ForkliftController")
            self._read([scope_of(controller)] if controller else [])
        self._read_namespaces()
        if not (self._unreadable or self._catalog.broken) and noting.begins_anew(self._given, self._objects.values()):
            self._session = notes.forgotten(self._session)
            self._learn()
            self._read_namespaces()
        self._missing_servers()
        self._unreadable += unfindable.entries(self._session, self._is_here, self._url)
        self._session = inspections.with_hosts(self._session, self._objects, self._secret)
        kept = [(obj, decision) for obj, decision in self._decided() if decision.status is not Status.OTHER]
        kept.sort(key=lambda pair: pair[0].place)
        self._session = noting.traced(self._session.learned(noted=""), kept, home_of(self._objects.values()))
        read = ("", "Namespace", None) in self._covered
        self._session = self._session.learned(met={**self._session.met, **(self._met(kept) if read else {})})
        found = Found(
            self._session,
            self._catalog,
            tuple(kept),
            (),
            tuple(self._scopes),
            tuple(self._unreadable),
            frozenset(self._existing()) if read else None,
        )
        return replace(found, absent=self._absent_records(found))

    def _read_namespaces(self) -> None:
        """What is read may name Plans that were not, and more namespaces."""
        for _round in range(_GENERATIONS):
            shared = self._session.shared_namespaces()
            self._read(self._namespace_scopes())
            self._learn()
            if self._session.shared_namespaces() == shared:
                return

    def _existing(self) -> set[str]:
        """Names of the namespaces that were met."""
        return {obj.name for obj in self._objects.values() if (obj.group, obj.kind) == ("", "Namespace")}

    def _is_here(self, record: Record) -> bool:
        """Whether an entry is about this cluster: it says no place, or this one, or something is or was met here that
        was made there. Entries about providers are theirs."""
        if record.on_provider or record.place in ("", self._url):
            return True
        there = {r.uid for r in self._session.records if r.place == record.place and r.uid}
        return any(there & known for known in self._met_here())

    def _met_here(self) -> tuple[set[str], ...]:
        """uids: now, and by earlier phases and runs."""
        return set(self._objects), set(self._session.lineage), set(self._session.identities.values())

    def _absent_records(self, found: Found) -> tuple[Record, ...]:
        """Records not met, where the place they name was really read (or cannot be: no such kind or namespace)."""
        met = {*self._views, *((obj.group, *obj.place) for obj in self._objects.values())}
        absent = []
        for record in self._session.records:
            group = self._groups.get(record.entry) if record.name and self._is_here(record) else None
            if group is None or (group, record.kind, record.namespace or "", record.name) in met:
                continue
            resource = self._catalog.find(group, record.kind)
            known = (
                found.was_read(resource.api_version, record.kind, record.namespace)
                if resource
                else group not in self._catalog.broken
            )
            if known:
                absent.append(record)
        return tuple(absent)

    # -- which scopes ---------------------------------------------------------------------------------------

    def _recorded_groups(self) -> dict[str, str]:
        """API group of each recorded kind; an entry that cannot be placed is unreadable, not absent."""
        groups: dict[str, str] = {}
        for record in self._session.records:
            if record.on_provider:
                continue
            group = kinds.group_of(record, self._catalog.resources)
            error = self._misfit(record, group)
            if error:
                entry = {"kind": record.kind, "api_version": "", "namespace": record.namespace, "name": record.name}
                self._unreadable.append({**entry, "error": f"{record.entry}: {error}; look for it by hand"})
            elif group is not None:
                groups[record.entry] = group
        return groups

    def _misfit(self, record: Record, group: str | None) -> str:
        """Why nobody can tell where an entry's object would be; empty when it fits."""
        if group is None:
            return f"no API group is known for {record.kind} (module {record.module!r}), so it was not looked for"
        resource = self._catalog.find(group, record.kind)
        if resource is None or resource.namespaced == bool(record.namespace):
            return ""
        if resource.namespaced:
            return f"{record.kind} lies in a namespace, and the entry names none, so it was not looked for"
        return f"{record.kind} lies in no namespace, and the entry names {record.namespace}, so it was not looked for"

    def _root_scopes(self) -> list[Scope]:
        wanted = [scope_of(r) for r in [self._catalog.find("", "Namespace")] if r is not None]
        for kind in order.SEARCHED_KINDS:
            resource = self._catalog.find(*kind)
            if resource is not None:
                wanted.append(replace(scope_of(resource), optional=not self._session.is_searched))
        if self._aim.everything or self._aim.outside:
            for record in self._session.records:
                resource = self._catalog.find(self._groups.get(record.entry, "?"), record.kind)
                if resource is not None and not resource.namespaced:
                    wanted.append(scope_of(resource))
        return wanted + [scope_of(r) for r in scopes.outside(self._aim, self._catalog, self._session)]

    def _namespace_scopes(self) -> list[Scope]:
        """Own namespaces, recorded ones, which may be the session's by their age, and shared ones."""
        existing = self._existing()
        own = set(self._session.own_namespaces(existing))
        recorded = {r.name for r in self._session.records if r.kind == "Namespace"} & existing
        recorded = {name for name in recorded if not prefixes.is_protected(name)}
        shared = {name for name in self._session.shared_namespaces() if name in existing}
        places = sorted(own | recorded | shared)
        self._swept |= {name for name in places if scopes.is_swept(self._aim, self._session, name)}
        wanted = [scope for name in places if name in self._swept for scope in self._sweep(name)]
        for name in places:
            if name in shared or name not in self._swept:
                wanted += scopes.inside(self._aim, self._catalog, self._session, name, self._recorded_in(name))
        return wanted + self._server_scopes()

    def _sweep(self, namespace: str) -> list[Scope]:
        users = not self._session.is_own_namespace(namespace)
        return [scope_of(r, namespace, users=users) for r in scopes.listable(self._catalog)]

    def _recorded_in(self, namespace: str) -> list[Resource]:
        found = (
            self._catalog.find(self._groups[r.entry], r.kind)
            for r in self._session.records
            if r.namespace == namespace and r.entry in self._groups
        )
        return [resource for resource in found if resource is not None]

    def _server_scopes(self) -> list[Scope]:
        if not any(key.type in order.SERVED_PROVIDERS for key in self._session.providers):
            return []
        controllers = {o.namespace for o in self._objects.values() if o.kind == "ForkliftController"}
        names = sorted(filter(None, controllers))
        return [scope for name in names for scope in scopes.of_servers(self._aim, self._catalog, name)]

    def _asked_scopes(self, coverage: Coverage) -> list[Scope]:
        """What decisions ask for. Plans and the like are read wherever that is allowed, or nowhere."""
        wanted = [
            scope_of(r, namespace, users=True)
            for group, kind, namespace in sorted(coverage.wanted, key=str)
            if (r := self._catalog.find(group, kind)) and (namespace or (group, kind) not in order.SEARCHED_KINDS)
        ]
        if self._aim.namespaces:
            fresh = sorted(coverage.unswept - self._swept)
            self._swept |= set(fresh)
            wanted += [scope for name in fresh for scope in self._sweep(name)]
        return wanted

    def _met(self, kept: Iterable[tuple[Obj, Decision]]) -> dict[str, tuple[str, ...]]:
        """Of each namespace that was read as a whole ("" for what is outside all) the kinds of which something may be
        the session's: met, or not to be read. Where kinds are unknown, nobody knows that."""
        if self._catalog.broken:
            return {}
        found: dict[str, set[str]] = {name: set() for name in self._swept}
        if self._aim.everything:
            found[""] = set()
        for obj, _decision in kept:
            found.get(obj.namespace or "", set()).add(obj.resource.key)
        for group, kind, namespace in self._errors:
            resource = self._catalog.find(group, kind)
            for name in (namespace or "", *(() if namespace else found)):
                if resource is not None and name in found:
                    found[name].add(resource.key)
        return {name: tuple(sorted(keys)) for name, keys in found.items()}

    # -- reading --------------------------------------------------------------------------------------------

    def _read(self, wanted: Iterable[Scope]) -> None:
        fresh: dict[tuple[str, str | None], Scope] = {}
        for scope in wanted:
            key = (scope.resource.key, scope.namespace)
            if key in self._read_keys:
                continue
            # Metadata alone says nothing of what is used: then what is needed whole is read again.
            if (scope.resource.key, None) not in self._read_keys or (scope.whole and scopes.is_user(scope)):
                fresh.setdefault(key, scope)
        self._read_keys.update(fresh)
        refused = self._not_allowed([scope for scope in fresh.values() if scope.optional])
        asked = [scope for scope in fresh.values() if scope not in refused]
        for scope, answer in zip(asked, self._cluster.together(self._list, asked), strict=True):
            if isinstance(answer, ApiError):
                if scope.optional and answer.status == 403:
                    refused.append(scope)
                else:
                    self._unreadable.append({**scope.as_dict(), "name": "", "error": answer.msg})
                    self._errors[scope.place] = answer.msg
                continue
            objects, broken = answer
            self._meet(objects)
            if broken:  # the others are judged all the same; whether anything is missing here, nobody can say
                told = "; ".join(broken[:5])
                self._unreadable.append({**scope.as_dict(), "name": "", "error": told})
                self._errors[scope.place] = told
                continue
            if scope.whole or not scopes.is_user(scope):
                self._covered.add(scope.place)
            self._scopes.append({**scope.as_dict(), "count": len(objects)})
        if refused:
            self._read_in_known_namespaces(refused)

    def _meet(self, objects: Iterable[Obj]) -> None:
        for obj in objects:
            known = self._objects.get(obj.uid)
            self._objects[obj.uid] = second_views.one(known, obj)
            if known is not None:
                self._views.update({(view.group, *view.place): obj.uid for view in (known, obj)})

    def _not_allowed(self, wide: list[Scope]) -> list[Scope]:
        """Those of these wider looks that the account may not have; asked once for a session, where each phase would
        have its lists refused."""
        if wide and self._session.narrow is None:
            told = zip(wide, self._cluster.together(self._may_list, wide), strict=True)
            narrow = tuple(sorted(scope.resource.key for scope, allowed in told if not allowed))
            self._session = self._session.learned(narrow=narrow)
        return [scope for scope in wide if scope.resource.key in (self._session.narrow or ())]

    def _may_list(self, scope: Scope) -> bool:
        """Where the server cannot say, the list itself will."""
        try:
            return self._cluster.may(Right("", scope.resource.group, scope.resource.plural, "list"))
        except ApiError:
            return True

    def _read_in_known_namespaces(self, refused: list[Scope]) -> None:
        self._read_keys -= {(scope.resource.key, None) for scope in refused}
        existing = self._existing()
        known = {*self._session.shared_namespaces(), *self._session.own_namespaces(existing)}
        self._read([scope_of(scope.resource, name) for scope in refused for name in sorted(known)])

    def _list(self, scope: Scope) -> tuple[tuple[Obj, ...], list[str]] | ApiError:
        """The objects, and what is wrong with those that cannot be understood."""
        broken: list[str] = []
        try:
            found = self._cluster.listing(scope.resource, scope.namespace, whole=scope.whole, broken=broken)
            return found.objects, broken
        except ApiError as exc:
            return exc

    def _missing_servers(self) -> None:
        """Kinds of an API group whose server is down are unknown, not absent."""
        own = any(
            obj.kind == "Namespace" and self._session.is_own_namespace(obj.name) for obj in self._objects.values()
        )
        needed = {group for group, _kind in order.SHARED_KINDS} | set(self._groups.values())
        for group, error in self._catalog.broken.items():
            wide = self._aim.everything or self._aim.rest or self._aim.outside
            swept = wide and group not in order.PROJECTED_GROUPS
            if own or swept or group in needed:
                self._unreadable.append(
                    {"kind": "", "api_version": group, "namespace": None, "name": "", "error": error}
                )

    # -- what it covered ------------------------------------------------------------------------------------

    def _ownership(self) -> Ownership:
        coverage = Coverage(
            read=frozenset(self._covered),
            errors=self._errors,
            served={(r.group, r.kind): r.namespaced for r in self._catalog.resources},
            broken=self._catalog.broken,
            whole=frozenset(self._swept),
            gone=frozenset(self._gone),
            unknown=self._unknown,
            namespaces=frozenset(self._existing()) if ("", "Namespace", None) in self._covered else None,
        )
        # What the record calls by the name of a view is recorded.
        here = [record for record in self._session.records if record.name and self._is_here(record)]
        records, groups = second_views.resolved(here, self._groups, self._views, self._objects)
        return Ownership(self._session.learned(records=records), self._objects.values(), groups, coverage)

    def _decided(self) -> list[tuple[Obj, Decision]]:
        """The decisions, once they ask for nothing more that could be read."""
        for _round in range(_GENERATIONS):
            ownership = self._ownership()
            decided = [(obj, ownership.of(obj)) for obj in self._objects.values()]
            owners, asked = ownership.unread_owners(), self._asked_scopes(ownership.coverage)
            if not owners and not asked:
                return decided
            self._look_up(owners)
            self._read(asked)
        ownership = self._ownership()
        return [(obj, ownership.of(obj)) for obj in self._objects.values()]

    def _look_up(self, wanted: Mapping[str, tuple[Owner, str | None]]) -> None:
        """Owners whose kind was not read, each by its name; what is found may have owners itself."""
        answers = self._cluster.together(self._owner, wanted.values())
        for uid, answer in zip(wanted, answers, strict=True):
            if isinstance(answer, ApiError):
                self._unknown[uid] = answer.msg
            elif answer is None:
                self._gone.add(uid)
            else:
                self._objects[uid] = answer

    def _owner(self, wanted: tuple[Owner, str | None]) -> Obj | ApiError | None:
        """None when a healthy server does not have it. A list of one name needs no other right than the list does."""
        owner, namespace = wanted
        resource = self._catalog.find(owner.group, owner.kind)
        if resource is None:
            return ApiError(f"the cluster serves no {owner.kind} of {owner.api_version or 'an unknown version'}")
        scope = scope_of(resource, namespace if resource.namespaced else None)
        if self._covered & {scope.place, replace(scope, namespace=None).place}:
            return None
        try:
            found = self._named(resource, scope.namespace, owner.name, scope.whole)
        except ApiError as exc:
            return exc
        return next((obj for obj in found if obj.uid == owner.uid), None)

    def _secret(self, place: inspections.Place) -> Obj | None:
        resource = self._catalog.find("", "Secret")
        try:
            return next(iter(self._named(resource, *place, whole=True)), None) if resource else None
        except ApiError:
            return None

    def _named(self, resource: Resource, namespace: str | None, name: str, whole: bool) -> tuple[Obj, ...]:
        return self._cluster.listing(resource, namespace, whole=whole, fields=f"metadata.name={name}").objects

    # -- keys -----------------------------------------------------------------------------------------------

    def _learn(self) -> None:
        """Keys of Plans, Migrations, Providers and Conversions that are the session's."""
        for _round in range(2):  # a Migration is known by its Plan
            ownership = self._ownership()
            owned = [(obj, decision) for obj in self._objects.values() if (decision := ownership.of(obj)).ours]
            learned = learn(self._session, owned)
            if learned == self._session:  # the same would be decided again
                return
            self._session = learned


def learn(session: Session, owned: Iterable[tuple[Obj, Decision]]) -> Session:
    """The session with what these objects teach."""
    owned = list(owned)
    plans = [_plan_key(obj, decision) for obj, decision in owned if _is_root(obj, "Plan")]
    by_name = {(key.namespace, key.name): key for key in (*session.plans, *plans)}
    migrations = [key for obj, _decision in owned if _is_root(obj, "Plan") for key in _history(obj)]
    migrations += [_migration_key(obj, decision, by_name) for obj, decision in owned if _is_root(obj, "Migration")]
    providers = [_provider_key(obj, decision) for obj, decision in owned if _is_root(obj, "Provider")]
    alone = [obj for obj, decision in owned if decision.alone]  # the age of others' would make more ours
    conversions = [
        _conversion_key(obj, decision)
        for obj, decision in owned
        if decision.status is Status.OWNED and _is_root(obj, "Conversion")
    ]
    named = [obj.created for obj in alone if obj.created and prefixes.matches(session.prefix, obj.name)]
    return session.learned(
        plans=merge_keys(session.plans, plans),
        migrations=merge_keys(session.migrations, migrations),
        providers=merge_keys(session.providers, providers),
        conversions=merge_keys(session.conversions, inspections.keeping(session.conversions, conversions)),
        started=min([time for time in (session.started, *named) if time], default=""),
        namespaces=tuple(sorted({*session.namespaces, *(o.name for o, _m in owned if o.kind == "Namespace")})),
        identities={
            **{obj.address: obj.uid for obj, decision in owned if decision.evidence in BY_NAME},
            **session.identities,
        },
    )


def _is_root(obj: Obj, kind: str) -> bool:
    return obj.group == order.FORKLIFT and obj.kind == kind


def _plan_key(obj: Obj, decision: Decision) -> Key:
    target = str(obj.spec("targetNamespace") or obj.namespace or "")
    source = obj.spec("provider", "source")
    source = source if isinstance(source, Mapping) else {}
    return Key(
        obj.name,
        obj.namespace or "",
        obj.uid,
        target_namespace=target,
        test_name=decision.test_name,
        source=f"{source.get('namespace') or ''}/{source.get('name') or ''}",
        vms=tuple((str(vm.get("id") or ""), str(vm.get("name") or "")) for vm in _vms(obj) if vm.get("id")),
    )


def _vms(plan: Obj) -> list[Mapping[str, Any]]:
    """The VMs of a Plan: those of its status first, for there a name is resolved to an id."""
    return [*listed(plan.status("migration", "vms")), *listed(plan.spec("vms"))]


def _provider_key(obj: Obj, decision: Decision) -> Key:
    return Key(
        obj.name,
        obj.namespace or "",
        obj.uid,
        test_name=decision.test_name,
        type=str(obj.spec("type") or ""),
        host=inspections.host_of(str(obj.spec("url") or "")),
    )


def _conversion_key(obj: Obj, decision: Decision) -> Key:
    return Key(
        obj.name,
        obj.namespace or "",
        obj.uid,
        target_namespace=forklift.place_of_pod(obj) or "",
        test_name=decision.test_name,
        type="vsphere",  # the only one whose VMs Forklift inspects (conversion/vsphere_connect.go)
        vms=forklift.inspected(obj),
        snapshot=forklift.made_snapshot(obj),
    )


def _migration_key(obj: Obj, decision: Decision, plans: Mapping[tuple[str, str], Key]) -> Key:
    plan = plans.get((str(obj.spec("plan", "namespace") or ""), str(obj.spec("plan", "name") or "")))
    return Key(
        obj.name,
        obj.namespace or "",
        obj.uid,
        plan_uid=plan.uid if plan else "",
        test_name=decision.test_name or (plan.test_name if plan else ""),
    )


def _history(plan: Obj) -> list[Key]:
    """Migrations that a Plan ran, also those that have gone (forklift.md 1.1: status.migration.history)."""
    ran = []
    for entry in listed(plan.status("migration", "history")):
        migration = entry.get("migration")
        if isinstance(migration, Mapping) and migration.get("uid"):
            ran.append(
                Key(
                    str(migration.get("name", "")),
                    str(migration.get("namespace", "")),
                    str(migration["uid"]),
                    plan_uid=plan.uid,
                )
            )
    return ran
