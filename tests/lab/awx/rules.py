# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWX refuses, as pure functions over what it is sent. Each gives the complaints; none means: taken.

The rules are those of AWX 24.6 (awx/api/views C(JobTemplateSurveySpec), awx/main/models/mixins.py
C(SurveyJobTemplateMixin), awx/main/fields.py C(CredentialTypeInputField), C(CredentialTypeInjectorField) and
C(CredentialInputField), awx/api/serializers.py C(SchedulePreviewSerializer)).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import jinja2
from awx_plugins.interfaces._temporary_private_inject_api import ENV_BLOCKLIST
from dateutil.rrule import rrulestr
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jsonschema import Draft4Validator

Complaints = list[str]

# What a question may be, and what its default has to be then.
QUESTIONS: Mapping[str, type | tuple[type, ...]] = {
    "text": str,
    "textarea": str,
    "password": str,
    "multiplechoice": str,
    "multiselect": str,
    "integer": int,
    "float": (float, int),
}
# From a node of a workflow to those that follow it.
LINKS = ("success_nodes", "failure_nodes", "always_nodes")
_QUESTION = {"type": str, "question_name": str, "variable": str, "required": bool}


def survey(spec: Mapping[str, Any]) -> Complaints:
    """The questions of a template."""
    wrong = [f"{name} is missing" for name in ("name", "description", "spec") if name not in spec]
    if wrong or not isinstance(spec["spec"], list) or not spec["spec"]:
        return wrong or ["spec is no list of questions"]
    seen: set[str] = set()
    for number, question in enumerate(spec["spec"]):
        wrong += [f"question {number}: {text}" for text in _question(question)]
        variable = str(question.get("variable"))
        wrong += [f"question {number}: {variable} is asked twice"] if variable in seen else []
        seen.add(variable)
    return wrong


def _question(question: Mapping[str, Any]) -> Complaints:
    wrong = [
        f"{key} is not a {kind.__name__}" for key, kind in _QUESTION.items() if not isinstance(question.get(key), kind)
    ]
    kind = question.get("type")
    if wrong or kind not in QUESTIONS:
        return wrong or [f"{kind} is no type of question"]
    default = question.get("default", "")
    if default != "" and not isinstance(default, QUESTIONS[str(kind)]):
        wrong.append(f"default is not {kind}")
    wrong += [f"{key} is no integer" for key in ("min", "max") if not isinstance(question.get(key, 0), int | None)]
    if str(kind).startswith("multi"):
        wrong += _choices(question, str(default))
    return wrong + ([] if kind == "password" or not str(default).startswith("$encrypted$") else ["default is reserved"])


def _choices(question: Mapping[str, Any], default: str) -> Complaints:
    if "choices" not in question:
        return ["choices are missing"]
    chosen = [line for line in default.splitlines() if line.strip()]
    if question["type"] == "multiplechoice" and len(chosen) > 1:
        return ["more than one default"]
    return [f"default {one} is no choice" for one in chosen if one not in choices(question)]


def choices(question: Mapping[str, Any]) -> list[str]:
    given = question["choices"]
    return [one for one in given.splitlines() if one.strip()] if isinstance(given, str) else list(given)


def answer(question: Mapping[str, Any], answers: Mapping[str, Any]) -> Complaints:
    """One question, and all that was answered."""
    variable, kind = question["variable"], question["type"]
    if variable not in answers:
        return [f"{variable} is missing"] if question["required"] else []
    value = answers[variable]
    if kind in ("text", "textarea", "password"):
        return [f"{variable} is no text"] if not isinstance(value, str) else _limits(question, variable, len(value))
    if kind in ("integer", "float"):
        fitting = isinstance(value, QUESTIONS[kind]) and not isinstance(value, bool)
        return _limits(question, variable, value) if fitting else [f"{variable} is no {kind}"]
    if kind == "multiselect" and not isinstance(value, list):
        return [f"{variable} is no list"]
    chosen = value if kind == "multiselect" else [value]
    return [f"{variable}: {one} is no choice" for one in chosen if one not in choices(question)]


def answers(
    questions: list[dict[str, Any]], given: Mapping[str, Any], *, needed: bool
) -> tuple[dict[str, Any], dict[str, Any], Complaints]:
    """What a survey takes of that, what nobody asked, and the complaints. needed: a required question wants its answer,
    whatever its default is; a node of a workflow may leave it to the launch."""
    wrong: Complaints = []
    taken: dict[str, Any] = {}
    unasked = dict(given)
    for question in questions:
        variable = question["variable"]
        complaints = answer({**question, "required": question["required"] and needed}, given)
        wrong += complaints
        if variable in unasked:
            value = unasked.pop(variable)
            taken |= {} if complaints else {variable: value}
    return taken, unasked, wrong


def _limits(question: Mapping[str, Any], variable: str, size: float) -> Complaints:
    least, most = question.get("min"), question.get("max")
    wrong = [f"{variable} is too small"] if least not in ("", None) and size < int(least) else []
    return wrong + ([f"{variable} is too large"] if most not in ("", None) and size > int(most) else [])


_NAME = "^[a-zA-Z_]+[a-zA-Z0-9_]*$"
_TEXT = {"type": "string"}
_YES_OR_NO = {"type": "boolean"}
_INPUTS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "required": {"type": "array", "items": _TEXT},
        "fields": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["id", "label"],
                "properties": {
                    "id": {"type": "string", "pattern": _NAME},
                    "type": {"enum": ["string", "boolean"]},
                    "format": {"enum": ["ssh_private_key", "url"]},
                    "choices": {"type": "array", "minItems": 1, "items": _TEXT, "uniqueItems": True},
                    "label": _TEXT,
                    "help_text": _TEXT,
                    "multiline": _YES_OR_NO,
                    "secret": _YES_OR_NO,
                    "ask_at_runtime": _YES_OR_NO,
                    "default": {},
                },
            },
        },
    },
}
_INJECTORS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "file": {
            "type": "object",
            "additionalProperties": False,
            "patternProperties": {r"^template(\.[a-zA-Z_]+[a-zA-Z0-9_]*)?$": _TEXT},
        },
        "env": {
            "type": "object",
            "additionalProperties": False,
            "patternProperties": {_NAME: {"type": "string", "pattern": "^[\x00-\x7f]*$"}},
        },
        "extra_vars": {"type": "object"},
    },
}


def credential_type(inputs: Mapping[str, Any], injectors: Mapping[str, Any]) -> Complaints:
    """The fields of a type of credentials, and where they go."""
    wrong = [error.message for error in Draft4Validator(_INPUTS).iter_errors(inputs)]
    wrong += [error.message for error in Draft4Validator(_INJECTORS).iter_errors(injectors)]
    fields = [field["id"] for field in inputs.get("fields", [])] if not wrong else []
    wrong += ["two fields have one id"] if len(set(fields)) < len(fields) else []
    wrong += ["tower is a reserved name"] if "tower" in fields else []
    for variable in injectors.get("env", {}):
        if variable.startswith("ANSIBLE_") or variable in ENV_BLOCKLIST:
            wrong.append(f"{variable} is not allowed")
    return wrong or _templates(fields, injectors)


def _templates(fields: list[str], injectors: Mapping[str, Any]) -> Complaints:
    """Every template has to render, with the fields and the names of the files and nothing else."""
    files = list(injectors.get("file", {}))
    if "template" in files and len(files) > 1:
        return ["one file or several with names, not both"]
    named = {file.partition(".")[2]: "PATH" for file in files}
    tower = {"filename": "PATH" if "template" in files else named} if files else {}
    sandbox = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined)
    wrong = []
    for kind in ("file", "env"):
        for key, template in injectors.get(kind, {}).items():
            try:
                sandbox.from_string(template).render({**dict.fromkeys(fields, "EXAMPLE"), "tower": tower})
            except jinja2.TemplateError as exc:
                wrong.append(f"{kind} {key}: {exc}")
    return wrong


def credential(kind: Mapping[str, Any], inputs: Mapping[str, Any]) -> Complaints:
    """What stands in a credential of this type."""
    fields = {field["id"]: field for field in kind["inputs"].get("fields", [])}
    wrong = [f"{name} is no field of {kind['name']}" for name in inputs if name not in fields]
    for name, value in inputs.items():
        wanted = bool if fields.get(name, {}).get("type") == "boolean" else str
        wrong += [f"{name} is no {wanted.__name__}"] if not isinstance(value, wanted) else []
    return wrong


def schedule(rule: str) -> Complaints:
    """When a schedule runs."""
    starts = re.findall(r"DTSTART(?:;[^:]+)?:\d+T\d+Z?", rule)
    wrong = [] if len(starts) == 1 else ["exactly one DTSTART is needed"]
    wrong += ["DTSTART needs a time zone"] if re.search(r"DTSTART:\d+T\d+(?!\d|Z)", rule) else []
    wrong += [f"{name} is not allowed" for name in ("EXDATE:", "RDATE:", "SECONDLY") if name in rule.upper()]
    rules = re.findall(r"RULE:\S*", rule)
    wrong += [] if rules else ["a RRULE is needed"]
    for one in rules:
        wrong += [] if "INTERVAL" in one else ["INTERVAL is needed"]
        wrong += ["COUNT and UNTIL exclude each other"] if "COUNT" in one and "UNTIL" in one else []
    if not rules:
        return wrong
    try:
        rrulestr(rule.replace(" ", "\n"))
    except ValueError as exc:
        wrong.append(f"not understood: {exc}")
    return wrong
