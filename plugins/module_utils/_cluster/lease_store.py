# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking, renewing and releasing the Lease of a session on the API server."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _limits
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import lease
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.lasting_object import LastingObject
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.lease import Claim, Seen, Whose
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.rest import Http
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError, TeardownError

# Seconds between two looks at one that another run holds.
POLL = 1.0
# How often a write is tried that meets somebody else's.
_CONFLICTS = 5


class HeldError(TeardownError):
    """Another run holds it, and lives."""


class LostError(TeardownError):
    """It was ours, and is not any more."""


@dataclass(frozen=True, slots=True)
class Taken:
    """How it came to us. waited: seconds; over: who held it before without renewing it, as Seen.told()."""

    uid: str
    waited: float = 0.0
    over: Mapping[str, Any] | None = None


class Store:
    """One Lease on one API server."""

    def __init__(self, http: Http, namespace: str, name: str) -> None:
        self._object = LastingObject(http, f"/apis/{lease.GROUP}/v1", lease.PLURAL, namespace, name)
        self.is_missing = self._object.is_missing

    def hurry(self, duration: float) -> None:
        """Ask so that an answer comes, or fails to, long before a Lease of so many seconds has expired."""
        each, http = max(1.0, duration / 6), self._object.http
        http.patience = replace(http.patience, tries=1, connect=each, silence=each, answer=each)

    def get(self) -> Seen | None:
        body = self._object.get()
        return None if body is None else self._seen(body)

    def create(self, item: Mapping[str, Any]) -> Seen:
        return self._seen(self._object.create(item))

    def put(self, item: Mapping[str, Any]) -> Seen:
        """The uid and resourceVersion in it are preconditions."""
        return self._seen(self._object.put(item))

    def delete(self, one: Seen) -> None:
        """Exactly this one, as it was read."""
        self._object.delete(one.uid, one.version)

    def _seen(self, body: Any) -> Seen:
        return lease.seen(body, self._object.namespace, self._object.name)

    def __str__(self) -> str:
        return str(self._object)


def take(
    store: Store,
    claim: Claim,
    wait: float,
    clock: Callable[[], float] = _limits.now,
    sleep: Callable[[float], None] = time.sleep,
) -> Taken:
    """Come to hold it. HeldError when another run holds it and lives, for as long as wait says; one that does not renew
    it is waited for as long as it said itself, whatever wait says, and then it is taken over."""
    began = since = clock()
    last: Seen | None = None
    lives, beaten = False, 0
    while True:
        now = store.get()
        if now is not None and (last is None or now.mark != last.mark):
            lives = last is not None  # somebody has written to it since we look at it
            last, since = now, clock()
        whose = Whose.NOBODY if now is None else lease.whose(now, claim)
        if whose is Whose.FOREIGN:
            raise TeardownError(foreign(store, claim, now))
        expired = now is not None and whose is Whose.OTHER and clock() - since >= now.duration
        if whose is not Whose.OTHER or expired:
            uid = _written(store, now, claim)
            if uid:
                return Taken(uid, clock() - began, now.told() if now is not None and expired else None)
            beaten += 1
            if beaten > _CONFLICTS:
                raise TeardownError(f"the Lease {store} cannot be taken: each time somebody else was faster.")
        elif now is not None and lives and clock() - began >= wait:
            raise HeldError(held(store, claim, now, clock() - began), held_by=now.told())
        sleep(POLL)


def _written(store: Store, now: Seen | None, claim: Claim) -> str:
    """The uid of the Lease, which is ours now; empty when somebody else was faster."""
    stamp = lease.stamp()
    try:
        if now is None:
            return store.create(lease.made(claim, stamp)).uid
        mine = now.holder == claim.holder  # an answer was lost
        return store.put(lease.renewed(now, claim.duration, stamp) if mine else lease.taken(now, claim, stamp)).uid
    except ApiError as exc:
        if exc.status == 409 or (now is not None and store.is_missing(exc)):
            return ""
        raise


def renew(store: Store, uid: str, holder: str, duration: int, clock: Callable[[], float] = _limits.now) -> float:
    """Hold it for longer; LostError when it is not ours any more. Returns when that was asked for, by the clock: from
    then on the duration counts."""
    for attempt in range(1, _CONFLICTS + 1):
        one = store.get()
        why = lease.lost(one, uid, holder)
        if why or one is None:
            raise LostError(f"this run has lost its Lease {store}: {why}")
        sent = clock()
        try:
            store.put(lease.renewed(one, duration, lease.stamp()))
        except ApiError as exc:
            if exc.status not in (404, 409) or attempt == _CONFLICTS:
                raise
        else:
            return sent
    raise AssertionError("unreachable")  # the loop returns or raises


def release(store: Store, uid: str, holder: str) -> str:
    """Delete it; why it was left, where it is not ours any more."""
    for attempt in range(1, _CONFLICTS + 1):
        one = store.get()
        why = lease.lost(one, uid, holder)
        if why or one is None:
            return why
        try:
            store.delete(one)
        except ApiError as exc:
            if exc.status != 409 or attempt == _CONFLICTS:
                with suppress(ApiError):
                    if store.get() is None:
                        return ""
                raise
        else:
            return ""
    raise AssertionError("unreachable")  # the loop returns or raises


def foreign(store: Store, claim: Claim, one: Seen | None) -> str:
    """That it is not taken, and why."""
    what = (
        f"it has no label {lease.SESSION}={claim.session}"
        if one is None or one.session != claim.session
        else f"its leaseDurationSeconds is none from 1 to {lease.LONGEST}"
    )
    return (
        f"the Lease {store} is not one of a teardown of session {claim.session}: {what}. Nothing was deleted, and it "
        "was not touched. See whose it is; delete it when it is nobody's, or give another namespace."
    )


def held(store: Store, claim: Claim, one: Seen, waited: float) -> str:
    """That another run has it."""
    told = one.told()
    return (
        f"session {claim.session} is being torn down by another run: run {told['run_id'] or '?'} on host "
        f"{told['host'] or '?'} holds the Lease {store} since {told['acquired'] or '?'}, and renewed it at "
        f"{told['renewed'] or '?'} (by its clock). Nothing was deleted; this run waited {waited:.0f} s. The Lease "
        f"is free when that run ends, or {one.duration} s after it was killed. Run this again then, or let it wait: "
        "mtv_teardown_lease_wait, in seconds."
    )
