# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files, disks and snapshots on a vCenter: what a clone leaves, and what of others hangs on it (providers.md 5.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._provider import teardown
from ansible_collections.mtv.teardown.plugins.module_utils._run import earlier
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere import client, disks
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere import site as vsphere

from tests.contract.providers import names, session_of
from tests.contract.vcenters import CLONE, HASTY, PREFIX, recorded, remove, survey, target
from tests.lab.vcenter import peer

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
    later = earlier.with_deleted(recorded(CLONE), {"provider_clones": {"deleted": done.done}})
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


@pytest.mark.parametrize("when", ["after the look", "while it is powered off"])
def test_a_disk_that_comes_late_keeps_the_clone(
    vcenter: peer.VCenter, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    made = vcenter.make({"name": CLONE, "power": "poweredOn"}, f"{PREFIX}-b")[0]
    start = client.VCenter.start

    def attach() -> None:
        vcenter.change(made["id"], attach="[LocalDS_0] database-vm/disk1.vmdk")

    def asked(center: client.VCenter, ref: str, method: str, *arguments: Any, **named: Any) -> Any:
        if method == "PowerOffVM_Task" and when == "while it is powered off":
            attach()
        return start(center, ref, method, *arguments, **named)

    monkeypatch.setattr(client.VCenter, "start", asked)
    with vsphere.open_site(target(vcenter).connection, HASTY) as site:
        seen = site.look(recorded(CLONE))
        if when == "after the look":
            attach()
        held = site.remove(seen.remotes, Limits(3.0, 10.0))
    assert [cause.name for cause in held.values()] == ["disk-of-others"]
    assert CLONE in vcenter.named() and f"{PREFIX}-b" not in vcenter.named()


@pytest.mark.parametrize("uuid", ["", "50000000-0000-4000-8000-000000000000"])
def test_who_it_is_counts_until_the_delete(vcenter: peer.VCenter, monkeypatch: pytest.MonkeyPatch, uuid: str) -> None:
    """Another VM has got the moRef, or nothing tells any more whether it is another one."""
    vcenter.make(CLONE, f"{PREFIX}-b")
    details = client.VCenter.details

    with vsphere.open_site(target(vcenter).connection, HASTY) as site:
        seen = site.look(recorded(CLONE))
        mine = next(one.id for one in seen.remotes if one.name == CLONE)

        def told(center: client.VCenter, refs: Any) -> client.Properties:
            told = details(center, refs)
            if mine in told.values:
                told.values[mine].pop("config.instanceUuid")
                told.values[mine].update({"config.instanceUuid": uuid} if uuid else {})
            return told

        monkeypatch.setattr(client.VCenter, "details", told)
        held = site.remove(seen.remotes, Limits(3.0, 10.0))
    # Of the other one nothing is ours to tell; of ours that nobody identifies, a cause.
    assert [cause.name for cause in held.values()] == ([] if uuid else ["kept-unread"])
    assert CLONE in vcenter.named() and f"{PREFIX}-b" not in vcenter.named()


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
    missing, unchecked = teardown.missing_rights([target(vcenter)], session)
    assert (missing, unchecked) == ([], [])
    done = remove(vcenter, session)
    assert names(done.done) == {f"{PREFIX}-b"} and names(done.refused) == {CLONE}
    assert f"{OWN}, which database-vm has, too" in done.refused[0]["reason"]
    assert {CLONE, "database-vm"} <= set(vcenter.named())
    noted = earlier.with_deleted(session, {"provider_clones": {"deleted": done.done, "remaining": done.remaining}})
    assert names(remove(vcenter, noted).refused) == {CLONE}


def test_vms_without_a_layout_are_asked_for_their_devices(
    vcenter: peer.VCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vCenter that keeps no layouts, or forgets one that is out of reach."""
    vcenter.make(CLONE, {"name": "database-vm", "attach": OWN}, f"{PREFIX}-b")
    for field in ("layout.snapshot", "layout.swapFile"):  # what no VM tells, and what is no list of disks
        monkeypatch.setattr(disks, "BRIEFLY", (field, disks.SNAPSHOTS))
        done = remove(vcenter, recorded(CLONE), check_mode=True)
        assert names(done.done) == {f"{PREFIX}-b"} and names(done.refused) == {CLONE}


def test_while_nobody_can_ask_the_others_a_clone_stays(vcenter: peer.VCenter) -> None:
    """The reading of all VMs' disks is answered without those of one of them, or not at all."""
    vcenter.make(CLONE, "database-vm")
    for fault in ({"fault": "missing", "value": "database-vm"}, {"fault": "SystemError"}):
        vcenter.rules({"method": "RetrievePropertiesEx", **fault})
        assert remove(vcenter, recorded(CLONE)).done == []
        assert CLONE in vcenter.named()
    vcenter.rules()
    assert names(remove(vcenter, recorded(CLONE)).done) == {CLONE}


@pytest.mark.parametrize(("missed", "goes"), [((2,), True), ((2, 4), False)], ids=["once", "twice"])
def test_a_reading_with_gaps_is_no_reading(vcenter: peer.VCenter, missed: tuple[int, ...], goes: bool) -> None:
    """Names and disks, read together and one of them not told, are asked for apart: the disks after the clone's own."""
    vcenter.make(CLONE, "database-vm")
    gap = {"method": "RetrievePropertiesEx", "fault": "missing", "value": "database-vm", "times": 1}
    vcenter.rules(*({**gap, "skip": skip} for skip in missed))
    done = remove(vcenter, recorded(CLONE))
    assert (names(done.done) == {CLONE}, CLONE in vcenter.named()) == (goes, not goes)
    assert goes or "not every VM tells which disks it has" in done.refused[0]["reason"]


def test_disks_of_all_vms_are_read_once_a_run(vcenter: peer.VCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    """With their names; once the clones have gone, names alone; and with names alone a clone is judged as strictly."""
    asked: list[tuple[str, ...]] = []
    real = client.VCenter.everything

    def everything(self: client.VCenter, kinds: Any, properties: Any) -> client.Properties:
        asked.extend([tuple(properties)] if kinds == "VirtualMachine" else [])
        return real(self, kinds, properties)

    monkeypatch.setattr(client.VCenter, "everything", everything)
    vcenter.make(CLONE, f"{PREFIX}-b")
    both, alone = ("name", *disks.BRIEFLY), ("name",)
    done = remove(vcenter, recorded(CLONE))
    assert names(done.done) == {CLONE, f"{PREFIX}-b"}
    assert asked == [both, alone]
    later = earlier.with_deleted(recorded(CLONE), {"provider_clones": {"deleted": done.done}})
    vcenter.make({"name": CLONE, "power": "poweredOn"}, {"name": "database-vm", "attach": OWN})
    asked.clear()
    assert names(remove(vcenter, later).refused) == {CLONE}
    assert asked == [alone, disks.BRIEFLY]


def test_where_there_is_no_clone_no_disk_is_asked_for_apart(vcenter: peer.VCenter) -> None:
    def reads() -> int:
        vcenter.forget_calls()
        survey(vcenter, recorded(CLONE))
        return vcenter.calls()["RetrievePropertiesEx"]

    without = reads()
    vcenter.make(CLONE)
    plain = reads()
    vcenter.make({"name": f"{PREFIX}-odd", "attach": "[LocalDS_0] x/y.vmdk"})
    assert (plain, reads()) == (without + 1, without + 2)


# -- where nobody looked ----------------------------------------------------------------------------------------


def test_a_datastore_that_cannot_be_reached_was_not_looked_at(vcenter: peer.VCenter) -> None:
    disk = vcenter.make_disk()
    vcenter.reach("LocalDS_1", False)
    try:
        found = teardown.survey([target(vcenter)], recorded(CLONE), {"vsphere": {disk, "no-such-disk"}})
    finally:
        vcenter.reach("LocalDS_1", True)
    assert found.stored[disk] == "it is there, on vsphere-8"
    assert "could not tell" in found.stored["no-such-disk"] and "LocalDS_1" in found.stored["no-such-disk"]
    assert {entry["kind"] for entry in found.unreadable} == {"DatastoreFolder", "DatastoreFile"}
    lost = teardown.survey([target(vcenter, password="x")], recorded(CLONE), {"vsphere": {disk}})
    assert "could not tell" in lost.stored[disk]


def test_forklifts_snapshot_on_a_vm_that_stays(vcenter: peer.VCenter) -> None:
    base = vcenter.make({"name": "base", "snapshots": ["before", vsphere.PRECOPY]})[0]
    session = session_of(PREFIX, "vsphere", plans={base["id"]: "base"}, host="127.0.0.1")
    told = remove(vcenter, session)
    assert told.done == [] and names(told.refused) == {vsphere.PRECOPY}
    assert names(remove(vcenter, session, check_mode=True, snapshots=True).done) == {vsphere.PRECOPY}
    assert names(remove(vcenter, session, snapshots=True).done) == {vsphere.PRECOPY}
    assert "base" in vcenter.named()
    assert survey(vcenter, session).decided == ()


def test_what_a_retained_volume_left_is_looked_up(vcenter: peer.VCenter) -> None:
    disk = vcenter.make_disk()
    found = teardown.survey([target(vcenter)], recorded(), {"vsphere": {disk, "no-such-disk"}, "ovirt": {"x"}})
    assert found.stored == {disk: "it is there, on vsphere-8", "no-such-disk": "it is not on vsphere-8"}
    assert found.unreadable == ()
