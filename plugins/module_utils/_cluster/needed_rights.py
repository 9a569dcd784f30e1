# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an account must be allowed to do on the API server: by kind of use, and for one session.

Both come from the tables by which the phases read and delete (order.py, kinds.py), so that a kind which is added there
is asked for here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import config_map, guards, lease, order
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.kinds import SUITE_GROUPS
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, Resource, dig

NAME = "mtv-teardown"
_ANY = ("*", "*")
_VM = (order.KUBEVIRT, "VirtualMachine")
_PROVIDER = (order.FORKLIFT, "Provider")
_NAMESPACE = ("", "Namespace")
# A Conversion is canceled by its status.
_CONVERSION_STATUS = "Conversion/status"
_POD_LOG = "Pod/log"
_READ, _DELETE, _PATCH = ("list",), ("list", "watch", "delete"), ("patch",)
# Cancel and archive are patches, and Forklift lets only those patch who may create VirtualMachines in the target
# namespace and read the Providers (forklift.md 1.2).
_PATCHED = {
    (order.FORKLIFT, "Migration"): ("patch",),
    (order.FORKLIFT, "Plan"): ("patch",),
    (order.FORKLIFT, _CONVERSION_STATUS): ("patch",),
    _PROVIDER: ("get",),
    _VM: ("create",),
}
_PLURALS = {
    "NetworkAttachmentDefinition": "network-attachment-definitions",
    "SecurityContextConstraints": "securitycontextconstraints",
    _CONVERSION_STATUS: "conversions/status",
    _POD_LOG: "pods/log",
}
# What Kubernetes itself keeps outside namespaces and every look reads; a cluster with more kinds asks for more.
_OUTSIDE = {
    "admissionregistration.k8s.io": (
        "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration "
        "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration"
    ),
    "apiextensions.k8s.io": "CustomResourceDefinition",
    "apiregistration.k8s.io": "APIService",
    "certificates.k8s.io": "CertificateSigningRequest ClusterTrustBundle",
    "flowcontrol.apiserver.k8s.io": "FlowSchema PriorityLevelConfiguration",
    "networking.k8s.io": "IngressClass ServiceCIDR",
    "node.k8s.io": "RuntimeClass",
    "resource.k8s.io": "DeviceClass DeviceTaintRule",
    "storage.k8s.io": "CSIDriver VolumeAttributesClass",
    "storagemigration.k8s.io": "StorageVersionMigration",
}

Kind = tuple[str, str]
Verbs = Mapping[Kind, tuple[str, ...]]
Find = Callable[[str, str], "Resource | None"]


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One verb on one kind. namespace: empty for the whole cluster; resource: as in a Role; only: the one object that
    it is about, empty for all."""

    namespace: str
    group: str
    resource: str
    verb: str
    only: str = ""

    @property
    def name(self) -> str:
        """The one object that is meant: to delete a namespace is a right inside that namespace."""
        return self.only or (self.namespace if (self.group, self.resource) == ("", "namespaces") else "")

    @property
    def key(self) -> str:
        """C(plural.group), as kubectl writes it."""
        return f"{self.resource}.{self.group}" if self.group else self.resource


# -- by kind of use ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Use:
    """A kind of use. everywhere: verbs on kinds in the whole cluster; inside: in one namespace."""

    name: str
    about: str
    everywhere: Verbs = field(default_factory=dict)
    inside: Verbs = field(default_factory=dict)

    def grants(self, right: Right) -> bool:
        verbs = self.inside if right.namespace else self.everywhere
        return any(
            right.verb in given and ((group, kind) == _ANY or (group, _plural(kind)) == (right.group, right.resource))
            for (group, kind), given in verbs.items()
        )

    def manifests(self) -> list[dict[str, Any]]:
        """A ClusterRole, a Role without a namespace, or both."""
        made = []
        for kind, verbs in (("ClusterRole", self.everywhere), ("Role", self.inside)):
            if verbs:
                rights = [
                    Right("", group, _plural(name), verb) for (group, name), each in verbs.items() for verb in each
                ]
                made.append(_manifest(kind, f"{NAME}-{self.name}", "", rights))
        return made


def _each(kinds: Iterable[Kind], verbs: tuple[str, ...]) -> dict[Kind, tuple[str, ...]]:
    return dict.fromkeys(sorted(kinds), verbs)


def _plus(verbs: Verbs, more: Verbs) -> dict[Kind, tuple[str, ...]]:
    return {kind: (*verbs.get(kind, ()), *more.get(kind, ())) for kind in sorted({*verbs, *more})}


_CLUSTER = frozenset((*order.CLUSTER_KINDS, order.SNAPSHOT_CONTENT))
_ALL_OUTSIDE = {(group, kind) for group, kinds in _OUTSIDE.items() for kind in kinds.split()} | order.NAMED_KINDS
_RECORDED = frozenset((group, kind) for kind, group in SUITE_GROUPS.items())

EVERY_RUN = Use(
    "every-run",
    "Every run: which namespaces and volumes there are, and what of the cluster itself bears the session's name.",
    # A namespace is deleted by a right that is given inside it (see session-namespace).
    everywhere={**_each(_ALL_OUTSIDE, _READ), **_each(_CLUSTER, _DELETE), _NAMESPACE: ("list", "watch")},
)
CLUSTER_OBJECTS = Use(
    "cluster-objects",
    "Tests that make roles, classes or the like outside namespaces, under the session's name.",
    everywhere=_each(order.NAMED_KINDS, _DELETE),
)
SESSION_NAMESPACE = Use(
    "session-namespace",
    "A namespace that the session created: whatever is in it, and the namespace itself.",
    inside=_plus({_ANY: _DELETE}, _PATCHED),
)
SHARED_NAMESPACE = Use(
    "shared-namespace",
    "A namespace that the session only used: read everything, for whose it is shows only there; delete kinds that "
    "migrations make, and those that the tests record.",
    inside={
        _ANY: ("list", "watch"),
        **_plus(_each((order.SHARED_KINDS | _RECORDED | set(order.ROOT_KINDS)) - _CLUSTER, ("delete",)), _PATCHED),
    },
)
SEARCH_BY_PREFIX = Use(
    "search-by-prefix",
    "A session without a resources file: where its Plans, Migrations, Providers and migrated VMs are.",
    everywhere=_each(order.SEARCHED_KINDS, _READ),
)
PROVIDER_SERVERS = Use(
    "provider-servers",
    "Providers of type ova and hyperv: their servers in Forklift's own namespace.",
    everywhere=_each([(order.FORKLIFT, "ForkliftController")], _READ),
    inside={**_each(order.USER_KINDS, _READ), **_each(order.SERVER_KINDS, _DELETE)},
)
PROVIDER_NAMESPACE = Use(
    "provider-namespace",
    "A namespace that only holds Providers which Plans of the session name, such as Forklift's own with its host.",
    inside={_PROVIDER: _PATCHED[_PROVIDER]},
)
REMOVE_FINALIZERS = Use(
    "remove-finalizers",
    "Only with mtv_teardown_remove_finalizers: patch what hangs, and read the nodes and attachments that show that "
    "nothing uses it.",
    everywhere={**_each((guards.NODE, guards.ATTACHMENT), _READ), **_each(_CLUSTER - guards.NEVER, _PATCH)},
    inside=_each(
        (order.known_kinds() | order.USER_KINDS | _RECORDED) - _CLUSTER - order.NAMED_KINDS - guards.NEVER, _PATCH
    ),
)
# Nothing depends on it, so nobody asks for it before: what cannot be read is told in the evidence.
EVIDENCE = Use(
    "evidence",
    "Optional, for evidence of what fails or hangs: which controllers there are; in their namespaces, in the session's "
    "and in default, pods, their logs and events.",
    everywhere={("apps", "Deployment"): _READ},
    inside={("", "Event"): _READ, ("", "Pod"): _READ, ("", _POD_LOG): ("get",)},
)
LEASE = Use(
    "lease",
    "Only with mtv_teardown_lease_namespace: the Lease by which only one run at a time tears a session down, in that "
    "namespace.",
    inside={(lease.GROUP, "Lease"): lease.VERBS},
)
JOURNAL = Use(
    "journal",
    "Only with mtv_teardown_journal_namespace: the ConfigMaps that hold the note and the journal of a session, in that "
    "namespace.",
    inside={("", "ConfigMap"): config_map.VERBS},
)
USES = (
    EVERY_RUN,
    CLUSTER_OBJECTS,
    SESSION_NAMESPACE,
    SHARED_NAMESPACE,
    SEARCH_BY_PREFIX,
    PROVIDER_SERVERS,
    PROVIDER_NAMESPACE,
    REMOVE_FINALIZERS,
    EVIDENCE,
    LEASE,
    JOURNAL,
)


def use_of(right: Right, own: Iterable[str], shared: Iterable[str]) -> Use | None:
    """The kind of use that needs it; None for what a record alone asks for."""
    if right.only:  # what a session changed for a time is what its ledger alone asks for
        return JOURNAL if right.only.startswith(f"{NAME}-") and JOURNAL.grants(right) else None
    if not right.namespace:
        wanted: tuple[Use, ...] = (EVERY_RUN, CLUSTER_OBJECTS, SEARCH_BY_PREFIX, PROVIDER_SERVERS)
    elif right.namespace in own:
        wanted = (SESSION_NAMESPACE,)
    elif right.namespace in shared:  # one that is recorded may be the session's by its age
        wanted = (SHARED_NAMESPACE, LEASE, JOURNAL, SESSION_NAMESPACE)
    else:
        wanted = (PROVIDER_SERVERS, PROVIDER_NAMESPACE, LEASE, JOURNAL)
    return next((use for use in (*wanted, REMOVE_FINALIZERS) if use.grants(right)), None)


def _plural(kind: str) -> str:
    """Without a cluster that could be asked; a test compares these with what one serves."""
    word = kind.lower()
    ending = {"s": f"{word}es", "y": f"{word[:-1]}ies", "*": word}
    return _PLURALS.get(kind) or ending.get(word[-1], f"{word}s")


# -- for one session --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Needs:
    """What a run is going to do. looks: kind and namespace of each list; targets: what is deleted; patched: Migrations
    to be canceled and Plans to be archived; plans: those and the Plans of those; places: namespaces in which a
    migration that runs may still make more; finalizers: whether some come off what hangs; lease: the namespace of the
    session's Lease, where it takes one; kept: ConfigMap -> namespace, where its note and journal are in such; undone:
    rights on what the session changed for a time."""

    find: Find
    looks: tuple[tuple[Resource, str | None], ...] = ()
    targets: tuple[Obj, ...] = ()
    patched: tuple[Obj, ...] = ()
    plans: tuple[Obj, ...] = ()
    places: tuple[str, ...] = ()
    finalizers: bool = False
    lease: str = ""
    kept: Mapping[str, str] = field(default_factory=dict)
    undone: tuple[Right, ...] = ()

    def rights(self) -> tuple[Right, ...]:
        """All of them, sorted."""
        found = {_right(resource, namespace, "list") for resource, namespace in self.looks}
        for obj in self.patched:
            changed = (
                replace(obj.resource, plural=_plural(_CONVERSION_STATUS)) if obj.kind == "Conversion" else obj.resource
            )
            found |= {_right(changed, obj.namespace, "patch"), _right(obj.resource, obj.namespace, "watch")}
        found |= {right for plan in self.plans for right in self._for_the_webhook(plan)}
        for obj in self.targets:
            found |= {to_delete(obj), _right(obj.resource, obj.namespace, "watch")}
            if self.finalizers and (obj.group, obj.kind) not in guards.NEVER:
                found.add(_right(obj.resource, obj.namespace, "patch"))
        found |= {right for place in self.places for right in self._coming(place)} | set(self.undone)
        if self.lease:
            found |= {Right(self.lease, lease.GROUP, lease.PLURAL, verb) for verb in lease.VERBS}
        for name, place in self.kept.items():  # what is created has no name yet when that is allowed or not
            names = {verb: "" if verb == "create" else name for verb in config_map.VERBS}
            found |= {Right(place, "", config_map.PLURAL, verb, only) for verb, only in names.items()}
        return tuple(sorted(found))

    def _for_the_webhook(self, plan: Obj) -> Iterable[Right]:
        machine, provider = self.find(*_VM), self.find(*_PROVIDER)
        if machine is not None:
            yield _right(machine, str(plan.spec("targetNamespace") or plan.namespace or ""), "create")
        for side in ("source", "destination"):
            namespace = str(dig(plan.body, "spec", "provider", side, "namespace") or "")
            if provider is not None and namespace:
                yield _right(provider, namespace, "get")

    def _coming(self, place: str) -> Iterable[Right]:
        for kind in order.SHARED_KINDS:
            resource = self.find(*kind)
            if resource is not None:
                namespace = place if resource.namespaced else None
                verbs = ("delete", "watch", *(_PATCH if self.finalizers else ()))
                yield from (_right(resource, namespace, verb) for verb in verbs)


def to_delete(obj: Obj) -> Right:
    """To delete a namespace is a right inside that namespace."""
    return _right(obj.resource, obj.name if (obj.group, obj.kind) == _NAMESPACE else obj.namespace, "delete")


def _right(resource: Resource, namespace: str | None, verb: str) -> Right:
    return Right(namespace or "", resource.group, resource.plural, verb)


def manifests(rights: Iterable[Right], name: str) -> list[dict[str, Any]]:
    """A ClusterRole and Roles that give exactly these."""
    places: dict[str, list[Right]] = defaultdict(list)
    for right in rights:
        places[right.namespace].append(right)
    return [
        _manifest("Role" if place else "ClusterRole", f"{NAME}-{name}", place, places[place])
        for place in sorted(places)
    ]


def _manifest(kind: str, name: str, namespace: str, rights: Iterable[Right]) -> dict[str, Any]:
    """One rule for all kinds of a group on which the verbs are the same."""
    verbs: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for right in rights:
        verbs[(right.group, right.resource, right.only)].append(right.verb)
    rules: dict[tuple[str, tuple[str, ...], bool], list[tuple[str, str]]] = defaultdict(list)
    for (group, resource, only), each in sorted(verbs.items()):
        rules[(group, tuple(sorted(set(each))), bool(only))].append((resource, only))
    return {
        "apiVersion": f"{order.RBAC}/v1",
        "kind": kind,
        "metadata": {"name": name, **({"namespace": namespace} if namespace else {})},
        "rules": [
            {
                "apiGroups": [group],
                "resources": sorted({resource for resource, _only in about}),
                **({"resourceNames": sorted({only for _resource, only in about})} if named else {}),
                "verbs": list(given),
            }
            for (group, given, named), about in rules.items()
        ],
    }


# -- what the server says ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a SelfSubjectRulesReview."""

    verbs: frozenset[str]
    groups: frozenset[str]
    resources: frozenset[str]
    names: frozenset[str] = frozenset()

    def allows(self, right: Right) -> bool:
        return (
            bool(self.verbs & {"*", right.verb})
            and bool(self.groups & {"*", right.group})
            and bool(self.resources & {"*", right.resource, f"*/{right.resource.partition('/')[2]}"})
            and (not self.names or right.name in self.names)
        )
