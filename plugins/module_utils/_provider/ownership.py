# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is this object of a source provider the session's, and by which evidence?

A clone is named C(<session>-<base VM>-<4 characters>), cut to its last 63 characters (mtv-api-tests
C(libs/base_provider.py)), and recorded only once the provider has made it. Names are not unique there, so a name finds
candidates; what cannot be told apart is not deleted. Rules and cases: providers.md 5.1 to 5.3.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._session import prefix as prefixes
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import NAME_ONLY, Decision, Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Key, Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.provider_types import ALIASES, NAMED, SEARCHED
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record

# The suite names a Provider <session>-source-<type>-<version> (forklift.md 7).
_SOURCE = re.compile(rf"-source-({'|'.join((*SEARCHED, *ALIASES, *NAMED))})-")
# How far the clocks of a provider and of the cluster may be apart.
_CLOCKS = timedelta(hours=1)
MACHINES = frozenset({"VirtualMachine", "Vm", "Server"})
BY_ID = "record, by id"
UNPROVEN = "recorded, but neither its name nor its age shows that the session made it"
UNSURE = "a task of the session was about to make it, and nobody knows whether it did, or found it there"
ANOTHER = "what is recorded under this name has another id: whose this is nobody can tell"


@dataclass(frozen=True, slots=True)
class Remote:
    """One object on a source provider.

    type: of the provider; provider: its key; host: how that is reached; server: what that calls itself, the same by
    whatever address and account; kind: the provider's own word, such as VirtualMachine; id: how the provider identifies
    it, such as a moRef; uid: a second identity, where there is one that lasts longer; place: where people find it;
    created: RFC 3339, empty when not told; named: the name of a clone that its own name is made from, where that is
    another; proof: an evidence other than its name, such as its id in the record; owner: identity of the object that it
    is a part of, and goes with; relation: what it is to that owner, for people, such as C(attached to Server
    auto-ab12-x); kept: why it is not taken, whoever made it; facts: what holds it, as the provider says;
    leaves: identities of what it may leave when it goes; reached: how a record calls the place (Connection.place).
    """

    type: str
    provider: str
    host: str
    kind: str
    id: str
    name: str
    place: str = ""
    uid: str = ""
    template: bool = False
    created: str = ""
    named: str = ""
    proof: str = ""
    owner: str = ""
    relation: str = ""
    kept: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    server: str = ""
    leaves: tuple[str, ...] = ()
    reached: str = ""

    @property
    def identity(self) -> str:
        """Two servers may have objects of one id: disks that were imported, copies that were restored."""
        alone = self.uid or f"{self.server or self.host}/{self.kind}/{self.id}"
        return _qualified(self.server, alone) if self.uid else alone

    @property
    def home(self) -> str:
        """What a note calls the place where it lives."""
        return self.server or self.host

    def at(self, server: str) -> Remote:
        """The same, told of with its server; what it was told of alone has ids that only that server knows."""
        owner = _qualified(server, self.owner) if self.owner else ""
        return replace(self, server=server, owner=owner, leaves=tuple(_qualified(server, leaf) for leaf in self.leaves))

    def alone(self) -> Remote:
        """The same as its server itself tells of it."""
        leaves = tuple(_unqualified(self.server, leaf) for leaf in self.leaves)
        return replace(self, server="", owner=_unqualified(self.server, self.owner), leaves=leaves)

    @property
    def clone(self) -> str:
        """The name by which it is known whose it is."""
        return self.named or self.name


def _qualified(server: str, identity: str) -> str:
    return f"{server}/{identity}" if server else identity


def _unqualified(server: str, identity: str) -> str:
    return identity.removeprefix(f"{server}/") if server else identity


def of_server(session: Session, server: str) -> Session:
    """The session as far as this server is concerned: what was noted of objects there, by the ids that they have there.
    No other server's ids say anything about them."""
    if not server:
        return session
    noted = {
        _unqualified(server, identity): test_name
        for identity, test_name in session.lineage.items()
        if identity.startswith(f"{server}/")
    }
    return session.learned(lineage=noted)


def types_of(session: Session) -> frozenset[str]:
    """Types of source providers on which the session may have left something: those that the record names, its
    Providers, or the note of an earlier run."""
    named = ["openstack" if r.kind == "VolumeSnapshot" else r.kind for r in session.records if r.on_provider]
    named += [key.type for key in session.providers if key.type in (*SEARCHED, *NAMED)]
    named += [trace.group for trace in session.traces.values() if trace.group in SEARCHED]
    providers = [r.name for r in session.records if r.kind == "Provider"]
    named += ["vsphere" for key in session.conversions if key.vms]
    named += [found[1] for name in providers if (found := _SOURCE.search(name))]
    return frozenset(ALIASES.get(kind, kind) for kind in named)


def records_of(session: Session, kind: str) -> list[Record]:
    """The record's entries about providers of this type; Cinder's snapshots are OpenStack's."""
    return [
        r
        for r in session.records
        if r.on_provider and ("openstack" if r.kind == "VolumeSnapshot" else ALIASES.get(r.kind, r.kind)) == kind
    ]


def unreached(session: Session, kind: str, places: Collection[str]) -> list[Record]:
    """Entries about providers of this type in a place that none of those is. Its server may well be one of them, by
    another name: nobody knows."""
    return [r for r in records_of(session, kind) if r.place and r.place not in places]


# Of each type the last session that was asked for: a look asks it of every VM that there is.
_asked: dict[str, tuple[Session, dict[str, list[Record]]]] = {}


def recorded(session: Session, kind: str) -> Mapping[str, Sequence[Record]]:
    """The clones that the record names on providers of this type, by name."""
    known = _asked.get(kind)
    if known is None or known[0].records is not session.records:
        named: dict[str, list[Record]] = defaultdict(list)
        for record in records_of(session, kind):
            if record.name and record.kind != "VolumeSnapshot":
                named[record.name].append(record)
        known = _asked[kind] = (session, dict(named))
    return known[1]


def _record_of(session: Session, remote: Remote) -> Record | None:
    """The entry that names an object: that of its identity first, then one that tells none; last one that is about
    another object of that name. What was made in another place is none of these."""
    named = recorded(session, remote.type).get(remote.clone, ())
    here = [record for record in named if record.place in ("", remote.reached)]
    return min(here, key=lambda record: (not _is_very(remote, record), _is_identified(record)), default=None)


def _is_identified(record: Record) -> bool:
    """A moRef alone says nothing: every vCenter has one like it."""
    return bool(record.uid or (record.id and record.place))


def _is_very(remote: Remote, record: Record) -> bool:
    """Whether an entry is about this very object. Where both have an identity that lasts, that decides: a moRef is
    given anew by a vCenter that was set up anew."""
    if not _is_identified(record):
        return False
    if record.uid and remote.uid:
        return record.uid == remote.uid and record.id in ("", remote.id)
    return record.id == remote.id


def may_be(session: Session, kind: str, name: str) -> bool:
    """True for names that are worth a second look: what decide() calls anything but other people's."""
    return name in recorded(session, kind) or prefixes.matches(session.prefix, name) or bool(cut_of(session, name))


def planned(session: Session, host: str) -> dict[str, str]:
    """VM id -> name of what Plans of the session migrate from the provider at this host."""
    here = {f"{key.namespace}/{key.name}" for key in session.providers if key.host.lower() == host.lower()}
    return {vm_id: name for plan in session.plans if plan.source in here for vm_id, name in plan.vms}


def inspected(session: Session, host: str) -> dict[str, frozenset[str]]:
    """VM id -> moRefs of the snapshots that Forklift made on it for Conversions of the session, on the vCenter at this
    host; none where one of those does not say which it made. Such a VM is nobody's clone: tests inspect what they are
    going to clone."""
    snapshots: dict[str, set[str]] = {}
    for key in session.conversions:
        for vm_id, _name in key.vms if key.host.lower() == host.lower() else ():
            snapshots.setdefault(vm_id, set()).add(key.snapshot)
    return {vm_id: frozenset() if "" in morefs else frozenset(morefs) for vm_id, morefs in snapshots.items()}


def sources(session: Session) -> tuple[Key, ...]:
    """Providers that can be searched, and from which Plans of the session migrate VMs that are known by their ids; and
    Conversions, by the server of their VM."""
    named = {plan.source for plan in session.plans if plan.vms}
    providers = (
        key
        for key in session.providers
        if ALIASES.get(key.type, key.type) in SEARCHED and f"{key.namespace}/{key.name}" in named
    )
    return (*providers, *(key for key in session.conversions if key.vms))


def cut_of(session: Session, name: str) -> str:
    """What is left of the prefix at the start of a name that was cut to 63 characters; empty when it shows no session.

    All four random characters have to be there, or nothing is told by it.
    """
    random = session.prefix.rpartition("-")[2]
    if not random or not prefixes.may_be_cut(name) or prefixes.matches(session.prefix, name):
        return ""
    for start in range(1, len(session.prefix) - len(random) + 1):
        left = session.prefix[start:]
        if name.startswith(f"{left}-"):
            return left
    return ""


def decide(session: Session, remotes: Iterable[Remote]) -> list[tuple[Remote, Decision]]:
    """The decision on each object, in the order in which they come; other people's are left out.

    The same object, seen through two connections, is decided once.
    """
    seen = {remote.identity: remote for remote in _each_once(remotes)}
    named: dict[tuple[str, str, str], list[Remote]] = defaultdict(list)
    for remote in seen.values():
        named[(remote.type, remote.kind, remote.name)].append(remote)
    decisions = {
        remote.identity: _decide(session, remote, named[(remote.type, remote.kind, remote.name)])
        for remote in seen.values()
        if not remote.owner
    }
    for remote in _owners_first(seen):
        decisions[remote.identity] = _part(session, remote, decisions.get(remote.owner))
    return [
        (remote, decisions[remote.identity])
        for remote in seen.values()
        if decisions[remote.identity].status is not Status.OTHER
    ]


def _each_once(remotes: Iterable[Remote]) -> Iterable[Remote]:
    """Two accounts on one server: the one that may read more of an object, or that came first, tells of it."""
    met: dict[tuple[str, ...], Remote] = {}
    for remote in remotes:
        key = (remote.type, remote.server, remote.kind, remote.id) if remote.server else (remote.identity,)
        if key not in met or (remote.uid and not met[key].uid):
            met[key] = remote
    return met.values()


def _owners_first(seen: Mapping[str, Remote]) -> list[Remote]:
    """Parts, those of what has no owner itself first: a snapshot is a part of a volume, that one of a server."""

    def depth(remote: Remote) -> int:
        levels = 0
        while remote.owner in seen and levels < len(seen):
            remote, levels = seen[remote.owner], levels + 1
        return levels

    return sorted((remote for remote in seen.values() if remote.owner), key=depth)


def _part(session: Session, remote: Remote, owner: Decision | None) -> Decision:
    """What is part of another object goes with it, and is the session's when that is."""
    trace = session.traces.get(remote.owner)
    if (
        owner is None and remote.owner in session.lineage and (trace is None or trace.home in ("", remote.host))
    ):  # it has gone
        owner = Decision(Status.OWNED, test_name=session.lineage[remote.owner])
    if owner is None or owner.status in (Status.OTHER, Status.REFUSED):
        return _as_noted(session, remote, Decision(Status.OTHER))
    if remote.kept:
        return Decision(Status.REFUSED, reason=remote.kept)
    return Decision(owner.status, remote.relation or "owner", owner.reason, owner.test_name, rests_on=remote.owner)


def _as_noted(session: Session, remote: Remote, decision: Decision) -> Decision:
    """What an earlier look found to be the session's, by its identity: never more than what is seen now allows."""
    if decision.ours or remote.identity not in session.lineage:
        return decision
    trace, reason = session.traces.get(remote.identity), decision.reason or remote.kept
    if trace is not None and not trace.fits(remote.home, remote.type, remote.kind, None, remote.name):
        reason = reason or f"an earlier run noted it as {trace.kind} {trace.name!r} on {trace.home}: it is another now"
    status = Status.CONTESTED if reason else Status.OWNED
    return Decision(
        status, "noted by an earlier run", reason, session.lineage[remote.identity], rests_on=remote.identity
    )


def _shown(session: Session, remote: Remote) -> Decision | None:
    """Evidence that is no name; age still counts, for an id may be given anew."""
    if not remote.proof:
        return None
    if _is_older(remote.created, session.started):
        return Decision(Status.REFUSED, reason=f"{remote.proof}, but older than the session ({remote.created})")
    record = _record_of(session, remote)
    return Decision(
        Status.OWNED,
        remote.proof,
        test_name=record.test_name if record else "",
        rests_on=record.where if record else "",
    )


def _decide(session: Session, remote: Remote, same_name: list[Remote]) -> Decision:
    known = _planned_name(session, remote)
    decision = _shown(session, remote) or _by_id(session, remote) or _by_name(session, remote, known)
    decision = _renamed(session, remote, known) if decision.status is Status.OTHER else decision
    decision = _as_noted(session, remote, decision)
    if decision.status is not Status.OWNED:
        return decision
    if remote.kept:
        return replace(decision, status=Status.CONTESTED, reason=remote.kept)
    others = [other for other in same_name if other is not remote]
    if others and not known and remote.kind in MACHINES and decision.evidence != BY_ID:
        if any(_planned_name(session, other) for other in others):
            return Decision(Status.REFUSED, reason="another one of that name is the session's, by its id")
        places = ", ".join(sorted(f"{other.place} ({other.provider}, {other.id})" for other in same_name))
        reason = f"{len(same_name)} have this name, and nothing tells which is the session's: {places}"
        return replace(decision, status=Status.CONTESTED, reason=reason)
    return decision


def _by_id(session: Session, remote: Remote) -> Decision | None:
    """Cinder snapshots are recorded with their ids; their names are no evidence, several may bear one. And what
    mtv.teardown's own recorder has met."""
    record = _record_of(session, remote)
    if record is None or not (record.sure and _is_very(remote, record)):
        # Without a place only an id that no other server gives shows anything: a moRef is none.
        alone = (r for r in records_of(session, remote.type) if not r.place and remote.type != "vsphere")
        record = next((r for r in alone if r.id and r.id == remote.id), None)
    if record is None:
        return None
    decision = _recorded(session, remote, record)
    trusted = decision.status is Status.OWNED or decision.reason == UNPROVEN
    if not trusted:
        return decision
    return Decision(Status.OWNED, BY_ID, test_name=record.test_name, rests_on=record.where)


def _by_name(session: Session, remote: Remote, known: str) -> Decision:
    record = _record_of(session, remote)
    if record is not None:
        return _recorded(session, remote, record)
    evidence = "name"
    if not prefixes.matches(session.prefix, remote.clone):
        left = cut_of(session, remote.clone)
        if not left:
            return Decision(Status.OTHER)
        evidence = "name, cut to 63 characters"
        if "-" not in left and not known:
            reason = "its name may be one that lost the prefix, but not enough of it is left to show that"
            return Decision(Status.REFUSED, reason=reason)
    if remote.template:
        reason = "a template, and not recorded: nothing but its name shows that the session made it"
        return Decision(Status.REFUSED, reason=reason)
    if _is_older(remote.created, session.started):
        # Not deleted, and not called clean either: its provider's clock may be wrong.
        reason = f"it has the session's name and is not recorded, but is older than the session ({remote.created})"
        return Decision(Status.CONTESTED, evidence, reason)
    if not session.names_prove:
        return Decision(Status.CONTESTED, evidence, NAME_ONLY)
    return Decision(Status.OWNED, evidence, rests_on=f"prefix {session.prefix}")


def _recorded(session: Session, remote: Remote, record: Record) -> Decision:
    """The suite records what it cloned; what it only used may stand there too, and is older or named otherwise."""
    test = record.test_name
    if _is_identified(record) and not _is_very(remote, record):
        ours = prefixes.matches(session.prefix, remote.clone)
        return Decision(Status.CONTESTED if ours else Status.REFUSED, "record" if ours else "", ANOTHER, test)
    if prefixes.matches(session.prefix, remote.clone):
        return Decision(Status.OWNED, "record", test_name=test, rests_on=record.where)
    if prefixes.of_other_session(session.prefix, remote.clone):
        return Decision(Status.REFUSED, reason="recorded, but its name is of another session", test_name=test)
    if _is_older(remote.created, session.started):
        reason = f"recorded, but older than the session ({remote.created}): only used by it"
        return Decision(Status.REFUSED, reason=reason, test_name=test)
    if not record.sure:
        return Decision(Status.CONTESTED, "record", UNSURE, test)
    if prefixes.may_be_cut(remote.clone) or _is_newer(remote.created, session.started):
        return Decision(Status.OWNED, "record", test_name=test, rests_on=record.where)
    return Decision(Status.REFUSED, reason=UNPROVEN, test_name=test)


def _is_older(created: str, started: str) -> bool:
    """By more than two clocks may differ."""
    age = _younger_by(created, started)
    return age is not None and age < -_CLOCKS


def _is_newer(created: str, started: str) -> bool:
    age = _younger_by(created, started)
    return age is not None and age > timedelta(0)


def _younger_by(created: str, started: str) -> timedelta | None:
    try:
        return datetime.fromisoformat(created) - datetime.fromisoformat(started)
    except (ValueError, TypeError):  # not told, or told in another way: then it proves nothing
        return None


def _planned_name(session: Session, remote: Remote) -> str:
    """The name that a Plan of the session gives for this very VM: by id, and on the provider that the Plan names."""
    return planned(session, remote.host).get(remote.id, "") if remote.kind in MACHINES else ""


def _renamed(session: Session, remote: Remote, name: str) -> Decision:
    """A clone that bears another name now: somebody may want to keep it."""
    if not name or name == remote.name or not may_be(session, remote.type, name):
        return Decision(Status.OTHER)
    record = next(iter(recorded(session, remote.type).get(name, ())), None)
    reason = f"it was {name}, and somebody has renamed it"
    return Decision(Status.CONTESTED, "id in a Plan", reason, record.test_name if record else "")
