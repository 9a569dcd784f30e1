# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Smaller decisions: kinds, order, what Forklift's state says, volumes, verdict, ignore rules."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import forklift, order, volumes
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.kinds import group_of
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, Resource
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._session import ignore
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record
from ansible_collections.mtv.teardown.plugins.module_utils._session.verdict import Verdict, verdict
from ansible_collections.mtv.teardown.tests.unit.plugins.build import RESOURCES, obj


def condition(kind: str, status: str = "True", **more: str) -> dict[str, str]:
    return {"type": kind, "status": status, **more}


@pytest.mark.parametrize(
    ("kind", "module", "expected"),
    [
        ("Plan", "ocp_resources.plan", "forklift.konveyor.io"),
        ("Namespace", "ocp_resources.namespace", ""),
        ("Hook", "ocp_resources._hook_generated", "forklift.konveyor.io"),
        ("VirtualMachine", "utilities.utils", "kubevirt.io"),
        ("VirtualMachine", "", "kubevirt.io"),
        ("NetworkAttachmentDefinition", "ocp_resources.network_attachment_definition", "k8s.cni.cncf.io"),
        ("Widget", "example.widget", "widgets.example.com"),
        ("Gadget", "", None),
        ("Unheard", "os.system", None),
    ],
)
def test_group_of_a_record(kind: str, module: str, expected: str | None) -> None:
    served = [
        *RESOURCES.values(),
        Resource("widgets.example.com", "v1", "widgets", "Widget", True),
        Resource("a.example.com", "v1", "gadgets", "Gadget", True),
        Resource("b.example.com", "v1", "gadgets", "Gadget", True),
    ]
    assert group_of(Record(kind, "x", module=module, entry="x"), served) == expected


BEFORE = [
    (("kubevirt.io", "VirtualMachine"), ("cdi.kubevirt.io", "DataVolume")),
    (("cdi.kubevirt.io", "DataVolume"), ("", "PersistentVolumeClaim")),
    (("batch", "Job"), ("", "Pod")),
    (("", "Pod"), ("forklift.konveyor.io", "Migration")),
    (("forklift.konveyor.io", "Migration"), ("forklift.konveyor.io", "Plan")),
    (("forklift.konveyor.io", "Plan"), ("forklift.konveyor.io", "StorageMap")),
    (("forklift.konveyor.io", "Plan"), ("forklift.konveyor.io", "NetworkMap")),
    (("forklift.konveyor.io", "StorageMap"), ("forklift.konveyor.io", "Provider")),
    (("forklift.konveyor.io", "Host"), ("forklift.konveyor.io", "Provider")),
    (("forklift.konveyor.io", "Provider"), ("", "Secret")),
    (("forklift.konveyor.io", "Provider"), ("k8s.cni.cncf.io", "NetworkAttachmentDefinition")),
    (("", "Secret"), ("", "Namespace")),
    (("", "Namespace"), ("", "PersistentVolume")),
]


@pytest.mark.parametrize(("first", "second"), BEFORE, ids=lambda kind: kind[1])
def test_order(first: tuple[str, str], second: tuple[str, str]) -> None:
    steps = [step for phase in (order.VMS, order.RESOURCES, order.NAMESPACES) for step in order.steps_of(phase)]
    assert steps.index(order.step_of(*first)) < steps.index(order.step_of(*second))


def test_kinds_never_heard_of_come_last_inside_namespaces() -> None:
    assert order.step_of("x.example.com", "Thing") is order.STEPS[-1]


@pytest.mark.parametrize(
    ("conditions", "needs", "ended"),
    [
        ([], False, False),
        ([condition("Ready")], False, False),
        ([condition("Running")], True, False),
        ([condition("Running", "False")], False, False),
        ([condition("Running"), condition("Succeeded")], False, True),
        ([condition("Canceled")], False, True),
        ([condition("Failed")], False, True),
        ([condition("PlanNotReady")], False, False),
    ],
)
def test_migration_state(conditions: list[dict[str, str]], needs: bool, ended: bool) -> None:
    migration = obj("Migration", "m", "n", status={"conditions": conditions})
    assert (forklift.needs_cancel(migration), forklift.ended(migration)) == (needs, ended)


def test_a_migration_without_status_needs_nothing() -> None:
    assert not forklift.needs_cancel(obj("Migration", "m", "n"))


def plan_with(history: list[dict[str, Any]], vms: list[dict[str, Any]]) -> Any:
    return obj("Plan", "p", "n", status={"migration": {"history": history, "vms": vms}})


@pytest.mark.parametrize(
    ("history", "vms", "finished"),
    [
        ([], [], False),
        ([{"migration": {"uid": "m"}, "conditions": [condition("Canceled")]}], [{"id": "1", "completed": "t"}], True),
        ([{"migration": {"uid": "m"}, "conditions": [condition("Canceled")]}], [{"id": "1"}], False),
        ([{"migration": {"uid": "m"}, "conditions": [condition("Executing")]}], [{"id": "1", "completed": "t"}], False),
        ([{"migration": {"uid": "x"}, "conditions": [condition("Failed")]}], [{"id": "1", "completed": "t"}], False),
    ],
)
def test_finished_by_the_plan(history: list[dict[str, Any]], vms: list[dict[str, Any]], finished: bool) -> None:
    migration = obj("Migration", "m", "n", uid="m", status={"conditions": [condition("Running")]})
    assert forklift.finished(migration, plan_with(history, vms)) is finished


def test_cancel_is_by_id_and_keeps_what_was_asked() -> None:
    migration = obj(
        "Migration", "m", "n", spec={"cancel": [{"id": "vm-9"}]}, status={"vms": [{"id": "vm-2", "name": "b"}]}
    )
    plan = plan_with([], [{"id": "vm-1", "name": "a"}])
    assert forklift.cancel_patch(migration, plan) == {
        "spec": {"cancel": [{"id": "vm-1", "name": "a"}, {"id": "vm-2", "name": "b"}, {"id": "vm-9"}]}
    }


def test_cancel_without_ids_asks_nothing() -> None:
    assert forklift.cancel_patch(obj("Migration", "m", "n"), obj("Plan", "p", "n", spec={"vms": [{"name": "a"}]})) == {}


@pytest.mark.parametrize(
    ("policy", "phase", "expected"),
    [
        ("Retain", "Released", True),
        ("Retain", "Failed", True),
        ("Retain", "Bound", False),
        ("Delete", "Released", False),
        ("Delete", "Failed", False),
        (None, "Released", True),
    ],
)
def test_which_volumes_are_ours_to_delete(policy: str | None, phase: str, expected: bool) -> None:
    spec = {"persistentVolumeReclaimPolicy": policy} if policy else {}
    assert volumes.may_be_deleted(obj("PersistentVolume", "pv", spec=spec, status={"phase": phase})) is expected


def test_the_report_says_which_storage_stays() -> None:
    volume = obj("PersistentVolume", "pv", spec={"nfs": {"server": "nfs.example.com", "path": "/x"}})
    assert "nfs nfs.example.com:/x" in volumes.storage_note(volume)
    assert volumes.storage_note(obj("PersistentVolume", "pv", spec={"persistentVolumeReclaimPolicy": "Delete"})) == ""
    assert volumes.storage_note(obj("Secret", "s", "n")) == ""


def test_the_backend_of_a_volume_that_stays() -> None:
    spec = {"csi": {"driver": "cinder.csi.openstack.org", "volumeHandle": "vol-1"}}
    assert volumes.backend(obj("PersistentVolume", "pv", spec=spec)) == {"type": "openstack", "handle": "vol-1"}
    for other in ({**spec, "persistentVolumeReclaimPolicy": "Delete"}, {"csi": {"driver": "x.csi"}}, {"nfs": {}}):
        assert volumes.backend(obj("PersistentVolume", "pv", spec=other)) == {}


@pytest.mark.parametrize(
    ("leftovers", "unreadable", "not_covered", "scopes", "expected"),
    [
        ([], [], [], [1], Verdict.CLEAN),
        ([1], [], [], [1], Verdict.LEFTOVERS),
        ([1], [1], [1], [1], Verdict.LEFTOVERS),
        ([], [1], [], [1], Verdict.UNVERIFIED),
        ([], [], [1], [1], Verdict.UNVERIFIED),
        ([], [], [], [], Verdict.UNVERIFIED),
    ],
)
def test_verdict(leftovers: list, unreadable: list, not_covered: list, scopes: list, expected: Verdict) -> None:
    assert verdict(leftovers, unreadable, not_covered, scopes) is expected


LEFT = {"kind": "Secret", "namespace": "auto-ab12", "name": "left-on-purpose", "evidence": "namespace"}


@pytest.mark.parametrize(
    ("expression", "accepted"),
    [
        ("kind == 'Secret'", True),
        ("kind == 'Secret' && starts_with(name, 'left-')", True),
        ("kind == 'Pod'", False),
        ("name", False),
        ("length(owners)", False),
    ],
)
def test_ignore(expression: str, accepted: bool) -> None:
    rules = ignore.compile_rules([{"expression": expression, "reason": "kept"}])
    counted, ignored = ignore.split([dict(LEFT)], rules)
    assert bool(ignored) is accepted
    assert bool(counted) is not accepted
    if accepted:
        assert ignored[0]["accepted_because"] == "kept"


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"expression": "", "reason": "x"}, "needs an expression and a reason"),
        ({"expression": "kind == 'Pod'", "reason": " "}, "needs an expression and a reason"),
        ({"expression": "kind ==", "reason": "x"}, "not JMESPath"),
        ({"expression": "`true`", "reason": "x"}, "accepts what it knows nothing of"),
        ({"expression": "kind != 'Pod'", "reason": "x"}, "accepts what it knows nothing of"),
        ({"expression": "kind == 'Pod'", "reson": "x"}, "and nothing else"),
        ("kind == 'Pod'", "is not an expression and a reason"),
    ],
)
def test_ignore_that_is_wrong_or_too_wide(entry: Any, told: str) -> None:
    with pytest.raises(RecordError, match=told) as caught:
        ignore.compile_rules([{"expression": "kind == 'Pod'", "reason": "fine"}, entry])
    assert "verify_ignore[1]" in caught.value.msg


@pytest.mark.parametrize("given", [None, "", " ", "[]", " [] ", [], "null"])
def test_nothing_to_ignore(given: Any) -> None:
    """A command line with -e name=value makes text of what is given there."""
    assert ignore.compile_rules(given) == ()


def test_ignore_as_text() -> None:
    (rule,) = ignore.compile_rules("""[{"expression": "kind == 'Secret'", "reason": "kept"}]""")
    assert rule.accepts(LEFT)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("kind == 'Pod'", "is text that is not JSON"),
        ("[" * 100_000, "is text that is not JSON"),
        ("{}", "is not a list"),
        ('"[]"', "is not a list"),
        ({"expression": "kind == 'Pod'", "reason": "x"}, "is not a list"),
        (True, "is not a list"),
    ],
)
def test_ignore_that_is_no_list_shows_one(given: Any, told: str) -> None:
    with pytest.raises(RecordError, match=told) as caught:
        ignore.compile_rules(given)
    assert '[{"expression": ' in caught.value.msg and len(caught.value.msg) < 500


def test_a_migration_whose_plan_got_blocked_still_has_to_be_canceled() -> None:
    """It has lost Running; only the Plan's history says that it began and did not end (forklift.md 3.1)."""
    lost = {"conditions": [{"type": "PlanNotReady", "status": "True"}]}
    migration = obj("Migration", "m", "n", uid="m-uid", status=lost)

    def plan(said: str) -> Obj:
        entry = {"migration": {"uid": "m-uid"}, "conditions": [{"type": said, "status": "True"}]}
        return obj("Plan", "p", "n", status={"migration": {"history": [entry], "vms": [{"id": "vm-1"}]}})

    assert not forklift.needs_cancel(migration)
    assert forklift.needs_cancel(migration, plan("Executing"))
    assert not forklift.needs_cancel(migration, plan("Failed"))
