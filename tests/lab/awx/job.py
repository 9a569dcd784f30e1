# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a template as AWX does: its variables, its credentials through AWX's own injectors, ansible-runner.

The variables come together as in awx/main/models/mixins.py C(_update_unified_job_kwargs) and workflow.py
C(get_job_kwargs), and are written as in awx/main/utils/safe_yaml.py: what only a launch gave is never a template.
There is no container: the folder of the job stands for C(/runner).
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from unittest import mock

import ansible_runner
import yaml
from awx_plugins.credentials import injectors
from awx_plugins.interfaces import _temporary_private_container_api as container
from awx_plugins.interfaces._temporary_private_api import ManagedCredentialType
from awx_plugins.interfaces._temporary_private_credential_api import Credential
from awx_plugins.interfaces._temporary_private_inject_api import inject_credential

from tests.lab.awx import rules
from tests.lab.awx.api import Controller, Item, RefusedError
from tests.lab.build import CHECKOUT

# A credential for a job: its type, and what stands in it.
Held = tuple[ManagedCredentialType, Mapping[str, Any]]


def never() -> bool:
    return False


@dataclass
class Done:
    """A job that ended. status: C(successful), C(failed) or C(canceled); shown: all that AWX keeps and shows of it."""

    status: str
    events: list[dict[str, Any]]
    artifacts: dict[str, Any]
    output: str
    safe_env: Mapping[str, Any] = field(repr=False)

    @property
    def shown(self) -> str:
        return self.output + json.dumps([self.events, self.artifacts, dict(self.safe_env)], default=str)

    @property
    def stats(self) -> dict[str, Any]:
        told: dict[str, Any] = next(e["event_data"] for e in self.events if e["event"] == "playbook_on_stats")
        return told


def builtin(namespace: str, **inputs: Any) -> Held:
    """A credential of a type that AWX brings along, as its plugins define it."""
    for group in ("awx_plugins.managed_credentials.supported", "awx_plugins.managed_credentials"):
        for entry in entry_points(group=group, name=namespace):
            kind: ManagedCredentialType = entry.load()
            wrong = rules.credential({"name": kind.name, "inputs": kind.inputs}, inputs)
            if wrong:
                raise RefusedError(400, wrong)
            return kind, inputs
    raise LookupError(namespace)


def custom(controller: Controller, type_name: str, **inputs: Any) -> Held:
    """A credential of a type that was made in this AWX."""
    kind = controller.named("credential_types", type_name)
    wrong = rules.credential(kind, inputs)
    if wrong:
        raise RefusedError(400, wrong)
    return _kind(kind), inputs


def _kind(kind: Mapping[str, Any]) -> ManagedCredentialType:
    return ManagedCredentialType(kind["name"], kind["name"], kind["kind"], kind["inputs"], kind["injectors"])


def of_template(controller: Controller, template: Item) -> list[Held]:
    """The credentials that are tied to it."""
    made = []
    for number in controller.linked("job_templates", template, "credentials"):
        one = controller.tables["credentials"][number]
        made.append((_kind(controller.tables["credential_types"][one["credential_type"]]), one["inputs"]))
    return made


def variables(
    controller: Controller, template: Item, answers: Mapping[str, Any], artifacts: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What the playbook is called with: the template's own, defaults of its survey, answers, artifacts of jobs before.
    A launch that lacks an answer is a RefusedError; a node's (artifacts is not None) that does not fit is left out."""
    questions = controller.questions(template)
    made = json.loads(template["extra_vars"] or "{}")
    for question in questions:
        default = {question["variable"]: question.get("default")}
        if question.get("default") is not None and not rules.answer(question, default):
            made |= default
    if artifacts is None:
        taken = controller.launch(template, {"extra_vars": dict(answers)})["extra_vars"]
    else:
        taken, unasked, _wrong = rules.answers(questions, answers, needed=False)
        taken |= unasked if template["ask_variables_on_launch"] else {}
    return {**made, **taken, **(artifacts or {}), "awx_job_template_name": template["name"]}


class _Unsafe(yaml.SafeDumper):
    def represent_data(self, data: Any) -> Any:
        return self.represent_scalar("!unsafe", data) if isinstance(data, str) else super().represent_data(data)


def _written(given: Mapping[str, Any], trusted: Mapping[str, Any]) -> str:
    """As YAML; only what the template itself says may be evaluated."""
    return "".join(
        yaml.dump({key: value}, Dumper=yaml.SafeDumper if key in trusted and trusted[key] == value else _Unsafe)
        for key, value in given.items()
    )


def prepare(folder: Path, controller: Controller, template: Item, files: Mapping[str, str]) -> Path:
    """The folder of a job: a copy of its project and its inventory. files: what else the project holds."""
    for name in ("env", "inventory"):
        (folder / name).mkdir(parents=True)
    shutil.copytree(CHECKOUT / "playbooks", folder / "project" / "playbooks")
    shutil.copy(CHECKOUT / "ansible.cfg", folder / "project")
    for name, text in files.items():
        (folder / "project" / name).write_text(text, encoding="utf-8")
    hosts = {
        one["name"]: json.loads(one.get("variables") or "{}")
        for one in controller.listing("hosts")
        if one["inventory"] == template["inventory"]
    }
    (folder / "inventory" / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    return folder


def inject(folder: Path, held: list[Held], *, vmware_validate_certs: bool = False) -> tuple[dict[str, Any], Item]:
    """The environment that the credentials make, and how AWX shows it. vmware_validate_certs: a setting of the whole
    AWX, which is off unless somebody turned it on."""
    env: dict[str, Any] = {}
    safe: dict[str, Any] = {}
    here = mock.patch.object(container, "CONTAINER_ROOT", str(folder))
    setting = mock.patch.object(injectors, "get_vmware_certificate_validation_setting", lambda: vmware_validate_certs)
    with here, setting:
        for kind, inputs in held:
            inject_credential(kind, Credential(dict(inputs)), env, safe, [], str(folder))
    return env, safe


def run(
    folder: Path,
    controller: Controller,
    name: str,
    held: list[Held] | None = None,
    *,
    answers: Mapping[str, Any] | None = None,
    artifacts: Mapping[str, Any] | None = None,
    files: Mapping[str, str] | None = None,
    check: bool = False,
    cancel: Callable[[], bool] = never,
    vmware_validate_certs: bool = False,
) -> Done:
    """Run one template to its end.

    held: credentials that are chosen at launch, instead of those of the template; cancel: asked all the time, as AWX
    looks whether somebody pressed the button.
    """
    template = controller.named("job_templates", name)
    given = variables(controller, template, answers or {}, artifacts)
    prepare(folder, controller, template, files or {})
    chosen = of_template(controller, template) if held is None else held
    env, safe = inject(folder, chosen, vmware_validate_certs=vmware_validate_certs)
    trusted = json.loads(template.get("extra_vars") or "{}")
    (folder / "env" / "extravars").write_text(_written(given, trusted), encoding="utf-8")
    if check:
        (folder / "env" / "cmdline").write_text("--check", encoding="utf-8")
    home = {
        "HOME": str(folder),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_RETRY_FILES_ENABLED": "False",
        **{key: os.environ[key] for key in ("ANSIBLE_COLLECTIONS_PATH",) if key in os.environ},
    }
    with mock.patch.dict(os.environ, home, clear=True):  # nothing of ours reaches the job
        runner = ansible_runner.run(
            private_data_dir=str(folder),
            playbook=template["playbook"],
            envvars=env,
            cancel_callback=cancel,
            quiet=True,
            settings={"idle_timeout": 600, "pexpect_timeout": 1},
        )
    events = list(runner.events)
    return Done(runner.status, events, _handed_over(events), runner.stdout.read(), safe)


def _handed_over(events: list[dict[str, Any]]) -> dict[str, Any]:
    """AWX takes what set_stats said from the last event of a run alone: a job that was killed hands on nothing."""
    told = [e["event_data"].get("artifact_data") for e in events if e["event"] == "playbook_on_stats"]
    return told[-1] or {} if told else {}


@dataclass
class Workflow:
    """Runs the nodes of a workflow, as awx/main/scheduler/dag_workflow.py follows them. job: runs a template for a
    node, with its answers and the artifacts of all its ancestors; approve: what a person says to an approval."""

    controller: Controller
    job: Callable[[str, str, Mapping[str, Any], Mapping[str, Any]], Done]
    approve: Callable[[str], bool] = lambda _name: False
    ended: dict[str, str] = field(default_factory=dict)
    _handed: dict[int, Mapping[str, Any]] = field(default_factory=dict)

    def run(self, name: str) -> str:
        """C(successful), or C(failed) when a node did not end well and nothing was to follow upon that."""
        workflow = self.controller.named("workflow_job_templates", name)
        nodes = [
            n
            for n in self.controller.listing("workflow_job_template_nodes")
            if n["workflow_job_template"] == workflow["id"]
        ]
        behind = {number for node in nodes for kind in rules.LINKS for number in self._next(node, kind)}
        ready = [node for node in nodes if node["id"] not in behind]
        well = True
        while ready:
            node = ready.pop(0)
            good = self._one(node, nodes)
            after = [*self._next(node, "success_nodes" if good else "failure_nodes"), *self._next(node, "always_nodes")]
            well = well and (good or bool(after))
            ready += [other for other in nodes if other["id"] in after and other["identifier"] not in self.ended]
        return "successful" if well else "failed"

    def _next(self, node: Item, kind: str) -> list[int]:
        return self.controller.linked("workflow_job_template_nodes", node, kind)

    def _one(self, node: Item, nodes: list[Item]) -> bool:
        parents = [n for n in nodes if any(node["id"] in self._next(n, kind) for kind in rules.LINKS)]
        handed: dict[str, Any] = {}
        for parent in sorted(parents, key=lambda one: int(one["id"])):  # the later one wins, and nothing goes away
            handed |= self._handed.get(parent["id"], {})
        template = next(
            t for t in self.controller.listing("unified_job_templates") if t["id"] == node["unified_job_template"]
        )
        if template["type"] == "workflow_approval_template":
            well = self.approve(template["name"])
            self.ended[node["identifier"]] = "approved" if well else "denied"
            self._handed[node["id"]] = handed
            return well
        done = self.job(node["identifier"], template["name"], node.get("extra_data") or {}, handed)
        self.ended[node["identifier"]] = done.status
        self._handed[node["id"]] = handed | done.artifacts
        return done.status == "successful"
