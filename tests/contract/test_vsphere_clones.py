# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clones on a vCenter: exactly the session's go, whatever stands in the way is named (providers.md 5.1)."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._provider import teardown
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import Result
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere import site as vsphere

from tests.contract.providers import names, session_of
from tests.contract.vcenters import CLONE, HASTY, PREFIX, recorded, remove, survey, target
from tests.lab.vcenter import peer

# -- exactly the right set --------------------------------------------------------------------------------------


def test_recorded_and_unrecorded_clones_go_and_check_mode_predicts_them(vcenter: peer.VCenter) -> None:
    vcenter.make(
        {"name": CLONE, "power": "poweredOn"}, f"{PREFIX}-never-recorded", {"name": f"{PREFIX}-s", "power": "suspended"}
    )
    session = recorded(CLONE, f"{PREFIX}-never-made")
    before, calls = vcenter.vms(), vcenter.calls()
    planned = remove(vcenter, session, check_mode=True)
    assert vcenter.vms() == before
    assert {"Destroy_Task", "PowerOffVM_Task"}.isdisjoint(set(vcenter.calls()) - set(calls))
    done = remove(vcenter, session)
    assert names(done.done) == names(planned.done) == {CLONE, f"{PREFIX}-never-recorded", f"{PREFIX}-s"}
    assert {entry["name"]: entry["evidence"] for entry in done.done}[CLONE] == "record"
    assert names(done.absent) == {f"{PREFIX}-never-made"}
    assert not done.remaining and not done.unreadable and not done.refused
    assert not set(vcenter.named()) & names(done.done)


def test_a_second_run_finds_nothing(vcenter: peer.VCenter) -> None:
    vcenter.make(CLONE)
    assert names(remove(vcenter, recorded(CLONE)).done) == {CLONE}
    again = remove(vcenter, recorded(CLONE))
    assert (again.done, again.remaining, again.unreadable) == ([], [], [])
    assert names(again.absent) == {CLONE}


def test_a_second_client_sees_the_same(vcenter: peer.VCenter) -> None:
    made = vcenter.make(CLONE, f"{PREFIX}-b")
    listed = vcenter.govmomi("list")
    assert {listed[vm["id"]][0] for vm in made} == {CLONE, f"{PREFIX}-b"}
    vcenter.govmomi("destroy", made[1]["id"])
    assert {one.name for one, _made in survey(vcenter, recorded(CLONE)).decided} == {CLONE}


def test_two_accounts_on_one_vcenter_are_both_looked_at(vcenter: peer.VCenter) -> None:
    vcenter.make(CLONE)
    both = [target(vcenter, "vsphere"), target(vcenter, "by-name", fqdn=f"localhost:{vcenter.port}")]
    found = teardown.survey(both, recorded(CLONE))
    assert [one.name for one, _made in found.decided] == [CLONE]
    assert {scope["provider"] for scope in found.scopes} == {"vsphere", "by-name"}


def test_a_few_calls_and_at_most_three_for_each_vm(vcenter: peer.VCenter) -> None:
    vcenter.many("other-", 3000)
    vcenter.make(*({"name": f"{PREFIX}-n{number}", "power": "poweredOn"} for number in range(20)))
    vcenter.forget_calls()
    assert len(remove(vcenter, recorded()).done) == 20
    assert sum(vcenter.calls().values()) <= 3 * 20 + 80
    for vm_id, vm in vcenter.vms().items():
        if vm["name"].startswith("other-"):
            vcenter.delete(vm_id)


# -- names ------------------------------------------------------------------------------------------------------


def test_names_that_lost_the_prefix_to_the_cut(vcenter: peer.VCenter) -> None:
    whole = f"ab12-{'a' * 53}-9fzk"
    lost = f"12-{'b' * 55}-9fzk"
    told = f"uto-ab12-{'c' * 49}-9fzk"
    assert {len(whole), len(lost), len(told)} == {63}
    vcenter.make(whole, lost, told)
    done = remove(vcenter, recorded(lost))
    assert names(done.done) == {lost, told}
    assert names(done.refused) == {whole}
    assert "not enough" in done.refused[0]["reason"]


def test_an_ambiguous_name_is_told_with_its_paths_and_stays(vcenter: peer.VCenter) -> None:
    made = vcenter.make({"name": CLONE, "folder": "a"}, {"name": CLONE, "folder": "b"})
    done = remove(vcenter, recorded(CLONE))
    assert done.done == []
    told = done.refused[0]["reason"]
    assert "/DC0/vm/a/" in told and "/DC0/vm/b/" in told
    assert {vm["id"] for vm in made} <= set(vcenter.vms())
    judged = survey(vcenter, recorded(CLONE))
    assert {made.status for _one, made in judged.decided} == {Status.CONTESTED}


def test_the_id_in_a_plan_tells_two_of_one_name_apart(vcenter: peer.VCenter) -> None:
    ours, other = vcenter.make({"name": CLONE, "folder": "a"}, {"name": CLONE, "folder": "b"})
    session = session_of(PREFIX, "vsphere", CLONE, plans={ours["id"]: CLONE}, host="127.0.0.1")
    assert [entry["id"] for entry in remove(vcenter, session).done] == [ours["id"]]
    assert other["id"] in vcenter.vms()


def test_a_renamed_clone_is_told_and_stays(vcenter: peer.VCenter) -> None:
    made = vcenter.make(CLONE)[0]
    vcenter.change(made["id"], name="somebody-keeps-it")
    session = session_of(PREFIX, "vsphere", CLONE, plans={made["id"]: CLONE}, host="127.0.0.1")
    done = remove(vcenter, session)
    assert done.done == [] and "renamed" in done.refused[0]["reason"]
    assert made["id"] in vcenter.vms()


def test_names_with_characters_that_vcenter_escapes(vcenter: peer.VCenter) -> None:
    vcenter.change(vcenter.make(f"{PREFIX}-ab")[0]["id"], name=f"{PREFIX}-a%2fb")
    assert names(remove(vcenter, recorded(f"{PREFIX}-a/b")).done) == {f"{PREFIX}-a/b"}


def test_what_was_recorded_but_is_not_the_sessions(vcenter: peer.VCenter) -> None:
    vcenter.make("base-vm", "auto-zz99-rhel8")
    session = recorded("base-vm", "auto-zz99-rhel8").learned(started="2100-01-01T00:00:00Z")
    done = remove(vcenter, session)
    assert done.done == []
    assert names(done.refused) == {"base-vm", "auto-zz99-rhel8"}
    newer = recorded("base-vm").learned(started="2020-01-01T00:00:00Z")
    assert names(remove(vcenter, newer, check_mode=True).done) == {"base-vm"}


# -- states of a VM ---------------------------------------------------------------------------------------------


def test_a_template_goes_only_when_it_is_recorded(vcenter: peer.VCenter) -> None:
    vcenter.make({"name": CLONE, "template": True}, {"name": f"{PREFIX}-template", "template": True})
    done = remove(vcenter, recorded(CLONE))
    assert names(done.done) == {CLONE}
    assert names(done.refused) == {f"{PREFIX}-template"}
    assert "PowerOffVM_Task" not in vcenter.calls()


@pytest.mark.parametrize("state", ["orphaned", "inaccessible", "disconnected"])
def test_what_cannot_be_reached_is_not_destroyed(vcenter: peer.VCenter, state: str) -> None:
    made = vcenter.make(CLONE, f"{PREFIX}-b")[0]
    vcenter.change(made["id"], connection_state=state, no_config=state != "disconnected")
    done = remove(vcenter, recorded(CLONE))
    assert names(done.done) == {f"{PREFIX}-b"}
    assert [(entry["name"], entry["cause"]) for entry in done.remaining] == [(CLONE, "vm-unreachable")]
    assert state in done.remaining[0]["reason"]
    assert survey(vcenter, recorded(CLONE)).whys[done.remaining[0]["uid"]].name == "vm-unreachable"


def test_a_disabled_method_is_seen_before_it_is_tried(vcenter: peer.VCenter) -> None:
    made = vcenter.make(CLONE, f"{PREFIX}-b")[0]
    vcenter.change(made["id"], disabled_methods=["Destroy_Task"])
    done = remove(vcenter, recorded(CLONE))
    assert names(done.done) == {f"{PREFIX}-b"}
    assert done.remaining[0]["cause"] == "method-disabled"
    assert vcenter.calls()["Destroy_Task"] == 1


def test_a_question_is_told(vcenter: peer.VCenter) -> None:
    made = vcenter.make({"name": CLONE, "power": "poweredOn"})[0]
    vcenter.change(made["id"], question="Did you move or copy it?")
    done = remove(vcenter, recorded(CLONE))
    assert done.remaining[0]["cause"] == "question-pending"
    assert "move or copy" in done.remaining[0]["reason"]


# -- faults -----------------------------------------------------------------------------------------------------


def held(vcenter: peer.VCenter, rule: dict[str, Any], power: str = "", **limits: Any) -> Result:
    """Two clones, one of which a rule holds; the other goes."""
    vcenter.make({"name": CLONE, **({"power": power} if power else {})}, f"{PREFIX}-b")
    vcenter.rules({"object": CLONE, **rule})
    done = remove(vcenter, recorded(CLONE), **limits)
    assert f"{PREFIX}-b" in names(done.done)
    return done


def test_somebody_powers_it_on_again(vcenter: peer.VCenter) -> None:
    done = held(
        vcenter, {"method": "Destroy_Task", "fault": "InvalidPowerState", "task": True, "times": 1}, "poweredOn"
    )
    assert CLONE in names(done.done)


def test_a_task_of_others_is_waited_for(vcenter: peer.VCenter) -> None:
    done = held(vcenter, {"method": "Destroy_Task", "fault": "TaskInProgress", "times": 1})
    assert CLONE in names(done.done)


@pytest.mark.parametrize(
    ("rule", "cause", "words"),
    [
        (
            {"method": "Destroy_Task", "fault": "NoPermission", "value": "VirtualMachine.Inventory.Delete"},
            "forbidden",
            "VirtualMachine.Inventory.Delete",
        ),
        (
            {"method": "PowerOffVM_Task", "fault": "NoPermission", "value": "VirtualMachine.Interact.PowerOff"},
            "forbidden",
            "VirtualMachine.Interact.PowerOff",
        ),
        (
            {"method": "Destroy_Task", "fault": "MethodDisabled", "value": "com.vmware.backup"},
            "method-disabled",
            "com.vmware.backup",
        ),
        (
            {"method": "Destroy_Task", "fault": "CannotAccessFile", "task": True, "value": "x.vmdk"},
            "vm-unreachable",
            "x.vmdk",
        ),
        (
            {"method": "Destroy_Task", "fault": "SystemError", "task": True, "value": "out of order"},
            "task-failed",
            "out of order",
        ),
        ({"method": "Destroy_Task", "fault": "hang"}, "task-running", "task"),
        ({"method": "PowerOffVM_Task", "fault": "hang"}, "task-running", "task"),
    ],
    ids=lambda value: value.get("fault", "") + value.get("method", "") if isinstance(value, dict) else None,
)
def test_what_does_not_go_is_named_and_the_rest_goes(
    vcenter: peer.VCenter, rule: dict[str, Any], cause: str, words: str
) -> None:
    done = held(vcenter, rule, "poweredOn", stall=2.0)
    assert [(entry["name"], entry["cause"]) for entry in done.remaining] == [(CLONE, cause)]
    assert words in done.remaining[0]["reason"] + done.remaining[0]["next_step"]
    assert done.remaining[0]["place"] == f"/DC0/vm/{CLONE}"


@pytest.mark.parametrize("fault", ["FileLocked", "GenericVmConfigFault"])
def test_a_locked_file_is_tried_again(vcenter: peer.VCenter, fault: str) -> None:
    rule = {"method": "Destroy_Task", "fault": fault, "task": True, "value": "[LocalDS_0] x.vmdk"}
    assert CLONE in names(held(vcenter, {**rule, "times": 1}).done)
    vcenter.make(CLONE)
    vcenter.rules({"object": CLONE, **rule})
    done = remove(vcenter, recorded(CLONE), stall=2.0)
    assert done.remaining[0]["cause"] == "file-locked"
    assert "[LocalDS_0] x.vmdk" in done.remaining[0]["reason"]


def test_deleted_by_hand_meanwhile(vcenter: peer.VCenter) -> None:
    done = held(vcenter, {"method": "Destroy_Task", "fault": "ManagedObjectNotFound", "times": 1})
    # It said that it was gone, and it is there: what is seen counts, not what was said.
    assert [entry["name"] for entry in done.remaining] == [CLONE]
    gone = vcenter.named()[CLONE]
    session = recorded(CLONE)
    with vsphere.open_site(target(vcenter).connection, HASTY) as site:
        seen = site.look(session)
        vcenter.rules()
        vcenter.delete(gone)
        assert site.remove([one for one in seen.remotes if one.id == gone], Limits(3.0, 10.0)) == {}


def test_another_vm_with_the_same_moref_is_not_ours(vcenter: peer.VCenter) -> None:
    made = vcenter.make(CLONE)[0]
    with vsphere.open_site(target(vcenter).connection, HASTY) as site:
        one = site.look(recorded(CLONE)).remotes[0]
        other = dataclasses.replace(one, uid="00000000-0000-4000-8000-000000000000")
        assert site.remove([other], Limits(3.0, 10.0)) == {}
    assert made["id"] in vcenter.vms()
    vcenter.delete(made["id"])
