# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why objects do not go: reads what tells it, and asks the causes. Nothing is guessed: what cannot be read tells
nothing, and is named."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._cause import Cause
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import needed_rights
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.causes import forklift as forklift_causes
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.causes import storage, table, virtual_machines
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.causes.model import Evidence, Stuck
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Catalog, Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.find import Found
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.needed_rights import Right
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import (
    Obj,
    conditions,
    dig,
    epoch,
    referred,
    text,
)
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.order import CDI, FORKLIFT, KUBEVIRT
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._evidence import masks

# So many objects are read one by one; what is beyond them is told from its metadata.
MOST = 200
_CONTROLLERS = (
    forklift_causes.CONTROLLER,
    forklift_causes.POPULATOR_CONTROLLER,
    virtual_machines.CONTROLLER,
    storage.CDI_CONTROLLER,
)


@dataclass(frozen=True, slots=True)
class Why:
    """cause: what holds it; held_by: {finalizers, deletion_requested, owners, conditions, phase, message, pods}."""

    cause: Cause
    held_by: Mapping[str, Any]

    @property
    def reason(self) -> str:
        """In one sentence."""
        asked = self.held_by["deletion_requested"]
        return f"{self.cause.text}; deletion asked for at {asked}" if asked else self.cause.text


def explain(
    cluster: Cluster,
    catalog: Catalog,
    objects: Iterable[Obj],
    errors: Mapping[str, str] | None = None,
    window: float = 180.0,
    found: Found | None = None,
    over: bool = False,
) -> dict[str, Why]:
    """uid -> Why. errors: uid -> what the server answered to what was asked of the object; window: seconds that a
    deletion may take before it is more than slow; found: the look that met them, which says what there is in
    namespaces, and whose; over: see Evidence."""
    objects, errors = list(objects), errors or {}
    if not objects:
        return {}
    reader = _Reader(cluster, catalog)
    fresh = [_quiet(obj) for obj in (*cluster.together(reader.now, objects[:MOST]), *objects[MOST:])]
    may = reader.rights(obj for obj in fresh if not obj.deleting and obj.uid not in errors)
    seen = replace(reader.evidence(fresh), window=window, over=over, may=may)
    seen = seen if found is None else replace(seen, contents=found.contents(), whose=found.whose)
    return {
        obj.uid: Why(table.why(Stuck(obj, seen, errors.get(obj.uid, ""))), held_by(obj, seen.pods)) for obj in fresh
    }


def pods_by_claim(cluster: Cluster, catalog: Catalog, objects: Iterable[Obj]) -> dict[tuple[str, str], list[Obj]]:
    """(namespace, claim) -> the pods that mount it, finished ones too, for claims that pvc-protection holds."""
    claims = [
        obj for obj in objects if obj.kind == "PersistentVolumeClaim" and storage.PVC_PROTECTION in obj.finalizers
    ]
    pods = _Reader(cluster, catalog).inside(("", "Pod"), {claim.namespace for claim in claims})
    return {
        (claim.namespace or "", claim.name): [
            pod for pod in pods if pod.namespace == claim.namespace and storage.mounts(pod, claim.name)
        ]
        for claim in claims
    }


def held_by(obj: Obj, pods: Iterable[Obj]) -> dict[str, Any]:
    """The facts about one object, whatever the cause."""
    held: dict[str, Any] = {
        "deletion_requested": obj.deleting,
        "finalizers": list(obj.finalizers),
        "owners": [f"{owner.kind} {owner.name}" for owner in obj.owners],
        "conditions": [
            {"type": kind, "status": text(c.get("status")), "message": text(c.get("message"))[:300]}
            for kind, c in sorted(conditions(obj).items())
            if _is_trouble(obj, c)
        ],
        "phase": text(obj.status("phase")),
        "message": text(obj.status("message"))[:300],
    }
    if obj.kind == "PersistentVolumeClaim" and storage.PVC_PROTECTION in obj.finalizers:
        held["pods"] = [p.name for p in pods if p.namespace == obj.namespace and storage.mounts(p, obj.name)]
    return held


def _is_trouble(obj: Obj, condition: Mapping[str, Any]) -> bool:
    """Conditions worth a look: a namespace's "remaining" ones, and Forklift's that are critical."""
    if obj.kind == "Namespace":
        return str(condition.get("status")) == "True"
    return condition.get("category") in ("Critical", "Error") or (
        str(condition.get("status")) == "False" and bool(condition.get("message"))
    )


@dataclass(slots=True)
class _Reader:
    """Reads what causes are told from: by kind and namespace, each once, and only where an object asks for it."""

    cluster: Cluster
    catalog: Catalog
    unread: list[str] = field(default_factory=list)

    def now(self, obj: Obj) -> Obj:
        """The whole object as it is; as it was, when it cannot be read or is another one by now."""
        try:
            found = self.cluster.get(obj.resource, obj.namespace, obj.name)
        except ApiError:
            return obj
        return found if found is not None and found.uid == obj.uid else obj

    def rights(self, objects: Iterable[Obj]) -> dict[str, bool]:
        """uid -> whether the account may delete it, as far as the server says so."""
        wanted = {obj.uid: needed_rights.to_delete(obj) for obj in objects}
        rights = sorted(set(wanted.values()))[:MOST]

        def ask(right: Right) -> bool | None:
            try:
                return self.cluster.may(right)
            except ApiError as exc:
                self.unread.append(exc.msg)
                return None

        told = {right: ask(right) for right in rights[:1]}
        if None not in told.values():  # a server that does not answer this is not asked a hundred times
            told |= dict(zip(rights[1:], self.cluster.together(ask, rights[1:]), strict=True))
        return {uid: may for uid, right in wanted.items() if (may := told.get(right)) is not None}

    def evidence(self, objects: list[Obj]) -> Evidence:
        kinds = {(obj.group, obj.kind) for obj in objects}
        places = {obj.namespace for obj in objects if obj.namespace}
        claims = ("", "PersistentVolumeClaim")
        pods = kinds & {("", "Pod"), claims, (KUBEVIRT, "VirtualMachine"), (KUBEVIRT, "VirtualMachineInstance")}
        made = kinds & {("", "Pod"), claims, (CDI, "DataVolume")}
        labelled = {obj.namespace for obj in objects if obj.labels.get("plan")}
        roots = {obj.namespace for obj in objects if obj.group == FORKLIFT} | self._plan_places(objects) | labelled
        plans = self.inside((FORKLIFT, "Plan"), roots)
        providers = self._all((FORKLIFT, "Provider")) if kinds & _WITH_PROVIDER else None
        return Evidence(
            pods=self.inside(("", "Pod"), places if pods else ()),
            claims=self.inside(claims, places if made else ()),
            data_volumes=self.inside((CDI, "DataVolume"), places if made else ()),
            snapshots=self.inside(("snapshot.storage.k8s.io", "VolumeSnapshot"), self._snapshotted(objects)),
            attachments=self._all(("storage.k8s.io", "VolumeAttachment")) or ()
            if ("", "PersistentVolume") in kinds
            else (),
            plans=plans,
            providers=providers,
            conversions=self.inside((FORKLIFT, "Conversion"), places | roots if ("", "Pod") in kinds else ()),
            owners=self._owners(objects),
            nodes=self._nodes() if pods else None,
            controllers=self._controllers(),
            secrets=self._secrets(objects, plans, providers or ()),
            dead_apis=self._dead_apis() if ("", "Namespace") in kinds else {},
            events=self._events(objects),
            unread=tuple(self.unread),
            now=time.time(),
        )

    # -- one kind of evidence each ----------------------------------------------------------------------------

    def inside(self, kind: tuple[str, str], namespaces: Iterable[str | None]) -> tuple[Obj, ...]:
        """All objects of a kind in these namespaces, whole."""
        return tuple(obj for name in sorted(filter(None, namespaces)) for obj in self._all(kind, name) or ())

    def _all(self, kind: tuple[str, str], namespace: str | None = None, fields: str = "") -> tuple[Obj, ...] | None:
        """None when it could not be read."""
        resource = self.catalog.find(*kind)
        if resource is None:
            return ()
        try:
            whole = kind != ("", "Secret")  # what is in a Secret is nobody's business here
            return tuple(map(_quiet, self.cluster.listing(resource, namespace, whole=whole, fields=fields).objects))
        except ApiError as exc:  # only an explanation is lost; the object itself is reported all the same
            self.unread.append(exc.msg)
            return None

    @staticmethod
    def _plan_places(objects: Iterable[Obj]) -> set[str | None]:
        return {str(obj.spec("plan", "namespace") or "") for obj in objects if obj.kind == "Migration"}

    @staticmethod
    def _snapshotted(objects: Iterable[Obj]) -> set[str | None]:
        return {
            obj.namespace
            for obj in objects
            if any(name.startswith(storage.SNAPSHOT_PROTECTION) for name in obj.finalizers)
        }

    def _nodes(self) -> dict[str, bool] | None:
        nodes = self._all(("", "Node"))
        if nodes is None:
            return None
        return {node.name: str(conditions(node).get("Ready", {}).get("status")) == "True" for node in nodes}

    def _controllers(self) -> dict[str, bool]:
        """Deployment -> whether it has a pod that is available. Several installations: any that is down counts."""

        def read(name: str) -> tuple[Obj, ...] | None:
            return self._all(("apps", "Deployment"), fields=f"metadata.name={name}")

        answers = zip(_CONTROLLERS, self.cluster.together(read, _CONTROLLERS), strict=True)
        return {name: all(_is_up(deployment) for deployment in found) for name, found in answers if found}

    def _owners(self, objects: Iterable[Obj]) -> tuple[Obj, ...]:
        """Controllers of objects that nobody has asked to go."""
        wanted = {
            owner.uid: (owner, obj.namespace)
            for obj in objects
            for owner in obj.owners
            if owner.controller and not obj.deleting
        }
        found = []
        for owner, namespace in list(wanted.values())[:MOST]:
            resource = self.catalog.find(owner.group, owner.kind)
            try:
                alive = self.cluster.get(resource, namespace, owner.name) if resource else None
            except ApiError as exc:
                self.unread.append(exc.msg)
                continue
            if alive is not None and alive.uid == owner.uid:
                found.append(alive)
        return tuple(found)

    def _secrets(
        self, objects: Iterable[Obj], plans: Iterable[Obj], providers: Iterable[Obj]
    ) -> dict[tuple[str, str], bool]:
        """Whether the Secrets of their Providers are there, when a Plan or a Migration waits for an answer."""
        resource = self.catalog.find("", "Secret")
        waiting = {(o.namespace, o.name) for o in objects if o.kind == "Plan"}
        waiting |= {(o.spec("plan", "namespace"), o.spec("plan", "name")) for o in objects if o.kind == "Migration"}
        named = {
            referred(plan.spec("provider", side))
            for plan in plans
            if (plan.namespace, plan.name) in waiting
            for side in ("source", "destination")
        }
        wanted = {referred(p.spec("secret")) for p in providers if (p.namespace, p.name) in named}
        there: dict[tuple[str, str], bool] = {}
        for namespace, name in sorted(wanted) if resource else ():
            listing = self._all(("", "Secret"), namespace, f"metadata.name={name}") if namespace and name else None
            if listing is not None:
                there[(namespace, name)] = bool(listing)
        return there

    def _dead_apis(self) -> dict[str, str]:
        services = self._all(("apiregistration.k8s.io", "APIService")) or ()
        told = ((service.name, conditions(service).get("Available", {})) for service in services)
        return {name: str(c.get("message") or c.get("reason") or "") for name, c in told if c.get("status") == "False"}

    def _events(self, objects: Iterable[Obj]) -> dict[str, str]:
        """uid -> the newest warning about an object that is being deleted; in its namespace, or where cluster-scoped
        objects have theirs."""
        uids = {obj.uid for obj in objects if obj.deleting}
        places = {obj.namespace or "default" for obj in objects if obj.uid in uids}
        newest: dict[str, tuple[float, str]] = {}
        for event in (e for place in sorted(places) for e in self._all(("", "Event"), place, "type=Warning") or ()):
            uid = str(dig(event.body, "involvedObject", "uid") or "")
            when = epoch(str(dig(event.body, "lastTimestamp") or event.created))
            if uid in uids and when >= newest.get(uid, (0.0, ""))[0]:
                said = " ".join(_secrets.masked(dig(event.body, "message") or "").split())
                newest[uid] = (when, said[:300])
        return {uid: message for uid, (_when, message) in newest.items() if message}


def _quiet(obj: Obj) -> Obj:
    """Without what looks like a secret in its status: results quote what controllers say there."""
    status = obj.body.get("status")
    if not status or not _secrets.is_suspect(str(status)):
        return obj
    return replace(obj, body={**obj.body, "status": masks.masked(status)})


_WITH_PROVIDER = {(FORKLIFT, kind) for kind in ("Plan", "Migration", "OVAProviderServer", "HyperVProviderServer")}


def _is_up(deployment: Obj) -> bool:
    available = deployment.status("availableReplicas")
    return isinstance(available, int) and available > 0
