# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of AWX's API that awx.awx needs to set up what vars/awx.yml says, on loopback.

It refuses what AWX refuses (rules.py), and beyond that fields that it does not know, which AWX would only ignore.
"""

from __future__ import annotations

import itertools
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.lab.awx import rules
from tests.lab.build import CHECKOUT

TOKEN = "lab-controller-token"
ROOT = "/api/v2/"
Item = dict[str, Any]

# endpoint -> (its type, fields that have to be there, fields that may be). A field that ends in * names another object.
_TABLES: Mapping[str, tuple[str, str, str]] = {
    "organizations": ("organization", "name", ""),
    "credential_types": ("credential_type", "name kind inputs injectors", "description managed namespace"),
    "credentials": ("credential", "name credential_type*", "description organization* inputs"),
    "execution_environments": ("execution_environment", "name image", "description organization* pull credential*"),
    "projects": (
        "project",
        "name organization*",
        "description scm_type scm_url scm_branch credential* scm_update_on_launch default_environment* allow_override",
    ),
    "inventories": ("inventory", "name organization*", "description kind host_filter variables"),
    "hosts": ("host", "name inventory*", "description enabled variables"),
    "job_templates": (
        "job_template",
        "name project* playbook inventory*",
        """description organization* execution_environment* job_type job_tags skip_tags limit verbosity diff_mode
        timeout extra_vars allow_simultaneous ask_job_type_on_launch ask_credential_on_launch ask_diff_mode_on_launch
        ask_verbosity_on_launch ask_variables_on_launch survey_enabled""",
    ),
    "workflow_job_templates": (
        "workflow_job_template",
        "name",
        "description organization* extra_vars allow_simultaneous ask_variables_on_launch survey_enabled",
    ),
    "workflow_job_template_nodes": (
        "workflow_job_template_node",
        "workflow_job_template* identifier",
        "unified_job_template* extra_data",
    ),
    "workflow_approval_templates": ("workflow_approval_template", "name", "description timeout"),
    "schedules": ("schedule", "name rrule unified_job_template*", "description extra_data enabled"),
}
_UNIFIED = ("job_templates", "workflow_job_templates", "projects", "workflow_approval_templates")
_REFERS = {
    "default_environment": "execution_environments",
    "credential": "credentials",
    "inventory": "inventories",
    "unified_job_template": "unified_job_templates",
}


class RefusedError(Exception):
    """An answer other than 200. detail: the body."""

    def __init__(self, status: int, detail: Any) -> None:
        super().__init__(f"{status} {detail}")
        self.status, self.detail = status, detail


class Controller:
    """What an AWX holds. writes: every request that changed it; playbooks: those of its projects."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self.tables: dict[str, dict[int, Item]] = {name: {} for name in _TABLES}
        self.related: dict[tuple[str, int, str], list[int]] = {}
        self.surveys: dict[int, Item] = {}
        self.writes: list[tuple[str, str]] = []
        self.playbooks = {f"playbooks/{path.name}" for path in (CHECKOUT / "playbooks").glob("*.yml")}
        self.create("organizations", {"name": "Default"})

    def named(self, endpoint: str, name: str) -> Item:
        found = [one for one in self.tables[endpoint].values() if name in (one.get("name"), one.get("identifier"))]
        if len(found) != 1:
            raise LookupError(f"{len(found)} of {endpoint} have the name {name}")
        return found[0]

    def linked(self, endpoint: str, one: Mapping[str, Any], kind: str) -> list[int]:
        return self.related.setdefault((endpoint, one["id"], kind), [])

    def listing(self, endpoint: str) -> list[Item]:
        if endpoint == "unified_job_templates":
            return [one for table in _UNIFIED for one in self.tables[table].values()]
        return list(self.tables[endpoint].values())

    def create(self, endpoint: str, given: Mapping[str, Any]) -> Item:
        kind, needed, _more = _TABLES[endpoint]
        missing = [name for name in needed.replace("*", "").split() if given.get(name) in (None, "")]
        if missing:
            raise RefusedError(400, {name: ["This field is required."] for name in missing})
        self._check(endpoint, given)
        number = next(self._ids)
        made = {"id": number, "type": kind, "url": f"{ROOT}{endpoint}/{number}/", "related": {}, **given}
        if endpoint == "projects":
            made |= {"scm_revision": "0" * 40, "summary_fields": {}}
        if "survey_enabled" in _TABLES[endpoint][2]:
            made["related"]["survey_spec"] = f"{made['url']}survey_spec/"
        self.tables[endpoint][number] = made
        return made

    def change(self, endpoint: str, one: Item, given: Mapping[str, Any]) -> Item:
        self._check(endpoint, {**{k: v for k, v in one.items() if k in _fields(endpoint)}, **given})
        one.update(given)
        return one

    def _check(self, endpoint: str, given: Mapping[str, Any]) -> None:
        fields = _fields(endpoint)
        if endpoint != "workflow_approval_templates":  # awx.awx sends it the fields of its node, too
            unknown = set(given) - set(fields)
            if unknown:
                raise RefusedError(400, {name: ["There is no such field."] for name in sorted(unknown)})
        for name, refers in fields.items():
            target = _REFERS.get(name, f"{name}s")
            if refers and given.get(name) and given[name] not in {one["id"] for one in self.listing(target)}:
                raise RefusedError(400, {name: ["Invalid pk - object does not exist."]})
        wrong = self._wrong(endpoint, given)
        if wrong:
            raise RefusedError(400, {"detail": wrong})

    def _wrong(self, endpoint: str, given: Mapping[str, Any]) -> rules.Complaints:
        if endpoint == "credential_types":
            return rules.credential_type(given["inputs"], given["injectors"])
        if endpoint == "credentials":
            return rules.credential(self.tables["credential_types"][given["credential_type"]], given.get("inputs", {}))
        if endpoint == "schedules":
            return rules.schedule(given["rrule"])
        if endpoint == "job_templates" and given["playbook"] not in self.playbooks:
            return ["Playbook not found for project."]
        if endpoint == "workflow_job_template_nodes" and given.get("extra_data"):
            return self._prompts(given["unified_job_template"], given["extra_data"])
        return []

    def _prompts(self, template: int, answers: Mapping[str, Any]) -> rules.Complaints:
        """What a node gives its template has to be asked by it."""
        questions = {one["variable"]: one for one in self.surveys.get(template, {}).get("spec", [])}
        wrong = [f"{name} is not allowed on launch" for name in answers if name not in questions]
        asked = [questions[name] for name in answers if name in questions]
        return wrong + [text for question in asked for text in rules.answer(question, answers)]

    def shown(self, endpoint: str, one: Item) -> Item:
        """Without secrets, as the API shows an object."""
        if endpoint == "credentials":
            fields = self.tables["credential_types"][one["credential_type"]]["inputs"].get("fields", [])
            secret = {field["id"] for field in fields if field.get("secret")}
            inputs = {name: "$encrypted$" if name in secret else value for name, value in one.get("inputs", {}).items()}
            return {**one, "inputs": inputs}
        return one


def _fields(endpoint: str) -> dict[str, bool]:
    _kind, needed, more = _TABLES[endpoint]
    return {name.rstrip("*"): name.endswith("*") for name in f"{needed} {more}".split()}


class _Handler(BaseHTTPRequestHandler):
    controller: Controller

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}") if length else {}
        try:
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                raise RefusedError(401, {"detail": "Authentication credentials were not provided."})
            status, answer = self._answer(urlsplit(self.path), body)
        except RefusedError as exc:
            status, answer = exc.status, exc.detail
        if self.command != "GET" and status < 300:
            self.controller.writes.append((self.command, self.path))
        text = b"" if status == 204 else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("X-API-Product-Name", "AWX")
        self.send_header("X-API-Product-Version", "24.6.1")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - names of http.server

    def _answer(self, url: Any, body: Item) -> tuple[int, Any]:
        found = re.fullmatch(rf"{ROOT}(\w+)/(?:(\d+)/(?:(\w+)/)?)?", url.path)
        held = self.controller
        if not found or (found[1] not in _TABLES and found[1] != "unified_job_templates"):
            raise RefusedError(404, {"detail": "Not found."})
        endpoint, number, below = found[1], int(found[2] or 0), found[3]
        if not number:
            return self._list(endpoint, parse_qs(url.query)) if self.command == "GET" else self._create(endpoint, body)
        one = held.tables[endpoint].get(number)
        if one is None:
            raise RefusedError(404, {"detail": "Not found."})
        if below:
            return self._below(endpoint, one, below, body)
        if self.command == "DELETE":
            del held.tables[endpoint][number]
            return 204, None
        return 200, held.shown(endpoint, held.change(endpoint, one, body) if self.command == "PATCH" else one)

    def _list(self, endpoint: str, wanted: Mapping[str, list[str]]) -> tuple[int, Any]:
        found = self.controller.listing(endpoint)
        for name, values in wanted.items():
            found = [one for one in found if str(one.get(name)) == values[0]]
        return 200, _page([self.controller.shown(endpoint, one) for one in found])

    def _create(self, endpoint: str, body: Item) -> tuple[int, Any]:
        return 201, self.controller.shown(endpoint, self.controller.create(endpoint, body))

    def _below(self, endpoint: str, one: Item, below: str, body: Item) -> tuple[int, Any]:
        held = self.controller
        if below == "survey_spec":
            if self.command == "POST":
                wrong = rules.survey(body)
                if wrong:
                    raise RefusedError(400, {"error": "; ".join(wrong)})
                held.surveys[one["id"]] = body
            return 200, held.surveys.get(one["id"], {})
        if below == "create_approval_template":
            made = held.create("workflow_approval_templates", body)
            one["unified_job_template"] = made["id"]
            one["related"]["unified_job_template"] = made["url"]
            return 201, made
        links = held.linked(endpoint, one, below)
        if self.command == "GET":
            return 200, _page([{"id": number} for number in links])
        if body.get("disassociate"):
            links.remove(body["id"])
        else:
            links.append(body["id"])
        return 204, None

    def log_message(self, *_args: Any) -> None:
        """Nothing: a test says what it needs."""


def _page(results: list[Item]) -> Item:
    return {"count": len(results), "next": None, "previous": None, "results": results}


@contextmanager
def serve() -> Iterator[tuple[str, Controller]]:
    """An AWX that has an organization and nothing else: its address, and what it holds."""
    controller = Controller()
    handler = type("Handler", (_Handler,), {"controller": controller})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", controller
    finally:
        server.shutdown()
        server.server_close()
