# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs of a vCenter that a session switched on or off, or whose changed blocks it had tracked, for a time."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils import _limits
from ansible_collections.mtv.teardown.plugins.module_utils._errors import StoppedError
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import parse

from tests.contract.ansible_runs import Playbooks, Run
from tests.contract.vcenters import target
from tests.contract.vm_changes import OFF, ON, causes, noted, put_back, write
from tests.lab.controlplane import Lab
from tests.lab.vcenter import peer

WRITES = ("PowerOnVM_Task", "PowerOffVM_Task", "ReconfigVM_Task")
BASE = "base-rhel8"


def wrote(vcenter: peer.VCenter) -> dict[str, int]:
    return {method: count for method, count in vcenter.calls().items() if method in WRITES}


def power(vcenter: peer.VCenter, name: str = BASE) -> str:
    return str(vcenter.vms()[vcenter.named()[name]]["power"])


def make(vcenter: peer.VCenter, **values: Any) -> str:
    """The base VM as the session found it."""
    return str(vcenter.make({"name": BASE, **values})[0]["id"])


@pytest.mark.parametrize(
    ("found", "left", "change"),
    [("poweredOff", "poweredOn", ON), ("poweredOn", "poweredOff", OFF)],
)
def test_a_vm_that_was_switched_is_switched_back_and_once(
    vcenter: peer.VCenter, found: str, left: str, change: tuple[str, str]
) -> None:
    vm = make(vcenter, power=found)
    change_of_it = noted(target(vcenter), BASE, power_state=change)
    vcenter.change(vm, power=left)
    others = {one: told for one, told in vcenter.vms().items() if one != vm}
    vcenter.forget_calls()

    predicted = put_back([target(vcenter)], [change_of_it], check_mode=True)
    assert (wrote(vcenter), power(vcenter), predicted.settled) == ({}, left, [])

    announced: list[Any] = []
    done = put_back([target(vcenter)], [change_of_it], told=announced)
    assert done.result.done == predicted.result.done == announced != []
    assert (done.before, done.after) == (predicted.before, predicted.after)
    assert done.before == [f'VirtualMachine {BASE} /power_state: "{change[1]}"']
    assert (power(vcenter), done.settled, sum(wrote(vcenter).values())) == (found, [change_of_it.id], 1)
    assert {one: told for one, told in vcenter.vms().items() if one != vm} == others

    again = put_back([target(vcenter)], [change_of_it])
    assert (again.result.done, again.settled) == ([], [change_of_it.id])
    assert sum(wrote(vcenter).values()) == 1


def test_tracking_of_changed_blocks_ends_while_the_vm_is_off(vcenter: peer.VCenter) -> None:
    vm = make(vcenter)
    change = noted(target(vcenter), BASE, power_state=ON, change_tracking=(False, True))
    vcenter.change(vm, power="poweredOn", change_tracking=True)
    done = put_back([target(vcenter)], [change])
    assert (done.settled, causes(done)) == ([change.id], [])
    told = vcenter.vms()[vm]
    assert (told["power"], told["change_tracking"]) == ("poweredOff", False)
    assert wrote(vcenter) == {"PowerOffVM_Task": 1, "ReconfigVM_Task": 1}


def test_a_session_that_was_killed_before_the_change_has_changed_nothing(vcenter: peer.VCenter) -> None:
    make(vcenter)
    change = noted(target(vcenter), BASE, power_state=ON)
    done = put_back([target(vcenter)], [change])
    assert (done.result.done, done.settled, wrote(vcenter)) == ([], [change.id], {})


@pytest.mark.parametrize(
    ("since", "cause"),
    [({"power": "suspended"}, "changed-since"), ({"change_tracking": True}, "changed-since")],
)
def test_what_somebody_else_has_changed_since_stays(vcenter: peer.VCenter, since: dict[str, Any], cause: str) -> None:
    vm = make(vcenter, change_tracking=True)
    change = noted(target(vcenter), BASE, power_state=ON, change_tracking=(True, False))
    vcenter.change(vm, **{"power": "poweredOn", "change_tracking": False, **since})
    before = vcenter.vms()
    done = put_back([target(vcenter)], [change])
    if "change_tracking" in since:  # as it was found: the rest is put back
        assert (done.settled, wrote(vcenter)) == ([change.id], {"PowerOffVM_Task": 1})
    else:
        assert (causes(done), done.settled, wrote(vcenter)) == ([cause], [], {})
        assert '/power_state is "suspended"' in done.result.remaining[0]["reason"]
        assert vcenter.vms() == before


def test_another_vm_of_the_name_is_not_touched(vcenter: peer.VCenter) -> None:
    vm = make(vcenter)
    change = noted(target(vcenter), BASE, power_state=ON)
    vcenter.delete(vm)
    make(vcenter, power="poweredOn")
    done = put_back([target(vcenter)], [change])
    assert (done.settled, [one["reason"] for one in done.result.absent]) == ([change.id], ["the object is gone"])
    assert (wrote(vcenter), power(vcenter)) == ({}, "poweredOn")


def test_a_vm_is_found_by_its_identity_though_it_was_registered_anew_and_renamed(vcenter: peer.VCenter) -> None:
    vm, other = make(vcenter), str(vcenter.make({"name": "other", "power": "poweredOn"})[0]["id"])
    change = noted(target(vcenter), BASE, power_state=ON)
    vcenter.change(vm, power="poweredOn", name="renamed")
    for ref in ("vm-987654", other):  # its moRef is nobody's, or another VM's
        done = put_back([target(vcenter)], [replace(change, ref=ref)], check_mode=True)
        assert [one["id"] for one in done.result.done] == [vm]
    assert put_back([target(vcenter)], [replace(change, ref=other)]).settled == [change.id]
    assert (power(vcenter, "renamed"), power(vcenter, "other")) == ("poweredOff", "poweredOn")


@pytest.mark.parametrize(
    ("rule", "cause"),
    [
        ({"fault": "NoPermission", "value": "VirtualMachine.Interact.PowerOff"}, "forbidden"),
        ({"fault": "SystemError", "task": True, "value": "no"}, "task-failed"),
        ({"fault": "hang"}, "task-running"),
    ],
)
def test_what_is_refused_fails_or_hangs_is_left_with_its_cause(
    vcenter: peer.VCenter, rule: dict[str, Any], cause: str
) -> None:
    vm = make(vcenter)
    change = noted(target(vcenter), BASE, power_state=ON)
    vcenter.change(vm, power="poweredOn")
    vcenter.rules({"method": "PowerOffVM_Task", "object": BASE, **rule})
    done = put_back([target(vcenter)], [change], limits=Limits(1.0, 5.0))
    assert (causes(done), done.settled, power(vcenter)) == ([cause], [], "poweredOn")


def test_what_cannot_be_read_is_nobody_s_guess(vcenter: peer.VCenter) -> None:
    vm = make(vcenter)
    change = noted(target(vcenter), BASE, power_state=ON)
    vcenter.change(vm, power="poweredOn")
    vcenter.rules({"method": "RetrievePropertiesEx", "fault": "missing", "value": BASE})
    done = put_back([target(vcenter)], [change])
    assert ([one["name"] for one in done.result.unreadable], done.settled) == ([BASE], [])
    vcenter.rules({"method": "RetrievePropertiesEx", "fault": "hidden", "value": BASE})
    done = put_back([target(vcenter)], [change])
    assert ([one["name"] for one in done.result.unreadable], done.settled) == ([BASE], [])
    vcenter.rules()
    vcenter.change(vm, connection_state="disconnected")
    done = put_back([target(vcenter)], [change])
    assert "disconnected" in done.result.unreadable[0]["error"]
    assert wrote(vcenter) == {}


def test_on_another_server_nobody_looks(vcenter: peer.VCenter) -> None:
    vm = make(vcenter)
    change = noted(target(vcenter), BASE, power_state=ON)
    vcenter.change(vm, power="poweredOn")
    other = replace(change, uid=f"00000000-1111-4222-8333-444444444444/{change.uid.rpartition('/')[2]}")
    done = put_back([target(vcenter)], [other])
    assert "is another server now" in done.result.unreadable[0]["error"]
    done = put_back([target(vcenter)], [replace(other, place="vcenter.elsewhere.example.com:443")])
    assert "no vsphere provider is configured that is this server" in done.result.unreadable[0]["error"]
    done = put_back([], [change])
    assert "no vsphere provider is configured" in done.result.unreadable[0]["error"]
    # By another address it is the same server all the same.
    assert put_back([target(vcenter)], [replace(change, place="vc.example.com:443")]).settled == [change.id]


@pytest.mark.parametrize(
    "fields",
    [{"power_state": ("suspended", "on")}, {"boot_order": ("a", "b")}, {"change_tracking": ("off", True)}],
)
def test_what_no_ledger_may_lead_to_is_not_done(vcenter: peer.VCenter, fields: dict[str, Any]) -> None:
    vm = make(vcenter)
    change = noted(target(vcenter), BASE, **fields)
    vcenter.change(vm, power="poweredOn")
    done = put_back([target(vcenter)], [change])
    assert (causes(done), wrote(vcenter)) == (["never-undone"], {})


def test_nothing_is_asked_for_once_the_lease_is_lost(vcenter: peer.VCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    vm = make(vcenter)
    change = noted(target(vcenter), BASE, power_state=ON)
    vcenter.change(vm, power="poweredOn")
    monkeypatch.setattr(_limits, "why_stopped", lambda: "the Lease is lost")
    with pytest.raises(StoppedError):
        put_back([target(vcenter)], [change])
    assert (wrote(vcenter), power(vcenter)) == ({}, "poweredOn")


# -- whole runs -----------------------------------------------------------------------------------------------------


class World:
    """A session on a cluster, and a vCenter with a VM of others that it has switched on."""

    def __init__(self, lab: Lab, folder: Path, prefix: str, vcenter: peer.VCenter) -> None:
        self.prefix, self.vcenter = prefix, vcenter
        self.playbooks = Playbooks(lab, folder)
        self.providers = folder / "providers.json"
        self.providers.write_text(json.dumps({"vsphere-8": vcenter.entry()}), encoding="utf-8")
        self.ledger = folder / ".data-collector" / "resources.undo.json"
        self.ledger.parent.mkdir()
        self.record = self.ledger.with_name("resources.json")
        self.record.write_text(json.dumps({"Namespace": [{"name": prefix, "namespace": None}]}), encoding="utf-8")
        self.vm = make(vcenter)

    def switch_on(self) -> None:
        write(self.ledger, [noted(target(self.vcenter), BASE, self.prefix, power_state=ON)])
        self.vcenter.change(self.vm, power="poweredOn")
        self.vcenter.forget_calls()

    def run(self, name: str, *arguments: str, **more: Any) -> Any:
        given = {"resources_file": str(self.record), "providers_file": str(self.providers), **more}
        return self.playbooks.run(name, *arguments, mtv_teardown_quiet_interval=0, **given)

    def result(self) -> dict[str, Any]:
        return self.playbooks.result(self.prefix)

    def audited(self) -> None:
        self.playbooks.audited(self.prefix)


@pytest.fixture
def changed(lab: Lab, tmp_path: Path, prefix: str, vcenter: peer.VCenter) -> World:
    return World(lab, tmp_path, prefix, vcenter)


def test_a_teardown_puts_it_back_and_says_so(changed: World) -> None:
    changed.switch_on()
    predicted = changed.run("teardown", "--check", "--diff")
    assert predicted.code == 0 and wrote(changed.vcenter) == {}, predicted.output
    assert f'-VirtualMachine {BASE} /power_state: "on"' in predicted.output

    done = changed.run("teardown")
    assert done.code == 0, done.output
    assert wrote(changed.vcenter) == {"PowerOffVM_Task": 1}
    (told,) = changed.result()["changes"]
    assert (told["kind"], told["outcome"], bool(told["undone"]), told["provider"]) == (
        "VirtualMachine",
        "as-before",
        True,
        "vsphere-8",
    )
    changed.audited()
    assert [one.state for one in parse(changed.ledger.read_text("utf-8"))] == ["settled"]

    # What somebody sets after that is theirs; and the VM is never the session's.
    changed.vcenter.change(changed.vm, power="poweredOn")
    again = changed.run("teardown")
    assert again.code == 0, again.output
    assert (wrote(changed.vcenter), power(changed.vcenter)) == ({"PowerOffVM_Task": 1}, "poweredOn")


def test_what_is_not_as_before_counts_as_left_and_is_never_deleted(changed: World) -> None:
    changed.switch_on()
    changed.vcenter.change(changed.vm, power="suspended")
    for _run in range(2):  # what the first notes must not make it the session's for the second
        done = changed.run("teardown")
        assert done.code != 0
        found = changed.result()
        assert (found["verdict"], [(one["name"], one["cause"]) for one in found["leftovers"]]) == (
            "leftovers",
            [(BASE, "changed-since")],
        )
        assert BASE not in json.dumps(found["journal"])
        changed.audited()
    assert (wrote(changed.vcenter), power(changed.vcenter)) == ({}, "suspended")
    looked = changed.run("verify")
    assert looked.code != 0 and changed.result()["verdict"] == "leftovers"


def test_a_right_that_putting_back_needs_is_missed_before_anything_is_changed(changed: World) -> None:
    changed.switch_on()
    changed.vcenter.deny("VirtualMachine.Interact.PowerOff")
    done = changed.run("teardown")
    assert done.code != 0 and "VirtualMachine.Interact.PowerOff" in done.output, done.output
    assert (wrote(changed.vcenter), [one for one in done.wrote if one["verb"] == "delete"]) == ({}, [])
    # The cluster alone needs no right there; and who wants it does without the question.
    assert changed.run("teardown", mtv_teardown_openshift_only=True).code == 0
    left = changed.run("teardown", mtv_teardown_preflight=False)
    assert left.code != 0, left.output
    assert [(one["name"], one["cause"]) for one in changed.result()["leftovers"]] == [(BASE, "forbidden")]


def test_what_is_awaited_is_told_meanwhile(changed: World) -> None:
    changed.switch_on()
    changed.playbooks.variables |= {
        "ANSIBLE_CALLBACKS_ENABLED": "mtv.teardown.progress",
        "MTV_TEARDOWN_PROGRESS_INTERVAL": "1",
    }
    changed.vcenter.rules({"method": "PowerOffVM_Task", "object": BASE, "fault": "hang"})
    done = changed.run("teardown", mtv_teardown_stall_timeout=10)
    assert done.code != 0, done.output
    line = rf"1 left to be changed \(1 VirtualMachine\); slowest VirtualMachine {BASE} on vsphere-8, \d+ s, held by P"
    assert re.search(line, done.output), done.output
    assert [(one["name"], one["cause"]) for one in changed.result()["leftovers"]] == [(BASE, "task-running")]


def test_without_its_provider_nobody_knows(changed: World) -> None:
    changed.switch_on()
    done = changed.run("teardown", providers_file="", mtv_teardown_preflight=False)
    assert done.code != 0
    assert changed.result()["verdict"] == "unverified", done.output
    changed.audited()

    alone = changed.run("teardown", mtv_teardown_openshift_only=True)
    assert alone.code == 0, alone.output
    found = changed.result()
    assert [one["name"] for one in found["not_covered"]] == [BASE]
    assert wrote(changed.vcenter) == {}
    changed.audited()


# -- by hand --------------------------------------------------------------------------------------------------------


def play(world: World, module: str, *arguments: str, **given: Any) -> Any:
    """One task of this module."""
    file = world.ledger.parent / "play.yml"
    task = {f"mtv.teardown.{module}": {"undo_file": str(world.ledger), "session_prefix": world.prefix, **given}}
    file.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]), encoding="utf-8")
    return world.playbooks.run_file(file, *arguments)


def by_itself(world: World, **given: Any) -> Run:
    """Without Ansible around it."""
    ledger = {"undo_file": str(world.ledger), "session_prefix": world.prefix}
    return world.playbooks.run_module("vm_change", False, **ledger, **given)


def test_by_hand_a_vm_is_changed_noted_and_undone_without_the_cluster(changed: World) -> None:
    vcenter, given = changed.vcenter, {"providers_file": str(changed.providers), "name": BASE}
    changed.playbooks.kubeconfig = "/nowhere"
    wanted = {"power_state": "on", "change_tracking": True}
    vcenter.forget_calls()
    predicted = play(changed, "vm_change", "--check", "--diff", **given, **wanted)
    assert (predicted.code, wrote(vcenter), changed.ledger.exists()) == (0, {}, False), predicted.output
    assert f'+VirtualMachine {BASE} /power_state: "on"' in predicted.output

    done = play(changed, "vm_change", **given, **wanted)
    assert (done.code, wrote(vcenter)) == (0, {"ReconfigVM_Task": 1, "PowerOnVM_Task": 1}), done.output
    (one,) = parse(changed.ledger.read_text("utf-8"))
    assert (one.state, one.session, one.ref, len(one.fields)) == ("made", changed.prefix, changed.vm, 2)
    assert (power(vcenter), vcenter.vms()[changed.vm]["change_tracking"]) == ("poweredOn", True)
    again = play(changed, "vm_change", **given, **wanted)
    assert again.code == 0 and "changed=0" in again.output, again.output

    undone = play(changed, "undo", providers_file=str(changed.providers))
    assert undone.code == 0, undone.output
    told = vcenter.vms()[changed.vm]
    assert (told["power"], told["change_tracking"]) == ("poweredOff", False)


def test_by_hand_what_cannot_be_put_back_or_is_refused_is_not_noted(changed: World) -> None:
    vcenter, given = changed.vcenter, {"providers_file": str(changed.providers), "power_state": "on"}
    changed.playbooks.kubeconfig = "/nowhere"
    vcenter.change(changed.vm, power="suspended")
    done = by_itself(changed, name=BASE, **given)
    assert done.code != 0 and "Nothing was changed" in done.output, done.output
    vcenter.change(changed.vm, power="poweredOff")
    vcenter.deny("VirtualMachine.Interact.PowerOn")
    done = by_itself(changed, name=BASE, **given)
    assert done.code != 0 and "VirtualMachine.Interact.PowerOn is missing" in done.output, done.output
    vcenter.deny()
    assert parse(changed.ledger.read_text("utf-8")) == ()

    vcenter.make({"name": BASE, "folder": "another"})
    done = by_itself(changed, name=BASE, **given)
    assert done.code != 0 and "there are several VMs" in done.output, done.output
    done = by_itself(changed, name=changed.vm, **given)
    assert done.code == 0 and vcenter.vms()[changed.vm]["power"] == "poweredOn", done.output

    struck = by_itself(changed, state="absent", name=BASE)
    assert struck.code == 0 and parse(changed.ledger.read_text("utf-8")) == (), struck.output
    assert vcenter.vms()[changed.vm]["power"] == "poweredOn"
