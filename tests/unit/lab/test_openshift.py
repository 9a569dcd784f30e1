# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab's OpenShift shows, and that the collection knows each of its views."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import second_views
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Resource

from tests.lab import crds
from tests.lab.openshift import views
from tests.lab.openshift.kinds import KINDS

META = {"name": "x", "namespace": "n", "uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z", "resourceVersion": "7"}
ACCOUNT = {"kind": "ServiceAccount", "name": "a", "namespace": "n"}
PERSON = {"kind": "User", "apiGroup": views.RBAC, "name": "p"}
RULE = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("Role", {"rules": [RULE]}),
        (
            "RoleBinding",
            {
                "roleRef": {"apiGroup": views.RBAC, "kind": "Role", "name": "r"},
                "subjects": [ACCOUNT, PERSON],
            },
        ),
        (
            "RoleBinding",
            {"roleRef": {"apiGroup": views.RBAC, "kind": "ClusterRole", "name": "admin"}, "subjects": [PERSON]},
        ),
    ],
)
def test_what_is_written_as_it_is_shown_is_kept_as_it_was(kind: str, body: dict[str, Any]) -> None:
    kept = {"kind": kind, "apiVersion": f"{views.RBAC}/v1", "metadata": META, **body}
    shown = views.from_rbac(kind, kept)
    assert shown["metadata"] == META
    assert views.to_rbac(kind, shown) == kept


def test_tags_are_made_from_their_stream() -> None:
    tagged = [{"tag": "a", "items": [{"created": "2026-02-02T00:00:00Z", "image": "sha256:0f"}]}]
    stream = {"metadata": META, "spec": {"tags": [{"name": "b"}]}, "status": {"tags": tagged}}
    shown = {kind: views.tags_of(stream, kind) for kind in ("ImageStreamTag", "ImageTag")}
    named = {kind: [tag["metadata"]["name"] for tag in tags] for kind, tags in shown.items()}
    assert named == {"ImageStreamTag": ["x:a"], "ImageTag": ["x:a", "x:b"]}
    assert {tag["metadata"]["uid"] for tags in shown.values() for tag in tags} == {"u"}
    left = views.without_tag(stream, "a")
    assert left is not None
    assert [tag["metadata"]["name"] for tag in views.tags_of(left, "ImageTag")] == ["x:b"]
    assert views.without_tag(stream, "c") is None


def test_the_collection_knows_every_view_of_the_lab() -> None:
    resources = [Resource(s.group, "v1", s.plural, s.kind, s.namespaced, frozenset(s.verbs)) for s in views.SERVED]
    resources += [
        Resource("", "v1", "namespaces", "Namespace", False),
        *(
            Resource(views.RBAC, "v1", s.plural, s.kind, s.namespaced)
            for s in views.SERVED
            if s.shows.endswith(f"{views.RBAC}/v1")
        ),
    ]
    left = {r.key for r in second_views.stores(resources) if r.group.endswith(".openshift.io")}
    assert left == {f"{s.plural}.{s.group}" for s in views.SERVED if not s.shows}


def test_kinds_have_one_crd_each() -> None:
    names = [kind.name for kind in (*crds.TABLE, *KINDS)]
    assert len(names) == len(set(names))
    # A group belongs to CRDs or to an aggregated API server.
    assert not {kind.group for kind in KINDS} & {served.group for served in views.SERVED}
