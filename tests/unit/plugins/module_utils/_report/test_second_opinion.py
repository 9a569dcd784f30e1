# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether other modules agree with a verdict: by identity, by name, and never by what they could not read."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.filter import second_look_scopes
from ansible_collections.mtv.teardown.plugins.filter import second_opinion as filters
from ansible_collections.mtv.teardown.plugins.module_utils._report import second_opinion

PREFIX = "auto-ab12"
VM = {"kind": "VirtualMachine", "api_version": "vsphere", "namespace": None, "name": f"{PREFIX}-x", "provider": "vc"}
CLONE = {**VM, "id": "vm-1", "uid": "server/uuid-1", "place": f"/DC0/vm/{PREFIX}-x"}
SECRET = {"kind": "Secret", "api_version": "v1", "namespace": "mtv", "name": f"{PREFIX}-s", "uid": "u-1"}
LISTS = ("leftovers", "kept", "accepted", "refused", "unseen")


def result(*deleted: dict[str, Any], **more: Any) -> dict[str, Any]:
    scopes = [
        {"kind": "Namespace", "api_version": "v1", "namespace": None, "count": 1},
        {"kind": "Secret", "api_version": "v1", "namespace": "mtv", "count": 1},
        {"kind": "VirtualMachine", "api_version": "vsphere", "namespace": None, "count": 0, "provider": "vc"},
    ]
    return {
        "verdict": "clean",
        "scopes": scopes,
        "deleted": list(deleted),
        **{name: [] for name in LISTS},
        "summary": ["session", "CLEAN", "deleted 1"],
        "artifacts": {"mtv_teardown_session": PREFIX, "mtv_teardown_verdict": "clean"},
        **more,
    }


def obj(name: str, uid: str, namespace: str | None = None) -> dict[str, Any]:
    return {"metadata": {"name": name, "uid": uid, "namespace": namespace}}


def listed(*objects: dict[str, Any], **item: Any) -> dict[str, Any]:
    return {"api_found": True, "resources": list(objects), "failed": False, "item": item}


NAMESPACES = listed(obj("mtv", "n-1"), obj("kube-system", "n-2"))


def cluster(*secrets: dict[str, Any]) -> dict[str, Any]:
    places = {"api_version": "v1", "kind": "Secret", "namespace": "mtv"}
    whole = {"api_version": "v1", "kind": "Namespace", "namespace": None}
    return {"results": [listed(*NAMESPACES["resources"], **whole), listed(*secrets, **places)]}


def site(key: str = "vc", **answer: Any) -> dict[str, Any]:
    return {"results": [{"item": {"key": key, "options": {"password": "hush-hush-0815"}}, **answer}]}


def vms(*machines: dict[str, Any]) -> dict[str, Any]:
    return {"community.vmware.vmware_vm_info": site(virtual_machines=list(machines))}


def machine(name: str, moid: str, uuid: str) -> dict[str, Any]:
    return {"guest_name": name, "moid": moid, "instance_uuid": uuid}


BYSTANDERS = (machine("auto-ab120-x", "vm-9", "uuid-9"), machine("auto-ab1", "vm-8", "uuid-8"))


def judge(told: dict[str, Any], secrets: Any = (), answers: dict[str, Any] | None = None) -> dict[str, Any]:
    given = vms(*BYSTANDERS) if answers is None else answers
    return filters.second_opinion(told, NAMESPACES, cluster(*secrets), given)


def test_they_agree() -> None:
    found = judge(result(CLONE, SECRET), [obj("auto-ab120-s", "u-9", "mtv")])
    assert found["verdict"] == "clean" and found["second_look"]["agrees"]
    assert found["second_look"]["asked"] == 4 and found["second_look"]["seen"] == 7
    assert found["summary"][:2] == ["session", "CLEAN"] and "agree" in found["summary"][-1]


@pytest.mark.parametrize(
    ("secrets", "machines", "we"),
    [
        ([obj("renamed", "u-1", "mtv")], [], "deleted, and gone: Secret mtv/auto-ab12-s"),
        ([obj("auto-ab12-other", "u-7", "mtv")], [], "nothing of it is told"),
        ([], [machine("renamed", "vm-1", "uuid-7")], "deleted, and gone: VirtualMachine"),
        ([], [machine("renamed", "vm-7", "uuid-1")], "deleted, and gone: VirtualMachine"),
        ([], [machine("auto-ab12", "vm-7", "uuid-7")], "nothing of it is told"),
    ],
    ids=["uid", "name", "moref", "instance-uuid", "name-of-a-vm"],
)
def test_what_they_see_and_we_do_not_tell_of(secrets: Any, machines: Any, we: str) -> None:
    found = judge(result(CLONE, SECRET), secrets, vms(*BYSTANDERS, *machines))
    assert found["verdict"] == found["artifacts"]["mtv_teardown_verdict"] == "unverified"
    (against,) = found["second_look"]["against"]
    assert we in against["we"] and "it is there" in against["they"]
    assert "UNVERIFIED" in found["summary"][1] and any(we in line for line in found["second_look"]["lines"])


@pytest.mark.parametrize("name", LISTS)
def test_what_we_tell_of_may_be_there(name: str) -> None:
    known = {**CLONE, "id": "vm-5", "uid": "server/uuid-5"}
    told = result(**{name: [known, {**SECRET, "uid": "u-5"}]})
    there = [obj("auto-ab12-s", "u-5", "mtv")]
    assert judge(told, there, vms(machine("auto-ab12-x", "vm-5", "uuid-5")))["second_look"]["agrees"]
    other = vms(machine("auto-ab12-x", "vm-6", "uuid-6"))
    assert not judge(told, there, other)["second_look"]["agrees"]


FAILED = {"failed": True, "msg": "refused for hush-hush-0815"}


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"community.vmware.vmware_vm_info": {}},
        {"community.vmware.vmware_vm_info": {"results": []}},
        {"community.vmware.vmware_vm_info": site(**FAILED)},
        {"community.vmware.vmware_vm_info": site(**{**FAILED, "failed": False})},
        {"community.vmware.vmware_vm_info": site("other", virtual_machines=[])},
        {"community.vmware.vmware_vm_info": site(skipped=True, virtual_machines=[])},
        {"community.vmware.vmware_vm_info": site(virtual_machines=None)},
    ],
)
def test_what_could_not_be_read_on_a_provider_is_no_agreement(answers: dict[str, Any]) -> None:
    found = judge(result(CLONE), answers=answers)
    assert found["verdict"] == "unverified"
    (unread,) = found["second_look"]["unread"]
    assert unread["provider"] == "vc" and unread["module"] == "community.vmware.vmware_vm_info"
    assert "hush" not in str([found["summary"], found["second_look"]])


@pytest.mark.parametrize(
    "answer",
    [{}, {"failed": True, "msg": "403"}, {"api_found": False, "resources": []}, {"skipped": True}, {"msg": "403"}],
)
def test_what_could_not_be_read_on_the_cluster_is_no_agreement(answer: dict[str, Any]) -> None:
    """An API that is not found is an empty list to that module."""
    found = filters.second_opinion(result(SECRET), answer, cluster(), vms())
    assert [one["kind"] for one in found["second_look"]["unread"]] == ["Namespace"] and found["verdict"] == "unverified"
    place = {"api_version": "v1", "kind": "Secret", "namespace": "mtv"}
    lists = {"results": [*cluster()["results"][:1], {**answer, "item": place}]}
    found = filters.second_opinion(result(SECRET), NAMESPACES, lists, vms())
    assert [one["kind"] for one in found["second_look"]["unread"]] == ["Secret"]
    lists = {"results": cluster()["results"][:1]}
    assert not filters.second_opinion(result(SECRET), NAMESPACES, lists, vms())["second_look"]["agrees"]


def test_a_cluster_without_a_namespace_was_not_read() -> None:
    """k8s_info makes an empty list of a 400."""
    found = filters.second_opinion(result(SECRET), {"api_found": True, "resources": []}, cluster(), vms())
    assert [one["kind"] for one in found["second_look"]["unread"]] == ["Namespace"] and found["verdict"] == "unverified"


def test_why_there_are_no_lists() -> None:
    found = filters.second_opinion(result(SECRET), NAMESPACES, {"failed": True, "msg": "no way to it"}, vms())
    assert {one["error"] for one in found["second_look"]["unread"]} == {"no way to it"}


def test_nothing_asked_is_no_agreement() -> None:
    assert filters.second_opinion(result(), {}, {}, {})["verdict"] == "unverified"


def test_a_kind_without_a_module_is_no_agreement() -> None:
    found = judge(result({**CLONE, "kind": "Snapshot"}))
    assert [one["error"] for one in found["second_look"]["unread"]] == ["no module is asked for this kind"]


def test_a_verdict_that_is_not_clean_stays_as_it_is() -> None:
    told = result(CLONE, verdict="leftovers")
    found = judge(told, answers=vms(machine("x", "vm-1", "uuid-1")))
    assert found["verdict"] == "leftovers" and not found["second_look"]["agrees"]


OPENSTACK = [source for source in second_opinion.SOURCES if source.type == "openstack"]


@pytest.mark.parametrize(("module", "kind", "answer"), [(one.module, one.kind, one.answer) for one in OPENSTACK])
def test_every_kind_of_openstack_by_its_id(module: str, kind: str, answer: str) -> None:
    """Images and ports are listed beyond the project, so their names prove nothing."""
    scope = {"kind": kind, "api_version": "openstack", "namespace": None, "count": 0, "provider": "os"}
    told = result({**scope, "name": "n", "id": "i-1", "uid": "project/i-1"}, scopes=[*result()["scopes"][:2], scope])
    answers = {one.module: site("os", **{one.answer: []}) for one in OPENSTACK}
    assert judge(told, answers=answers)["second_look"]["agrees"]
    answers[module] = site("os", **{answer: [{"id": "i-1", "name": "other"}]})
    assert len(judge(told, answers=answers)["second_look"]["against"]) == 1
    answers[module] = site("os", **{answer: [{"id": "i-2", "name": "auto-ab12-n"}]})
    assert judge(told, answers=answers)["second_look"]["agrees"] is (kind in ("Image", "Port"))
    answers[module] = site("os", **{answer: [{"id": "i-2", "name": "snapshot for auto-ab12-n-snapshot"}]})
    assert judge(told, answers=answers)["second_look"]["agrees"] is (kind != "Snapshot")


def test_what_is_listed_on_the_cluster() -> None:
    """A kind that is listed everywhere is not listed again, and a namespace that is gone holds nothing."""
    everywhere = {"kind": "Plan", "api_version": "f/v1", "namespace": None}
    told = result(
        {**SECRET, "namespace": "gone"},
        {**SECRET, "kind": "PersistentVolume", "namespace": None},
        {**everywhere, "namespace": "mtv", "name": "p", "uid": "u"},
        CLONE,
    )
    told["scopes"].append({**everywhere, "count": 0})
    scopes = [tuple(one.values()) for one in second_look_scopes.second_look_scopes(told, NAMESPACES)]
    assert scopes == [
        ("f/v1", "Plan", None),
        ("v1", "Namespace", None),
        ("v1", "PersistentVolume", None),
        ("v1", "Secret", "mtv"),
    ]


FORKLIFTS = {
    "kind": "Snapshot", "api_version": "vsphere", "namespace": None, "name": "forklift-migration-precopy",
    "provider": "vc", "id": "snapshot-7", "uid": "server/snapshot-7", "place": "/DC0/vm/base",
    "vm": "vm-20", "snapshot_id": 3,
}  # fmt: skip
MINE = {"name": "forklift-migration-precopy", "id": 3}
THEIRS = {"name": "forklift-migration-precopy", "id": 2}


def of_a_vm(*there: dict[str, Any], **answer: Any) -> dict[str, Any]:
    listed = {"snapshots": list(there)} if there else {}
    return {**vms(), second_opinion.SNAPSHOTS: {"results": [{"item": FORKLIFTS, "guest_snapshots": listed, **answer}]}}


def test_a_snapshot_that_was_removed_is_asked_for() -> None:
    for there in ([], [THEIRS]):
        found = judge(result(FORKLIFTS), answers=of_a_vm(*there))
        assert found["second_look"]["agrees"] and found["second_look"]["asked"] == 5
    found = judge(result(FORKLIFTS), answers=of_a_vm(THEIRS, MINE))
    assert found["verdict"] == "unverified"
    (against,) = found["second_look"]["against"]
    assert against["module"] == second_opinion.SNAPSHOTS and against["uid"] == "3 of vm-20"


@pytest.mark.parametrize(
    "answers",
    [
        vms(),
        of_a_vm(**FAILED),
        of_a_vm(skipped=True),
        of_a_vm(guest_snapshots=None),
        of_a_vm(item={**FORKLIFTS, "uid": "server/snapshot-9"}),
    ],
)
def test_a_snapshot_that_could_not_be_asked_for_is_no_agreement(answers: dict[str, Any]) -> None:
    found = judge(result(FORKLIFTS), answers=answers)
    assert found["verdict"] == "unverified"
    assert [one["module"] for one in found["second_look"]["unread"]] == [second_opinion.SNAPSHOTS]
    assert "hush" not in str([found["summary"], found["second_look"]])


def test_of_a_snapshot_of_an_older_result_nobody_knows_which_it_is() -> None:
    found = judge(result({name: FORKLIFTS[name] for name in FORKLIFTS if name != "snapshot_id"}), answers=of_a_vm())
    assert [one["error"] for one in found["second_look"]["unread"]] == ["no module is asked for this kind"]
