# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deletes what is the session's, step by step: each step's deletes together, then one wait for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._clients.cluster import Catalog, Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._phases import explain
from ansible_collections.mtv.teardown.plugins.module_utils._phases.find import Found, find
from ansible_collections.mtv.teardown.plugins.module_utils._phases.result import Result, absent_item, item
from ansible_collections.mtv.teardown.plugins.module_utils._phases.wait import Limits, until, until_gone
from ansible_collections.mtv.teardown.plugins.module_utils._record import kinds
from ansible_collections.mtv.teardown.plugins.module_utils._session import order
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.objects import Obj
from ansible_collections.mtv.teardown.plugins.module_utils._session.ownership import Decision, Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.volumes import may_be_deleted, storage_note

# How often a phase looks again for what controllers made meanwhile.
PASSES = 3
# After one step has used up the window without movement, later steps wait only this long without any.
SETTLE = 10.0

Pair = tuple[Obj, Decision]


@dataclass(frozen=True, slots=True)
class Only:
    """Narrows a phase: objects of these names, in this namespace; empty means all."""

    names: frozenset[str] = frozenset()
    namespace: str = ""

    def wants(self, obj: Obj) -> bool:
        return (not self.names or obj.name in self.names) and self.namespace in ("", obj.namespace)


def run(
    cluster: Cluster, session: Session, limits: Limits, check_mode: bool, *, phase: str, only: Only = Only()
) -> Result:
    """Delete what belongs to the phase; in check mode only say what that is."""
    return _Run(cluster, session, phase, limits, only).run(check_mode)


@dataclass(slots=True)
class _Run:
    cluster: Cluster
    session: Session
    phase: str
    limits: Limits
    only: Only
    catalog: Catalog = field(init=False)
    handled: dict[str, Pair] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    successors: dict[str, str] = field(default_factory=dict)
    stalled: bool = False

    def run(self, check_mode: bool) -> Result:
        self.catalog = self.cluster.discover()
        found = self._look()
        if check_mode:
            return self._result(found, [item(obj, made) for obj, made in self._targets(found)], [])
        for _pass in range(PASSES):
            fresh = [pair for pair in self._targets(found) if pair[0].uid not in self.handled]
            if not fresh:
                break
            self.handled.update({pair[0].uid: pair for pair in fresh})
            for step in order.steps_of(self.phase):
                self._step([obj for obj, _made in fresh if order.step_of(obj.group, obj.kind) is step], found)
            found = self._look()
        return self._finish(found)

    def _look(self) -> Found:
        found = find(self.cluster, self.session, self.catalog)
        self.session = found.session
        return found

    def _targets(self, found: Found) -> list[Pair]:
        steps = order.steps_of(self.phase)
        return [p for p in found.owned if order.step_of(p[0].group, p[0].kind) in steps and self.only.wants(p[0])]

    # -- one step -------------------------------------------------------------------------------------------

    def _step(self, objects: list[Obj], found: Found) -> None:
        if not objects:
            return
        if objects[0].kind == "PersistentVolume" and self.phase == order.NAMESPACES:
            objects = self._released(objects)
        alive = {obj.uid for obj in objects}
        asked = [obj for obj in objects if not any(o.controller and o.uid in alive for o in obj.owners)]
        self.cluster.together(self._delete, asked)
        waiting = [obj for obj in objects if obj.uid not in self.errors and obj.uid not in self.successors]
        if self.phase == order.VMS:
            claims = _claims_of(waiting, found)
            waiting += _free(claims, explain.pods_by_claim(self.cluster, self.catalog, claims))
        limits = Limits(min(self.limits.stall, SETTLE), self.limits.total) if self.stalled else self.limits
        waited = until_gone(self.cluster, waiting, limits)
        self.stalled = self.stalled or bool(waited.pending)

    def _released(self, volumes: Iterable[Obj]) -> list[Obj]:
        """Wait until each volume either has gone with its claim or stays for us to delete; return the latter."""
        claims = {obj.uid for obj, _made in self._look().decided if obj.kind == "PersistentVolumeClaim"}
        free = [v for v in volumes if str((v.spec("claimRef") or {}).get("uid") or "") not in claims]
        until(self.cluster, free, may_be_deleted, self.limits)
        resource = self.catalog.find("", "PersistentVolume")
        if resource is None or not free:
            return []
        uids = {volume.uid for volume in free}
        try:
            now = self.cluster.listing(resource, whole=True).objects
        except ApiError as exc:
            self.errors.update(dict.fromkeys(uids, exc.msg))
            return []
        return [volume for volume in now if volume.uid in uids and may_be_deleted(volume)]

    def _delete(self, obj: Obj) -> None:
        try:
            self.cluster.delete(obj)
        except ApiError as exc:
            if exc.status == 409 and "precondition" in exc.msg.lower():
                self.successors[obj.uid] = "made anew since with the same name: the successor is not the session's"
            else:
                self.errors[obj.uid] = exc.msg

    # -- the answer -----------------------------------------------------------------------------------------

    def _finish(self, found: Found) -> Result:
        """What is still there after the last look stays on the record, with what holds it."""
        there = {obj.uid: (obj, made) for obj, made in found.decided if made.ours}
        unread = {(u["kind"], u["namespace"]) for u in found.unreadable}
        there.update(
            {
                uid: pair
                for uid, pair in self.handled.items()
                if {(pair[0].kind, pair[0].namespace), (pair[0].kind, None)} & unread
            }
        )
        left = [there[pair[0].uid] for pair in (*self.handled.values(), *self._targets(found)) if pair[0].uid in there]
        left = list({pair[0].uid: pair for pair in left}.values())
        held = explain.explain(self.cluster, self.catalog, [obj for obj, _made in left])
        remaining = [
            item(obj, made, self.errors.get(obj.uid) or explain.reason(held[obj.uid]), held[obj.uid])
            for obj, made in left
        ]
        gone = [item(obj, made, storage_note(obj)) for uid, (obj, made) in self.handled.items() if uid not in there]
        return self._result(found, gone, remaining)

    def _result(self, found: Found, done: list[dict[str, Any]], remaining: list[dict[str, Any]]) -> Result:
        steps = order.steps_of(self.phase)
        refused = [
            item(obj, made)
            for obj, made in found.with_status(Status.REFUSED, Status.CONTESTED)
            if order.step_of(obj.group, obj.kind) in steps and self.only.wants(obj)
        ]
        refused += [item(*self.handled[uid], reason) for uid, reason in self.successors.items()]
        absent = [
            absent_item(record)
            for record in found.absent
            if order.step_of(kinds.group_of(record, self.catalog.resources) or "", record.kind) in steps
        ]
        return Result(done, absent, refused, remaining, [dict(entry) for entry in found.unreadable])


def _free(claims: Iterable[Obj], pods: Mapping[tuple[str, str], list[Obj]]) -> list[Obj]:
    """Claims that nothing but the VMs holds. A finished conversion pod keeps its claims until its Plan is archived
    (MTV-5553), so there is nothing to wait for where that has not been done.
    """
    return [
        claim
        for claim in claims
        if all(
            pod.deleting or any(owner.kind == "VirtualMachineInstance" for owner in pod.owners)
            for pod in pods.get((claim.namespace or "", claim.name), ())
        )
    ]


def _claims_of(vms: Iterable[Obj], found: Found) -> list[Obj]:
    """Claims that were handed over to these VMs: the garbage collector deletes them once the VM is gone."""
    uids = {vm.uid for vm in vms}
    return [
        obj
        for obj, _made in found.owned
        if obj.kind == "PersistentVolumeClaim" and any(owner.uid in uids for owner in obj.owners)
    ]
