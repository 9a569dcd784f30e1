# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks for what is left, until two looks agree, and gives the verdict. Deletes nothing."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _threads
from ansible_collections.mtv.teardown.plugins.module_utils._cause import CONTESTED, Cause
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import explain, remnants, undo
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.causes.cluster import NOT_ASKED
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.find import Found
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.items import item, kept_item, left_item
from ansible_collections.mtv.teardown.plugins.module_utils._provider import causes, ownership, teardown
from ansible_collections.mtv.teardown.plugins.module_utils._provider import undo as vms
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import HolderTarget, Target
from ansible_collections.mtv.teardown.plugins.module_utils._provider.teardown import Survey
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import Change
from ansible_collections.mtv.teardown.plugins.module_utils._recording.undo_causes import NOT_UNDONE, UNTRIED
from ansible_collections.mtv.teardown.plugins.module_utils._run.looks import Looks
from ansible_collections.mtv.teardown.plugins.module_utils._session import ignore
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.provider_types import SEARCHED
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import absent_item
from ansible_collections.mtv.teardown.plugins.module_utils._session.verdict import verdict

_UNASKED = "changed for a time by the session: not looked at, for the cluster alone is judged"
# The providers that a session is to be looked for on, and the types of which none is configured.
Search = Callable[[Session], tuple[Sequence[Target], frozenset[str]]]


def nowhere(session: Session) -> tuple[Sequence[Target], frozenset[str]]:
    """A Search of no provider at all."""
    return (), ownership.types_of(session)


@dataclass(frozen=True, slots=True)
class Terms:
    """quiet_interval: seconds between two looks; total: seconds after which looking ends though things still shrink;
    openshift_only: the caller answers for the source providers; rules: leftovers that are accepted; window: seconds
    that a deletion may take before it is more than slow; going: seconds that others get to remove what is kept and what
    they are about to remove; search: which providers are looked at; earlier: uid -> what an
    earlier phase said of an object that stayed; changes: those of the ledger that are the session's; holders: what is
    asked for these alone; not_undone: uid -> what an earlier phase said of a change that stayed; undone: uid -> when
    one was asked to undo it."""

    quiet_interval: float = 3.0
    total: float = 300.0
    openshift_only: bool = False
    rules: tuple[ignore.Rule, ...] = ()
    window: float = 180.0
    going: float = 60.0
    search: Search = nowhere
    earlier: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    holders: Sequence[HolderTarget] = ()
    not_undone: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    undone: Mapping[str, str] = field(default_factory=dict)


def verify(
    cluster: Cluster,
    session: Session,
    terms: Terms,
    known: Iterable[Mapping[str, Any]] = (),
    not_done: Iterable[Mapping[str, Any]] = (),
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """verdict, leftovers, kept, accepted, deleted, unseen, refused, absent, unreadable, not_covered, not_done, scopes,
    sweeps; changes, where the ledger has any; looks and asked, what the verdict rests on; providers, those looked at;
    session, with what the last look knew of it.

    known: what there was before, as items of earlier results; deleted is what of it is gone for sure; not_done:
    what was asked of Forklift in vain, as items of earlier results.
    """
    known = list(known)
    unasked = [one for one in terms.changes if one.provider and terms.openshift_only]
    asked = [one for one in terms.changes if one not in unasked]
    told = Looks(cluster, known, asked, () if terms.openshift_only else terms.holders)
    first = told.find(session)
    search = nowhere if terms.openshift_only else terms.search
    with _threads.pool(1) as pool:  # providers are looked at while the cluster has its quiet interval
        targets, uncovered = search(first.session)
        surveyed = pool.submit(told.survey, targets, first.session, _handles(known))
        looks = _look_until_quiet(told, first, terms, sleep)
        survey = surveyed.result()
    last = looks[-1]
    left = last.with_status(Status.OWNED, Status.CONTESTED)
    whys = explain.explain(cluster, last.catalog, [obj for obj, _decision in left], window=terms.window, found=last)
    items = [_as_tried(left_item(obj, decision, whys[obj.uid]), terms.earlier) for obj, decision in left]
    items += _remote_items(survey, terms.earlier)
    changed = [undo.left_item(seen) for seen in undo.left(told.sights[-1])]
    changed += [vms.left_item(seen) for seen in vms.left(survey.changed)]
    items += [_as_undone(entry, terms.not_undone) for entry in changed]
    counted, accepted = ignore.split(items, terms.rules)
    unseen_changes = [undo.unread_item(one) for sights in told.sights[-2:] for one in sights if one.unread]
    unseen_changes += [vms.unread_item(one) for one in survey.changed if one.unread]
    read_not = [*(entry for look in looks[-2:] for entry in look.unreadable), *survey.unreadable, *unseen_changes]
    unreadable = _once(read_not)
    not_covered = [*_not_covered(session, uncovered, targets), *vms.unasked(unasked, _UNASKED)]
    scopes = [dict(scope) for scope in (*last.scopes, *survey.scopes)]
    undone = [dict(entry) for entry in not_done]
    kept = [kept_item(obj, decision) for obj, decision in last.with_status(Status.KEPT)]
    outcome = verdict(
        counted,
        [*unreadable, *kept],
        [] if terms.openshift_only else not_covered,
        scopes,
        [e for e in undone if _counts(e)],
        agreed=_agree(looks) and told.agree,
    )
    gone, unseen = _gone(known, last, survey)
    return {
        "verdict": outcome.value,
        "leftovers": counted,
        "kept": kept,
        "accepted": accepted,
        "deleted": gone,
        "unseen": [entry for entry in unseen if not (terms.openshift_only and entry.get("provider"))],
        "refused": [
            *(item(obj, decision) for obj, decision in last.with_status(Status.REFUSED)),
            *(teardown.item(one, decision) for one, decision in survey.with_status(Status.REFUSED)),
        ],
        "absent": [absent_item(record) for record in (*last.absent, *survey.absent)],
        "unreadable": unreadable,
        "not_covered": not_covered,
        "not_done": undone,
        "scopes": scopes,
        "insecure": list(survey.insecure),
        "sweeps": len(looks),
        "looks": told.told,
        "asked": told.asked,
        "providers": [{"key": one.connection.key, "type": one.connection.type} for one in targets],
        "session": last.session,
        **({"changes": _changes(told.sights[-1], survey, terms)} if terms.changes else {}),
    }


def _changes(sights: Iterable[undo.Sight], survey: Survey, terms: Terms) -> list[dict[str, Any]]:
    """What became of each object of the ledger that was looked at."""
    seen = [undo.told(one, terms.undone) for one in sights]
    return [*seen, *(vms.told(one, terms.undone) for one in survey.changed)]


def _as_tried(item: dict[str, Any], earlier: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What an attempt to delete it met says more than that nothing has asked for it."""
    before = earlier.get(item["uid"])
    told = {key: text for key in ("cause", "reason", "next_step") if (text := (before or {}).get(key))}
    if item["cause"] != NOT_ASKED or told.get("cause") in (None, CONTESTED, NOT_ASKED):
        return item
    return {**item, **told}


def _as_undone(item: dict[str, Any], earlier: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What an attempt to undo it met says more than that it is not undone, and of a VM than that it is on its way."""
    before = earlier.get(item["uid"]) or {}
    told = {key: before[key] for key in ("cause", "reason", "next_step") if before.get(key)}
    is_tried = bool(item.get("provider")) and before.get("cause") not in UNTRIED
    return {**item, **told} if item["cause"] == NOT_UNDONE or is_tried else item


def _remote_items(survey: Survey, earlier: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Leftovers on providers. What an attempt to delete one met says more than the state that it is in."""
    items = []
    for one, decision in survey.with_status(Status.OWNED, Status.CONTESTED):
        why, before = survey.whys[one.identity], earlier.get(one.identity)
        if before is not None and before["cause"] != CONTESTED:
            why = Cause(before["cause"], before["reason"], before["next_step"])
        elif why.name in causes.UNTRIED:
            why = causes.NOT_DELETED
        items.append(teardown.left_item(one, decision, why))
    return items


def _handles(known: Iterable[Mapping[str, Any]]) -> dict[str, set[str]]:
    """Volumes of providers on which PersistentVolumes of the session had their storage."""
    handles: dict[str, set[str]] = defaultdict(set)
    for stored in (entry["backend"] for entry in known if entry.get("backend")):
        handles[stored["type"]].add(stored["handle"])
    return handles


def _not_covered(session: Session, uncovered: frozenset[str], targets: Sequence[Target]) -> list[dict[str, Any]]:
    """What the record names on providers that cannot be looked at; a type without a record stands for itself. And what
    was made in a place that none of the providers is."""
    entries = []
    for kind in sorted(uncovered):
        records = ownership.records_of(session, kind) or [Record(kind, "")]
        reason = f"no {kind} provider is configured: not looked at"
        entries += [{**absent_item(record), "reason": reason} for record in records]
    places = {target.connection.place for target in targets}
    for kind in sorted(set(SEARCHED) - uncovered):
        for record in ownership.unreached(session, kind, places):
            reason = f"made on {record.place}, and no {kind} provider is configured by that address: not looked at"
            entries.append({**absent_item(record), "reason": reason})
    return entries


def _look_until_quiet(told: Looks, first: Found, terms: Terms, sleep: Callable[[float], None]) -> list[Found]:
    """At least two looks; more while the set of what is left still changes (slow is not stuck). That nothing is left
    is seen twice, however long it takes."""
    ends = time.monotonic() + terms.total
    looks = [first]
    going = [obj for obj, decision in first.with_status(Status.KEPT) if remnants.is_going(obj, decision)]
    told.wait_for(going, min(terms.going, terms.total))
    while True:
        sleep(terms.quiet_interval)
        looks.append(told.find(looks[-1].session))
        if (_agree(looks) and told.agree) or (
            time.monotonic() > ends and (_ours(looks[-1]) or undo.left(told.sights[-1]))
        ):
            return looks


def _agree(looks: Sequence[Found]) -> bool:
    return _ours(looks[-1]) == _ours(looks[-2])


def _counts(undone: Mapping[str, Any]) -> bool:
    """A migration that was not canceled leaves its source as it was: snapshots, a VM that is off. An archive that did
    not come leaves only what the later phases delete, unless a right was missing for it."""
    return undone["kind"] == "Migration" or undone["cause"] in ("forbidden", "unauthorized")


def _gone(
    known: Iterable[Mapping[str, Any]], last: Found, survey: Survey
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(what a look that could have seen it did not meet any more, what the last look could not see)."""
    there = {obj.uid for obj, _decision in last.decided} | {one.identity for one, _decision in survey.decided}
    readable: dict[tuple[str, ...], bool] = {}
    gone, unseen = {}, {}
    for entry in known:
        provider = str(entry.get("provider") or "")
        scope = (provider, entry["api_version"], entry["kind"], entry["namespace"])
        if scope not in readable:
            readable[scope] = survey.was_read(provider, scope[2]) if provider else last.was_read(*scope[1:])
        if readable[scope] and entry["uid"] not in there:
            told = survey.stored.get(str((entry.get("backend") or {}).get("handle")))
            gone[entry["uid"]] = {**entry, **({"reason": f"{entry['reason']}; {told}"} if told else {})}
        elif entry["uid"] not in there:
            unseen[entry["uid"]] = dict(entry)
    return list(gone.values()), list(unseen.values())


def _ours(look: Found) -> frozenset[str]:
    return frozenset(obj.uid for obj, decision in look.decided if decision.ours)


def _once(entries: Iterable[Any]) -> list[dict[str, Any]]:
    seen: dict[tuple[Any, ...], dict[str, Any]] = {}
    for entry in entries:
        key = (entry["kind"], entry["api_version"], entry["namespace"], entry["name"], entry.get("provider"))
        seen.setdefault(key, dict(entry))
    return list(seen.values())
