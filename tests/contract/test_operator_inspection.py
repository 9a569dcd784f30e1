# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's Conversion controller: what F:pkg/controller/conversion does with a DeepInspection, its pod and the
snapshot on the base VM. The snapshots are looked at on the vCenter, not in the status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.conftest import LABS
from tests.contract.waiting import eventually
from tests.lab.admin import Admin, admin_of
from tests.lab.controlplane import Lab
from tests.lab.operator.vsphere import SNAPSHOT
from tests.lab.vcenter import peer
from tests.lab.worlds import check, seed

CONVERSIONS = "/apis/forklift.konveyor.io/v1beta1/namespaces/{}/conversions"
HOME = "inspections"


@pytest.fixture(scope="module")
def center() -> Iterator[peer.VCenter]:
    started = peer.start(f"{LABS}inspected", say=lambda text: print(f"lab: {text}"))
    yield started
    peer.stop(f"{LABS}inspected")


@pytest.fixture(scope="module")
def admin(acting_lab: Lab, center: peer.VCenter) -> Admin:
    made = admin_of(acting_lab)
    made.namespace(HOME)
    entry = center.entry()
    login = {"user": entry["username"], "password": entry["password"], "cacert": center.ca_file.read_text("utf-8")}
    made.make("Secret", HOME, "login", stringData={"url": entry["api_url"], **login})
    return made


def inspect(admin: Admin, center: peer.VCenter, name: str, ends: str = "never", **spec: Any) -> None:
    """A base VM of that name, and somebody who inspects it."""
    vm = center.make(name)[0]
    admin.make("Conversion", HOME, name, metadata={"annotations": {"lab.mtv.teardown/ends": ends}}, spec={
        "type": "DeepInspection", "vm": {"id": vm["id"], "name": name}, "targetNamespace": HOME,
        "connection": {"secret": {"name": "login", "namespace": HOME}}, "vddkImage": "lab/vddk", **spec})  # fmt: skip


def snapshots(center: peer.VCenter, vm: str) -> list[str]:
    found: list[str] = center.vms()[center.named()[vm]].get("snapshots", [])
    return found


def pods(admin: Admin, name: str) -> list[dict[str, Any]]:
    found = admin.api.request("GET", f"/api/v1/namespaces/{HOME}/pods")["items"]
    return [pod for pod in found if pod["metadata"].get("labels", {}).get("conversion") == name]


def status(admin: Admin, name: str) -> dict[str, Any]:
    found: dict[str, Any] = admin.get("Conversion", HOME, name).get("status") or {}
    return found


def runs(admin: Admin, name: str) -> bool:
    return status(admin, name).get("stage") == "PodRunning"


def another_came_far(admin: Admin, center: peer.VCenter, name: str) -> None:
    """It took several looks of the controller. At one that has ended it looks once more (CC/controller.go, the last
    RequeueAfter)."""
    inspect(admin, center, name)
    assert eventually(lambda: runs(admin, name))


def cancel(admin: Admin, name: str) -> None:
    """As the suite and Forklift do it: phase and stage, by the status subresource."""
    path = f"{CONVERSIONS.format(HOME)}/{name}"
    admin.rewrite(path, lambda now: now["status"].update(phase="Canceled", stage="Finished"), f"{path}/status")


def conditions(admin: Admin, name: str) -> set[str]:
    return {one["type"] for one in status(admin, name).get("conditions", []) if one["status"] == "True"}


def test_canceled_takes_the_pod_and_the_snapshot(admin: Admin, center: peer.VCenter) -> None:
    for name in ("canceled", "bystander"):
        inspect(admin, center, name)
    assert eventually(lambda: runs(admin, "canceled") and runs(admin, "bystander"))
    pod = pods(admin, "canceled")[0]["metadata"]
    assert pod["labels"] == {"conversion": "canceled", "forklift.app": "deep-inspection"}
    assert "ownerReferences" not in pod
    assert snapshots(center, "canceled") == [SNAPSHOT]
    assert "finalizers" not in admin.get("Conversion", HOME, "canceled")["metadata"]
    # A pod that somebody deletes comes back while it runs.
    admin.api.request("DELETE", f"/api/v1/namespaces/{HOME}/pods/{pod['name']}")
    assert eventually(lambda: {p["metadata"]["uid"] for p in pods(admin, "canceled")} - {pod["uid"], ""} != set())
    cancel(admin, "canceled")
    assert eventually(lambda: not pods(admin, "canceled") and not snapshots(center, "canceled"))
    assert eventually(lambda: "ConversionCanceled" in conditions(admin, "canceled"))
    assert admin.uid("Conversion", HOME, "canceled")
    assert snapshots(center, "bystander") == [SNAPSHOT]
    assert pods(admin, "bystander")


def test_deleted_leaves_the_pod_and_the_snapshot(admin: Admin, center: peer.VCenter) -> None:
    inspect(admin, center, "deleted")
    inspect(admin, center, "later")
    assert eventually(lambda: runs(admin, "deleted") and runs(admin, "later"))
    admin.api.request("DELETE", f"{CONVERSIONS.format(HOME)}/deleted")
    cancel(admin, "later")  # when the controller has seen this, it has seen the other, too
    assert eventually(lambda: not snapshots(center, "later"))
    assert snapshots(center, "deleted") == [SNAPSHOT]
    assert pods(admin, "deleted")


@pytest.mark.parametrize(("ends", "phase"), [("Succeeded", "Succeeded"), ("Failed", "Failed")])
def test_at_its_end_only_the_pod_is_left(admin: Admin, center: peer.VCenter, ends: str, phase: str) -> None:
    """CC/pipeline.go:34 and :262; a cancel that comes after the last look is seen by nobody (CC/predicate.go)."""
    name = f"ends-{ends.lower()}"
    inspect(admin, center, name, ends)
    assert eventually(lambda: status(admin, name).get("phase") == phase)
    assert eventually(lambda: not snapshots(center, name))
    assert pods(admin, name)
    another_came_far(admin, center, f"last-look-at-{name}")
    cancel(admin, name)
    another_came_far(admin, center, f"after-{name}")
    assert pods(admin, name)
    assert "ConversionCanceled" not in conditions(admin, name)


def test_without_its_secret_a_cancel_leaves_the_snapshot(admin: Admin, center: peer.VCenter) -> None:
    login = admin.get("Secret", HOME, "login")
    admin.make("Secret", HOME, "login-2", data=login["data"])
    inspect(admin, center, "no-secret", connection={"secret": {"name": "login-2", "namespace": HOME}})
    assert eventually(lambda: runs(admin, "no-secret"))
    admin.api.request("DELETE", f"/api/v1/namespaces/{HOME}/secrets/login-2")
    cancel(admin, "no-secret")
    assert eventually(lambda: "ConversionCanceled" in conditions(admin, "no-secret"))
    assert eventually(lambda: not pods(admin, "no-secret"))
    assert snapshots(center, "no-secret") == [SNAPSHOT]


def test_a_snapshot_of_others_is_not_its_own(admin: Admin, center: peer.VCenter) -> None:
    """`SNAPSHOT_MOREF` (CC/pipeline.go:29): never removed here; and without vddkImage nothing begins."""
    inspect(admin, center, "given", settings={"SNAPSHOT_MOREF": "snapshot-1"})
    inspect(admin, center, "blocked", vddkImage="")
    inspect(admin, center, "without-id", vm={"name": "without-id"})
    admin.make("Conversion", HOME, "empty")
    assert eventually(lambda: runs(admin, "given"))
    assert snapshots(center, "given") == []
    assert eventually(lambda: "VDDKImageNotSet" in conditions(admin, "blocked"))
    assert eventually(lambda: "TypeNotValid" in conditions(admin, "empty"))
    assert eventually(lambda: status(admin, "without-id").get("phase") == "Failed")
    assert not pods(admin, "blocked")
    assert snapshots(center, "blocked") == []


def test_the_world_is_checked_on_the_vcenter(
    acting_lab: Lab, admin: Admin, center: peer.VCenter, tmp_path: Path
) -> None:
    """What the suite leaves and what others have is told by world.json; the check can fail."""
    seed.seed(acting_lab, "deep-inspection", "auto-di01", tmp_path, center=center, say=lambda _text: None)
    world = tmp_path / "world.json"
    known = json.loads(world.read_text())["snapshots"]
    assert sorted(known["session"].values()) == ["mtv-tests-rhel8", "mtv-win2022"]
    # Others inspect a VM of their own, and one of these two.
    assert {"people-base", "mtv-tests-rhel8"} <= set(known["bystanders"].values())
    assert check.check(acting_lab, world, "untouched")[0] == []
    wrong, _summary = check.check(acting_lab, world, "clean")
    assert sum("still there: snapshot" in line for line in wrong) == 2
    record = json.loads((tmp_path / "resources.json").read_text())
    assert {entry["namespace"] for entry in record["Conversion"]} == {"auto-di01", "shared-vms"}
    # Of two snapshots with one name on one VM, the canceled Conversion's goes.
    mine = next(one for one in record["Conversion"] if one["namespace"] == "auto-di01")["name"]
    path = f"{CONVERSIONS.format('auto-di01')}/{mine}"
    admin.rewrite(path, lambda now: now["status"].update(phase="Canceled", stage="Finished"), f"{path}/status")
    assert eventually(lambda: len(check.check(acting_lab, world, "clean")[0]) < len(wrong) - 1)
    wrong, _summary = check.check(acting_lab, world, "clean")
    assert [line for line in wrong if "snapshot" in line] == [line for line in wrong if "mtv-win2022" in line]
    assert not [line for line in wrong if "bystander" in line]
    center.delete(center.named()["people-base"])
    wrong, _summary = check.check(acting_lab, world, "clean")
    assert [line for line in wrong if "people-base" in line and "is gone" in line]
