# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab that is an OpenShift: its second views are what its own servers make of them, and no teardown touches one."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import kubernetes
import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._run.load import session_of
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import DynamicApiError

from tests.contract.clusters import cluster_of
from tests.contract.teardown import teardown
from tests.contract.test_least_privilege import allow, of_session, preflight, uids_of
from tests.lab.admin import Admin, admin_of
from tests.lab.controlplane import Lab, mark, requests
from tests.lab.kube import ApiError
from tests.lab.openshift import views
from tests.lab.worlds import seed

RBAC, RIGHTS = "/apis/rbac.authorization.k8s.io/v1", "/apis/authorization.openshift.io/v1"
PROJECTS, IMAGES = "/apis/project.openshift.io/v1", "/apis/image.openshift.io/v1"
# The namespace controller asks for each of 250 kinds, one after the other.
PATIENT: dict[str, Any] = {"stall": 20.0, "namespace_stall": 80.0}
DEFAULT_BINDINGS = {"system:deployers", "system:image-builders", "system:image-pullers"}


@pytest.fixture
def admin(openshift: Lab) -> Admin:
    return admin_of(openshift)


def until(what: str, seen: Any, patience: float = 30) -> None:
    deadline = time.monotonic() + patience
    while not seen():
        assert time.monotonic() < deadline, f"{what}: not after {patience:.0f} s"
        time.sleep(0.1)


def named(admin: Admin, path: str) -> dict[str, str]:
    """Name -> uid of what a list shows."""
    return {o["metadata"]["name"]: o["metadata"]["uid"] for o in admin.api.request("GET", path)["items"]}


def code_of(admin: Admin, method: str, path: str, body: Any = None) -> int:
    try:
        admin.api.request(method, path, body)
    except ApiError as exc:
        return exc.code
    return 200


def project(admin: Admin, name: str) -> str:
    """A project as C(oc new-project) asks for it, once it is furnished."""
    admin.api.request("POST", f"{PROJECTS}/projectrequests", {"metadata": {"name": name}})
    furnished(admin, name)
    return name


def furnished(admin: Admin, name: str) -> None:
    until(f"furniture of {name}", lambda: set(named(admin, bindings(RBAC, name))) >= DEFAULT_BINDINGS)
    until(f"secrets of {name}", lambda: len(named(admin, f"/api/v1/namespaces/{name}/secrets")) >= 3)


def bindings(base: str, namespace: str) -> str:
    return f"{base}/namespaces/{namespace}/rolebindings"


def recorded(tmp_path: Path, **entries: list[dict[str, Any]]) -> Any:
    path = tmp_path / "resources.json"
    path.write_text(json.dumps(entries), encoding="utf-8")
    return {"resources_file": str(path)}


# -- the lab is one ---------------------------------------------------------------------------------------------


def test_views_show_the_same_objects(admin: Admin, prefix: str) -> None:
    name = project(admin, f"{prefix}-views")
    roles = f"{RBAC}/namespaces/{name}/roles"
    admin.api.create(
        roles, {"metadata": {"name": "r"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}
    )
    for plural in ("roles", "rolebindings"):
        kept, shown = (named(admin, f"{base}/namespaces/{name}/{plural}") for base in (RBAC, RIGHTS))
        assert kept == shown != {}
    assert named(admin, f"{RBAC}/clusterroles") == named(admin, f"{RIGHTS}/clusterroles")
    assert named(admin, "/api/v1/namespaces") == named(admin, f"{PROJECTS}/projects")
    assert set(named(admin, bindings(RBAC, name))) == {"admin", *DEFAULT_BINDINGS}
    # Made through the view, it is an object of RBAC; deleted through the view, it is gone.
    view = {
        "metadata": {"name": "v"},
        "roleRef": {"name": "r", "namespace": name},
        "subjects": [{"kind": "User", "name": "x"}],
    }
    admin.api.request("POST", bindings(RIGHTS, name), view)
    kept = admin.api.request("GET", f"{bindings(RBAC, name)}/v")
    assert (kept["roleRef"]["kind"], kept["roleRef"]["name"]) == ("Role", "r")
    other = {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": "0f0f0f0f-1111-2222-3333-444444444444"},
    }
    assert code_of(admin, "DELETE", f"{bindings(RIGHTS, name)}/v", other) == 409
    assert code_of(admin, "DELETE", f"{bindings(RIGHTS, name)}/v") == 200
    assert code_of(admin, "GET", f"{bindings(RBAC, name)}/v") == 404


def test_what_a_real_server_refuses(openshift: Lab, admin: Admin, prefix: str) -> None:
    name = project(admin, f"{prefix}-refused")
    streams, tags = (f"{IMAGES}/namespaces/{name}/{plural}" for plural in ("imagestreams", "imagestreamtags"))
    tagged = {"tags": [{"tag": "t", "items": [{"created": "2026-01-01T00:00:00Z", "image": "sha256:0f"}]}]}
    admin.api.create(streams, {"metadata": {"name": "s"}, "status": tagged})
    assert named(admin, tags) == {"s:t": named(admin, streams)["s"]}  # it has the uid of its stream
    for path in (bindings(RIGHTS, name), tags):
        assert code_of(admin, "GET", f"{path}?watch=1") == 405
    assert code_of(admin, "GET", f"{tags}/s") == 400
    assert code_of(admin, "DELETE", f"{tags}/s:t") == 200
    assert (named(admin, tags), len(named(admin, streams))) == ({}, 1)
    assert code_of(admin, "POST", f"{PROJECTS}/projectrequests", {"metadata": {"name": "openshift-x"}}) == 403
    assert code_of(admin, "POST", f"{PROJECTS}/projectrequests", {"metadata": {"name": name}}) == 409
    # Who may read the view, and not RBAC itself, is refused by RBAC: the server asks on behalf of the user.
    rules = [{"apiGroups": ["authorization.openshift.io"], "resources": ["rolebindings"], "verbs": ["list"]}]
    allow(admin, f"u-{prefix}", [{"kind": "ClusterRole", "metadata": {}, "rules": rules}])
    http = cluster_of(openshift.admin_kubeconfig, f"u-{prefix}")._http
    for path in (bindings(RIGHTS, name), f"{RIGHTS}/namespaces/{name}/roles"):
        with pytest.raises(Exception, match="403"):
            http.json("GET", path)
    assert http.json("GET", f"{PROJECTS}/projects")["items"] == []


def test_a_client_that_is_not_ours_sees_the_views(openshift: Lab, admin: Admin, prefix: str) -> None:
    name = project(admin, f"{prefix}-client")
    client = DynamicClient(kubernetes.config.new_client_from_config(str(openshift.admin_kubeconfig)))
    shown = client.resources.get(api_version="authorization.openshift.io/v1", kind="RoleBinding")
    kept = client.resources.get(api_version="rbac.authorization.k8s.io/v1", kind="RoleBinding")
    assert {o.metadata.uid for o in shown.get(namespace=name).items} == {
        o.metadata.uid for o in kept.get(namespace=name).items
    }
    assert "watch" not in shown.verbs
    seen = client.resources.get(api_version="project.openshift.io/v1", kind="Project")
    assert seen.get(name=name).metadata.annotations["openshift.io/requester"] == "admin"
    seen.delete(name=name)
    until(f"{name} is gone", lambda: code_of(admin, "GET", f"/api/v1/namespaces/{name}") == 404)
    with pytest.raises(DynamicApiError, match="404"):
        seen.get(name=name)


def test_as_many_kinds_as_an_openshift_has(openshift: Lab) -> None:
    cluster = cluster_of(openshift.kubeconfig)
    catalog = cluster.discover()
    assert cluster.requests == 2
    assert 240 <= len(catalog.deletable(namespaced=True)) <= 270
    groups = {(r.group, r.kind) for r in catalog.resources}
    assert {("image.openshift.io", "ImageStream"), ("rbac.authorization.k8s.io", "Role")} <= groups
    shown = {("authorization.openshift.io", "Role"), ("project.openshift.io", "Project")}
    assert not groups & {*shown, ("image.openshift.io", "ImageStreamTag"), ("events.k8s.io", "Event")}


# -- a teardown there -------------------------------------------------------------------------------------------


def through_views(asked: list[dict[str, Any]]) -> list[str]:
    """Requests that are about a view; discovery is not."""
    shown = {(view.group, view.plural) for view in views.SERVED if view.shows}
    return [r["uri"] for r in asked if (r["group"], r["resource"]) in shown]


@pytest.mark.parametrize(
    ("name", "prefix", "by_record"),
    [("running", "auto-os01", True), ("shared-namespace", "auto-os02", False)],
)
def test_a_run_keeps_the_rights_by_which_it_works(
    openshift: Lab, admin: Admin, tmp_path: Path, name: str, prefix: str, by_record: bool
) -> None:
    """The account has its rights by Roles and RoleBindings in the namespaces of the session, which the views show."""
    world = seed.seed(openshift, name, prefix, tmp_path, say=lambda _text: None)
    given = {"resources_file": str(tmp_path / "resources.json")} if by_record else {"resources_file": ""}
    session = session_of({**given, "session_prefix": prefix})
    for place in world["namespaces"]:
        furnished(admin, place)
        admin.api.create(f"{IMAGES}/namespaces/{place}/imagestreams", {"metadata": {"name": "s"}, "spec": {}})
    allow(admin, f"u-{prefix}", of_session(cluster_of(openshift.admin_kubeconfig), session))
    since, begun = mark(openshift), time.monotonic()
    cluster = cluster_of(openshift.kubeconfig, f"u-{prefix}")
    told = preflight(cluster, session)
    assert (told["missing"], told["unchecked"]) == ([], [])
    assert not [r for one in told["manifests"] for r in one["rules"] if "project.openshift.io" in r["apiGroups"]]
    run = teardown(cluster, session, **PATIENT)
    asked = requests(openshift, since)
    print(f"{name}: {len(asked)} requests, {time.monotonic() - begun:.1f} s")
    assert {(r["verb"], r["uri"]) for r in asked if r["code"] in (401, 403)} == set()
    assert through_views(asked) == []
    places = set(world["namespaces"])
    rights = ("roles", "rolebindings")
    assert not [
        r["uri"] for r in asked if r["verb"] == "delete" and r["resource"] in rights and r["namespace"] in places
    ]
    assert (run.verdict, run.leftovers) == ("clean", set())
    there = uids_of(openshift)
    assert {entry["uid"] for entry in world["session"]} & there == set()
    assert {entry["uid"] for entry in world["bystanders"]} - there == set()
    furniture = {("RoleBinding", binding) for binding in ("admin", *DEFAULT_BINDINGS)}
    assert not run.deleted & furniture


def test_a_recorded_project_with_nothing_but_its_furniture_goes(
    openshift: Lab, admin: Admin, tmp_path: Path, prefix: str
) -> None:
    """Recorded as the namespace and as the project. One like it, in which others gave somebody rights, stays."""
    admin.namespace(prefix)
    time.sleep(1.1)  # times have whole seconds: the session must be seen to be older
    empty, viewed, shared = (project(admin, f"made-by-{prefix[5:]}-{number}") for number in range(3))
    subject = {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "somebody"}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"}
    theirs = {"metadata": {"name": "edit-0"}, "roleRef": reference, "subjects": [subject]}
    admin.api.create(bindings(RBAC, shared), theirs)
    before = named(admin, bindings(RBAC, shared))
    entries = {
        "Namespace": [{"name": one, "module": "ocp_resources.namespace"} for one in (prefix, empty, shared)],
        "Project": [{"name": one, "module": "ocp_resources.project_project_openshift_io"} for one in (viewed, empty)],
    }
    session = session_of(recorded(tmp_path, **entries))
    since = mark(openshift)
    run = teardown(cluster_of(openshift.kubeconfig), session, **PATIENT)
    assert (run.verdict, run.leftovers) == ("leftovers", {("Namespace", shared)})
    assert run.deleted == {("Namespace", one) for one in (prefix, empty, viewed)}
    kept = run.left("Namespace", shared)
    assert kept["cause"] == "contested"
    assert f"RoleBinding {shared}/edit-0 in it is not the session's" in kept["reason"]
    assert through_views(requests(openshift, since)) == []
    assert named(admin, bindings(RBAC, shared)) == before
    assert not set(named(admin, "/api/v1/namespaces")) & {prefix, empty, viewed}


def test_tags_go_with_their_stream(openshift: Lab, admin: Admin, tmp_path: Path, prefix: str) -> None:
    """A recorded tag means its stream where that is the session's; somebody else's stream keeps its tag, and lives."""
    admin.namespace(prefix)
    place = project(admin, f"images-{prefix[5:]}")
    time.sleep(1.1)
    streams = f"{IMAGES}/namespaces/{place}/imagestreams"
    tagged = {"tags": [{"tag": "t", "items": [{"created": "2026-01-01T00:00:00Z", "image": "sha256:0f"}]}]}
    for name in ("theirs", f"{prefix}-ours"):
        admin.api.create(streams, {"metadata": {"name": name}, "status": tagged})
    module = "ocp_resources.imagestreamtag"
    entries = [{"name": f"{name}:t", "namespace": place, "module": module} for name in ("theirs", f"{prefix}-ours")]
    session = session_of({**recorded(tmp_path, ImageStreamTag=entries), "session_prefix": prefix})
    run = teardown(cluster_of(openshift.kubeconfig), session, **PATIENT)
    assert ("ImageStream", f"{prefix}-ours") in run.deleted
    assert set(named(admin, f"{IMAGES}/namespaces/{place}/imagestreamtags")) == {"theirs:t"}
    assert [(e["kind"], e["name"]) for e in run.judged["refused"]] == [("ImageStream", "theirs")]
    assert code_of(admin, "GET", f"/api/v1/namespaces/{place}") == 200
