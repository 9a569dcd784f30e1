# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Privileges on a vCenter: what is missing is named before anything is changed, and none is used that is not told."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._provider import teardown, undo
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import Change
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere import removal, site
from pyVmomi import vim, vmodl

from tests.contract.providers import names, session_of
from tests.contract.vcenters import CLONE, PREFIX, remove, target
from tests.contract.vm_changes import OFF, ON, causes, noted, put_back
from tests.lab.vcenter import peer

BASE = "mtv-tests-rhel9"


def privileged(vcenter: peer.VCenter) -> Session:
    """A session for which every privilege of the table is needed."""
    vcenter.make({"name": CLONE, "power": "poweredOn"}, f"{PREFIX}-off")
    base = vcenter.make({"name": BASE, "snapshots": [site.PRECOPY]})[0]
    return session_of(PREFIX, "vsphere", CLONE, plans={base["id"]: BASE}, host="127.0.0.1")


def lacking(vcenter: peer.VCenter, session: Session) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return teardown.missing_rights([target(vcenter, snapshots=True)], session)


def test_with_every_privilege_nothing_is_missing_and_no_other_is_used(vcenter: peer.VCenter) -> None:
    session = privileged(vcenter)
    vcenter.forget_calls()
    assert lacking(vcenter, session) == ([], [])
    assert sum(vcenter.calls().values()) < 40
    done = remove(vcenter, session, snapshots=True)
    assert names(done.done) == {CLONE, f"{PREFIX}-off", site.PRECOPY}
    assert set(removal.PRIVILEGES) <= set(vcenter.calls())
    # What each call needs, by the types that come with pyVmomi; for two of them it depends on the object. Fetch is how
    # pyVmomi reads a property of the root object.
    needed = {"Destroy_Task": "VirtualMachine.Inventory.Delete", "SearchDatastore_Task": "Datastore.Browse"}
    known = {info.wsdlName: info.privId for kind in KINDS for info in (m.info for m in methods_of(kind))}
    used = {needed.get(name) or known[name] for name in vcenter.calls() if name != "Fetch"}
    given = {*removal.PRIVILEGES.values(), removal.BROWSE}
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
    missing, _unchecked = lacking(vcenter, session)
    assert {entry["verb"] for entry in missing} == {privilege}
    assert {(entry["resource"], entry["name"]) for entry in missing} == where
    assert all(entry["provider"] == "vsphere-8" and entry["remedy"] for entry in missing)
    assert vcenter.vms() == before


def test_a_vcenter_that_cannot_be_asked_is_no_clear_no(vcenter: peer.VCenter) -> None:
    session = privileged(vcenter)
    vcenter.rules({"method": "HasPrivilegeOnEntities", "fault": "SystemError", "value": "out of order"})
    missing, unchecked = lacking(vcenter, session)
    assert missing == []
    assert [entry["provider"] for entry in unchecked] == ["vsphere-8"]
    assert "SystemError" in unchecked[0]["error"]
    missing, unchecked = teardown.missing_rights([target(vcenter, password="not-the-password")], session)
    assert (missing, ["wrong name or password" in entry["error"] for entry in unchecked]) == ([], [True])


# -- VMs that a session changed for a time ----------------------------------------------------------------------------


def changed(vcenter: peer.VCenter) -> list[Change]:
    """One that was switched on and whose blocks are tracked, one that was switched off, and one that is as before."""
    at, noted_of = target(vcenter), []
    for name, found, left, fields in (
        ("base-on", "poweredOff", "poweredOn", {"power_state": ON, "change_tracking": (False, True)}),
        ("base-off", "poweredOn", "poweredOff", {"power_state": OFF}),
        ("base-same", "poweredOff", "poweredOff", {"power_state": ON}),
    ):
        vm = vcenter.make({"name": name, "power": found})[0]["id"]
        noted_of.append(noted(at, name, PREFIX, **fields))
        vcenter.change(vm, power=left, change_tracking="change_tracking" in fields)
    return noted_of


def lacking_to_put(vcenter: peer.VCenter, changes: list[Change]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return undo.missing_rights([target(vcenter)], changes)


@pytest.mark.parametrize(
    ("privilege", "where"),
    [
        ("VirtualMachine.Interact.PowerOff", ["base-on"]),
        ("VirtualMachine.Interact.PowerOn", ["base-off"]),
        ("VirtualMachine.Config.ChangeTracking", ["base-on"]),
        ("VirtualMachine.Inventory.Delete", []),
        ("", []),
    ],
)
def test_what_putting_vms_back_needs_is_named_before(vcenter: peer.VCenter, privilege: str, where: list[str]) -> None:
    changes = changed(vcenter)
    before = vcenter.vms()
    vcenter.deny(*([privilege] if privilege else []))
    vcenter.forget_calls()
    missing, unchecked = lacking_to_put(vcenter, changes)
    assert [(one["verb"], one["resource"], one["name"]) for one in missing] == [
        (privilege, "VirtualMachine", name) for name in where
    ]
    assert unchecked == [] and all(one["remedy"] and one["provider"] == "vsphere-8" for one in missing)
    assert vcenter.vms() == before and not [call for call in vcenter.calls() if call.endswith("_Task")]
    # What is told is what fails, and nothing else does.
    done = put_back([target(vcenter)], changes)
    assert {one["name"] for one in done.result.remaining} == set(where)
    assert set(causes(done)) <= {"forbidden"}


def test_who_cannot_be_asked_about_putting_back_is_no_clear_no(vcenter: peer.VCenter) -> None:
    changes = changed(vcenter)
    vcenter.rules({"method": "HasPrivilegeOnEntities", "fault": "SystemError", "value": "out of order"})
    missing, unchecked = lacking_to_put(vcenter, changes)
    assert (missing, ["SystemError" in one["error"] for one in unchecked]) == ([], [True])
    missing, unchecked = undo.missing_rights([target(vcenter, password="not-the-password")], changes)
    assert missing == [] and unchecked and all("wrong name or password" in one["error"] for one in unchecked)
