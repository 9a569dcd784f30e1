# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWX would refuse is refused here, our data is taken, and its own injectors make what our code reads."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml
from ansible_collections.mtv.teardown.plugins.module_utils._provider import providers_file
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._run import load
from ansible_collections.mtv.teardown.plugins.module_utils._run.connections import connections
from ansible_collections.mtv.teardown.plugins.module_utils._run.registry import PROVIDERS

from tests.lab.awx import job, projects, rules, serializers
from tests.lab.awx.api import Controller, RefusedError

ROOT = Path(__file__).resolve().parents[3]


class _Loader(yaml.SafeLoader):
    """With the tag of Ansible for text that is no template."""


_Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))  # type: ignore[type-var]
DATA: dict[str, Any] = yaml.load((ROOT / "playbooks/vars/awx.yml").read_text(encoding="utf-8"), _Loader)
QUESTION = {"question_name": "A", "variable": "a", "type": "text", "required": False}
CHOICE = {**QUESTION, "type": "multiplechoice", "choices": ["x", "y"]}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"type": "password"}, ""),
        ({"type": "number"}, "no type of question"),
        ({"required": "no"}, "required is not a bool"),
        ({"variable": None}, "variable is not a str"),
        ({"default": 5}, "default is not text"),
        ({"type": "integer", "default": "5"}, "default is not integer"),
        ({"type": "integer", "default": 5}, ""),
        ({"max": "5"}, "max is no integer"),
        ({"type": "multiselect"}, "choices are missing"),
        ({**CHOICE, "default": "z"}, "z is no choice"),
        ({**CHOICE, "default": "x\ny"}, "more than one default"),
        ({**CHOICE, "choices": "x\ny\n", "default": "y"}, ""),
        ({"default": "$encrypted$"}, "reserved"),
    ],
)
def test_questions_that_awx_refuses(change: dict[str, Any], told: str) -> None:
    wrong = rules.survey({"name": "", "description": "", "spec": [{**QUESTION, **change}]})
    assert told in "; ".join(wrong) if told else wrong == []


def test_surveys_that_awx_refuses() -> None:
    assert rules.survey({"name": "", "spec": [QUESTION]}) == ["description is missing"]
    assert rules.survey({"name": "", "description": "", "spec": []})
    assert "asked twice" in str(rules.survey({"name": "", "description": "", "spec": [QUESTION, QUESTION]}))


@pytest.mark.parametrize(
    ("change", "answers", "told"),
    [
        ({"required": True}, {}, "a is missing"),
        ({}, {"a": {}}, "a is no text"),
        ({"max": 2}, {"a": "abc"}, "too large"),
        ({"min": 1}, {"a": ""}, "too small"),
        ({"min": 0}, {"a": ""}, ""),
        ({"type": "integer"}, {"a": "5"}, "a is no integer"),
        ({"type": "integer", "min": 10}, {"a": 5}, "too small"),
        (CHOICE, {"a": "z"}, "z is no choice"),
        ({**CHOICE, "type": "multiselect"}, {"a": ["x"]}, ""),
        ({**CHOICE, "type": "multiselect"}, {"a": "x"}, "a is no list"),
    ],
)
def test_answers_that_awx_refuses(change: dict[str, Any], answers: dict[str, Any], told: str) -> None:
    wrong = rules.answer({**QUESTION, **change}, answers)
    assert told in "; ".join(wrong) if told else wrong == []


FIELD = {"id": "a", "label": "A", "type": "string"}


@pytest.mark.parametrize(
    ("inputs", "injectors", "told"),
    [
        ({"fields": [FIELD]}, {"file": {"template": "{{ a }}"}, "env": {"A": "{{ tower.filename }}"}}, ""),
        ({"fields": [FIELD]}, {"file": {"template.x": "{{ a }}"}, "env": {"A": "{{ tower.filename.x }}"}}, ""),
        ({"fields": [FIELD]}, {"env": {"A": "{{ tower.filename }}"}}, "filename"),
        ({"fields": [FIELD]}, {"env": {"A": "{{ b }}"}}, "'b' is undefined"),
        ({"fields": [FIELD]}, {"file": {"template": "", "template.x": ""}}, "not both"),
        ({"fields": [FIELD]}, {"env": {"ANSIBLE_CONFIG": "x"}}, "not allowed"),
        ({"fields": [FIELD]}, {"env": {"JOB_ID": "x"}}, "not allowed"),
        ({"fields": [FIELD]}, {"env": {"A": "{{ a"}}, "env A"),
        ({"fields": [FIELD]}, {"env": {"A": "{{ ''.__class__ }}{{ a.__class__.__mro__ }}"}}, "env A"),
        ({"fields": [FIELD]}, {"envs": {}}, "envs"),
        ({"fields": [{**FIELD, "id": "tower"}]}, {}, "reserved"),
        ({"fields": [FIELD, FIELD]}, {}, "two fields"),
        ({"fields": [{"id": "a"}]}, {}, "label"),
        ({"fields": [{**FIELD, "type": "text"}]}, {}, "text"),
    ],
)
def test_credential_types_that_awx_refuses(inputs: dict[str, Any], injectors: dict[str, Any], told: str) -> None:
    wrong = rules.credential_type(inputs, injectors)
    assert told in "; ".join(wrong) if told else wrong == []


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (DATA["mtv_awx_schedule"], ""),
        ("DTSTART:20260101T020000Z RRULE:FREQ=DAILY;INTERVAL=1;COUNT=3", ""),
        ("DTSTART:20260101T020000 RRULE:FREQ=DAILY;INTERVAL=1", "time zone"),
        ("RRULE:FREQ=DAILY;INTERVAL=1", "DTSTART"),
        ("DTSTART:20260101T020000Z RRULE:FREQ=DAILY", "INTERVAL"),
        ("DTSTART:20260101T020000Z RRULE:FREQ=SECONDLY;INTERVAL=1", "SECONDLY"),
        ("DTSTART:20260101T020000Z RRULE:FREQ=SOMETIMES;INTERVAL=1", "not understood"),
        ("DTSTART:20260101T020000Z", "RRULE is needed"),
    ],
)
def test_schedules_that_awx_refuses(rule: str, told: str) -> None:
    wrong = rules.schedule(rule)
    assert told in "; ".join(wrong) if told else wrong == []


def test_nothing_in_our_lists_is_left_out_by_the_playbook() -> None:
    play = yaml.safe_load((ROOT / "playbooks/awx.yml").read_text(encoding="utf-8"))[0]
    taken = {}
    for task in play["tasks"]:
        module = next((name for name in task if name.startswith("awx.awx.")), None)
        if module:
            loop = "controller_workflows" if "__workflows" in task["loop"] else task["loop"].strip("{} ")
            taken[loop] = taken.get(loop, set()) | set(task[module])
    lists = {name: value for name, value in DATA.items() if name.startswith("controller_")}
    assert set(taken) == set(lists)
    for name, entries in lists.items():
        for entry in entries if isinstance(entries, list) else []:
            assert set(entry) <= taken[name], (name, entry["name"])


@pytest.fixture(scope="module")
def controller() -> Controller:
    """With our types, and our template of a teardown."""
    made = Controller()
    for kind in DATA["controller_credential_types"]:
        made.create("credential_types", kind)
    project = made.fetched(made.create("projects", {"name": "p", "organization": 1, "scm_type": "git"}))["id"]
    inventory = made.create("inventories", {"name": "i", "organization": 1})["id"]
    teardown = made.create(
        "job_templates",
        {
            "name": "teardown",
            "project": project,
            "inventory": inventory,
            "playbook": "playbooks/teardown.yml",
            "survey_enabled": True,
        },
    )
    spec = [*DATA["mtv_awx_which_session"], *DATA["mtv_awx_how_to_tear_down"]]
    assert rules.survey({"name": "", "description": "", "spec": spec}) == []
    made.surveys[teardown["id"]] = {"spec": spec}
    return made


def test_what_a_survey_hands_to_the_playbook(controller: Controller) -> None:
    teardown = controller.named("job_templates", "teardown")
    given = job.variables(controller, teardown, {"session_prefix": "auto-ab12"}, {"resources_text": {"Plan": []}})
    assert (given["session_prefix"], given["resources_url"], given["mtv_teardown_stall_timeout"]) == (
        "auto-ab12",
        "",
        180,
    )
    assert given["resources_text"] == {"Plan": []}  # an artifact is not asked what a survey allows
    # What nobody asks is no error, and counts nothing.
    assert "ansible_connection" not in job.variables(controller, teardown, {"ansible_connection": "ssh"})
    for wrong in (
        {"mtv_teardown_stall_timeout": 0},
        {"mtv_teardown_openshift_only": "maybe"},
        {"session_prefix": "a" * 64},
    ):
        with pytest.raises(RefusedError):
            job.variables(controller, teardown, wrong)


def test_an_api_launch_without_answers_is_taken(controller: Controller) -> None:
    """To a required question AWX wants an answer whatever the default is; only its own pages fill that in."""
    teardown = controller.named("job_templates", "teardown")
    assert controller.launch(teardown, {})["status"] == "pending"
    spec = controller.surveys[teardown["id"]]["spec"]
    needed = [{**question, "required": question["variable"] == "session_prefix"} for question in spec]
    with mock.patch.dict(controller.surveys, {teardown["id"]: {"spec": needed}}), pytest.raises(RefusedError) as told:
        controller.launch(teardown, {})
    assert told.value.detail == {"variables_needed_to_start": ["session_prefix is missing"]}


def test_no_question_with_a_default_has_to_be_answered() -> None:
    surveys = [template["survey_spec"]["spec"] for template in DATA["controller_templates"]]
    questions = [*DATA["mtv_awx_which_session"], *DATA["mtv_awx_how_to_tear_down"], *DATA["mtv_awx_of_which_node"]]
    questions += [question for spec in surveys if isinstance(spec, list) for question in spec]
    assert len(questions) > 10
    assert [one["variable"] for one in questions if "default" in one and one["required"]] == []


def test_an_answer_holds_every_field_and_none_of_ours(controller: Controller) -> None:
    made = controller.create("workflow_job_templates", {"name": "w", "organization": 1, "color": "red"})
    assert set(made) == serializers.fields("workflow_job_templates")
    node = controller.create("workflow_job_template_nodes", {"workflow_job_template": made["id"], "name": "n"})
    assert "name" not in node and node["identifier"]
    approval = {"name": "a", "identifier": "look", "workflow_job_template": made["id"], "timeout": 5}
    assert controller.create("workflow_approval_templates", approval).keys() & approval.keys() == {"name", "timeout"}
    # Of what only the server writes, or only when the object is made, a change says nothing.
    before = dict(node)
    controller.change("workflow_job_template_nodes", node, {"type": "x", "workflow_job_template": 0})
    assert node == before


@pytest.mark.parametrize(
    ("endpoint", "given", "told"),
    [
        ("projects", {"organization": 1}, {"name": ["This field is required."]}),
        ("projects", {"name": "q", "organization": 99}, {"organization": ['Invalid pk "99" - object does not exist.']}),
        ("projects", {"name": "q", "timeout": "soon"}, {"timeout": ["A valid integer is required."]}),
        (
            "projects",
            {"name": "q", "scm_update_on_launch": "soon"},
            {"scm_update_on_launch": ["Must be a valid boolean."]},
        ),
        ("projects", {"name": ["q"]}, {"name": ["Not a valid string."]}),
        (
            "projects",
            {"name": "p", "organization": 1},
            {"__all__": ["projects with this name and organization already exists."]},
        ),
    ],
)
def test_objects_that_awx_refuses(
    controller: Controller, endpoint: str, given: dict[str, Any], told: dict[str, list[str]]
) -> None:
    with pytest.raises(RefusedError) as refused:
        controller.create(endpoint, given)
    assert refused.value.detail == told


def test_a_project_whose_update_failed_has_no_playbooks_until_somebody_repeats_it() -> None:
    held = Controller()
    held.updates.fates = ["failed"]
    project = held.fetched(held.create("projects", {"name": "p", "organization": 1, "scm_type": "git"}))
    assert (project["status"], project["last_update_failed"], project["scm_revision"]) == ("failed", True, "")
    held.change("projects", project, {"description": "d"})
    assert project["status"] == "failed"
    inventory = held.create("inventories", {"name": "i", "organization": 1})["id"]
    template = {"name": "t", "project": project["id"], "inventory": inventory, "playbook": "playbooks/verify.yml"}
    with pytest.raises(RefusedError, match="Playbook not found"):
        held.create("job_templates", template)
    held.update(project)
    assert held.fetched(project)["status"] == "successful"
    held.create("job_templates", template)
    held.change("projects", project, {"scm_branch": "0.2.0"})
    assert project["status"] == "pending"


def test_awx_offers_our_playbooks_and_nothing_else() -> None:
    """It takes each YAML file with a line that begins like a play; in molecule's and examples' the key is quoted."""
    offered = projects.playbooks(ROOT)
    assert offered == sorted(f"playbooks/{path.name}" for path in (ROOT / "playbooks").glob("*.yml"))


def injected(folder: Path, *held: job.Held, **how: Any) -> dict[str, Any]:
    (folder / "env").mkdir()
    return job.inject(folder, list(held), **how)[0]


def test_our_types_make_the_files_as_they_are(controller: Controller, tmp_path: Path) -> None:
    record = '{"Secret": [{"name": "auto-ab12-a", "namespace": "auto-ab12", "x": "{{ 7 * 7 }} %}"}]}\n'
    providers = json.dumps({"v": {"type": "vsphere", "fqdn": "vc", "username": "u", "password": "p{{ 1 }}"}})
    env = injected(
        tmp_path,
        job.custom(controller, "MTV resources file", resources=record),
        job.custom(controller, "MTV providers file", providers=providers),
    )
    resources = Path(env["MTV_TEARDOWN_RESOURCES_FILE"])
    assert resources.read_text(encoding="utf-8") == record
    assert stat.S_IMODE(Path(env["MTV_TEARDOWN_PROVIDERS_FILE"]).stat().st_mode) == 0o600
    entries = providers_file.read(env["MTV_TEARDOWN_PROVIDERS_FILE"])
    assert [entry.text("password") for entry in entries] == ["p{{ 1 }}"]
    with mock.patch.dict(os.environ, env):
        assert load.session_of({"session_prefix": "", "resources_file": ""}).records[0].name == "auto-ab12-a"
        with pytest.raises(Exception, match="told twice"):
            load.session_of({"resources": record})


def the(kind: str, env: dict[str, Any]) -> Connection:
    with mock.patch.dict(os.environ, env):
        made, wrong = connections(PROVIDERS[kind], {}, (), env)
    assert wrong == {} and len(made) == 1
    return made[0]


@pytest.mark.parametrize("verify", [False, True])
def test_vmware(tmp_path: Path, verify: bool) -> None:
    held = job.builtin("vmware", host="vc.example.com:8443", username="u", password="secret-of-the-vcenter")
    made = the("vsphere", injected(tmp_path, held, vmware_validate_certs=verify))
    assert (made.host, made.port, made.username, made.validate_certs) == ("vc.example.com", 8443, "u", verify)


def test_rhv(tmp_path: Path) -> None:
    given = {
        "host": "https://engine.example.com/ovirt-engine/api",
        "username": "admin@internal",
        "password": "50%{{x}}",
    }
    made = the("ovirt", injected(tmp_path, job.builtin("rhv", ca_file=__file__, **given)))
    assert (made.host, made.secret, made.ca_file, made.validate_certs) == (
        "engine.example.com",
        "50%{{x}}",
        __file__,
        True,
    )


def test_openstack(tmp_path: Path) -> None:
    given = {"host": "https://cloud.example.com:5000/v3", "username": "ci", "password": "secret-of-the-cloud"}
    held = job.builtin("openstack", project="qe", domain="Default", region="RegionOne", verify_ssl=False, **given)
    made = the("openstack", injected(tmp_path, held))
    assert (made.host, made.port, made.more["project_name"], made.validate_certs) == (
        "cloud.example.com",
        5000,
        "qe",
        False,
    )
    assert made.more["region_name"] == "RegionOne"


def test_a_token_without_a_ca_is_not_verified(tmp_path: Path) -> None:
    held = job.builtin(
        "kubernetes_bearer_token", host="https://api.example.com:6443", bearer_token="t", verify_ssl=True
    )
    assert injected(tmp_path, held)["K8S_AUTH_VERIFY_SSL"] == "False"


def finished(status: str, **artifacts: Any) -> job.Done:
    return job.Done(status, [], artifacts, "", {})


def test_a_node_is_given_what_all_its_ancestors_handed_over() -> None:
    held = Controller()
    workflow = held.create("workflow_job_templates", {"name": "w", "organization": 1})["id"]
    inventory = held.create("inventories", {"name": "i", "organization": 1})["id"]
    project = held.create("projects", {"name": "p", "organization": 1})["id"]
    template = {"name": "t", "project": project, "inventory": inventory, "playbook": "p.yml"}
    made = {
        name: held.create(
            "workflow_job_template_nodes",
            {
                "workflow_job_template": workflow,
                "identifier": name,
                "unified_job_template": held.create("job_templates", {**template, "name": name})["id"],
            },
        )
        for name in ("one", "two", "three", "never")
    }
    for parent, kind, child in (
        ("one", "always_nodes", "two"),
        ("two", "failure_nodes", "three"),
        ("two", "success_nodes", "never"),
    ):
        held.linked("workflow_job_template_nodes", made[parent], kind).append(made[child]["id"])
    ends = {
        "one": finished("failed", verdict="leftovers", a=1),
        "two": finished("canceled"),
        "three": finished("successful"),
    }
    given = {}

    def run(node: str, _name: str, _answers: Any, artifacts: Any) -> job.Done:
        given[node] = artifacts
        return ends[node]

    walked = job.Workflow(held, run)
    assert walked.run("w") == "successful"
    assert given == {"one": {}, "two": {"verdict": "leftovers", "a": 1}, "three": {"verdict": "leftovers", "a": 1}}
    assert "never" not in walked.ended
