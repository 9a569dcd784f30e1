# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session's VMs on an oVirt engine: found, stopped, removed, looked for again. Cases: providers.md 5.2."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt import client
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.removal import WARM
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.site import open_site
from ansible_collections.mtv.teardown.plugins.module_utils._provider import ownership
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Key, Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record

from tests.contract.ovirt_runs import (
    GOES,
    HASTY,
    SESSION,
    STAYS,
    connection,
    learned,
    look,
    owned,
    removed,
    teardown,
)
from tests.lab.engine.peer import Peer

NAME = "auto-ab12-rhel8-x1y2"
# Names that a careless match would take for the session's.
BYSTANDERS = (
    "auto-ab1-rhel8-x1y2",
    "auto-ab12x-rhel8",
    "auto-ab123-rhel8",
    "AUTO-AB12-rhel8-x1y2",
    "rhel8",
    "my-auto-ab12-x",
)


@pytest.fixture(autouse=True)
def bystanders(engine: Peer) -> Any:
    """They live: the same ids, the same state, with all their disks."""
    made = [engine.vm(name, status="up" if "x" in name else "down") for name in BYSTANDERS]
    yield made
    now, disks = engine.vms(), engine.disks()
    for one in made:
        assert now[one["id"]] == one
        assert all(disks[disk]["status"] == "ok" for disk in one["disks"])


# What goes


@pytest.mark.parametrize(
    "status",
    [
        "down",
        "up",
        "powering_up",
        "wait_for_launch",
        "reboot_in_progress",
        "migrating",
        "paused",
        "suspended",
        "unassigned",
    ],
)
def test_it_is_stopped_and_goes_with_its_disks(status: str, engine: Peer) -> None:
    vm = engine.vm(NAME, status=status, disks=2)
    run = teardown(engine)
    assert (run.names, run.causes) == ([NAME], {})
    assert vm["id"] not in engine.vms()
    assert not set(vm["disks"]) & set(engine.disks())
    assert run.after.remotes == ()
    assert run.after.unread == {}


def test_a_vm_that_is_powering_down_for_ever_is_stopped_again(engine: Peer) -> None:
    vm = engine.vm(NAME, status="powering_down", stop="again")
    assert teardown(engine).causes == {}
    assert len([path for method, path in engine.calls("POST") if path.endswith(f"{vm['id']}/stop")]) == 2


BUSY: dict[str, dict[str, Any]] = {
    "image_locked": {"status": "image_locked"},
    "saving_state": {"status": "saving_state"},
    "restoring_state": {"status": "restoring_state"},
    "snapshot": {"snapshots": [{"description": "x", "status": "locked"}]},
    "disk": {"disks": [{"alias": "d1", "status": "locked"}]},
    "backup": {"backup": True},
    "backup of a running one": {"backup": True, "status": "up"},
}


@pytest.mark.parametrize("case", BUSY)
def test_what_is_under_way_is_waited_for(case: str, engine: Peer) -> None:
    vm = engine.vm(NAME, **BUSY[case])
    with open_site(connection(engine), HASTY) as site:
        targets = owned(SESSION, site.look(SESSION))
        engine.ask("POST", f"/settle/{vm['id']}")
        assert site.remove(targets, GOES) == {}
    assert vm["id"] not in engine.vms()
    assert not [path for _method, path in engine.calls("DELETE", "POST") if "force" in path]


def test_many_go_together(engine: Peer) -> None:
    """One wait for all of them: the slow stop and the slow disks cost once."""
    for number in range(25):
        engine.vm(f"auto-ab12-vm-{number:03d}", status="up")
    engine.ask("PUT", "/delays", {"stop": 0.4, "disk": 0.4})
    run = teardown(engine)
    assert (len(run.names), run.causes, run.after.remotes) == (25, {}, ())
    # Statuses are read by a search, not one by one.
    reads = [path for _method, path in engine.calls("GET") if "/api/vms/" in path]
    assert len(reads) < 25 * 8


def test_a_plain_delete_and_nothing_else(engine: Peer) -> None:
    """Thin clones cannot keep their disks, and force is for people."""
    vm = engine.vm(NAME, thin=True)
    teardown(engine)
    assert engine.calls("DELETE", "POST", "PUT") == [("DELETE", f"/ovirt-engine/api/vms/{vm['id']}")]


# Disks


def test_disks_outlive_their_vm(engine: Peer) -> None:
    """The VM is gone at once; it is done when its disks are."""
    vm = engine.vm(NAME, disks=3)
    engine.ask("PUT", "/delays", {"disk": 0.5})
    assert teardown(engine).causes == {}
    assert not set(vm["disks"]) & set(engine.disks())


def test_a_disk_that_becomes_illegal_is_told_and_goes_in_the_next_run(engine: Peer) -> None:
    vm = engine.vm(NAME, disks=[{"alias": "bad", "removal": "illegal"}, {"alias": "good"}])
    run = teardown(engine)
    assert [run.cause("bad")] == ["disk-illegal"]
    assert list(run.causes) == [vm["disks"][0]]
    # Found by its id, for its VM has gone.
    [left] = run.after.remotes
    assert (left.id, left.owner, left.facts["status"]) == (vm["disks"][0], "", "illegal")
    with open_site(connection(engine), HASTY) as site:
        assert site.why(left).name == "disk-illegal"
        session = learned(SESSION, run.before)
        again = removed(site, session)
    assert ([one.id for one in again.targets], again.causes, again.after.remotes) == ([left.id], {}, ())


def test_a_disk_that_stays_locked_is_told(engine: Peer) -> None:
    engine.vm(NAME, disks=[{"alias": "held", "removal": "stuck"}])
    run = teardown(engine, limits=STAYS)
    assert run.cause("held") == "disk-locked"
    assert [one.name for one in run.after.remotes] == ["held"]


def test_shared_disks_are_kept(engine: Peer) -> None:
    shared = engine.disk("shared", shareable=True)
    engine.vm("somebody-elses", disks=[shared["id"]])
    engine.vm(NAME, disks=[{"alias": "own"}, shared["id"]])
    run = teardown(engine)
    assert run.causes == {}
    assert {one.name for one in run.targets} == {NAME, "own"}
    assert {one.name: made.status for one, made in run.decided if one.kind == "Disk"} == {
        "own": Status.OWNED,
        "shared": Status.REFUSED,
    }
    assert shared["id"] in engine.disks()


OF_OTHERS: dict[str, dict[str, Any]] = {
    "a floating disk": {"created": "2025-01-01T00:00:00.000Z"},
    "a disk just older": {"created": "2026-11-20T09:58:59.000Z"},
    "a LUN": {"storage_type": "lun"},
    "a LUN that several use": {"storage_type": "lun", "shareable": True},
    "a disk without a date": {"created": ""},
}


@pytest.mark.parametrize("case", OF_OTHERS)
@pytest.mark.parametrize("status", ["down", "up"])
def test_a_clone_with_a_disk_of_others_stays_and_says_which(case: str, status: str, engine: Peer) -> None:
    """The engine would remove it with the VM, or forget it. Nothing of the VM is touched."""
    theirs = engine.disk("database", **OF_OTHERS[case])
    vm, other = engine.vm(NAME, disks=[{"alias": "own"}, theirs["id"]], status=status), engine.vm("auto-ab12-other")
    run = teardown(engine)
    assert run.names == ["auto-ab12-other"]
    decided = {one.name: made for one, made in run.decided}
    assert decided[NAME].status is Status.CONTESTED
    assert "database" in decided[NAME].reason and theirs["id"] in decided[NAME].reason
    assert decided["own"].status is Status.CONTESTED
    assert engine.vms()[vm["id"]] == vm
    assert set(vm["disks"]) <= set(engine.disks())
    assert other["id"] not in engine.vms()


@pytest.mark.parametrize("made", ["2026-11-20T09:59:30.000Z", "2026-11-20T10:00:00.000Z", "2026-11-21T10:00:00.000Z"])
def test_disks_made_with_the_clone_or_after_it_go(made: str, engine: Peer) -> None:
    vm = engine.vm(NAME, disks=[{"alias": "own", "created": made}], thin=True)
    assert teardown(engine).causes == {}
    assert vm["disks"][0] not in engine.disks()


WITHOUT_AGE: dict[str, tuple[dict[str, Any], str]] = {
    "own": ({}, "does not tell since when"),
    "floating": ({"created": "2025-01-01T00:00:00.000Z"}, "does not tell since when"),
    "a LUN": ({"storage_type": "lun"}, "is a LUN"),
}


@pytest.mark.parametrize("case", WITHOUT_AGE)
def test_an_engine_that_does_not_tell_the_age_of_disks(case: str, engine: Peer) -> None:
    """No release that we know: each disk may be somebody's then. One that is only detached holds nothing."""
    engine.ask("PUT", "/product", {"dated": False})
    disk, told = engine.disk("of-somebody", **WITHOUT_AGE[case][0]), WITHOUT_AGE[case][1]
    shared = engine.disk("shared", shareable=True)
    vm, diskless = engine.vm(NAME, disks=[disk["id"]]), engine.vm("auto-ab12-small", disks=[shared["id"]])
    run = teardown(engine)
    assert run.names == ["auto-ab12-small"]
    decided = {one.name: made for one, made in run.decided}
    assert decided[NAME].status is Status.CONTESTED and told in decided[NAME].reason
    assert vm["id"] in engine.vms() and {disk["id"], shared["id"]} <= set(engine.disks())
    assert diskless["id"] not in engine.vms()


def test_a_noted_disk_that_another_vm_has_now_is_kept(engine: Peer) -> None:
    disk = engine.disk("rescued")
    keeper = engine.vm("somebody-elses", disks=[disk["id"]])
    session = SESSION.learned(lineage={disk["id"]: "test_x"})
    run = teardown(engine, session)
    assert run.targets == []
    [(one, made)] = run.decided
    assert (one.id, made.status) == (disk["id"], Status.CONTESTED)
    assert keeper["id"] in made.reason


def test_a_noted_disk_that_somebody_takes_meanwhile_is_kept(engine: Peer) -> None:
    disk = engine.disk("rescued")
    session = SESSION.learned(lineage={disk["id"]: "test_x"})
    with open_site(connection(engine), HASTY) as site:
        targets = owned(session, site.look(session))
        assert [one.id for one in targets] == [disk["id"]]
        engine.vm("somebody-elses", disks=[disk["id"]])
        causes = site.remove(targets, STAYS)
    assert causes[disk["id"]].name == "disk-in-use"
    assert disk["id"] in engine.disks()


def test_a_noted_disk_that_is_still_there_goes(engine: Peer) -> None:
    """Somebody removed the VM and kept its disks."""
    disk, other = engine.disk("auto-ab12-left"), engine.disk("auto-ab12-not-noted")
    run = teardown(engine, SESSION.learned(lineage={disk["id"]: "test_x", "0c5a7f4e-0000-4000-8000-000000000000": ""}))
    assert ([one.id for one in run.targets], run.causes, run.after.remotes) == ([disk["id"]], {}, ())
    assert other["id"] in engine.disks()


def test_a_disk_that_was_attached_meanwhile_holds_its_vm(engine: Peer) -> None:
    """It would go with the VM, and nobody decided on it."""
    vm, foreign = engine.vm(NAME), engine.disk("foreign")
    with open_site(connection(engine), HASTY) as site:
        targets = owned(SESSION, site.look(SESSION))
        engine.change(vm["id"], disks=[*vm["disks"], foreign["id"]])
        causes = site.remove(targets, STAYS)
    assert causes[vm["id"]].name == "disk-added"
    assert vm["id"] in engine.vms()
    assert foreign["id"] in engine.disks()


def test_a_lun_that_was_attached_meanwhile_holds_its_vm(engine: Peer) -> None:
    vm, foreign = engine.vm(NAME), engine.disk("foreign", storage_type="lun")
    with open_site(connection(engine), HASTY) as site:
        targets = owned(SESSION, site.look(SESSION))
        engine.change(vm["id"], disks=[*vm["disks"], foreign["id"]])
        causes = site.remove(targets, STAYS)
    assert causes[vm["id"]].name == "disk-added"
    assert foreign["id"] in engine.disks()


# What stays, and why


HELD: dict[str, tuple[dict[str, Any], str]] = {
    "protected": ({"delete_protected": True}, "delete-protected"),
    "protected and running": ({"delete_protected": True, "status": "up"}, "delete-protected"),
    "in a pool": ({"pool": "pool-1"}, "in-pool"),
    "image locked": ({"status": "image_locked"}, "image-locked"),
    "snapshot": ({"snapshots": [{"description": "x", "status": "locked"}]}, "snapshot-running"),
    "backup": ({"backup": True}, "backup-running"),
    "disk locked": ({"disks": [{"alias": "d", "status": "locked"}]}, "disk-locked"),
    "domain": ({"disks": [{"alias": "d", "domain": "slow"}]}, "storage-domain-inactive"),
    "saving": ({"status": "saving_state"}, "still-running"),
    "never down": ({"status": "up", "stop": "never"}, "still-running"),
    "not responding": ({"status": "not_responding", "stop": "never", "host": "host-1"}, "not-responding"),
    "unknown": ({"status": "unknown", "stop": "never", "host": "host-1"}, "not-responding"),
}


@pytest.mark.parametrize("case", HELD)
def test_what_stays_says_why_and_holds_nobody_up(case: str, engine: Peer) -> None:
    how, cause = HELD[case]
    vm, other = engine.vm(NAME, **how), engine.vm("auto-ab12-other", status="up")
    engine.ask("PUT", "/domains", {"slow": "inactive"})
    run = teardown(engine, limits=replace(STAYS, stall=1.0))
    assert run.cause(NAME) == cause
    assert set(run.causes) == {vm["id"], *vm["disks"]}
    assert other["id"] not in engine.vms()
    if cause == "not-responding":
        assert "host-1" in run.causes[vm["id"]].text
    if cause in ("delete-protected", "in-pool"):
        # Not even stopped.
        assert engine.vms()[vm["id"]] == vm


def test_why_is_told_from_a_look_alone(engine: Peer) -> None:
    engine.vm(NAME, delete_protected=True)
    with open_site(connection(engine), HASTY) as site:
        [vm] = [one for one in site.look(SESSION).remotes if one.kind == "Vm"]
        assert site.why(vm).name == "delete-protected"


# Whose it is


def test_two_of_one_name_are_left_alone(engine: Peer) -> None:
    """Names are unique in a data centre alone."""
    made = [engine.vm(NAME, cluster=cluster) for cluster in ("east", "west")]
    run = teardown(engine)
    assert run.targets == []
    assert {one.place for one in run.before.remotes if one.kind == "Vm"} == {"east", "west"}
    assert {one["id"] for one in made} <= set(engine.vms())


def test_a_plan_tells_which_of_two_is_the_sessions(engine: Peer) -> None:
    mine, other = engine.vm(NAME, cluster="east"), engine.vm(NAME, cluster="west")
    run = teardown(engine, planned({mine["id"]: NAME}))
    assert (run.names, run.causes) == ([NAME], {})
    assert mine["id"] not in engine.vms()
    assert other["id"] in engine.vms()


def planned(vms: dict[str, str]) -> Session:
    provider = Key("auto-ab12-rhv", "mtv", "p-uid", type="ovirt", host="127.0.0.1")
    plan = Key("auto-ab12-plan", "mtv", "plan-uid", source="mtv/auto-ab12-rhv", vms=tuple(vms.items()))
    return SESSION.learned(plans=(plan,), providers=(provider,))


def test_a_renamed_clone_is_found_and_left(engine: Peer) -> None:
    vm = engine.vm("please-keep-me")
    session = planned({vm["id"]: NAME})
    run = teardown(engine, session)
    assert run.targets == []
    [made] = [made for one, made in run.decided if one.kind == "Vm"]
    assert (made.status, vm["id"] in engine.vms()) == (Status.CONTESTED, True)


def test_created_but_never_recorded(engine: Peer) -> None:
    vm = engine.vm(NAME)
    session = Session(prefix="auto-ab12", records=(Record("ovirt", "auto-ab12-other"),))
    assert teardown(engine, session).names == [NAME]
    assert vm["id"] not in engine.vms()


def test_recorded_but_never_created(engine: Peer) -> None:
    session = Session(prefix="auto-ab12", records=(Record("ovirt", NAME),))
    run = teardown(engine, session)
    assert (run.targets, run.before.unread, run.before.scopes["Vm"]) == ([], {}, len(BYSTANDERS))


def test_a_name_that_lost_its_prefix(engine: Peer) -> None:
    """Cut to its last 63 characters: to-ab12-…"""
    name = ("to-ab12-" + "long-" * 20)[:63]
    vm = engine.vm(name)
    assert teardown(engine).names == [name]
    assert vm["id"] not in engine.vms()


def test_what_is_older_than_the_session_is_only_used_by_it(engine: Peer) -> None:
    vm = engine.vm(NAME, created="2025-01-01T00:00:00.000Z")
    assert teardown(engine).targets == []
    assert vm["id"] in engine.vms()


def test_snapshots_of_a_warm_migration_are_told_and_left(engine: Peer) -> None:
    """On a VM that stays they belong to whoever owns it."""
    vm = engine.vm("base", snapshots=[{"description": f"{WARM} 1"}])
    seen = look(engine, planned({vm["id"]: "base"}))
    assert [one.facts["warm"] for one in seen.remotes if one.kind == "Vm"] == [[f"{WARM} 1"]]
    assert owned(SESSION, seen) == []


# Looking


def test_looking_changes_nothing(engine: Peer) -> None:
    engine.vm(NAME, status="up")
    before = engine.vms(), engine.disks()
    seen = look(engine)
    assert {one.kind for one in seen.remotes} == {"Vm", "Disk"}
    assert (engine.vms(), engine.disks()) == before
    assert {method for method, _path in engine.calls()} == {"GET"}


def test_ten_thousand_are_looked_through_in_pages(engine: Peer) -> None:
    engine.ask("POST", "/many", {"prefix": "vm-", "count": 10_000, "disks": 0})
    vm = engine.vm(NAME)
    with open_site(connection(engine), HASTY) as site:
        seen = site.look(SESSION)
        assert site.calls < 10_000 / client.PAGE + 15
    assert [one.id for one in seen.remotes] == [vm["id"], *vm["disks"]]
    assert seen.scopes["Vm"] == 10_001 + len(BYSTANDERS)


def test_a_list_that_lacks_some_is_not_the_whole(engine: Peer) -> None:
    """Pages shift when others delete meanwhile; the engine's own count shows it."""
    page = '<?xml version="1.0"?><vms></vms>'
    engine.rules({"method": "GET", "path": "/vms\\?.*sortby", "kind": "xml", "text": page})
    seen = look(engine)
    assert "counts" in seen.unread["Vm"]
    assert "Vm" not in seen.scopes


def test_a_second_run_finds_nothing(engine: Peer) -> None:
    engine.vm(NAME)
    first = teardown(engine)
    engine.ask("DELETE", "/calls")
    second = teardown(engine, learned(SESSION, first.before))
    assert (second.targets, second.after.remotes, second.after.unread) == ([], (), {})
    assert {method for method, _path in engine.calls()} == {"GET"}


# Meanwhile


def test_already_gone(engine: Peer) -> None:
    vm = engine.vm(NAME)
    with open_site(connection(engine), HASTY) as site:
        targets = owned(SESSION, site.look(SESSION))
        engine.ask("DELETE", f"/vms/{vm['id']}")
        assert site.remove(targets, STAYS) == {}


def test_deleted_by_hand_while_it_is_stopped(engine: Peer) -> None:
    vm = engine.vm(NAME, status="up", stop="never")
    with open_site(connection(engine), HASTY) as site:
        targets = owned(SESSION, site.look(SESSION))
        engine.rules({"method": "POST", "path": "/stop", "kind": "html", "acts": True, "times": 1})
        engine.ask("DELETE", f"/vms/{vm['id']}")
        assert site.remove(targets, STAYS) == {}


def test_another_of_the_same_name_made_meanwhile_lives(engine: Peer) -> None:
    vm = engine.vm(NAME)
    with open_site(connection(engine), HASTY) as site:
        targets = owned(SESSION, site.look(SESSION))
        engine.ask("DELETE", f"/vms/{vm['id']}")
        newer = engine.vm(NAME)
        assert site.remove(targets, STAYS) == {}
    assert newer["id"] in engine.vms()


def test_renamed_meanwhile_it_is_still_the_same(engine: Peer) -> None:
    vm = engine.vm(NAME)
    with open_site(connection(engine), HASTY) as site:
        targets = owned(SESSION, site.look(SESSION))
        engine.change(vm["id"], name="other-name")
        assert site.remove(targets, GOES) == {}
    assert vm["id"] not in engine.vms()


def test_nothing_is_waited_for_longer_than_allowed(engine: Peer) -> None:
    engine.vm(NAME, status="up", stop="never")
    run = teardown(engine, limits=replace(STAYS, stall=30.0, total=0.5))
    assert run.cause(NAME) == "still-running"


# Rights


def test_forbidden_is_told_and_nothing_waits_for_it(engine: Peer) -> None:
    vm, mine = engine.vm(NAME, status="up"), engine.vm("auto-ab12-mine")
    user = {"name": "bob@internal", "password": "b", "admin": False, "sees": [vm["id"]], "acts": [mine["id"]]}
    engine.ask("POST", "/users", user)
    run = teardown(engine, username="bob@internal", secret="b")
    assert run.cause(NAME) == "forbidden"
    assert "not authorized" in run.causes[vm["id"]].text
    assert mine["id"] not in engine.vms()
    assert engine.vms()[vm["id"]]["status"] == "up"


def test_an_empty_list_of_somebody_who_sees_a_part_is_not_absence(engine: Peer) -> None:
    engine.vm(NAME)
    engine.ask("POST", "/users", {"name": "bob@internal", "password": "b", "admin": False})
    seen = look(engine, username="bob@internal", secret="b")
    assert (seen.remotes, dict(seen.scopes)) == ((), {})
    assert "no administrator" in seen.unread["Vm"]


def test_bystanders_of_the_same_session_prefix_elsewhere(engine: Peer) -> None:
    """Two connections to one engine see one VM: it is decided once."""
    engine.vm(NAME)
    seen = look(engine)
    twice = [*seen.remotes, *(replace(one, provider="rhv-2") for one in seen.remotes)]
    assert len(ownership.decide(SESSION, twice)) == 2
