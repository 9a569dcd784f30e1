# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Worlds made at random, of which it is known what in them is the session's: because they were made so.

A world is made from one number, so a failure is repeated by its number alone. Rules and their sources: the comment on
each maker names the section of forklift.md by which it is, or is not, the session's.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Catalog, Listing
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.ledger import Ledger
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.needed_rights import Right
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, Resource
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.witness import Nobody
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._session import prefix
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record
from ansible_collections.mtv.teardown.tests.unit.plugins.build import AFTER, BEFORE, RESOURCES, obj

LATER = "2026-01-01T13:00:00Z"
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
SHARED, ADMIN = "shared-vms", "mtv"
FOREIGN = ("default", "kube-system", "openshift-mtv", "other-team")
INSIDE = (
    "Pod",
    "Secret",
    "RoleBinding",
    "ConfigMap",
    "PersistentVolumeClaim",
    "VirtualMachine",
    "DataVolume",
    "Plan",
    "Conversion",
)
LINEAGE = ("Pod", "PersistentVolumeClaim", "VirtualMachine", "DataVolume", "Secret", "ConfigMap")
RELEASED = {"phase": "Released"}
OURS, CONTESTED, OTHERS = "ours", "contested", "others"


@dataclass
class World:
    """truth: uid -> OURS, CONTESTED or OTHERS."""

    number: int
    rng: random.Random
    prefix: str
    objects: list[Obj] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    truth: dict[str, str] = field(default_factory=dict)
    _names: set[tuple[str, str | None, str]] = field(default_factory=set)

    @property
    def session(self) -> Session:
        return Session(prefix=self.prefix, records=tuple(self.records))

    def of(self, *truths: str) -> set[str]:
        return {uid for uid, truth in self.truth.items() if truth in truths}

    def uid(self) -> str:
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def add(self, truth: str, kind: str, name: str, namespace: str | None = None, **more: Any) -> Obj | None:
        """Nothing when the place is taken."""
        if (kind, namespace, name) in self._names:
            return None
        self._names.add((kind, namespace, name))
        made = obj(kind, name, namespace, uid=more.pop("uid", "") or self.uid(), **more)
        self.objects.append(made)
        self.truth[made.uid] = truth
        return made

    def remember(self, kind: str, name: str, namespace: str | None) -> None:
        entry = f"{kind}[{len(self.records)}]"
        module = "ocp_resources." + {"Namespace": "namespace", "Secret": "secret", "Plan": "plan"}.get(kind, "x")
        self.records.append(Record(kind, name, namespace, module, "test_x", entry=entry))

    # -- names ----------------------------------------------------------------------------------------------

    def neighbour(self) -> str:
        """A prefix that a careless comparison takes for ours."""
        p = self.prefix
        return self.rng.choice(
            [
                p + "3",
                p[:-1],
                f"xx-{p}",
                f"{p}x-y",
                f"{p}.x",
                p.replace("-", "."),
                p[::-1].strip("-"),
                f"a{p}",
                p + "0-" + p,
            ]
        )

    def hostile(self) -> str:
        """Any name that an object may have: ours, others', cut, with what patterns are made of."""
        p = self.prefix
        return self.rng.choice(
            [
                f"{p}-{self.rng.choice(LETTERS)}{self.rng.randrange(99)}",
                p,
                f"{self.neighbour()}-{self.rng.randrange(9)}",
                self.neighbour(),
                f"{'x' * 60}{p}"[-63:],
                f"a.b.{p}.c",
                f"prime-{self.uid()}",
                "x",
            ]
        )

    def foreign_namespace(self) -> str:
        return self.rng.choice([*FOREIGN, f"{self.prefix}3", f"xx-{self.prefix}", self.prefix[:-1]])


def world(number: int) -> World:
    """The world of this number: always the same."""
    rng = random.Random(number)
    made = World(number, rng, "auto-" + "".join(rng.choices(LETTERS, k=4)))
    _namespaces(made)
    plan, migration = _roots(made)
    for _turn in range(rng.randrange(4, 14)):
        rng.choice(_MAKERS)(made, plan, migration)
    for one in made.objects:
        if one.kind in ("PersistentVolumeClaim", "DataVolume") and made.truth[one.uid] == CONTESTED:
            _with_its_roots(made, one, plan, migration)
    rng.shuffle(made.objects)
    return made


def _with_its_roots(w: World, claim: Obj, plan: str, migration: str) -> None:
    """Forklift would delete a claim of others with the Plan or the Migration, unless a VirtualMachine owns it."""
    if not any(owner.kind == "VirtualMachine" for owner in claim.owners):
        if claim.labels.get("migration") == migration:
            w.truth[migration] = w.truth[plan] = CONTESTED
        if claim.labels.get("plan") == plan:
            w.truth[plan] = CONTESTED


def _namespaces(w: World) -> None:
    """5, point 1: the prefix itself, or with a dash; never another that only looks alike."""
    for name in (w.prefix, f"{w.prefix}-source-vms"):
        if w.rng.random() < 0.8:
            w.add(OURS, "Namespace", name)
            if w.rng.random() < 0.5:
                w.remember("Namespace", name, None)
    for name in (SHARED, ADMIN, "inspections", *FOREIGN, f"{w.prefix}3", f"xx-{w.prefix}", w.prefix[:-1]):
        w.add(OTHERS, "Namespace", name, created=w.rng.choice([BEFORE, AFTER]))
    if w.rng.random() < 0.2:  # reused by the session, and recorded all the same
        w.remember("Namespace", w.rng.choice(["default", "other-team", "kube-system"]), None)


def _roots(w: World) -> tuple[str, str]:
    """A recorded Plan outside the session's namespaces, its Migration, and a stranger's pair; returns our uids."""
    plan, migration = w.uid(), w.uid()
    name = f"{w.prefix}-p"
    spec = {"targetNamespace": SHARED, "provider": {}}
    w.add(OURS, "Plan", name, ADMIN, uid=plan, spec=spec)
    w.remember("Plan", name, ADMIN)
    w.add(OURS, "Migration", w.hostile(), ADMIN, uid=migration, spec={"plan": {"name": name, "namespace": ADMIN}})
    w.add(OTHERS, "Plan", f"{w.prefix}3-p", ADMIN, spec=spec)
    w.add(OTHERS, "Migration", "theirs", ADMIN, spec={"plan": {"name": f"{w.prefix}3-p", "namespace": ADMIN}})
    return plan, migration


def _inside_own(w: World, _plan: str, _migration: str) -> None:
    """5, point 1: everything in a namespace of the session, whatever its name, labels and owners."""
    namespace = w.rng.choice([w.prefix, f"{w.prefix}-source-vms"])
    if ("Namespace", None, namespace) in w._names:
        labels = {"plan": w.uid()} if w.rng.random() < 0.3 else {}
        owners = (w.uid(),) if w.rng.random() < 0.2 else ()
        w.add(OURS, w.rng.choice(INSIDE), w.hostile(), namespace, labels=labels, owners=owners)


def _labelled(w: World, plan: str, migration: str) -> None:
    """5, point 2: labels with our uids, in a namespace that others use."""
    labels = w.rng.choice([{"plan": plan}, {"migration": migration}, {"plan": plan, "migration": w.uid()}])
    made = w.add(OURS, w.rng.choice(LINEAGE), w.hostile(), SHARED, labels=labels)
    if made is not None and w.rng.random() < 0.5:  # 5, point 3: what it owns
        below = w.add(OURS, "Pod", w.hostile(), SHARED, owners=(made,))
        if below is not None and w.rng.random() < 0.5:
            w.add(OURS, "PersistentVolumeClaim", w.hostile(), SHARED, owners=(below,))
    if made is not None and made.kind == "PersistentVolumeClaim":
        claim = {"claimRef": {"namespace": SHARED, "name": made.name, "uid": made.uid}}
        w.add(OURS, "PersistentVolume", f"pvc-{w.uid()}", spec=claim, status=RELEASED)
        w.add(OURS, "PersistentVolumeClaim", f"prime-{made.uid}", SHARED)


def _foreign_label(w: World, _plan: str, _migration: str) -> None:
    """Labels with somebody else's uids, names like ours."""
    labels = w.rng.choice(
        [{"plan": w.uid()}, {"migration": w.uid()}, {"plan": w.prefix}, {"plan-name": f"{w.prefix}-p"}]
    )
    w.add(OTHERS, w.rng.choice(LINEAGE), w.hostile(), SHARED, labels=labels)


def _contested(w: World, plan: str, _migration: str) -> None:
    """Ours by its label, and owned by a living stranger: a leftover that is not deleted."""
    theirs = w.add(OTHERS, "VirtualMachine", f"theirs-{w.rng.randrange(99)}", SHARED)
    if theirs is not None:
        w.add(CONTESTED, "PersistentVolumeClaim", w.hostile(), SHARED, labels={"plan": plan}, owners=(theirs,))


def _cycle(w: World, _plan: str, _migration: str) -> None:
    """Owners in a circle, and owners that are gone, prove nothing."""
    one, two = w.uid(), w.uid()
    w.add(OTHERS, "Pod", w.hostile(), SHARED, uid=one, owners=(two,))
    w.add(OTHERS, "Pod", w.hostile(), SHARED, uid=two, owners=(one, w.uid()))


def _elsewhere(w: World, _plan: str, _migration: str) -> None:
    """The same names in other people's namespaces."""
    w.add(OTHERS, w.rng.choice(INSIDE), w.hostile(), w.foreign_namespace())


def _volume(w: World, _plan: str, _migration: str) -> None:
    """5, point 4: by the claim; a name says nothing."""
    provisioned = {"pv.kubernetes.io/provisioned-by": "x"}
    ours = w.rng.random() < 0.5
    namespace = w.prefix if ours else w.foreign_namespace()
    uid = w.uid()
    claim = {"claimRef": {"namespace": namespace, "name": w.hostile(), "uid": uid}}
    name = f"pvc-{uid}" if ours else w.hostile()
    w.add(OURS if ours else OTHERS, "PersistentVolume", name, spec=claim, annotations=provisioned, status=RELEASED)


def _binding(w: World, _plan: str, _migration: str) -> None:
    """5, point 7: cluster-scoped kinds by name, anchored at the start."""
    if w.rng.random() < 0.5:
        w.add(OURS, "ClusterRoleBinding", f"{w.prefix}-{w.rng.randrange(99)}")
    else:
        w.add(OTHERS, "ClusterRoleBinding", w.rng.choice([f"{w.prefix}3-x", f"x-{w.prefix}", f"{w.prefix}.x"]))


def _reused(w: World, _plan: str, _migration: str) -> None:
    """7: the suite records what it only reused (older), and VMs of which nothing shows that they were migrated."""
    if w.rng.random() < 0.5:
        name = w.rng.choice([f"{w.prefix}-nad-{w.rng.randrange(9)}", "net", "auto-zz99-net"])
        w.add(OTHERS, "NetworkAttachmentDefinition", name, SHARED, created=BEFORE)
        w.remember("NetworkAttachmentDefinition", name, SHARED)
    else:
        name = f"{w.prefix}-vm-{w.rng.randrange(9)}"
        w.add(OTHERS, "VirtualMachine", name, SHARED)
        w.remember("VirtualMachine", name, SHARED)


def _owned_by_strangers(w: World, plan: str, _migration: str) -> None:
    """Ours by its label, with another owner of any kind, in a namespace or not: alive it is somebody's too, also where
    its own owner is a stranger; dead it keeps nothing."""
    kind, namespace = w.rng.choice(
        [("StatefulSet", SHARED), ("CronJob", SHARED), ("Operator", None), ("Secret", SHARED)]
    )
    alive = w.rng.random() < 0.6
    theirs = w.add(OTHERS, kind, f"theirs-{w.rng.randrange(999)}", namespace)
    if theirs is None:
        return
    if not alive:
        w.objects.remove(theirs)
        del w.truth[theirs.uid]
    w.add(
        CONTESTED if alive else OURS,
        w.rng.choice(LINEAGE),
        w.hostile(),
        SHARED,
        labels={"plan": plan},
        owners=(theirs,),
    )


def _used(w: World, plan: str, _migration: str) -> None:
    """A claim of ours that somebody else's pod or VM uses, running or not; what would take it along is held, too."""
    name = f"disk-{w.rng.randrange(9999)}"
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": name}}]
    over = w.rng.random() < 0.3
    if over:
        used = w.add(OTHERS, "Pod", f"done-{name}", SHARED, spec={"volumes": volumes}, status={"phase": "Succeeded"})
    else:
        kind = w.rng.choice(["VirtualMachine", "StatefulSet", "Deployment"])
        used = w.add(OTHERS, kind, f"user-{name}", SHARED, spec={"template": {"spec": {"volumes": volumes}}})
    truth = OURS if over or used is None else CONTESTED
    above = w.add(truth, "DataVolume", name, SHARED, labels={"plan": plan})
    if above is not None:
        w.add(truth, "PersistentVolumeClaim", name, SHARED, owners=(above,))


def _overlap(w: World, _plan: str, _migration: str) -> None:
    """Recorded, younger than the session, without its name: by age, unless something shows another session."""
    name = f"lent-{w.rng.randrange(9999)}"
    theirs = w.rng.choice(
        [{"labels": {"plan": w.uid()}}, {"labels": {"x": "auto-zz99-p"}}, {"annotations": {"y": "auto-zz99/z"}}]
    )
    ours = w.rng.random() < 0.5
    w.add(OURS if ours else OTHERS, "Secret", name, SHARED, created=LATER, **({} if ours else theirs))
    w.remember("Secret", name, SHARED)


def _recorded_namespace(w: World, _plan: str, _migration: str) -> None:
    """Without the prefix, younger than the session: ours, unless somebody else is in it."""
    name = f"mtv-target-{w.rng.randrange(9999)}"
    strange = w.rng.random() < 0.5
    if w.add(CONTESTED if strange else OURS, "Namespace", name, created=LATER) is not None:
        w.remember("Namespace", name, None)
        if strange:
            w.add(OTHERS, w.rng.choice(["Certificate", "Secret", "NetworkPolicy", "Pod"]), "theirs", name)


def _of_the_cluster(w: World, _plan: str, _migration: str) -> None:
    """What stands outside namespaces: by name where tests make it, bindings by their subjects."""
    tail = w.rng.randrange(999)
    choice = w.rng.randrange(5)
    if choice == 0:
        w.add(OURS, "StorageClass", f"{w.prefix}-sc{tail}")
        w.add(OTHERS, "StorageClass", f"{w.prefix}3-sc{tail}")
    elif choice == 1:
        w.add(OTHERS, "CSIDriver", f"{w.prefix}-driver{tail}")
    elif choice == 2:
        mixed = w.rng.random() < 0.5
        subjects = [
            {"kind": "ServiceAccount", "name": "x", "namespace": name}
            for name in ([w.prefix, SHARED] if mixed else [w.prefix])
        ]
        w.add(OTHERS if mixed else OURS, "ClusterRoleBinding", f"bind-{tail}", created=LATER, subjects=subjects)
    else:
        ours = choice == 3
        snapshot = w.uid()
        ref = {"namespace": w.prefix if ours else SHARED, "name": "s", "uid": snapshot}
        spec = {"volumeSnapshotRef": ref, "source": {"volumeHandle": "x"}, "deletionPolicy": "Retain"}
        w.add(OURS if ours else OTHERS, "VolumeSnapshotContent", f"snapcontent-{snapshot}", spec=spec)


def _lent(w: World, _plan: str, _migration: str) -> None:
    """Volumes that stood there before the session, whoever says that he provisioned them; one that it filled and that
    others took."""
    claim = {"claimRef": {"namespace": w.prefix, "name": w.hostile(), "uid": w.uid()}}
    local = {"pv.kubernetes.io/provisioned-by": "local-volume-provisioner-x"}
    notes = w.rng.choice([{}, local])
    if w.rng.random() < 0.3:
        claim["claimRef"] = {"namespace": w.rng.choice([SHARED, "other-team"]), "name": "theirs", "uid": w.uid()}
        notes = {"forklift.konveyor.io/populated-from": f"{w.prefix}/cr"}
    w.add(
        OTHERS,
        "PersistentVolume",
        f"lent-{w.rng.randrange(9999)}",
        created=BEFORE,
        annotations=notes,
        spec=claim,
        status=RELEASED,
    )


def _inspection(w: World, _plan: str, _migration: str) -> None:
    """A Conversion that a test made itself, recorded; its pod is known by its name alone."""
    named = w.rng.random() < 0.5
    name, jobs = f"inspect-{w.rng.randrange(99)}", w.rng.choice([SHARED, "inspections"])
    name = f"{w.prefix}-{name}" if named else name
    spec = {"type": "DeepInspection", "vm": {"id": "vm-7"}, "targetNamespace": jobs}
    done = {"phase": "Succeeded"}  # or nobody knows what is left on its vCenter
    if w.add(OURS, "Conversion", name, SHARED, created=LATER, spec=spec, status=done) is None:
        return
    w.remember("Conversion", name, SHARED)
    namesake = not named and w.rng.random() < 0.5
    if namesake:
        w.add(OTHERS, "Conversion", name, "other-team", spec=spec)
    w.add(CONTESTED if namesake else OURS, "Pod", f"{name}-x", jobs, labels={"conversion": name})
    w.add(OTHERS, "Pod", f"{name}-x", "other-team", labels={"conversion": name})
    w.add(OTHERS, "Pod", f"{w.prefix}3-inspect-x", jobs, labels={"conversion": f"{w.prefix}3-inspect"})


def _outside_the_list(w: World, plan: str, migration: str) -> None:
    """Kinds that no migration is known to make, with its labels all the same."""
    kind = w.rng.choice(["NetworkPolicy", "RoleBinding", "ServiceAccount", "VolumeSnapshot", "CronJob"])
    w.add(OURS, kind, w.hostile(), SHARED, labels=w.rng.choice([{"plan": plan}, {"migration": migration}]))
    w.add(OTHERS, kind, w.hostile(), SHARED, labels={"plan": w.uid()})


_MAKERS: tuple[Callable[[World, str, str], None], ...] = (
    _inside_own,
    _inside_own,
    _labelled,
    _labelled,
    _foreign_label,
    _contested,
    _cycle,
    _elsewhere,
    _elsewhere,
    _volume,
    _binding,
    _reused,
    _owned_by_strangers,
    _used,
    _used,
    _overlap,
    _recorded_namespace,
    _of_the_cluster,
    _lent,
    _outside_the_list,
    _inspection,
)


class Memory:
    """A cluster in memory: what the phases need of Cluster. writes: uids that were asked to go; failing: kinds, and
    namespaces or None, whose lists fail; own: the prefix of a session, in whose namespaces
    all is its own under any name."""

    def __init__(self, objects: Iterable[Obj], failing: Iterable[tuple[str, str | None]] = (), own: str = "-") -> None:
        self.failing = frozenset(failing)
        self.own = own
        self.objects = {o.uid: o for o in objects}
        self.writes: list[str] = []
        self.requests = 0
        self.where: dict[str, Any] = {}
        self.ledger = Ledger()
        self.witness = Nobody()

    def discover(self) -> Catalog:
        return CATALOG

    def together(self, work: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        return [work(item) for item in items]

    def listing(self, resource: Resource, namespace: str | None = None, **asked: Any) -> Listing:
        if self.failing & {(resource.kind, namespace), (resource.kind, "anywhere")}:
            raise ApiError(f"500 for {resource.kind} in {namespace}", status=500)
        kind = RESOURCES[VIEWS[resource.kind]] if resource.kind in VIEWS else resource
        found = [o for o in self.objects.values() if o.resource is kind and namespace in (None, o.namespace)]
        found = [replace(o, resource=resource) for o in found] if kind is not resource else found
        key, _equals, value = str(asked.get("fields") or "").partition("=")
        if key:  # an event's type is nothing that these worlds have
            found = [o for o in found if key == "metadata.name" and o.name == value]
        return Listing(tuple(found), "1")

    def may(self, _right: Right) -> bool:
        return True

    def get(self, resource: Resource, namespace: str | None, name: str) -> Obj | None:
        return next((o for o in self.listing(resource, namespace).objects if o.name == name), None)

    def delete(self, target: Obj) -> bool:
        """As a server: by uid; a namespace takes along what is in it, an owner what it alone controls."""
        itself = target.kind not in VIEWS or prefix.matches(self.own, target.namespace or "")
        assert itself, f"{target.shown} is deleted through a view"
        if target.uid not in self.objects:
            return False
        if self.objects[target.uid].name != target.name:
            raise ApiError("409 Conflict: Precondition failed: UID", status=409)
        self.writes.append(target.uid)
        del self.objects[target.uid]
        if target.kind == "Namespace":
            self.objects = {u: o for u, o in self.objects.items() if o.namespace != target.name}
        return True


# Second views that no table knows: kind -> the kind that they show. What is listed last is read last.
VIEWS = {"Grant": "RoleBinding", "Disk": "PersistentVolumeClaim", "Envelope": "Secret"}
_SHOWN = [
    Resource("views.example.com", "v1", f"{kind.lower()}s", kind, True, frozenset({"list", "delete", "get"}))
    for kind in VIEWS
]
CATALOG = Catalog((*_SHOWN[:2], *RESOURCES.values(), *_SHOWN[2:]))
