# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every case twice from one folder: what the first run noted never makes a decision of the second one weaker."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.find import Found, find
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.ownership import SUCCESSOR
from ansible_collections.mtv.teardown.plugins.module_utils._provider import ownership, teardown
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._run import look
from ansible_collections.mtv.teardown.plugins.module_utils._session import notes
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session, from_dict
from ansible_collections.mtv.teardown.tests.unit.plugins.build import AFTER, BEFORE, PLAN, PREFIX, STARTED, obj, record
from ansible_collections.mtv.teardown.tests.unit.plugins.build import session as known_session
from ansible_collections.mtv.teardown.tests.unit.plugins.module_utils._cluster import test_ownership
from ansible_collections.mtv.teardown.tests.unit.plugins.module_utils._provider import test_clones
from ansible_collections.mtv.teardown.tests.unit.plugins.random_worlds import CATALOG, Memory, world
from ansible_collections.mtv.teardown.tests.unit.plugins.samples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

LATER = "2999-01-01T00:00:00Z"
KUBE_SYSTEM = obj("Namespace", "kube-system", uid="0a0a0a0a-0000-4000-8000-000000000001")


def uid(number: int) -> str:
    return str(uuid.UUID(int=number, version=4))


def read(session: Session, objects: Iterable[Obj]) -> Found:
    return find(Memory(objects), session, CATALOG)  # type: ignore[arg-type]


def noted(fresh: Session, seen: Session, verdict: str = "", items: Iterable[dict[str, Any]] = ()) -> Session:
    """The session of the next run, by what this one wrote."""
    result = {"verdict": verdict, "leftovers": list(items)}
    return notes.with_journal(fresh, json.dumps(notes.after(seen, result)["content"]), "the note")


def statuses(found: Found) -> dict[str, Status]:
    return {o.uid: made.status for o, made in found.decided}


def weaker(first: dict[str, Status], second: dict[str, Status]) -> list[str]:
    """What the second run would delete and the first one would not."""
    return [one for one, status in second.items() if status is Status.OWNED and first.get(one) is not Status.OWNED]


@pytest.mark.worlds
@settings(
    max_examples=examples(1500), database=None, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(number=st.integers(min_value=0, max_value=2**48))
def test_worlds(number: int) -> None:
    w = world(number)
    first = read(w.session, w.objects)
    for fresh in (w.session, Session(prefix=w.prefix)):
        again = read(noted(fresh, first.session, "leftovers"), w.objects)
        assert weaker(statuses(first), statuses(again)) == []
        if fresh == w.session:
            assert statuses(again) == statuses(first)
    handed_on = from_dict(look.look(Memory(w.objects), w.session)["session"])  # type: ignore[arg-type]
    assert statuses(read(handed_on, w.objects)) == statuses(first), "the next phase of the same run"


CASES = [*test_ownership.OWNED, *test_ownership.REFUSED, *test_ownership.OTHER]


@pytest.mark.parametrize("case", range(len(CASES)), ids=[str(case.id) for case in CASES])
def test_cases_of_the_cluster(case: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes, "_UID", re.compile(".+"))
    known, target, others = CASES[case].values[:3]
    spaces = {o.namespace for o in (target, *others) if o.namespace} - {"kube-system"}
    objects = [target, *others, KUBE_SYSTEM, *(obj("Namespace", name, created=BEFORE) for name in spaces)]
    first = read(known, objects)
    fresh = replace(known, plans=(), migrations=(), providers=(), lineage={}, started="")
    for session in (fresh, replace(fresh, records=())):
        assert weaker(statuses(first), statuses(read(noted(session, first.session), objects))) == []
    assert statuses(read(noted(known, first.session), objects)) == statuses(first)


def test_contested_on_the_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes, "_UID", re.compile(".+"))
    theirs = obj("VirtualMachine", "theirs", "shared-vms")
    disk = obj("PersistentVolumeClaim", "disk", "shared-vms", owners=(theirs,), labels={"plan": PLAN.uid})
    objects = [theirs, disk, obj("Namespace", "shared-vms"), KUBE_SYSTEM]
    session = known_session(plans=(PLAN,))
    for _run in range(3):
        found = read(session, objects)
        assert statuses(found) == {disk.uid: Status.CONTESTED}
        assert disk.uid not in found.session.lineage
        session = noted(known_session(), found.session, "leftovers")


# -- what a note may say ----------------------------------------------------------------------------------------


def forged(target: Obj, evidence: str = "record", home: str = KUBE_SYSTEM.uid) -> dict[str, Any]:
    trace = {"home": home, "group": target.group, "kind": target.kind, "namespace": target.namespace or ""}
    return {
        **notes.entry(Session(prefix=PREFIX, started=STARTED)),
        "lineage": {target.uid: ""},
        "traces": {target.uid: {**trace, "name": target.name, "evidence": evidence}},
        "plans": [{"name": f"{PREFIX}-p", "namespace": "kube-system", "uid": uid(9), "target_namespace": "shared-vms"}],
    }


def by_note(content: dict[str, Any], *objects: Obj) -> dict[str, Status]:
    session = notes.with_journal(Session(prefix=PREFIX), json.dumps(content), "the note")
    spaces = [obj("Namespace", name, created=BEFORE) for name in ("shared-vms", "openshift-mtv", "mtv")]
    return statuses(read(session, [*objects, *spaces, KUBE_SYSTEM]))


NET = obj("ConfigMap", "net", "shared-vms", uid=uid(1))


def test_a_recorded_object_is_known_without_its_record() -> None:
    assert by_note(forged(NET), NET) == {NET.uid: Status.OWNED}


@pytest.mark.parametrize("namespace", ["kube-system", "openshift-mtv"])
def test_no_note_alone_owns_anything_in_a_namespace_of_the_cluster(namespace: str) -> None:
    secret = obj("Secret", "bootstrap-token", namespace, uid=uid(1))
    content = forged(secret)
    content["plans"][0].update(namespace=namespace, target_namespace=namespace)
    assert by_note(content, secret) == {}


OTHERWISE = {
    "on another cluster": (forged(NET, home="another"), NET),
    "of another kind": (forged(NET), obj("Secret", "net", "shared-vms", uid=uid(1))),
    "with another name": (forged(NET), obj("ConfigMap", "other", "shared-vms", uid=uid(1))),
    "in another namespace": (forged(NET), obj("ConfigMap", "net", "mtv", uid=uid(1))),
}


@pytest.mark.parametrize("case", OTHERWISE)
def test_what_is_otherwise_now_is_nobody_the_note_knows(case: str) -> None:
    content, target = OTHERWISE[case]
    assert by_note(content, target) == {}


def test_what_lost_its_evidence_is_a_leftover_and_not_deleted() -> None:
    """Somebody took the label away, perhaps to keep it."""
    assert by_note(forged(NET, "label plan"), NET) == {NET.uid: Status.CONTESTED}
    older = obj("ConfigMap", "net", "shared-vms", uid=uid(1), created=BEFORE)
    assert by_note(forged(older), older) == {older.uid: Status.CONTESTED}


def test_an_owner_that_has_gone_is_the_one_that_was_noted() -> None:
    vm = obj("VirtualMachine", "vm", "shared-vms", uid=uid(1))
    other = obj("VirtualMachine", "other", "shared-vms", uid=uid(1))
    pods = [obj("Pod", name, "shared-vms", uid=uid(n), owners=(o,)) for n, name, o in ((2, "a", vm), (3, "b", other))]
    assert by_note(forged(vm, "label plan"), *pods) == {uid(2): Status.OWNED}


def test_an_owner_that_is_somebody_elses_now_proves_nothing() -> None:
    theirs = obj("ConfigMap", "vm", "shared-vms", uid=uid(1))
    pod = obj("Pod", "p", "shared-vms", uid=uid(2), owners=(theirs,))
    assert uid(2) not in by_note(forged(obj("VirtualMachine", "vm", "shared-vms", uid=uid(1))), theirs, pod)


# -- the same prefix the next night -----------------------------------------------------------------------------


def night(number: int, created: str) -> list[Obj]:
    return [
        obj("Namespace", PREFIX, uid=uid(number), created=created),
        obj("Secret", "s", PREFIX, uid=uid(number + 1), created=created),
        obj("Plan", f"{PREFIX}-p", "mtv", uid=uid(number + 2), created=created, spec={"targetNamespace": PREFIX}),
        obj("Namespace", "mtv", created=BEFORE),
        KUBE_SYSTEM,
    ]


def test_a_clean_run_leaves_nothing_to_the_next_night() -> None:
    first = read(Session(prefix=PREFIX), night(10, AFTER))
    assert first.session.identities
    second = noted(Session(prefix=PREFIX), first.session, "clean")
    assert (second.started, second.identities, second.plans, second.lineage) == ("", {}, (), {})
    assert "ended clean" in second.note
    assert set(statuses(read(second, night(20, LATER)))) == {uid(20), uid(21), uid(22)}


@pytest.mark.parametrize("verdict", ["leftovers", "unverified"])
def test_when_all_is_younger_than_the_note_a_session_begins_anew(verdict: str) -> None:
    first = read(Session(prefix=PREFIX), night(10, AFTER))
    net = obj("NetworkAttachmentDefinition", "net", "mtv", uid=uid(5), created=STARTED)  # older than tonight's
    fresh = Session(prefix=PREFIX, records=(record("NetworkAttachmentDefinition", "net", "mtv"),))
    again = read(noted(fresh, first.session, verdict), [*night(20, LATER), net])
    assert {one: s for one, s in statuses(again).items() if s is Status.OWNED}.keys() == {uid(20), uid(21), uid(22)}
    assert statuses(again)[net.uid] is Status.REFUSED
    assert again.session.started == LATER
    assert "earlier session" in again.session.note
    assert again.session.noted == ""


STILL_THE_SAME = {
    "something of it is still there": obj("ConfigMap", "c", "shared-vms", uid=uid(30), labels={"plan": uid(12)}),
    "something of its name is older": obj("ClusterRoleBinding", f"{PREFIX}-x", uid=uid(31), created=AFTER),
}


@pytest.mark.parametrize("case", STILL_THE_SAME)
def test_while_the_session_is_the_same_what_was_made_anew_is_not_its_own(case: str) -> None:
    first = read(Session(prefix=PREFIX), night(10, AFTER))
    shared = obj("Namespace", "shared-vms", created=BEFORE)
    session = noted(Session(prefix=PREFIX), first.session, "leftovers")
    session = session.learned(plans=tuple(replace(key, target_namespace="shared-vms") for key in session.plans))
    again = read(session, [*night(20, LATER), shared, STILL_THE_SAME[case]])
    reasons = {o.uid: made.reason for o, made in again.decided}
    assert reasons[uid(20)] == SUCCESSOR
    assert again.session.noted == "", "that is decided once in a run"


def test_of_a_run_that_was_cut_off_the_note_holds() -> None:
    first = read(Session(prefix=PREFIX), night(10, AFTER))
    content = json.dumps(notes.entry(first.session))
    again = read(notes.with_journal(Session(prefix=PREFIX), content, "the note"), night(20, LATER))
    assert {o.uid: made.reason for o, made in again.decided}[uid(20)] == SUCCESSOR


def test_in_a_run_of_its_own_what_is_made_anew_stays_refused() -> None:
    """Younger than the note before, but made while this run was at work."""
    first = read(Session(prefix=PREFIX), night(10, AFTER))
    session = read(noted(Session(prefix=PREFIX), first.session, "leftovers"), night(10, AFTER)).session
    assert {o.uid: made.reason for o, made in read(session, night(20, LATER)).decided}[uid(20)] == SUCCESSOR


# -- source providers -------------------------------------------------------------------------------------------


def leftovers(decided: Iterable[tuple[Remote, Any]], cause: str = "locked") -> list[dict[str, Any]]:
    from ansible_collections.mtv.teardown.plugins.module_utils._cause import Cause

    return [teardown.left_item(one, made, Cause(cause, "x", "y")) for one, made in decided if made.ours]


def remote_twice(session: Session, fresh: Session, *remotes: Remote) -> tuple[dict[str, Status], dict[str, Status]]:
    first = ownership.decide(session, remotes)
    again = ownership.decide(noted(fresh, session, "leftovers", leftovers(first)), remotes)
    return tuple({one.identity: made.status for one, made in run} for run in (first, again))  # type: ignore[return-value]


def _as_type(kind: str, one: Remote) -> Remote:
    machine = {"vsphere": "VirtualMachine", "ovirt": "Vm", "openstack": "Server"}[kind]
    return replace(one, type=kind, kind=machine if one.kind == "VirtualMachine" else one.kind)


@pytest.mark.parametrize("kind", ["vsphere", "ovirt", "openstack"])
@pytest.mark.parametrize("case", test_clones.CASES)
def test_cases_of_the_providers(case: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes, "_UID", re.compile(".+"))
    one = _as_type(kind, test_clones.CASES[case][0])
    records = tuple(replace(r, kind=kind) if r.kind == "vsphere" else r for r in test_clones.SESSION.records)
    keys = tuple(replace(key, type=kind) for key in test_clones.SESSION.providers)
    session = replace(test_clones.SESSION, records=records, providers=keys)
    first, again = remote_twice(session, session, one, _as_type(kind, test_clones.vm("somebody's", "vm-2")))
    assert again == first
    first, again = remote_twice(session, Session(prefix=PREFIX), one)
    assert weaker(first, again) == []


SAME_NAME = [test_clones.vm("auto-ab12-x", f"vm-{n}", place=f"/{n}/x") for n in (3, 4)]
OLD = test_clones.vm("auto-ab12-failed", created=test_clones.OLDER)


@pytest.mark.parametrize("remotes", [SAME_NAME, [OLD]], ids=["two of one name", "older"])
def test_contested_clones_stay_contested(remotes: list[Remote], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes, "_UID", re.compile(".+"))
    first, again = remote_twice(test_clones.SESSION, test_clones.SESSION, *remotes)
    assert set(first.values()) == set(again.values()) == {Status.CONTESTED}


def test_a_clone_that_was_noted_and_is_another_now() -> None:
    clone = test_clones.vm("auto-ab12-x", "vm-3")
    session = Session(prefix=PREFIX, started=test_clones.STARTED)
    known = noted(session, session, "leftovers", leftovers(ownership.decide(session, [clone])))
    for now in (
        replace(clone, name="to-be-kept"),
        replace(clone, host="another.example.com", name="x"),
        replace(clone, kept="somebody's disk hangs on it"),
        replace(clone, created=test_clones.OLDER),
        replace(clone, template=True),
    ):
        assert [made.status for _one, made in ownership.decide(known, [now])] == [Status.CONTESTED], now
    assert ownership.decide(session, [replace(clone, name="to-be-kept")]) == []


def test_parts_are_known_by_the_note_on_their_own_provider_alone() -> None:
    server, volume = test_clones.vm("auto-ab12-x", "vm-3"), test_clones.part("uuid-vm-3", type="vsphere")
    volume = replace(volume, host=server.host)
    session = Session(prefix=PREFIX, started=test_clones.STARTED)
    left = leftovers(ownership.decide(session, [server, volume]))
    known = noted(session, session, "leftovers", left)
    alone = replace(volume, owner="")
    assert [d.status for _o, d in ownership.decide(known, [volume])] == [Status.OWNED]
    assert [d.status for _o, d in ownership.decide(known, [alone])] == [Status.OWNED]
    assert [d.status for _o, d in ownership.decide(known, [replace(volume, host="elsewhere")])] == [Status.CONTESTED]
    assert [d.status for _o, d in ownership.decide(known, [replace(volume, kept="somebody uses it")])] != [Status.OWNED]


SERVER = "vc-instance"
WITH_RECORD = replace(test_clones.SESSION, plans=(), providers=())


def with_files(*files: str) -> Remote:
    """A clone and what it may leave, as a look at its server tells of it."""
    return replace(test_clones.vm("auto-ab12-x", "vm-3"), leaves=files).at(SERVER)


def file_at(path: str, kind: str = "DatastoreFile", server: str = SERVER) -> Remote:
    vm = test_clones.vm(notes.name_of_file(path), path)
    return replace(vm, kind=kind, uid="", kept="files are never deleted").at(server)


@pytest.mark.parametrize("verdict", ["", "leftovers", "unverified"])
@pytest.mark.parametrize("fresh", [WITH_RECORD, Session(prefix=PREFIX)], ids=["record", "prefix"])
def test_what_a_deleted_clone_may_leave_is_known_to_later_runs(verdict: str, fresh: Session) -> None:
    """A run that was cut off after the delete, and one that could not look at the datastore."""
    file, folder = "[LocalDS_1] luns/x_disk_1.vmdk", "[vsan] 5f3c-77"
    clone = with_files(f"DatastoreFile/{file}", f"DatastoreFolder/{folder}")
    (decision,) = ownership.decide(WITH_RECORD, [clone])
    before = notes.with_items(WITH_RECORD, [teardown.item(*decision)])
    known = noted(fresh, before, verdict)
    assert "vsphere" in ownership.types_of(known)
    here = ownership.of_server(known, SERVER).lineage
    assert {f"DatastoreFile/{file}", f"DatastoreFolder/{folder}"} <= set(here)
    there = [file_at(file), file_at(folder, "DatastoreFolder")]
    assert [made.status for _one, made in ownership.decide(known, there)] == [Status.CONTESTED] * 2
    assert all("never deleted" in made.reason for _one, made in ownership.decide(known, there))
    assert ownership.decide(known, [file_at(file, server="another"), file_at("[LocalDS_1] luns/other.vmdk")]) == []
    assert noted(fresh, known, "clean").lineage == {}


@pytest.mark.parametrize("cause", ["locked", "disk-of-others"])
def test_of_a_contested_clone_nothing_is_noted(cause: str) -> None:
    """What it has attached may be somebody's, and is no file that it left."""
    clone = replace(with_files("DatastoreFile/[a] b.vmdk"), kept="somebody's disk hangs on it")
    left = leftovers(ownership.decide(WITH_RECORD, [clone]), cause)
    session = noted(Session(prefix=PREFIX), WITH_RECORD, "leftovers", left)
    assert session.lineage == session.traces == {}


def test_a_clean_run_of_the_cluster_alone_keeps_what_is_left_on_providers() -> None:
    session = Session(prefix=PREFIX, started=test_clones.STARTED)
    left = leftovers(ownership.decide(session, [test_clones.vm("auto-ab12-x", "vm-3")]))
    known = noted(session, session, "leftovers", left)
    content = notes.after(known, {"verdict": "clean", "leftovers": []}, openshift_only=True)["content"]
    assert set(content["lineage"]) == set(content["traces"]) == {"uuid-vm-3"}
    assert content["started"] == ""
    assert set(notes.after(known, {"verdict": "clean", "leftovers": []})["content"]["traces"]) == set()
