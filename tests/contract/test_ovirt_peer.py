# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's engine, held against clients that are not ours: ovirtsdk4, the ovirt.ovirt collection, go-ovirt."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ovirtsdk4 as sdk
import pytest
from ovirtsdk4 import types

from tests.contract.waiting import eventually
from tests.lab import build
from tests.lab.controlplane import CHECKOUT
from tests.lab.engine import peer as engines

GOCLIENT = CHECKOUT / "tests" / "lab" / "engine" / "goclient"


@pytest.fixture
def system(engine: engines.Peer) -> Iterator[Any]:
    """The services of ovirtsdk4, as an administrator."""
    connection = connect(engine)
    yield connection.system_service()
    connection.close()


def connect(engine: engines.Peer, username: str = engines.USER, password: str = engines.PASSWORD) -> sdk.Connection:
    return sdk.Connection(url=engine.url, username=username, password=password, ca_file=engine.ca_file, timeout=60)


def gone(get: Any) -> bool:
    try:
        get()
    except sdk.NotFoundError:
        return True
    return False


def test_what_is_told_of_a_vm(engine: engines.Peer, system: Any) -> None:
    made = engine.vm("auto-ab12-rhel", snapshots=[{"description": "before"}], host="host-1", status="up")
    [vm] = system.vms_service().list(search='name="auto-ab12-rhel"', follow="disk_attachments.disk,snapshots")
    assert (vm.id, vm.name, vm.status, vm.delete_protected) == (
        made["id"],
        "auto-ab12-rhel",
        types.VmStatus.UP,
        False,
    )
    assert vm.creation_time.isoformat() == "2026-11-20T10:00:00+00:00"
    assert [a.disk.alias for a in vm.disk_attachments] == ["auto-ab12-rhel_Disk1"]
    assert [one.description for one in vm.snapshots] == ["Active VM", "before"]
    assert vm.host.id and vm.cluster.id
    plain = system.vms_service().vm_service(vm.id).get()
    # What was not asked for is a link, and one that the SDK can follow.
    assert plain.disk_attachments.href == f"/ovirt-engine/api/vms/{vm.id}/diskattachments"
    assert [one.id for one in system._connection.follow_link(plain.disk_attachments)] == made["disks"]


SEARCHES = {
    'name="auto-AB12-x"': ["auto-ab12-x"],
    "name=auto-ab12-*": ["auto-ab12-x", "auto-ab12-y"],
    "name=auto_ab12-x": [],  # no wildcard
    'name="auto-ab12-x" or name="other"': ["auto-ab12-x", "other"],
    "name=auto* and status=up": ["auto-ab12-y"],
    "sortby name desc": ["other", "auto-ab12-y", "auto-ab12-x"],
}


@pytest.mark.parametrize("search", SEARCHES)
def test_searches(search: str, engine: engines.Peer, system: Any) -> None:
    for name, status in (("auto-ab12-x", "down"), ("auto-ab12-y", "up"), ("other", "down")):
        engine.vm(name, status=status)
    found = [one.name for one in system.vms_service().list(search=search)]
    assert found == SEARCHES[search] or sorted(found) == SEARCHES[search]


def test_a_search_is_told_whether_case_counts(engine: engines.Peer, system: Any) -> None:
    engine.vm("auto-ab12-x")
    assert system.vms_service().list(search="name=AUTO-ab12-x", case_sensitive=True) == []
    assert len(system.vms_service().list(search="name=AUTO-ab12-x")) == 1
    with pytest.raises(sdk.Error) as refused:
        system.vms_service().list(search="name=auto\\")
    assert refused.value.code == 400


def test_pages_of_ten_thousand(engine: engines.Peer, system: Any) -> None:
    engine.ask("POST", "/many", {"prefix": "vm-", "count": 10_000})
    started = time.monotonic()
    page = system.vms_service().list(search="sortby name asc page 20", max=500)
    assert [page[0].name, page[-1].name] == ["vm-09500", "vm-09999"]
    assert system.vms_service().list(search="sortby name asc page 21", max=500) == []
    assert time.monotonic() - started < 30


PROTECTED = "Delete protection is enabled"
# RemoveVmCommand.validate, line by line: how the VM is, and the words with which it stays.
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    **{
        status: ({"status": status}, "VM is running")
        for status in (
            "up",
            "powering_up",
            "powering_down",
            "wait_for_launch",
            "reboot_in_progress",
            "paused",
            "saving_state",
            "restoring_state",
            "migrating",
            "not_responding",
            "unknown",
        )
    },
    "suspended": ({"status": "suspended"}, "state is not down"),
    "image_locked": ({"status": "image_locked"}, "VM is locked"),
    "protected": ({"delete_protected": True}, PROTECTED),
    "pool": ({"pool": "pool-1"}, "attached to pool"),
    "backup": ({"backup": True}, "during a backup"),
    "snapshot": ({"snapshots": [{"description": "x", "status": "locked"}]}, "operation on a Snapshot"),
    "disk": ({"disks": [{"alias": "d", "status": "locked"}]}, "disks are locked"),
    "domain": ({"disks": [{"alias": "d", "domain": "slow"}]}, "Storage Domain is inaccessible"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_may_not_be_removed(case: str, engine: engines.Peer, system: Any) -> None:
    how, words = REFUSED[case]
    vm = engine.vm("x", **how)
    engine.ask("PUT", "/domains", {"slow": "inactive"})
    with pytest.raises(sdk.Error, match=words) as refused:
        system.vms_service().vm_service(vm["id"]).remove()
    assert (refused.value.code, refused.value.fault.reason) == (409, "Operation Failed")
    assert vm["id"] in engine.vms()


@pytest.mark.parametrize("status", ["down", "unassigned", "image_illegal"])
def test_a_vm_goes_at_once_and_its_disks_later(status: str, engine: engines.Peer, system: Any) -> None:
    vm = engine.vm("x", status=status)
    one = system.vms_service().vm_service(vm["id"])
    disk = system.disks_service().disk_service(vm["disks"][0])
    one.remove()
    assert gone(one.get)
    assert disk.get().status is types.DiskStatus.LOCKED
    assert eventually(lambda: gone(disk.get))
    with pytest.raises(sdk.NotFoundError) as again:
        one.remove()
    assert (again.value.code, again.value.fault) == (404, None)


def test_disks_that_stay(engine: engines.Peer, system: Any) -> None:
    shared = engine.disk("shared", shareable=True)
    lun = engine.disk("lun", storage_type="lun")
    vm = engine.vm("x", disks=[{"alias": "bad", "removal": "illegal"}, shared["id"], lun["id"]])
    system.vms_service().vm_service(vm["id"]).remove()
    assert eventually(lambda: {d["alias"]: d["status"] for d in engine.disks().values()}["bad"] == "illegal")
    assert {d["alias"] for d in engine.disks().values()} == {"bad", "shared"}


def test_what_the_engine_tells_of_itself_and_of_disks(engine: engines.Peer, system: Any) -> None:
    assert system.get().product_info.instance_id
    vm = engine.vm("x", disks=[{"alias": "old", "created": "2025-01-02T03:04:05.000Z"}])
    service = system.vms_service().vm_service(vm["id"])
    assert service.get().initialization is None
    told = service.get(all_content=True).initialization.configuration
    assert told.type is types.ConfigurationType.OVF
    assert vm["disks"][0] in told.data and "2025/01/02 03:04:05" in told.data


def test_force(engine: engines.Peer, system: Any) -> None:
    vm, other = engine.vm("x", status="image_locked"), engine.vm("y", status="image_locked", locked_by_tasks=True)
    system.vms_service().vm_service(vm["id"]).remove(force=True)
    with pytest.raises(sdk.Error, match="running tasks"):
        system.vms_service().vm_service(other["id"]).remove(force=True)


def test_what_is_thin_cannot_keep_its_disks(engine: engines.Peer, system: Any) -> None:
    vm = engine.vm("x", thin=True)
    with pytest.raises(sdk.Error) as refused:
        system.vms_service().vm_service(vm["id"]).remove(detach_only=True)
    assert refused.value.code == 409


def test_a_removal_that_is_not_awaited_is_an_error_of_the_sdk(engine: engines.Peer, system: Any) -> None:
    vm = engine.vm("x")
    with pytest.raises(sdk.Error) as odd:
        system.vms_service().vm_service(vm["id"]).remove(async_=True)
    assert odd.value.code == 202
    assert vm["id"] not in engine.vms()


@pytest.mark.parametrize("status", ["up", "paused", "suspended", "powering_down", "not_responding"])
def test_what_may_be_stopped(status: str, engine: engines.Peer, system: Any) -> None:
    one = system.vms_service().vm_service(engine.vm("x", status=status)["id"])
    one.stop()
    assert eventually(lambda: one.get().status is types.VmStatus.DOWN)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"status": "down"}, "not running"),
        ({"status": "saving_state"}, "saving state"),
        ({"status": "restoring_state"}, "restoring state"),
        ({"status": "up", "backup": True}, "during a backup"),
    ],
)
def test_what_may_not_be_stopped(how: dict[str, Any], words: str, engine: engines.Peer, system: Any) -> None:
    with pytest.raises(sdk.Error, match=words) as refused:
        system.vms_service().vm_service(engine.vm("x", **how)["id"]).stop()
    assert refused.value.code == 409


def test_a_wrong_password(engine: engines.Peer) -> None:
    with pytest.raises(sdk.AuthError, match="access_denied : Cannot authenticate user 'admin@internal'"):
        connect(engine, password="wrong").authenticate()


def test_rights(engine: engines.Peer) -> None:
    mine, theirs, read = engine.vm("mine"), engine.vm("theirs"), engine.vm("read")
    user = {"name": "bob@internal", "password": "b", "admin": False, "sees": [read["id"]], "acts": [mine["id"]]}
    engine.ask("POST", "/users", user)
    connection = connect(engine, "bob@internal", "b")
    vms = connection.system_service().vms_service()
    assert connection.system_service().get().summary is None
    assert [one.name for one in vms.list(search="sortby name")] == ["mine", "read"]
    assert gone(vms.vm_service(theirs["id"]).get)
    with pytest.raises(sdk.AuthError, match="not authorized") as refused:
        vms.vm_service(read["id"]).remove()
    assert refused.value.code == 403
    vms.vm_service(mine["id"]).remove()
    connection.close()


def test_a_session_that_has_ended_is_a_page_and_begun_anew(engine: engines.Peer) -> None:
    connection = connect(engine)
    connection.system_service().get()
    engine.ask("DELETE", "/sessions")
    connection.system_service().get()
    assert engine.sessions() == 1
    connection.close()
    stale = sdk.Connection(url=engine.url, token="old", ca_file=engine.ca_file, timeout=60)
    with pytest.raises(sdk.AuthError, match="access_denied"):
        stale.system_service().get()


MODULES = """
- hosts: localhost
  gather_facts: false
  module_defaults:
    group/ovirt.ovirt.ovirt: &auth
      auth: {url: "%(url)s", username: "admin@internal", password: "secret", ca_file: "%(ca_file)s"}
  tasks:
    - ovirt.ovirt.ovirt_vm_info: {<<: *auth, pattern: "name=auto-ab12-*", follow: [disk_attachments]}
      register: before
    - ovirt.ovirt.ovirt_vm: {<<: *auth, name: auto-ab12-x, state: absent, poll_interval: 1, timeout: 120}
      register: removed
    - ovirt.ovirt.ovirt_vm: {<<: *auth, name: auto-ab12-x, state: absent, poll_interval: 1, timeout: 120}
      register: again
    - ansible.builtin.copy:
        dest: "%(told)s"
        content: "{{ {'before': before.ovirt_vms, 'removed': removed.changed, 'again': again.changed} | to_json }}"
"""


def test_with_the_modules_of_ovirt_ovirt(engine: engines.Peer, tmp_path: Path) -> None:
    """Unmodified: they find a VM, stop it, remove it, and find nothing the second time."""
    vm, other = engine.vm("auto-ab12-x", status="up"), engine.vm("auto-ab12-x2")
    told, playbook = tmp_path / "told.json", tmp_path / "play.yml"
    playbook.write_text(MODULES % {"url": engine.url, "ca_file": engine.ca_file, "told": told}, encoding="utf-8")
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "-c", "local", str(playbook)]
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(CHECKOUT / "tests" / "tools" / "ansible.cfg"),
        "LC_ALL": "C.UTF-8",
        "PYTHONWARNINGS": "ignore",
    }
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(told.read_text(encoding="utf-8"))
    assert (found["removed"], found["again"]) == (True, False)
    assert {one["name"]: one["status"] for one in found["before"]} == {"auto-ab12-x": "up", "auto-ab12-x2": "down"}
    assert {one["disk_attachments"][0]["id"] for one in found["before"]} == {vm["disks"][0], other["disks"][0]}
    assert set(engine.vms()) == {other["id"]}
    # Not all of these modules log out.
    engine.ask("DELETE", "/sessions")


def test_with_go_ovirt(engine: engines.Peer) -> None:
    """Compiled once, in a minute or two; then it is in the cache."""
    vm = engine.vm("auto-ab12-x", status="up", disks=2)
    go = [build._find_go()[0], "run", "-gcflags=all=-N -l", ".", engine.url, engine.ca_file, "auto-ab12-x"]
    done = subprocess.run(
        go, cwd=GOCLIENT, env=build._environment(), capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert "VM is running" in told.pop("refused")
    expected = {"id": vm["id"], "status": "up", "disks": vm["disks"], "gone": True, "disks_gone": True}
    assert told == expected
    assert engine.vms() == {}
    assert engine.disks() == {}
    # It means to log out, but sends another, empty token (go-ovirt connection.go, buildSsoRevokeRequest).
    engine.ask("DELETE", "/sessions")
