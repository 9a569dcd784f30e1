# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A prefix that only a site's pattern allows: its name alone owns nothing, anywhere."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.find import find
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj
from ansible_collections.mtv.teardown.plugins.module_utils._provider import ownership
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._run import verify
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import NAME_ONLY, Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record
from ansible_collections.mtv.teardown.tests.unit.plugins.build import BEFORE, obj, record
from ansible_collections.mtv.teardown.tests.unit.plugins.random_worlds import CATALOG, Memory

NAME = "rook-ceph"
SITE = Session(prefix=NAME, pattern="rook-[a-z]+")
ROOK = (
    obj("Namespace", NAME),
    obj("Namespace", f"{NAME}-tools"),
    obj("Pod", f"{NAME}-mon-a", NAME),
    obj("Secret", "admin", NAME, labels={"plan": "somebody's"}),
    obj("Secret", "admin", f"{NAME}-tools"),
    obj("ClusterRoleBinding", f"{NAME}-mgr"),
    obj("PersistentVolume", "pv", spec={"claimRef": {"namespace": NAME, "name": "osd", "uid": "u"}}),
)


def decided(session: Session, *objects: Obj) -> dict[str, tuple[Status, str]]:
    found = find(Memory(objects), session, CATALOG)  # type: ignore[arg-type]
    return {o.shown: (made.status, made.reason) for o, made in found.decided}


def test_nothing_is_touched_where_only_the_name_is_the_sessions() -> None:
    made = decided(SITE, *ROOK)
    assert {status for status, _reason in made.values()} == {Status.REFUSED, Status.CONTESTED}
    assert made[f"Namespace {NAME}"] == made[f"ClusterRoleBinding {NAME}-mgr"] == (Status.CONTESTED, NAME_ONLY)


def test_it_is_told_and_nothing_is_clean() -> None:
    judged = verify.verify(Memory(ROOK), SITE, verify.Terms(0, 1), sleep=lambda _s: None)  # type: ignore[arg-type]
    assert judged["verdict"] == "leftovers"
    assert {entry["cause"] for entry in judged["leftovers"]} == {"contested"}


def test_its_age_makes_nothing_else_the_sessions() -> None:
    """The namespace stood there for years: what is younger and recorded was only used."""
    old = obj("Namespace", NAME, created=BEFORE)
    known = replace(SITE, records=(record("ConfigMap", "net", "mtv"), record("Namespace", NAME)))
    made = decided(known, old, *ROOK[2:4], obj("Namespace", "mtv"), obj("ConfigMap", "net", "mtv"))
    assert made["ConfigMap mtv/net"][0] is Status.REFUSED


SHOWN = {
    "an object of Forklift": (SITE, obj("Plan", f"{NAME}-plan", NAME)),
    "an object that the record names": (
        replace(SITE, records=(record("Secret", "s", NAME),)),
        obj("Secret", "s", NAME),
    ),
    "a label with the name of its Plan": (SITE, obj("Pod", "p", NAME, labels={"plan-name": f"{NAME}-plan"})),
}


@pytest.mark.parametrize("case", SHOWN)
def test_what_shows_that_a_session_made_it(case: str) -> None:
    session, shows = SHOWN[case]
    made = decided(session, *ROOK, shows)
    assert made[f"Namespace {NAME}"][0] is made[f"Pod {NAME}/{NAME}-mon-a"][0] is made["PersistentVolume pv"][0]
    assert made[f"Namespace {NAME}"][0] is Status.OWNED
    assert made[f"Namespace {NAME}-tools"] == (Status.CONTESTED, NAME_ONLY), "each shows for itself"
    assert f"Secret {NAME}-tools/admin" not in made


def test_a_label_with_the_uid_of_its_plan_elsewhere() -> None:
    plan = obj("Plan", f"{NAME}-plan", "mtv", uid="plan-uid", spec={"targetNamespace": NAME})
    made = decided(SITE, *ROOK, obj("Namespace", "mtv"), plan, obj("Pod", "p", NAME, labels={"plan": "plan-uid"}))
    assert made[f"Namespace {NAME}"][0] is made[f"Plan mtv/{NAME}-plan"][0] is Status.OWNED


NOTHING = {
    "an object of Forklift with another name": obj("Plan", "weekly", NAME),
    "a label of another Plan": obj("Pod", "p", NAME, labels={"plan-name": "weekly", "plan": "x", "migration": "y"}),
    "an object of Forklift in a namespace beside it": obj("Plan", f"{NAME}-plan", f"{NAME}-more"),
}


@pytest.mark.parametrize("case", NOTHING)
def test_what_shows_nothing(case: str) -> None:
    made = decided(SITE, *ROOK, NOTHING[case], obj("Namespace", f"{NAME}-more"))
    assert made[f"Namespace {NAME}"] == (Status.CONTESTED, NAME_ONLY)


def test_a_recorded_namespace_goes_only_when_nothing_of_others_is_in_it() -> None:
    known = replace(SITE, records=(record("Namespace", NAME),))
    assert decided(known, obj("Namespace", NAME))[f"Namespace {NAME}"][0] is Status.OWNED
    assert decided(known, *ROOK)[f"Namespace {NAME}"][0] is Status.CONTESTED


def test_the_suites_own_shape_needs_no_more_than_the_name() -> None:
    assert decided(Session(prefix="auto-ab12"), obj("Namespace", "auto-ab12"))["Namespace auto-ab12"][0] is Status.OWNED


def test_clones_of_that_name() -> None:
    one = Remote("vsphere", "vc", "vc.example.com", "VirtualMachine", "vm-7", f"{NAME}-rhel8-9fzk", uid="u")
    assert [(d.status, d.reason) for _one, d in ownership.decide(SITE, [one])] == [(Status.CONTESTED, NAME_ONLY)]
    known = replace(SITE, records=(Record("vsphere", one.name),))
    assert [d.status for _one, d in ownership.decide(known, [one])] == [Status.OWNED]
