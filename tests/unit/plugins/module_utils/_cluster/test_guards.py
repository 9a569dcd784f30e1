# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each finalizer guards, and that nothing but a reading shows it to be gone, or the user's word where none can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import guards
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, Resource, from_item
from ansible_collections.mtv.teardown.tests.unit.plugins.build import RESOURCES, obj

NS = "auto-ab12"
EXTRA = {
    "Node": Resource("", "v1", "nodes", "Node", False),
    "Service": Resource("", "v1", "services", "Service", True),
}


def made(kind: str, name: str, namespace: str | None = NS, **more: Any) -> Obj:
    if kind in RESOURCES:
        return obj(kind, name, namespace, **more)
    meta = {"name": name, "namespace": namespace, "uid": f"uid-{name}", "labels": more.get("labels", {})}
    return from_item(EXTRA[kind], {"metadata": meta, "status": more.get("status", {}), "spec": {}})


def node(name: str, ready: str = "True") -> Obj:
    return made("Node", name, None, status={"conditions": [{"type": "Ready", "status": ready}]})


@dataclass(frozen=True)
class Case:
    """held: what hangs; there: what the finalizer guards, one way after the other; others: what is not of it."""

    finalizer: str
    held: Obj
    there: tuple[Obj, ...]
    others: tuple[Obj, ...] = ()


VM = obj("VirtualMachine", "vm", NS, uid="vm-1")
VMI = obj("VirtualMachineInstance", "vm", NS, uid="vmi-1", status={"nodeName": "n1", "activePods": {"p": "n2"}})
CLAIM = obj("PersistentVolumeClaim", "disk-0", NS, uid="claim-1", spec={"volumeName": "pv-1"})
VOLUME = obj("PersistentVolume", "pv-1", spec={"claimRef": {"namespace": NS, "name": "disk-0", "uid": "claim-1"}})
SNAPSHOT = obj("VolumeSnapshot", "snap", NS, uid="snap-1")
REF = {"volumeSnapshotRef": {"namespace": NS, "name": "snap", "uid": "snap-1"}}
CONTENT = obj("VolumeSnapshotContent", "content", uid="content-1", spec={**REF, "deletionPolicy": "Retain"})
PROVIDER = obj("Provider", "ova", NS, uid="provider-1")
SERVER = obj("OVAProviderServer", "ova-x", NS, uid="server-1", labels={"provider": "provider-1"})
ATTACHMENT = obj("VolumeAttachment", "a", spec={"source": {"persistentVolumeName": "pv-1"}, "nodeName": "n1"})
ELSEWHERE = obj("VolumeAttachment", "b", spec={"source": {"persistentVolumeName": "pv-2"}, "nodeName": "n1"})


def mounting(claim: str, **more: Any) -> Obj:
    return obj(
        "Pod",
        "user",
        more.pop("namespace", NS),
        spec={"volumes": [{"persistentVolumeClaim": {"claimName": claim}}]},
        **more,
    )


CASES = {
    "vm": Case(
        "kubevirt.io/virtualMachineControllerFinalize",
        VM,
        (
            obj("VirtualMachineInstance", "vm", NS),
            obj("VirtualMachineInstance", "other-name", NS, owners=(VM,)),
            obj("Pod", "virt-launcher-vm-x", NS, labels={"vm.kubevirt.io/name": "vm"}),
            obj("Pod", "virt-launcher-vm-y", NS, annotations={"kubevirt.io/domain": "vm"}),
        ),
        (
            obj("VirtualMachineInstance", "vm2", NS),
            obj("Pod", "virt-launcher-vm2-x", NS, labels={"vm.kubevirt.io/name": "vm2"}),
            obj("VirtualMachineInstance", "vm", "other"),
        ),
    ),
    "vmi": Case(
        "kubevirt.io/foregroundDeleteVirtualMachine",
        VMI,
        (
            obj("Pod", "virt-launcher-x", NS, owners=(VMI,)),
            obj("Pod", "virt-launcher-y", NS, labels={"kubevirt.io/created-by": "vmi-1"}, status={"phase": "Failed"}),
        ),
        (
            node("n1"),
            node("n2"),
            node("n3", "Unknown"),
            obj("Pod", "p", NS, labels={"kubevirt.io/created-by": "vmi-2"}),
        ),
    ),
    "pvc-protection": Case(
        "kubernetes.io/pvc-protection",
        CLAIM,
        (
            mounting("disk-0"),
            mounting("disk-0", status={"phase": "Succeeded"}),
            obj("Pod", "disk", NS, spec={"volumes": [{"name": "0", "ephemeral": {"volumeClaimTemplate": {}}}]}),
            ATTACHMENT,
        ),
        (mounting("disk2"), mounting("disk-0", namespace="other"), ELSEWHERE),
    ),
    "pv-protection": Case(
        "kubernetes.io/pv-protection",
        VOLUME,
        (obj("PersistentVolumeClaim", "other", NS, uid="x", spec={"volumeName": "pv-1"}), CLAIM, ATTACHMENT),
        (obj("PersistentVolumeClaim", "disk-0", NS, uid="claim-2", spec={"volumeName": "pv-2"}), ELSEWHERE),
    ),
    "attacher": Case("external-attacher/csi-vsphere-vmware-com", VOLUME, (ATTACHMENT,), (ELSEWHERE,)),
    "source-of-snapshot": Case(
        "snapshot.storage.kubernetes.io/pvc-as-source-protection",
        CLAIM,
        (
            obj("VolumeSnapshot", "s", NS, spec={"source": {"persistentVolumeClaimName": "disk-0"}}),
            obj(
                "VolumeSnapshot",
                "t",
                NS,
                spec={"source": {"persistentVolumeClaimName": "disk-0"}},
                status={"readyToUse": False},
            ),
        ),
        (
            obj(
                "VolumeSnapshot",
                "u",
                NS,
                spec={"source": {"persistentVolumeClaimName": "disk-0"}},
                status={"readyToUse": True},
            ),
            obj("VolumeSnapshot", "v", NS, spec={"source": {"persistentVolumeClaimName": "disk2"}}),
        ),
    ),
    "bound-snapshot": Case(
        "snapshot.storage.kubernetes.io/volumesnapshot-bound-protection",
        SNAPSHOT,
        (CONTENT, obj("VolumeSnapshotContent", "c2", spec={"volumeSnapshotRef": {"namespace": NS, "name": "snap"}})),
        (obj("VolumeSnapshotContent", "c3", spec={"volumeSnapshotRef": {"namespace": "other", "name": "snap"}}),),
    ),
    "restored-snapshot": Case(
        "snapshot.storage.kubernetes.io/volumesnapshot-as-source-protection",
        SNAPSHOT,
        (
            obj("PersistentVolumeClaim", "r", NS, spec={"dataSource": {"kind": "VolumeSnapshot", "name": "snap"}}),
            obj(
                "PersistentVolumeClaim",
                "r",
                "other",
                spec={"dataSourceRef": {"kind": "VolumeSnapshot", "name": "snap", "namespace": NS}},
            ),
        ),
        (
            obj("PersistentVolumeClaim", "r", "other", spec={"dataSource": {"kind": "VolumeSnapshot", "name": "snap"}}),
            obj(
                "PersistentVolumeClaim",
                "done",
                NS,
                spec={"dataSource": {"kind": "VolumeSnapshot", "name": "snap"}},
                status={"phase": "Bound"},
            ),
        ),
    ),
    "bound-content": Case(
        "snapshot.storage.kubernetes.io/volumesnapshotcontent-bound-protection",
        CONTENT,
        (SNAPSHOT, obj("VolumeSnapshot", "s", NS, status={"boundVolumeSnapshotContentName": "content"})),
        (obj("VolumeSnapshot", "snap", NS, uid="snap-2"),),
    ),
    "clone-source": Case(
        "cdi.kubevirt.io/cloneSource",
        CLAIM,
        (obj("Pod", "p", "other", labels={"cdi.kubevirt.io/storage.clone.cloneUniqeId": "claim-1-source-pod"}),),
        (obj("Pod", "q", "other", labels={"cdi.kubevirt.io/storage.clone.cloneUniqeId": "claim-2-source-pod"}),),
    ),
    "clone-parts": Case(
        "cdi.kubevirt.io/clonePopulator",
        CLAIM,
        tuple(
            obj(kind, "tmp", "other", labels={"cdi.kubevirt.io/OwnedByUID": "claim-1"})
            for kind in ("Pod", "PersistentVolumeClaim", "VolumeSnapshot")
        ),
        (obj("Pod", "tmp", "other", labels={"cdi.kubevirt.io/OwnedByUID": "claim-2"}),),
    ),
    "populated": Case(
        "forklift.konveyor.io/populate-target-protection",
        CLAIM,
        (
            obj("PersistentVolumeClaim", "prime-claim-1", NS),
            obj("Pod", "populate-claim-1", NS),
            obj("Pod", "importer-prime-claim-1", NS),
        ),
        (obj("PersistentVolumeClaim", "prime-claim-2", NS),),
    ),
    "provider": Case(
        "forklift/ova-provider",
        PROVIDER,
        (
            obj("OVAProviderServer", "s", "openshift-mtv", labels={"provider": "provider-1"}),
            obj("Deployment", "s", "openshift-mtv", labels={"provider": "provider-1"}),
            made("Service", "s", "openshift-mtv", labels={"provider": "provider-1"}),
            obj("PersistentVolume", "s", labels={"provider": "provider-1"}),
        ),
        (obj("OVAProviderServer", "t", "openshift-mtv", labels={"provider": "provider-2"}),),
    ),
    "server": Case(
        "forklift/ova-provider",
        SERVER,
        (
            obj("Deployment", "s", NS, owners=(SERVER,)),
            obj("Pod", "s", NS, labels={"ova-server": "server-1"}),
            obj("PersistentVolume", "s", labels={"provider": "provider-1"}),
        ),
        (obj("Deployment", "t", NS, labels={"ova-server": "server-2"}), obj("PersistentVolume", "t")),
    ),
    "job": Case(
        "batch.kubernetes.io/job-tracking",
        obj("Pod", "p", NS, owners=("job-1",)),
        (obj("Job", "j", NS, uid="job-1"),),
        (obj("Job", "j", NS, uid="job-2"),),
    ),
}


def reading(case: Case, *objects: Obj) -> dict[guards.Scope, tuple[Obj, ...] | str]:
    """As a server would list them: what stands in the scope."""
    guard = guards.guard_of(case.held, case.finalizer)
    assert guard is not None
    return {
        scope: tuple(o for o in objects if (o.group, o.kind) == scope[:2] and scope[2] in (None, o.namespace))
        for scope in guard.scopes(case.held)
    }


def nodes(case: Case) -> tuple[Obj, ...]:
    return (node("n1"), node("n2")) if case.held is VMI else ()


@pytest.mark.parametrize("name", CASES)
def test_gone_is_shown_by_reading(name: str) -> None:
    case = CASES[name]
    said = guards.proof(case.held, case.finalizer, False, reading(case, *nodes(case), *case.others))
    assert (said.gone, said.by, bool(said.rule)) == (True, "reading", True), said


@pytest.mark.parametrize("word", [False, True], ids=["read", "word"])
@pytest.mark.parametrize("name", CASES)
def test_what_is_there_is_not_gone_whatever_the_user_says(name: str, word: bool) -> None:
    case = CASES[name]
    for one in case.there:
        said = guards.proof(case.held, case.finalizer, word, reading(case, *nodes(case), *case.others, one))
        assert not said.gone and one.name in said.because, said


@pytest.mark.parametrize("name", CASES)
def test_what_was_not_read_is_not_gone_but_by_the_users_word(name: str) -> None:
    """Each of the scopes in turn: forbidden, and not asked for at all."""
    case = CASES[name]
    whole = reading(case, *nodes(case), *case.others)
    assert whole
    for scope in whole:
        for less in ({**whole, scope: "403 forbidden"}, {k: v for k, v in whole.items() if k != scope}):
            said = guards.proof(case.held, case.finalizer, False, less)
            assert not said.gone and scope[1] in said.because, said
            by_word = guards.proof(case.held, case.finalizer, True, less)
            assert (by_word.gone, by_word.by) == (True, "word") and scope[1] in by_word.because


@pytest.mark.parametrize("name", CASES)
def test_the_same_finalizer_on_another_kind_is_an_unknown_one(name: str) -> None:
    case = CASES[name]
    other = obj("Secret", "s", NS)
    assert not guards.proof(other, case.finalizer, False, reading(case)).gone
    assert guards.proof(other, case.finalizer, True, {}).by == "word"


def test_every_guard_has_a_case() -> None:
    covered = {guards.guard_of(case.held, case.finalizer) for case in CASES.values()}
    assert covered == set(guards.GUARDS)
    assert len({guard.rule for guard in guards.GUARDS}) == len(guards.GUARDS)


@pytest.mark.parametrize("state", ["False", "Unknown", None], ids=["down", "silent", "removed"])
def test_a_guest_on_a_node_of_which_nobody_hears_may_run_on(state: str | None) -> None:
    case = CASES["vmi"]
    there = [node("n2"), *([node("n1", state)] if state else [])]
    said = guards.proof(case.held, case.finalizer, False, reading(case, *there))
    assert not said.gone and "node n1" in said.because
    assert guards.proof(case.held, case.finalizer, True, reading(case, *there)).by == "word"


def test_a_snapshot_that_only_the_storage_knows_of_is_gone_by_word_alone() -> None:
    content = obj("VolumeSnapshotContent", "content", uid="content-1", spec={**REF, "deletionPolicy": "Delete"})
    case = Case(CASES["bound-content"].finalizer, content, ())
    assert not guards.proof(content, case.finalizer, False, reading(case)).gone
    assert guards.proof(content, case.finalizer, True, reading(case)).by == "word"


@pytest.mark.parametrize(
    ("kind", "finalizer"),
    [
        ("PersistentVolume", "external-provisioner.volume.kubernetes.io/finalizer"),
        ("PersistentVolume", "external-attacher"),
        ("PersistentVolume", "external-attacher2/x"),
        ("DataVolume", "cdi.kubevirt.io/dataVolumeFinalizer"),
        ("NetworkAttachmentDefinition", "k8s.ovn.org/user-defined-network-protection"),
        ("VirtualMachine", "kubevirt.io/virtualMachineControllerFinalize2"),
        ("Secret", "foregroundDeletion"),
        ("Secret", "example.com/held"),
    ],
)
def test_what_nobody_can_read_goes_by_word_alone(kind: str, finalizer: str) -> None:
    held = obj(kind, "x", NS)
    assert guards.guard_of(held, finalizer) is None
    assert not guards.proof(held, finalizer, False, {}).gone
    assert guards.proof(held, finalizer, True, {}).by == "word"
