# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds that the lab's operator and its worlds speak of, and their addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Obj = dict[str, Any]

FORKLIFT = "forklift.konveyor.io"


@dataclass(frozen=True)
class Kind:
    """One kind of object as the API server addresses it."""

    name: str
    group: str
    version: str
    plural: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str | None = None, name: str = "", sub: str = "") -> str:
        """The URL path of the collection, of one object or of its subresource."""
        parts = ["/apis", self.group, self.version] if self.group else ["/api", self.version]
        if self.namespaced and namespace:
            parts += ["namespaces", namespace]
        parts += [self.plural, name, sub]
        return "/".join(part for part in parts if part)


def _table() -> dict[str, Kind]:
    core = "v1"
    rows = [
        Kind("Namespace", "", core, "namespaces", False),
        Kind("Node", "", core, "nodes", False),
        Kind("PersistentVolume", "", core, "persistentvolumes", False),
        Kind("PersistentVolumeClaim", "", core, "persistentvolumeclaims"),
        Kind("Pod", "", core, "pods"),
        Kind("Secret", "", core, "secrets"),
        Kind("ConfigMap", "", core, "configmaps"),
        Kind("Service", "", core, "services"),
        Kind("ServiceAccount", "", core, "serviceaccounts"),
        Kind("LimitRange", "", core, "limitranges"),
        Kind("Job", "batch", "v1", "jobs"),
        Kind("Deployment", "apps", "v1", "deployments"),
        Kind("ControllerRevision", "apps", "v1", "controllerrevisions"),
        Kind("NetworkPolicy", "networking.k8s.io", "v1", "networkpolicies"),
        Kind("PodDisruptionBudget", "policy", "v1", "poddisruptionbudgets"),
        Kind("Role", "rbac.authorization.k8s.io", "v1", "roles"),
        Kind("RoleBinding", "rbac.authorization.k8s.io", "v1", "rolebindings"),
        Kind("ClusterRole", "rbac.authorization.k8s.io", "v1", "clusterroles", False),
        Kind("ClusterRoleBinding", "rbac.authorization.k8s.io", "v1", "clusterrolebindings", False),
        Kind("NetworkAttachmentDefinition", "k8s.cni.cncf.io", "v1",
             "network-attachment-definitions"),
        Kind("VirtualMachine", "kubevirt.io", "v1", "virtualmachines"),
        Kind("VirtualMachineInstance", "kubevirt.io", "v1", "virtualmachineinstances"),
        Kind("DataVolume", "cdi.kubevirt.io", "v1beta1", "datavolumes"),
        Kind("VolumeImportSource", "cdi.kubevirt.io", "v1beta1", "volumeimportsources"),
    ]  # fmt: skip
    forklift = {
        "Provider": "providers",
        "Plan": "plans",
        "Migration": "migrations",
        "NetworkMap": "networkmaps",
        "StorageMap": "storagemaps",
        "Host": "hosts",
        "Hook": "hooks",
        "Conversion": "conversions",
        "ForkliftController": "forkliftcontrollers",
        "OVAProviderServer": "ovaproviderservers",
        "HyperVProviderServer": "hypervproviderservers",
        "OvirtVolumePopulator": "ovirtvolumepopulators",
        "OpenstackVolumePopulator": "openstackvolumepopulators",
        "VSphereXcopyVolumePopulator": "vspherexcopyvolumepopulators",
    }
    rows += [Kind(name, FORKLIFT, "v1beta1", plural) for name, plural in forklift.items()]
    return {row.name: row for row in rows}


KINDS: dict[str, Kind] = _table()


def manifest(
    kind: str,
    name: str,
    namespace: str | None = None,
    *,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    owners: list[Obj] | None = None,
    **content: Any,
) -> Obj:
    """A manifest of a known kind; `content` holds spec, data and the like."""
    metadata: Obj = {"name": name}
    if namespace and KINDS[kind].namespaced:
        metadata["namespace"] = namespace
    if labels:
        metadata["labels"] = labels
    if annotations:
        metadata["annotations"] = annotations
    if owners:
        metadata["ownerReferences"] = owners
    return {
        "apiVersion": KINDS[kind].api_version,
        "kind": kind,
        "metadata": metadata,
        **content,
    }


def owner(obj: Obj, *, controller: bool = True, block: bool = True) -> Obj:
    """An owner reference to a live object."""
    reference: Obj = {
        "apiVersion": obj["apiVersion"],
        "kind": obj["kind"],
        "name": obj["metadata"]["name"],
        "uid": obj["metadata"]["uid"],
    }
    if controller:
        reference["controller"] = True
    if block:
        reference["blockOwnerDeletion"] = True
    return reference


def deleting(obj: Obj) -> bool:
    """True once somebody asked for the object's end."""
    return "deletionTimestamp" in obj["metadata"]


def meta(obj: Obj, field: str) -> dict[str, str]:
    """Labels or annotations, never None."""
    return obj["metadata"].get(field) or {}
