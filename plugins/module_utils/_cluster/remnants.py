# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has outlived the one object that showed whose it is: a volume its claim, the content of a snapshot that
snapshot, a disk its VM, a VM its Plan.

A run that was cut off may have deleted that one, and taken with it what it knew. Where it was called as the session's
things are, nobody can tell any more whether what is left was the session's: it is no bystander, so nothing is clean
while it is there, and it is not deleted either. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import order
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.coverage import Coverage, Kind
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.volumes import bound_to, policy
from ansible_collections.mtv.teardown.plugins.module_utils._session import prefix as prefixes
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Decision, Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record

# Evidence that has gone: by name what a volume was bound to, or an owner; by a label with a uid, a Plan or a Migration.
BOUND, OWNED_BY, MADE_BY = "name of what it was bound to", "name of its owner", "its own name"
EVIDENCE = frozenset({BOUND, OWNED_BY, MADE_BY})
_CLAIM, _VOLUME, _NAMESPACE = ("", "PersistentVolumeClaim"), ("", "PersistentVolume"), ("", "Namespace")
_DATA_VOLUME = (order.CDI, "DataVolume")
_UID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_LABELS = {"plan": (order.FORKLIFT, "Plan"), "migration": (order.FORKLIFT, "Migration")}


@dataclass(frozen=True, slots=True)
class _Link:
    """What an object hung on. namespace: empty outside all; evidence: how that is known."""

    kind: Kind
    namespace: str
    name: str
    uid: str
    evidence: str

    @property
    def shown(self) -> str:
        return f"{self.kind[1]} {self.namespace}/{self.name}" if self.namespace else f"{self.kind[1]} {self.name}"


@dataclass(frozen=True, slots=True)
class _Named:
    """The test, where an entry tells it, and what calls something the session's."""

    test_name: str
    rests_on: str


@dataclass(frozen=True, slots=True)
class Remnants:
    """Over one reading. by_uid: what was met; records: the entries for each (group, kind, namespace, name)."""

    session: Session
    by_uid: Mapping[str, Obj]
    records: Mapping[tuple[str, str, str, str], list[Record]]
    coverage: Coverage

    def of(self, obj: Obj) -> Decision | None:
        """The decision on what nothing else shows to be the session's; None when it has lost nothing that would."""
        for link in (*_bound(obj), *self._owners(obj)):
            named = self._called_ours(link)
            if named is not None and link.uid not in self.by_uid:
                unread = "" if _is_let_go(obj) else self._unread(link.kind, link.namespace)
                return self._decided(obj, link.evidence, f"{link.shown} ({named.rests_on})", unread, named)
        return self._of_label(obj)

    def _of_label(self, obj: Obj) -> Decision | None:
        """Forklift labels what it makes with the uid of the Plan: of one that has gone that tells nothing. But then the
        name of what it made may be the session's."""
        labelled = [(kind, obj.labels[label]) for label, kind in _LABELS.items() if label in obj.labels]
        made = [(kind, uid) for kind, uid in labelled if _UID.match(uid)]
        if not made or any(uid in self.by_uid for _kind, uid in made):
            return None
        named = self._called_ours(_Link((obj.group, obj.kind), obj.namespace or "", obj.name, obj.uid, MADE_BY))
        if named is None:
            return None
        shown = " and ".join(f"{kind[1]} with uid {uid}" for kind, uid in made)
        unread = next((why for kind, _uid in made if (why := self._unread(kind, ""))), "")
        hung_on = f"{shown}, by its label, and its own name is the session's ({named.rests_on})"
        return self._decided(obj, MADE_BY, hung_on, unread, named)

    def _owners(self, obj: Obj) -> list[_Link]:
        """Of what no living object owns: that one would say whose it is."""
        if any(owner.uid in self.by_uid for owner in obj.owners):
            return []
        place = obj.namespace or ""
        return [_Link((owner.group, owner.kind), place, owner.name, owner.uid, OWNED_BY) for owner in obj.owners]

    def _unread(self, kind: Kind, namespace: str) -> str:
        return self.coverage.unread(kind, namespace or None if self.coverage.served.get(kind) else None)

    def _decided(self, obj: Obj, evidence: str, hung_on: str, unread: str, named: _Named) -> Decision:
        what = f"it was made for {hung_on}"
        if self.session.started and obj.created and obj.created < self.session.started:
            return Decision(Status.REFUSED, reason=f"{what}; but it is older than the session ({obj.created})")
        gone = f"nobody knows whether that is still there: {unread}" if unread else "that has gone"
        told = f"{what}; {gone}, and nothing else shows whose it is"
        if obj.kind == "PersistentVolume" and obj.status("phase") == "Failed":
            told += f"; its driver could not delete the storage: {obj.status('message') or 'without a message'}"
        return Decision(Status.KEPT, evidence, told, named.test_name, rests_on=named.rests_on)

    def _called_ours(self, link: _Link) -> _Named | None:
        """What calls it the session's: an entry about it, its name, or an entry about its namespace, which has gone. A
        DataVolume's claim has the name of the DataVolume."""
        place = (link.namespace, link.name)
        kinds = (link.kind, _DATA_VOLUME) if link.kind == _CLAIM else (link.kind,)
        found = [record for kind in kinds for record in self.records.get((*kind, *place), [])]
        if not found and prefixes.matches(self.session.prefix, link.name):
            return _Named("", f"prefix {self.session.prefix}")
        there = self.coverage.namespaces
        if link.namespace and there is not None and link.namespace not in there:
            found += self.records.get((*_NAMESPACE, "", link.namespace), [])
        return _Named(found[0].test_name, found[0].where) if found else None


def is_going(obj: Obj, decision: Decision) -> bool:
    """Whether somebody is about to remove what has outlived the rest: the driver a volume that it does not keep, the
    garbage collector what hung on an owner."""
    if decision.evidence not in EVIDENCE:
        return False
    let_go = obj.status("phase") == "Released" and policy(obj) == "Delete"
    return bool(obj.deleting) or decision.evidence == OWNED_BY or (decision.evidence == BOUND and let_go)


def next_step(obj: Obj, decision: Decision) -> str:
    """What a person can do about it."""
    look = "look whose it was, and delete it by hand if it was the session's"
    if not is_going(obj, decision):
        return look
    return f"run the teardown again in a while: its controller is about to remove it; if it stays, {look}"


def _bound(obj: Obj) -> list[_Link]:
    if (obj.group, obj.kind) not in (_VOLUME, order.SNAPSHOT_CONTENT):
        return []
    namespace, name, uid = bound_to(obj)
    kind = _CLAIM if obj.kind == "PersistentVolume" else (obj.group, "VolumeSnapshot")
    return [_Link(kind, namespace, name, uid, BOUND)] if uid else []


def _is_let_go(obj: Obj) -> bool:
    """A volume of which the cluster itself says that its claim has gone."""
    return obj.kind == "PersistentVolume" and obj.status("phase") in ("Released", "Failed")
