# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of CI pipelines: each is what its system wants, and the command of each tears down and fails as told."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tekton_pipeline.models
import yaml
from kubernetes.client import models as kubernetes_models

from tests.contract import pipelines
from tests.contract.image import ARTIFACTS, Image
from tests.contract.pipelines import FOLDER, PIPELINES, RUN, Pipeline
from tests.lab.admin import Admin, admin_of
from tests.lab.controlplane import Lab

_TOOLS = Path(sys.executable).parent
# A place that only stands for one, in scripts that are looked at and not run.
_NOWHERE = {"source": Path("/nowhere"), "credentials": Path("/nowhere")}


# Each is what its system wants.


@pytest.mark.parametrize(("file", "schema"), [("github.yml", "github-workflows"), ("gitlab.yml", "gitlab-ci")])
def test_schema(file: str, schema: str, tmp_path: Path) -> None:
    def check(path: Path) -> int:
        command = [str(_TOOLS / "check-jsonschema"), "--builtin-schema", f"vendor.{schema}", str(path)]
        return subprocess.run(command, capture_output=True, check=False).returncode

    assert check(FOLDER / file) == 0
    wrong = tmp_path / file
    wrong.write_text(
        (FOLDER / file).read_text(encoding="utf-8").replace("script:", "scripts:").replace("run:", "runs:")
    )
    assert check(wrong) == 1


def test_groovy() -> None:
    text = (FOLDER / "Jenkinsfile").read_bytes()
    assert not pipelines.parse_groovy(text).has_error
    assert pipelines.parse_groovy(text.replace(b"always {", b"always ")).has_error


def _model(name: str) -> Any:
    return getattr(tekton_pipeline.models, name, None) or getattr(kubernetes_models, name)


def _read(value: Any, kind: str) -> Any:
    """Read a value as that type of Tekton's API; TypeError or ValueError for what it does not know or misses."""
    if kind.startswith("list["):
        return [_read(one, kind[5:-1]) for one in value]
    if kind in ("str", "int", "bool"):
        if type(value).__name__ != kind:
            raise TypeError(f"{value!r} is no {kind}")
        return value
    model = _model(kind)
    names = {wire: name for name, wire in model.attribute_map.items()}
    unknown = set(value) - set(names)
    if unknown:
        raise TypeError(f"{kind} has no {unknown}")
    return model(**{names[wire]: _read(one, model.openapi_types[names[wire]]) for wire, one in value.items()})


def test_tekton_types() -> None:
    """Tekton's types for Python are of v1beta1; what the example uses is the same in v1."""
    document = yaml.safe_load((FOLDER / "tekton.yml").read_text(encoding="utf-8"))
    assert document["apiVersion"] == "tekton.dev/v1"
    assert _read(document, "V1beta1Pipeline").spec._finally[0].name == "teardown"
    step = document["spec"]["finally"][0]["taskSpec"]["steps"][0]
    with pytest.raises(TypeError, match="scripts"):
        _read({**step, "scripts": ""}, "V1beta1Step")
    with pytest.raises(ValueError, match="name"):
        _read([{}], "list[V1EnvVar]")


@pytest.mark.parametrize("name", PIPELINES)
def test_shell(name: str, tmp_path: Path) -> None:
    pipeline = PIPELINES[name]()
    for script in (pipeline.tests, pipeline.teardown, *pipeline.others):
        file = pipelines.written(pipeline, script, tmp_path, _NOWHERE)
        command = [str(_TOOLS / "shellcheck"), f"--shell={pipeline.shell}", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


# The command of each.


@dataclass
class Workspace:
    """A checkout of mtv-api-tests after its run."""

    folder: Path
    image: Image
    lab: Lab
    others: Admin
    prefix: str

    def record(self, **more: list[dict[str, Any]]) -> None:
        namespace = {"name": self.prefix, "namespace": None, "module": "ocp_resources.namespace"}
        collector = self.folder / ".data-collector"
        collector.mkdir()
        (collector / "resources.json").write_text(json.dumps({"Namespace": [namespace], **more}), encoding="utf-8")

    def run(self, pipeline: Pipeline) -> subprocess.CompletedProcess[str]:
        providers = self.folder / ".providers.json"
        providers.write_text("{}", encoding="utf-8")
        places = {"source": self.folder, "credentials": self.folder}
        script = pipelines.written(pipeline, pipeline.teardown, self.folder, places)
        image = {name: value for name, value in self.image.variables().items() if ARTIFACTS not in value}
        home, kubeconfig = str(self.folder / "home"), str(self.lab.kubeconfig)
        given = {
            **RUN,
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "HOME": home,
            "KUBECONFIG": kubeconfig,
            "PROVIDERS": str(providers),
        }
        command = [pipeline.shell, "-e", str(script)]
        return subprocess.run(
            command, cwd=self.folder, env={**image, **given}, capture_output=True, text=True, check=False, timeout=900
        )


@pytest.fixture
def workspace(acting_lab: Lab, image: Image, tmp_path: Path, prefix: str) -> Workspace:
    others = admin_of(acting_lab)
    for namespace in (prefix, f"{prefix}0"):
        others.make("Secret", others.namespace(namespace), "a")
    return Workspace(tmp_path, image, acting_lab, others, prefix)


def _nothing(workspace: Workspace) -> None:
    workspace.record()


def _shared_secret(workspace: Workspace) -> None:
    """In a namespace of others, and recorded; but a living object of theirs owns it too, so it is not deleted."""
    namespace = workspace.others.namespace(f"of-others-{workspace.prefix}")
    uid = workspace.others.api.request("GET", f"/api/v1/namespaces/{namespace}")["metadata"]["uid"]
    owner = {"apiVersion": "v1", "kind": "Namespace", "name": namespace, "uid": uid}
    name = f"{workspace.prefix}-shared"
    workspace.others.make("Secret", namespace, name, metadata={"ownerReferences": [owner]})
    workspace.record(Secret=[{"name": name, "namespace": namespace, "module": "ocp_resources.secret"}])


def _unknown_kind(workspace: Workspace) -> None:
    entry = {"name": f"{workspace.prefix}-carpet", "namespace": workspace.prefix, "module": "suite.carpets"}
    workspace.record(FlyingCarpet=[entry])


@pytest.mark.parametrize(
    ("name", "left", "code", "verdict"),
    [
        pytest.param("github", _nothing, 0, "clean", id="github"),
        pytest.param("gitlab", _shared_secret, 2, "leftovers", id="gitlab"),
        pytest.param("jenkins", _unknown_kind, 2, "unverified", id="jenkins"),
        pytest.param("tekton", _nothing, 0, "clean", id="tekton"),
    ],
)
def test_command(name: str, left: Callable[[Workspace], None], code: int, verdict: str, workspace: Workspace) -> None:
    pipeline = PIPELINES[name]()
    left(workspace)
    done = workspace.run(pipeline)
    assert done.returncode == code, done.stdout + done.stderr
    (kept,) = workspace.folder.glob(pipeline.kept)
    told = json.loads(kept.read_text(encoding="utf-8"))
    assert told["verdict"] == verdict and told["run_id"] in RUN.values()
    for face in pipeline.faces:
        (file,) = workspace.folder.glob(face)
        assert f"session {workspace.prefix}" in file.read_text(encoding="utf-8").replace("\\", "").replace(
            "Session", "session"
        )
    assert ("the verdict is clean" in done.stdout) == (code == 0)
    assert not workspace.others.uid("Secret", workspace.prefix, "a")
    assert workspace.others.uid("Secret", f"{workspace.prefix}0", "a")


def test_a_run_without_a_record_is_no_success(workspace: Workspace) -> None:
    """Tests that were killed write none."""
    done = workspace.run(PIPELINES["github"]())
    assert done.returncode == 2
    assert "session_prefix" in done.stdout
    assert workspace.others.uid("Secret", workspace.prefix, "a")
