# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tells of trouble: which objects have failed, and which controller and which other objects tell of one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cluster.causes import forklift as forklift_causes
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.causes import storage, virtual_machines
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.causes.answers import ALONG, KEPT, UNSEEN
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import (
    Obj,
    condition_true,
    conditions,
    dig,
    epoch,
    listed,
    text,
)
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.order import CDI, FORKLIFT, KUBEVIRT
from ansible_collections.mtv.teardown.plugins.module_utils._evidence import keep

# Kinds of which a phase says that it went wrong.
_LOST = {"Pod": "Failed", "DataVolume": "Failed", "Conversion": "Failed", "PersistentVolume": "Failed"}
_LOST |= {"PersistentVolumeClaim": "Lost", "VirtualMachineInstance": "Failed"}
_EVENT = ("type", "reason", "message", "count", "firstTimestamp", "lastTimestamp", "eventTime", "reportingComponent")


def has_failed(obj: Obj) -> bool:
    """Whether the object itself says so. What was read without its status says nothing."""
    phase = _LOST.get(obj.kind)
    if phase and obj.status("phase") == phase:
        return True
    if (obj.group, obj.kind) in ((FORKLIFT, "Plan"), (FORKLIFT, "Migration"), ("batch", "Job")):
        return condition_true(obj, "Failed")
    return False


def why_left(obj: Obj, error: str) -> str:
    """Why evidence is taken of an object that stayed; empty for none. error: what became of what was asked of it."""
    if error.startswith(KEPT):
        return keep.HELD
    if error.startswith((ALONG, UNSEEN)) or not error:  # with its namespace, or nobody knows
        return keep.HANGS if obj.deleting else keep.HELD if not error else ""
    return keep.REFUSED


def foremost(objects: Iterable[Obj]) -> list[Obj]:
    """Those first that tell most: what failed or holds the rest, then what is held, then the others."""

    def rank(obj: Obj) -> tuple[bool, bool]:
        first = (obj.group, obj.kind) in (("", "Namespace"), (FORKLIFT, "Migration"), (FORKLIFT, "Plan"))
        return (not first, not obj.finalizers)

    return sorted(objects, key=rank)


def controllers_of(obj: Obj) -> tuple[str, ...]:
    """Deployments whose logs may tell of it."""
    if obj.group == FORKLIFT:
        populator = obj.kind.endswith("VolumePopulator")
        return (forklift_causes.CONTROLLER, *((forklift_causes.POPULATOR_CONTROLLER,) if populator else ()))
    if obj.group.endswith(KUBEVIRT) and obj.group != CDI:
        return (virtual_machines.CONTROLLER,)
    names = []
    if obj.labels.get("plan") or obj.labels.get("migration"):
        names.append(forklift_causes.CONTROLLER)
    if obj.group == CDI or any("cdi.kubevirt.io" in key for key in (*obj.annotations, *obj.labels)):
        names.append(storage.CDI_CONTROLLER)
    return tuple(names)


def event(body: Mapping[str, Any]) -> dict[str, Any]:
    """What an event says."""
    told = {name: body[name] for name in _EVENT if body.get(name) not in (None, "")}
    by = text(dig(body, "source", "component"))
    return {**told, **({"source": by} if by else {})}


def when(body: Mapping[str, Any]) -> float:
    """When an event was last seen."""
    times = (dig(body, "series", "lastObservedTime"), body.get("lastTimestamp"), body.get("eventTime"))
    last = next((text(time) for time in times if time), text(dig(body, "metadata", "creationTimestamp")))
    return epoch(last)


def state_of(namespace: Obj) -> dict[str, Any]:
    """What a namespace says of how it ends."""
    return {
        "name": namespace.name,
        "uid": namespace.uid,
        "phase": text(namespace.status("phase")),
        "deletionTimestamp": namespace.deleting,
        "finalizers": [*namespace.finalizers, *_texts(namespace.spec("finalizers"))],
        "conditions": list(conditions(namespace).values()),
    }


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def owner_state(obj: Obj) -> dict[str, Any]:
    """What matters of an owner: whether it goes, and what holds it."""
    told = {"kind": obj.kind, "name": obj.name, "uid": obj.uid, "deletionTimestamp": obj.deleting}
    return {**told, "finalizers": list(obj.finalizers)}


def is_made_for(obj: Obj, roots: Iterable[str]) -> bool:
    """Whether Forklift made it for one of these Plans or Migrations, by uid."""
    uids = set(roots)
    return obj.labels.get("plan") in uids or obj.labels.get("migration") in uids


def containers(pod: Obj) -> list[str]:
    """Names of its containers, those that failed first."""
    states = [*listed(pod.status("initContainerStatuses")), *listed(pod.status("containerStatuses"))]
    ended = {text(s.get("name")): dig(s, "state", "terminated", "exitCode") for s in states}
    names = [text(c.get("name")) for c in (*listed(pod.spec("initContainers")), *listed(pod.spec("containers")))]
    return sorted(filter(None, names), key=lambda name: not ended.get(name))
