# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second view of an object is that object: one identity, one kind, chosen before any rule looks at it.

Some kinds have no store of their own: their server shows objects of another kind under another name, and a delete of
the view deletes the object. Such kinds are never listed, decided on or deleted; what names one means the object.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import order
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, Resource
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record

Kind = tuple[str, str]
# API group, kind, namespace, name.
Place = tuple[str, str, str, str]


def _same(group: str, view: str, kinds: str) -> dict[Kind, Kind]:
    """Kinds that have the same name in the group that shows them."""
    return {(view, kind): (group, kind) for kind in kinds.split()}


# View -> object, each with the file that shows it. The object's name, namespace and uid are those of the view.
_WHOLE: Mapping[Kind, Kind] = {
    # openshift-apiserver: pkg/authorization/apiserver/registry/{role,rolebinding,clusterrole,…}/proxy.go
    **_same(order.RBAC, "authorization.openshift.io", "Role RoleBinding ClusterRole ClusterRoleBinding"),
    # openshift-apiserver: pkg/project/apiserver/registry/project/proxy/proxy.go, projectrequest/delegated/delegated.go
    ("project.openshift.io", "Project"): ("", "Namespace"),
    ("project.openshift.io", "ProjectRequest"): ("", "Namespace"),
    # oauth-apiserver: pkg/oauth/apiserver/registry/useroauthaccesstokens/delegate/delegate.go
    ("oauth.openshift.io", "UserOAuthAccessToken"): ("oauth.openshift.io", "OAuthAccessToken"),
    # kubernetes: pkg/kubeapiserver/default_storage_factory_builder.go, AddCohabitatingResources; extensions up to 1.21
    ("events.k8s.io", "Event"): ("", "Event"),
    **_same("networking.k8s.io", "extensions", "Ingress NetworkPolicy"),
    **_same("apps", "extensions", "DaemonSet Deployment ReplicaSet"),
    **_same("policy", "extensions", "PodSecurityPolicy"),
    # calico: apiserver/pkg/registry/projectcalico/*/storage.go, libcalico-go/lib/backend/k8s/resources (other uids)
    **_same(
        "crd.projectcalico.org",
        "projectcalico.org",
        "NetworkPolicy NetworkSet GlobalNetworkPolicy GlobalNetworkSet HostEndpoint IPPool IPReservation Tier",
    ),
    # kapp-controller: pkg/apiserver/registry/datapackaging/{package,package_metadata}_crd_rest.go
    ("data.packaging.carvel.dev", "Package"): ("internal.packaging.carvel.dev", "InternalPackage"),
    ("data.packaging.carvel.dev", "PackageMetadata"): ("internal.packaging.carvel.dev", "InternalPackageMetadata"),
}
# View -> the object that it is a part of: its name is C(object:part), its uid that of the whole object.
# openshift-apiserver: pkg/image/apiserver/registry/imagestreamtag/rest.go, imagetag/rest.go, imagestreamimage/rest.go
_PARTS: Mapping[Kind, Kind] = {
    ("image.openshift.io", kind): ("image.openshift.io", "ImageStream")
    for kind in ("ImageStreamTag", "ImageTag", "ImageStreamImage")
}
_VIEWS = {**_WHOLE, **_PARTS}
# For entries whose module says nothing: kinds that are only ever views.
_BY_NAME_ALONE = {kind: (group, kind) for group, kind in _VIEWS if kind not in {name for _g, name in _VIEWS.values()}}


def stores(resources: Iterable[Resource], broken: Collection[str] = ()) -> tuple[Resource, ...]:
    """The kinds that have objects of their own. A view stays where its object's kind is not served at all: then it is
    the only way to see it; a group whose server does not answer is served."""
    resources = tuple(resources)
    served = {(r.group, r.kind) for r in resources}

    def is_view(resource: Resource) -> bool:
        store = _VIEWS.get((resource.group, resource.kind))
        return store is not None and (store in served or store[0] in broken)

    return tuple(r for r in resources if not is_view(r))


def store_of(group: str, kind: str) -> Kind:
    """The kind whose object this is, or shows."""
    return _WHOLE.get((group, kind), (group, kind))


def group_of(group: str, kind: str) -> str:
    """The API group of what a group has, or shows, under this name, or under the name of what it shows."""
    shown = (store for view, store in _WHOLE.items() if view[0] == group and kind in (view[1], store[1]))
    return next(shown, (group, kind))[0]


def of_record(group: str | None, kind: str, name: str) -> tuple[str, str, bool]:
    """(kind, name, whether only a part of it was meant) of what an entry of the record means. group: of the entry's
    module, None when that says nothing."""
    view = (group, kind) if group is not None else _BY_NAME_ALONE.get(kind, ("", ""))
    if view in _PARTS:
        return _PARTS[view][1], name.replace("@", ":").partition(":")[0], True
    return (_WHOLE[view][1] if view in _WHOLE else kind), name, False


def one(known: Obj | None, met: Obj) -> Obj:
    """Of two readings of one uid the one to decide on. Whatever the tables above say: two kinds that show the same uid
    show one object. A kind that the rules know wins, then one that can be watched (a store can, most views cannot),
    then one of Kubernetes itself."""
    if known is None or (known.group, known.kind) == (met.group, met.kind):
        return met
    return min(known, met, key=lambda obj: _rank(obj.resource))


def _rank(resource: Resource) -> tuple[bool, bool, bool, str, str]:
    kind = (resource.group, resource.kind)
    return (
        not order.is_known(*kind),
        "watch" not in resource.verbs,
        "." in resource.group and not resource.group.endswith(".k8s.io"),
        *kind,
    )


def resolved(
    records: Iterable[Record], groups: Mapping[str, str], views: Mapping[Place, str], objects: Mapping[str, Obj]
) -> tuple[tuple[Record, ...], dict[str, str]]:
    """The records, and the API group of each by its entry, with objects in place of the views that they name. views:
    uid by each place where one uid was met under two kinds."""

    def resolve(record: Record) -> Record:
        uid = views.get((groups.get(record.entry, "?"), record.kind, record.namespace or "", record.name))
        if uid is None:
            return record
        obj = objects[uid]
        found[record.entry] = obj.group
        part = record.part or obj.name != record.name
        return replace(record, kind=obj.kind, namespace=obj.namespace, name=obj.name, part=part)

    found = dict(groups)
    return tuple(map(resolve, records) if views else records), found
