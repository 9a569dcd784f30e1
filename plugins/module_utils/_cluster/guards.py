# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What well-known finalizers guard, and what has to be read to show that it is gone. Pure.

A finalizer that is not here, or that stands on another kind, guards what only its author knows: then nothing but the
user's word for it counts. The same holds for what lies outside the cluster, such as the storage behind a volume
(external-provisioner.volume.kubernetes.io/finalizer): no reading of the cluster shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import volume_users
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.causes import storage
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, conditions, dig, listed
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.order import (
    FORKLIFT,
    KUBEVIRT,
    RBAC,
    SNAPSHOT_CONTENT,
)
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.volumes import bound_to, policy

Kind = tuple[str, str]
# API group, kind, namespace; None for the whole cluster.
Scope = tuple[str, str, "str | None"]
# What was read, or why it could not be.
Reading = Mapping[Scope, "tuple[Obj, ...] | str"]
Read = Mapping[Scope, "tuple[Obj, ...]"]

POD, CLAIM, VOLUME = ("", "Pod"), ("", "PersistentVolumeClaim"), ("", "PersistentVolume")
VM, VMI = (KUBEVIRT, "VirtualMachine"), (KUBEVIRT, "VirtualMachineInstance")
SNAPSHOT = ("snapshot.storage.k8s.io", "VolumeSnapshot")
NODE, JOB = ("", "Node"), ("batch", "Job")
ATTACHMENT = ("storage.k8s.io", "VolumeAttachment")
SERVERS = ((FORKLIFT, "OVAProviderServer"), (FORKLIFT, "HyperVProviderServer"))
# Of these no finalizer is ever removed: they hold what everybody has, or give rights that nobody should have to patch.
NEVER = frozenset(
    {
        ("", "Namespace"),
        ("project.openshift.io", "Project"),
        NODE,
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("apiregistration.k8s.io", "APIService"),
        *((RBAC, kind) for kind in ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")),
    }
)
_SNAPSHOTS = "snapshot.storage.kubernetes.io/"


@dataclass(frozen=True, slots=True)
class Left:
    """there: what is still there of what a finalizer guards; unknown: what the reading cannot tell."""

    there: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guard:
    """finalizers: whole names, or what they begin with, up to and with the slash; gone: what must be gone, for people;
    scopes: what has to be read of an object's surroundings; left: what is there of it."""

    rule: str
    finalizers: tuple[str, ...]
    kinds: tuple[Kind, ...]
    gone: str
    scopes: Callable[[Obj], Iterable[Scope]]
    left: Callable[[Obj, Read], Left]

    def is_about(self, kind: Kind, finalizer: str) -> bool:
        return kind in self.kinds and any(
            finalizer == one or (one.endswith("/") and finalizer.startswith(one)) for one in self.finalizers
        )


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether what a finalizer guards is gone. by: C(reading) or C(word); rule: which one; because: in words."""

    gone: bool
    because: str
    rule: str = ""
    by: str = ""


def guard_of(obj: Obj, finalizer: str) -> Guard | None:
    return next((guard for guard in GUARDS if guard.is_about((obj.group, obj.kind), finalizer)), None)


def proof(obj: Obj, finalizer: str, word: bool, reading: Reading) -> Proof:
    """What the reading shows counts most: a word does not make gone what is seen. What was not read is not gone, unless
    the user says so."""
    guard = guard_of(obj, finalizer)
    if guard is None:
        if word:
            return Proof(True, "the user says that what it guards is gone", "word", "word")
        return Proof(False, "what it guards is not known here: say guarded_is_gone for it, if you know that it is gone")
    there, unknown = _look(obj, guard, reading)
    if there:
        return Proof(False, f"what it guards is still there: {_some(there)}", guard.rule)
    if not unknown:
        return Proof(True, guard.gone, guard.rule, "reading")
    if word:
        return Proof(True, f"the user says that what it guards is gone; unknown: {_some(unknown)}", guard.rule, "word")
    return Proof(False, f"it is not shown that what it guards is gone: {_some(unknown)}", guard.rule)


def _look(obj: Obj, guard: Guard, reading: Reading) -> tuple[tuple[str, ...], tuple[str, ...]]:
    read: dict[Scope, tuple[Obj, ...]] = {}
    unread: list[str] = []
    for scope in guard.scopes(obj):
        answer = reading.get(scope, "it was not read")
        read[scope] = () if isinstance(answer, str) else answer
        if isinstance(answer, str):
            unread.append(f"{scope[1]} in {scope[2] or 'the cluster'}: {answer}")
    left = guard.left(obj, read)
    return left.there, (*unread, *left.unknown)


def _some(texts: tuple[str, ...]) -> str:
    more = f" … and {len(texts) - 3} more" if len(texts) > 3 else ""
    return "; ".join(texts[:3]) + more


# -- virtual machines: forklift.md 4, KubeVirt's vm.go and vmi/lifecycle.go ----------------------------------------


def _launchers(obj: Obj, pods: Iterable[Obj]) -> tuple[str, ...]:
    """Pods of the guest, by whatever says so."""
    return tuple(
        pod.shown
        for pod in pods
        if any(owner.uid == obj.uid for owner in pod.owners)
        or pod.labels.get("kubevirt.io/created-by") == obj.uid
        or obj.name in (pod.labels.get("vm.kubevirt.io/name"), pod.annotations.get("kubevirt.io/domain"))
    )


def _instances(obj: Obj, read: Read) -> Left:
    guests = [
        vmi.shown
        for vmi in read[(*VMI, obj.namespace)]
        if vmi.name == obj.name or any(owner.uid == obj.uid for owner in vmi.owners)
    ]
    return Left((*guests, *_launchers(obj, read[(*POD, obj.namespace)])))


def _guest(obj: Obj, read: Read) -> Left:
    """A pod that is gone from a node of which nobody hears may run on."""
    active = obj.status("activePods")
    names = {str(name) for name in (obj.status("nodeName"), *(active.values() if isinstance(active, Mapping) else ()))}
    names -= {"", "None"}
    ready = {
        node.name for node in read[(*NODE, None)] if str(conditions(node).get("Ready", {}).get("status")) == "True"
    }
    silent = tuple(f"node {name}, where it ran, is not ready" for name in sorted(names - ready))
    return Left(_launchers(obj, read[(*POD, obj.namespace)]), silent)


# -- claims and volumes: forklift.md 4, Kubernetes' and the CSI sidecars' own rules --------------------------------


def _claim_users(obj: Obj, read: Read) -> Left:
    pods = [pod.shown for pod in read[(*POD, obj.namespace)] if obj.name in _mounted(pod)]
    return Left((*pods, *_attached(str(obj.spec("volumeName") or ""), read)))


def _mounted(pod: Obj) -> set[str]:
    """A generic ephemeral volume has a claim of the pod's and its own name."""
    own = {f"{pod.name}-{one.get('name')}" for one in listed(pod.spec("volumes")) if dig(one, "ephemeral") is not None}
    return {*volume_users.claims_used(pod), *own}


def _attached(volume: str, read: Read) -> tuple[str, ...]:
    return tuple(
        f"{one.shown} on node {one.spec('nodeName')}"
        for one in read.get((*ATTACHMENT, None), ())
        if volume and one.spec("source", "persistentVolumeName") == volume
    )


def _volume_users(obj: Obj, read: Read) -> Left:
    namespace, _name, uid = bound_to(obj)
    claims = [
        claim.shown
        for claim in read.get((*CLAIM, namespace), ())
        if claim.uid == uid or claim.spec("volumeName") == obj.name
    ]
    return Left((*claims, *_attached(obj.name, read)))


def _of_claim(obj: Obj) -> Iterable[Scope]:
    """Of the claim that a volume is bound to: where it is."""
    namespace = bound_to(obj)[0]
    return [(*ATTACHMENT, None), *([(*CLAIM, namespace)] if namespace else [])]


# -- snapshots: external-snapshotter, pkg/utils/util.go -------------------------------------------------------------


def _snapshots_taken(obj: Obj, read: Read) -> Left:
    return Left(
        tuple(
            one.shown
            for one in read[(*SNAPSHOT, obj.namespace)]
            if one.spec("source", "persistentVolumeClaimName") == obj.name and one.status("readyToUse") is not True
        )
    )


def _contents(obj: Obj, read: Read) -> Left:
    return Left(
        tuple(
            one.shown
            for one in read[(*SNAPSHOT_CONTENT, None)]
            if bound_to(one)[2] == obj.uid or bound_to(one)[:2] == (obj.namespace, obj.name)
        )
    )


def _restored(obj: Obj, read: Read) -> Left:
    """Claims that are being made of it, from any namespace."""
    found = []
    for claim in read[(*CLAIM, None)]:
        for key in ("dataSource", "dataSourceRef"):
            source = claim.spec(key)
            place = dig(source, "namespace") or claim.namespace
            named = (dig(source, "kind"), dig(source, "name"), place) == (obj.kind, obj.name, obj.namespace)
            if named and claim.status("phase") != "Bound":
                found.append(claim.shown)
    return Left(tuple(dict.fromkeys(found)))


def _snapshot_of_content(obj: Obj, read: Read) -> Left:
    namespace, _name, uid = bound_to(obj)
    there = tuple(
        one.shown
        for one in read.get((*SNAPSHOT, namespace), ())
        if one.uid == uid or one.status("boundVolumeSnapshotContentName") == obj.name
    )
    kept = policy(obj) == "Retain"
    return Left(there, () if kept else ("its deletionPolicy is Delete, and only the storage says whether it is freed",))


# -- CDI and Forklift -----------------------------------------------------------------------------------------------


def _clone_source(obj: Obj, read: Read) -> Left:
    """CDI clone-controller.go: the pod that reads the source, in its namespace, for this claim."""
    label = "cdi.kubevirt.io/storage.clone.cloneUniqeId"  # as CDI spells it
    return Left(
        tuple(pod.shown for pod in read[(*POD, None)] if pod.labels.get(label, "").startswith(obj.uid) and obj.uid)
    )


def _clone_parts(obj: Obj, read: Read) -> Left:
    """CDI populators/clone-populator.go: what it makes on the way bears the claim's uid, in any namespace."""
    parts = (one for kind in (POD, CLAIM, SNAPSHOT) for one in read[(*kind, None)])
    return Left(tuple(one.shown for one in parts if one.labels.get("cdi.kubevirt.io/OwnedByUID") == obj.uid))


def _populating(obj: Obj, read: Read) -> Left:
    """Forklift's populator-machinery: prime claim and pod are in the namespace of the claim (forklift.md 2.2)."""
    names = {f"{word}-{obj.uid}" for word in ("prime", "populate", "importer-prime")}
    parts = (one for kind in (POD, CLAIM) for one in read[(*kind, obj.namespace)])
    return Left(tuple(one.shown for one in parts if one.name in names))


_SERVER_PARTS = (("apps", "Deployment"), ("", "Service"), POD, CLAIM)


def _provider_servers(obj: Obj, read: Read) -> Left:
    parts = (one for kind in (*SERVERS, *_SERVER_PARTS, VOLUME) for one in read[(*kind, None)])
    return Left(tuple(one.shown for one in parts if one.labels.get("provider") == obj.uid))


def _server_parts(obj: Obj, read: Read) -> Left:
    provider = obj.labels.get("provider") or "-"
    inside = [one for kind in _SERVER_PARTS for one in read[(*kind, obj.namespace)]]
    return Left(
        tuple(
            one.shown
            for one in (*inside, *read[(*VOLUME, None)])
            if any(owner.uid == obj.uid for owner in one.owners)
            or obj.uid in (one.labels.get("ova-server"), one.labels.get("hyperv-server"))
            or one.labels.get("provider") == provider
        )
    )


def _job(obj: Obj, read: Read) -> Left:
    owners = {owner.uid for owner in obj.owners}
    return Left(tuple(job.shown for job in read[(*JOB, obj.namespace)] if job.uid in owners))


def _here(*kinds: Kind) -> Callable[[Obj], Iterable[Scope]]:
    """In the namespace of the object."""
    return lambda obj: [(*kind, obj.namespace) for kind in kinds]


def _all(*kinds: Kind) -> Callable[[Obj], Iterable[Scope]]:
    """In the whole cluster."""
    return lambda _obj: [(*kind, None) for kind in kinds]


def _with(*parts: Callable[[Obj], Iterable[Scope]]) -> Callable[[Obj], Iterable[Scope]]:
    return lambda obj: [scope for part in parts for scope in part(obj)]


GUARDS: tuple[Guard, ...] = (
    Guard(
        "no-instance",
        ("kubevirt.io/virtualMachineControllerFinalize",),
        (VM,),
        "no VirtualMachineInstance of it and no pod of its guest is there",
        _here(VMI, POD),
        _instances,
    ),
    Guard(
        "no-guest",
        (
            "kubevirt.io/virtualMachineControllerFinalize",
            "kubevirt.io/foregroundDeleteVirtualMachine",
            "foregroundDeleteVirtualMachine",
        ),
        (VMI,),
        "no pod of its guest is there, and every node that it ran on is ready",
        _with(_here(POD), _all(NODE)),
        _guest,
    ),
    Guard(
        "claim-unused",
        (storage.PVC_PROTECTION,),
        (CLAIM,),
        "no pod mounts it, and no VolumeAttachment has its volume",
        _with(_here(POD), _all(ATTACHMENT)),
        _claim_users,
    ),
    Guard(
        "volume-unbound",
        (storage.PV_PROTECTION,),
        (VOLUME,),
        "the claim that it is bound to is gone, and no VolumeAttachment has it",
        _of_claim,
        _volume_users,
    ),
    Guard(
        "volume-detached",
        ("external-attacher/",),
        (VOLUME,),
        "no VolumeAttachment has it",
        _all(ATTACHMENT),
        lambda obj, read: Left(_attached(obj.name, read)),
    ),
    Guard(
        "no-snapshot-taken",
        (f"{_SNAPSHOTS}pvc-as-source-protection",),
        (CLAIM,),
        "no VolumeSnapshot is being taken of it",
        _here(SNAPSHOT),
        _snapshots_taken,
    ),
    Guard(
        "no-content",
        (f"{_SNAPSHOTS}volumesnapshot-bound-protection",),
        (SNAPSHOT,),
        "no VolumeSnapshotContent is bound to it",
        _all(SNAPSHOT_CONTENT),
        _contents,
    ),
    Guard(
        "no-restore",
        (f"{_SNAPSHOTS}volumesnapshot-as-source-protection",),
        (SNAPSHOT,),
        "no claim is being made of it",
        _all(CLAIM),
        _restored,
    ),
    Guard(
        "no-snapshot",
        (f"{_SNAPSHOTS}volumesnapshotcontent-bound-protection",),
        (SNAPSHOT_CONTENT,),
        "its VolumeSnapshot is gone, and its deletionPolicy is Retain",
        lambda obj: [(*SNAPSHOT, bound_to(obj)[0] or None)],
        _snapshot_of_content,
    ),
    Guard(
        "no-clone-source",
        ("cdi.kubevirt.io/cloneSource",),
        (CLAIM,),
        "no pod reads the source of its clone",
        _all(POD),
        _clone_source,
    ),
    Guard(
        "no-clone-parts",
        ("cdi.kubevirt.io/clonePopulator",),
        (CLAIM,),
        "no pod, claim or VolumeSnapshot bears its uid as that of a clone",
        _all(POD, CLAIM, SNAPSHOT),
        _clone_parts,
    ),
    Guard(
        "not-populated",
        ("forklift.konveyor.io/populate-target-protection",),
        (CLAIM,),
        "no prime claim and no populator pod of it is there",
        _here(POD, CLAIM),
        _populating,
    ),
    Guard(
        "no-provider-server",
        ("forklift/ova-provider", "forklift/hyperv-provider"),
        ((FORKLIFT, "Provider"),),
        "no server of it, and no Deployment, Service, Pod, claim or volume of one is there",
        _all(*SERVERS, *_SERVER_PARTS, VOLUME),
        _provider_servers,
    ),
    Guard(
        "no-server-parts",
        ("forklift/ova-provider", "forklift/hyperv-provider"),
        SERVERS,
        "no Deployment, Service, Pod, claim or volume of it is there",
        _with(_here(*_SERVER_PARTS), _all(VOLUME)),
        _server_parts,
    ),
    Guard(
        "job-gone",
        ("batch.kubernetes.io/job-tracking",),
        (POD,),
        "the Job that counts it is gone",
        _here(JOB),
        _job,
    ),
)
