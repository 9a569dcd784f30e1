# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why VMs, their instances and launcher pods stay. Rules: forklift.md 4."""

from __future__ import annotations

from ansible_collections.mtv.teardown.plugins.module_utils._cause import Finding, tells
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.causes.model import Stuck, Tells
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, epoch
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.order import KUBEVIRT

CONTROLLER = "virt-controller"
FINALIZERS = ("kubevirt.io/", "foregroundDeleteVirtualMachine")


@tells("virt-controller-down")
def controller_down(stuck: Stuck) -> Finding | None:
    if not stuck.seen.is_down(CONTROLLER) or not stuck.held_by(*FINALIZERS):
        return None
    return Finding(
        f"Deployment {CONTROLLER} has no pod that runs, and only it takes {stuck.held_by(*FINALIZERS)} off",
        f"bring {CONTROLLER} up (OpenShift Virtualization), then run the teardown again",
    )


@tells("node-gone")
def node_gone(stuck: Stuck) -> Finding | None:
    """Nobody but the node's kubelet can say that a pod has ended (kubevirt#10407, #4280)."""
    pod = _ending_pod(stuck)
    node = str(pod.spec("nodeName") or "") if pod is not None else ""
    if pod is None or not node or stuck.seen.nodes is None or stuck.seen.nodes.get(node):
        return None
    state = "is not ready" if node in stuck.seen.nodes else "is not in the cluster any more"
    return Finding(
        f"pod {pod.name} cannot end: its node {node} {state}",
        f"bring node {node} back, or when it is off for good remove it (or taint it "
        f"node.kubernetes.io/out-of-service); then run the teardown again",
    )


@tells("grace-period")
def grace_period(stuck: Stuck) -> Finding | None:
    """deletionTimestamp of a pod is when its grace ends."""
    pod = _ending_pod(stuck)
    left = epoch(pod.deleting) - stuck.seen.now if pod is not None else 0.0
    if pod is None or left <= 0:
        return None
    return Finding(
        f"pod {pod.name} has {left:.0f} s of its grace period left",
        f"wait {left:.0f} s and run the teardown again, with a longer mtv_teardown_stall_timeout",
    )


@tells("pod-hangs")
def pod_hangs(stuck: Stuck) -> Finding | None:
    pod = _ending_pod(stuck)
    if pod is None or pod.finalizers:
        return None
    return Finding(
        f"pod {pod.name} has not ended, though its grace period is over and its node is ready",
        f"see pod {pod.name} on node {pod.spec('nodeName') or '?'} (its kubelet; of a VM, virt-handler), then run "
        "the teardown again",
    )


@tells("vm-recreates")
def instance_recreated(stuck: Stuck) -> Finding | None:
    """A VM that runs makes its instance anew; an instance its launcher."""
    owner = next((o for o in stuck.obj.owners if o.controller and o.kind.startswith("VirtualMachine")), None)
    maker = stuck.seen.alive(owner.uid) if owner is not None else None
    if owner is None or maker is None or maker.deleting or stuck.obj.deleting:
        return None
    return Finding(f"{owner.kind} {owner.name} makes it anew while that lives", stuck.let_go(maker))


def _ending_pod(stuck: Stuck) -> Obj | None:
    """The pod that is to end: the object itself, or the launcher of the VM or instance."""
    if not stuck.obj.deleting:
        return None
    if stuck.is_a("", "Pod"):
        return stuck.obj
    if not stuck.is_a(KUBEVIRT, "VirtualMachine", "VirtualMachineInstance"):
        return None
    for pod in stuck.seen.pods:
        instance = next((o for o in pod.owners if o.kind == "VirtualMachineInstance"), None)
        if instance and instance.name == stuck.obj.name and pod.namespace == stuck.obj.namespace and pod.deleting:
            return pod
    return None


CAUSES: tuple[Tells, ...] = (controller_down, node_gone, grace_period, pod_hangs, instance_recreated)
