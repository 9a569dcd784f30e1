# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds an object that does not go: read, not guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._clients.cluster import Catalog, Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._session.objects import (
    Obj,
    Resource,
    conditions,
    listed,
)

MOST = 200
_PVC_PROTECTION = "kubernetes.io/pvc-protection"


def explain(cluster: Cluster, catalog: Catalog, objects: Iterable[Obj]) -> dict[str, dict[str, Any]]:
    """uid -> {finalizers, deletion_requested, owners, conditions, phase, message, pods} of each object.

    Reads at most MOST objects whole; what is beyond them is told from its metadata alone.
    """
    objects = list(objects)
    fresh = cluster.together(lambda obj: _read(cluster, obj), objects[:MOST])
    pods = pods_by_claim(cluster, catalog, objects)
    return {obj.uid: _held_by(obj, pods) for obj in [*fresh, *objects[MOST:]]}


def reason(held_by: Mapping[str, Any]) -> str:
    """held_by in one sentence."""
    if not held_by.get("deletion_requested"):
        parts = ["nothing has asked for its deletion"]
    else:
        parts = [f"being deleted since {held_by['deletion_requested']}"]
    if held_by.get("finalizers"):
        parts.append("held by finalizer " + ", ".join(held_by["finalizers"]))
    if held_by.get("pods"):
        parts.append("used by pod " + ", ".join(held_by["pods"][:5]))
    if held_by.get("message"):
        parts.append(held_by["message"])
    parts += [f"{c['type']}: {c['message']}" for c in held_by.get("conditions", ()) if c["message"]][:3]
    return "; ".join(parts)


def _read(cluster: Cluster, obj: Obj) -> Obj:
    try:
        now = cluster.get(obj.resource, obj.namespace, obj.name)
    except ApiError:
        return obj
    return now if now is not None and now.uid == obj.uid else obj


def _held_by(obj: Obj, pods: Mapping[tuple[str, str], list[Obj]]) -> dict[str, Any]:
    held: dict[str, Any] = {
        "deletion_requested": obj.deleting,
        "finalizers": list(obj.finalizers),
        "owners": [f"{owner.kind} {owner.name}" for owner in obj.owners],
        "conditions": [
            {"type": kind, "status": str(c.get("status", "")), "message": str(c.get("message", ""))[:300]}
            for kind, c in sorted(conditions(obj).items())
            if _is_trouble(obj, c)
        ],
        "phase": str(obj.status("phase") or ""),
        "message": str(obj.status("message") or "")[:300],
    }
    if obj.kind == "PersistentVolumeClaim" and _PVC_PROTECTION in obj.finalizers:
        held["pods"] = [pod.name for pod in pods.get((obj.namespace or "", obj.name), ())]
    return held


def _is_trouble(obj: Obj, condition: Mapping[str, Any]) -> bool:
    """Conditions worth a look: a namespace's "remaining" ones, and Forklift's that are critical."""
    if obj.kind == "Namespace":
        return str(condition.get("status")) == "True"
    return condition.get("category") in ("Critical", "Error") or (
        str(condition.get("status")) == "False" and bool(condition.get("message"))
    )


def pods_by_claim(cluster: Cluster, catalog: Catalog, objects: Iterable[Obj]) -> dict[tuple[str, str], list[Obj]]:
    """(namespace, claim) -> the pods that mount it, finished ones too, for claims that pvc-protection holds."""
    held = {
        obj.namespace or ""
        for obj in objects
        if obj.kind == "PersistentVolumeClaim" and _PVC_PROTECTION in obj.finalizers
    }
    resource = catalog.find("", "Pod")
    found: dict[tuple[str, str], list[Obj]] = {}
    for namespace in sorted(held) if resource else ():
        for pod in _list_pods(cluster, resource, namespace):
            for volume in listed(pod.spec("volumes")):
                claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
                if claim:
                    found.setdefault((namespace, str(claim)), []).append(pod)
    return found


def _list_pods(cluster: Cluster, resource: Resource | None, namespace: str) -> tuple[Obj, ...]:
    if resource is None:
        return ()
    try:
        return cluster.listing(resource, namespace, whole=True).objects
    except ApiError:
        return ()  # only an explanation is lost; the object itself is reported all the same
