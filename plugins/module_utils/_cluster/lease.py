# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Lease by which only one run at a time tears a session down: what stands in it, and whose it is.

Nobody compares clocks of two machines: the times in it are for people. As in Kubernetes' own leader election, a Lease
has expired when who wants it has seen it unchanged for as long as its holder said, by its own clock.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import lasting
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import dig, text
from ansible_collections.mtv.teardown.plugins.module_utils._errors import garbage
from ansible_collections.mtv.teardown.plugins.module_utils._limits import LONGEST_LEASE
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

GROUP, PLURAL = "coordination.k8s.io", "leases"
# What is done with it; a Role needs the same.
VERBS = ("get", "create", "update", "delete")
SESSION = lasting.SESSION
# What its holder says of itself.
RUN, STARTED, HOST = "mtv.teardown/run-id", "mtv.teardown/started", "mtv.teardown/host"
LONGEST = LONGEST_LEASE


def name_of(prefix: str) -> str:
    """The one Lease of a session."""
    return f"mtv-teardown-{prefix}"


def check_namespace(namespace: str, session: Session) -> None:
    """RecordError when the Lease of this session cannot be there."""
    lasting.check(namespace, session, "Lease", [name_of(session.prefix)], "mtv_teardown_lease_namespace")


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that wants the Lease. holder: nobody else's, not even that of a run with the same id; started: for people,
    as run and host are."""

    session: str
    namespace: str
    holder: str
    run: str
    host: str
    started: str
    duration: int

    @property
    def name(self) -> str:
        return name_of(self.session)


@dataclass(frozen=True, slots=True)
class Seen:
    """A Lease as it was read. duration: 0 where it does not say; item: all of it."""

    uid: str
    version: str
    session: str
    holder: str
    duration: int
    item: Mapping[str, Any]

    @property
    def mark(self) -> tuple[str, ...]:
        """What differs once somebody has written to it."""
        return (self.uid, self.version, self.holder, text(dig(self.item, "spec", "renewTime")))

    def told(self) -> dict[str, Any]:
        """Who holds it, for people and results."""
        notes, spec = dig(self.item, "metadata", "annotations"), dig(self.item, "spec")
        return {
            "holder": self.holder,
            "run_id": text(dig(notes, RUN)),
            "host": text(dig(notes, HOST)),
            "started": text(dig(notes, STARTED)),
            "acquired": text(dig(spec, "acquireTime")),
            "renewed": text(dig(spec, "renewTime")),
            "duration": self.duration,
        }


class Whose(Enum):
    """To whom a Lease is, for one claim."""

    NOBODY = "nobody"
    MINE = "mine"
    OTHER = "another run"
    FOREIGN = "no run of this session, or nobody can tell"


def seen(item: Mapping[str, Any], namespace: str, name: str) -> Seen:
    """What an answer holds; garbage when it is not that Lease."""
    meta = dig(item, "metadata")
    uid, version = text(dig(meta, "uid")), text(dig(meta, "resourceVersion"))
    if (dig(meta, "name"), dig(meta, "namespace")) != (name, namespace) or not uid or not version:
        raise garbage(f"the answer for the Lease {namespace}/{name} is not that Lease")
    duration, holder = dig(item, "spec", "leaseDurationSeconds"), dig(item, "spec", "holderIdentity")
    if holder is not None and not isinstance(holder, str):
        raise garbage(f"the Lease {namespace}/{name} does not say who holds it")
    whole = isinstance(duration, int) and not isinstance(duration, bool) and duration > 0
    return Seen(uid, version, text(dig(meta, "labels", SESSION)), holder or "", duration if whole else 0, item)


def whose(one: Seen, claim: Claim) -> Whose:
    """Without a look at any clock: one that is another's may have expired."""
    if one.session != claim.session:
        return Whose.FOREIGN
    if not one.holder:
        return Whose.NOBODY
    if one.holder == claim.holder:
        return Whose.MINE
    return Whose.OTHER if 0 < one.duration <= LONGEST else Whose.FOREIGN


def lost(one: Seen | None, uid: str, holder: str) -> str:
    """Why a Lease that a run held is not its own any more; empty when it is."""
    if one is None:
        return "it is gone: somebody has deleted it"
    if one.uid != uid:
        return "it was deleted and made anew, by another run or by hand"
    if one.holder != holder:
        told = one.told()
        return (
            f"run {told['run_id'] or '?'} on host {told['host'] or '?'} has taken it over"
            if one.holder
            else ("somebody has taken its holder out")
        )
    return ""


# -- what is written --------------------------------------------------------------------------------------------


def stamp(now: datetime | None = None) -> str:
    """A MicroTime, which has six digits behind the dot."""
    return (now or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def made(claim: Claim, now: str) -> dict[str, Any]:
    """A new Lease."""
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "Lease",
        "metadata": {
            "name": claim.name,
            "namespace": claim.namespace,
            "labels": lasting.labels_of(claim.session),
            "annotations": _notes(claim),
        },
        "spec": {**_held(claim, now), "leaseTransitions": 0},
    }


def taken(one: Seen, claim: Claim, now: str) -> dict[str, Any]:
    """The Lease that was read, with another holder; what others have put into it stays."""
    item: dict[str, Any] = copy.deepcopy(dict(one.item))
    meta = item["metadata"]
    meta["labels"] = {**(meta.get("labels") or {}), **lasting.labels_of(claim.session)}
    meta["annotations"] = {**(meta.get("annotations") or {}), **_notes(claim)}
    before = dig(item, "spec", "leaseTransitions")
    passed = before + 1 if isinstance(before, int) and before >= 0 else 1
    item["spec"] = {**(item.get("spec") or {}), **_held(claim, now), "leaseTransitions": passed}
    return item


def renewed(one: Seen, duration: int, now: str) -> dict[str, Any]:
    """The same, of the same holder."""
    item: dict[str, Any] = copy.deepcopy(dict(one.item))
    item["spec"] |= {"leaseDurationSeconds": duration, "renewTime": now}
    return item


def _notes(claim: Claim) -> dict[str, str]:
    return {RUN: claim.run, STARTED: claim.started, HOST: claim.host}


def _held(claim: Claim, now: str) -> dict[str, Any]:
    return {
        "holderIdentity": claim.holder,
        "leaseDurationSeconds": claim.duration,
        "acquireTime": now,
        "renewTime": now,
    }
