# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose is an object on a source provider?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._provider import ownership
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Key, Session, from_dict
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record
from hypothesis import given, settings
from hypothesis import strategies as st

STARTED = "2026-11-20T10:00:00Z"
OLDER, NEWER = "2026-11-19T10:00:00Z", "2026-11-20T11:00:00+00:00"
CLONE = "auto-ab12-rhel8-9fzk"
CUT = f"ab12-{'x' * 53}-9fzk"
CUT_TOLD = f"o-ab12-{'x' * 51}-9fzk"
SESSION = Session(
    prefix="auto-ab12",
    started=STARTED,
    records=(
        Record("vsphere", CLONE, test_name="test_a"),
        Record("vsphere", "base-vm"),
        Record("vsphere", "auto-zz99-vm"),
        Record("vsphere", "y" * 63),
        Record("VolumeSnapshot", "snapshot for auto-ab12-fedora-snapshot", id="snap-1"),
    ),
    plans=(Key("p", "auto-ab12", "uid-p", source="auto-ab12/source", vms=(("vm-1", CLONE), ("vm-8", "plain-base"))),),
    providers=(Key("source", "auto-ab12", "uid-s", type="vsphere", host="VC.example.com"),),
)


def vm(name: str, vm_id: str = "vm-77", **values: object) -> Remote:
    made = Remote("vsphere", "vc", "vc.example.com", "VirtualMachine", vm_id, name, created=NEWER, uid=f"uuid-{vm_id}")
    return replace(made, **values)  # type: ignore[arg-type]


# case: (object, status, part of the evidence or of the reason)
CASES: dict[str, tuple[Remote, Status, str]] = {
    "recorded": (vm(CLONE), Status.OWNED, "record"),
    "recorded, on a provider whose clock is wrong": (vm(CLONE, created=OLDER), Status.OWNED, "record"),
    "recorded template": (vm(CLONE, template=True), Status.OWNED, "record"),
    "recorded, of another name, younger": (vm("base-vm"), Status.OWNED, "record"),
    "recorded, of another name, older": (vm("base-vm", created=OLDER), Status.REFUSED, "older than the session"),
    "recorded, of another name, of no age": (vm("base-vm", created=""), Status.REFUSED, "neither its name nor"),
    "recorded, of another session": (vm("auto-zz99-vm"), Status.REFUSED, "another session"),
    "recorded, cut": (vm("y" * 63), Status.OWNED, "record"),
    "recorded, cut, older": (vm("y" * 63, created=OLDER), Status.REFUSED, "older"),
    "never recorded": (vm("auto-ab12-failed"), Status.OWNED, "name"),
    "never recorded, older": (vm("auto-ab12-failed", created=OLDER), Status.CONTESTED, "older than the session"),
    "a clock an hour behind": (vm("auto-ab12-failed", created="2026-11-20T09:30:00Z"), Status.OWNED, "name"),
    "never recorded template": (vm("auto-ab12-t", template=True), Status.REFUSED, "template"),
    "cut, and enough is left": (vm(CUT_TOLD), Status.OWNED, "cut"),
    "cut, and too little is left": (vm(CUT), Status.REFUSED, "not enough"),
    "renamed": (vm("kept", "vm-1"), Status.CONTESTED, "renamed"),
    "kept": (vm(CLONE, kept="files"), Status.CONTESTED, "files"),
    "proof": (vm("anything", proof="on a VM of a Plan"), Status.OWNED, "on a VM"),
    "proof, older": (vm("anything", proof="on a VM of a Plan", created=OLDER), Status.REFUSED, "older"),
    "recorded by id": (
        Remote("openstack", "os", "h", "Snapshot", "snap-1", "snapshot for auto-ab12-fedora-snapshot"),
        Status.OWNED,
        "record, by id",
    ),
    "a longer prefix": (vm("auto-ab123-rhel8"), Status.OTHER, ""),
    "the prefix in the middle": (vm("my-auto-ab12-rhel8"), Status.OTHER, ""),
    "another provider's id": (vm("kept", "vm-1", host="other.example.com"), Status.OTHER, ""),
    "a base VM that a Plan migrates": (vm("plain-base", "vm-8"), Status.OTHER, ""),
}


@pytest.mark.parametrize("case", CASES)
def test_one_object(case: str) -> None:
    one, status, told = CASES[case]
    made = {r.id: d for r, d in ownership.decide(SESSION, [one, vm("somebody's", "vm-2")])}
    assert set(made) == ({one.id} if status is not Status.OTHER else set())
    if status is not Status.OTHER:
        assert made[one.id].status is status
        assert told in made[one.id].evidence + made[one.id].reason


def test_the_test_that_made_it_is_told() -> None:
    assert ownership.decide(SESSION, [vm(CLONE)])[0][1].test_name == "test_a"


def test_two_of_one_name() -> None:
    both = [vm("auto-ab12-x", "vm-3", place="/a/x"), vm("auto-ab12-x", "vm-4", place="/b/x")]
    made = [decision for _one, decision in ownership.decide(SESSION, both)]
    assert {decision.status for decision in made} == {Status.CONTESTED}
    assert "/a/x" in made[0].reason and "/b/x" in made[0].reason


def test_the_plan_tells_two_of_one_name_apart() -> None:
    made = {
        one.id: decision.status for one, decision in ownership.decide(SESSION, [vm(CLONE, "vm-1"), vm(CLONE, "vm-5")])
    }
    assert made == {"vm-1": Status.OWNED, "vm-5": Status.REFUSED}


def test_one_object_through_two_connections_is_decided_once() -> None:
    assert len(ownership.decide(SESSION, [vm(CLONE), vm(CLONE, provider="other")])) == 1


def test_one_id_on_two_servers_is_two_objects() -> None:
    """Restored copies and imported storage domains: only the one that was noted is the session's."""
    both = [vm("prod-db", "vm-5").at("center-a"), vm("prod-db", "vm-5").at("center-b")]
    noted = SESSION.learned(lineage={both[0].identity: "test_b"})
    assert [one.server for one, _made in ownership.decide(noted, both)] == ["center-a"]
    # What an earlier version noted names no server: it shows nothing.
    assert ownership.decide(SESSION.learned(lineage={"uuid-vm-5": "test_b"}), both) == []


def test_what_was_noted_is_told_to_its_own_server_alone() -> None:
    noted = SESSION.learned(lineage={"center-a/uuid-1": "a", "center-b/uuid-2": "b", "uid-of-a-pod": "c"})
    assert ownership.of_server(noted, "center-a").lineage == {"uuid-1": "a"}
    assert ownership.of_server(noted, "").lineage == noted.lineage


def test_two_accounts_of_one_server_see_one_object() -> None:
    """One of them may not read its configuration; an address of the server is none of its identity."""
    partly = vm(CLONE, uid="", host="10.0.0.1", provider="b").at("center-a")
    ((one, made),) = ownership.decide(SESSION, [partly, vm(CLONE).at("center-a")])
    assert (one.provider, made.status) == ("vc", Status.OWNED)
    assert vm(CLONE, uid="").at("center-a").identity == partly.identity


def test_a_part_keeps_its_owner_on_every_way() -> None:
    one = part("uuid-vm-77")
    assert one.at("c").owner == "c/uuid-vm-77" and one.at("c").alone() == one


def part(owner: str, **values: object) -> Remote:
    made = Remote("openstack", "os", "h", "Volume", "vol-1", "", uid="vol-1", owner=owner, relation="attached")
    return replace(made, **values)  # type: ignore[arg-type]


def test_parts_go_with_their_owner() -> None:
    snapshot = part("vol-1", id="s-1", uid="s-1", kind="Snapshot")
    made = {one.id: d for one, d in ownership.decide(SESSION, [snapshot, part("uuid-vm-77"), vm(CLONE)])}
    assert {d.status for d in made.values()} == {Status.OWNED}
    assert made["vol-1"].evidence == "attached" and made["s-1"].test_name == "test_a"
    assert ownership.decide(SESSION, [part("uuid-vm-2"), vm("somebody's", "vm-2")]) == []
    refused = ownership.decide(SESSION, [part("uuid-vm-77", kept="older than the clone"), vm(CLONE)])
    assert {one.id: d.status for one, d in refused}["vol-1"] is Status.REFUSED


def test_parts_whose_owner_has_gone_are_known_by_what_was_noted() -> None:
    noted = SESSION.learned(lineage={"vol-1": "test_b"})
    made = ownership.decide(noted, [part("")])
    assert [(d.status, d.test_name) for _one, d in made] == [(Status.OWNED, "test_b")]
    assert ownership.decide(SESSION, [part("")]) == []


def test_owners_in_a_circle_prove_nothing() -> None:
    assert ownership.decide(SESSION, [part("vol-2"), part("vol-1", id="vol-2", uid="vol-2")]) == []


def test_types_that_a_session_used() -> None:
    assert ownership.types_of(SESSION) == {"vsphere", "openstack"}
    assert ownership.types_of(Session("auto-ab12", records=(Record("rhv", "x"),))) == {"ovirt"}
    named = Record("Provider", "auto-ab12-source-ovirt-4-4-x7kq", "auto-ab12")
    assert ownership.types_of(Session("auto-ab12", records=(named,))) == {"ovirt"}
    assert ownership.types_of(Session("auto-ab12", providers=(Key("p", "n", "u", type="openshift"),))) == frozenset()


def test_keys_survive_json() -> None:
    assert from_dict(SESSION.as_dict()) == SESSION


_CHARS = st.text("ab12-xz", min_size=0, max_size=20)


@settings(max_examples=2000, deadline=None)
@given(
    prefix=st.from_regex(r"auto-[a-z0-9]{4}", fullmatch=True), name=_CHARS, created=st.sampled_from(["", OLDER, NEWER])
)
def test_no_name_outside_the_session_is_ever_owned(prefix: str, name: str, created: str) -> None:
    """Neighbouring names are the hard ones: they share letters with the prefix."""
    session = Session(prefix=prefix, started=STARTED)
    for one in (
        vm(name, created=created),
        vm(f"{prefix}{name}", created=created),
        vm(f"{name}{prefix}", created=created),
    ):
        owned = [d for _one, d in ownership.decide(session, [one]) if d.status is Status.OWNED]
        assert bool(owned) <= (one.name == prefix or one.name.startswith(f"{prefix}-"))


# -- what mtv.teardown's own recorder noted: the very VM, and where it is ------------------------------------------

PLACE = "vc.example.com:443"
IDS = {"id": "vm-7", "uid": "uuid-vm-7", "place": PLACE}
MINE = vm("mine", "vm-7", reached=PLACE)


@pytest.mark.parametrize(
    ("entry", "one", "status"),
    [
        pytest.param(IDS, MINE, Status.OWNED, id="this-one"),
        pytest.param(IDS, replace(MINE, created=""), Status.OWNED, id="of-no-age"),
        pytest.param({**IDS, "uid": ""}, MINE, Status.OWNED, id="by-its-moref-there"),
        pytest.param(IDS, replace(MINE, created=OLDER), Status.REFUSED, id="older-than-the-session"),
        pytest.param(IDS, replace(MINE, reached="other:443"), Status.OTHER, id="a-copy-on-another-vcenter"),
        pytest.param({**IDS, "uid": "x"}, MINE, Status.REFUSED, id="moref-given-anew"),
        pytest.param({**IDS, "id": "vm-8"}, MINE, Status.REFUSED, id="another-one-of-that-name"),
        pytest.param({"id": "vm-7"}, replace(MINE, created=""), Status.REFUSED, id="a-moref-of-nowhere"),
        pytest.param({"outcome": "unknown", "place": PLACE}, MINE, Status.CONTESTED, id="about-to-be-made"),
        pytest.param({"outcome": "unknown", "place": "x:443"}, MINE, Status.OTHER, id="about-to-be-made-elsewhere"),
    ],
)
def test_what_the_recorder_noted(entry: dict[str, str], one: Remote, status: Status) -> None:
    known = SESSION.learned(records=(Record("vsphere", "mine", **entry),))  # type: ignore[arg-type]
    made = [decision.status for _one, decision in ownership.decide(known, [one])]
    assert made == ([] if status is Status.OTHER else [status])


def test_its_id_tells_it_from_others_of_that_name() -> None:
    known = SESSION.learned(records=(Record("vsphere", "mine", **IDS),))  # type: ignore[arg-type]
    other = vm("mine", "vm-9", reached=PLACE, place="/b/mine")
    made = {one.id: decision.status for one, decision in ownership.decide(known, [MINE, other])}
    assert made == {"vm-7": Status.OWNED, "vm-9": Status.REFUSED}
    ours = SESSION.learned(records=(Record("vsphere", CLONE, **IDS),))  # type: ignore[arg-type]
    made = {one.id: decision.status for one, decision in ownership.decide(ours, [vm(CLONE, "vm-9", reached=PLACE)])}
    assert made == {"vm-9": Status.CONTESTED}


def test_what_was_made_in_a_place_that_nobody_configured() -> None:
    known = SESSION.learned(records=(Record("vsphere", "mine", **IDS), Record("vsphere", CLONE)))  # type: ignore[arg-type]
    assert [one.name for one in ownership.unreached(known, "vsphere", {"other:443"})] == ["mine"]
    assert ownership.unreached(known, "vsphere", {PLACE}) == []
