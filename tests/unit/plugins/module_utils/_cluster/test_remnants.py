# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has outlived the one object that showed whose it is: never deleted, and never a reason to be clean."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import remnants
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.items import kept_item
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.tests.unit.plugins.build import BEFORE, decide, obj, record, session

CLAIM_UID, PLAN_UID = "0f0f0f0f-1111-2222-3333-444444444444", "0f0f0f0f-1111-2222-3333-555555555555"
OURS, THEIRS = "auto-ab12-p-vm-1-x7k2p", "auto-ab123-p-vm-1-x7k2p"
CLAIM, PLAN = ("", "PersistentVolumeClaim"), ("forklift.konveyor.io", "Plan")
HOME = obj("Namespace", "shared-vms", created=BEFORE)


def volume(claim: str = OURS, namespace: str = "shared-vms", phase: str = "Released", **more: Any) -> Obj:
    keeps = more.pop("policy", "Delete")
    spec = {
        "claimRef": {"namespace": namespace, "name": claim, "uid": more.pop("claim_uid", CLAIM_UID)},
        "persistentVolumeReclaimPolicy": keeps,
    }
    status = {"phase": phase, "message": more.pop("message", "")}
    return obj("PersistentVolume", f"pvc-{CLAIM_UID}", spec=spec, status=status, **more)


def content(snapshot: str, **more: Any) -> Obj:
    ref = {"namespace": "shared-vms", "name": snapshot, "uid": "snapshot-uid"}
    spec = {"volumeSnapshotRef": ref, "deletionPolicy": "Delete"}
    return obj("VolumeSnapshotContent", "snapcontent-x", spec=spec, **more)


def made(name: str, label: str = "plan", uid: str = PLAN_UID, **more: Any) -> Obj:
    return obj("VirtualMachine", name, "shared-vms", labels={label: uid}, **more)


THEIR_VM = obj("VirtualMachine", "theirs", "shared-vms")
LAUNCHER = obj("VirtualMachineInstance", "auto-ab12-vm", "shared-vms")
KEPT = [
    pytest.param(session(), volume(), "PersistentVolumeClaim shared-vms/auto-ab12-p-vm-1-x7k2p", True, id="volume"),
    pytest.param(session(started=""), volume(), "shared-vms/auto-ab12", True, id="no-start-is-known"),
    pytest.param(session(), volume(phase="Bound"), "that has gone", False, id="not-yet-released"),
    pytest.param(session(), volume(policy="Retain"), "that has gone", False, id="kept-by-its-driver"),
    pytest.param(session(), volume(phase="Failed", message="no LUN"), "no LUN", False, id="its-driver-failed"),
    pytest.param(session(), volume(namespace="unheard-of"), "unheard-of/auto-ab12", True, id="in-any-namespace"),
    pytest.param(
        session(record("PersistentVolumeClaim", "disk", "shared-vms", "t")),
        volume("disk"),
        "shared-vms/disk",
        True,
        id="recorded-claim",
    ),
    pytest.param(
        session(record("DataVolume", "disk", "shared-vms", "t")),
        volume("disk"),
        "shared-vms/disk",
        True,
        id="claim-of-a-recorded-data-volume",
    ),
    pytest.param(
        session(record("Namespace", "mtv-target", test_name="t")),
        volume("any", "mtv-target"),
        "mtv-target/any",
        True,
        id="recorded-namespace-that-has-gone",
    ),
    pytest.param(session(), content("auto-ab12-s"), "VolumeSnapshot shared-vms/auto-ab12-s", False, id="content"),
    pytest.param(session(), content("auto-ab12-s", deleting="now"), "has gone", True, id="content-that-goes"),
    pytest.param(
        session(),
        obj("Pod", "virt-launcher-x", "shared-vms", owners=(LAUNCHER,)),
        "VirtualMachineInstance shared-vms/auto-ab12-vm",
        True,
        id="owner",
    ),
    pytest.param(session(), made("auto-ab12-rhel8"), f"Plan with uid {PLAN_UID}, by its label", False, id="plan-label"),
    pytest.param(session(), made("auto-ab12-rhel8", "migration"), "Migration with uid", False, id="migration-label"),
    pytest.param(
        session(record("VirtualMachine", "rhel8", "shared-vms", "t")),
        made("rhel8"),
        "by its label",
        False,
        id="recorded-and-of-a-plan-that-has-gone",
    ),
]


@pytest.mark.parametrize(("known", "target", "reason", "goes"), KEPT)
def test_nobody_can_tell(known: Session, target: Obj, reason: str, goes: bool) -> None:
    told = decide(known, target, HOME, namespaces=frozenset({"shared-vms"}))
    assert (told.status, told.ours) == (Status.KEPT, False)
    assert reason in told.reason
    assert told.test_name == ("t" if known.records else "")
    assert remnants.is_going(target, told) is goes
    item = kept_item(target, told)
    assert (item["cause"], item["next_step"].startswith("run the teardown again in a while")) == ("outlived", goes)
    assert item["rests_on"]


BYSTANDERS = [
    pytest.param(session(), volume(THEIRS), (), Status.OTHER, id="another-session"),
    pytest.param(session(), volume("disk"), (), Status.OTHER, id="a-name-of-nobody"),
    pytest.param(session(prefix=""), volume(), (), Status.OTHER, id="no-prefix"),
    pytest.param(session(), volume(created=BEFORE), (), Status.REFUSED, id="older-than-the-session"),
    pytest.param(session(), volume(claim_uid=""), (), Status.OTHER, id="reserved-for-a-claim-that-never-was"),
    pytest.param(
        session(),
        volume(phase="Bound"),
        (obj("PersistentVolumeClaim", OURS, "shared-vms", uid=CLAIM_UID),),
        Status.OTHER,
        id="its-claim-lives-and-is-judged",
    ),
    pytest.param(
        session(record("Namespace", "shared-vms")),
        volume("any"),
        (),
        Status.OTHER,
        id="recorded-namespace-that-is-there",
    ),
    pytest.param(
        session(record("PersistentVolumeClaim", "disk", "elsewhere")), volume("disk"), (), Status.OTHER, id="elsewhere"
    ),
    pytest.param(session(), content("auto-ab123-s"), (), Status.OTHER, id="content-of-another-session"),
    pytest.param(
        session(), obj("Pod", "x", "shared-vms", owners=(LAUNCHER,)), (LAUNCHER,), Status.OTHER, id="its-owner-lives"
    ),
    pytest.param(
        session(),
        obj("Secret", "x", "shared-vms", owners=(LAUNCHER, THEIR_VM)),
        (THEIR_VM,),
        Status.OTHER,
        id="somebody-else-owns-it-too",
    ),
    pytest.param(session(), made("rhel8"), (), Status.OTHER, id="of-a-plan-that-has-gone-and-called-otherwise"),
    pytest.param(
        session(),
        made("auto-ab12-rhel8"),
        (obj("Plan", "theirs", "mtv", uid=PLAN_UID),),
        Status.REFUSED,
        id="of-a-living-plan-of-others",
    ),
    pytest.param(session(), made("auto-ab12-rhel8", uid="gold"), (), Status.REFUSED, id="a-label-that-is-no-uid"),
    pytest.param(session(), made("auto-ab12-rhel8", created=BEFORE), (), Status.REFUSED, id="older-with-a-label"),
    pytest.param(session(), obj("VirtualMachine", "auto-ab12-x", "shared-vms"), (), Status.REFUSED, id="name-alone"),
]


@pytest.mark.parametrize(("known", "target", "others", "status"), BYSTANDERS)
def test_bystanders_are_none_of_it(known: Session, target: Obj, others: tuple[Obj, ...], status: Status) -> None:
    assert decide(known, target, HOME, *others, namespaces=frozenset({"shared-vms"})).status is status


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        pytest.param(volume(phase="Bound"), CLAIM, id="claims"),
        pytest.param(made("auto-ab12-rhel8"), PLAN, id="plans"),
        pytest.param(content("auto-ab12-s"), ("snapshot.storage.k8s.io", "VolumeSnapshot"), id="snapshots"),
    ],
)
def test_what_could_not_be_read_may_still_be_there(target: Obj, kind: tuple[str, str]) -> None:
    told = decide(session(), target, HOME, read=frozenset(), errors={(*kind, None): "403: forbidden"})
    assert told.status is Status.KEPT
    assert "nobody knows whether that is still there: 403: forbidden" in told.reason


def test_what_is_still_known_is_the_sessions() -> None:
    """Whoever kept the note of the run before deletes it."""
    known = session(lineage={CLAIM_UID: "t"})
    assert decide(known, volume(), HOME).status is Status.OWNED
