# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes kube-apiserver forward the groups of OpenShift's own API server to ours."""

from __future__ import annotations

import base64
import time
from pathlib import Path
from typing import Any

from tests.lab.kube import Api
from tests.lab.openshift.views import AUTHORIZATION, IMAGE, PROJECT

NAMESPACE, SERVICE = "openshift-apiserver", "api"
HOST = f"{SERVICE}.{NAMESPACE}.svc"
_APIS = "/apis/apiregistration.k8s.io/v1/apiservices"


def apply(api: Api, ca: Path, port: int, timeout: float = 240) -> None:
    """An APIService for each group, as openshift-apiserver-operator makes them (bindata/v3.11.0/…/apiservices), and
    the right to ask for a project that everybody has there. The Service is an external name: nothing routes here."""
    api.create("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    spec = {"type": "ExternalName", "externalName": "127.0.0.1"}
    api.create(f"/api/v1/namespaces/{NAMESPACE}/services", {"metadata": {"name": SERVICE}, "spec": spec})
    names = [f"v1.{group}" for group in (AUTHORIZATION, IMAGE, PROJECT)]
    for name in names:
        api.create(_APIS, _api_service(name, base64.b64encode(ca.read_bytes()).decode(), port))
    for path, body in _rights():
        api.create(path, body)
    deadline = time.monotonic() + timeout
    while not all(_available(api.request("GET", f"{_APIS}/{name}")) for name in names):
        if time.monotonic() > deadline:
            raise TimeoutError(f"the aggregated API is not available after {timeout:.0f} s")
        time.sleep(0.1)


def _api_service(name: str, ca_bundle: str, port: int) -> dict[str, Any]:
    version, _dot, group = name.partition(".")
    return {
        "metadata": {"name": name},
        "spec": {
            "group": group,
            "version": version,
            "service": {"namespace": NAMESPACE, "name": SERVICE, "port": port},
            "caBundle": ca_bundle,
            "groupPriorityMinimum": 9900,
            "versionPriority": 15,
        },
    }


def _available(service: dict[str, Any]) -> bool:
    conditions = service.get("status", {}).get("conditions") or []
    return any(c["type"] == "Available" and c["status"] == "True" for c in conditions)


def _rights() -> list[tuple[str, dict[str, Any]]]:
    """openshift-apiserver: pkg/bootstrappolicy/policy.go, basic-user and self-provisioner."""
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    rules = [
        {"apiGroups": [PROJECT], "resources": ["projectrequests"], "verbs": ["list", "create"]},
        {"apiGroups": [PROJECT], "resources": ["projects"], "verbs": ["list", "watch"]},
    ]
    name = {"metadata": {"name": "basic-user"}}
    group = "rbac.authorization.k8s.io"
    reference = {"apiGroup": group, "kind": "ClusterRole", "name": "basic-user"}
    subject = {"apiGroup": group, "kind": "Group", "name": "system:authenticated"}
    return [
        (f"{rbac}/clusterroles", {**name, "rules": rules}),
        (f"{rbac}/clusterrolebindings", {**name, "roleRef": reference, "subjects": [subject]}),
    ]
