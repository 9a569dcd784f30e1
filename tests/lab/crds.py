# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CRDs of the lab: slim ones made from one table, or the real ones where their files are at hand.

A slim CRD keeps what a client can notice (names, scope, versions, status subresource, required fields) and lets every
other field through.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Kind:
    """One row: what a slim CRD says about a kind."""

    group: str
    kind: str
    plural: str
    versions: tuple[str, ...]  # served ones, the stored one first
    status: bool = True  # has the status subresource
    required: tuple[str, ...] = ()  # fields that spec must have
    top: tuple[str, ...] = ()  # fields that the object itself must have
    short: tuple[str, ...] = ()
    scope: str = "Namespaced"

    @property
    def name(self) -> str:
        return f"{self.plural}.{self.group}"

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.versions[0]}"


def _forklift(kind: str, plural: str, *required: str) -> Kind:
    return Kind("forklift.konveyor.io", kind, plural, ("v1beta1",), required=required)


def _populator(kind: str, plural: str, short: str, *required: str) -> Kind:
    return Kind(
        "forklift.konveyor.io",
        kind,
        plural,
        ("v1beta1",),
        status=False,
        required=required,
        top=("spec",),
        short=(short, f"{short}s"),
    )


def _kubevirt(group: str, kind: str, plural: str, short: str, *required: str, status: bool = True) -> Kind:
    versions = ("v1", "v1alpha3") if group == "kubevirt.io" else ("v1beta1", "v1alpha1")
    return Kind(
        group, kind, plural, versions, status=status, required=required, top=("spec",), short=(short, f"{short}s")
    )


TABLE: tuple[Kind, ...] = (
    _forklift("Provider", "providers", "secret", "type"),
    _forklift("Plan", "plans", "map", "provider", "targetNamespace", "vms"),
    _forklift("Migration", "migrations", "plan"),
    _forklift("NetworkMap", "networkmaps", "map", "provider"),
    _forklift("StorageMap", "storagemaps", "map", "provider"),
    _forklift("Host", "hosts", "ipAddress", "provider", "secret"),
    _forklift("Hook", "hooks"),
    _forklift("Conversion", "conversions", "connection", "type", "vm"),
    _forklift("ForkliftController", "forkliftcontrollers"),
    _forklift("OVAProviderServer", "ovaproviderservers", "provider"),
    _forklift("HyperVProviderServer", "hypervproviderservers", "provider"),
    _populator("OvirtVolumePopulator", "ovirtvolumepopulators", "ovvp", "diskId", "engineSecretName", "engineUrl"),
    _populator("OpenstackVolumePopulator", "openstackvolumepopulators", "osvp", "identityUrl", "imageId", "secretName"),
    _populator(
        "VSphereXcopyVolumePopulator",
        "vspherexcopyvolumepopulators",
        "vxvp",
        "secretName",
        "storageVendorProduct",
        "vmId",
        "vmdkPath",
    ),
    _kubevirt("kubevirt.io", "VirtualMachine", "virtualmachines", "vm", "template"),
    _kubevirt("kubevirt.io", "VirtualMachineInstance", "virtualmachineinstances", "vmi", "domain", status=False),
    _kubevirt("kubevirt.io", "VirtualMachineInstanceMigration", "virtualmachineinstancemigrations", "vmim"),
    _kubevirt("snapshot.kubevirt.io", "VirtualMachineSnapshot", "virtualmachinesnapshots", "vmsnapshot", "source"),
    _kubevirt(
        "snapshot.kubevirt.io",
        "VirtualMachineSnapshotContent",
        "virtualmachinesnapshotcontents",
        "vmsnapshotcontent",
        "source",
    ),
    _kubevirt("snapshot.kubevirt.io", "VirtualMachineRestore", "virtualmachinerestores", "vmrestore", "target"),
    _kubevirt("export.kubevirt.io", "VirtualMachineExport", "virtualmachineexports", "vmexport", "source"),
    Kind("cdi.kubevirt.io", "DataVolume", "datavolumes", ("v1beta1",), top=("spec",), short=("dv", "dvs")),
    Kind("cdi.kubevirt.io", "VolumeImportSource", "volumeimportsources", ("v1beta1",), status=False, top=("spec",)),
    Kind(
        "k8s.cni.cncf.io",
        "NetworkAttachmentDefinition",
        "network-attachment-definitions",
        ("v1",),
        status=False,
        short=("net-attach-def",),
    ),
    Kind(
        "snapshot.storage.k8s.io",
        "VolumeSnapshot",
        "volumesnapshots",
        ("v1",),
        required=("source",),
        top=("spec",),
        short=("vs",),
    ),
    Kind(
        "snapshot.storage.k8s.io",
        "VolumeSnapshotContent",
        "volumesnapshotcontents",
        ("v1",),
        required=("deletionPolicy", "driver", "source", "volumeSnapshotRef"),
        top=("spec",),
        short=("vsc", "vscs"),
        scope="Cluster",
    ),
    Kind(
        "snapshot.storage.k8s.io",
        "VolumeSnapshotClass",
        "volumesnapshotclasses",
        ("v1",),
        status=False,
        top=("deletionPolicy", "driver"),
        short=("vsclass", "vsclasses"),
        scope="Cluster",
    ),
    Kind(
        "operators.coreos.com",
        "ClusterServiceVersion",
        "clusterserviceversions",
        ("v1alpha1",),
        required=("displayName", "install"),
        top=("spec",),
        short=("csv", "csvs"),
    ),
)


def _schema(kind: Kind) -> dict[str, Any]:
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    spec: dict[str, Any] = dict(anything)
    if kind.required:
        spec["required"] = list(kind.required)
    schema: dict[str, Any] = {**anything, "properties": {"spec": spec, "status": anything}}
    if kind.top:
        schema["required"] = list(kind.top)
    return schema


def slim(kind: Kind) -> dict[str, Any]:
    """Return the slim CRD of one row."""
    version: dict[str, Any] = {"served": True, "schema": {"openAPIV3Schema": _schema(kind)}}
    if kind.status:
        version["subresources"] = {"status": {}}
    metadata: dict[str, Any] = {"name": kind.name}
    if kind.group.endswith(".k8s.io"):
        # The API server takes CRDs of this protected group only with a word about their approval.
        metadata["annotations"] = {"api-approved.kubernetes.io": "unapproved, for tests only"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": {
            "group": kind.group,
            "scope": kind.scope,
            "names": {
                "kind": kind.kind,
                "listKind": f"{kind.kind}List",
                "plural": kind.plural,
                "singular": kind.kind.lower(),
                "shortNames": list(kind.short),
            },
            "versions": [{**version, "name": name, "storage": name == kind.versions[0]} for name in kind.versions],
        },
    }


def real_folder() -> Path | None:
    """Return the folder with real CRD files: $MTV_TEARDOWN_CRDS_DIR, else the one that may lie beside the checkout."""
    given = os.environ.get("MTV_TEARDOWN_CRDS_DIR")
    folder = Path(given) if given else CHECKOUT.parent / "shared" / "crds"
    return folder if folder.is_dir() else None


def read_real(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the CRDs of a folder by their name."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one reads 2 MB in 1 s instead of 10 s
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.yaml")):
        for document in yaml.load_all(path.read_text(encoding="utf-8"), Loader=loader):
            if document and document.get("kind") == "CustomResourceDefinition":
                document.pop("status", None)
                found[document["metadata"]["name"]] = document
    return found


def manifests(which: str) -> list[dict[str, Any]]:
    """Return every CRD of the lab; with ``real`` the real ones where there is a file, slim ones for the rest."""
    real: dict[str, dict[str, Any]] = {}
    if which == "real":
        folder = real_folder()
        if folder is None:
            raise FileNotFoundError("no folder with real CRDs: set MTV_TEARDOWN_CRDS_DIR")
        real = read_real(folder)
    return [real.get(kind.name) or slim(kind) for kind in TABLE]
