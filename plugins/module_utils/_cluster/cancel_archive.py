# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cancels Migrations and Conversions, archives Plans, and waits for Forklift to answer. Rules: forklift.md 3.1, 3.3."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import explain, forklift, order, trouble
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Catalog, Cluster, is_successor
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.find import Found, find
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.items import item, left_item
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.ownership import SUCCESSOR
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.scopes import ROOTS
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.wait import until
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._evidence import keep
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Decision, Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import Result, absent_item

Pair = tuple[Obj, Decision]
_NO_IDS = "no VM ids: neither its plan's status nor its spec names any"


_CANCELED = ("Migration", "Conversion")
# How often cancel looks again: for Migrations after inspections, and for what was started meanwhile.
PASSES = 4


def cancel(cluster: Cluster, session: Session, limits: Limits, check_mode: bool, stalled: bool = False) -> Result:
    """Cancel what inspects VMs, and then every running Migration of the session, by VM ids, and wait until they are
    finished; then what was started meanwhile, and Conversions that outlived their Migration.

    A Conversion that is only deleted leaves its pod, and its snapshot on the source VM, for ever; and deleting is all
    that Forklift does with those of a Migration (plan/kubevirt.go, DeleteConversion).
    """
    whole, handled = Result(), set[str]()
    catalog: Catalog | None = None
    for _pass in range(PASSES):
        found = find(cluster, session, catalog, ROOTS)
        session, catalog = found.session, found.catalog if found.catalog.resources else None
        plans = _plans(found)
        pairs = [pair for pair in to_cancel(found, handled) if pair[0].uid not in handled]
        pairs = pairs if check_mode else _first(pairs)
        if handled and not pairs:
            break
        handled |= {obj.uid for obj, _decision in pairs}
        stalled = _snapshots_made(cluster, pairs, limits, check_mode, stalled)
        changes = {obj.uid: _cancel_patch(obj, plans) for obj, _decision in pairs}
        no_ids = {uid: _NO_IDS for uid in changes if not changes[uid]}
        blocked = {obj.uid for obj, _decision in pairs if _is_blocked(obj, plans)}
        done = _change(
            cluster, found, _CANCELED, pairs, changes, no_ids, _is_over, limits, check_mode, stalled, blocked
        )
        whole = whole.followed_by(done)
        stalled = whole.stalled
        if check_mode or not pairs:
            break
    return whole


def archive(cluster: Cluster, session: Session, limits: Limits, check_mode: bool, stalled: bool = False) -> Result:
    """Archive every Plan of the session and wait for the condition; it proves nothing about what is left.

    stalled: Forklift has left another request without an answer already, so the wait is brief.
    """
    found = find(cluster, session, aim=ROOTS)
    pending = unarchived(found)
    changes: dict[str, Mapping[str, Any]] = {obj.uid: {"spec": {"archived": True}} for obj, _decision in pending}
    return _change(cluster, found, ("Plan",), pending, changes, {}, forklift.archived, limits, check_mode, stalled)


def to_cancel(found: Found, handled: Collection[str] = ()) -> list[Pair]:
    """Migrations that run, and Conversions that inspect, or that do not end with one of those. handled: uids of
    Migrations that were canceled: a Conversion that is still there then has outlived its own."""
    migrations = running(found)
    canceled = {obj.uid for obj, _decision in migrations if obj.uid not in handled}
    conversions = [
        (obj, decision)
        for obj, decision in _of_kind(found.owned, "Conversion")
        if forklift.conversion_runs(obj) and (forklift.inspects(obj) or obj.labels.get("migration") not in canceled)
    ]
    return [*migrations, *conversions]


def _snapshots_made(cluster: Cluster, pairs: list[Pair], limits: Limits, check_mode: bool, stalled: bool) -> bool:
    """Wait until the snapshots that are being made have an id; whether something was waited for in vain by now."""
    making = [obj for obj, _decision in _of_kind(pairs, "Conversion") if forklift.makes_snapshot(obj)]
    if check_mode or not making:
        return stalled
    limits = limits.brief() if stalled else limits
    waited = until(cluster, making, lambda obj: not forklift.makes_snapshot(obj), limits, "to name their snapshots")
    return stalled or bool(waited.pending)


def _first(pairs: list[Pair]) -> list[Pair]:
    """Inspections, while there are any: with their Migration they would be gone before they are canceled."""
    return [pair for pair in _of_kind(pairs, "Conversion") if forklift.inspects(pair[0])] or pairs


def _cancel_patch(obj: Obj, plans: Mapping[tuple[str | None, str], Obj]) -> Mapping[str, Any]:
    if obj.kind == "Conversion":
        return forklift.conversion_cancel_patch()
    return forklift.cancel_patch(obj, _plan_of(obj, plans))


def _is_over(obj: Obj) -> bool:
    return forklift.conversion_ended(obj) if obj.kind == "Conversion" else forklift.ended(obj)


def running(found: Found) -> list[Pair]:
    """Migrations of the session that have to be canceled."""
    plans = _plans(found)
    return [
        (obj, decision)
        for obj, decision in _of_kind(found.owned, "Migration")
        if forklift.needs_cancel(obj, _plan_of(obj, plans)) and not forklift.finished(obj, _plan_of(obj, plans))
    ]


def unarchived(found: Found) -> list[Pair]:
    """Plans of the session that have to be archived."""
    return [(obj, decision) for obj, decision in _of_kind(found.owned, "Plan") if not forklift.archived(obj)]


def plans_to_change(found: Found) -> list[Obj]:
    """Plans of which Forklift asks whose they are when they are archived, or when their Migrations are canceled."""
    plans = _plans(found)
    of_running = [_plan_of(obj, plans) for obj, _decision in running(found)]
    changed = [*(obj for obj, _decision in unarchived(found)), *(plan for plan in of_running if plan is not None)]
    return list({plan.uid: plan for plan in changed}.values())


def _plans(found: Found) -> dict[tuple[str | None, str], Obj]:
    return {(obj.namespace, obj.name): obj for obj, _decision in _of_kind(found.owned, "Plan")}


def _of_kind(pairs: Iterable[Pair], *kinds: str) -> list[Pair]:
    return [pair for pair in pairs if pair[0].group == order.FORKLIFT and pair[0].kind in kinds]


def _plan_of(migration: Obj, plans: Mapping[tuple[str | None, str], Obj]) -> Obj | None:
    return plans.get((migration.spec("plan", "namespace"), str(migration.spec("plan", "name"))))


def _is_blocked(obj: Obj, plans: Mapping[tuple[str | None, str], Obj]) -> bool:
    """No cancel is processed while a Migration's Plan (forklift.md 3.1), or a Conversion, has a critical condition."""
    told_by = obj if obj.kind == "Conversion" else _plan_of(obj, plans)
    return told_by is not None and bool(forklift.blockers(told_by))


def _change(
    cluster: Cluster,
    found: Found,
    kinds: Collection[str],
    pairs: list[Pair],
    changes: Mapping[str, Mapping[str, Any]],
    errors: dict[str, str],
    done: Callable[[Obj], bool],
    limits: Limits,
    check_mode: bool,
    stalled: bool,
    hopeless: Collection[str] = (),
) -> Result:
    """Patch all, wait for all, say what did not come. hopeless: uids for which no answer can come, so nobody waits."""
    decision_of = {obj.uid: decision for obj, decision in pairs}
    successors: dict[str, str] = {}

    def patch(pair: Pair) -> None:
        try:
            cluster.patch(pair[0], changes[pair[0].uid])
        except ApiError as exc:
            if is_successor(exc):
                successors[pair[0].uid] = SUCCESSOR
            else:
                errors[pair[0].uid] = exc.msg

    pending: tuple[Obj, ...] = ()
    if not check_mode:
        failed = [obj for obj, _decision in found.owned if trouble.has_failed(obj)]
        cluster.witness.take(found.catalog, failed, keep.FAILED)
        cluster.together(patch, [pair for pair in pairs if pair[0].uid not in errors])
        asked = [obj for obj, _m in pairs if obj.uid not in errors and obj.uid not in successors]
        awaited = [obj for obj in asked if obj.uid not in hopeless]
        what = "to be archived" if "Plan" in kinds else "to be canceled"
        waited = until(cluster, awaited, done, limits.brief() if stalled else limits, what)
        stalled = stalled or bool(waited.pending)
        pending = (*waited.pending, *(obj for obj in asked if obj.uid in hopeless))
        cluster.witness.take(found.catalog, pending, keep.HANGS)
        cluster.witness.take(found.catalog, [obj for obj, _decision in pairs if obj.uid in errors], keep.REFUSED)
    left = [obj for obj, _decision in pairs if obj.uid in errors and not check_mode]
    whys = explain.explain(cluster, found.catalog, [*left, *pending], errors, limits.stall, found)
    remaining = [left_item(obj, decision_of[obj.uid], whys[obj.uid]) for obj in (*left, *pending)]
    refused = [
        item(obj, decision) for obj, decision in _of_kind(found.with_status(Status.REFUSED, Status.CONTESTED), *kinds)
    ]
    refused += [item(obj, decision, successors[obj.uid]) for obj, decision in pairs if obj.uid in successors]
    unfinished = {entry["uid"] for entry in (*remaining, *refused)}
    return Result(
        [item(obj, decision) for obj, decision in pairs if obj.uid not in unfinished],
        [absent_item(record) for record in found.absent if record.kind in kinds],
        refused,
        remaining,
        [dict(entry) for entry in found.unreadable],
        stalled,
    )
