# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which order kinds are deleted, and which kinds a migration makes.

The order and the reason for each edge: forklift.md 3.5 (Forklift's webhooks and controllers need Provider, Secret
and maps while Plans live; PVCs in use hang on pvc-protection; a living DataVolume re-creates its PVC).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

FORKLIFT = "forklift.konveyor.io"
KUBEVIRT = "kubevirt.io"
CDI = "cdi.kubevirt.io"
RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True, slots=True)
class Step:
    """Kinds whose deletes are issued together. phase: the role that does it."""

    phase: str
    name: str
    kinds: frozenset[tuple[str, str]]


def _step(phase: str, name: str, *kinds: str) -> Step:
    """kinds are written Kind.group, with no group for the core."""
    parsed = [kind.partition(".") for kind in kinds]
    return Step(phase, name, frozenset((group, kind) for kind, _dot, group in parsed))


VMS, RESOURCES, NAMESPACES = "migrated_vms", "openshift_resources", "namespaces"

STEPS: tuple[Step, ...] = (
    _step(
        VMS,
        "virtual machines",
        f"VirtualMachine.{KUBEVIRT}",
    ),
    _step(
        RESOURCES,
        "virtual machine instances, snapshots and exports",
        f"VirtualMachineInstance.{KUBEVIRT}",
        f"VirtualMachineInstanceMigration.{KUBEVIRT}",
        "VirtualMachineSnapshot.snapshot.kubevirt.io",
        "VirtualMachineRestore.snapshot.kubevirt.io",
        "VirtualMachineExport.export.kubevirt.io",
        "VolumeSnapshot.snapshot.storage.k8s.io",
    ),
    _step(RESOURCES, "data volumes", f"DataVolume.{CDI}"),
    _step(RESOURCES, "conversions", f"Conversion.{FORKLIFT}"),
    # Workloads before pods, or they make the pods anew; claims with their pods, for each waits for the other.
    _step(
        RESOURCES, "workloads", "Job.batch", "CronJob.batch", "Deployment.apps", "StatefulSet.apps", "DaemonSet.apps"
    ),
    _step(
        RESOURCES,
        "pods, populators and claims",
        "Pod",
        "ReplicaSet.apps",
        f"OvirtVolumePopulator.{FORKLIFT}",
        f"OpenstackVolumePopulator.{FORKLIFT}",
        f"VSphereXcopyVolumePopulator.{FORKLIFT}",
        "PersistentVolumeClaim",
    ),
    _step(RESOURCES, "migrations", f"Migration.{FORKLIFT}"),
    _step(RESOURCES, "plans", f"Plan.{FORKLIFT}"),
    _step(
        RESOURCES,
        "maps, hosts and hooks",
        f"StorageMap.{FORKLIFT}",
        f"NetworkMap.{FORKLIFT}",
        f"Host.{FORKLIFT}",
        f"Hook.{FORKLIFT}",
    ),
    _step(RESOURCES, "providers", f"Provider.{FORKLIFT}"),
    _step(
        RESOURCES,
        "provider servers",
        f"OVAProviderServer.{FORKLIFT}",
        f"HyperVProviderServer.{FORKLIFT}",
    ),
    # Secrets after providers (their controllers reconnect with them), networks after all pods, then what is left.
    _step(RESOURCES, "secrets, networks and the rest"),
)
REST = STEPS[-1]
NAMESPACE_STEP = _step(NAMESPACES, "namespaces", "Namespace")
VOLUME_STEP = _step(NAMESPACES, "released volumes", "PersistentVolume", "VolumeSnapshotContent.snapshot.storage.k8s.io")
# What else the cluster holds outside namespaces; nothing in a namespace needs it any more.
CLUSTER_STEP = _step(NAMESPACES, "objects of the cluster")
# Last of all: these may be what lets us delete the rest. Those in a namespace of the session go with it.
RIGHTS_STEP = _step(
    NAMESPACES, "rights", f"RoleBinding.{RBAC}", f"Role.{RBAC}", f"ClusterRoleBinding.{RBAC}", f"ClusterRole.{RBAC}"
)

_PLACED = {kind: step for step in (*STEPS, NAMESPACE_STEP, VOLUME_STEP, RIGHTS_STEP) for kind in step.kinds}

# What only a migration, KubeVirt or CDI makes: in a shared namespace a name or a record says nothing of these.
LINEAGE_KINDS = frozenset(
    {
        ("", "Pod"),
        ("", "PersistentVolumeClaim"),
        ("", "PersistentVolume"),
        ("batch", "Job"),
        (KUBEVIRT, "VirtualMachine"),
        (KUBEVIRT, "VirtualMachineInstance"),
        (CDI, "DataVolume"),
        (CDI, "VolumeImportSource"),
        (FORKLIFT, "OvirtVolumePopulator"),
        (FORKLIFT, "OpenstackVolumePopulator"),
        (FORKLIFT, "VSphereXcopyVolumePopulator"),
        (FORKLIFT, "OVAProviderServer"),
        (FORKLIFT, "HyperVProviderServer"),
    }
)
# Where lineage is looked for in a namespace that is not the session's own (forklift.md 2.2).
SHARED_KINDS = LINEAGE_KINDS | frozenset(
    {
        ("", "Secret"),
        ("", "ConfigMap"),
        ("", "Service"),
        ("apps", "Deployment"),
        ("apps", "ReplicaSet"),
        ("apps", "ControllerRevision"),
        (KUBEVIRT, "VirtualMachineInstanceMigration"),
        ("snapshot.kubevirt.io", "VirtualMachineSnapshot"),
        ("export.kubevirt.io", "VirtualMachineExport"),
        # Migrations make them, and tests do that inspect a VM.
        (FORKLIFT, "Conversion"),
        (FORKLIFT, "NetworkMap"),
        (FORKLIFT, "StorageMap"),
        (FORKLIFT, "Host"),
        (FORKLIFT, "Hook"),
    }
)
_KNOWN = frozenset(_PLACED) | SHARED_KINDS
# What the server of an OVA or Hyper-V provider is made of (forklift.md 2.2), and which providers have one.
SERVED_PROVIDERS = ("ova", "hyperv")
SERVER_KINDS = frozenset(
    {
        (FORKLIFT, "OVAProviderServer"),
        (FORKLIFT, "HyperVProviderServer"),
        ("apps", "Deployment"),
        ("apps", "ReplicaSet"),
        ("", "Pod"),
        ("", "Service"),
        ("", "PersistentVolumeClaim"),
    }
)
# Read whole, in all namespaces where that is allowed: they say where else to look.
ROOT_KINDS = tuple((FORKLIFT, kind) for kind in ("Provider", "Plan", "Migration", "Conversion"))
# And where migrated VMs are. With a record it is known where to look, so then the whole cluster need not be read.
SEARCHED_KINDS = (*ROOT_KINDS, (KUBEVIRT, "VirtualMachine"))
# Cluster-scoped kinds that every look reads: PVs by claim, the others by name (the suite binds roles).
CLUSTER_KINDS = (("", "Namespace"), ("", "PersistentVolume"), (RBAC, "ClusterRoleBinding"))
SNAPSHOT_CONTENT = ("snapshot.storage.k8s.io", "VolumeSnapshotContent")
CONSTRAINTS = ("security.openshift.io", "SecurityContextConstraints")
# Read whole in shared and cluster scopes because a decision needs more than metadata.
WHOLE_KINDS = frozenset(
    {
        *ROOT_KINDS,
        ("", "Namespace"),
        ("", "PersistentVolume"),
        (RBAC, "ClusterRoleBinding"),
        SNAPSHOT_CONTENT,
        CONSTRAINTS,
    }
)
# What may use a claim: its volumes, or those of the pods that it is going to make. In a shared namespace whoever of
# others uses a claim keeps it from being deleted, also while nothing runs.
USER_KINDS = frozenset(
    {
        ("", "Pod"),
        ("apps", "Deployment"),
        ("apps", "ReplicaSet"),
        ("apps", "StatefulSet"),
        ("apps", "DaemonSet"),
        ("batch", "Job"),
        ("batch", "CronJob"),
        (KUBEVIRT, "VirtualMachine"),
        (KUBEVIRT, "VirtualMachineInstance"),
        (KUBEVIRT, "VirtualMachineInstanceReplicaSet"),
        ("pool.kubevirt.io", "VirtualMachinePool"),
    }
)
# What a VM has its disks on. A DataVolume has the name of its claim, and makes it anew while it lives.
CLAIM_KINDS = (("", "PersistentVolumeClaim"), (CDI, "DataVolume"))
# Cluster-scoped kinds that tests make, and that nothing but their name can show: there a name owns (forklift.md 5,
# point 7). Of every other kind an object with the session's name is told, and left alone.
NAMED_KINDS = frozenset(
    {
        (RBAC, "ClusterRole"),
        (RBAC, "ClusterRoleBinding"),
        ("storage.k8s.io", "StorageClass"),
        ("snapshot.storage.k8s.io", "VolumeSnapshotClass"),
        ("scheduling.k8s.io", "PriorityClass"),
        ("instancetype.kubevirt.io", "VirtualMachineClusterInstancetype"),
        ("instancetype.kubevirt.io", "VirtualMachineClusterPreference"),
        ("migrations.kubevirt.io", "MigrationPolicy"),
        CONSTRAINTS,
    }
)
# Bindings that Forklift keeps for all sessions, with a subject for each namespace it ever copied to (forklift.md 2.2).
FORKLIFT_BINDINGS = frozenset({"populator-pv-reader-binding"})
# Cluster-scoped kinds that only the cluster itself makes, for each node, volume or login: no test's, and many.
CLUSTER_FURNITURE_KINDS = frozenset(
    {
        ("", "ComponentStatus"),
        ("", "Node"),
        ("storage.k8s.io", "CSINode"),
        ("storage.k8s.io", "VolumeAttachment"),
        ("resource.k8s.io", "ResourceSlice"),
        ("networking.k8s.io", "IPAddress"),
        ("metrics.k8s.io", "NodeMetrics"),
        ("config.openshift.io", "ClusterOperator"),
        ("config.openshift.io", "ClusterVersion"),
        ("image.openshift.io", "Image"),
        ("oauth.openshift.io", "OAuthAccessToken"),
        ("oauth.openshift.io", "OAuthAuthorizeToken"),
        ("oauth.openshift.io", "UserOAuthAccessToken"),
    }
)
# Groups that store nothing: their kinds are made from others at the moment they are asked for.
PROJECTED_GROUPS = frozenset(
    {"metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io", "packages.operators.coreos.com"}
)


def step_of(group: str, kind: str, namespaced: bool = True) -> Step:
    """The step that deletes this kind; kinds without an edge of their own come last, those outside namespaces after
    them."""
    return _PLACED.get((group, kind), REST if namespaced else CLUSTER_STEP)


def known_kinds() -> frozenset[tuple[str, str]]:
    """Kinds that a rule of this file names."""
    return _KNOWN


def is_known(group: str, kind: str) -> bool:
    """True for kinds that a rule of this file names."""
    return (group, kind) in _KNOWN


def is_known_group(group: str) -> bool:
    """True for API groups of such kinds."""
    return group in {known for known, _kind in _KNOWN}


def steps_of(phase: str) -> tuple[Step, ...]:
    """The steps of a role, in order."""
    if phase == NAMESPACES:
        return (NAMESPACE_STEP, VOLUME_STEP, CLUSTER_STEP, RIGHTS_STEP)
    return tuple(step for step in STEPS if step.phase == phase)


def goes_along(group: str, kind: str, namespace: str | None, namespaces: Collection[str]) -> bool:
    """True for rights inside a namespace that is deleted: without them nothing else in it could be."""
    return namespace in namespaces and step_of(group, kind) is RIGHTS_STEP
