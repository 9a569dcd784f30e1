# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the examples of CI pipelines run after the tests, read from the files themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tree_sitter_groovy
import yaml
from tree_sitter import Language, Node, Parser

from tests.lab.controlplane import CHECKOUT

# By what each system knows a build.
RUN = {"CI_JOB_ID": "4711", "BUILD_TAG": "jenkins-mtv-4711", "RUN": "4711-1", "taskRun.uid": "0f0f0f0f-1111"}
FOLDER = CHECKOUT / "docs" / "examples" / "ci"


@dataclass(frozen=True)
class Pipeline:
    """teardown: the script that tears down; tests, others: what else it runs; kept: which results it keeps; faces:
    which files it shows of them; workspaces: how it writes the place of each."""

    shell: str
    tests: str
    teardown: str
    kept: str
    others: tuple[str, ...] = ()
    workspaces: tuple[str, ...] = ()
    faces: tuple[str, ...] = ()


def _yaml(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


def github() -> Pipeline:
    """Steps that always run."""
    steps = _yaml("github.yml")["jobs"]["tests"]["steps"]
    scripts = {step["name"]: step["run"] for step in steps if "run" in step}
    always = [step for step in steps if step.get("if") == "always()"]
    (kept,) = (step["with"] for step in always if "with" in step)
    assert kept["include-hidden-files"] is True
    (teardown,) = (step["run"] for step in always if "run" in step)
    (run,) = (step["env"]["RUN"] for step in always if "run" in step)
    assert "github.run_id" in run and "github.run_attempt" in run
    tests = scripts.pop("Tests")
    assert '>>"$GITHUB_STEP_SUMMARY"' in teardown
    result, page = kept["path"].split()
    return Pipeline("bash", tests, teardown, result, tuple(scripts.values()), faces=(page, "summary.md"))


def gitlab() -> Pipeline:
    """A job that always runs, and gets what the tests wrote."""
    jobs = _yaml("gitlab.yml")
    tests, job = jobs["tests"], jobs["teardown"]
    assert (job["when"], job["needs"]) == ("always", ["tests"])
    assert tests["artifacts"] == {"when": "always", "paths": [".data-collector/"]}
    assert job["artifacts"]["when"] == "always"
    kept, page = job["artifacts"]["paths"]
    shown = (page, job["artifacts"]["reports"]["junit"])
    return Pipeline("sh", "\n".join(tests["script"]), "\n".join(job["script"]), kept, faces=shown)


def tekton() -> Pipeline:
    """A task in finally."""
    spec = _yaml("tekton.yml")["spec"]
    declared = [workspace["name"] for workspace in spec["workspaces"]]
    for task in (*spec["tasks"], *spec["finally"]):
        for given in (task["workspaces"], task["taskSpec"]["workspaces"]):
            assert [workspace["name"] for workspace in given] == declared
    (tests,), (teardown,) = (
        [step["script"] for task in spec[part] for step in task["taskSpec"]["steps"]] for part in ("tasks", "finally")
    )
    # The workspace stays, and with it the result.
    return Pipeline("sh", tests, teardown, ".data-collector/*.result.json", workspaces=tuple(declared))


def parse_groovy(text: bytes) -> Node:
    return Parser(Language(tree_sitter_groovy.language())).parse(text).root_node


def jenkins() -> Pipeline:
    """post: always."""
    root = parse_groovy((FOLDER / "Jenkinsfile").read_bytes())
    (post,) = _blocks(root, "post")
    (always,) = _blocks(post, "always")
    (cleanup,) = _blocks(post, "cleanup")
    (stages,) = _blocks(root, "stages")
    teardown = "\n".join(_arguments(always, "sh"))
    ((kept, page),) = (patterns.split(",") for patterns in _arguments(cleanup, "archiveArtifacts"))
    shown = (page, *_arguments(cleanup, "junit"))
    return Pipeline("sh", "\n".join(_arguments(stages, "sh")), teardown, kept, faces=shown)


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.named_children:
        yield from _walk(child)


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8")


def _blocks(node: Node, name: str) -> list[Node]:
    """The closures of `name { … }`."""
    calls = [n for n in _walk(node) if n.type == "method_invocation" and _text(n.named_children[0]) == name]
    return [child for call in calls for child in call.named_children if child.type == "closure"]


def _arguments(node: Node, name: str) -> list[str]:
    """The first text in each `name '…'`."""
    calls = [n for n in _walk(node) if n.type == "juxt_function_call" and _text(n.named_children[0]) == name]
    literals = [next(n for n in _walk(call) if n.type in ("character_literal", "string_literal")) for call in calls]
    return [_text(literal)[1:-1] for literal in literals]


def written(pipeline: Pipeline, script: str, folder: Path, places: dict[str, Path]) -> Path:
    """The script as the pipeline's runner would write it, with its places filled in."""
    for name in pipeline.workspaces:
        script = script.replace(f"$(workspaces.{name}.path)", str(places[name]))
    script = script.replace("$(context.taskRun.uid)", RUN["taskRun.uid"])
    assert "$(" not in script
    file = folder / "script.sh"
    file.write_text(script, encoding="utf-8")
    return file


PIPELINES = {"github": github, "gitlab": gitlab, "jenkins": jenkins, "tekton": tekton}
