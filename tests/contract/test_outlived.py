# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run that was cut off left behind it: volumes and VMs whose claim or Plan has gone, with the note of them.
Nobody can tell whose they are, so they stay, and nothing is clean."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._run import verify
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record

from tests.contract.conftest import writes
from tests.contract.teardown import places, teardown
from tests.lab import controlplane
from tests.lab.admin import Admin
from tests.lab.kube import ApiError

VOLUMES = "/api/v1/persistentvolumes"
GONE_PLAN = "0b1e1a0c-0000-4000-8000-00000000b001"


def bound(admin: Admin, namespace: str, name: str, policy: str) -> str:
    """A volume of an outer driver, bound to a claim of that name; its own name."""
    volume = f"of-{name}"
    size = {"storage": "1Mi"}
    spec = {
        "capacity": size,
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": policy,
        "storageClassName": "",
        "csi": {"driver": "outlived.example.com", "volumeHandle": volume},
        "claimRef": {"namespace": namespace, "name": name},
    }
    admin.api.request("POST", VOLUMES, {"metadata": {"name": volume}, "spec": spec})
    wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": size}, "storageClassName": ""}
    admin.make("PersistentVolumeClaim", namespace, name, spec={**wanted, "volumeName": volume})
    phase(admin, volume, "Bound")
    return volume


def phase(admin: Admin, volume: str, wanted: str) -> None:
    deadline = time.monotonic() + 60
    while admin.api.request("GET", f"{VOLUMES}/{volume}")["status"].get("phase") != wanted:
        assert time.monotonic() < deadline, f"{volume} is not {wanted}"
        time.sleep(0.05)


def let_go(admin: Admin, namespace: str, name: str) -> None:
    """Somebody deletes the claim."""
    admin.api.request("DELETE", f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{name}")
    phase(admin, f"of-{name}", "Released")


def is_there(admin: Admin, volume: str) -> bool:
    try:
        return not admin.api.request("GET", f"{VOLUMES}/{volume}")["metadata"].get("deletionTimestamp")
    except ApiError as exc:
        if exc.code != 404:
            raise
        return False


class World:
    """A session of which a run that was cut off has deleted the claims and the Plan; in namespaces of others, with
    volumes and VMs of others. kept: what nobody can tell any more; theirs: volume, by name."""

    def __init__(self, admin: Admin, prefix: str) -> None:
        self.admin, self.prefix = admin, prefix
        admin.namespace(prefix)
        time.sleep(1.1)  # what comes now is younger by the clock of the API, which counts seconds
        self.shared, self.unheard = admin.namespace(f"shared-{prefix}"), admin.namespace(f"unheard-{prefix}")
        self.kept = {("VirtualMachine", f"{prefix}-vm")}
        for name, namespace, policy in (
            (f"{prefix}-p-vm-1", self.shared, "Retain"),
            (f"{prefix}-p-vm-2", self.unheard, "Delete"),
            (f"disk-{prefix}", self.shared, "Delete"),
        ):
            self.kept.add(("PersistentVolume", bound(admin, namespace, name, policy)))
            let_go(admin, namespace, name)
        self.theirs = [bound(admin, self.unheard, name, "Delete") for name in (f"{prefix}-lives", f"{prefix}9-lives")]
        self.theirs.append(bound(admin, self.shared, f"{prefix}9-gone", "Delete"))
        let_go(admin, self.shared, f"{prefix}9-gone")
        machine = {"runStrategy": "Halted", "template": {"spec": {"domain": {"devices": {}}}}}
        self.machines = (f"{prefix}-vm", f"{prefix}9-vm", "rhel8")
        for name in self.machines:
            admin.make("VirtualMachine", self.shared, name, metadata={"labels": {"plan": GONE_PLAN}}, spec=machine)
        entry = Record(
            "DataVolume", f"disk-{prefix}", self.shared, "ocp_resources.datavolume", "t", entry="DataVolume[0]"
        )
        self.session = Session(prefix=prefix, records=(entry,))

    @property
    def volumes(self) -> list[str]:
        return sorted(name for kind, name in self.kept if kind == "PersistentVolume")

    def all_live(self) -> bool:
        vms = all(self.admin.uid("VirtualMachine", self.shared, name) for name in self.machines)
        return vms and all(is_there(self.admin, name) for name in (*self.volumes, *self.theirs))

    def clear(self) -> None:
        for name in (*self.volumes, *self.theirs):
            if is_there(self.admin, name):
                self.admin.api.request("DELETE", f"{VOLUMES}/{name}")


@pytest.fixture
def world(admin: Admin, prefix: str) -> Iterator[World]:
    made = World(admin, prefix)
    yield made
    made.clear()


@pytest.mark.parametrize("check_mode", [True, False])
def test_it_stays_is_named_and_nothing_is_clean(world: World, cluster: Cluster, check_mode: bool) -> None:
    run = teardown(cluster, world.session, stall=1, check_mode=check_mode)
    assert world.all_live()
    assert places(run.judged["kept"]) == world.kept
    assert {entry["cause"] for entry in run.judged["kept"]} == {"outlived"}
    assert run.verdict == ("leftovers" if check_mode else "unverified")
    retained = run.remaining("PersistentVolume", world.volumes[0])
    assert retained["cause"] == "outlived" and "delete it by hand" in retained["next_step"]
    assert not run.deleted & world.kept
    named = {name for _kind, name in places(run.judged["refused"])}
    assert f"{world.prefix}-lives" in named, "a claim that lives in a namespace nobody told of is read, and told"
    assert not named & {f"of-{world.prefix}9-lives", f"of-{world.prefix}9-gone", f"{world.prefix}9-vm", "rhel8"}


def test_a_second_run_says_the_same(world: World, lab: controlplane.Lab, cluster: Cluster) -> None:
    """And asks for nothing; what a person has looked at and deleted is clean."""
    teardown(cluster, world.session, stall=1)
    since = controlplane.mark(lab)
    again = teardown(cluster, world.session, stall=1)
    assert (again.verdict, places(again.judged["kept"])) == ("unverified", world.kept)
    assert [request for request in writes(lab, since) if request["verb"] != "create"] == []
    world.clear()
    world.admin.api.request(
        "DELETE", f"/apis/kubevirt.io/v1/namespaces/{world.shared}/virtualmachines/{world.prefix}-vm"
    )
    assert teardown(cluster, world.session, stall=1).verdict == "clean"


def test_a_driver_that_is_late_is_waited_for(
    admin: Admin, prefix: str, lab: controlplane.Lab, cluster: Cluster
) -> None:
    """A volume goes a while after its claim, on a busy cluster: that is no reason to be unverified."""
    shared = admin.namespace(f"shared-{prefix}")
    mine, theirs = (bound(admin, shared, name, "Delete") for name in (f"{prefix}-p-vm-1", f"{prefix}9-p-vm-1"))
    for name in (f"{prefix}-p-vm-1", f"{prefix}9-p-vm-1"):
        let_go(admin, shared, name)
    since = controlplane.mark(lab)
    late = threading.Thread(target=_drive, args=(admin, lab, since, mine))
    late.start()
    terms = verify.Terms(quiet_interval=0.1, total=60, openshift_only=True, going=60)
    judged = verify.verify(cluster, Session(prefix=prefix), terms)
    late.join(timeout=60)
    assert (judged["verdict"], judged["kept"]) == ("clean", [])
    assert not is_there(admin, mine) and is_there(admin, theirs)
    admin.api.request("DELETE", f"{VOLUMES}/{theirs}")


def _drive(admin: Admin, lab: controlplane.Lab, since: int, volume: str) -> None:
    """The driver: once the volume was seen, and is waited for."""
    deadline = time.monotonic() + 50
    while sum(r["resource"] == "persistentvolumes" for r in controlplane.requests(lab, since)) < 2:
        assert time.monotonic() < deadline, "nobody waits for it"
        time.sleep(0.05)
    admin.api.request("DELETE", f"{VOLUMES}/{volume}")
