# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a Lease is, when it may be taken, when it is lost; on a server and by a clock that are only here."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import lease
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.lease import Claim, Whose
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.lease_store import (
    HeldError,
    LostError,
    Store,
    release,
    renew,
    take,
)
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError, RecordError, TeardownError
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record

NOW = "2026-01-01T10:00:00.000000Z"
ME = Claim("auto-ab12", "ci", "me", "run 1", "host 1", NOW, 60)
OTHER = Claim("auto-ab12", "ci", "other", "run 2", "host 2", NOW, 30)


def item(claim: Claim = OTHER, uid: str = "u1", version: str = "1", **spec: Any) -> dict[str, Any]:
    made = lease.made(claim, NOW)
    made["metadata"] |= {"uid": uid, "resourceVersion": version}
    made["spec"] |= spec
    return made


class Server:
    """The Lease on a server, and a clock that goes on when somebody sleeps. others: what others do at which second."""

    def __init__(self, there: dict[str, Any] | None = None, **others: Any) -> None:
        self.there, self.seconds, self.versions, self.wrote = there, 0.0, 10, list[str]()
        self.others = {float(at.removeprefix("at_")): do for at, do in others.items()}

    def clock(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        for at, do in sorted(self.others.items()):
            if self.seconds < at <= self.seconds + seconds:
                do(self)
        self.seconds += seconds

    def renews(self, **spec: Any) -> None:
        assert self.there is not None
        self.versions += 1
        self.there["metadata"]["resourceVersion"] = str(self.versions)
        self.there["spec"] |= {"renewTime": f"2026-01-01T10:{self.versions}:00.000000Z", **spec}

    def json(self, method: str, _path: str, body: Any = None) -> Any:
        if method == "GET":
            if self.there is None:
                raise ApiError("404", status=404, reason="NotFound", name=ME.name)
            return copy.deepcopy(self.there)
        self.wrote.append(method)
        if method == "POST" and self.there is not None:
            raise ApiError("409", status=409, reason="AlreadyExists")
        if method != "POST":
            meta = body["preconditions"] if method == "DELETE" else body["metadata"]
            assert meta["uid"] and meta["resourceVersion"]
            known = self.there["metadata"] if self.there else {}
            if (known.get("uid"), known.get("resourceVersion")) != (meta["uid"], meta["resourceVersion"]):
                raise ApiError("409", status=409, reason="Conflict")
        self.versions += 1
        self.there = None if method == "DELETE" else copy.deepcopy(body)
        if self.there is not None:
            self.there["metadata"] |= {"uid": self.there["metadata"].get("uid", "u9")}
            self.there["metadata"]["resourceVersion"] = str(self.versions)
        return copy.deepcopy(self.there) or {"kind": "Status"}

    @property
    def store(self) -> Store:
        return Store(self, ME.namespace, ME.name)  # type: ignore[arg-type]

    def take(self, wait: float = 0) -> Any:
        return take(self.store, ME, wait, self.clock, self.sleep)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({}, Whose.OTHER),
        ({"holderIdentity": None}, Whose.NOBODY),
        ({"holderIdentity": ""}, Whose.NOBODY),
        ({"holderIdentity": "me"}, Whose.MINE),
        ({"leaseDurationSeconds": None}, Whose.FOREIGN),
        ({"leaseDurationSeconds": True}, Whose.FOREIGN),
        ({"leaseDurationSeconds": "60"}, Whose.FOREIGN),
        ({"leaseDurationSeconds": -1}, Whose.FOREIGN),
        ({"leaseDurationSeconds": 3601}, Whose.FOREIGN),
        # Clocks of others say nothing.
        ({"renewTime": "1970-01-01T00:00:00.000000Z"}, Whose.OTHER),
        ({"renewTime": "2999-01-01T00:00:00.000000Z"}, Whose.OTHER),
        ({"renewTime": 7, "acquireTime": []}, Whose.OTHER),
    ],
)
def test_whose(change: dict[str, Any], wanted: Whose) -> None:
    assert lease.whose(lease.seen(item(**change), "ci", ME.name), ME) is wanted


def test_without_our_label_it_is_of_nobody_we_know() -> None:
    for labels in (None, {}, {lease.SESSION: "auto-ab13"}):
        other = item()
        other["metadata"]["labels"] = labels
        other["spec"]["holderIdentity"] = ""
        assert lease.whose(lease.seen(other, "ci", ME.name), ME) is Whose.FOREIGN
        server = Server(other)
        with pytest.raises(TeardownError, match="is not one of a teardown of session auto-ab12"):
            server.take(wait=600)
        assert (server.wrote, server.seconds) == ([], 0)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"metadata": None},
        {"metadata": {"name": "x", "namespace": "ci", "uid": "u", "resourceVersion": "1"}},
        {"metadata": {"name": ME.name, "namespace": "other", "uid": "u", "resourceVersion": "1"}},
        {"metadata": {"name": ME.name, "namespace": "ci", "uid": "", "resourceVersion": "1"}},
        {"metadata": {"name": ME.name, "namespace": "ci", "uid": "u"}},
        {
            "metadata": {"name": ME.name, "namespace": "ci", "uid": "u", "resourceVersion": "1"},
            "spec": {"holderIdentity": {"x": 1}},
        },
    ],
)
def test_an_answer_that_is_none(answer: dict[str, Any]) -> None:
    with pytest.raises(ApiError):
        lease.seen(answer, "ci", ME.name)


def test_a_new_one_and_a_free_one() -> None:
    new = Server()
    assert (new.take().uid, new.wrote) == ("u9", ["POST"])
    there = new.there or {}
    assert there["metadata"]["labels"][lease.SESSION] == "auto-ab12"
    assert there["metadata"]["annotations"] == {lease.RUN: "run 1", lease.STARTED: NOW, lease.HOST: "host 1"}
    assert there["spec"]["leaseTransitions"] == 0 and there["spec"]["leaseDurationSeconds"] == 60
    free = Server(item(holderIdentity="", leaseTransitions=4))
    free.there["metadata"]["annotations"]["theirs"] = "kept"  # type: ignore[index]
    assert (free.take().over, free.seconds) == (None, 0)
    assert free.there["spec"]["leaseTransitions"] == 5  # type: ignore[index]
    assert free.there["metadata"]["annotations"]["theirs"] == "kept"  # type: ignore[index]


def test_one_that_is_renewed_is_held() -> None:
    server = Server(item(), at_7=Server.renews)
    with pytest.raises(HeldError, match="run run 2 on host host 2 holds the Lease ci/mtv-teardown-auto-ab12") as held:
        server.take()
    assert (server.seconds, server.wrote, held.value.details["held_by"]["run_id"]) == (7, [], "run 2")


def test_one_that_is_waited_for() -> None:
    renewing = {f"at_{second}": Server.renews for second in range(5, 100, 5)}
    ends = {**renewing, "at_42": lambda server: setattr(server, "there", None)}
    server = Server(item(), **{at: do for at, do in ends.items() if float(at[3:]) <= 42})
    assert (server.take(wait=600).waited, server.wrote) == (42, ["POST"])
    server = Server(item(), **renewing)
    with pytest.raises(HeldError, match="this run waited 60 s"):
        server.take(wait=60)


def test_one_of_a_dead_run_is_taken_over_when_its_own_time_is_over() -> None:
    for renewed in ("1970-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z"):
        server = Server(item(renewTime=renewed, leaseTransitions=2))
        taken = server.take()
        assert (taken.waited, taken.over["run_id"], server.wrote) == (30, "run 2", ["PUT"])
        assert server.there["spec"]["leaseTransitions"] == 3  # type: ignore[index]
        assert server.there["metadata"]["annotations"][lease.RUN] == "run 1"  # type: ignore[index]


def test_time_begins_anew_with_whatever_is_written() -> None:
    server = Server(item(), at_20=lambda one: one.renews(leaseDurationSeconds=100))
    assert server.take(wait=600).waited == 120


def test_two_that_want_an_expired_one() -> None:
    """The other one is a moment faster."""
    server = Server(item())
    get = server.json

    def beaten(method: str, path: str, body: Any = None) -> Any:
        if method == "PUT" and "PUT" not in server.wrote:
            server.renews(holderIdentity="third")
        return get(method, path, body)

    server.json = beaten  # type: ignore[method-assign]
    with pytest.raises(HeldError):
        server.take()
    assert server.there["spec"]["holderIdentity"] == "third"  # type: ignore[index]


@pytest.mark.parametrize(
    ("there", "why"),
    [
        (None, "it is gone"),
        (item(ME, uid="u2"), "made anew"),
        (item(OTHER), "run run 2 on host host 2 has taken it over"),
        (item(ME, holderIdentity=""), "taken its holder out"),
    ],
)
def test_lost(there: dict[str, Any] | None, why: str) -> None:
    server = Server(there)
    with pytest.raises(LostError, match=why):
        renew(server.store, "u1", "me", 60, server.clock)
    assert why in release(server.store, "u1", "me")
    assert (server.there, server.wrote) == (there, [])


def test_renewed_and_released() -> None:
    server = Server(item(ME, leaseDurationSeconds=7))
    server.seconds = 5
    assert renew(server.store, "u1", "me", 60, server.clock) == 5
    assert server.there["spec"]["leaseDurationSeconds"] == 60  # type: ignore[index]
    assert server.there["spec"]["renewTime"] != NOW  # type: ignore[index]
    assert (release(server.store, "u1", "me"), server.there) == ("", None)


@pytest.mark.parametrize(
    ("place", "right"),
    [("", False), ("auto-ab12", False), ("auto-ab12-vms", False), ("mine", False), ("auto-ab123", True), ("ci", True)],
)
def test_places(place: str, right: bool) -> None:
    session = Session(prefix="auto-ab12", records=(Record(kind="Namespace", name="mine", namespace="", test_name=""),))
    if right:
        lease.check_namespace(place, session)
    else:
        with pytest.raises(RecordError):
            lease.check_namespace(place, session)


def test_what_is_written_is_json() -> None:
    assert json.dumps(lease.taken(lease.seen(item(), "ci", ME.name), ME, NOW))
    assert len(lease.stamp()) == len(NOW)
