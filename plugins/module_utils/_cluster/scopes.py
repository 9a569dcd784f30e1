# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look reads: lists of kinds, by what it is for. Pure.

Every look reads the namespaces there are, and Plans, Migrations, Providers, Conversions and VMs; in namespaces of
others claims, too. What else a decision rests on is read when that decision asks for it (Coverage.wanted), so a look
that is for less decides nothing that a look at everything would not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import furniture, order
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Catalog
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.coverage import Kind, Place
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Resource
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

_CLAIM, _VOLUME, _POD = ("", "PersistentVolumeClaim"), ("", "PersistentVolume"), ("", "Pod")
# What controllers make of others, again where it is deleted.
_MADE = frozenset(
    {_CLAIM, _POD, ("batch", "Job"), (order.CDI, "DataVolume"), (order.KUBEVIRT, "VirtualMachineInstance")}
)


@dataclass(frozen=True, slots=True)
class Aim:
    """What a look is for. everything: to know all that there is of the session; kinds: these, in each of its
    namespaces; rest: whatever of it a look at everything has met there, and all kinds where nobody has looked so;
    rest_in: the same, of these namespaces alone; outside: the same outside namespaces; namespaces: recorded ones are
    going to be deleted, so all that is in them has to be known; also: further kinds, each in one namespace or (None)
    outside."""

    everything: bool = False
    kinds: frozenset[Kind] = frozenset()
    rest: bool = False
    rest_in: frozenset[str] = frozenset()
    outside: bool = False
    namespaces: bool = False
    also: frozenset[tuple[Kind, str | None]] = frozenset()

    def wants_rest(self, namespace: str) -> bool:
        return self.rest or namespace in self.rest_in


EVERYTHING = Aim(everything=True)
# Cancel and archive change what every look reads.
ROOTS = Aim()
# Claims go with their VMs, and volumes with their claims: each is waited for.
PHASES = {
    order.VMS: Aim(kinds=frozenset({_CLAIM})),
    order.RESOURCES: Aim(kinds=frozenset({_CLAIM, _POD, (order.CDI, "DataVolume")}), rest=True),
    order.NAMESPACES: Aim(kinds=order.RIGHTS_STEP.kinds | {_CLAIM}, outside=True, namespaces=True),
}
# What may be new after a pass, or let go by it; what it handled, and did not see go, is read beside that.
AGAIN = {
    order.VMS: PHASES[order.VMS],
    order.RESOURCES: Aim(kinds=_MADE | {(order.FORKLIFT, f"{kind}ProviderServer") for kind in ("OVA", "HyperV")}),
    order.NAMESPACES: Aim(kinds=frozenset({_CLAIM}), also=frozenset({(_VOLUME, None), (order.SNAPSHOT_CONTENT, None)})),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """One list request: a kind, in one namespace or (namespace None) in all of the cluster.

    optional: a wider look that the record makes unnecessary; when it is refused, the namespaces that are known
    are read one by one. whole: spec and status too, not only metadata.
    """

    resource: Resource
    namespace: str | None = None
    optional: bool = False
    whole: bool = False

    @property
    def place(self) -> Place:
        return (self.resource.group, self.resource.kind, self.namespace)

    def as_dict(self) -> dict[str, Any]:
        return {"kind": self.resource.kind, "api_version": self.resource.api_version, "namespace": self.namespace}


def scope_of(resource: Resource, namespace: str | None = None, users: bool = False) -> Scope:
    """users: whoever may use a claim there is read whole."""
    kind = (resource.group, resource.kind)
    whole = kind in order.WHOLE_KINDS or resource.group == order.FORKLIFT or (users and kind in order.USER_KINDS)
    return Scope(resource, namespace, whole=whole)


def is_user(scope: Scope) -> bool:
    return (scope.resource.group, scope.resource.kind) in order.USER_KINDS


def listable(catalog: Catalog) -> list[Resource]:
    """Every kind that a namespace may hold, but what the cluster keeps in each for itself."""
    return [r for r in catalog.deletable(namespaced=True) if (r.group, r.kind) not in furniture.KINDS]


def outside(aim: Aim, catalog: Catalog, session: Session) -> list[Resource]:
    """Kinds outside namespaces."""
    if not (aim.everything or aim.outside):
        return _served(catalog, {kind for kind, namespace in aim.also if namespace is None}, namespaced=False)
    found = [r for r in catalog.deletable(namespaced=False) if (r.group, r.kind) not in order.CLUSTER_FURNITURE_KINDS]
    if aim.outside and "" in session.met:
        named = {*order.NAMED_KINDS, order.SNAPSHOT_CONTENT}
        found = [r for r in found if (r.group, r.kind) in named or r.key in session.met[""]]
    return [*_served(catalog, order.CLUSTER_KINDS, namespaced=False), *found]


def is_swept(aim: Aim, session: Session, namespace: str) -> bool:
    """Whether every kind in it is read: to know everything, or because nobody knows which kinds it holds."""
    return aim.everything or (aim.wants_rest(namespace) and namespace not in session.met)


def inside(aim: Aim, catalog: Catalog, session: Session, namespace: str, recorded: Iterable[Resource]) -> list[Scope]:
    """Lists in a namespace that is not swept. recorded: kinds that the record names there."""
    own = session.is_own_namespace(namespace)
    kinds = {*aim.kinds, *(kind for kind, place in aim.also if place == namespace)}
    if not own:
        kinds |= set(order.CLAIM_KINDS)
    if aim.everything:
        kinds |= order.SHARED_KINDS | order.USER_KINDS
    if aim.wants_rest(namespace) and namespace in _of_migrations(session):
        kinds |= order.SHARED_KINDS
    found = _served(catalog, kinds, namespaced=True)
    if aim.everything or aim.wants_rest(namespace):
        met = session.met.get(namespace, ())
        found += [*recorded, *(r for r in listable(catalog) if r.key in met)]
    return [scope_of(resource, namespace, users=not own) for resource in found]


def of_servers(aim: Aim, catalog: Catalog, namespace: str) -> list[Scope]:
    """OVA and Hyper-V providers run a server in Forklift's own namespace, wherever they stand themselves."""
    kinds = order.SERVER_KINDS & {*order.CLAIM_KINDS, *aim.kinds}
    if aim.everything or aim.rest:
        kinds |= order.SERVER_KINDS
    if aim.everything:
        kinds |= order.USER_KINDS
    return [scope_of(resource, namespace, users=True) for resource in _served(catalog, kinds, namespaced=True)]


def _of_migrations(session: Session) -> set[str]:
    """Namespaces in which a migration may have made something since."""
    made = (*session.plans, *session.migrations, *session.conversions)
    return {name for key in made for name in (key.namespace, key.target_namespace)}


def _served(catalog: Catalog, kinds: Collection[Kind], namespaced: bool) -> list[Resource]:
    found = (catalog.find(*kind) for kind in sorted(kinds))
    return [r for r in found if r is not None and r.namespaced == namespaced]
