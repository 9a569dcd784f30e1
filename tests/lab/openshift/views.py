# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What OpenShift's own API servers show of other objects, as pure functions.

Sources, of openshift-apiserver (56aa2d9): pkg/authorization/apis/authorization/rbacconversion/conversion.go,
pkg/project/util/util.go, pkg/image/apiserver/registry/imagestreamtag/rest.go, imagetag/rest.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Obj = dict[str, Any]
AUTHORIZATION, PROJECT, IMAGE = "authorization.openshift.io", "project.openshift.io", "image.openshift.io"
RBAC = "rbac.authorization.k8s.io"

# rest.Storage without rest.Watcher and rest.CollectionDeleter has these.
_PROXIED = ("create", "delete", "get", "list", "patch", "update")
_STORED = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True)
class Served:
    """One resource of these servers. shows: where the objects are kept that it shows; empty when it keeps its own."""

    group: str
    plural: str
    kind: str
    namespaced: bool
    verbs: tuple[str, ...]
    shows: str = ""

    @property
    def api_version(self) -> str:
        return f"{self.group}/v1"


# authorization: pkg/authorization/apiserver/apiserver.go; project: pkg/project/apiserver/apiserver.go;
# image: pkg/image/apiserver/apiserver.go. Reviews, imports and mappings, which only take a POST, are left out.
SERVED = (
    *(
        Served(AUTHORIZATION, f"{kind.lower()}s", kind, not kind.startswith("Cluster"), _PROXIED, f"/apis/{RBAC}/v1")
        for kind in ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
    ),
    Served(AUTHORIZATION, "rolebindingrestrictions", "RoleBindingRestriction", True, _STORED),
    Served(PROJECT, "projects", "Project", False, (*_PROXIED, "watch"), "/api/v1"),
    Served(PROJECT, "projectrequests", "ProjectRequest", False, ("create", "list"), "/api/v1"),
    Served(IMAGE, "imagestreams", "ImageStream", True, _STORED),
    Served(IMAGE, "images", "Image", False, _STORED),
    Served(IMAGE, "imagestreamtags", "ImageStreamTag", True, _PROXIED, "imagestreams"),
    Served(IMAGE, "imagetags", "ImageTag", True, _PROXIED, "imagestreams"),
)


def project_of(namespace: Obj) -> Obj:
    """A namespace as a Project."""
    return {
        "kind": "Project",
        "apiVersion": f"{PROJECT}/v1",
        "metadata": namespace["metadata"],
        "spec": {"finalizers": namespace.get("spec", {}).get("finalizers")},
        "status": namespace.get("status", {}),
    }


def namespace_of(project: Obj) -> Obj:
    return {"kind": "Namespace", "apiVersion": "v1", "metadata": project["metadata"], "spec": project.get("spec", {})}


def from_rbac(kind: str, item: Obj) -> Obj:
    """An object of RBAC as OpenShift shows it."""
    shown = {"kind": kind, "apiVersion": f"{AUTHORIZATION}/v1", "metadata": item["metadata"]}
    if not kind.endswith("Binding"):
        rules = [{**rule, "attributeRestrictions": None} for rule in item.get("rules") or ()]
        return {**shown, "rules": rules}
    subjects = [
        {"kind": s["kind"], "name": s["name"], **({"namespace": s["namespace"]} if s.get("namespace") else {})}
        for s in item.get("subjects") or ()
    ]
    role = item["roleRef"]
    inside = {"namespace": item["metadata"]["namespace"]} if role["kind"] == "Role" else {}
    return {
        **shown,
        "subjects": subjects,
        "userNames": [_user(s) for s in subjects if s["kind"] in ("User", "ServiceAccount")],
        "groupNames": [s["name"] for s in subjects if s["kind"] == "Group"] or None,
        "roleRef": {"name": role["name"], **inside},
    }


def _user(subject: Mapping[str, str]) -> str:
    if subject["kind"] == "User":
        return subject["name"]
    return f"system:serviceaccount:{subject.get('namespace', '')}:{subject['name']}"


def to_rbac(kind: str, item: Obj) -> Obj:
    """What a client wrote, as RBAC keeps it."""
    kept = {"kind": kind, "apiVersion": f"{RBAC}/v1", "metadata": item["metadata"]}
    if not kind.endswith("Binding"):
        rules = item.get("rules") or ()
        return {**kept, "rules": [{k: v for k, v in r.items() if k != "attributeRestrictions"} for r in rules]}
    role = item["roleRef"]
    subjects = [
        {**s, **({} if s["kind"] == "ServiceAccount" else {"apiGroup": RBAC})} for s in item.get("subjects") or ()
    ]
    reference = {"apiGroup": RBAC, "kind": "Role" if role.get("namespace") else "ClusterRole", "name": role["name"]}
    return {**kept, "subjects": subjects, "roleRef": reference}


def tags_of(stream: Obj, kind: str) -> list[Obj]:
    """The tags of an ImageStream as objects. They have its uid: the stream is what is stored. An ImageStreamTag is
    listed once an image is tagged (status), an ImageTag also when one is only wanted (spec)."""
    wanted = {tag["name"]: tag for tag in stream.get("spec", {}).get("tags") or ()}
    tagged = {tag["tag"]: tag for tag in stream.get("status", {}).get("tags") or ()}
    names = tagged if kind == "ImageStreamTag" else {**wanted, **tagged}
    return [_tag(stream, kind, name, wanted.get(name), tagged.get(name)) for name in sorted(names)]


def _tag(stream: Obj, kind: str, name: str, wanted: Obj | None, tagged: Obj | None) -> Obj:
    meta = {**stream["metadata"], "name": f"{stream['metadata']['name']}:{name}"}
    shown = {"kind": kind, "apiVersion": f"{IMAGE}/v1", "metadata": meta}
    if kind == "ImageTag":
        return {**shown, "spec": wanted, "status": tagged, "image": None}
    kept = ("name", "namespace", "uid", "resourceVersion", "labels")
    meta = {key: meta[key] for key in kept if key in meta}
    items = (tagged or {}).get("items") or [{}]
    meta["creationTimestamp"] = items[0].get("created", stream["metadata"]["creationTimestamp"])
    return {**shown, "metadata": meta, "tag": wanted, "generation": 1, "lookupPolicy": {"local": False}, "image": {}}


def without_tag(stream: Obj, name: str) -> Obj | None:
    """The stream without a tag and its history; None when it has none of that name."""
    spec = [tag for tag in stream.get("spec", {}).get("tags") or () if tag["name"] != name]
    status = [tag for tag in stream.get("status", {}).get("tags") or () if tag["tag"] != name]
    left = {
        **stream,
        "spec": {**stream.get("spec", {}), "tags": spec},
        "status": {**stream.get("status", {}), "tags": status},
    }
    return left if tags_of(left, "ImageTag") != tags_of(stream, "ImageTag") else None


def discovery(group: str) -> Obj:
    """An APIResourceList."""
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group}/v1",
        "resources": [
            {
                "name": s.plural,
                "singularName": s.kind.lower(),
                "kind": s.kind,
                "namespaced": s.namespaced,
                "verbs": list(s.verbs),
            }
            for s in SERVED
            if s.group == group
        ],
    }


def aggregated() -> Obj:
    """All groups as aggregated discovery tells them."""
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": [
            {
                "metadata": {"name": group, "creationTimestamp": None},
                "versions": [
                    {
                        "version": "v1",
                        "freshness": "Current",
                        "resources": [
                            {
                                "resource": s.plural,
                                "responseKind": {"group": group, "version": "v1", "kind": s.kind},
                                "scope": "Namespaced" if s.namespaced else "Cluster",
                                "singularResource": s.kind.lower(),
                                "verbs": list(s.verbs),
                            }
                            for s in SERVED
                            if s.group == group
                        ],
                    }
                ],
            }
            for group in (AUTHORIZATION, IMAGE, PROJECT)
        ],
    }


def metadata_only(answer: Obj) -> Obj:
    """An object, or a list of them, as a client sees it that asks for metadata alone."""
    if "items" not in answer:
        return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": answer["metadata"]}
    items = [metadata_only(item) for item in answer["items"]]
    kind = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1"}
    return {**kind, "metadata": answer["metadata"], "items": items}


def merged(old: Any, change: Any) -> Any:
    """A JSON merge patch (RFC 7386)."""
    if not isinstance(change, dict):
        return change
    result = dict(old) if isinstance(old, dict) else {}
    for key, value in change.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result
