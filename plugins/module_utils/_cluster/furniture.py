# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a namespace has by itself: it goes with the namespace, is no leftover, and is no sign of somebody else.

By metadata alone, so what a name does not settle is settled by who made it and when.
"""

from __future__ import annotations

from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, epoch
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.order import RBAC

# Kinds that the cluster keeps in every namespace for itself.
KINDS = frozenset(
    {
        ("", "Event"),
        ("events.k8s.io", "Event"),
        ("", "Endpoints"),
        ("discovery.k8s.io", "EndpointSlice"),
        ("coordination.k8s.io", "Lease"),
        ("operators.coreos.com", "ClusterServiceVersion"),
        ("packages.operators.coreos.com", "PackageManifest"),
        ("metrics.k8s.io", "PodMetrics"),
    }
)
_NAMES = {
    # kubernetes: pkg/controller/certificates/rootcacertpublisher; OpenShift's build publishes its service CA likewise
    # tektoncd/operator: pkg/reconciler/openshift/tektonconfig/rbac.go (config-*-cabundle, pipeline, its two bindings)
    # opendatahub-operator: internal/controller/services/certconfigmapgenerator; istio: pilot/…/namespacecontroller.go
    ("", "ConfigMap"): (
        "kube-root-ca.crt",
        "openshift-service-ca.crt",
        "config-service-cabundle",
        "config-trusted-cabundle",
        "odh-trusted-ca-bundle",
        "istio-ca-root-cert",
    ),
    # openshift-controller-manager: pkg/cmd/controller/serviceaccount.go
    ("", "ServiceAccount"): ("default", "builder", "deployer", "pipeline"),
    # openshift-controller-manager: pkg/authorization/defaultrolebindings/project_policy.go
    (RBAC, "RoleBinding"): (
        "system:deployers",
        "system:image-builders",
        "system:image-pullers",
        "openshift-pipelines-edit",
        "pipelines-scc-rolebinding",
    ),
}
_ACCOUNTS = _NAMES[("", "ServiceAccount")]
_SECRETS = tuple(f"{account}-{kind}-" for account in _ACCOUNTS for kind in ("dockercfg", "token"))
# openshift-controller-manager: pkg/internalregistry/controllers/annotations.go (4.16 and later)
_PULLS_FOR = "openshift.io/internal-registry-auth-token.service-account"
# openshift-apiserver: pkg/project/apiserver/registry/projectrequest/delegated/{delegated,sample_template}.go: who asks
# for a project is written on the namespace, and made its admin in the same request.
_REQUESTED, _ADMIN, _IN_ONE_REQUEST = "openshift.io/requester", "admin", 10.0


def is_furniture(obj: Obj, namespace: Obj | None) -> bool:
    """namespace: the one that it stands in, where that was read."""
    kind = (obj.group, obj.kind)
    if kind in KINDS or obj.name in _NAMES.get(kind, ()):
        return True
    if kind == ("", "Secret"):
        return obj.name.startswith(_SECRETS) or obj.annotations.get(_PULLS_FOR) in _ACCOUNTS
    return kind == (RBAC, "RoleBinding") and namespace is not None and _came_with(obj, namespace)


def _came_with(obj: Obj, namespace: Obj) -> bool:
    """True for the binding that a project request makes: this one alone can be the first of its name there."""
    if obj.name != _ADMIN or _REQUESTED not in namespace.annotations or not (obj.created and namespace.created):
        return False
    return 0 <= epoch(obj.created) - epoch(namespace.created) <= _IN_ONE_REQUEST
