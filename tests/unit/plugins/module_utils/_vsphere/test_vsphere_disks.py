# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose is a disk that a clone has attached? What a delete would take of others keeps the clone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere import disks

CLONE, HOME = "auto-ab12-rhel8-9fzk", "[ds] auto-ab12-rhel8-9fzk"
OTHER = "[ds] database-vm/database-vm.vmdk"


def disk(file: str, *base: str, fcd: str = "", **backing: Any) -> SimpleNamespace:
    """A disk, and what it is built on."""
    parent: Any = None
    for one in reversed(base):
        parent = SimpleNamespace(fileName=one, parent=parent)
    made = SimpleNamespace(fileName=file, parent=parent, **backing)
    return SimpleNamespace(capacityInKB=1, backing=made, vDiskId=SimpleNamespace(id=fcd) if fcd else None)


def vm(*devices: SimpleNamespace, layout: tuple[str, ...] = ()) -> dict[str, Any]:
    files = [SimpleNamespace(name=one, type="diskDescriptor") for one in layout]
    cdrom = SimpleNamespace(backing=SimpleNamespace(fileName="[ds] iso/boot.iso"))
    return {disks.DEVICES: [cdrom, *devices], disks.FILES: [SimpleNamespace(name="[ds] x.vmx", type="config"), *files]}


def judged(mine: dict[str, Any], home: str = HOME, failed: tuple[str, ...] = (), **others: dict[str, Any]) -> str:
    """What keeps the clone, with these VMs beside it."""
    told = {ref: disks.attached(values) for ref, values in {"vm-1": mine, **others}.items()}
    known = disks.users(told, {"vm-1": CLONE, **{name: name for name in others}}, failed)
    held = disks.attached(mine)
    assert held is not None
    return disks.kept("vm-1", CLONE, home, held, known)


@pytest.mark.parametrize(
    ("mine", "home"),
    [
        (vm(disk(f"{HOME}/{CLONE}.vmdk"), disk(f"{HOME}/{CLONE}_1.vmdk")), HOME),
        (vm(disk(f"{HOME}/{CLONE}-000002.vmdk", f"{HOME}/{CLONE}-000001.vmdk", f"{HOME}/{CLONE}.vmdk")), HOME),
        (vm(disk(f"{HOME}/disk1.vmdk")), HOME),
        (vm(disk(f"[fast] luns/{CLONE}_disk_1.vmdk")), HOME),
        (vm(disk(f"[vsan] 5f2e6c01-1c2a/{CLONE}.vmdk")), "[vsan] 5f2e6c01-1c2a"),
        (vm(disk(f"[ds] {CLONE}.vmdk")), ""),
        (vm(), HOME),
    ],
)
def test_what_is_plainly_its_own_asks_for_no_other_vm(mine: dict[str, Any], home: str) -> None:
    held = disks.attached(mine)
    assert held is not None and disks.doubtful(CLONE, home, held) == ()
    assert judged(mine, home) == ""


@pytest.mark.parametrize(
    ("mine", "told"),
    [
        (vm(disk(OTHER)), f"{OTHER}, which database has"),
        (vm(disk(f"{HOME}/{CLONE}.vmdk", OTHER)), f"{OTHER}, which database has"),
        (vm(layout=(OTHER,)), f"{OTHER}, which database has"),
        (vm(disk("[ds] shared/quorum.vmdk")), "nothing shows that the session made that"),
        (vm(disk("[ds] rdm/lun7.vmdk", compatibilityMode="physicalMode")), "nothing shows"),
        (vm(disk("[ds] other/own.vmdk", diskMode="independent_persistent")), "nothing shows"),
        (vm(disk(f"[ds] {CLONE}-copy/{CLONE}-copy.vmdk")), "nothing shows"),
        (vm(disk("[ds] fcd/0a1b.vmdk", fcd="volume-1")), "first class disk (volume-1)"),
        (vm(disk(f"{HOME}/{CLONE}.vmdk", fcd="volume-1")), "first class disk (volume-1)"),
        (vm(SimpleNamespace(capacityInKB=1, backing=None, vDiskId=SimpleNamespace(id="v"))), "first class disk (v)"),
        (vm(disk("")), "a disk without a file"),
    ],
)
def test_what_may_be_of_others_keeps_the_clone(mine: dict[str, Any], told: str) -> None:
    held = disks.attached(mine)
    assert held is not None and disks.doubtful(CLONE, HOME, held)
    assert told in judged(mine, database=vm(disk(OTHER)))


def test_a_disk_in_a_folder_of_another_name_is_its_own_when_all_have_said_that_they_have_it_not() -> None:
    home = "[ds] renamed-by-a-move"
    mine = vm(disk(f"{home}/disk1.vmdk"))
    assert judged(mine, home, other=vm(disk(OTHER))) == ""
    assert "nobody knows whether lost has it" in judged(mine, home, other=vm(disk(OTHER)), lost={})
    assert "which other has" in judged(mine, home, other=vm(disk(f"{home}/disk1.vmdk")))


def test_its_own_disk_on_another_vm_keeps_it_when_that_is_known() -> None:
    mine = vm(disk(f"{HOME}/{CLONE}.vmdk"))
    assert "which child has" in judged(mine, child=vm(disk("[ds] child/child.vmdk", f"{HOME}/{CLONE}.vmdk")))


def test_when_nobody_could_ask_the_others_its_own_disk_keeps_it() -> None:
    mine = vm(disk(f"{HOME}/{CLONE}.vmdk"))
    assert judged(mine, other=vm(disk(OTHER)), lost={}) == ""
    assert "vm-7: no right" in judged(mine, failed=("vm-7: no right",))
    assert judged(vm(), failed=("vm-7: no right",)) == ""


def layout(*files: str, **more: Any) -> dict[str, Any]:
    return {disks.LAYOUT: [SimpleNamespace(diskFile=list(files))] if files else [], **more}


def test_a_layout_tells_all_but_of_snapshots() -> None:
    assert disks.briefly(layout("[ds] a.vmdk", "[ds] base.vmdk")) == disks.Attached(
        frozenset(("[ds] a.vmdk", "[ds] base.vmdk"))
    )
    assert disks.briefly(layout()) == disks.Attached(frozenset())
    assert disks.briefly(layout("[ds] a.vmdk", snapshot=SimpleNamespace(rootSnapshotList=[]))) is None
    assert disks.briefly({"name": CLONE}) is None


@pytest.mark.parametrize(
    ("told", "true"),
    [
        (layout(f"{HOME}/{CLONE}.vmdk"), True),
        (layout(), False),
        (layout("[ds] other.vmdk"), False),
        ({"name": CLONE}, True),  # it is read closer then
    ],
)
def test_layouts_count_where_they_tell_of_what_is_known(told: dict[str, Any], true: bool) -> None:
    known = disks.attached(vm(disk(f"{HOME}/{CLONE}.vmdk")))
    assert known is not None
    assert disks.are_true({"vm-1": disks.briefly(told)}, {"vm-1": known}) is true
    assert disks.are_true({"vm-1": disks.briefly(layout())}, {"vm-1": disks.Attached(frozenset())})
    assert disks.are_true({}, {"vm-1": known})


def test_devices_that_are_not_told() -> None:
    assert disks.attached({"name": CLONE}) is None
