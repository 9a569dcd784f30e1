# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conversions that tests make themselves, to inspect a VM: whose they and their pods are, and where their VM is."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import cancel_archive as phase
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import forklift, inspections
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.find import Found, find, learn
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj
from ansible_collections.mtv.teardown.plugins.module_utils._provider import ownership
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.sources import known_by
from ansible_collections.mtv.teardown.plugins.module_utils._session import notes
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Decision, Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Key, Session, from_dict
from ansible_collections.mtv.teardown.tests.unit.plugins.build import (
    BEFORE,
    MIGRATION,
    PLAN,
    PREFIX,
    RESOURCES,
    obj,
    record,
    session,
)
from ansible_collections.mtv.teardown.tests.unit.plugins.module_utils._cluster.test_ownership import decide
from ansible_collections.mtv.teardown.tests.unit.plugins.random_worlds import CATALOG, Memory

SHARED, JOBS = "shared-vms", "inspections"
NAME = f"{PREFIX}-inspect"
VM = {"id": "vm-7", "name": "base"}
SECRET = {"namespace": SHARED, "name": "vcenter"}
INSPECTION = {"type": "DeepInspection", "vm": VM, "targetNamespace": JOBS, "connection": {"secret": SECRET}}
SNAPSHOT = {"moref": "snapshot-1", "owned": True}
CANCELED = {"phase": "Canceled", "conditions": [{"type": "ConversionCanceled", "status": "True"}]}


def conversion(name: str = NAME, namespace: str = SHARED, **more: Any) -> Obj:
    return obj("Conversion", name, namespace, **{"spec": INSPECTION, **more})


def pod(name: str = NAME, namespace: str = JOBS, **more: Any) -> Obj:
    return obj("Pod", f"{name}-x", namespace, labels={"conversion": name, "forklift.app": "deep-inspection"}, **more)


OURS = conversion()
RECORDED = session(record("Conversion", NAME, SHARED, test_name="t"))
KEY = Key(NAME, SHARED, OURS.uid, target_namespace=JOBS, type="vsphere", vms=(("vm-7", "base"),), test_name="t")
KNOWN = RECORDED.learned(conversions=(KEY,))


@pytest.mark.parametrize(
    ("asked", "one", "status"),
    [
        pytest.param(RECORDED, OURS, Status.OWNED, id="recorded"),
        pytest.param(RECORDED, conversion(created=BEFORE), Status.REFUSED, id="recorded-older"),
        pytest.param(
            session(record("Conversion", "inspect", SHARED)), conversion("inspect"), Status.OWNED, id="recorded-younger"
        ),
        pytest.param(session(), OURS, Status.REFUSED, id="only-named"),
        pytest.param(
            session(), conversion(spec={**INSPECTION, "targetNamespace": PREFIX}), Status.OWNED, id="leads-to-its-own"
        ),
        pytest.param(session(), conversion("x", PREFIX), Status.OWNED, id="in-its-own-namespace"),
        pytest.param(session(plans=(PLAN,)), conversion("x", labels={"plan": PLAN.uid}), Status.OWNED, id="of-a-plan"),
        pytest.param(session(), conversion(f"{PREFIX}3-inspect"), Status.OTHER, id="of-others"),
    ],
)
def test_whose_it_is(asked: Session, one: Obj, status: Status) -> None:
    assert decide(asked, one).status is status


@pytest.mark.parametrize(
    ("one", "beside", "status"),
    [
        pytest.param(pod(), (OURS,), Status.OWNED, id="of-its-conversion"),
        pytest.param(pod(), (), Status.OWNED, id="its-conversion-has-gone"),
        pytest.param(pod(namespace=SHARED), (OURS,), Status.REFUSED, id="elsewhere"),
        pytest.param(pod(f"{PREFIX}3-inspect"), (OURS,), Status.OTHER, id="of-another"),
        pytest.param(pod(), (OURS, conversion(namespace="other-team")), Status.CONTESTED, id="others-of-that-name"),
        pytest.param(
            pod(),
            (OURS, conversion(namespace="other-team", spec={**INSPECTION, "targetNamespace": "elsewhere"})),
            Status.OWNED,
            id="others-have-their-pods-elsewhere",
        ),
    ],
)
def test_whose_its_pod_is(one: Obj, beside: tuple[Obj, ...], status: Status) -> None:
    made = decide(KNOWN, one, *beside)
    assert made.status is status
    assert made.evidence == ("label conversion" if status in (Status.OWNED, Status.CONTESTED) else "")


def test_its_pod_where_conversions_of_others_could_not_be_read() -> None:
    read = frozenset((r.group, r.kind, None) for r in RESOURCES.values() if r.kind != "Conversion")
    made = decide(KNOWN.learned(conversions=(replace(KEY, name="inspect"),)), pod("inspect"), read=read)
    assert made.status is Status.CONTESTED and "nobody knows" in made.reason
    assert decide(KNOWN, pod(), read=read).status is Status.OWNED  # its name says it


@pytest.mark.parametrize(
    ("status", "spec", "ended", "vms"),
    [
        ({}, {}, False, True),
        ({"phase": "Running", "snapshot": SNAPSHOT}, {}, False, True),
        ({"phase": "Canceled"}, {}, False, True),  # asked for, not done
        (CANCELED, {}, True, True),
        ({"phase": "Failed", "snapshot": SNAPSHOT}, {}, True, True),
        ({"phase": "Succeeded"}, {}, True, False),
        ({"phase": "Succeeded", "snapshot": SNAPSHOT}, {}, True, True),
        ({"phase": "Running"}, {"settings": {"SNAPSHOT_MOREF": "snapshot-9"}}, False, False),
        ({"phase": "Running"}, {"type": "Remote"}, False, False),
        ({"phase": 5, "snapshot": "x"}, {"vm": "vm-7", "settings": []}, False, False),
    ],
)
def test_what_its_state_says(status: dict[str, Any], spec: dict[str, Any], ended: bool, vms: bool) -> None:
    one = conversion(spec={**INSPECTION, **spec}, status=status)
    assert forklift.conversion_ended(one) is ended
    assert forklift.inspected(one) == ((("vm-7", "base"),) if vms else ())


@pytest.mark.parametrize(
    ("status", "makes"),
    [
        ({"phase": "Running", "stage": "CreatingSnapshot", "snapshot": {"owned": True}}, True),
        ({"phase": "Running", "stage": "WaitingForSnapshot", "snapshot": {"owned": True, "createTaskId": "t"}}, True),
        ({"phase": "Running", "stage": "WaitingForSnapshot", "snapshot": SNAPSHOT}, False),
        ({"phase": "Running", "stage": "PodRunning", "snapshot": {"owned": True}}, False),
        ({"phase": "Canceled", "stage": "Finished", "snapshot": {"owned": True}}, False),
        ({"phase": "Pending"}, True),
        ({}, True),
        ({"phase": "Pending", "conditions": [{"type": "X", "status": "True", "category": "Critical"}]}, False),
        ({"phase": "Failed"}, False),
    ],
)
def test_a_snapshot_that_is_being_made_is_waited_for(status: dict[str, Any], makes: bool) -> None:
    assert forklift.makes_snapshot(conversion(status=status)) is makes


RUNNING_MIGRATION = obj(
    "Migration",
    MIGRATION.name,
    "mtv",
    uid=MIGRATION.uid,
    spec={"plan": {"name": PLAN.name, "namespace": "mtv"}},
    status={"conditions": [{"type": "Running", "status": "True"}]},
)
OF_MIGRATION = conversion(
    "v2v", spec={**INSPECTION, "type": "Remote"}, labels={"plan": PLAN.uid, "migration": MIGRATION.uid}
)


def test_those_that_end_with_their_migration_are_left_to_it() -> None:
    owned = Decision(Status.OWNED)
    blocked = {"phase": "Pending", "conditions": [{"type": "VMNotSet", "status": "True", "category": "Critical"}]}
    none = [conversion("over", status=CANCELED), conversion("never-began", status=blocked)]
    given = {**INSPECTION, "settings": {"SNAPSHOT_MOREF": "snapshot-9"}}
    of_plan = conversion("preflight", labels=OF_MIGRATION.labels, spec=given)  # Forklift would make it anew
    every = [OURS, *none, RUNNING_MIGRATION, OF_MIGRATION, of_plan]
    found = Found(session(plans=(PLAN,)), decided=tuple((one, owned) for one in every))
    first = {NAME, MIGRATION.name}
    assert {one.name for one, _made in phase.to_cancel(found)} == first
    # It has outlived the Migration that was canceled.
    assert {one.name for one, _made in phase.to_cancel(found, {MIGRATION.uid})} == {*first, "v2v", "preflight"}


# -- where its VM is --------------------------------------------------------------------------------------------


def secret(url: str) -> Obj:
    return obj("Secret", "vcenter", SHARED, data={"url": base64.b64encode(url.encode()).decode(), "password": "eA=="})


SOURCE = obj("Provider", "source", "mtv", spec={"secret": SECRET, "url": "https://vc-2.example/sdk"})


@pytest.mark.parametrize(
    ("objects", "held", "host"),
    [
        ([OURS], secret("https://vc-1.example/sdk"), "vc-1.example"),
        ([OURS, SOURCE], None, "vc-2.example"),
        ([OURS], None, ""),
        ([OURS], secret("https://[vc/sdk"), ""),
        ([OURS], obj("Secret", "vcenter", SHARED, data={"url": "\u00e9", "user": "x"}), ""),
        ([OURS], obj("Secret", "vcenter", SHARED), ""),
        ([], secret("https://vc-1.example/sdk"), ""),
    ],
)
def test_the_server_of_its_vm(objects: list[Obj], held: Obj | None, host: str) -> None:
    asked: list[tuple[str, str]] = []

    def read(place: tuple[str, str]) -> Obj | None:
        asked.append(place)
        return held

    known = inspections.with_hosts(KNOWN, {one.uid: one for one in objects}, read)
    assert [key.host for key in known.conversions] == [host]
    assert asked == ([(SHARED, "vcenter")] if objects == [OURS] else [])


def test_what_was_known_of_it_is_kept() -> None:
    before = KNOWN.learned(conversions=(replace(KEY, host="vc.example", snapshot="snapshot-1"),))
    after = learn(before, [(conversion(status=CANCELED), Decision(Status.OWNED, "record"))])
    assert [(key.host, key.snapshot, key.vms) for key in after.conversions] == [
        ("vc.example", "snapshot-1", (("vm-7", "base"),))
    ]
    assert from_dict(after.as_dict()).conversions == after.conversions


def test_snapshots_by_their_vm_and_server() -> None:
    def key(name: str, **more: Any) -> Key:
        return replace(KEY, uid=name, **{"host": "vc.example", **more})

    known = session().learned(
        conversions=(
            key("1", snapshot="snapshot-1"),
            key("2", snapshot="snapshot-2"),
            key("3", vms=(("vm-8", "b"),), snapshot="snapshot-3"),
            key("4", vms=(("vm-8", "b"),)),
            key("5", host="other.example", vms=(("vm-9", "c"),)),
            key("6", vms=()),
        )
    )
    assert ownership.inspected(known, "VC.example") == {
        "vm-7": {"snapshot-1", "snapshot-2"},
        "vm-8": frozenset(),  # one does not say which it made
    }
    assert ownership.types_of(known) == {"vsphere"}


@pytest.mark.parametrize(("configured", "met"), [("vc.example", True), ("other.example", False)])
def test_a_server_that_nobody_configured_is_told(configured: str, met: bool) -> None:
    known = session().learned(conversions=(replace(KEY, host="vc.example"),))
    connections = [Connection("vsphere", configured, configured)]
    after, unmet = known_by(known, connections, lambda _host: frozenset())
    assert [key.name for key in unmet] == ([] if met else [NAME])
    assert bool(ownership.inspected(after, configured)) is met


def test_a_note_remembers_it() -> None:
    """Though the pods and the Conversion have gone: the snapshot may be there."""
    written = notes.entry(KNOWN)
    key = replace(KEY, uid="0f0f0f0f-1111-2222-3333-444444444444")
    written["conversions"] = [KNOWN.learned(conversions=(key,)).as_dict()["conversions"][0]]
    assert notes.with_journal(RECORDED, json.dumps(written), "note").conversions == (key,)


def test_its_namespaces_are_looked_at() -> None:
    """One that nothing else of the session names."""
    every = [obj("Namespace", name) for name in (SHARED, JOBS, "kube-system")]
    found = find(Memory([*every, OURS, pod(), pod("other")]), RECORDED, CATALOG)  # type: ignore[arg-type]
    assert {one.kind for one, _made in found.owned} == {"Conversion", "Pod"}
    assert [key.target_namespace for key in found.session.conversions] == [JOBS]
