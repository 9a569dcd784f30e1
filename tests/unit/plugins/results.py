# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results as runs write them: made by the code itself, from worlds in which what is deleted goes, or is held."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cache, partial, wraps
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _texts, _times
from ansible_collections.mtv.teardown.plugins.module_utils._cause import Cause
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import cancel_archive, delete, order
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._provider import teardown
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Seen, Target
from ansible_collections.mtv.teardown.plugins.module_utils._run import earlier, judge, look
from ansible_collections.mtv.teardown.plugins.module_utils._run import module as _module
from ansible_collections.mtv.teardown.plugins.module_utils._session.finalizers import Removal
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session, from_dict
from ansible_collections.mtv.teardown.tests.unit.plugins.odd_server import OddServer, world

QUICK = Limits(stall=0.05, total=0.2, settle=0.05)
OPTIONS: dict[str, Any] = {
    "quiet_interval": 0.0,
    "wait_timeout": 1,
    "openshift_only": False,
    "verify_ignore": [],
    "providers_file": None,
    "data_collector_path": ".data-collector",
    "run": {"id": "build-4711", "started": ""},
}
SESSION = Session(prefix="auto-ab12", started="2026-01-01T11:00:00Z")
NEIGHBOURS = 900


class LivingServer(OddServer):
    """What is deleted goes, with what is in it and what it owns, unless a finalizer holds it."""

    def _answer(self, method: str, path: str, query: dict[str, list[str]], body: str | None) -> tuple[int, bytes]:
        if method == "DELETE":
            self._delete(json.loads(body or "{}")["preconditions"]["uid"])
        return super()._answer(method, path, query, body)

    def _delete(self, uid: str) -> None:
        one = next((item for item in self.items if item["metadata"]["uid"] == uid), None)
        if one is None:
            return
        if one["metadata"]["finalizers"]:
            one["metadata"].setdefault("deletionTimestamp", "2026-01-01T12:40:00Z")
            return
        name = one["metadata"]["name"] if one["kind"] == "Namespace" else None
        inside = [i["metadata"]["uid"] for i in self.items if name and i["metadata"].get("namespace") == name]
        for inner in inside:
            self._delete(inner)
        self.items.remove(one)
        for other in list(self.items):
            if uid in {owner["uid"] for owner in other["metadata"]["ownerReferences"]}:
                self._delete(other["metadata"]["uid"])


@dataclass
class FakeSite:
    """A provider on which clones are, of which those of these ids stay."""

    connection: Connection
    clones: list[Remote]
    stay: frozenset[str] = frozenset()
    unread: Mapping[str, str] = field(default_factory=dict)
    server: str = "center-1"
    calls: int = 7

    def look(self, _session: Session) -> Seen:
        return Seen(tuple(self.clones), {"VirtualMachine": len(self.clones), "Disk": 0}, self.unread)

    def remove(self, targets: Sequence[Remote], _limits: Limits) -> Mapping[str, Cause]:
        gone = {one.id for one in targets} - self.stay
        self.clones[:] = [one for one in self.clones if one.id not in gone]
        return {one.identity: self.why(one) for one in targets if one.id in self.stay}

    def why(self, _one: Remote) -> Cause:
        return Cause("vsphere-disabled", "somebody has disabled its deletion", "enable it again")

    def stored(self, _handles: Any) -> tuple[Any, str]:
        return (), ""


def free_world() -> list[Any]:
    """The world of odd_server, in which nothing is held, also by others, and no migration runs."""
    kept = [one for one in world() if one["kind"] not in ("Migration", "Conversion") and _number(one) not in (31, 904)]
    for one in kept:
        if _number(one) < NEIGHBOURS:
            one["metadata"]["finalizers"] = []
            one["metadata"].pop("deletionTimestamp", None)
    return kept


def _number(one: Any) -> int:
    return int(one["metadata"]["uid"][:8])


def clone(number: int, name: str = "auto-ab12-clone") -> Remote:
    where = f"DC/vm/{name}-{number}"
    return Remote("vsphere", "vsphere-8", "vc.example.com", "VirtualMachine", f"vm-{number}", f"{name}-{number}", where)


def opener(site: FakeSite) -> Target:
    def entered(_connection: Connection) -> AbstractContextManager[Any]:
        return nullcontext(site)

    return Target(site.connection, entered)


def refusing(connection: Connection) -> Target:
    def refuse(_connection: Connection) -> AbstractContextManager[Any]:
        raise ApiError("no answer from vc.example.com", reason="NoAnswer")

    return Target(connection, refuse)


VSPHERE = Connection("vsphere", "vsphere-8", "vc.example.com")


def run(
    server: OddServer,
    targets: Sequence[Target] = (),
    session: Session = SESSION,
    removal: Removal | None = None,
    **options: Any,
) -> dict[str, Any]:
    """A whole run, as playbooks/teardown.yml does it; its result as it is written. removal: what comes off."""
    cluster = server.client()
    began = _times.now()
    found = _texts.closed(look.look(cluster, session))  # as the playbooks hand it on
    session = from_dict(found["session"])
    phases: dict[str, Any] = {"session": {"times": {"began": began, "ended": _times.now()}, "requests": 30}}

    def phase(name: str, done: str, work: Any) -> None:
        client, started = server.client(), _times.now()
        result = work(client)
        result.asked |= client.ledger.asked
        result.gone |= client.ledger.gone
        requests, times = client.requests + result.requests, _module.times(result, started)
        phases[name] = _texts.closed({**result.as_dict(done), "requests": requests, "times": times})

    phase("migrations", "canceled", lambda c: cancel_archive.cancel(c, session, QUICK, False))
    phase("plans", "archived", lambda c: cancel_archive.archive(c, session, QUICK, False, True))
    if targets:
        phase("provider_clones", "deleted", lambda _c: teardown.remove(targets, session, QUICK, False))
    for name in (order.VMS, order.RESOURCES, order.NAMESPACES):
        work = partial(delete.run, phase=name, stalled=True, removal=removal)
        phase(name, "deleted", lambda c, work=work: work(c, session, QUICK, False))
    told = earlier.checked(json.loads(json.dumps(phases)), found["targets"])
    session = earlier.with_deleted(session, told["phases"])
    more = {**OPTIONS, **told, **options}
    result = judge.judge(cluster, session, more, lambda _session: (targets, frozenset()), "2.21.5")
    made: dict[str, Any] = json.loads(json.dumps({"$schema": result["schema"], "changed": False, **result}))
    return made


def _made_once(make: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """Whoever asks gets one of his own, of a run that was made once."""
    text = cache(lambda: json.dumps(make()))
    return wraps(make)(lambda: json.loads(text()))


@_made_once
def clean() -> dict[str, Any]:
    """Everything went, on a provider too."""
    return run(LivingServer(free_world()), [opener(FakeSite(VSPHERE, [clone(1), clone(2)]))])


@_made_once
def leftovers() -> dict[str, Any]:
    """Much is held, on a provider too; one of them is accepted."""
    ignored = [{"expression": "kind == 'NetworkMap'", "reason": "kept for the storage team"}]
    site = FakeSite(VSPHERE, [clone(1), clone(2)], frozenset({"vm-2"}))
    held = world()
    for one in held:
        if one["kind"] == "NetworkMap":
            one["metadata"]["finalizers"] = ["example.com/held"]
    return run(LivingServer(held), [opener(site)], verify_ignore=ignored)


@_made_once
def unverified() -> dict[str, Any]:
    """A kind and a provider could not be read; nothing else is left."""
    server = LivingServer(free_world())
    forbidden = {"kind": "Status", "reason": "Forbidden", "message": "configmaps is forbidden", "code": 403}
    for place in ("", "/namespaces/auto-ab12-vms", "/namespaces/shared-vms", "/namespaces/openshift-mtv"):
        server.answers[f"/api/v1{place}/configmaps"] = (403, json.dumps(forbidden).encode())
    return run(server, [refusing(VSPHERE)])


MADE = {"clean": clean, "leftovers": leftovers, "unverified": unverified}
