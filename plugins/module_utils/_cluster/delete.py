# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deletes what is the session's, step by step: each step's deletes together, then one wait for all of them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import (
    explain,
    hanging,
    kinds,
    order,
    scopes,
    trouble,
)
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.causes.answers import ALONG, KEPT, UNSEEN
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Catalog, Cluster, is_successor
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.find import Found, find, undiscovered
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.items import item, kept_item, left_item
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.ownership import SUCCESSOR
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.volumes import (
    bound_to,
    bound_uid,
    may_be_deleted,
    storage_note,
)
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.wait import until, until_gone
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._evidence import keep
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._session import journal
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Decision, Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.finalizers import Removal
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import Result, absent_item

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
    removal: Removal | None = None,
) -> Result:
    """Delete what belongs to the phase; in check mode only say what that is. stalled: an earlier phase has waited in
    vain already, so waits without movement are brief; wait: without it the deletions are only asked for; removal: which
    finalizers come off what hangs."""
    one = _Run(cluster, session, phase, limits, only, stalled, removal or Removal())
    result = one.run(check_mode, wait)
    result.finalizers = one.hanging.told() if one.hanging is not None else {}
    return result


@dataclass(slots=True)
class _Run:
    cluster: Cluster
    session: Session
    phase: str
    limits: Limits
    only: Only
    stalled: bool = False
    removal: Removal = field(default_factory=Removal)
    catalog: Catalog = field(init=False)
    hanging: hanging.Hanging | None = None
    handled: dict[str, Pair] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    successors: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    over: bool = False

    def run(self, check_mode: bool, wait: bool) -> Result:
        try:
            self.catalog = self.cluster.discover()
        except ApiError as exc:
            return self._result(undiscovered(self.session, exc), [], [])
        found = self._look()
        if self.removal:
            self.hanging = hanging.Hanging(self.cluster, self.catalog, self.removal, self.limits)
        if check_mode:
            if self.hanging is not None:
                self.hanging.foreseen(self._targets(found))
            return self._result(found, [item(obj, decision) for obj, decision in self._targets(found)], [])
        self._witness([obj for obj, _decision in found.owned if trouble.has_failed(obj)], keep.FAILED)
        if not wait:
            return self._asked(found)
        seen = found
        for _pass in range(PASSES):
            fresh = [pair for pair in self._targets(found) if pair[0].uid not in self.handled]
            if not fresh:
                break
            self.handled.update({pair[0].uid: pair for pair in fresh})
            self._keep_if_blind(fresh, found)
            self.errors.update({obj.uid: ALONG for obj in self._along(fresh)})
            for step in order.steps_of(self.phase):
                objects = [obj for obj, _decision in fresh if _step_of(obj) is step]
                self._step(step, [obj for obj in objects if obj.uid not in self.errors], found)
            found = self._look_again()
            seen = seen.followed_by(found)
            found, seen = self._let_go(found, seen)
        return self._finish(found, seen)

    def _let_go(self, found: Found, seen: Found) -> tuple[Found, Found]:
        """Take finalizers off what hangs, each time decided on by a look of its own."""
        for _round in range(hanging.ROUNDS if self.hanging is not None else 0):
            asked = self.handled.keys() - self.errors.keys() - self.successors.keys()
            free = [pair for pair in self._targets(found) if pair[0].uid in asked]
            if self.hanging is None or not self.hanging.take(free):
                break
            found = self._look_again()
            seen = seen.followed_by(found)
        return found, seen

    def _asked(self, found: Found) -> Result:
        """What becomes of these deletions is for a later run of the phase to see."""
        self.handled = {pair[0].uid: pair for pair in self._targets(found) if not pair[0].deleting}
        along = self._along(self.handled.values())
        self._ask([obj for obj, _decision in self.handled.values() if obj not in along])
        stays = {
            obj.name for obj, _decision in self.handled.values() if obj.uid in self.errors and obj.namespace is None
        }
        self.errors.update({obj.uid: ALONG for obj in along if obj.namespace in stays})
        failed = [pair for uid, pair in self.handled.items() if uid in self.errors]
        asked = [p for uid, p in self.handled.items() if uid not in self.errors and uid not in self.successors]
        done = [item(obj, decision, storage_note(obj)) for obj, decision in asked]
        return self._result(found, done, self._left(failed, self.errors, found))

    def _keep_if_blind(self, fresh: Iterable[Pair], found: Found) -> None:
        """While Plans and Migrations cannot be read, the namespaces that may hold them stay: with them would go the
        keys by which what they made elsewhere is known."""
        if self.phase == order.NAMESPACES and found.unread_roots:
            told = f"{KEPT}: {found.unread_roots}"
            self.errors.update({obj.uid: told for obj, _decision in fresh if obj.kind == "Namespace"})

    def _along(self, pairs: Iterable[Pair]) -> list[Obj]:
        """Those of them that are left to go with their namespaces."""
        namespaces = {
            obj.name for obj, _decision in self.handled.values() if (obj.group, obj.kind) == ("", "Namespace")
        }
        return [obj for obj, _decision in pairs if order.goes_along(obj.group, obj.kind, obj.namespace, namespaces)]

    def _look(self, aim: scopes.Aim | None = None) -> Found:
        found = find(self.cluster, self.session, self.catalog, aim or scopes.PHASES[self.phase])
        self.session = found.session
        return found

    def _look_again(self) -> Found:
        """At what may be new, at what is not known to be gone, and at what keeps namespaces from going."""
        there = [obj for uid, (obj, _decision) in self.handled.items() if uid not in self.gone]
        aim = scopes.AGAIN[self.phase]
        stay = frozenset(obj.name for obj in there if (obj.group, obj.kind) == ("", "Namespace"))
        also = {((obj.group, obj.kind), obj.namespace) for obj in there}
        also |= {((obj.group, "VolumeSnapshot"), bound_to(obj)[0]) for obj in there if _is_content(obj)}
        return self._look(replace(aim, rest_in=stay, also=aim.also | also))

    def _targets(self, found: Found) -> list[Pair]:
        steps = order.steps_of(self.phase)
        return [pair for pair in found.owned if _step_of(pair[0]) in steps and self.only.wants(pair[0])]

    # -- one step -------------------------------------------------------------------------------------------

    def _step(self, step: order.Step, objects: list[Obj], found: Found) -> None:
        if not objects:
            return
        if step is order.VOLUME_STEP:
            objects = self._released(objects)
        self._ask(objects)
        waiting = [obj for obj in objects if obj.uid not in self.errors and obj.uid not in self.successors]
        if self.phase == order.VMS:
            claims = _claims_of(waiting, found)
            waiting += _free(claims, explain.pods_by_claim(self.cluster, self.catalog, claims))
        limits = self._limits(slow=any(obj.kind == "Namespace" for obj in waiting))
        began = time.monotonic()
        waited = until_gone(self.cluster, waiting, limits)
        self.over = self.over or (bool(waited.pending) and time.monotonic() - began >= limits.total)
        self.stalled = self.stalled or bool(waited.pending)
        # The next step may delete what shows why.
        self._witness(waited.pending, keep.HANGS)
        self._witness([obj for obj in objects if obj.uid in self.errors], keep.REFUSED)
        self.gone |= {obj.uid for obj in waiting} - {obj.uid for obj in waited.pending}

    def _witness(self, objects: Iterable[Obj], why: str) -> None:
        self.cluster.witness.take(self.catalog, objects, why)

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
            # What is going already was asked for before, perhaps by a run that was killed.
            now = [obj for obj in objects if obj.uid not in below and not obj.deleting]
            self.cluster.ledger.about_to(journal.DELETE, now)
            self.cluster.together(self._delete, now)
            objects = [obj for obj in controlled if any(o.controller and o.uid in self.errors for o in obj.owners)]

    def _released(self, volumes: Iterable[Obj]) -> list[Obj]:
        """Wait until each volume either has gone with its claim or stays for us to delete; return the latter. A content
        of a snapshot has no phase that says so: it stays until its snapshot was looked for, and is gone."""
        found = self._look_again()
        there = {obj.uid for obj, _decision in found.decided}
        free = [v for v in volumes if bound_uid(v) not in there and self._was_released(v, found)]
        waited = until(self.cluster, free, may_be_deleted, self._limits(), "to be released")
        self.stalled = self.stalled or bool(waited.pending)
        uids = {volume.uid for volume in free}
        now: list[Obj] = []
        for resource in dict.fromkeys(volume.resource for volume in free):
            try:  # what cannot be understood stays
                now += self.cluster.listing(resource, whole=True, broken=[]).objects
            except ApiError as exc:
                self.errors.update({v.uid: exc.msg for v in free if v.resource == resource})
        return [volume for volume in now if volume.uid in uids and may_be_deleted(volume)]

    def _was_released(self, volume: Obj, found: Found) -> bool:
        """Whether the look could have met what a content is bound to."""
        if not _is_content(volume):
            return True
        snapshot = self.catalog.find(volume.group, "VolumeSnapshot")
        place = str(volume.spec("volumeSnapshotRef", "namespace") or "")
        return snapshot is None or found.was_read(snapshot.api_version, snapshot.kind, place)

    def _delete(self, obj: Obj) -> None:
        try:
            self.cluster.delete(obj)
        except ApiError as exc:
            if is_successor(exc):
                self.successors[obj.uid] = SUCCESSOR
            else:
                self.errors[obj.uid] = exc.msg

    # -- the answer -----------------------------------------------------------------------------------------

    def _finish(self, found: Found, seen: Found) -> Result:
        """What is still there after the last look stays on the record, with what holds it; so does what that look
        could not see. Only what was seen to go, or what a complete look did not meet, is gone. seen: all looks."""
        ours = {obj.uid: (obj, decision) for obj, decision in found.decided if decision.ours}
        unseen = {
            uid: (obj, decision)
            for uid, (obj, decision) in self.handled.items()
            if uid not in {*ours, *self.gone} and not found.was_read(obj.resource.api_version, obj.kind, obj.namespace)
        }
        there = {**ours, **unseen}
        left = [there[pair[0].uid] for pair in (*self.handled.values(), *self._targets(found)) if pair[0].uid in there]
        left = list({pair[0].uid: pair for pair in left}.values())
        errors = dict.fromkeys(unseen, f"{UNSEEN}: its kind could not be read")
        gone = [
            item(obj, decision, storage_note(obj)) for uid, (obj, decision) in self.handled.items() if uid not in there
        ]
        steps = order.steps_of(self.phase)
        kept = [obj for obj, decision in found.with_status(Status.KEPT) if _step_of(obj) in steps]
        self._witness(kept, keep.HELD)
        return self._result(seen, gone, self._left(left, {**errors, **self.errors}, found))

    def _left(self, pairs: Sequence[Pair], errors: Mapping[str, str], found: Found) -> list[dict[str, Any]]:
        objects = [obj for obj, _decision in pairs]
        for why in (keep.REFUSED, keep.HANGS, keep.HELD):
            self._witness([obj for obj in objects if trouble.why_left(obj, errors.get(obj.uid, "")) == why], why)
        whys = explain.explain(self.cluster, self.catalog, objects, errors, self.limits.stall, found, self.over)
        return [left_item(obj, decision, whys[obj.uid]) for obj, decision in pairs]

    def _result(self, found: Found, done: list[dict[str, Any]], remaining: list[dict[str, Any]]) -> Result:
        steps = order.steps_of(self.phase)
        told = [pair for pair in found.decided if _step_of(pair[0]) in steps and self.only.wants(pair[0])]
        refused = [item(*pair) for pair in told if pair[1].status in (Status.REFUSED, Status.CONTESTED)]
        remaining = [*remaining, *(kept_item(*pair) for pair in told if pair[1].status is Status.KEPT)]
        refused += [item(*self.handled[uid], reason) for uid, reason in self.successors.items()]
        absent = [absent_item(record) for record in found.absent if _step_of_record(record, found.catalog) in steps]
        return Result(done, absent, refused, remaining, [dict(entry) for entry in found.unreadable], self.stalled)


def _is_content(obj: Obj) -> bool:
    return (obj.group, obj.kind) == order.SNAPSHOT_CONTENT


def _step_of(obj: Obj) -> order.Step:
    return order.step_of(obj.group, obj.kind, obj.resource.namespaced)


def _step_of_record(record: Record, catalog: Catalog) -> order.Step:
    group = kinds.group_of(record, catalog.resources) or ""
    resource = catalog.find(group, record.kind)
    return order.step_of(group, record.kind, resource.namespaced if resource else bool(record.namespace))


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
        for obj, _decision in found.owned
        if obj.kind == "PersistentVolumeClaim" and any(owner.uid in uids for owner in obj.owners)
    ]
