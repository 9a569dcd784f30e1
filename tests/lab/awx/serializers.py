# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWX makes of a request: fields that it has, of their types, with their defaults. The rest is dropped unsaid, as
Django REST framework does, so that nothing comes back that a real AWX would not keep. The facts are in fields.yml."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_FACTS: Mapping[str, Any] = yaml.safe_load(Path(__file__).with_name("fields.yml").read_text(encoding="utf-8"))
VERSION: str = _FACTS["version"]
Complaints = dict[str, list[str]]


@dataclass(frozen=True)
class Field:
    """refers: the endpoint of which the value is an id, if it is one; once: it counts only when the object is made."""

    kind: str
    default: Any
    refers: str = ""
    required: bool = False
    once: bool = False


@dataclass(frozen=True)
class Endpoint:
    type: str
    given: Mapping[str, Field]
    told: frozenset[str]
    unique: tuple[str, ...]


def _field(text: str) -> Field:
    said, _equals, default = text.partition(" = ")
    words = said.split()
    kind, refers = ("id", words[1]) if words[0] == "*" else (words[0], "")
    return Field(kind, json.loads(default) if default else None, refers, required="!" in words, once="+" in words)


def _endpoint(facts: Mapping[str, Any]) -> Endpoint:
    given = {name: _field(text) for name, text in facts["given"].items()}
    told = frozenset(name for names in facts["told"] for name in names.split())
    return Endpoint(facts["type"], given, told, tuple(facts.get("unique", "").split()))


ENDPOINTS: Mapping[str, Endpoint] = {name: _endpoint(facts) for name, facts in _FACTS["endpoints"].items()}


def fields(endpoint: str) -> set[str]:
    """All that an answer of this endpoint holds."""
    return {*ENDPOINTS[endpoint].given, *ENDPOINTS[endpoint].told}


def blank(endpoint: str) -> dict[str, Any]:
    """An object of which nothing was said yet."""
    made = dict.fromkeys(sorted(ENDPOINTS[endpoint].told))
    return made | {name: field.default for name, field in ENDPOINTS[endpoint].given.items()}


def taken(
    endpoint: str, given: Mapping[str, Any], there: Callable[[str, int], bool], *, new: bool
) -> tuple[dict[str, Any], Complaints]:
    """What of a request counts, and what is wrong with it. there: whether an endpoint has an object with that id."""
    made: dict[str, Any] = {}
    wrong: Complaints = {}
    for name, field in ENDPOINTS[endpoint].given.items():
        if name not in given:
            if new and field.required:
                wrong[name] = ["This field is required."]
            continue
        if field.once and not new:
            continue
        made[name], complaint = _value(field, given[name], there)
        if complaint:
            wrong[name] = [complaint]
    return made, wrong


def _value(field: Field, value: Any, there: Callable[[str, int], bool]) -> tuple[Any, str]:
    if value in (None, ""):
        if field.required:
            return value, "This field may not be blank."
        return ("" if field.kind == "string" and field.default is not None else field.default), ""
    if field.kind == "id":
        known = isinstance(value, int) and there(field.refers, value)
        return value, "" if known else f'Invalid pk "{value}" - object does not exist.'
    if field.kind == "string":
        return str(value), "Not a valid string." if isinstance(value, dict | list | bool) else ""
    if field.kind == "integer":
        whole = str(value).lstrip("-").isdigit() and not isinstance(value, bool)
        return (int(value) if whole else value), "" if whole else "A valid integer is required."
    if field.kind == "boolean":
        return value, "" if isinstance(value, bool) else "Must be a valid boolean."
    return value, "" if isinstance(value, dict | list) else "Value must be valid JSON."
