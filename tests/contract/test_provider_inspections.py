# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session that inspects base VMs by Conversions of its own: what that leaves on a vCenter, beside another team's."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import cancel_archive
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from pyVim.connect import Disconnect, SmartConnect
from pyVim.task import WaitForTask
from pyVmomi import vim

from tests.contract.ansible_runs import Playbooks, Run
from tests.contract.clusters import cluster_of
from tests.contract.waiting import eventually
from tests.lab.admin import Admin, admin_of
from tests.lab.controlplane import Lab
from tests.lab.operator.settings import FORKLIFT
from tests.lab.vcenter import peer
from tests.lab.worlds import check, seed


class World:
    """World deep-inspection, on a vCenter that is there. Nobody may lose a snapshot but the session."""

    def __init__(self, lab: Lab, folder: Path, center: peer.VCenter, prefix: str) -> None:
        self.lab, self.prefix, self.admin, self.center = lab, prefix, admin_of(lab), center
        seed.seed(lab, "deep-inspection", prefix, folder, center=center, say=lambda _text: None)
        self.playbooks = Playbooks(lab, folder)
        self.file = folder / "world.json"
        self.providers = folder.with_suffix(".providers.json")
        self.providers.write_text(json.dumps({"vsphere-8": center.entry()}), encoding="utf-8")

    def run(self, *arguments: str, **extra: Any) -> Run:
        record = str(self.playbooks.folder / "resources.json")
        given = {"resources_file": record, "providers_file": str(self.providers), "mtv_teardown_stall_timeout": 30}
        return self.playbooks.run("teardown", *arguments, **{**given, **extra})

    def result(self) -> dict[str, Any]:
        return self.playbooks.result(self.prefix)

    def second_look(self, **forged: int) -> Run:
        """At the vCenter alone. forged: what the result says of each snapshot that was deleted."""
        result = self.result()
        there = {"scopes": [one for one in result["scopes"] if one.get("provider")]}
        there["deleted"] = [{**one, **forged} for one in snapshots(result, "deleted")]
        given = {"second_look_result": {**result, **there}, "second_look_providers_file": str(self.providers)}
        return self.playbooks.run_role("second_look", **given)

    def snapshot(self, vm: str, name: str) -> tuple[int, Callable[[], None]]:
        """Made by a client that is not ours: its number, and what removes it."""
        entry = self.center.entry()
        host, _colon, port = entry["fqdn"].partition(":")
        context = ssl.create_default_context(cafile=entry["ca_file"])
        login = {"user": entry["username"], "pwd": entry["password"]}
        connection = SmartConnect(host=host, port=int(port), sslContext=context, **login)
        task = vim.VirtualMachine(vm, connection._stub).CreateSnapshot_Task(name, "", False, False)
        WaitForTask(task, si=connection)

        def remove() -> None:
            WaitForTask(task.info.result.RemoveSnapshot_Task(False), si=connection)
            Disconnect(connection)

        trees = vim.VirtualMachine(vm, connection._stub).snapshot.rootSnapshotList
        while trees[-1].childSnapshotList:
            trees = trees[-1].childSnapshotList
        return trees[-1].id, remove

    def problems(self, expect: str) -> list[str]:
        return check.check(self.lab, self.file, expect)[0]


@pytest.fixture
def world(acting_lab: Lab, tmp_path: Path, vcenter: peer.VCenter, prefix: str) -> Iterator[World]:
    yield World(acting_lab, tmp_path / "session", vcenter, prefix)


def snapshots(result: dict[str, Any], of: str) -> list[dict[str, Any]]:
    return [entry for entry in result[of] if entry["kind"] == "Snapshot"]


def test_inspections_are_canceled_and_leave_nothing(world: World) -> None:
    checked = world.run("--check")
    assert checked.code == 0, checked.output
    assert world.problems("untouched") == []
    done = world.run()
    assert done.code == 0, done.output
    assert world.problems("clean") == []
    again = world.run()
    assert again.code == 0 and "changed=0" in again.output, again.output


def test_without_forklift_the_snapshots_are_told_and_go_when_asked_for(world: World) -> None:
    admin: Admin = world.admin
    admin.change("Deployment", "openshift-mtv", FORKLIFT, spec={"replicas": 0})
    try:
        done = world.run(mtv_teardown_stall_timeout=3)
        assert done.code == 2 and "LEFTOVERS" in done.output, done.output
        told = snapshots(world.result(), "leftovers")
        assert {entry["cause"] for entry in told} == {"snapshot-kept"} and len(told) == 2
        asked = world.run(mtv_teardown_forklift_snapshots=True, mtv_teardown_stall_timeout=3)
        assert snapshots(world.result(), "leftovers") == [], asked.output
        gone = snapshots(world.result(), "deleted")
        assert {entry["id"] for entry in gone} == {entry["id"] for entry in told}
        agreed = world.second_look()
        assert agreed.code == 0, agreed.output
        # A number is not given twice; so our own result is made to say that this one has gone.
        number, remove = world.snapshot(gone[0]["vm"], gone[0]["name"])
        seen = world.second_look(snapshot_id=number)
        assert seen.code == 2 and "vmware_guest_snapshot_info says" in seen.output, seen.output
        remove()
    finally:
        admin.change("Deployment", "openshift-mtv", FORKLIFT, spec={"replicas": 1})
    assert world.run().code == 0
    assert world.problems("clean") == []


def test_those_that_have_just_begun_leave_nothing(acting_lab: Lab, vcenter: peer.VCenter, prefix: str) -> None:
    """Forklift forgets a snapshot of which it does not know the id yet."""
    admin, entry = admin_of(acting_lab), vcenter.entry()
    admin.namespace(prefix)
    login = {"user": entry["username"], "password": entry["password"], "cacert": vcenter.ca_file.read_text("utf-8")}
    admin.make("Secret", prefix, "login", stringData={"url": entry["api_url"], **login})
    machines = vcenter.make(*(f"base-{number}" for number in range(8)))
    vcenter.rules({"method": "CreateSnapshot_Task", "delay_ms": 6000})
    for vm in machines:
        spec = {
            "type": "DeepInspection",
            "vm": {"id": vm["id"], "name": vm["name"]},
            "targetNamespace": prefix,
            "connection": {"secret": {"name": "login", "namespace": prefix}},
            "vddkImage": "lab/vddk",
        }
        admin.make("Conversion", prefix, vm["name"], spec=spec)
    done = cancel_archive.cancel(cluster_of(acting_lab.kubeconfig), Session(prefix), Limits(30, 120), False)
    assert done.remaining == [] and len(done.done) == 8
    assert eventually(lambda: not any(vm.get("snapshots") for vm in vcenter.vms().values()))
