# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs on source providers, and SSH keys on ESXi hosts, that a session changed for a time: looked at by the ledger of
its changes, and put back where they are as it left them.

No provider can be asked to do it only while nothing has changed, so each VM is read once more right before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _times
from ansible_collections.mtv.teardown.plugins.module_utils._cause import Cause, first
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._provider import causes, rights
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import place_of
from ansible_collections.mtv.teardown.plugins.module_utils._provider.opening import AT_ONCE, opened, reason_of
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Holder, HolderTarget, States
from ansible_collections.mtv.teardown.plugins.module_utils._recording import undo_causes
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import ESXI, Change, forbidden_change
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
from ansible_collections.mtv.teardown.plugins.module_utils._together import together

_HOST = re.compile(r"[0-9a-f]{64}")
# Told of an item that is about to be changed.
Announce = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Sight:
    """One VM as it was read. provider: the key of the one that was asked, or that would have to be; remote: None where
    it is not there, or could not be read; cause: why it could not be put back; reason: of one that could not
    be opened."""

    judged: Judged
    provider: str
    remote: Remote | None = None
    cause: Cause | None = None
    reason: Mapping[str, str] = field(default_factory=dict)

    @property
    def uid(self) -> str:
        return self.judged.subject.last.uid

    @property
    def unread(self) -> bool:
        return self.judged.outcome is Outcome.UNREAD

    @property
    def is_there(self) -> bool:
        return self.remote is not None

    @property
    def settled(self) -> bool:
        return self.judged.outcome.settled


def body_of(remote: Remote, uid: str) -> dict[str, Any]:
    """A VM as the decision about changes takes it."""
    return {"metadata": {"uid": uid}, **remote.facts}


# -- looking --------------------------------------------------------------------------------------------------------


def look(
    sites: Sequence[Holder], failed: Mapping[str, ApiError], targets: Sequence[HolderTarget], changes: Iterable[Change]
) -> list[Sight]:
    """Read each VM that the ledger names, on the server that it is on. What could not be read is UNREAD."""
    found = subjects(changes)
    homes = [_homes(sites, one) for one in found]
    asked = [(site, [one for one, there in zip(found, homes, strict=True) if site in there]) for site in sites]
    told = dict(zip(map(id, sites), together(lambda pair: _states(*pair), asked, AT_ONCE), strict=True))
    return [
        _best([_seen(site, one, told[id(site)]) for site in there]) if there else _nowhere(one, failed, targets)
        for one, there in zip(found, homes, strict=True)
    ]


def _homes(sites: Sequence[Holder], subject: Subject) -> list[Holder]:
    """Whoever is logged in to the server that the VM is on, by what that calls itself: behind the address at which it
    was changed there may be another one by now."""
    return [
        site for site in sites if site.connection.type == subject.last.provider and _alone(site, subject) is not None
    ]


def _alone(site: Holder, subject: Subject) -> str | None:
    """The uid as its server itself has it; None where it is on another server."""
    start = f"{site.server}/"
    here = site.server and subject.last.uid.startswith(start)
    return (subject.last.uid.removeprefix(start) or None) if here else None


def _states(site: Holder, found: Sequence[Subject]) -> States:
    wanted = {_alone(site, one) or "": one.last.ref for one in found}
    try:
        return site.states(wanted) if wanted else States()
    except ApiError as exc:
        return States(unread=dict.fromkeys(wanted, exc.msg))


def _seen(site: Holder, subject: Subject, states: States) -> Sight:
    alone, key = _alone(site, subject) or "", site.connection.key
    if alone in states.unread:
        return _unread(subject, key, states.unread[alone])
    remote = states.remotes.get(alone)
    return Sight(judge(subject, None if remote is None else body_of(remote, subject.last.uid)), key, remote)


def _best(seen: Sequence[Sight]) -> Sight:
    """Several accounts may look at one server; the one that sees the VM knows best, and none is believed that it has
    gone as long as another could not look."""
    return next((one for one in seen if one.remote is not None), None) or next(
        (one for one in seen if one.unread), seen[0]
    )


def _nowhere(subject: Subject, failed: Mapping[str, ApiError], targets: Sequence[HolderTarget]) -> Sight:
    """Why nobody could look at it."""
    last = subject.last
    of_type = [one.connection for one in targets if one.connection.type in (last.provider, "")]
    there = [one for one in of_type if one.host and one.place == _place(last)]
    for one in there or [each for each in of_type if each.key in failed]:
        if one.key in failed:
            error = failed[one.key]
            told = f"{error.msg}: {_of_a_key(last)}" if last.provider == ESXI else error.msg
            return replace(_unread(subject, one.key, told), reason=reason_of(error))
    if last.provider == ESXI:
        return _unread(subject, f"{ESXI} at {last.name}", _of_a_key(last))
    where = _place(last) or "a server that the ledger does not tell"
    if there:
        told = f"{where} is another server now than the one on which it was changed"
    else:
        told = f"it was changed on {where}, and no {last.provider} provider is configured that is this server"
    return _unread(subject, f"{last.provider} at {where}", told)


def _of_a_key(last: Change) -> str:
    """It is in a file of the host's own, which only root of that host reads."""
    key, known = last.uid.partition("/")[2], bool(pinned([last]))
    configured = f" (the option esxi, or copyoffload of the providers file, with {last.name} as its address)"
    return (
        f"nobody has looked whether SSH key {key} may still log in to ESXi host {last.name} as root: "
        + (f"give the log-in of that host{configured}, or " if known else "")
        + "look there"
        " (ssh-keygen -l -f /etc/ssh/keys-root/authorized_keys), take its line away unless it was there before, and"
        f" then the entry out of the ledger (mtv.teardown.vm_change with name={last.name} and state=absent)"
    )


def pinned(changes: Iterable[Change]) -> dict[str, frozenset[str]]:
    """place of an ESXi host -> hashes of the SSH keys by which the ledger knows who is there. No other place is asked
    for a key, and nobody else is told a password."""
    found: dict[str, set[str]] = {}
    for one in changes:
        host = one.uid.partition("/")[0]
        if one.provider == ESXI and not one.withheld and _HOST.fullmatch(host) and not forbidden_change(one):
            found.setdefault(_place(one), set()).add(host)
    return {place: frozenset(hosts) for place, hosts in found.items() if place}


def _place(change: Change) -> str:
    return place_of(change.place) if change.place else ""


def _unread(subject: Subject, provider: str, error: str) -> Sight:
    return Sight(Judged(subject, Outcome.UNREAD, error, {}), provider)


# -- rights ---------------------------------------------------------------------------------------------------------


def missing_rights(
    targets: Sequence[HolderTarget], changes: Iterable[Change]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(rights that are missing to put back what is to be put back now, what could not be told of them)."""
    with opened(targets) as (sites, failed):
        sights = look(sites, failed, targets, changes)
        todo = [one for one in sights if one.judged.outcome is Outcome.UNDO and one.remote is not None]

        def ask(site: Holder) -> rights.Lacks:
            mine = [(one.remote, _wanted(one)) for one in todo if one.provider == site.connection.key and one.remote]
            return site.missing_to_put(mine) if mine else ((), "")

        missing, unchecked = rights.asked(sites, ask)
    return missing, [*rights.unread([unread_item(one) for one in sights if one.unread]), *unchecked]


def _wanted(seen: Sight) -> dict[str, Any]:
    """What facts are to be again."""
    return {path.removeprefix("/"): value for path, value in seen.judged.targets.items()}


# -- putting back ---------------------------------------------------------------------------------------------------


def run(
    targets: Sequence[HolderTarget], changes: Iterable[Change], limits: Limits, check_mode: bool, announce: Announce
) -> Undone:
    """Put back what is as the session left it; then look at it again. announce: told of each before it is asked for."""
    done = Undone()
    with opened(targets) as (sites, failed):
        for seen in look(sites, failed, targets, changes):
            todo = seen.judged if seen.judged.outcome is Outcome.UNDO else None
            if todo is not None and not check_mode:
                seen = _put(sites, seen, limits, announce, done)
                limits = limits if seen.settled else limits.brief()  # one wait in vain is enough
            elif todo is not None:
                seen = replace(seen, judged=replace(todo, outcome=Outcome.BEFORE))
            _take(done, seen, todo)
        done.result.requests = sum(site.calls for site in sites)
        done.result.insecure = sorted(site.connection.key for site in sites if not site.connection.validate_certs)
    if check_mode:
        done.settled = []
    return done


def _put(sites: Sequence[Holder], seen: Sight, limits: Limits, announce: Announce, done: Undone) -> Sight:
    """How it is afterwards, by a look of its own."""
    site = next(one for one in sites if one.connection.key == seen.provider)
    now = _again(site, seen)
    if now.judged.outcome is not Outcome.UNDO or now.remote is None:
        return now
    announce(item(now, now.judged.reason))
    done.result.asked.setdefault(now.uid, _times.now())
    try:
        cause = site.put(now.remote, _wanted(now), limits)
    except ApiError as exc:
        cause = causes.fails(site.connection.key, exc.msg)
    return replace(_again(site, seen), cause=cause)


def _again(site: Holder, seen: Sight) -> Sight:
    subject = seen.judged.subject
    return _seen(site, subject, _states(site, [subject]))


def _take(done: Undone, seen: Sight, todo: Judged | None) -> None:
    """Sort one VM into the answer. todo: what was to be undone of it at first."""
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
    elif outcome is Outcome.GONE:
        result.absent.append(item(seen, seen.judged.reason))
    elif not outcome.settled:
        result.remaining.append(left_item(seen))


# -- entries of a result --------------------------------------------------------------------------------------------


def item(seen: Sight, reason: str) -> dict[str, Any]:
    """One VM of the ledger in a result."""
    last, remote = seen.judged.subject.last, seen.remote
    return {
        **about(seen.judged, reason),
        "evidence": LEDGER,
        "rests_on": RESTS_ON,
        "provider": seen.provider,
        "host": last.uid.partition("/")[0],
        "id": remote.id if remote is not None else last.ref,
        "place": remote.place if remote is not None else "",
    }


def left_item(seen: Sight) -> dict[str, Any]:
    """A VM that is not as it was before, with the cause and what a person can do."""
    cause = seen.cause or first(undo_causes.CAUSES, seen.judged)
    if cause is None:
        raise AssertionError("unreachable")  # each outcome that is left is in the table
    told = {"cause": cause.name, "next_step": cause.next_step, "held_by": {}}
    return {**item(seen, cause.text), **told}


def unread_item(seen: Sight) -> dict[str, Any]:
    """A VM of which nobody knows how it is."""
    told = {key: about(seen.judged, "")[key] for key in ("kind", "api_version", "namespace", "name")}
    return {**told, "error": seen.judged.reason, "provider": seen.provider, **seen.reason}


def unasked(changes: Iterable[Change], reason: str = "") -> list[dict[str, Any]]:
    """VMs that nobody looks at, as items. reason: why; without it, that they are not shown to be the session's."""
    return [item(_unread(one, one.last.provider, ""), reason or whose(one)) for one in subjects(changes)]


def told(seen: Sight, undone: Mapping[str, str]) -> dict[str, Any]:
    """What became of the changes of one VM. undone: uid -> when it was asked to be as it was before."""
    about_it = {"outcome": seen.judged.outcome.value, "undone": undone.get(seen.uid, "")}
    return {**item(seen, seen.judged.reason), **about_it}


def left(sights: Iterable[Sight]) -> list[Sight]:
    """What is not as it was before."""
    return [seen for seen in sights if not seen.settled and not seen.unread]
