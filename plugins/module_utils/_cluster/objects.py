# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes objects as plain data, the only shape in which decisions see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind as the cluster serves it (one entry of its discovery)."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    verbs: frozenset[str] = frozenset()

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def key(self) -> str:
        """C(plural.group), as kubectl writes it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


@dataclass(frozen=True, slots=True)
class Owner:
    """One ownerReference."""

    uid: str
    kind: str
    name: str
    controller: bool = False
    api_version: str = ""

    @property
    def group(self) -> str:
        return self.api_version.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Obj:
    """A live object. body: the whole object where it was read whole, else only its metadata."""

    resource: Resource
    name: str
    uid: str
    namespace: str | None = None
    created: str = ""
    deleting: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    owners: tuple[Owner, ...] = ()
    finalizers: tuple[str, ...] = ()
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return self.resource.kind

    @property
    def group(self) -> str:
        return self.resource.group

    @property
    def place(self) -> tuple[str, str, str]:
        """Where it stands: kind, namespace, name."""
        return (self.kind, self.namespace or "", self.name)

    @property
    def address(self) -> str:
        """Where it stands, as one key."""
        return f"{self.resource.key}/{self.namespace or ''}/{self.name}"

    @property
    def shown(self) -> str:
        """As a person reads it."""
        return f"{self.kind} {self.namespace + '/' if self.namespace else ''}{self.name}"

    def spec(self, *path: str) -> Any:
        return dig(self.body, "spec", *path)

    def status(self, *path: str) -> Any:
        return dig(self.body, "status", *path)


def dig(data: Any, *path: str) -> Any:
    """data[path[0]][path[1]]..., None where any of it is missing or not an object."""
    for key in path:
        if not isinstance(data, (dict, Mapping)):  # a dict nearly always, which is told much faster
            return None
        data = data.get(key)
    return data


def listed(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list that a server sent, or an empty list."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def referred(reference: Any) -> tuple[str, str]:
    """Namespace and name of what a reference names; empty what it does not say."""
    return text(dig(reference, "namespace")), text(dig(reference, "name"))


def text(value: Any) -> str:
    """A text or a number as text; empty for what is neither."""
    return str(value) if isinstance(value, (str, int, float)) else ""


def from_item(resource: Resource, item: Mapping[str, Any]) -> Obj:
    """An item of a list or a watch as Obj."""
    meta = item.get("metadata") or {}
    return Obj(
        resource=resource,
        name=str(meta.get("name", "")),
        uid=str(meta.get("uid", "")),
        namespace=meta.get("namespace"),
        created=str(meta.get("creationTimestamp") or ""),
        deleting=str(meta.get("deletionTimestamp") or ""),
        labels=meta.get("labels") or {},
        annotations=meta.get("annotations") or {},
        owners=tuple(
            Owner(
                str(o.get("uid", "")),
                str(o.get("kind", "")),
                str(o.get("name", "")),
                bool(o.get("controller")),
                str(o.get("apiVersion") or ""),
            )
            for o in listed(meta.get("ownerReferences"))
        ),
        finalizers=tuple(meta.get("finalizers") or ()),
        body=item,
    )


def conditions(obj: Obj) -> dict[str, Mapping[str, Any]]:
    """status.conditions by type."""
    return {str(c.get("type")): c for c in listed(obj.status("conditions"))}


def condition_true(obj: Obj, *types: str) -> bool:
    """True when one of these conditions has the status True (forklift removes others: absence is "false")."""
    found = conditions(obj)
    return any(str(found.get(t, {}).get("status")) == "True" for t in types)


def epoch(when: str) -> float:
    """Seconds since the epoch of an RFC 3339 time as Kubernetes writes it; 0 for none."""
    try:
        return datetime.fromisoformat(when.replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError, OSError):  # no time, or one that no clock can tell
        return 0.0
