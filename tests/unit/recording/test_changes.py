# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a ledger of changes says, and what may be in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import (
    NOTHING,
    Change,
    Field,
    as_kept,
    differences,
    forbidden,
    merged,
    parse,
    parts_of,
    path_of,
    same,
    value_at,
    withheld,
    written,
)

UID = "4f1d1f0e-3a5e-4a53-9d8e-0d3b0a3c6a11"
FIELD = Field("/spec/size", 1, 2)
MEMORY = Field("/hard/memory", "1Gi", "2Gi")


def change(*fields: Field, **more: Any) -> Change:
    return Change(**{"id": "change-0001", "kind": "Thing", "api_version": "example.com/v1", "namespace": "ns",
                     "name": "one", "uid": UID, "fields": fields, **more})  # fmt: skip


@pytest.mark.parametrize("parts", [["a"], ["a/b", "c~d"], ["~1", "/"], ["metadata", "annotations", "x.io/y"]])
def test_pointers_lead_where_they_came_from(parts: list[str]) -> None:
    assert parts_of(path_of(parts)) == parts


@pytest.mark.parametrize("path", ["", "a", "/a~2", "/~"])
def test_what_is_no_pointer(path: str) -> None:
    with pytest.raises(ValueError, match="no JSON pointer"):
        parts_of(path)


@pytest.mark.parametrize(
    ("path", "value"),
    [("/a/b", 1), ("/a/c", NOTHING), ("/a/b/c", NOTHING), ("/l/0", NOTHING), ("/n", None), ("/a", {"b": 1})],
)
def test_values(path: str, value: Any) -> None:
    assert same(value_at({"a": {"b": 1}, "l": [1], "n": None}, path), value)


def test_values_that_only_look_alike() -> None:
    assert not same(1, True) and not same("1", 1) and not same(None, NOTHING)
    assert same({"a": 1, "b": 2}, {"b": 2, "a": 1})


@pytest.mark.parametrize(
    ("before", "patch", "fields"),
    [
        ({"a": 1}, {"a": 2}, [Field("/a", 1, 2)]),
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": None}, [Field("/a", 1)]),
        ({}, {"a": {"b": 1}}, [Field("/a/b", NOTHING, 1, "/a")]),
        ({}, {"a": {"b": {"c": 1}}}, [Field("/a/b/c", NOTHING, 1, "/a")]),
        ({}, {"a": {}}, [Field("/a", NOTHING, {})]),
        ({"a": {"x": 0}}, {"a": {"b": {"c": 1}}}, [Field("/a/b/c", NOTHING, 1, "/a/b")]),
        ({"a": {"b": 1, "c": 2}}, {"a": None}, [Field("/a/b", 1), Field("/a/c", 2)]),
        ({"a": [1]}, {"a": [1, 2]}, [Field("/a", [1], [1, 2])]),
        ({"a": {"b": 1}}, {"a": 3}, [Field("/a", {"b": 1}, 3)]),
    ],
)
def test_differences_are_told_place_by_place(before: Any, patch: Any, fields: list[Field]) -> None:
    assert differences(before, merged(before, patch)) == fields


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (
            {"hard": {"memory": "2Gi", "pods": "3"}},
            [Field("/hard/memory", "1Gi", "2Gi"), Field("/hard/pods", "2", "3")],
        ),
        ({"hard": {"memory": "1Gi", "pods": "3"}}, [Field("/hard/pods", "2", "3")]),
        ({"hard": {"memory": "1Gi"}}, [Field("/hard/pods", "2", NOTHING)]),
        ({"hard": {"memory": "1Gi", "pods": "2"}}, []),
    ],
)
def test_what_the_server_makes_of_it_counts(body: Any, kept: list[Field]) -> None:
    assert as_kept([Field("/hard/memory", "1Gi", "2048Mi"), Field("/hard/pods", "2", "3")], body) == kept


@pytest.mark.parametrize(
    ("kind", "api_version", "path"),
    [
        ("Secret", "v1", "/data/a"),
        ("ServiceAccount", "v1", "/metadata/labels/a"),
        ("Pod", "v1", "/metadata/labels/a"),
        ("ClusterRole", "rbac.authorization.k8s.io/v1", "/rules"),
        ("ValidatingWebhookConfiguration", "admissionregistration.k8s.io/v1", "/webhooks"),
        ("CustomResourceDefinition", "apiextensions.k8s.io/v1", "/spec/group"),
        ("APIService", "apiregistration.k8s.io/v1", "/spec/group"),
        ("SecurityContextConstraints", "security.openshift.io/v1", "/users"),
        ("ConfigMap", "v1", "/metadata/uid"),
        ("ConfigMap", "v1", "/metadata/ownerReferences"),
        ("ConfigMap", "v1", "/metadata/finalizers"),
        ("ConfigMap", "v1", "/metadata/resourceVersion"),
        ("ConfigMap", "v1", "/metadata/annotations"),
        ("ConfigMap", "v1", "/metadata"),
        ("ConfigMap", "v1", "/status"),
        ("ConfigMap", "v1", "/kind"),
        ("Namespace", "v1", "/metadata/labels/pod-security.kubernetes.io~1enforce"),
        ("Deployment", "apps/v1", "/spec/template/spec/containers"),
        ("CronJob", "batch/v1", "/spec/jobTemplate"),
    ],
)
def test_where_no_ledger_leads(kind: str, api_version: str, path: str) -> None:
    assert forbidden(kind, api_version, [path])


@pytest.mark.parametrize(
    ("kind", "api_version", "path"),
    [
        ("StorageClass", "storage.k8s.io/v1", "/metadata/annotations/storageclass.kubernetes.io~1is-default-class"),
        ("ForkliftController", "forklift.konveyor.io/v1beta1", "/spec/controller_max_vm_inflight"),
        ("ConfigMap", "v1", "/data/a"),
        ("Deployment", "apps/v1", "/spec/replicas"),
    ],
)
def test_where_one_may_lead(kind: str, api_version: str, path: str) -> None:
    assert not forbidden(kind, api_version, [path])
    assert not withheld(kind, api_version, [Field(path, "1", "2")])


@pytest.mark.parametrize(
    "field",
    [
        Field("/data/password", "a", "b"),
        Field("/data/a", "-----BEGIN RSA PRIVATE KEY-----", "b"),
        Field("/data/a", "x", "https://me:hidden@example.com"),
        Field("/spec/a", {"token": "x"}, "b"),
        Field("/spec/a", "x" * 20_000, "b"),
    ],
)
def test_values_that_are_not_written(field: Field) -> None:
    assert withheld("ConfigMap", "v1", [field])


def test_what_is_written_is_read_again() -> None:
    made = (
        change(FIELD, Field("/spec/gone", None, NOTHING), Field("/spec/new/x", NOTHING, False, "/spec/new")),
        change(id="change-0002", namespace=None, withheld="it may be secret"),
    )
    assert parse(written(made)) == made


@pytest.mark.parametrize(
    "altered",
    [
        {"uid": ""},
        {"uid": None},
        {"kind": "thing"},
        {"namespace": "No"},
        {"name": "a/b"},
        {"name": ".."},
        {"api_version": "../v1"},
        {"state": "done"},
        {"fields": []},
        {"fields": [{"path": "spec"}]},
        {"fields": [{"path": "/spec", "before": 1, "after": 1}]},
        {"fields": [{"path": "/spec"}]},
        {"fields": [{"path": "/a", "after": 1}, {"path": "/a/b", "after": 1}]},
        {"fields": [{"path": "/a/b", "after": 1}, {"path": "/a", "after": 1}]},
        {"fields": [{"path": "/a/b", "after": 1, "under": "/c"}]},
        {"fields": "no"},
        {"place": "a\nb"},
    ],
)
def test_what_is_no_change(altered: dict[str, Any]) -> None:
    text = json.dumps({"version": 1, "changes": [{**change(FIELD).as_dict(), **altered}]})
    with pytest.raises(ValueError, match=r"changes\[0\]"):
        parse(text)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": 2, "changes": []}', '{"version": true, "changes": []}', '{"version": 1}']
)
def test_what_is_no_ledger(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse(text)


def test_two_changes_of_one_id_are_none() -> None:
    with pytest.raises(ValueError, match="one id"):
        parse(written([change(FIELD), change(FIELD)]))
