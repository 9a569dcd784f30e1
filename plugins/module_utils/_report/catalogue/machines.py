# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left for Forklift, KubeVirt, or a node."""

from __future__ import annotations

from ansible_collections.mtv.teardown.plugins.module_utils._report.catalogue.entry import ITS_EVENTS, THE_OBJECT, Entry
from ansible_collections.mtv.teardown.plugins.module_utils._report.catalogue.kubernetes import FORCED, TAKE_OFF

FIND_FORKLIFT = "kubectl get deployments --all-namespaces --field-selector metadata.name=forklift-controller"
_LOG = "kubectl logs --namespace openshift-mtv deployment/forklift-controller --all-containers --since 1h"
_UP = "kubectl scale --namespace openshift-mtv deployment/forklift-controller --replicas 1"
_PLANS = "kubectl get plans.forklift.konveyor.io,migrations.forklift.konveyor.io --all-namespaces"
_POPULATORS = ",".join(f"{kind}volumepopulators.forklift.konveyor.io" for kind in ("openstack", "ovirt"))
_SOURCE = (
    "What Forklift was doing on the source is not undone: a VM that it powered off stays off, and its snapshots stay "
    "on the source VM. Look at both by hand."
)

FORKLIFT = (
    Entry(
        "forklift-controller-down",
        "Forklift's controller does not run",
        "Deployment forklift-controller has no pod that is available.",
        "Cancel and archive are requests to this controller, and only it takes its finalizers off. Nobody answers.",
        "Bring it up again, in the namespace of the MTV operator (often openshift-mtv). Then run the teardown again.",
        look=(FIND_FORKLIFT, _LOG),
        commands=(_UP,),
        risk="Once it runs, it goes on with every Plan and Migration of the cluster, those of others too.",
    ),
    Entry(
        "plan-archived",
        "its Plan was archived while the Migration ran",
        "Condition Archived of the Plan, and Running of the Migration.",
        "Forklift does not process the cancel of a Migration whose Plan is archived: it says Running for ever.",
        "Delete the Migration (the teardown does it), and look at its source VM and its snapshots by hand.",
        look=(THE_OBJECT, _PLANS),
        risk=_SOURCE,
    ),
    Entry(
        "secret-gone",
        "the Secret of a Provider is gone",
        "A Provider of the Plan refers to a Secret that is not there.",
        "Without the credentials Forklift can neither cancel nor archive, and says so nowhere.",
        "Create the Secret again, with the same name and keys, and run the teardown again. Or let the teardown delete "
        "the object: what it left on the cluster is found by its labels.",
        look=(THE_OBJECT, "kubectl get providers.forklift.konveyor.io --all-namespaces"),
        risk=_SOURCE,
    ),
    Entry(
        "plan-blocked",
        "its Plan has a critical condition, so no cancel is processed",
        "Conditions of the Plan of category Critical, such as SourceProviderNotReady.",
        "Forklift does not touch the Migrations of a Plan while it has such a condition.",
        "Restore what the Plan refers to (provider, Secret, maps) and run the teardown again. Or delete the Migration, "
        "and look at its source VM and snapshots by hand.",
        look=(THE_OBJECT, _PLANS),
        risk=_SOURCE,
    ),
    Entry(
        "archive-not-answered",
        "Forklift has not archived the Plan",
        "Plan.spec.archived is true, condition Archived did not come, and the controller was not seen to be down.",
        "The controller is busy, hangs on a provider that does not answer, or fails.",
        "See what its log says of the Plan, then run the teardown again. The later phases delete what archiving would "
        "have removed.",
        look=(THE_OBJECT, FIND_FORKLIFT, _LOG),
    ),
    Entry(
        "cancel-not-answered",
        "Forklift has not answered the cancel",
        "The cancel stands in the object, its status still says that it runs, and the controller was not seen to be "
        "down.",
        "The controller is busy, hangs on a provider that does not answer, or fails.",
        "See what its log says of the object, then run the teardown again. Nothing is known about the source until it "
        "has ended: a VM may be off, a snapshot may be there.",
        look=(THE_OBJECT, FIND_FORKLIFT, _LOG),
    ),
    Entry(
        "provider-server-stuck",
        "the server of an OVA or Hyper-V Provider does not end",
        "Finalizer forklift/ova-provider or forklift/hyperv-provider.",
        "Forklift removes the pod, the claim and the volume of this server before it lets it go. That of OVA needs its "
        "Provider for that, which may be gone already.",
        "See the log of forklift-controller. When it cannot end it, the Deployment, Service, claim and volume of the "
        "server have to be removed by hand, and then the finalizer.",
        look=(THE_OBJECT, _LOG),
        commands=(TAKE_OFF,),
        risk=FORCED,
    ),
    Entry(
        "populator-holds-claim",
        "Forklift's populator still protects the claim",
        "Finalizer forklift.konveyor.io/populate-target-protection.",
        "The claim is being filled; or, in 2.10 and older, its populator went and forgot it (MTV-3353, fixed in 2.11).",
        "See whether the populator and its pod are gone. When they are, name the finalizer in "
        "mtv_teardown_remove_finalizers and run the teardown again, which looks at that too; or remove it by hand.",
        look=(
            THE_OBJECT,
            f"kubectl get {_POPULATORS} --all-namespaces",
        ),
        commands=(TAKE_OFF,),
        risk="While the populator still writes, its pod fails, and its storage may be left half full.",
    ),
    Entry(
        "prime-claim-in-use",
        "it is filled for a claim that lives",
        "Its name is prime- and the UID of a claim that is there and not being deleted.",
        "CDI or Forklift fills this claim and hands its volume to the other one. It goes with that.",
        "Let the teardown delete the other claim where that is the session's; ask its owner where it is not.",
        look=(THE_OBJECT, "kubectl get persistentvolumeclaims $within"),
    ),
    Entry(
        "conversion-recreates",
        "a Conversion that has not ended makes it again",
        "A Conversion with the same labels plan and vmID lives.",
        "Forklift makes the pod of a Conversion anew until that has ended.",
        "Delete the Conversion, if that may go.",
        look=(THE_OBJECT, "kubectl get conversions.forklift.konveyor.io --all-namespaces"),
    ),
    Entry(
        "archived-not-cleaned",
        "its Plan is archived, and Forklift has not removed it",
        "Condition Archived of the Plan whose UID its label plan has.",
        "Forklift says Archived whatever failed on the way.",
        "Run the teardown: it deletes what archiving left.",
        look=(THE_OBJECT, _LOG),
    ),
)

_VIRT = "kubectl get deployments --all-namespaces --field-selector metadata.name=virt-controller"
_NODES = "kubectl get nodes"
_PODS = "kubectl get pods $within --output wide"

MACHINES = (
    Entry(
        "virt-controller-down",
        "KubeVirt's controller does not run",
        "Deployment virt-controller has no pod that is available, and the object has a finalizer of KubeVirt.",
        "Only virt-controller takes that finalizer off.",
        "Bring it up (OpenShift Virtualization; often in openshift-cnv). Then run the teardown again.",
        look=(_VIRT, "kubectl get pods --all-namespaces --selector kubevirt.io=virt-controller"),
        commands=("kubectl scale --namespace openshift-cnv deployment/virt-controller --replicas 2",),
        risk="Once it runs, it goes on with every VM of the cluster, those of others too.",
    ),
    Entry(
        "node-gone",
        "the node of its pod is not ready, or gone",
        "The pod is being deleted, and its node is not Ready, or not in the cluster any more.",
        "Only the kubelet of the node can say that the pod has ended, and the VM with it.",
        "Bring the node back. When it is off for good, an administrator removes it or taints it "
        "node.kubernetes.io/out-of-service; its pods go then, those of others on it too.",
        look=(_NODES, _PODS),
        risk="If the node is only out of reach, its VMs still run. Their disks, attached elsewhere, are damaged "
        "for good. Be sure that it is powered off.",
    ),
    Entry(
        "grace-period",
        "its pod has some of its grace period left",
        "The deletionTimestamp of the pod is still to come.",
        "A guest gets time to shut down: three minutes by default, more if the VM says so.",
        "Wait, and run the teardown again, with a longer mtv_teardown_stall_timeout.",
        look=(_PODS,),
    ),
    Entry(
        "pod-hangs",
        "its pod does not end, though its time is over",
        "The grace period of the pod is over, it has no finalizer, and its node is ready.",
        "The kubelet cannot stop the container or unmount its volumes; of a VM, virt-handler may hang.",
        "See the pod's events and the node's kubelet (of a VM, the log of virt-handler there). Then run the teardown "
        "again.",
        look=(_PODS, ITS_EVENTS, _NODES),
        risk="Deleting the pod with --force only hides it: what runs on the node runs on, and holds its disks.",
    ),
    Entry(
        "vm-recreates",
        "a VM that lives makes it again",
        "Its owner reference to a VirtualMachine or an instance that is there and not being deleted.",
        "A VM that is to run makes its instance anew, and an instance its pod.",
        "Delete the VM, if that may go; not its instance or pod.",
        look=(THE_OBJECT, "kubectl get virtualmachines.kubevirt.io,virtualmachineinstances.kubevirt.io $within"),
    ),
)
