# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worlds there are: which migrations a session ran, and what else it left. Citations are forklift.md's sections."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PlanOf:
    """One plan of a session, with its one migration."""

    source: str  # a Provider's spec.type
    vms: tuple[str, ...]  # names of the base VMs that were cloned
    test: str
    warm: bool = False
    running: bool = False  # the migrated VMs are powered on
    outcome: str = "succeeded"
    disks: int = 1
    offload: bool = False
    lun: bool = False
    hooks: bool = False
    csi: bool = False  # the disks are on a class with a CSI driver


@dataclass(frozen=True)
class InspectionOf:
    """A Conversion of the suite's own, which inspects a base VM (`utilities/deep_inspection.py`)."""

    vm: str
    test: str
    namespace: str = ""  # the session's own by default


@dataclass(frozen=True)
class World:
    """One row."""

    text: str
    plans: tuple[PlanOf, ...] = ()
    suite: str = "new"  # which writes resources.json, unless the caller says otherwise
    target: str = ""  # the namespace of the migrated VMs; the session's own by default
    cinder: bool = False  # Cinder snapshots of the base VMs (7)
    extras: bool = False  # hook, service accounts, bindings, entries of unknown kinds
    source_vms: tuple[str, ...] = ()  # VMs in <prefix>-source-vms
    inspections: tuple[InspectionOf, ...] = ()
    live: bool = True  # false: nothing of it is on the cluster any more


# They differ from others in what lies in them, and not in how a session lies: tests/contract/test_worlds.py tears them
# down, and molecule.sh where they are named.
BY_PYTHON = ("csi", "empty", "failed", "hyperv", "ocp-source", "ova")
SHARED = "shared-vms"
OTHER_TEAM = "other-team"
VERSIONS = {
    "vsphere": "8.0.1",
    "openstack": "psi",
    "ovirt": "4.4.9",
    "ova": "nfs",
    "hyperv": "2022",
    "openshift": "4.20",
}

WORLDS: dict[str, World] = {
    "cold": World(
        "vSphere, cold: two plans, three VMs, two of them running",
        (
            PlanOf("vsphere", ("mtv-tests-rhel8", "mtv-win2022-3disks"), "test_sanity_cold", running=True, disks=2),
            PlanOf("vsphere", ("mtv-tests-rhel9",), "test_post_hook"),
        ),
    ),
    "warm": World(
        "vSphere, warm, its record written by the older suite: a VM entry per plan VM, every pod twice",
        (PlanOf("vsphere", ("mtv-rhel8-warm-sanity",), "test_sanity_warm", warm=True, running=True, disks=2),),
        suite="old",
    ),
    "failed": World(
        "the copy failed: DataVolumes, claims, importers and scratch space are left",
        (PlanOf("vsphere", ("mtv-tests-rhel8", "mtv-tests-ubuntu"), "test_cold_fails", outcome="failed", disks=2),),
    ),
    "running": World(
        "a migration is still running, and one has ended",
        (
            PlanOf("vsphere", ("mtv-tests-rhel8", "mtv-win2019"), "test_crashed", outcome="running", disks=2),
            PlanOf("vsphere", ("mtv-tests-rhel9",), "test_before_the_crash"),
        ),
    ),
    "copy-offload": World(
        "vSphere with copy-offload: claims named pvc-…, per-disk secrets, shared RBAC of the populator",
        (
            PlanOf("vsphere", ("xcopy-template-test",), "test_copyoffload_thin", running=True, disks=2, offload=True),
            PlanOf("vsphere", ("xcopy-template-test",), "test_copyoffload_fails", outcome="failed", offload=True),
        ),
    ),
    "populator-openstack": World(
        "OpenStack: populators, claims named by image ids, recorded Cinder snapshots",
        (
            PlanOf("openstack", ("mtv-tests-fedora",), "test_openstack_cold", running=True, disks=2),
            PlanOf("openstack", ("mtv-tests-rhel8",), "test_openstack_fails", outcome="failed"),
        ),
        cinder=True,
    ),
    "populator-ovirt": World(
        "oVirt: populators, and a direct LUN with its static volume",
        (
            PlanOf("ovirt", ("mtv-tests-rhel8",), "test_rhv_cold", running=True, disks=2, lun=True),
            PlanOf("ovirt", ("mtv-tests-rhel9",), "test_rhv_crashed", outcome="running"),
        ),
        suite="old",
    ),
    "ova": World(
        "OVA: static NFS volumes with reclaim policy Retain, and the provider's server",
        (PlanOf("ova", ("1nisim-rhel9-efi",), "test_ova_cold", running=True),),
    ),
    "shared-namespace": World(
        "the VMs went into a namespace that others use",
        (
            PlanOf("vsphere", ("mtv-tests-rhel8",), "test_target_namespace", running=True, disks=2),
            PlanOf("openstack", ("mtv-tests-fedora",), "test_target_namespace_fails", outcome="failed"),
        ),
        target=SHARED,
    ),
    "ocp-source": World(
        "OpenShift to OpenShift: running source VMs in <prefix>-source-vms",
        (PlanOf("openshift", ("vm-fedora-1", "vm-fedora-2"), "test_ocp_to_ocp", running=True),),
        source_vms=("vm-fedora-1", "vm-fedora-2"),
    ),
    "deep-inspection": World(
        "the suite's own DeepInspection of base VMs still runs, in its namespace and in one that others use",
        (PlanOf("vsphere", ("mtv-tests-rhel8",), "test_before_the_inspection", running=True),),
        inspections=(
            InspectionOf("mtv-tests-rhel8", "test_deep_inspection"),
            InspectionOf("mtv-win2022", "test_deep_inspection_shared", SHARED),
        ),
    ),
    "csi": World(
        "vSphere, the disks on a CSI class: CDI's populator; one copy still runs in a namespace that others use",
        (
            PlanOf("vsphere", ("mtv-tests-rhel8",), "test_csi_crashed", outcome="running", disks=2, csi=True),
            PlanOf("vsphere", ("mtv-tests-rhel9",), "test_csi_fails", outcome="failed", csi=True),
            PlanOf("vsphere", ("mtv-win2022",), "test_csi", running=True, csi=True),
        ),
        target=SHARED,
    ),
    "hyperv": World(
        "Hyper-V: static SMB volumes, and the provider's server",
        (PlanOf("hyperv", ("mtv-hyperv-rhel9",), "test_hyperv_cold", running=True),),
    ),
    "many": World(
        "three sources, hooks, bindings, cut names, a recorded namespace of others",
        (
            PlanOf("vsphere", ("mtv-tests-rhel8", "mtv-win2022"), "test_many_vsphere", running=True, hooks=True),
            PlanOf("openstack", ("mtv-tests-fedora",), "test_many_openstack", outcome="failed"),
            PlanOf("ova", ("a-base-vm-with-a-name-so-long-that-the-suite-cuts-it-from-the-left",), "test_many_ova"),
        ),
        suite="old",
        extras=True,
    ),
    "empty": World(
        "recorded, but nothing of it is left", (PlanOf("vsphere", ("mtv-tests-rhel8",), "test_gone"),), live=False
    ),
    "bulk": World("many plain objects (--size), no migration"),
}
