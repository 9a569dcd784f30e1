# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at what a session changed for a time, by the ledger of its changes, and puts back what is as it left it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _times
from ansible_collections.mtv.teardown.plugins.module_utils._cause import first
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import kubeconfig, ledger
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.causes import answers
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.causes.model import Evidence, Stuck
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Catalog, Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, Resource
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._recording import undo_causes
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import Change
from ansible_collections.mtv.teardown.plugins.module_utils._recording.undo_decision import (
    Judged,
    Outcome,
    Subject,
    about,
    judge,
    subjects,
    whose,
)
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import LEDGER, RESTS_ON
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import Undone

# How often is looked again at an object that somebody else writes at the same moment.
_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Sight:
    """One object as it was read. obj: None where it is not there, or could not be read."""

    judged: Judged
    obj: Obj | None = None
    error: str = ""

    @property
    def uid(self) -> str:
        return self.judged.subject.last.uid

    @property
    def unread(self) -> bool:
        return self.judged.outcome is Outcome.UNREAD

    @property
    def settled(self) -> bool:
        return self.judged.outcome.settled


def look(cluster: Cluster, changes: Iterable[Change], catalog: Catalog | None = None) -> list[Sight]:
    """Read each object that the ledger names. What could not be read is UNREAD, never an error of the whole."""
    found = subjects(changes)
    if not found:
        return []
    if catalog is None or not catalog.resources:
        try:
            catalog = cluster.discover()
        except ApiError as exc:
            return [_unread(one, exc.msg) for one in found]
    return [_look_at(cluster, catalog, one) for one in found]


def _look_at(cluster: Cluster, catalog: Catalog, subject: Subject) -> Sight:
    change, here = subject.last, kubeconfig.place_of(str(cluster.where.get("url", "")))
    resource = _resource(catalog, change)
    if change.place and kubeconfig.place_of(change.place) != here:
        return _untold(cluster, subject, f"it was changed on {change.place}, and this is {here}: tear down there, too")
    if isinstance(resource, str):
        return _untold(cluster, subject, resource)
    try:
        obj = cluster.look_at(resource, change.namespace, change.name)
    except ApiError as exc:
        return _unread(subject, exc.msg)
    return Sight(judge(subject, None if obj is None else obj.body), obj)


def _resource(catalog: Catalog, change: Change) -> Resource | str:
    """The kind, in the version in which its fields were recorded; or why there is none."""
    found = catalog.find(change.group, change.kind)
    if found is None or found.kind != change.kind:
        return catalog.broken.get(change.group) or f"the cluster does not serve {change.kind} ({change.api_version})"
    if found.namespaced != (change.namespace is not None):
        return f"a {change.kind} {'has a' if found.namespaced else 'has no'} namespace, and the ledger says otherwise"
    return replace(found, version=change.api_version.rpartition("/")[2])


def to_be_allowed(cluster: Cluster, catalog: Catalog, sights: Iterable[Sight]) -> list[tuple[Change, Resource]]:
    """The objects that have to be read and changed to put these back, by their last change. Nothing of what is on
    another cluster, or of a kind that this one does not serve."""
    here = kubeconfig.place_of(str(cluster.where.get("url", "")))
    found = []
    for seen in sights:
        change = seen.judged.subject.last
        resource = _resource(catalog, change)
        is_here = not change.place or kubeconfig.place_of(change.place) == here
        is_open = seen.judged.outcome in (Outcome.UNDO, Outcome.UNREAD)
        if is_here and is_open and isinstance(resource, Resource):
            found.append((change, resource))
    return found


def _untold(cluster: Cluster, subject: Subject, error: str) -> Sight:
    """What nobody asked the server, as a question without an answer."""
    one = subject.last
    asked = ledger.entry(one.kind, one.api_version, one.namespace, time=_times.now())
    told = {"name": one.name, "outcome": ledger.FAILED, "error": error}
    cluster.ledger.lists.append({**asked, **told})
    return _unread(subject, error)


def _unread(subject: Subject, error: str) -> Sight:
    return Sight(Judged(subject, Outcome.UNREAD, error, {}), error=error)


def run(cluster: Cluster, changes: Iterable[Change], check_mode: bool) -> Undone:
    """Put back what is as the session left it, each object at once or not at all; then look at it again."""
    done = Undone()
    catalog: Catalog | None = None
    for subject in subjects(changes):
        try:
            catalog = catalog or cluster.discover()
        except ApiError as exc:
            _take(done, _unread(subject, exc.msg), None)
            continue
        seen = _look_at(cluster, catalog, subject)
        ends = seen.obj is not None and bool(seen.obj.deleting)  # it goes, and what it does until then is not ours
        todo = seen.judged if seen.judged.outcome is Outcome.UNDO and not ends else None
        if todo is not None and not check_mode:
            seen = _undo(cluster, catalog, subject, seen)
        elif todo is not None:
            seen = replace(seen, judged=replace(todo, outcome=Outcome.BEFORE))
        _take(done, seen, todo)
    done.result.requests = cluster.requests
    done.result.asked = dict(cluster.ledger.asked)
    if check_mode:
        done.settled = []
    return done


def _undo(cluster: Cluster, catalog: Catalog, subject: Subject, seen: Sight) -> Sight:
    """How it is afterwards, by a look of its own; error: what the server answered where it is not undone."""
    error, refused = "", False
    for _attempt in range(_ATTEMPTS):
        if seen.obj is None or seen.judged.outcome is not Outcome.UNDO:
            return seen
        try:
            cluster.patch_tested(seen.obj, seen.judged.patch)
        except ApiError as exc:
            error, refused = exc.msg, exc.lasting
        before, seen = seen, _look_at(cluster, catalog, subject)
        if refused and seen.judged == before.judged:  # not for somebody's write at the same moment
            break
    return replace(seen, error=error) if seen.judged.outcome is Outcome.UNDO else seen


def _take(done: Undone, seen: Sight, todo: Judged | None) -> None:
    """Sort one object into the answer. todo: what was to be undone of it at first."""
    outcome, result = seen.judged.outcome, done.result
    if outcome.settled:
        done.settled += [change.id for change in seen.judged.subject.changes]
    if todo is not None:
        done.before += todo.before
        done.after += todo.after if outcome is Outcome.BEFORE else ()
    if outcome is Outcome.UNREAD:
        result.unreadable.append(unread_item(seen))
    elif outcome is Outcome.BEFORE and todo is not None:
        result.done.append(item(seen, todo.reason))
    elif outcome in (Outcome.GONE, Outcome.REPLACED):
        result.absent.append(item(seen, seen.judged.reason))
    elif not outcome.settled:
        result.remaining.append(left_item(seen))


def item(seen: Sight, reason: str) -> dict[str, Any]:
    """One object of the ledger in a result."""
    return {**about(seen.judged, reason), "evidence": LEDGER, "rests_on": RESTS_ON}


def left_item(seen: Sight) -> dict[str, Any]:
    """An object that is not as it was before, with the cause and what a person can do."""
    cause = None
    if seen.error and seen.obj is not None:
        cause = first(answers.CAUSES, Stuck(seen.obj, Evidence(), seen.error))
    cause = cause or first(undo_causes.CAUSES, seen.judged)
    if cause is None:
        raise AssertionError("unreachable")  # each outcome that is left is in the table
    told = {"cause": cause.name, "next_step": cause.next_step, "held_by": {}}
    return {**item(seen, cause.text), **told}


def unread_item(seen: Sight) -> dict[str, Any]:
    """An object of which nobody knows how it is."""
    one = seen.judged.subject.last
    place = {"kind": one.kind, "api_version": one.api_version, "namespace": one.namespace, "name": one.name}
    return {**place, "error": seen.error or seen.judged.reason}


def refused(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """Changes that are not shown to be the session's, as items: nobody looks at these."""
    return [item(Sight(Judged(one, Outcome.UNREAD, "", {})), whose(one)) for one in subjects(changes)]


def told(seen: Sight, undone: Mapping[str, str]) -> dict[str, Any]:
    """What became of the changes of one object. undone: uid -> when it was asked to be as it was before."""
    return {
        **item(seen, seen.judged.reason),
        "outcome": seen.judged.outcome.value,
        "undone": undone.get(seen.uid, ""),
    }


def left(sights: Sequence[Sight]) -> list[Sight]:
    """What is not as it was before."""
    return [seen for seen in sights if not seen.settled and not seen.unread]
