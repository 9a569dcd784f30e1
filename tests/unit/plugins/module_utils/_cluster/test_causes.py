# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each cause from what tells it, and from nothing less."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.causes import answers, table
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.causes.model import Evidence, Stuck
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import epoch
from ansible_collections.mtv.teardown.plugins.module_utils._next_step import Whose
from ansible_collections.mtv.teardown.tests.unit.plugins.build import obj

N = "auto-ab12"
THEN = "2026-01-01T12:00:00Z"
LONG = epoch(THEN) + 3600
TRUE = "True"


def is_(kind: str, category: str = "Advisory", message: str = "") -> dict[str, Any]:
    return {"type": kind, "status": TRUE, "category": category, "message": message}


def having(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"conditions": list(conditions)}


def seen(now: float = LONG, **more: Any) -> Evidence:
    return Evidence(now=now, **more)


def gone(kind: str, name: str = "x", namespace: str | None = N, **more: Any) -> Any:
    """An object that is being deleted."""
    return obj(kind, name, namespace, deleting=THEN, **more)


REF = {"plan": {"name": "p", "namespace": N}}
RUNNING = obj("Migration", "m", N, spec=REF, status=having(is_("Running")))
PROVIDER = obj(
    "Provider", "src", N, spec={"secret": {"name": "s", "namespace": N}}, status=having(is_("Ready", "Required"))
)
PLAN = obj("Plan", "p", N, uid="plan-uid", spec={"provider": {"source": {"name": "src", "namespace": N}}})
UNREADY = obj("Provider", "src", N, spec={"secret": {"name": "s", "namespace": N}})
LOST = obj(
    "Plan",
    "p",
    N,
    spec={"provider": {"source": {"name": "src", "namespace": N}}},
    status=having(is_("SourceProviderNotReady", "Critical")),
)
BLOCKED = obj("Plan", "p", N, status=having(is_("SourceProviderNotReady", "Critical")))
ARCHIVED = obj("Plan", "p", N, uid="plan-uid", status=having(is_("Archived")))
DV = obj("DataVolume", "d", N)
CLAIM = obj("PersistentVolumeClaim", "c", N, uid="claim-uid")
VM, VMI = obj("VirtualMachine", "v", N), obj("VirtualMachineInstance", "v", N)
LAUNCHER = gone("Pod", "virt-launcher-v", controller=VMI, spec={"nodeName": "n1"})
USER = obj("Pod", "u", N, spec={"volumes": [{"persistentVolumeClaim": {"claimName": "c"}}]})
SERVER = gone("OVAProviderServer", labels={"provider": "gone"}, finalizers=("forklift/ova-provider",))
HYPERV = gone("HyperVProviderServer", labels={"provider": "gone"}, finalizers=("forklift/hyperv-provider",))
CONVERSION = obj("Conversion", "k", N, labels={"plan": "plan-uid", "vmID": "vm-1"})
SNAPSHOT = obj("VolumeSnapshot", "s", N, spec={"source": {"persistentVolumeClaimName": "c"}})
ATTACHED = obj("VolumeAttachment", "a", spec={"source": {"persistentVolumeName": "pv"}, "nodeName": "n1"})
PVC_HELD, VM_HELD = ("kubernetes.io/pvc-protection",), ("kubevirt.io/virtualMachineControllerFinalize",)
FORBIDDEN = 'secrets "a" is forbidden: User "u" cannot delete resource "secrets" in API group "" in the namespace "n"'


def volume(phase: str, policy: str = "Delete", **more: Any) -> Any:
    spec = {"persistentVolumeReclaimPolicy": policy, "claimRef": {"namespace": N, "name": "c"}, "csi": {"driver": "d"}}
    return obj("PersistentVolume", "pv", spec=spec, status={"phase": phase, "message": "in use"}, **more)


SECRET = obj("Secret", "x", N)
# (cause, what it must name, the object, what was read, the server's answer)
CASES: list[tuple[str, str, Any, Evidence, str]] = [
    ("webhook-refuses", "no provider", SECRET, seen(), 'admission webhook "w.x" denied the request: no provider'),
    ("webhook-dead", "w.x", SECRET, seen(), '500: failed calling webhook "w.x": connection refused'),
    ("policy-refuses", "keep", SECRET, seen(), "ValidatingAdmissionPolicy 'keep' with binding 'b' denied request: no"),
    ("quota-refuses", "small", SECRET, seen(), "403 Forbidden: exceeded quota: small, requested: x"),
    ("forbidden", "delete secrets", SECRET, seen(), f"403 Forbidden for /x: {FORBIDDEN}"),
    ("unauthorized", "token", SECRET, seen(), "401 Unauthorized for /x: Unauthorized"),
    ("goes-with-namespace", "goes with its namespace", SECRET, seen(), answers.ALONG),
    ("kept-unread", "Plan: 500", SECRET, seen(), "kept, because what it holds could not all be read: Plan: 500"),
    ("unseen", "could not be read", SECRET, seen(), "it was not seen whether it has gone: its kind could not be read"),
    ("server-fails", "500", SECRET, seen(), "500 InternalError for /x: etcd"),
    ("forklift-controller-down", "forklift-controller", PLAN, seen(controllers={"forklift-controller": False}), ""),
    ("forklift-controller-down", "nobody", RUNNING, seen(controllers={"forklift-controller": False}), ""),
    ("forklift-controller-down", "nobody", SERVER, seen(controllers={"forklift-controller": False}), ""),
    ("plan-archived", "Plan p", RUNNING, seen(plans=(ARCHIVED,)), ""),
    ("plan-blocked", "SourceProviderNotReady", RUNNING, seen(plans=(BLOCKED,)), ""),
    ("secret-gone", f"{N}/s", PLAN, seen(providers=(PROVIDER,), secrets={(N, "s"): False}), ""),
    ("secret-gone", f"{N}/s", RUNNING, seen(plans=(PLAN,), providers=(PROVIDER,), secrets={(N, "s"): False}), ""),
    ("secret-gone", f"{N}/s", RUNNING, seen(plans=(LOST,), providers=(UNREADY,), secrets={(N, "s"): False}), ""),
    ("plan-blocked", "SourceProviderNotReady", RUNNING, seen(plans=(LOST,), secrets={(N, "s"): True}), ""),
    ("archive-not-answered", "runs", PLAN, seen(controllers={"forklift-controller": True}), ""),
    ("cancel-not-answered", "not seen", RUNNING, seen(plans=(PLAN,)), ""),
    ("cancel-not-answered", "the cancel", CONVERSION, seen(controllers={"forklift-controller": True}), ""),
    ("forklift-controller-down", "nobody", CONVERSION, seen(controllers={"forklift-controller": False}), ""),
    ("provider-server-stuck", "which its teardown needs", SERVER, seen(providers=()), ""),
    ("provider-server-stuck", "that alone does not stop it", HYPERV, seen(providers=()), ""),
    (
        "populator-holds-claim",
        "populator",
        gone("PersistentVolumeClaim", finalizers=("forklift.konveyor.io/populate-target-protection",)),
        seen(),
        "",
    ),
    ("prime-claim-in-use", "claim c", obj("PersistentVolumeClaim", "prime-claim-uid", N), seen(claims=(CLAIM,)), ""),
    (
        "conversion-recreates",
        "Conversion k",
        obj("Pod", "x", N, labels={"plan": "plan-uid", "vmID": "vm-1"}),
        seen(conversions=(CONVERSION,)),
        "",
    ),
    ("archived-not-cleaned", "Plan p", obj("Secret", "x", N, labels={"plan": "plan-uid"}), seen(plans=(ARCHIVED,)), ""),
    (
        "virt-controller-down",
        VM_HELD[0],
        gone("VirtualMachine", finalizers=VM_HELD),
        seen(controllers={"virt-controller": False}),
        "",
    ),
    (
        "node-gone",
        "n1 is not ready",
        gone("VirtualMachine", "v", finalizers=VM_HELD),
        seen(pods=(LAUNCHER,), nodes={"n1": False}),
        "",
    ),
    ("node-gone", "not in the cluster", LAUNCHER, seen(nodes={}), ""),
    ("grace-period", "30 s", LAUNCHER, seen(now=epoch(THEN) - 30, nodes={"n1": True}), ""),
    (
        "pod-hangs",
        "grace period is over",
        gone("VirtualMachineInstance", "v", finalizers=VM_HELD),
        seen(pods=(LAUNCHER,), nodes={"n1": True}),
        "",
    ),
    ("vm-recreates", "VirtualMachine v", obj("VirtualMachineInstance", "v", N, controller=VM), seen(owners=(VM,)), ""),
    (
        "snapshot-in-progress",
        "VolumeSnapshot s",
        gone("PersistentVolumeClaim", "c", finalizers=("snapshot.storage.kubernetes.io/pvc-as-source-protection",)),
        seen(snapshots=(SNAPSHOT,)),
        "",
    ),
    ("pod-uses-claim", "pod u", gone("PersistentVolumeClaim", "c", finalizers=PVC_HELD), seen(pods=(USER,)), ""),
    (
        "clone-in-progress",
        "cloning",
        gone("PersistentVolumeClaim", finalizers=("cdi.kubevirt.io/cloneSource",)),
        seen(),
        "",
    ),
    (
        "cdi-controller-down",
        "cdi-deployment",
        gone("PersistentVolumeClaim", finalizers=("cdi.kubevirt.io/importImageStream",)),
        seen(controllers={"cdi-deployment": False}),
        "",
    ),
    (
        "datavolume-recreates",
        "DataVolume d",
        obj("PersistentVolumeClaim", "d", N, controller=DV),
        seen(data_volumes=(DV,)),
        "",
    ),
    (
        "importer-recreated",
        "claim c",
        obj("Pod", "importer-c", N, controller=CLAIM, labels={"cdi.kubevirt.io": "importer"}),
        seen(claims=(CLAIM,)),
        "",
    ),
    ("volume-attached", "node n1", gone("PersistentVolume", "pv", None), seen(attachments=(ATTACHED,)), ""),
    ("volume-failed", "in use", volume("Failed"), seen(), ""),
    ("claim-holds-volume", f"{N}/c", volume("Bound"), seen(), ""),
    ("volume-retained", "Retain", volume("Released", "Retain"), seen(), ""),
    ("driver-deletes", "driver d", volume("Released"), seen(), ""),
    (
        "api-service-dead",
        "v1.dead",
        gone("Namespace", N, None, status=having(is_("NamespaceDeletionDiscoveryFailure"))),
        seen(dead_apis={"v1.dead": "x"}),
        "",
    ),
    (
        "namespace-content",
        "secrets. has 1",
        gone("Namespace", N, None, status=having(is_("NamespaceContentRemaining", message="secrets. has 1"))),
        seen(),
        "",
    ),
    ("namespace-content", "2 Pod", gone("Namespace", N, None), seen(contents={N: {"Pod": 2}}), ""),
    ("waits-for-dependents", "foreground", gone("Secret", finalizers=("foregroundDeletion",)), seen(), ""),
    (
        "controller-fails",
        "boom",
        gone("Secret", finalizers=("a.b/c",)),
        seen(events={"uid-Secret-auto-ab12-x": "boom"}),
        "",
    ),
    ("finalizer", "a.b/c", gone("Secret", finalizers=("a.b/c",)), seen(), ""),
    ("slow", "5 s", gone("ConfigMap"), seen(now=epoch(THEN) + 5), ""),
    ("finalizer", "pvc-protection", gone("PersistentVolumeClaim", finalizers=PVC_HELD), seen(), ""),
    (
        "made-anew",
        "Deployment",
        obj("Secret", "x", N, controller=obj("Deployment", "w", N)),
        seen(owners=(obj("Deployment", "w", N),)),
        "",
    ),
    ("not-asked", "nothing has asked", SECRET, seen(), ""),
    ("unknown", "nothing that was read", gone("ConfigMap"), seen(), ""),
]


@pytest.mark.parametrize(
    ("name", "named", "stuck", "evidence", "error"), CASES, ids=[f"{c[0]}-{c[2].kind}" for c in CASES]
)
def test_cause(name: str, named: str, stuck: Any, evidence: Evidence, error: str) -> None:
    cause = table.why(Stuck(stuck, evidence, error))
    assert cause.name == name
    assert named in cause.text
    assert cause.next_step


def test_every_function_has_a_case() -> None:
    """And each names one thing: no two of the first that tell are the same function for different names."""
    told = {tell for _n, _w, stuck, evidence, error in CASES if (tell := first(stuck, evidence, error))}
    assert {tell.__name__ for tell in table.CAUSES if tell not in told} == set()
    assert len({case[0] for case in CASES}) >= 40


def first(stuck: Any, evidence: Evidence, error: str) -> Any:
    return next((tell for tell in table.CAUSES if tell(Stuck(stuck, evidence, error)) is not None), None)


@pytest.mark.parametrize(
    "stuck",
    [
        PLAN,
        RUNNING,
        SERVER,
        gone("VirtualMachine", "v", finalizers=VM_HELD),
        gone("PersistentVolumeClaim", "c", finalizers=PVC_HELD),
        obj("PersistentVolumeClaim", "d", N, controller=DV),
        obj("Pod", "importer-c", N, controller=CLAIM, labels={"cdi.kubevirt.io": "importer"}),
        obj("VirtualMachineInstance", "v", N, controller=VM),
    ],
    ids=lambda stuck: stuck.kind,
)
def test_nothing_is_guessed(stuck: Any) -> None:
    """Where nothing could be read, no controller, node, pod or owner is blamed."""
    cause = table.why(Stuck(stuck, seen()))
    assert cause.name in {"archive-not-answered", "cancel-not-answered", "finalizer", "not-asked"}


HOLDERS = [
    ("prime-claim-in-use", obj("PersistentVolumeClaim", "prime-claim-uid", N), seen(claims=(CLAIM,))),
    (
        "conversion-recreates",
        obj("Pod", "x", N, labels={"plan": "plan-uid", "vmID": "vm-1"}),
        seen(conversions=(CONVERSION,)),
    ),
    ("vm-recreates", obj("VirtualMachineInstance", "v", N, controller=VM), seen(owners=(VM,))),
    (
        "snapshot-in-progress",
        gone("PersistentVolumeClaim", "c", finalizers=("snapshot.storage.kubernetes.io/pvc-as-source-protection",)),
        seen(snapshots=(SNAPSHOT,)),
    ),
    ("pod-uses-claim", gone("PersistentVolumeClaim", "c", finalizers=PVC_HELD), seen(pods=(USER,))),
    ("datavolume-recreates", obj("PersistentVolumeClaim", "d", N, controller=DV), seen(data_volumes=(DV,))),
    (
        "importer-recreated",
        obj("Pod", "importer-c", N, controller=CLAIM, labels={"cdi.kubevirt.io": "importer"}),
        seen(claims=(CLAIM,)),
    ),
    ("claim-holds-volume", volume("Bound"), seen()),
    (
        "made-anew",
        obj("Secret", "x", N, controller=obj("Deployment", "w", N)),
        seen(owners=(obj("Deployment", "w", N),)),
    ),
]


@pytest.mark.parametrize("whose", Whose)
@pytest.mark.parametrize(("name", "stuck", "evidence"), HOLDERS, ids=[case[0] for case in HOLDERS])
def test_what_to_do_about_a_holder_depends_on_whose_it_is(
    name: str, stuck: Any, evidence: Evidence, whose: Whose
) -> None:
    cause = table.why(Stuck(stuck, replace(evidence, whose=lambda *_which: whose)))
    assert cause.name == name
    words = {Whose.OURS: "it is the session's, too", Whose.OTHERS: "ask the owner of", Whose.UNKNOWN: "see whose"}
    assert [one for one in Whose if words[one] in cause.next_step] == [whose]
    assert "delete" not in cause.next_step and "run the teardown" not in cause.next_step


RUNS = {
    "not-asked": (SECRET, seen()),
    "archived-not-cleaned": (obj("Secret", "x", N, labels={"plan": "plan-uid"}), seen(plans=(ARCHIVED,))),
    "volume-retained": (volume("Released", "Retain"), seen()),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_is_told_only_to_who_may_delete_it(name: str) -> None:
    stuck, evidence = RUNS[name]
    told = {
        may: table.why(Stuck(stuck, replace(evidence, may={} if may is None else {stuck.uid: may}))).next_step
        for may in (True, False, None)
    }
    assert told[True].startswith("run the teardown")
    assert told[False].startswith("give the account the right to delete ")
    assert told[None].startswith("see whether the account may delete ")
    assert stuck.resource.key in told[False]


def test_more_time_is_told_where_it_was_short() -> None:
    young = gone("ConfigMap")
    now = epoch(THEN) + 5
    assert "mtv_teardown_stall_timeout" in table.why(Stuck(young, seen(now=now))).next_step
    assert "mtv_teardown_wait_timeout" in table.why(Stuck(young, seen(now=now, over=True))).next_step
