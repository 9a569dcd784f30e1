# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The session's objects on source providers: found, deleted by identity, looked for again. The same for every type of
provider; what differs is behind Site."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _progress, _times
from ansible_collections.mtv.teardown.plugins.module_utils._cause import CONTESTED, Cause
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._evidence.keeper import Keeper
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._next_step import Facts, advise, words
from ansible_collections.mtv.teardown.plugins.module_utils._provider import causes, ownership, rights, sources, undo
from ansible_collections.mtv.teardown.plugins.module_utils._provider.evidence import ProviderWitness
from ansible_collections.mtv.teardown.plugins.module_utils._provider.opening import AT_ONCE, opened, reason_of
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import HolderTarget, Seen, Site, Target
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import Change
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Decision, Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Key, Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.provider_types import ALIASES
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import Result, absent_item
from ansible_collections.mtv.teardown.plugins.module_utils._together import together

_UNMET = "VMs on it are named by their ids, and no provider that is configured is this server: not looked for there"
Wants = Callable[[Remote], bool]
# Told of the items that are about to be deleted; once they have gone, nobody knows what belonged to them.
Note = Callable[[Sequence[Mapping[str, Any]]], None]


@dataclass(frozen=True, slots=True)
class Survey:
    """What several providers hold of a session. whys: identity -> what holds an object, for those that are the
    session's; absent: records that a complete reading of every provider of their type did not meet; insecure: providers
    whose certificate is not verified, by choice; stored: handle of a volume -> what the providers say of it; changed:
    VMs that the session changed for a time, but for those that are its own."""

    decided: tuple[tuple[Remote, Decision], ...] = ()
    whys: Mapping[str, Cause] = field(default_factory=dict)
    scopes: tuple[Mapping[str, Any], ...] = ()
    unreadable: tuple[Mapping[str, Any], ...] = ()
    absent: tuple[Record, ...] = ()
    insecure: tuple[str, ...] = ()
    stored: Mapping[str, str] = field(default_factory=dict)
    changed: tuple[undo.Sight, ...] = ()

    def with_status(self, *statuses: Status) -> list[tuple[Remote, Decision]]:
        return [(remote, decision) for remote, decision in self.decided if decision.status in statuses]

    def was_read(self, provider: str, kind: str) -> bool:
        return any((scope["provider"], scope["kind"]) == (provider, kind) for scope in self.scopes)


def survey(
    targets: Sequence[Target],
    session: Session,
    handles: Mapping[str, Collection[str]] | None = None,
    changes: Iterable[Change] = (),
    holders: Sequence[HolderTarget] = (),
) -> Survey:
    """Read every provider. Nothing that fails ends it: what could not be read is in the answer.

    handles: type of provider -> volumes whose storage a PersistentVolume has left there; changes: of VMs there, from
    the ledger; holders: what is asked for these alone.
    """
    with opened(targets) as (sites, failed), opened(holders) as (others, unopened):
        stored = _stored(targets, sites, failed, handles or {})
        seen = _look(sites, failed, targets, session)
        own = {one.identity for one, decision in seen.decided if decision.ours or decision.status is Status.KEPT}
        where = [*sites, *others], {**failed, **unopened}, [*targets, *holders]
        changed = tuple(one for one in undo.look(*where, changes) if one.uid not in own)
        return replace(seen, stored=stored, changed=changed)


def _stored(
    targets: Sequence[Target],
    sites: Sequence[Site],
    failed: Mapping[str, ApiError],
    handles: Mapping[str, Collection[str]],
) -> dict[str, str]:
    """handle -> where it is; else who could not tell; else who says that it is not there."""
    there: dict[str, str] = {}
    unsure: dict[str, str] = {}
    denied: dict[str, str] = {}
    for target in targets:
        key, error = target.connection.key, failed.get(target.connection.key)
        if error is not None:
            unsure |= dict.fromkeys(handles.get(target.connection.type, ()), f"{key} could not tell of it: {error.msg}")
    for site in sites:
        key, wanted = site.connection.key, handles.get(site.connection.type, ())
        try:
            found, unread = site.stored(wanted) if wanted else ((), "")
        except ApiError as exc:
            found, unread = (), exc.msg
        there |= dict.fromkeys(found, f"it is there, on {key}")
        if unread:
            unsure |= dict.fromkeys(wanted, f"{key} could not tell of it: {unread}")
        denied |= dict.fromkeys(wanted, f"it is not on {key}")
    return denied | unsure | there


def missing_rights(targets: Sequence[Target], session: Session) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(rights that are missing to delete what is the session's, what could not be told of them), before anything is
    deleted. A provider that cannot be reached is no clear no."""
    with opened(targets) as (sites, failed):
        seen = _look(sites, failed, targets, session)
        owned = [remote for remote, _decision in seen.with_status(Status.OWNED)]

        missing, unchecked = rights.asked(
            sites, lambda site: site.missing([one.alone() for one in owned if one.provider == site.connection.key])
        )
    return missing, [*rights.unread(seen.unreadable), *unchecked]


def remove(
    targets: Sequence[Target],
    session: Session,
    limits: Limits,
    check_mode: bool,
    wants: Wants = lambda _one: True,
    note: Note = lambda _items: None,
    witness: ProviderWitness | None = None,
) -> Result:
    """Delete what is the session's, of what the caller wants; in check mode only say what that is."""
    witness = witness or ProviderWitness(Keeper())
    with opened(targets) as (sites, failed):
        look = partial(_look, sites, failed, targets)
        result = _looked_removed_looked(sites, look, session, limits, check_mode, wants, note, witness)
        result.requests = sum(site.calls for site in sites)
        return result


def _looked_removed_looked(
    sites: Sequence[Site],
    look: Callable[[Session], Survey],
    session: Session,
    limits: Limits,
    check_mode: bool,
    wants: Wants,
    note: Note,
    witness: ProviderWitness,
) -> Result:
    before = look(session)
    owned = [(remote, decision) for remote, decision in before.with_status(Status.OWNED) if wants(remote)]
    if check_mode or not owned:
        return _result(before, [item(remote, decision) for remote, decision in owned], {}, wants)
    note([item(remote, decision) for remote, decision in owned])
    witness.failed(sites, [remote for remote, _decision in owned])
    asked = _times.now()
    held = _remove(sites, [remote for remote, _decision in owned], limits)
    witness.left(sites, [(remote, held[remote.identity]) for remote, _decision in owned if remote.identity in held])
    # Parts are known by their owner, and that has gone: from here on they are known by what was seen of them.
    noted = {
        identity: decision.test_name for remote, decision in owned for identity in (remote.identity, *remote.leaves)
    }
    stays = [
        _progress.thing(
            one.kind, one.name, provider=one.provider, uid=one.identity, since=asked, held=held[one.identity].text
        )
        for one, _decision in owned
        if one.identity in held
    ]
    with _progress.waiting(_progress.left(stays)):
        after = look(session.learned(lineage={**session.lineage, **noted}))
    there = {remote.identity for remote, _decision in after.decided}
    gone = {
        remote.identity: item(remote, decision)
        for remote, decision in owned
        if remote.identity not in there and after.was_read(remote.provider, remote.kind)
    }
    # What is seen counts, not what was said of it: an answer may be lost, and a task may end late.
    held = {
        **_unseen(owned, there, after),
        **{identity: cause for identity, cause in held.items() if identity not in gone},
    }
    result = _result(after, list(gone.values()), held, wants, owned)
    result.asked = {remote.identity: asked for remote, _decision in owned}
    result.gone = dict.fromkeys(gone, _times.now())
    return result


def _unseen(owned: Iterable[tuple[Remote, Decision]], there: set[str], after: Survey) -> dict[str, Cause]:
    """Asked for, but the look afterwards could not see its kind."""
    return {
        remote.identity: causes.unseen(remote.provider, remote.kind)
        for remote, _decision in owned
        if remote.identity not in there and not after.was_read(remote.provider, remote.kind)
    }


def _result(
    seen: Survey,
    done: list[dict[str, Any]],
    held: Mapping[str, Cause],
    wants: Wants,
    asked: Iterable[tuple[Remote, Decision]] = (),
) -> Result:
    """held: what kept each of those that were asked for."""
    there = {remote.identity: (remote, decision) for remote, decision in seen.decided}
    stayed = {remote.identity: there.get(remote.identity, (remote, decision)) for remote, decision in asked}
    remaining = [
        left_item(remote, decision, held.get(identity) or seen.whys[identity])
        for identity, (remote, decision) in stayed.items()
        if identity in held or identity in there
    ]
    refused = [
        item(remote, decision)
        for remote, decision in seen.with_status(Status.REFUSED, Status.CONTESTED)
        if wants(remote) and remote.identity not in stayed
    ]
    asked_for = {remote.name for remote, _decision in stayed.values()}
    absent = [absent_item(record) for record in seen.absent if record.name not in asked_for]
    unreadable = [dict(entry) for entry in seen.unreadable]
    return Result(done, absent, refused, remaining, unreadable, bool(held), insecure=list(seen.insecure))


# -- several providers at once ----------------------------------------------------------------------------------


def _look(sites: Sequence[Site], failed: Mapping[str, ApiError], targets: Sequence[Target], session: Session) -> Survey:
    session, unmet = sources.known_by(session, [target.connection for target in targets])

    def read(site: Site) -> Seen:
        try:
            reading = site.look(ownership.of_server(session, site.server))
        except ApiError as exc:
            return Seen(unread={"": exc.msg})
        remotes = (replace(remote.at(site.server), reached=site.connection.place) for remote in reading.remotes)
        return replace(reading, remotes=tuple(remotes))

    types = {target.connection.key: target.connection.type for target in targets}
    keys = [site.connection.key for site in sites]
    with _progress.waiting(_progress.looking(keys)):
        seen = dict(zip(keys, together(read, sites, AT_ONCE), strict=True))
    decided = ownership.decide(session, (remote for reading in seen.values() for remote in reading.remotes))
    by_key = {site.connection.key: site for site in sites}
    whys = {remote.identity: by_key[remote.provider].why(remote) for remote, decision in decided if decision.ours}
    unread = [(key, "", error.msg) for key, error in failed.items()]
    unread += [(key, kind, error) for key, reading in seen.items() for kind, error in reading.unread.items()]
    types |= {_source(key): ALIASES.get(key.type, key.type) for key in unmet}
    unread += [(_source(key), "", _UNMET) for key in unmet]
    scopes = [
        {"kind": kind, "api_version": types[key], "namespace": None, "count": count, "provider": key}
        for key, reading in seen.items()
        for kind, count in reading.scopes.items()
    ]
    unreadable = [
        {
            "kind": kind,
            "api_version": types[key],
            "namespace": None,
            "name": "",
            "error": error,
            "provider": key,
            **reason_of(failed.get(key)),
        }
        for key, kind, error in unread
    ]
    incomplete = {types[key] for key, _kind, _error in unread}
    searched = set(types.values()) - incomplete
    places = {target.connection.place for target in targets}
    return Survey(
        tuple(decided),
        whys,
        tuple(scopes),
        tuple(unreadable),
        _absent(session, searched, decided, places),
        tuple(sorted(site.connection.key for site in sites if not site.connection.validate_certs)),
    )


def _source(key: Key) -> str:
    return f"{key.host or 'no host'} ({'Conversion' if key.vms else 'Provider'} {key.namespace}/{key.name})"


def _absent(
    session: Session, searched: set[str], decided: Iterable[tuple[Remote, Decision]], places: Collection[str]
) -> tuple[Record, ...]:
    met = {(remote.type, remote.name) for remote, _decision in decided} | {
        (remote.type, remote.id) for remote, _decision in decided
    }
    return tuple(
        record
        for kind in sorted(searched)
        for record in ownership.records_of(session, kind)
        if (kind, record.id or record.name) not in met and record.place in ("", *places)
    )


def _remove(sites: Sequence[Site], owned: Sequence[Remote], limits: Limits) -> dict[str, Cause]:
    def work(site: Site) -> Mapping[str, Cause]:
        mine = {remote.alone().identity: remote for remote in owned if remote.provider == site.connection.key}
        try:
            held = site.remove([remote.alone() for remote in mine.values()], limits) if mine else {}
        except ApiError as exc:
            held = dict.fromkeys(mine, causes.fails(site.connection.key, exc.msg))
        return {mine[identity].identity: cause for identity, cause in held.items()}

    return {identity: cause for held in together(work, sites, AT_ONCE) for identity, cause in held.items()}


# -- entries of a result ----------------------------------------------------------------------------------------


def item(remote: Remote, decision: Decision, reason: str = "") -> dict[str, Any]:
    """One object in a result; api_version is the type of the provider, for it has no other."""
    return {
        "kind": remote.kind,
        "api_version": remote.type,
        "namespace": None,
        "name": remote.name,
        "uid": remote.identity,
        "evidence": decision.evidence,
        "rests_on": decision.rests_on,
        "reason": reason or decision.reason,
        "test_name": decision.test_name,
        "provider": remote.provider,
        "host": remote.home,
        "id": remote.id,
        "place": remote.place,
        **({"leaves": list(remote.leaves)} if remote.leaves else {}),
        **{name: remote.facts[name] for name in ("vm", "snapshot_id") if name in remote.facts},
    }


def left_item(remote: Remote, decision: Decision, cause: Cause) -> dict[str, Any]:
    """An object that stayed: with the cause, what holds it, and what a person can do."""
    contested = decision.reason if cause.name not in causes.KEPT else ""
    return {
        **item(remote, decision, decision.reason or cause.text),
        "cause": CONTESTED if contested else cause.name,
        "next_step": (words(advise(Facts(decision.whose))) if contested else "") or cause.next_step,
        "held_by": dict(remote.facts),
    }
