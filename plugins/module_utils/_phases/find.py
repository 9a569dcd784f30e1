# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the cluster, scope by scope, and says what there is the session's. The same for deleting and verifying."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.mtv.teardown.plugins.module_utils._clients.cluster import Catalog, Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._record import kinds
from ansible_collections.mtv.teardown.plugins.module_utils._record.resources_file import Record
from ansible_collections.mtv.teardown.plugins.module_utils._session import journal, order
from ansible_collections.mtv.teardown.plugins.module_utils._session import prefix as prefixes
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Key, Session, merge_keys
from ansible_collections.mtv.teardown.plugins.module_utils._session.objects import Obj, Resource, listed
from ansible_collections.mtv.teardown.plugins.module_utils._session.ownership import (
    BY_NAME,
    Decision,
    Ownership,
    Status,
    home_of,
)
from ansible_collections.mtv.teardown.plugins.module_utils._session.rights import Right


@dataclass(frozen=True, slots=True)
class Scope:
    """One list request: a kind, in one namespace or (namespace None) in all of the cluster.

    optional: a wider look that the record makes unnecessary; when it is refused, the namespaces that are known
    are read one by one.
    """

    resource: Resource
    namespace: str | None = None
    optional: bool = False

    def as_dict(self) -> dict[str, Any]:
        return {"kind": self.resource.kind, "api_version": self.resource.api_version, "namespace": self.namespace}


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

    def contents(self) -> dict[str, Counter[str]]:
        """namespace -> how many objects of each kind were met in it that are the session's."""
        inside: dict[str, Counter[str]] = defaultdict(Counter)
        for obj, made in self.decided:
            if obj.namespace and made.ours:
                inside[obj.namespace][obj.kind] += 1
        return inside

    @property
    def unread_roots(self) -> str:
        """Why Plans, Migrations or Providers could not all be read; empty when they were."""
        roots = {kind for _group, kind in order.ROOT_KINDS}
        unread = (
            entry for entry in self.unreadable if entry["kind"] in roots or entry["api_version"] == order.FORKLIFT
        )
        return next((f"{entry['kind'] or order.FORKLIFT}: {entry['error']}" for entry in unread), "")


def find(cluster: Cluster, session: Session, catalog: Catalog | None = None) -> Found:
    """Read every scope of the session and decide on all that is in it. Nothing that fails ends it: what could not
    be read is in the answer."""
    try:
        catalog = catalog or cluster.discover()
    except ApiError as exc:
        return undiscovered(session, exc)
    return _Reading(cluster, session, catalog).run()


def undiscovered(session: Session, exc: ApiError) -> Found:
    """A reading of a cluster that does not say what it serves."""
    entry = {"kind": "", "api_version": "discovery", "namespace": None, "name": "", "error": exc.msg}
    return Found(session, unreadable=(entry,))


class _Reading:
    def __init__(self, cluster: Cluster, session: Session, catalog: Catalog) -> None:
        self._cluster, self._session, self._catalog, self._given = cluster, session, catalog, session
        self._objects: dict[str, Obj] = {}
        self._scopes: list[dict[str, Any]] = []
        self._unreadable: list[dict[str, Any]] = []
        self._groups = self._recorded_groups()
        self._read_keys: set[tuple[str, str | None]] = set()

    def run(self) -> Found:
        self._read(self._root_scopes())
        self._learn()
        if any(key.type in order.SERVED_PROVIDERS for key in self._session.providers):
            controller = self._catalog.find(order.FORKLIFT, "ForkliftController")
            self._read([Scope(controller)] if controller else [])
        self._read(self._namespace_scopes())
        self._learn()  # labels of what was read just now may name Plans that were not
        if not self._unreadable and journal.begins_anew(self._given, self._objects.values()):
            self._session = journal.forgotten(self._session)
            self._learn()
            self._read(self._namespace_scopes())
            self._learn()
        self._missing_servers()
        ownership = Ownership(self._session, self._objects.values(), self._groups)
        decided = [(obj, ownership.of(obj)) for obj in self._objects.values()]
        kept = [(obj, decision) for obj, decision in decided if decision.status is not Status.OTHER]
        kept.sort(key=lambda pair: pair[0].place)
        self._session = journal.traced(self._session.learned(noted=""), kept, home_of(self._objects.values()))
        read = any(scope["kind"] == "Namespace" and scope["api_version"] == "v1" for scope in self._scopes)
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

    def _existing(self) -> set[str]:
        """Names of the namespaces that were met."""
        return {obj.name for obj in self._objects.values() if (obj.group, obj.kind) == ("", "Namespace")}

    def _absent_records(self, found: Found) -> tuple[Record, ...]:
        """Records not met, where the place they name was really read (or cannot be: no such kind or namespace)."""
        met = {(obj.group, *obj.place) for obj in self._objects.values()}
        absent = []
        for record in self._session.records:
            group = self._groups.get(record.entry)
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
        """API group of each recorded kind; a kind that cannot be told is unreadable, not absent."""
        groups: dict[str, str] = {}
        for record in self._session.records:
            if record.on_provider:
                continue
            group = kinds.group_of(record, self._catalog.resources)
            if group is None:
                self._unreadable.append(
                    {
                        "kind": record.kind,
                        "api_version": "",
                        "namespace": record.namespace,
                        "name": record.name,
                        "error": f"{record.entry}: no API group is known for {record.kind} (module {record.module!r}), "
                        "so it was not looked for; look for it by hand",
                    }
                )
            else:
                groups[record.entry] = group
        return groups

    def _root_scopes(self) -> list[Scope]:
        wanted = [Scope(r) for kind in order.CLUSTER_KINDS if (r := self._catalog.find(*kind))]
        for kind in order.SEARCHED_KINDS:
            resource = self._catalog.find(*kind)
            if resource is not None:
                wanted.append(Scope(resource, optional=not self._session.is_searched))
        for record in self._session.records:
            resource = self._catalog.find(self._groups.get(record.entry, "?"), record.kind)
            if resource is not None and not resource.namespaced:
                wanted.append(Scope(resource))
        return wanted

    def _namespace_scopes(self) -> list[Scope]:
        """Own namespaces: every kind. Shared ones: what migrations make, and what the record names there."""
        existing = self._existing()
        own = set(self._session.own_namespaces(existing))
        recorded = {r.name for r in self._session.records if r.kind == "Namespace"} & existing
        wanted = []
        for name in sorted(own | {n for n in recorded if not prefixes.is_protected(n)}):
            wanted += [Scope(r, name) for r in self._listable()]
        shared = [name for name in self._session.shared_namespaces() if name in existing]
        for name in shared:
            wanted += [Scope(r, name) for kind in sorted(order.SHARED_KINDS) if (r := self._catalog.find(*kind))]
            wanted += self._recorded_scopes(name)
        return wanted + self._server_scopes()

    def _listable(self) -> list[Resource]:
        return [r for r in self._catalog.deletable_in_namespaces() if (r.group, r.kind) not in order.FURNITURE_KINDS]

    def _recorded_scopes(self, namespace: str) -> list[Scope]:
        found = (
            self._catalog.find(self._groups[r.entry], r.kind)
            for r in self._session.records
            if r.namespace == namespace and r.entry in self._groups
        )
        return [Scope(resource, namespace) for resource in found if resource is not None]

    def _server_scopes(self) -> list[Scope]:
        """OVA and Hyper-V providers run a server in Forklift's own namespace, wherever they stand themselves."""
        if not any(key.type in order.SERVED_PROVIDERS for key in self._session.providers):
            return []
        controllers = {o.namespace for o in self._objects.values() if o.kind == "ForkliftController"}
        return [
            Scope(r, name)
            for name in sorted(filter(None, controllers))
            for kind in sorted(order.SERVER_KINDS)
            if (r := self._catalog.find(*kind))
        ]

    # -- reading --------------------------------------------------------------------------------------------

    def _read(self, scopes: Iterable[Scope]) -> None:
        fresh: dict[tuple[str, str | None], Scope] = {}
        for scope in scopes:
            key = (scope.resource.key, scope.namespace)
            if key not in self._read_keys and (scope.resource.key, None) not in self._read_keys:
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
                continue
            self._scopes.append({**scope.as_dict(), "count": len(answer)})
            self._objects.update({obj.uid: obj for obj in answer})
        if refused:
            self._read_in_known_namespaces(refused)

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
        self._read([Scope(scope.resource, name) for scope in refused for name in sorted(known)])

    def _list(self, scope: Scope) -> tuple[Obj, ...] | ApiError:
        whole = (scope.resource.group, scope.resource.kind) in order.WHOLE_KINDS or (
            scope.resource.group == order.FORKLIFT
        )
        try:
            return self._cluster.listing(scope.resource, scope.namespace, whole=whole).objects
        except ApiError as exc:
            return exc

    def _missing_servers(self) -> None:
        """Kinds of an API group whose server is down are unknown, not absent."""
        own = any(
            obj.kind == "Namespace" and self._session.is_own_namespace(obj.name) for obj in self._objects.values()
        )
        needed = {group for group, _kind in order.SHARED_KINDS} | set(self._groups.values())
        for group, error in self._catalog.broken.items():
            if own or group in needed:
                self._unreadable.append(
                    {"kind": "", "api_version": group, "namespace": None, "name": "", "error": error}
                )

    # -- keys -----------------------------------------------------------------------------------------------

    def _learn(self) -> None:
        """Keys of Plans, Migrations and Providers that are the session's."""
        for _round in range(2):  # a Migration is known by its Plan
            ownership = Ownership(self._session, self._objects.values(), self._groups)
            owned = [(obj, made) for obj in self._objects.values() if (made := ownership.of(obj)).ours]
            self._session = learn(self._session, owned)


def learn(session: Session, owned: Iterable[tuple[Obj, Decision]]) -> Session:
    """The session with what these objects teach."""
    owned = list(owned)
    plans = [_plan_key(obj, made) for obj, made in owned if _is_root(obj, "Plan")]
    by_name = {(key.namespace, key.name): key for key in (*session.plans, *plans)}
    migrations = [key for obj, _made in owned if _is_root(obj, "Plan") for key in _history(obj)]
    migrations += [_migration_key(obj, made, by_name) for obj, made in owned if _is_root(obj, "Migration")]
    providers = [_provider_key(obj, made) for obj, made in owned if _is_root(obj, "Provider")]
    named = [obj.created for obj, _made in owned if obj.created and prefixes.matches(session.prefix, obj.name)]
    return session.learned(
        plans=merge_keys(session.plans, plans),
        migrations=merge_keys(session.migrations, migrations),
        providers=merge_keys(session.providers, providers),
        started=min([time for time in (session.started, *named) if time], default=""),
        namespaces=tuple(sorted({*session.namespaces, *(o.name for o, _m in owned if o.kind == "Namespace")})),
        identities={**{obj.address: obj.uid for obj, made in owned if made.evidence in BY_NAME}, **session.identities},
    )


def _is_root(obj: Obj, kind: str) -> bool:
    return obj.group == order.FORKLIFT and obj.kind == kind


def _plan_key(obj: Obj, made: Decision) -> Key:
    target = str(obj.spec("targetNamespace") or obj.namespace or "")
    source = obj.spec("provider", "source")
    source = source if isinstance(source, Mapping) else {}
    return Key(
        obj.name,
        obj.namespace or "",
        obj.uid,
        target_namespace=target,
        test_name=made.test_name,
        source=f"{source.get('namespace') or ''}/{source.get('name') or ''}",
        vms=tuple((str(vm.get("id") or ""), str(vm.get("name") or "")) for vm in _vms(obj) if vm.get("id")),
    )


def _vms(plan: Obj) -> list[Mapping[str, Any]]:
    """The VMs of a Plan: those of its status first, for there a name is resolved to an id."""
    return [*listed(plan.status("migration", "vms")), *listed(plan.spec("vms"))]


def _provider_key(obj: Obj, made: Decision) -> Key:
    return Key(
        obj.name,
        obj.namespace or "",
        obj.uid,
        test_name=made.test_name,
        type=str(obj.spec("type") or ""),
        host=urlsplit(str(obj.spec("url") or "")).hostname or "",
    )


def _migration_key(obj: Obj, made: Decision, plans: Mapping[tuple[str, str], Key]) -> Key:
    plan = plans.get((str(obj.spec("plan", "namespace") or ""), str(obj.spec("plan", "name") or "")))
    return Key(
        obj.name,
        obj.namespace or "",
        obj.uid,
        plan_uid=plan.uid if plan else "",
        test_name=made.test_name or (plan.test_name if plan else ""),
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
