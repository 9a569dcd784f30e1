# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clones on a vCenter: exactly the session's go, whatever stands in the way is named (providers.md 5.1)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._clients.vsphere import Patience
from ansible_collections.mtv.teardown.plugins.module_utils._phases import providers, start, vsphere, vsphere_tasks
from ansible_collections.mtv.teardown.plugins.module_utils._phases.providers import Survey, Target
from ansible_collections.mtv.teardown.plugins.module_utils._phases.result import Result
from ansible_collections.mtv.teardown.plugins.module_utils._phases.wait import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.ownership import Status
from pyVmomi import vim, vmodl

from tests.contract.conftest import LABS
from tests.contract.providers import names, session_of, silent_server, target_of, web_server
from tests.lab.vcenter import peer

PREFIX = "auto-ab12"
CLONE = f"{PREFIX}-mtv-tests-rhel8-9fzk"
# Names that begin or end like the session's; all of them live.
BYSTANDERS = (f"{PREFIX}3-rhel8", "auto-ab1-rhel8", "rhel8", f"my-{PREFIX}-rhel8", PREFIX.upper())
# Only where nothing comes is silence waited out; elsewhere a late answer of a busy machine must not be taken for it.
HASTY = Patience(tries=2, silence=60.0, pause=0.02)
BEFORE_SILENCE = dataclasses.replace(HASTY, silence=1.0)


@pytest.fixture(scope="module")
def running() -> Iterator[peer.VCenter]:
    started = peer.start(f"{LABS}vcenter", say=lambda text: print(f"lab: {text}"))
    yield started
    peer.stop(f"{LABS}vcenter")


@pytest.fixture
def vcenter(running: peer.VCenter) -> Iterator[peer.VCenter]:
    """A vCenter with bystanders, who live, and on which no session stays open."""
    running.clear()
    others = {vm["id"]: vm["uuid"] for vm in running.make(*BYSTANDERS)}
    yield running
    running.rules()
    there = running.vms()
    assert {vm_id: there[vm_id]["uuid"] for vm_id in others} == others
    assert running.sessions() == []


def target(
    vcenter: peer.VCenter,
    key: str = "vsphere-8",
    snapshots: bool = False,
    patience: Patience = HASTY,
    **entry: Any,
) -> Target:
    opener = partial(vsphere.open_site, patience=patience, snapshots=snapshots)
    return target_of({**vcenter.entry(), **entry}, opener, key)


def survey(vcenter: peer.VCenter, session: Session) -> Survey:
    return providers.survey([target(vcenter)], session)


def remove(
    vcenter: peer.VCenter, session: Session, check_mode: bool = False, stall: float = 3.0, **more: Any
) -> Result:
    return providers.remove([target(vcenter, **more)], session, Limits(stall, 30.0), check_mode)


def recorded(*clones: str) -> Session:
    return session_of(PREFIX, "vsphere", *clones)


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
    found = providers.survey(both, recorded(CLONE))
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


# -- what a vCenter does not show -------------------------------------------------------------------------------


def test_properties_that_may_not_be_read_are_not_absence(vcenter: peer.VCenter) -> None:
    vcenter.make(CLONE)
    vcenter.rules({"method": "RetrievePropertiesEx", "fault": "missing", "value": CLONE})
    found = survey(vcenter, recorded(CLONE))
    assert found.absent == () and not found.was_read("vsphere-8", "VirtualMachine")
    assert "System.Read" in found.unreadable[0]["error"]


def test_a_session_that_ends_is_begun_again(vcenter: peer.VCenter) -> None:
    vcenter.make({"name": CLONE, "power": "poweredOn"})
    with vsphere.open_site(target(vcenter).connection, HASTY) as site:
        seen = site.look(recorded(CLONE))
        vcenter.end_sessions()
        assert site.remove(seen.remotes, Limits(3.0, 10.0)) == {}
        vcenter.end_sessions()
        assert site.look(recorded(CLONE)).remotes == ()
    assert CLONE not in vcenter.named()


@pytest.mark.parametrize("method", ["CreateContainerView", "RetrievePropertiesEx"])
def test_a_read_that_fails_is_not_absence(vcenter: peer.VCenter, method: str) -> None:
    vcenter.make(CLONE)
    vcenter.rules({"method": method, "fault": "SystemError", "value": "no database"})
    found = survey(vcenter, recorded(CLONE))
    assert (found.decided, found.absent) == ((), ())
    assert "no database" in found.unreadable[0]["error"]


# -- what a clone leaves, and Forklift --------------------------------------------------------------------------


def test_files_that_a_clone_left_are_reported(vcenter: peer.VCenter) -> None:
    renamed = vcenter.make({"name": f"{PREFIX}-renamed"})[0]
    vcenter.change(renamed["id"], name="keeps-its-folder")
    vcenter.make(CLONE)
    vcenter.rules({"method": "Destroy_Task", "object": CLONE, "fault": "litter"})
    vcenter.write_file(f"[LocalDS_0] {PREFIX}3-rhel8/other.vmdk")
    remove(vcenter, recorded(CLONE))
    vcenter.rules()
    found = survey(vcenter, recorded(CLONE))
    left = [(one.kind, one.place) for one, _made in found.decided]
    assert left == [("DatastoreFolder", f"[LocalDS_0] {CLONE}")]
    assert [cause.name for cause in found.whys.values()] == ["files-left"]


def test_files_that_stay_elsewhere_are_looked_for_where_they_were(vcenter: peer.VCenter) -> None:
    """The suite has disks put into a folder of its own; what was noted of a clone is known to later phases and runs."""
    vcenter.make({"name": CLONE, "attach": f"[LocalDS_1] luns/{CLONE}_disk_1.vmdk"})
    vcenter.write_file(f"[LocalDS_1] luns/{CLONE}_disk_1.vmdk")
    vcenter.write_file("[LocalDS_1] luns/other.vmdk")
    done = remove(vcenter, recorded(CLONE))
    assert names(done.done) == {CLONE}
    left = [(entry["kind"], entry["place"]) for entry in done.refused]
    assert left == [("DatastoreFile", f"[LocalDS_1] luns/{CLONE}_disk_1.vmdk")]
    later = start.with_deleted(recorded(CLONE), {"provider_clones": {"deleted": done.done}})
    found = survey(vcenter, later)
    assert [(one.place, made.status) for one, made in found.decided] == [(left[0][1], Status.CONTESTED)]
    assert [cause.name for cause in found.whys.values()] == ["files-left"]


# -- disks of others --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["[LocalDS_0] database-vm/disk1.vmdk", "[LocalDS_1] shared/quorum.vmdk"])
def test_a_disk_of_others_keeps_the_clone(vcenter: peer.VCenter, file: str) -> None:
    vcenter.make({"name": CLONE, "attach": file, "power": "poweredOn"}, f"{PREFIX}-b", "database-vm")
    before = vcenter.calls()
    done = remove(vcenter, recorded(CLONE))
    assert names(done.done) == {f"{PREFIX}-b"} and names(done.refused) == {CLONE}
    assert file in done.refused[0]["reason"]
    assert "PowerOffVM_Task" not in set(vcenter.calls()) - set(before)
    assert {CLONE, "database-vm"} <= set(vcenter.named())
    found = survey(vcenter, recorded(CLONE))
    assert [(one.name, made.status) for one, made in found.decided] == [(CLONE, Status.CONTESTED)]
    assert [cause.name for cause in found.whys.values()] == ["disk-of-others"]


def test_a_disk_that_comes_after_the_look_keeps_the_clone(vcenter: peer.VCenter) -> None:
    made = vcenter.make(CLONE)[0]
    with vsphere.open_site(target(vcenter).connection, HASTY) as site:
        seen = site.look(recorded(CLONE))
        vcenter.change(made["id"], attach="[LocalDS_0] database-vm/disk1.vmdk")
        held = site.remove(seen.remotes, Limits(3.0, 10.0))
    assert [cause.name for cause in held.values()] == ["disk-of-others"]
    assert CLONE in vcenter.named()


OWN = f"[LocalDS_0] {CLONE}/{CLONE}.vmdk"
# By what the clone is known, and how a run meets it.
WAYS: dict[str, Callable[[dict[str, Any]], Session]] = {
    "record": lambda _vm: recorded(CLONE),
    "name": lambda _vm: recorded(),
    "id in a Plan": lambda vm: session_of(PREFIX, "vsphere", plans={vm["id"]: CLONE}, host="127.0.0.1"),
}
# What somebody else has of the clone's own disk.
OF_OTHERS: dict[str, dict[str, Any]] = {
    "attached": {"attach": OWN},
    "attached to a VM that has snapshots": {"attach": OWN, "snapshots": ["before"]},
    "attached to a template": {"attach": OWN, "template": True},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", OF_OTHERS)
def test_its_own_disk_that_another_vm_has_too_keeps_the_clone_in_every_way(
    vcenter: peer.VCenter, case: str, way: str
) -> None:
    ours = vcenter.make(CLONE, f"{PREFIX}-b", {"name": "database-vm", **OF_OTHERS[case]})[0]
    session = WAYS[way](ours)
    assert names(remove(vcenter, session, check_mode=True).done) == {f"{PREFIX}-b"}
    judged = {one.name: made.status for one, made in survey(vcenter, session).decided}
    assert judged == {CLONE: Status.CONTESTED, f"{PREFIX}-b": Status.OWNED}
    missing, untold = providers.lacking([target(vcenter)], session)
    assert (missing, untold) == ([], [])
    done = remove(vcenter, session)
    assert names(done.done) == {f"{PREFIX}-b"} and names(done.refused) == {CLONE}
    assert f"{OWN}, which database-vm has, too" in done.refused[0]["reason"]
    assert {CLONE, "database-vm"} <= set(vcenter.named())
    noted = start.with_deleted(session, {"provider_clones": {"deleted": done.done, "remaining": done.remaining}})
    assert names(remove(vcenter, noted).refused) == {CLONE}


def test_while_nobody_can_ask_the_others_a_clone_stays(vcenter: peer.VCenter) -> None:
    """The reading of all VMs' disks is answered without those of one of them, or not at all."""
    vcenter.make(CLONE, "database-vm")
    for fault in ({"fault": "missing", "value": "database-vm"}, {"fault": "SystemError"}):
        vcenter.rules({"method": "RetrievePropertiesEx", **fault})
        assert remove(vcenter, recorded(CLONE)).done == []
        assert CLONE in vcenter.named()
    vcenter.rules()
    assert names(remove(vcenter, recorded(CLONE)).done) == {CLONE}


def test_where_there_is_no_clone_no_disk_is_read(vcenter: peer.VCenter) -> None:
    def reads() -> int:
        vcenter.forget_calls()
        survey(vcenter, recorded(CLONE))
        return vcenter.calls()["RetrievePropertiesEx"]

    without = reads()
    vcenter.make(CLONE)
    plain = reads()
    vcenter.make({"name": f"{PREFIX}-odd", "attach": "[LocalDS_0] x/y.vmdk"})
    assert (plain, reads()) == (without + 2, without + 2)


# -- where nobody looked ----------------------------------------------------------------------------------------


def test_a_datastore_that_cannot_be_reached_was_not_looked_at(vcenter: peer.VCenter) -> None:
    disk = vcenter.make_disk()
    vcenter.reach("LocalDS_1", False)
    try:
        found = providers.survey([target(vcenter)], recorded(CLONE), {"vsphere": {disk, "no-such-disk"}})
    finally:
        vcenter.reach("LocalDS_1", True)
    assert found.stored[disk] == "it is there, on vsphere-8"
    assert "could not tell" in found.stored["no-such-disk"] and "LocalDS_1" in found.stored["no-such-disk"]
    assert {entry["kind"] for entry in found.unreadable} == {"DatastoreFolder", "DatastoreFile"}
    lost = providers.survey([target(vcenter, password="x")], recorded(CLONE), {"vsphere": {disk}})
    assert "could not tell" in lost.stored[disk]


def test_a_plan_of_a_server_that_is_not_configured_is_told(vcenter: peer.VCenter) -> None:
    made = vcenter.make("migrated-vm")[0]
    elsewhere = session_of(PREFIX, "vsphere", plans={made["id"]: CLONE}, host="vc.example.invalid")
    (entry,) = survey(vcenter, elsewhere).unreadable
    assert "not looked for" in entry["error"] and "vc.example.invalid" in entry["provider"]
    here = session_of(PREFIX, "vsphere", plans={made["id"]: CLONE}, host="localhost")
    found = survey(vcenter, here)
    assert not found.unreadable and [one.id for one, _made in found.decided] == [made["id"]]


def test_forklifts_snapshot_on_a_vm_that_stays(vcenter: peer.VCenter) -> None:
    base = vcenter.make({"name": "base", "snapshots": ["before", vsphere.SNAPSHOT]})[0]
    session = session_of(PREFIX, "vsphere", plans={base["id"]: "base"}, host="127.0.0.1")
    told = remove(vcenter, session)
    assert told.done == [] and names(told.refused) == {vsphere.SNAPSHOT}
    assert names(remove(vcenter, session, check_mode=True, snapshots=True).done) == {vsphere.SNAPSHOT}
    assert names(remove(vcenter, session, snapshots=True).done) == {vsphere.SNAPSHOT}
    assert "base" in vcenter.named()
    assert survey(vcenter, session).decided == ()


def test_what_a_retained_volume_left_is_looked_up(vcenter: peer.VCenter) -> None:
    disk = vcenter.make_disk()
    found = providers.survey([target(vcenter)], recorded(), {"vsphere": {disk, "no-such-disk"}, "ovirt": {"x"}})
    assert found.stored == {disk: "it is there, on vsphere-8", "no-such-disk": "it is not on vsphere-8"}
    assert found.unreadable == ()


# -- connections ------------------------------------------------------------------------------------------------


def refused(vcenter: peer.VCenter, **entry: Any) -> str:
    """What is said when the vCenter cannot be used; the rest of the run goes on."""
    vcenter.make(CLONE)
    good = target(vcenter, "other")
    done = providers.remove([target(vcenter, "bad", **entry), good], recorded(CLONE), Limits(3.0, 10.0), False)
    assert names(done.done) == {CLONE}
    assert [one["provider"] for one in done.unreadable] == ["bad"]
    told = str(done.unreadable[0]["error"])
    assert "bad" in told and vcenter.password not in told
    return told


def test_a_wrong_password(vcenter: peer.VCenter) -> None:
    assert "wrong name or password" in refused(vcenter, password="not-this-1")


def test_an_untrusted_certificate(vcenter: peer.VCenter) -> None:
    assert "not trusted" in refused(vcenter, ca_file="")


def test_not_verifying_is_a_choice_that_shows(vcenter: peer.VCenter) -> None:
    vcenter.make(CLONE)
    done = remove(vcenter, recorded(CLONE), ca_file="", insecure=True)
    assert names(done.done) == {CLONE} and done.insecure == ["vsphere-8"]


def test_a_wrong_port(vcenter: peer.VCenter) -> None:
    assert "no answer" in refused(vcenter, fqdn="127.0.0.1:1")


def test_a_host_that_answers_something_else(vcenter: peer.VCenter, tmp_path: Path) -> None:
    with web_server(tmp_path) as odd:
        assert "no answer of a vCenter" in refused(vcenter, fqdn=odd, insecure=True)


def test_a_host_that_never_answers(vcenter: peer.VCenter) -> None:
    with silent_server() as mute:
        assert "no answer of a vCenter" in refused(vcenter, fqdn=mute, patience=BEFORE_SILENCE)


def test_one_vcenter_through_two_entries_is_searched_once(vcenter: peer.VCenter) -> None:
    vcenter.make(CLONE)
    both = [target(vcenter, "vsphere"), target(vcenter, "vsphere-copy-offload")]
    done = providers.remove(both, recorded(CLONE), Limits(3.0, 10.0), False)
    assert names(done.done) == {CLONE} and not done.remaining


# -- rights -----------------------------------------------------------------------------------------------------


BASE = "mtv-tests-rhel9"


def privileged(vcenter: peer.VCenter) -> Session:
    """A session for which every privilege of the table is needed."""
    vcenter.make({"name": CLONE, "power": "poweredOn"}, f"{PREFIX}-off")
    base = vcenter.make({"name": BASE, "snapshots": [vsphere.SNAPSHOT]})[0]
    return session_of(PREFIX, "vsphere", CLONE, plans={base["id"]: BASE}, host="127.0.0.1")


def lacking(vcenter: peer.VCenter, session: Session) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return providers.lacking([target(vcenter, snapshots=True)], session)


def test_with_every_privilege_nothing_is_missing_and_no_other_is_used(vcenter: peer.VCenter) -> None:
    session = privileged(vcenter)
    vcenter.forget_calls()
    assert lacking(vcenter, session) == ([], [])
    assert sum(vcenter.calls().values()) < 40
    done = remove(vcenter, session, snapshots=True)
    assert names(done.done) == {CLONE, f"{PREFIX}-off", vsphere.SNAPSHOT}
    assert set(vsphere_tasks.PRIVILEGES) <= set(vcenter.calls())
    # What each call needs, by the types that come with pyVmomi; for two of them it depends on the object. Fetch is how
    # pyVmomi reads a property of the root object.
    needed = {"Destroy_Task": "VirtualMachine.Inventory.Delete", "SearchDatastore_Task": "Datastore.Browse"}
    known = {info.wsdlName: info.privId for kind in KINDS for info in (m.info for m in methods_of(kind))}
    used = {needed.get(name) or known[name] for name in vcenter.calls() if name != "Fetch"}
    given = {*vsphere_tasks.PRIVILEGES.values(), vsphere_tasks.BROWSE}
    assert {right for right in used if right and not right.startswith("System.")} == given


KINDS = (
    vim.AuthorizationManager,
    vim.ServiceInstance,
    vim.SessionManager,
    vim.VirtualMachine,
    vim.host.DatastoreBrowser,
    vim.view.View,
    vim.view.ViewManager,
    vim.vm.Snapshot,
    vmodl.query.PropertyCollector,
)


def methods_of(kind: Any) -> list[Any]:
    return [method for name in dir(kind) if hasattr(method := getattr(kind, name), "info")]


@pytest.mark.parametrize(
    ("privilege", "where"),
    [
        ("VirtualMachine.Interact.PowerOff", {("VirtualMachine", f"/DC0/vm/{CLONE}")}),
        (
            "VirtualMachine.Inventory.Delete",
            {
                ("VirtualMachine", f"/DC0/vm/{CLONE}"),
                ("VirtualMachine", f"/DC0/vm/{PREFIX}-off"),
                ("Folder", "/DC0/vm"),
            },
        ),
        ("VirtualMachine.State.RemoveSnapshot", {("VirtualMachine", f"/DC0/vm/{BASE}")}),
        ("Datastore.Browse", {("Datastore", "LocalDS_0"), ("Datastore", "LocalDS_1")}),
    ],
)
def test_a_privilege_that_is_missing_is_named_and_nothing_is_changed(
    vcenter: peer.VCenter, privilege: str, where: set[tuple[str, str]]
) -> None:
    session = privileged(vcenter)
    before = vcenter.vms()
    vcenter.deny(privilege)
    missing, _untold = lacking(vcenter, session)
    assert {entry["verb"] for entry in missing} == {privilege}
    assert {(entry["resource"], entry["name"]) for entry in missing} == where
    assert all(entry["provider"] == "vsphere-8" and entry["remedy"] for entry in missing)
    assert vcenter.vms() == before


def test_a_vcenter_that_cannot_be_asked_is_no_clear_no(vcenter: peer.VCenter) -> None:
    session = privileged(vcenter)
    vcenter.rules({"method": "HasPrivilegeOnEntities", "fault": "SystemError", "value": "out of order"})
    missing, untold = lacking(vcenter, session)
    assert missing == []
    assert [entry["provider"] for entry in untold] == ["vsphere-8"]
    assert "SystemError" in untold[0]["error"]
    missing, untold = providers.lacking([target(vcenter, password="not-the-password")], session)
    assert (missing, ["wrong name or password" in entry["error"] for entry in untold]) == ([], [True])
