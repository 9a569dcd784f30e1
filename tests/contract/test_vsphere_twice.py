# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every contested and refused case on a vCenter, in runs that follow each other in one folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere import site

from tests.contract import twice
from tests.contract.providers import session_of
from tests.contract.vcenters import CLONE, PREFIX, recorded, target
from tests.lab.vcenter import peer

Case = Callable[[peer.VCenter], Session]
HOST, LATER = "127.0.0.1", "2100-01-01T00:00:00Z"


def two_of_one_name(vcenter: peer.VCenter) -> Session:
    vcenter.make({"name": CLONE, "folder": "a"}, {"name": CLONE, "folder": "b"})
    return recorded(CLONE)


def two_of_one_name_without_record(vcenter: peer.VCenter) -> Session:
    two_of_one_name(vcenter)
    return recorded()


def the_other_of_one_name(vcenter: peer.VCenter) -> Session:
    """One of the two is the session's by its id, and has gone; the other one bears the name alone."""
    ours = vcenter.make({"name": CLONE, "folder": "a"}, {"name": CLONE, "folder": "b"}, {"name": CLONE, "folder": "c"})
    vcenter.delete(ours[0]["id"])
    return session_of(PREFIX, "vsphere", CLONE, plans={ours[0]["id"]: CLONE}, host=HOST)


def renamed(vcenter: peer.VCenter) -> Session:
    made = vcenter.make(CLONE)[0]
    vcenter.change(made["id"], name="somebody-keeps-it")
    return session_of(PREFIX, "vsphere", CLONE, plans={made["id"]: CLONE}, host=HOST)


def recorded_of_another_session(vcenter: peer.VCenter) -> Session:
    vcenter.make("auto-zz99-rhel8")
    return recorded("auto-zz99-rhel8")


def recorded_and_only_used(vcenter: peer.VCenter) -> Session:
    vcenter.make("base-vm")
    return recorded("base-vm")


def a_template(vcenter: peer.VCenter) -> Session:
    vcenter.make({"name": f"{PREFIX}-template", "template": True})
    return recorded()


def a_name_that_lost_too_much(vcenter: peer.VCenter) -> Session:
    vcenter.make(f"ab12-{'a' * 53}-9fzk")
    return recorded()


def a_disk_of_others(vcenter: peer.VCenter) -> Session:
    vcenter.make({"name": CLONE, "attach": "[LocalDS_0] database-vm/database-vm.vmdk"}, "database-vm")
    return recorded(CLONE)


def a_disk_of_nobody(vcenter: peer.VCenter) -> Session:
    vcenter.make({"name": CLONE, "attach": "[LocalDS_1] shared/quorum.vmdk", "power": "poweredOn"})
    return recorded()


def its_own_disk_on_another_vm(vcenter: peer.VCenter) -> Session:
    vcenter.make(CLONE, {"name": "database-vm", "attach": f"[LocalDS_0] {CLONE}/{CLONE}.vmdk"})
    return recorded(CLONE)


def a_snapshot_of_forklift(vcenter: peer.VCenter) -> Session:
    base = vcenter.make({"name": "base", "snapshots": ["before", site.PRECOPY]})[0]
    return session_of(PREFIX, "vsphere", plans={base["id"]: "base"}, host=HOST)


def files_of_a_clone_that_has_gone(vcenter: peer.VCenter) -> Session:
    vcenter.write_file(f"[LocalDS_0] {CLONE}/{CLONE}.vmdk")
    return recorded(CLONE)


CASES: tuple[Case, ...] = (
    two_of_one_name,
    two_of_one_name_without_record,
    the_other_of_one_name,
    renamed,
    recorded_of_another_session,
    recorded_and_only_used,
    a_template,
    a_name_that_lost_too_much,
    a_disk_of_others,
    a_disk_of_nobody,
    its_own_disk_on_another_vm,
    a_snapshot_of_forklift,
    files_of_a_clone_that_has_gone,
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_what_is_not_taken_at_first_is_not_taken_later(case: Case, vcenter: peer.VCenter, tmp_path: Path) -> None:
    session = case(vcenter)
    before = vcenter.vms()
    twice.check(tmp_path, target(vcenter), session, lambda: vcenter.make(f"{PREFIX}-goes"))
    assert vcenter.vms() == before


@pytest.mark.parametrize("names", [(), (CLONE,), (CLONE, "base-vm")], ids=len)
def test_what_is_older_than_the_session(names: tuple[str, ...], vcenter: peer.VCenter, tmp_path: Path) -> None:
    """With the name of the session: contested, unless it is recorded; with another one: refused."""
    vcenter.make(f"{PREFIX}-old", "base-vm")
    before = vcenter.vms()
    twice.check(tmp_path, target(vcenter), recorded(*names).learned(started=LATER))
    assert vcenter.vms() == before


def test_a_prefix_of_another_shape_proves_nothing(vcenter: peer.VCenter, tmp_path: Path) -> None:
    vcenter.make("nightly-7-rhel8", {"name": "nightly-7-b", "power": "poweredOn"})
    before = vcenter.vms()
    twice.check(tmp_path, target(vcenter), Session("nightly-7", pattern="nightly-[0-9]+"))
    assert vcenter.vms() == before
