# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes finalizers off that the user names, from objects of the session that hang: only when what each guards is shown
to be gone, only after a grace, and only from the very object that was decided on, as it was then."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _times
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import guards
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Catalog, Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.guards import Proof, Scope
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.items import item
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import (
    Obj,
    Resource,
    dig,
    epoch,
    listed,
    text,
)
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.rest import AGENT
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.wait import until_gone
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._evidence import keep
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Decision, Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.finalizers import Removal

# How often a phase decides anew: after a grace, after a removal, after somebody else's write.
ROUNDS = 5
_NO_CLOCK = "nobody knows for how long it hangs: the server does not tell its time, or that of a write to it"
_CHANGED = "it changed while it was decided on"
_BACK = "it was taken off, and is there again: whoever sets it is alive"
_LOST = "the answer to its removal was lost, and it could not be read whether it is off"
# With both of these the server says that it is not as it was read.
_REFUSED = (409, 422)

Pair = tuple[Obj, Decision]


@dataclass(frozen=True, slots=True)
class Case:
    """One finalizer of one object. left: seconds of its grace; not known, and never over, where it is None."""

    obj: Obj
    decision: Decision
    finalizer: str
    proof: Proof
    left: float | None

    @property
    def key(self) -> tuple[str, str]:
        return self.obj.uid, self.finalizer

    @property
    def ripe(self) -> bool:
        return self.proof.gone and self.left is not None and self.left <= 0

    @property
    def kept_because(self) -> str:
        if self.proof.gone and self.left is None:
            return _NO_CLOCK
        if self.proof.gone and self.left is not None and self.left > 0:
            return f"it hangs, or was written to, within its grace: {self.left:.0f} s are left"
        return self.proof.because


def hangs(obj: Obj, decision: Decision, removal: Removal) -> tuple[str, ...]:
    """Finalizers of an object that the user names, where one may come off at all."""
    if decision.status is not Status.OWNED or not obj.deleting or (obj.group, obj.kind) in guards.NEVER:
        return ()
    return tuple(name for name in obj.finalizers if name in removal.words)


def grace_left(obj: Obj, grace: float, now: float | None) -> float | None:
    """Since its deletion was asked for, and since somebody else wrote to it: a controller that does so is alive."""
    noted = dig(obj.body, "metadata", "managedFields") or []
    written = [one for one in listed(noted) if one.get("manager") != AGENT]
    times = [epoch(obj.deleting), *(epoch(text(one.get("time"))) for one in written)]
    odd = not isinstance(noted, list) or len(listed(noted)) != len(noted) or not all(times)
    return None if now is None or odd else grace - (now - max(times))


@dataclass(slots=True)
class Hanging:
    """What one phase takes off. removed: entries of a result; kept: (uid, finalizer) -> entry, with the reason."""

    cluster: Cluster
    catalog: Catalog
    removal: Removal
    limits: Limits
    removed: list[dict[str, Any]] = field(default_factory=list)
    kept: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    _doubtful: dict[tuple[str, str], tuple[Case, dict[str, Any]]] = field(default_factory=dict)
    _account: str = ""

    def foreseen(self, pairs: Iterable[Pair]) -> None:
        """What a run would take off from what hangs now; it waits for the grace of each. Nothing is written."""
        for case in self._cases(pairs):
            if case.proof.gone and case.left is not None and case.left <= self.limits.total:
                self.removed.append(self._entry(case))
            else:
                self._keep(case, case.kept_because)

    def take(self, pairs: Iterable[Pair]) -> bool:
        """Whether anything was done or waited for, so that all of it has to be looked at and decided on anew."""
        self.kept.clear()
        self._settle_doubts()
        cases = [case for case in self._cases(pairs) if not self._came_back(case)]
        for case in cases:
            self._keep(case, case.kept_because)
        ripe = [case for case in cases if case.ripe]
        if ripe:
            self._take_off(ripe)
            return True
        soon = [c for c in cases if c.proof.gone and c.left is not None and c.left <= self.limits.total]
        if not soon:
            return False
        longest = max(case.left or 0.0 for case in soon)
        until_gone(self.cluster, {c.obj.uid: c.obj for c in soon}.values(), Limits(longest + 1.0, self.limits.total))
        return True

    def told(self) -> dict[str, list[dict[str, Any]]]:
        """As it stands in a result."""
        self._settle_doubts()
        done = {(entry["uid"], entry["finalizer"]) for entry in self.removed if not entry["came_back"]}
        kept = [entry for key, entry in self.kept.items() if key not in done]
        return {"finalizers_removed": self.removed, "finalizers_kept": kept}

    # -- deciding -------------------------------------------------------------------------------------------

    def _cases(self, pairs: Iterable[Pair]) -> list[Case]:
        named = [(obj, dec, name) for obj, dec in pairs for name in hangs(obj, dec, self.removal)]
        now_of = self._now(obj for obj, _decision, _name in named)
        there = [(now_of[obj.uid], obj, dec, name) for obj, dec, name in named if now_of[obj.uid] is not None]
        scopes = {s for now, obj, _dec, name in there if isinstance(now, Obj) for s in self._scopes(now, name)}
        reading = dict(zip(scopes, self.cluster.together(self._read, scopes), strict=True))
        cases = []
        for now, obj, decision, name in there:
            if not isinstance(now, Obj):
                cases.append(Case(obj, decision, name, Proof(False, str(now)), None))
            elif name in now.finalizers:
                said = guards.proof(now, name, self.removal.words[name], reading)
                cases.append(Case(now, decision, name, said, self._left(now)))
        return cases

    def _left(self, obj: Obj) -> float | None:
        return grace_left(obj, self.removal.grace(obj.kind), self.cluster.server_time)

    def _now(self, objects: Iterable[Obj]) -> dict[str, Obj | str | None]:
        """uid -> the whole object as it is; None when it is gone; why there is no deciding on it."""
        objects = list(objects)
        places = list({(obj.resource, obj.namespace): None for obj in objects})
        answers = dict(zip(places, self.cluster.together(self._listed, places), strict=True))
        return {obj.uid: _of(answers[(obj.resource, obj.namespace)], obj) for obj in objects}

    def _listed(self, place: tuple[Resource, str | None]) -> tuple[Obj, ...] | str:
        resource, namespace = place
        try:
            whole = resource.key != "secrets"  # what is in a Secret is nobody's business here
            return self.cluster.listing(resource, namespace, whole=whole).objects
        except ApiError as exc:
            return exc.msg

    @staticmethod
    def _scopes(obj: Obj, finalizer: str) -> Iterable[Scope]:
        guard = guards.guard_of(obj, finalizer)
        return guard.scopes(obj) if guard is not None else ()

    def _read(self, scope: Scope) -> tuple[Obj, ...] | str:
        group, kind, namespace = scope
        resource = self.catalog.find(group, kind)
        if resource is None:  # a kind that is not served has no objects, if what would serve it has answered
            return self.catalog.broken.get(group, ())
        return self._listed((resource, namespace))

    # -- doing ----------------------------------------------------------------------------------------------

    def _take_off(self, cases: list[Case]) -> None:
        """One finalizer of an object at a time: the next one is decided on anew."""
        self._account = self._account or self.cluster.account()
        first = list({case.obj.uid: case for case in reversed(cases)}.values())
        self.cluster.witness.take(self.catalog, [case.obj for case in first], keep.FINALIZER)
        touched = [obj for obj in self.cluster.together(self._patch, first) if obj is not None]
        until_gone(self.cluster, touched, Limits(self.limits.settle, self.limits.total))

    def _patch(self, case: Case) -> Obj | None:
        """The object, when nothing else holds it."""
        entry = self._entry(case)
        try:
            self.cluster.without_finalizer(case.obj, case.finalizer)
        except ApiError as exc:
            self._keep(case, _CHANGED if exc.status in _REFUSED else exc.msg)
            if exc.status < 400 or exc.status >= 500:
                self._doubtful[case.key] = (case, {**entry, "removed": _times.now()})
            return None
        self.removed.append({**entry, "removed": _times.now()})
        return case.obj if case.obj.finalizers == (case.finalizer,) else None

    def _settle_doubts(self) -> None:
        """Where the answer was lost, a reading shows whether it was done."""
        for key, (case, entry) in list(self._doubtful.items()):
            answer = self._listed((case.obj.resource, case.obj.namespace))
            if isinstance(answer, str):
                self._keep(case, f"{_LOST}: {answer}")
                continue
            del self._doubtful[key]
            now = next((one for one in answer if one.uid == case.obj.uid), None)
            if now is None or case.finalizer not in now.finalizers:
                self.removed.append({**entry, "reason": f"{entry['reason']}; the answer was lost, and it is off"})

    def _came_back(self, case: Case) -> bool:
        """Never taken off twice in a run."""
        before = [e for e in self.removed if (e["uid"], e["finalizer"]) == case.key]
        for entry in before:
            entry["came_back"] = True
            self._keep(case, _BACK)
        return bool(before)

    def _keep(self, case: Case, reason: str) -> None:
        told = {"finalizer": case.finalizer, "rule": case.proof.rule, "finalizers": list(case.obj.finalizers)}
        self.kept[case.key] = {**item(case.obj, case.decision, reason), **told}

    def _entry(self, case: Case) -> dict[str, Any]:
        """finalizers: those that it had before; removed: when, empty for what would be."""
        return {
            **item(case.obj, case.decision, case.proof.because),
            "finalizer": case.finalizer,
            "finalizers": list(case.obj.finalizers),
            "rule": case.proof.rule,
            "by": case.proof.by,
            "grace": self.removal.grace(case.obj.kind),
            "hanging_since": case.obj.deleting,
            "removed": "",
            "account": self._account,
            "came_back": False,
        }


def _of(answer: tuple[Obj, ...] | str, obj: Obj) -> Obj | str | None:
    if isinstance(answer, str):
        return answer
    now = next((one for one in answer if one.uid == obj.uid), None)
    return _CHANGED if now is not None and _version(now) != _version(obj) else now


def _version(obj: Obj) -> str:
    return text(dig(obj.body, "metadata", "resourceVersion"))
