# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command for the cluster that a cause has is typed into a shell, with a real kubectl and a real API server:
those to look as they stand, those to mend as a dry run of the server, and the one that cannot be taken back to its end.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._report.catalogue import table
from ansible_collections.mtv.teardown.plugins.module_utils._report.catalogue.entry import commands, filled

from tests.bench.ways import find_kubectl
from tests.contract.waiting import eventually
from tests.lab.admin import Admin, admin_of
from tests.lab.controlplane import Lab

OWN = "auto-cmd1"
ODD = "$(touch pwned)"
GROUP = "odd.example.com"
ROLES, DEFINITIONS = "/apis/rbac.authorization.k8s.io/v1", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
VOLUMES = "/api/v1/persistentvolumes"
CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
NODE = "no-such-node"
# Of the lab's kubeconfig.
CONTEXT = "lab"


class Shell:
    def __init__(self, lab: Lab, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir()
        (folder / "bin" / "kubectl").symlink_to(find_kubectl())
        path = f"{folder / 'bin'}:{os.environ['PATH']}"
        self.environment = {"HOME": str(folder), "PATH": path, "KUBECONFIG": str(lab.kubeconfig), "LC_ALL": "C.UTF-8"}

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """As somebody would who copies it from a report."""
        more = {"cwd": self.folder, "env": self.environment, "capture_output": True, "text": True}
        return subprocess.run(["sh", "-c", command], check=False, timeout=120, **more)  # type: ignore[call-overload, no-any-return]


def _left(made: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """An object as a result has it."""
    meta = made["metadata"]
    held = {"finalizers": meta.get("finalizers", [])}
    held |= {"pods": ["user"]} if made["kind"] == "PersistentVolumeClaim" else {}
    named = {"namespace": meta.get("namespace"), "name": meta["name"], "uid": meta["uid"]}
    return {"kind": made["kind"], "api_version": made["apiVersion"], **named, "held_by": held, **more}


@pytest.fixture(scope="module")
def shell(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(lab, tmp_path_factory.mktemp("shell"))


@pytest.fixture(scope="module")
def objects(lab: Lab) -> Iterator[list[dict[str, Any]]]:
    """Of the core, of another group, of a kind whose resource bears another name, and outside namespaces."""
    admin = admin_of(lab)
    admin.namespace(OWN)
    _pod_of(admin, "openshift-mtv", "forklift-controller")
    names = {"plural": "odd-things", "singular": "odd-thing", "kind": "OddThing", "listKind": "OddThingList"}
    schema = {"openAPIV3Schema": {"type": "object"}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    spec = {"group": GROUP, "scope": "Namespaced", "names": names, "versions": [version]}
    admin.api.create(DEFINITIONS, {"metadata": {"name": f"odd-things.{GROUP}"}, "spec": spec})
    path = f"/apis/{GROUP}/v1/namespaces/{OWN}/odd-things"
    thing = {"apiVersion": f"{GROUP}/v1", "kind": "OddThing", "metadata": {"name": "thing"}}
    assert eventually(lambda: _is_served(admin))
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": ODD}, "rules": []}
    volume = {
        "metadata": {"name": f"{OWN}-pv"},
        "spec": {
            "capacity": {"storage": "1Mi"},
            "accessModes": ["ReadWriteOnce"],
            "csi": {"driver": "nobody.example.com", "volumeHandle": "x"},
        },
    }
    admin.api.create(VOLUMES, volume)
    admin.make("Pod", OWN, "user", spec={"containers": [{"name": "c", "image": "x"}]})
    core = {"apiVersion": "v1"}
    claim = admin.make("PersistentVolumeClaim", OWN, "claim", spec=CLAIM)
    yield [
        _left(admin.api.request("POST", path, thing)),
        _left(admin.api.request("POST", f"{ROLES}/namespaces/{OWN}/roles", role)),
        _left({**core, "kind": "PersistentVolumeClaim", **claim}),
        _left({**core, "kind": "PersistentVolume", **admin.api.request("GET", f"{VOLUMES}/{OWN}-pv")}),
        _left({**core, "kind": "Namespace", **admin.api.request("GET", f"/api/v1/namespaces/{OWN}")}),
    ]
    admin.api.request("DELETE", f"{DEFINITIONS}/odd-things.{GROUP}")
    background = {"gracePeriodSeconds": 0}
    admin.api.request("DELETE", "/api/v1/namespaces/openshift-mtv/pods/forklift-controller-x", background)


def _is_served(admin: Admin) -> bool:
    return any(group["name"] == GROUP for group in admin.api.request("GET", "/apis")["groups"])


def _pod_of(admin: Admin, namespace: str, name: str) -> None:
    """Of a Deployment that the lab has: with a log that can be asked for, on a node that nobody reaches."""
    labels = admin.get("Deployment", namespace, name)["spec"]["selector"]["matchLabels"]
    spec = {"nodeName": NODE, "containers": [{"name": "c", "image": "x"}]}
    admin.make("Pod", namespace, f"{name}-x", metadata={"labels": labels}, spec=spec)


def _told(objects: list[dict[str, Any]], wanted: str) -> list[str]:
    """Each command once, about each of these objects."""
    causes = [name for where, name in table.ENTRIES if where == table.CLUSTER]
    lefts = [{**one, "cause": cause} for one in objects for cause in causes]
    told = [command for left in lefts for what, command in commands(table.of(left), left, CONTEXT) if what == wanted]
    return list(dict.fromkeys(told))


def test_every_command_to_look_shows_something(shell: Shell, objects: list[dict[str, Any]], lab: Lab) -> None:
    told = _told(objects, "look")
    assert len(told) > 50
    assert {shlex.split(command)[0] for command in told} == {"kubectl"}
    with ThreadPoolExecutor(max_workers=4) as pool:
        answers = list(pool.map(shell.run, told))
    failed = [
        (command, answer.stderr)
        for command, answer in zip(told, answers, strict=True)
        # Logs come from the node of a pod, and there is none.
        if answer.returncode and not (" logs " in command and NODE in answer.stderr)
    ]
    assert failed == []
    assert not (shell.folder / "pwned").exists()
    assert admin_of(lab).uid("PersistentVolumeClaim", OWN, "claim")


def test_every_command_to_mend_is_one_that_the_server_takes(
    shell: Shell, objects: list[dict[str, Any]], lab: Lab
) -> None:
    """Without doing it."""
    admin = admin_of(lab)
    held = admin.make("ConfigMap", OWN, "dry", metadata={"finalizers": ["example.com/a", "example.com/b"]})
    left = _left({"apiVersion": "v1", "kind": "ConfigMap", **held})
    told = _told([left, *objects], "mend")
    assert {tuple(shlex.split(command)[1:3]) for command in told} == {
        (f"--context={CONTEXT}", verb) for verb in ("patch", "scale")
    }
    answers = [(command, shell.run(f"{command} --dry-run=server")) for command in told]
    assert [(command, answer.stderr) for command, answer in answers if answer.returncode] == []
    assert admin.get("ConfigMap", OWN, "dry")["metadata"]["finalizers"] == ["example.com/a", "example.com/b"]
    admin.change("ConfigMap", OWN, "dry", metadata={"finalizers": []})


def _take_off(left: dict[str, Any]) -> str:
    entry = table.ENTRIES[(table.CLUSTER, "finalizer")]
    (command,) = filled(entry.commands, left)
    return command


def test_a_finalizer_is_taken_off_of_this_object_alone(shell: Shell, lab: Lab) -> None:
    admin = admin_of(lab)
    prefix = "auto-cmd2"
    for namespace in (prefix, f"{prefix}0"):
        admin.namespace(namespace)
    finalizers = ["kubernetes.io/pvc-protection", "example.com/held", "example.com/other"]
    lefts = {}
    for namespace in (prefix, f"{prefix}0"):
        made = admin.make("ConfigMap", namespace, "x", metadata={"finalizers": finalizers})
        lefts[namespace] = _left({"apiVersion": "v1", "kind": "ConfigMap", **made})
    # Another object of the same name, another finalizer at its place, and one that has been taken off already.
    strange = {**lefts[prefix], "uid": lefts[f"{prefix}0"]["uid"]}
    assert shell.run(_take_off(strange)).returncode != 0
    moved = {**lefts[prefix], "held_by": {"finalizers": ["example.com/held"]}}
    assert shell.run(_take_off(moved)).returncode != 0
    assert admin.get("ConfigMap", prefix, "x")["metadata"]["finalizers"] == finalizers
    done = shell.run(_take_off(lefts[prefix]))
    assert done.returncode == 0, done.stderr
    assert admin.get("ConfigMap", prefix, "x")["metadata"]["finalizers"] == [finalizers[0], finalizers[2]]
    assert shell.run(_take_off(lefts[prefix])).returncode != 0
    assert admin.get("ConfigMap", f"{prefix}0", "x")["metadata"]["finalizers"] == finalizers
    for namespace in lefts:
        admin.change("ConfigMap", namespace, "x", metadata={"finalizers": []})
