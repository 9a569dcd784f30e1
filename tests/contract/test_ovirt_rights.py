# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Permits on an oVirt engine: with exactly these a session's VMs go, and with one less it is told before."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt import removal, rights
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.client import Grant, Machine
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.site import open_site
from ansible_collections.mtv.teardown.plugins.module_utils._provider import teardown as providers
from ansible_collections.mtv.teardown.plugins.module_utils._provider import undo
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Target
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

from tests.contract.ovirt_runs import GOES, HASTY, SESSION, connection, teardown
from tests.contract.vm_changes import OFF, ON, causes, noted, put_back
from tests.lab.engine.peer import Peer

NAME = "auto-ab12-rhel8-x1y2"
ACCOUNT = {"name": "ci@internal", "password": "ci-secret"}
LOGIN = {"username": ACCOUNT["name"], "secret": ACCOUNT["password"]}
PERMITS = [removal.STOP[0], removal.REMOVE[0], removal.REMOVE_DISK[0]]


def lacking(engine: Peer, session: Session = SESSION) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return providers.missing_rights([Target(connection(engine, **LOGIN), partial(open_site, patience=HASTY))], session)


def account(engine: Peer, *permits: str, **more: Any) -> None:
    engine.ask("POST", "/users", {**ACCOUNT, "permits": list(permits), **more})


def with_orphan(engine: Peer) -> tuple[Session, str]:
    """A VM that runs, and a disk that an earlier run has noted and that belongs to none any more."""
    engine.vm(NAME, status="up")
    disk = str(engine.disk("left")["id"])
    with open_site(connection(engine), HASTY) as site:  # a note names the engine; what the engine itself tells does not
        return SESSION.learned(lineage={disk: "", f"{site.server}/{disk}": ""}), disk


def test_with_exactly_these_permits_it_goes(engine: Peer) -> None:
    account(engine, *PERMITS)
    session, disk = with_orphan(engine)
    assert lacking(engine, session) == ([], [])
    run = teardown(engine, session, **LOGIN)
    assert (run.names, run.causes) == ([NAME], {})
    assert not engine.vms() and disk not in engine.disks()


@pytest.mark.parametrize("permit", PERMITS)
def test_a_permit_that_is_missing_is_named_and_nothing_is_changed(engine: Peer, permit: str) -> None:
    account(engine, *(one for one in PERMITS if one != permit))
    session, disk = with_orphan(engine)
    before = engine.vms()
    missing, unchecked = lacking(engine, session)
    kind = "Disk" if permit == "delete_disk" else "Vm"
    assert [(entry["verb"], entry["resource"], entry["provider"]) for entry in missing] == [(permit, kind, "rhv-1")]
    assert unchecked == []
    assert engine.vms() == before and disk in engine.disks()
    assert not [path for method, path in engine.calls("POST") if "/api/" in path] + engine.calls("DELETE")


def test_a_user_with_a_role_on_one_vm_alone(engine: Peer) -> None:
    mine, other = engine.vm(NAME), engine.vm(f"{NAME}-seen")
    account(engine, *PERMITS, admin=False, acts=[mine["id"]], sees=[other["id"]])
    missing, unchecked = lacking(engine)
    assert [(entry["verb"], entry["name"].rpartition("/")[2]) for entry in missing] == [("delete_vm", other["name"])]
    assert ["no administrator" in entry["error"] for entry in unchecked] == [True, True]


def test_an_engine_that_does_not_show_the_roles_is_no_clear_no(engine: Peer) -> None:
    engine.vm(NAME)
    account(engine, *PERMITS)
    engine.rules({"method": "GET", "path": "/users/.*/permissions", "kind": "fault", "status": 403})
    missing, unchecked = lacking(engine)
    assert (missing, len(unchecked)) == ([], 1)


def test_no_question_where_nothing_is_the_sessions(engine: Peer) -> None:
    account(engine)
    engine.vm("auto-ab123-rhel8")
    assert lacking(engine) == ([], [])
    assert not [path for _method, path in engine.calls("GET") if "permissions" in path]


@pytest.mark.parametrize(
    ("permit", "where"), [("stop_vm", ["base-on"]), ("run_vm", ["base-off"]), ("delete_vm", []), ("", [])]
)
def test_what_putting_vms_back_needs_is_named_before(engine: Peer, permit: str, where: list[str]) -> None:
    changes = []
    for name, found, left, change in (("base-on", "down", "up", ON), ("base-off", "up", "down", OFF)):
        vm = engine.vm(name, status=found)["id"]
        changes.append(noted(Target(connection(engine), partial(open_site, patience=HASTY)), name, power_state=change))
        engine.change(vm, status=left)
    account(engine, *({"run_vm", *PERMITS} - {permit}))
    at, before = Target(connection(engine, **LOGIN), partial(open_site, patience=HASTY)), engine.vms()
    missing, unchecked = undo.missing_rights([at], changes)
    assert [(one["verb"], one["resource"], one["name"], one["provider"]) for one in missing] == [
        (permit, "Vm", name, "rhv-1") for name in where
    ]
    assert (unchecked, engine.vms()) == ([], before) and all(one["remedy"] for one in missing)
    # What is told is what fails, and nothing else does.
    done = put_back([at], changes, limits=GOES)
    assert ({one["name"] for one in done.result.remaining}, set(causes(done)) <= {"forbidden"}) == (set(where), True)


def test_roles_that_are_not_shown_are_no_clear_no_for_putting_back(engine: Peer) -> None:
    vm = engine.vm(NAME)["id"]
    account(engine, *PERMITS)
    at = Target(connection(engine, **LOGIN), partial(open_site, patience=HASTY))
    change = noted(at, NAME, power_state=ON)
    engine.change(vm, status="up")
    engine.rules({"method": "GET", "path": "/users/.*/permissions", "kind": "fault", "status": 403})
    missing, unchecked = undo.missing_rights([at], [change])
    assert (missing, len(unchecked)) == ([], 1)


VM = Machine("v", NAME, status="down", cluster="c", pool="p")
ONE = Remote("ovirt", "rhv-1", "h", "Vm", "v", NAME)
ALL = frozenset({"delete_vm", "stop_vm", "delete_disk"})


@pytest.mark.parametrize(
    ("grant", "enough"),
    [
        (Grant(ALL), True),
        (Grant(ALL, "data_center", "d"), True),  # nobody said which clusters are in it
        (Grant(ALL, "cluster", "c"), True),
        (Grant(ALL, "cluster", "other"), False),
        (Grant(ALL, "vm", "v"), True),
        (Grant(ALL, "vm", "other"), False),
        (Grant(ALL, "vm_pool", "p"), True),
        (Grant(ALL, "storage_domain", "s"), False),
        (Grant(frozenset({"login"})), False),
    ],
)
def test_what_a_role_covers(grant: Grant, enough: bool) -> None:
    assert (rights.missing([ONE], {"v": VM}, [grant]) == []) is enough


@pytest.mark.parametrize("permit", ["run_vm", "vm_basic_operations"])
@pytest.mark.parametrize(
    ("power", "enough"), [("on", {"run_vm", "vm_basic_operations"}), ("off", {"vm_basic_operations"})]
)
def test_what_switches_a_vm(permit: str, power: str, enough: set[str]) -> None:
    missing = rights.missing_to_put([(ONE, power)], {"v": VM}, [Grant(frozenset({permit}))])
    assert (missing == []) is (permit in enough)
    assert rights.missing_to_put([(ONE, power)], {"v": None}, []) == []


def test_older_engines_have_one_permit_for_all_that_runs_a_vm() -> None:
    up = Machine("v", NAME, status="up")
    grant = Grant(frozenset({"delete_vm", "vm_basic_operations"}))
    assert rights.missing([ONE], {"v": up}, [grant]) == []
