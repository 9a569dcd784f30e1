# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deletes what is the session's, step by step: each step's deletes together, then one wait for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._causes.answers import ALONG, KEPT, UNSEEN
from ansible_collections.mtv.teardown.plugins.module_utils._clients.cluster import Catalog, Cluster, is_successor
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._phases import explain
from ansible_collections.mtv.teardown.plugins.module_utils._phases.find import Found, find, undiscovered
from ansible_collections.mtv.teardown.plugins.module_utils._phases.result import (
    Result,
    absent_item,
    item,
    left_item,
)
from ansible_collections.mtv.teardown.plugins.module_utils._phases.wait import Limits, until, until_gone
from ansible_collections.mtv.teardown.plugins.module_utils._record import kinds
from ansible_collections.mtv.teardown.plugins.module_utils._session import order
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.objects import Obj
from ansible_collections.mtv.teardown.plugins.module_utils._session.ownership import SUCCESSOR, Decision, Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.volumes import may_be_deleted, storage_note

# How often a phase looks again for what controllers made meanwhile.
PASSES = 3

Pair = tuple[Obj, Decision]


@dataclass(frozen=True, slots=True)
class Only:
    """Narrows a phase: objects of these names, in this namespace; empty means all."""

    names: frozenset[str] = frozenset()
    namespace: str = ""

    def wants(self, obj: Obj) -> bool:
        return (not self.names or obj.name in self.names) and self.namespace in ("", obj.namespace)


def run(
    cluster: Cluster,
    session: Session,
    limits: Limits,
    check_mode: bool,
    *,
    phase: str,
    only: Only = Only(),
    stalled: bool = False,
    wait: bool = True,
) -> Result:
    """Delete what belongs to the phase; in check mode only say what that is. stalled: an earlier phase has waited in
    vain already, so waits without movement are brief; wait: without it the deletions are only asked for."""
    return _Run(cluster, session, phase, limits, only, stalled).run(check_mode, wait)


@dataclass(slots=True)
class _Run:
    cluster: Cluster
    session: Session
    phase: str
    limits: Limits
    only: Only
    stalled: bool = False
    catalog: Catalog = field(init=False)
    handled: dict[str, Pair] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    successors: dict[str, str] = field(default_factory=dict)

    def run(self, check_mode: bool, wait: bool) -> Result:
        try:
            self.catalog = self.cluster.discover()
        except ApiError as exc:
            return self._result(undiscovered(self.session, exc), [], [])
        found = self._look()
        if check_mode:
            return self._result(found, [item(obj, made) for obj, made in self._targets(found)], [])
        if not wait:
            return self._asked(found)
        for _pass in range(PASSES):
            fresh = [pair for pair in self._targets(found) if pair[0].uid not in self.handled]
            if not fresh:
                break
            self.handled.update({pair[0].uid: pair for pair in fresh})
            self._keep_if_blind(fresh, found)
            self.errors.update({obj.uid: ALONG for obj in self._along(fresh)})
            for step in order.steps_of(self.phase):
                objects = [obj for obj, _made in fresh if order.step_of(obj.group, obj.kind) is step]
                self._step([obj for obj in objects if obj.uid not in self.errors], found)
            found = self._look()
        return self._finish(found)

    def _asked(self, found: Found) -> Result:
        """What becomes of these deletions is for a later run of the phase to see."""
        self.handled = {pair[0].uid: pair for pair in self._targets(found) if not pair[0].deleting}
        along = self._along(self.handled.values())
        self._ask([obj for obj, _made in self.handled.values() if obj not in along])
        stays = {obj.name for obj, _made in self.handled.values() if obj.uid in self.errors and obj.namespace is None}
        self.errors.update({obj.uid: ALONG for obj in along if obj.namespace in stays})
        failed = [pair for uid, pair in self.handled.items() if uid in self.errors]
        asked = [p for uid, p in self.handled.items() if uid not in self.errors and uid not in self.successors]
        done = [item(obj, made, storage_note(obj)) for obj, made in asked]
        return self._result(found, done, self._left(failed, self.errors, found))

    def _keep_if_blind(self, fresh: Iterable[Pair], found: Found) -> None:
        """While Plans and Migrations cannot be read, the namespaces that may hold them stay: with them would go the
        keys by which what they made elsewhere is known."""
        if self.phase == order.NAMESPACES and found.unread_roots:
            told = f"{KEPT}: {found.unread_roots}"
            self.errors.update({obj.uid: told for obj, _made in fresh if obj.kind == "Namespace"})

    def _along(self, pairs: Iterable[Pair]) -> list[Obj]:
        """Those of them that are left to go with their namespaces."""
        namespaces = {obj.name for obj, _made in self.handled.values() if (obj.group, obj.kind) == ("", "Namespace")}
        return [obj for obj, _made in pairs if order.goes_along(obj.group, obj.kind, obj.namespace, namespaces)]

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
        self._ask(objects)
        waiting = [obj for obj in objects if obj.uid not in self.errors and obj.uid not in self.successors]
        if self.phase == order.VMS:
            claims = _claims_of(waiting, found)
            waiting += _free(claims, explain.pods_by_claim(self.cluster, self.catalog, claims))
        waited = until_gone(self.cluster, waiting, self._limits(slow=any(obj.kind == "Namespace" for obj in waiting)))
        self.stalled = self.stalled or bool(waited.pending)

    def _limits(self, slow: bool = False) -> Limits:
        return self.limits.brief(slow) if self.stalled else self.limits

    def _ask(self, objects: list[Obj]) -> None:
        """Ask for all deletions together; what another of them controls goes with that, unless that was refused."""
        while objects:
            alive = {obj.uid for obj in objects}
            controlled = [obj for obj in objects if any(o.controller and o.uid in alive for o in obj.owners)]
            if len(controlled) == len(objects):
                controlled = []  # owners in a circle
            below = {obj.uid for obj in controlled}
            self.cluster.together(self._delete, [obj for obj in objects if obj.uid not in below])
            objects = [obj for obj in controlled if any(o.controller and o.uid in self.errors for o in obj.owners)]

    def _released(self, volumes: Iterable[Obj]) -> list[Obj]:
        """Wait until each volume either has gone with its claim or stays for us to delete; return the latter."""
        claims = {obj.uid for obj, _made in self._look().decided if obj.kind == "PersistentVolumeClaim"}
        free = [v for v in volumes if str((v.spec("claimRef") or {}).get("uid") or "") not in claims]
        waited = until(self.cluster, free, may_be_deleted, self._limits())
        self.stalled = self.stalled or bool(waited.pending)
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
            if is_successor(exc):
                self.successors[obj.uid] = SUCCESSOR
            else:
                self.errors[obj.uid] = exc.msg

    # -- the answer -----------------------------------------------------------------------------------------

    def _finish(self, found: Found) -> Result:
        """What is still there after the last look stays on the record, with what holds it; so does what that look
        could not see. Only what a complete look did not meet is gone."""
        ours = {obj.uid: (obj, made) for obj, made in found.decided if made.ours}
        unseen = {
            uid: (obj, made)
            for uid, (obj, made) in self.handled.items()
            if uid not in ours and not found.was_read(obj.resource.api_version, obj.kind, obj.namespace)
        }
        there = {**ours, **unseen}
        left = [there[pair[0].uid] for pair in (*self.handled.values(), *self._targets(found)) if pair[0].uid in there]
        left = list({pair[0].uid: pair for pair in left}.values())
        errors = dict.fromkeys(unseen, f"{UNSEEN}: its kind could not be read")
        gone = [item(obj, made, storage_note(obj)) for uid, (obj, made) in self.handled.items() if uid not in there]
        return self._result(found, gone, self._left(left, {**errors, **self.errors}, found))

    def _left(self, pairs: Sequence[Pair], errors: Mapping[str, str], found: Found) -> list[dict[str, Any]]:
        objects = [obj for obj, _made in pairs]
        whys = explain.explain(self.cluster, self.catalog, objects, errors, self.limits.stall, found.contents())
        return [left_item(obj, made, whys[obj.uid]) for obj, made in pairs]

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
            if order.step_of(kinds.group_of(record, found.catalog.resources) or "", record.kind) in steps
        ]
        return Result(done, absent, refused, remaining, [dict(entry) for entry in found.unreadable], self.stalled)


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
