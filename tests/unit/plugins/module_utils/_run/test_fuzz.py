# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any field of any object may hold anything: no exception but our own comes of it, what is somebody else's stays, and
the rest is judged all the same."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import cancel_archive, delete, explain, order
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.find import Found, find
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import epoch
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError, TeardownError
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._provider import providers_file
from ansible_collections.mtv.teardown.plugins.module_utils._report import faces, summary
from ansible_collections.mtv.teardown.plugins.module_utils._report import told as _told
from ansible_collections.mtv.teardown.plugins.module_utils._run import earlier, judge, look, verify
from ansible_collections.mtv.teardown.plugins.module_utils._session import ignore, notes, resources_file
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session, from_dict
from ansible_collections.mtv.teardown.tests.unit.plugins.odd_server import (
    OddServer,
    Path,
    changed,
    discovery,
    paths,
    uid,
    world,
)
from ansible_collections.mtv.teardown.tests.unit.plugins.results import OPTIONS
from ansible_collections.mtv.teardown.tests.unit.plugins.samples import ALL
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.worlds
WORLD = world()
SESSION = Session(prefix="auto-ab12", started="2026-01-01T11:00:00Z")
RECORDED = Session(
    prefix="auto-ab12",
    started="2026-01-01T11:00:00Z",
    records=resources_file.parse(
        json.dumps(
            {
                "Plan": [{"name": "auto-ab12-p", "namespace": "openshift-mtv"}],
                "Namespace": [{"name": "auto-ab12-vms"}, {"name": "shared-vms"}],
                "Provider": [{"name": "auto-ab12-source-vsphere-8-0", "namespace": "openshift-mtv"}],
                "VirtualMachine": [{"name": "auto-ab12-vm", "namespace": "shared-vms"}],
            }
        )
    ),
)
OTHERS = {uid(number) for number in range(900, 999)}
BRACKETS = "[" * 100_000
QUICK = Limits(stall=0.05, total=0.1, settle=0.05)


def nested(depth: int) -> Any:
    held: Any = "x"
    for _level in range(depth):
        held = [held]
    return held


ODD: list[Any] = [
    None, True, False, 0, -1, 10**400, 1.5, float("inf"), float("nan"), "", " ", "\n", "auto-ab12", "auto-ab12-x\n",
    "\0", "\ud800", "é", "x" * 5000, "https://[vc.example.com/sdk", "https://vc:99999/", "//",
    "9999-99-99T99:99:99Z", "0001-01-01T00:00:00", "0001-01-01T00:00:00+23:59", "2026-01-01T11:00:00Z", "True",
    uid(10), uid(24), uid(902), [], {}, [None], [1, "a"], [[]], {"": None}, {"name": ["x"]}, {"uid": uid(24)},
    ["plan"], {"plan": [uid(10)]}, nested(50), nested(900),
]  # fmt: skip
ANYTHING = st.sampled_from(ODD) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FIELDS: list[Path] = [place for place in paths(WORLD) if len(place) > 1]
# The same in each run: what is new in a run is not what that run is about.
FUZZED = settings(
    max_examples=25, database=None, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def everything(server: OddServer, session: Session) -> Found:
    """All that a run does with what it reads, without waiting."""
    cluster = server.client()
    found = find(cluster, session)
    with contextlib.suppress(TeardownError):
        summary.of_targets(session, look.look(cluster, session))
    whys = explain.explain(cluster, found.catalog, [obj for obj, _made in found.decided], found=found)
    assert all(json.dumps(why.held_by) and why.reason for why in whys.values())
    told = verify.verify(cluster, session, verify.Terms(quiet_interval=0.0, going=0.0), sleep=lambda _seconds: None)
    assert told["verdict"] != "clean"
    known = told.pop("session")
    assert json.loads(json.dumps(told)) and summary.of_verdict(known, told) and summary.handed_over(known, told)
    for phase in (cancel_archive.cancel, cancel_archive.archive):
        phase(cluster, session, QUICK, True)
    for name in (order.VMS, order.RESOURCES, order.NAMESPACES):
        delete.run(cluster, session, QUICK, True, phase=name)
    assert from_dict(json.loads(json.dumps(found.session.as_dict())))
    with contextlib.suppress(RecordError):  # a note with an odd uid is none
        notes.with_journal(session, json.dumps(notes.after(known, told)["content"]), "note")
    return found


def check(found: Found, touched: set[str], excused: Collection[str] = ()) -> None:
    """What is others' stays others', and what nobody has touched is still the session's."""
    owned = {obj.uid for obj, _made in found.owned} - set(excused)
    of_904 = {*touched, *excused} & {uid(902), uid(904)}
    assert not owned & (OTHERS - {uid(904)}) and not (uid(904) in owned and not of_904)
    if not touched & {uid(1)} and not found.unreadable:
        assert {uid(40), uid(32)} - touched <= owned


@pytest.mark.parametrize("session", [SESSION, RECORDED], ids=["prefix", "record"])
def test_the_world_without_anything_odd(session: Session) -> None:
    found = everything(OddServer(WORLD), session)
    owned = {obj.uid for obj, _made in found.owned}
    # Not Plan 10: Forklift would delete with it a claim that a pod of others owns, too.
    expected = {uid(n) for n in (1, 11, 13, 20, 21, 22, 23, 24, 25, 26, 27, 30, 31, 32, 40, 41)}
    assert owned == expected | ({uid(12)} if session.records else set()) and not found.unreadable


def excused(changes: Collection[tuple[Path, Any]]) -> set[str]:
    """uids that do not say any more whose an object is: lent to another one, or of what lies in a namespace of the
    session's by now, with which it is the session's."""
    lent = {str(value) for place, value in changes if place[1:] == ("metadata", "uid")}
    there = (place[0] for place, value in changes if (place[1:], value) == (("metadata", "namespace"), "auto-ab12"))
    return lent | {WORLD[number]["metadata"]["uid"] for number in there}


@FUZZED
@example((31, "metadata", "namespace"), "auto-ab12", False)
@example((0, "metadata", "uid"), uid(902), False)
@given(st.sampled_from(FIELDS), ANYTHING, st.booleans())
def test_one_odd_field(place: Path, value: Any, recorded: bool) -> None:
    items = changed(WORLD, place, value)
    touched = {WORLD[place[0]]["metadata"]["uid"]}
    check(everything(OddServer(items), RECORDED if recorded else SESSION), touched, excused([(place, value)]))


@settings(FUZZED, max_examples=8)
@example([((1, "kind"), None), ((16, "metadata", "uid"), uid(902))])
@example([((0, "apiVersion"), None), ((31, "metadata", "namespace"), "auto-ab12")])
@given(st.lists(st.tuples(st.sampled_from(FIELDS), ANYTHING), min_size=2, max_size=5))
def test_odd_fields(changes: list[tuple[Path, Any]]) -> None:
    items, touched = WORLD, set()
    for place, value in changes:
        with contextlib.suppress(LookupError, TypeError):  # what was there is gone by an earlier change
            items = changed(items, place, value)
        touched.add(WORLD[place[0]]["metadata"]["uid"])
    check(everything(OddServer(items), SESSION), touched, excused(changes))


GROUPS = discovery()


@settings(FUZZED, max_examples=8)
@given(st.sampled_from(list(paths(GROUPS))), ANYTHING)
def test_an_odd_discovery(place: Path, value: Any) -> None:
    server = OddServer(WORLD, changed(GROUPS, place, value))
    owned = {obj.uid for obj, _made in everything(server, SESSION).owned}
    assert not owned & (OTHERS - {uid(904)})


BODIES = [
    b"", b"null", b"[]", b"{", b"\xff\xfe", b"\xef\xbb\xbf{}", b"NaN", b'{"kind": NaN}', b'"\\ud800"',
    BRACKETS.encode(),
    b'{"a":' * 100_000, b"9" * 10_000, b'{"kind": "Status", "message": ["x"], "reason": {"a": 1}, "details": "x"}',
    b'{"kind": "Status", "message": "\\ud800", "reason": "NotFound", "details": {"name": ["x"]}}',
    b'{"kind": "PodList", "items": [null, 5, "x", [], {}], "metadata": {"continue": ["x"], "resourceVersion": {}}}',
    b'{"kind": "PodList", "items": {}, "metadata": {}}', b'{"kind": ["PodList"], "items": [], "metadata": {}}',
    b'{"kind": "PodList", "items": [], "metadata": {"continue": "\\udfff"}}', "<html>é</html>".encode("latin-1"),
]  # fmt: skip
PLACES = ("/api", "/apis", "/api/v1/namespaces", "/api/v1/namespaces/shared-vms/pods", "/api/v1/nodes",
          "/apis/forklift.konveyor.io/v1beta1/plans", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
          "/api/v1/namespaces/shared-vms/persistentvolumeclaims/auto-ab12-disk")  # fmt: skip


@pytest.mark.parametrize("code", [200, 404, 409, 500])
@pytest.mark.parametrize("place", PLACES)
def test_odd_bodies(place: str, code: int) -> None:
    for body in BODIES if code == 200 or ALL else BODIES[::4]:
        server = OddServer(WORLD)
        server.answers[place] = (code, body)
        with contextlib.suppress(TeardownError):
            owned = {obj.uid for obj, _made in everything(server, SESSION).owned}
            assert not owned & (OTHERS - {uid(904)})


def test_one_bad_object_is_told_and_the_others_are_judged() -> None:
    """Whether anything else is in its scope, nobody can say then: nothing in it counts as absent."""
    number = next(index for index, one in enumerate(WORLD) if one["metadata"]["uid"] == uid(903))
    found = find(OddServer(changed(WORLD, (number, "metadata", "labels"), {"plan": [uid(990)]})).client(), SESSION)
    assert {uid(24), uid(25)} <= {obj.uid for obj, _made in found.owned}
    assert [(e["kind"], e["namespace"]) for e in found.unreadable] == [("PersistentVolumeClaim", "shared-vms")]
    assert "theirs" in found.unreadable[0]["error"] and "metadata.labels" in found.unreadable[0]["error"]
    assert not found.was_read("v1", "PersistentVolumeClaim", "shared-vms")


def test_a_provider_with_an_address_that_is_none() -> None:
    number = next(index for index, one in enumerate(WORLD) if one["kind"] == "Provider")
    server = OddServer(changed(WORLD, (number, "spec", "url"), "https://[vcenter.example.com/sdk"))
    found = find(server.client(), RECORDED)
    assert not found.unreadable and [(key.type, key.host) for key in found.session.providers] == [("vsphere", "")]


@pytest.mark.parametrize("text", [BRACKETS, '{"a":' * 100_000, "1" * 10_000, "NaN", "\ud800"])
def test_files_that_nest_without_end(text: str) -> None:
    for read in (
        lambda: resources_file.parse(text),
        lambda: providers_file.parse(text),
        lambda: notes.with_journal(SESSION, text, "note"),
    ):
        with pytest.raises(RecordError):
            read()


DEEP = [BRACKETS, "(" * 100_000, "!" * 100_000 + "a", "a" + ".a" * 100_000, "`" + BRACKETS + "`"]


@pytest.mark.parametrize("text", DEEP, ids=range(len(DEEP)))
def test_expressions_that_nest_without_end(text: str) -> None:
    """An error, or nothing is accepted."""
    with contextlib.suppress(RecordError):
        rules = ignore.compile_rules([{"expression": text, "reason": "r"}])
        assert not rules[0].accepts({"kind": "Secret", "a": {"a": "x"}})


NOTE = json.loads(json.dumps(notes.entry(find(OddServer(WORLD).client(), RECORDED).session)))


@settings(FUZZED, max_examples=8)
@given(st.sampled_from(list(paths(NOTE))), ANYTHING)
def test_odd_notes(place: Path, value: Any) -> None:
    with contextlib.suppress(TeardownError):
        session = notes.with_journal(SESSION, json.dumps(changed(NOTE, place, value)), "note")
        everything(OddServer(WORLD), session)


HANDED = json.loads(json.dumps(find(OddServer(WORLD).client(), RECORDED).session.as_dict()))


@settings(FUZZED, max_examples=8)
@given(st.sampled_from(list(paths(HANDED))), ANYTHING)
def test_odd_sessions(place: Path, value: Any) -> None:
    with contextlib.suppress(TeardownError):
        everything(OddServer(WORLD), from_dict(changed(HANDED, place, value)))


RESULT = json.loads(
    json.dumps(delete.run(OddServer(WORLD).client(), SESSION, QUICK, False, phase=order.VMS).as_dict("deleted"))
)
TIMES = {"began": "2026-01-01T12:00:00.000Z", "ended": "2026-01-01T12:00:09.000Z", "asked": {uid(20): ""}, "gone": {}}
RESULT |= {"requests": 7, "times": TIMES}
PHASES = {"migrated_vms": RESULT, "migrations": {**RESULT, "deleted": RESULT["remaining"]}}


@settings(FUZZED, max_examples=8)
@given(st.sampled_from(list(paths(PHASES))), ANYTHING)
def test_odd_results_of_phases(place: Path, value: Any) -> None:
    with contextlib.suppress(TeardownError):
        phases = earlier.checked(changed(PHASES, place, value))["phases"]
        session = earlier.with_deleted(SESSION, phases)
        options = {**OPTIONS, "phases": phases, "targets": []}
        told = judge.judge(OddServer(WORLD).client(), session, options, verify.nowhere)
        faces.render(_told.of(json.loads(json.dumps(told))), faces.FACES)


RECORD = {
    "Plan": [{"name": "auto-ab12-p", "namespace": "openshift-mtv", "module": "m", "test_name": "t"}],
    "vsphere": [{"name": "auto-ab12-x-y", "test_name": "t"}],
    "VolumeSnapshot": [{"name": "n", "id": "1"}],
}


@settings(FUZZED, max_examples=8)
@given(st.sampled_from(list(paths(RECORD))), ANYTHING)
def test_odd_records(place: Path, value: Any) -> None:
    with contextlib.suppress(TeardownError):
        records = resources_file.parse(json.dumps(changed(RECORD, place, value)))
        everything(OddServer(WORLD), Session(prefix="auto-ab12", started=SESSION.started, records=records))


PROVIDERS = {"a": {"type": "vsphere", "fqdn": "h", "username": "u", "password": "p", "insecure": True}}


@settings(FUZZED, max_examples=8)
@given(st.sampled_from(list(paths(PROVIDERS))), ANYTHING)
def test_odd_providers_files(place: Path, value: Any) -> None:
    with contextlib.suppress(TeardownError):
        providers_file.parse(json.dumps(changed(PROVIDERS, place, value)))


@pytest.mark.parametrize("when", [value for value in ODD if isinstance(value, str)])
def test_no_time_is_too_odd(when: str) -> None:
    assert isinstance(epoch(when), float)
