# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands about what is left: the right object, and no name that is more than a name to a shell."""

from __future__ import annotations

import json
import shlex
import subprocess
from itertools import pairwise
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible_collections.mtv.teardown.plugins.lookup.causes import LookupModule
from ansible_collections.mtv.teardown.plugins.module_utils._report.catalogue import table
from ansible_collections.mtv.teardown.plugins.module_utils._report.catalogue.entry import commands, filled

HELD = {"finalizers": ["kubernetes.io/pvc-protection", "example.com/held"], "pods": ["importer-x"]}
ODD = [
    "$(touch x)",
    "`id`",
    "a;b",
    "--all",
    "-rf",
    "a b",
    "'; rm -rf ~ #",
    '"',
    "\\",
    "*",
    "~",
    "$HOME",
    "$name",
    "a\nb",
]


def left(kind: str = "Thing", api_version: str = "example.com/v1", **more: Any) -> dict[str, Any]:
    made = {"kind": kind, "api_version": api_version, "namespace": "auto-ab12", "name": "x", "uid": "uid-1"}
    return {**made, "cause": "finalizer", "held_by": HELD, **more}


def remote(kind: str, api_version: str, **more: Any) -> dict[str, Any]:
    made = {"kind": kind, "api_version": api_version, "namespace": None, "name": "x", "id": "id-1", "place": ""}
    return {**made, "provider": "p", "uid": "u", "held_by": {}, **more}


def words(one: dict[str, Any]) -> list[list[str]]:
    return [shlex.split(command) for _what, command in commands(table.of(one), one)]


@pytest.mark.parametrize("name", ODD)
def test_a_name_stays_one_word(name: str) -> None:
    """And it is no option: it stands behind the kind, in a path, or behind the option that it is for."""

    def told(where: str, cause: str, name: str) -> list[list[str]]:
        kind = "VirtualMachine" if where in ("vsphere", table.ANY_PROVIDER) else "Server"
        of = left(name=name) if where == table.CLUSTER else remote(kind, where, name=name, place=f"DC/vm/{name}")
        return words({**of, "cause": cause})

    for place in table.ENTRIES:
        plain = told(*place, "QQQ")
        assert told(*place, name) == [[word.replace("QQQ", name) for word in command] for command in plain]
        for command in told(*place, name):
            assert all(before.startswith("-") for before, word in pairwise(command) if word == name)


@pytest.mark.parametrize("name", ODD)
def test_a_shell_reads_what_was_meant(name: str) -> None:
    one = left(name=name)
    for command in filled((r"printf '%s\0' $object $uid",), one):
        said = subprocess.run(["sh", "-c", command], capture_output=True, check=True).stdout.decode().split("\0")
        assert said[:-1] == [f"Thing.v1.example.com/{name}", "uid-1"]


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        pytest.param(left(), "Thing.v1.example.com/x --namespace auto-ab12", id="group"),
        pytest.param(left("Secret", "v1"), "Secret/x --namespace auto-ab12", id="core"),
        pytest.param(left("PersistentVolume", "v1", namespace=None), "PersistentVolume/x", id="cluster"),
    ],
)
def test_the_object_is_named_whole(one: dict[str, Any], expected: str) -> None:
    assert filled(("kubectl get $object $within --output yaml",), one) == [f"kubectl get {expected} --output yaml"]


def test_a_finalizer_is_taken_off_only_as_it_was_seen() -> None:
    (patch,) = (command for command in words(left()) if "patch" in command)
    change = json.loads(patch[patch.index("--patch") + 1])
    assert [(one["op"], one["path"], one.get("value")) for one in change] == [
        ("test", "/metadata/uid", "uid-1"),
        ("test", "/metadata/finalizers/1", "example.com/held"),
        ("remove", "/metadata/finalizers/1", None),
    ]


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(left(held_by={"finalizers": ["kubernetes.io/pvc-protection"]}), id="of-kubernetes"),
        pytest.param(left(held_by={"finalizers": ["foregroundDeletion"]}), id="of-the-garbage-collector"),
        pytest.param(left("Namespace", "v1", namespace=None), id="of-a-namespace"),
        pytest.param(left("Role", "rbac.authorization.k8s.io/v1"), id="of-a-role"),
        pytest.param(left(held_by={}), id="none"),
    ],
)
def test_nobody_is_told_to_take_these_off(one: dict[str, Any]) -> None:
    assert not any("patch" in command for command in words(one))


def test_what_is_not_known_is_not_in_a_command() -> None:
    one = left("PersistentVolumeClaim", "v1", cause="pod-uses-claim", held_by={})
    assert all("Pod" not in " ".join(command) for command in words(one))
    assert any("Pod/importer-x" in command for command in words({**one, "held_by": HELD}))


def test_commands_are_of_the_kind_of_object() -> None:
    one = remote("Snapshot", "openstack", cause="error-deleting")
    assert words(one) == [
        ["openstack", "volume", "snapshot", "show", "id-1"],
        ["openstack", "volume", "snapshot", "set", "--state", "error", "id-1"],
    ]
    assert words(remote("Disk", "ovirt", name="{{ x }}", cause="disk-locked")) == []  # Ansible would run it
    assert words(remote("VirtualMachine", "vsphere", cause="task-running")) == []  # nothing says where it is


def test_a_cause_of_a_later_release_is_none() -> None:
    assert table.of(left(cause="of-tomorrow")) is None
    look = "kubectl get Thing.v1.example.com/x --namespace auto-ab12 --output yaml"
    assert list(commands(None, left())) == [("look", look)]


@pytest.mark.parametrize("context", ["lab", "a b", "-x", "$(touch pwned)", "admin/api-example-com:6443/kube:admin"])
def test_commands_name_the_cluster_that_was_read(context: str) -> None:
    one = left(finalizers=["example.com/x"], cause="finalizer", held_by={"finalizers": ["example.com/x"]})
    told = [shlex.split(command) for _what, command in commands(table.of(one), one, context)]
    assert len(told) >= 2
    assert all(words[:2] == ["kubectl", f"--context={context}"] for words in told)
    assert [[words[0], *words[2:]] for words in told] == words(one)
    of_provider = remote("Snapshot", "openstack", cause="error-deleting")
    assert list(commands(table.of(of_provider), of_provider, context)) == list(
        commands(table.of(of_provider), of_provider)
    )


def test_a_cause_of_any_provider_is_found_for_each() -> None:
    for kind in ("vsphere", "ovirt", "openstack"):
        entry = table.of(remote("X", kind, cause="provider-fails"))
        assert entry is table.ENTRIES[(table.ANY_PROVIDER, "provider-fails")]


def test_the_lookup() -> None:
    lookup = LookupModule()
    assert len(lookup.run([])) == len(table.ENTRIES)
    assert [one["where"] for one in lookup.run(["forbidden"])] == ["cluster", "vsphere", "ovirt", "openstack", "esxi"]
    (told,) = lookup.run([left()])
    assert told["look"][0] == "kubectl get Thing.v1.example.com/x --namespace auto-ab12 --output yaml"
    with pytest.raises(AnsibleError, match="'of-tomorrow' is no cause"):
        lookup.run([left(cause="of-tomorrow")])
