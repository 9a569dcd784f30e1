# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lab's cluster holds before anybody uses it: storage, an installed MTV, and the rights of the lab's users."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.lab import crds
from tests.lab.kube import Api, ApiError
from tests.lab.openshift.kinds import KINDS
from tests.lab.operator.settings import CDI, CSI_CLASS, FORKLIFT, KUBEVIRT, POPULATOR

MTV_NAMESPACE = "openshift-mtv"
MTV_VERSION = "2.12.0"
VIRT_NAMESPACE = "openshift-cnv"
STORAGE_CLASS = "lab-storage"
_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_RBAC = "rbac.authorization.k8s.io"


def _csv() -> dict[str, Any]:
    """The installed operator as OLM shows it; must-gather takes its image from here."""
    return {
        "apiVersion": "operators.coreos.com/v1alpha1",
        "kind": "ClusterServiceVersion",
        "metadata": {"name": f"mtv-operator.v{MTV_VERSION}", "namespace": MTV_NAMESPACE},
        "spec": {
            "displayName": "Migration Toolkit for Virtualization Operator",
            "version": MTV_VERSION,
            "install": {"strategy": "deployment", "spec": {"deployments": []}},
            "relatedImages": [
                {"name": "controller", "image": f"registry.example.com/mtv/controller:{MTV_VERSION}"},
                {"name": "must_gather", "image": f"registry.example.com/mtv/must-gather:{MTV_VERSION}"},
            ],
        },
    }


def _objects() -> list[tuple[str, dict[str, Any]]]:
    """Return (path to create at, object), in order."""
    return [
        (
            f"/apis/{_RBAC}/v1/clusterrolebindings",
            {
                "metadata": {"name": "lab-teardown"},
                "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "cluster-admin"},
                "subjects": [{"apiGroup": _RBAC, "kind": "User", "name": "teardown"}],
            },
        ),
        _storage_class(STORAGE_CLASS, {"storageclass.kubernetes.io/is-default-class": "true"}),
        _storage_class(CSI_CLASS, {}),
        ("/api/v1/namespaces", {"metadata": {"name": MTV_NAMESPACE}}),
        (
            f"/apis/forklift.konveyor.io/v1beta1/namespaces/{MTV_NAMESPACE}/forkliftcontrollers",
            {
                "apiVersion": "forklift.konveyor.io/v1beta1",
                "kind": "ForkliftController",
                "metadata": {"name": "forklift-controller", "namespace": MTV_NAMESPACE},
                "spec": {},
            },
        ),
        (
            f"/apis/operators.coreos.com/v1alpha1/namespaces/{MTV_NAMESPACE}/clusterserviceversions",
            _csv(),
        ),
        ("/api/v1/namespaces", {"metadata": {"name": VIRT_NAMESPACE}}),
        *(_deployment(MTV_NAMESPACE, name) for name in (FORKLIFT, POPULATOR)),
        *(_deployment(VIRT_NAMESPACE, name) for name in (KUBEVIRT, CDI)),
    ]


def _storage_class(name: str, annotations: dict[str, str]) -> tuple[str, dict[str, Any]]:
    metadata = {"name": name, "annotations": annotations}
    fields = {"provisioner": "kubernetes.io/host-path", "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"}
    return "/apis/storage.k8s.io/v1/storageclasses", {"metadata": metadata, **fields}


def _deployment(namespace: str, name: str) -> tuple[str, dict[str, Any]]:
    """A controller's Deployment; the lab's operator is the pod behind it, and reports it as available."""
    labels = {"app": name}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "lab/image"}]}}
    return (
        f"/apis/apps/v1/namespaces/{namespace}/deployments",
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": namespace, "labels": labels},
            "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": pod},
        },
    )


def _established(crd: dict[str, Any]) -> bool:
    conditions = crd.get("status", {}).get("conditions") or []  # null at first
    return any(c["type"] == "Established" and c["status"] == "True" for c in conditions)


def _wait_established(api: Api, names: set[str], timeout: float = 180) -> None:
    deadline = time.monotonic() + timeout
    while True:
        found = api.request("GET", _CRDS)["items"]
        missing = names - {crd["metadata"]["name"] for crd in found if _established(crd)}
        if not missing:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"CRDs not established after {timeout:.0f} s: {', '.join(sorted(missing))}")
        time.sleep(0.1)


def _wait_served(api: Api, kinds: Iterable[crds.Kind], timeout: float = 180) -> None:
    """Wait until every kind answers: Established alone comes a moment before the handlers are there."""
    deadline = time.monotonic() + timeout
    for kind in kinds:
        while not _answers(api, f"/apis/{kind.api_version}/{kind.plural}?limit=1"):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{kind.name} is not served after {timeout:.0f} s")
            time.sleep(0.05)


def _answers(api: Api, path: str) -> bool:
    try:
        api.request("GET", path)
    except ApiError as exc:
        if exc.code not in {404, 503}:
            raise
        return False
    return True


def apply(api: Api, which: str, openshift: bool = False) -> None:
    """Make the CRDs (``slim`` or ``real``) and the objects of an empty cluster with MTV installed; of an OpenShift, the
    CRDs of its other kinds, too."""
    more = KINDS if openshift else ()
    definitions = [*crds.manifests(which), *map(crds.slim, more)]
    with ThreadPoolExecutor(4) as pool:  # one after the other they take three times as long
        list(pool.map(lambda crd: api.clone().create(_CRDS, crd), definitions))
    _wait_established(api, {crd["metadata"]["name"] for crd in definitions}, 120 if openshift else 30)
    _wait_served(api, (*crds.TABLE, *more))
    for path, body in _objects():
        api.create(path, body)
