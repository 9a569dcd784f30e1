# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of AWX's API that awx.awx needs to set up what vars/awx.yml says, and that starts jobs, on loopback.

It keeps and shows the fields that AWX has (fields.yml), drops what AWX drops, and refuses what AWX refuses (rules.py).
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

from tests.lab.awx import rules, serializers
from tests.lab.awx.projects import TRIGGERS, Updates, blank_update, playbooks
from tests.lab.build import CHECKOUT

TOKEN = "lab-controller-token"
ROOT = "/api/v2/"
Item = dict[str, Any]

_UNIFIED = ("job_templates", "workflow_job_templates", "projects", "workflow_approval_templates")
_LAUNCHED = ("job_templates", "workflow_job_templates")
# Lists that there are not: one finds these by what belongs to them.
_NO_LIST = ("workflow_approval_templates",)
# What a client says about the page it wants, and not about what is on it.
_PAGING = ("page", "page_size", "order_by")


class RefusedError(Exception):
    """An answer other than 200. detail: the body."""

    def __init__(self, status: int, detail: Any) -> None:
        super().__init__(f"{status} {detail}")
        self.status, self.detail = status, detail


class Controller:
    """What an AWX holds. writes: every request that changed it; launched: what it was asked to run."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self.tables: dict[str, dict[int, Item]] = {name: {} for name in serializers.ENDPOINTS}
        self.related: dict[tuple[str, int, str], list[int]] = {}
        self.surveys: dict[int, Item] = {}
        self.writes: list[tuple[str, str]] = []
        self.launched: list[Item] = []
        self.updates = Updates(playbooks(CHECKOUT))
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
        number = next(self._ids)
        made = serializers.blank(endpoint)
        made |= {"id": number, "type": serializers.ENDPOINTS[endpoint].type, "url": f"{ROOT}{endpoint}/{number}/"}
        made |= {"related": {}, "summary_fields": {}} | self._taken(endpoint, made, given, new=True)
        self._check(endpoint, made)
        self.tables[endpoint][number] = made
        if "managed" in made:
            made["managed"] = False
        if "survey_enabled" in made:
            made["related"]["survey_spec"] = f"{made['url']}survey_spec/"
        if endpoint == "projects":
            made |= {"status": "ok", "scm_revision": "", "last_update_failed": False}
            made["related"]["update"] = f"{made['url']}update/"
            if made["scm_type"]:
                self.update(made)
        return made

    def change(self, endpoint: str, one: Item, given: Mapping[str, Any]) -> Item:
        changed = self._taken(endpoint, one, given, new=False)
        self._check(endpoint, one | changed)
        moved = endpoint == "projects" and any(changed.get(name, one[name]) != one[name] for name in TRIGGERS)
        one.update(changed)
        if moved and one["scm_type"]:
            self.update(one)
        return one

    def update(self, project: Item) -> Item:
        """Begins to fetch a project."""
        number = next(self._ids)
        made = blank_update(number, f"{ROOT}project_updates/{number}/")
        self.tables["project_updates"][number] = made
        self.updates.start(project, made)
        return made

    def fetched(self, project: Item) -> Item:
        """The same project, with its update at an end."""
        update = self.tables["project_updates"][project["summary_fields"]["current_update"]["id"]]
        for _state in ("pending", "running"):
            self.updates.look(project, update)
        return project

    def _taken(self, endpoint: str, one: Item, given: Mapping[str, Any], *, new: bool) -> Item:
        def there(refers: str, number: int) -> bool:
            return number in {held["id"] for held in self.listing(refers)}

        made, wrong = serializers.taken(endpoint, given, there, new=new)
        if wrong:
            raise RefusedError(400, wrong)
        if endpoint == "job_templates":  # nobody gives it one: it has that of its project
            project = self.tables["projects"].get(made.get("project") or one["project"] or 0, {})
            made["organization"] = project.get("organization")
        if endpoint == "workflow_job_template_nodes" and new and not made.get("identifier"):
            made["identifier"] = f"node-{one['id']}"
        return made

    def _check(self, endpoint: str, wanted: Item) -> None:
        unique = serializers.ENDPOINTS[endpoint].unique
        for held in self.tables[endpoint].values() if unique else ():
            if held["id"] != wanted["id"] and all(held[name] == wanted[name] for name in unique):
                raise RefusedError(400, {"__all__": [f"{endpoint} with this {' and '.join(unique)} already exists."]})
        wrong = self._wrong(endpoint, wanted)
        if wrong:
            raise RefusedError(400, {"detail": wrong})

    def _wrong(self, endpoint: str, given: Item) -> rules.Complaints:
        if endpoint == "credential_types":
            return rules.credential_type(given["inputs"], given["injectors"])
        if endpoint == "credentials":
            return rules.credential(self.tables["credential_types"][given["credential_type"]], given["inputs"])
        if endpoint == "schedules":
            return rules.schedule(given["rrule"]) + self._prompts(given)
        if endpoint == "job_templates":
            return self._template(given)
        return self._prompts(given) if endpoint == "workflow_job_template_nodes" else []

    def _template(self, given: Item) -> rules.Complaints:
        if not given["project"]:
            return ["Job Templates must have a project assigned."]
        if not given["inventory"] and not given["ask_inventory_on_launch"]:
            return ["You must either set a default value or ask to prompt on launch."]
        if not given["playbook"]:
            return ["Must select playbook for project."]
        there = self.updates.has(self.tables["projects"][given["project"]], given["playbook"])
        return [] if there else ["Playbook not found for project."]

    def _prompts(self, given: Item) -> rules.Complaints:
        """What a node or a schedule gives its template has to be asked by it. Only a schedule has to give all of it."""
        template = next(
            (one for one in self.listing("unified_job_templates") if one["id"] == given["unified_job_template"]), None
        )
        if template is None or "survey_enabled" not in template:
            return []
        needed = "rrule" in given
        _taken, unasked, wrong = rules.answers(self.questions(template), given["extra_data"] or {}, needed=needed)
        open_to_all = template["ask_variables_on_launch"]
        return wrong + ([] if open_to_all else [f"Variables {name} are not allowed on launch." for name in unasked])

    def questions(self, template: Mapping[str, Any]) -> list[Item]:
        spec: list[Item] = self.surveys.get(template["id"], {}).get("spec", [])
        return spec if template["survey_enabled"] else []

    def launch(self, template: Item, given: Mapping[str, Any]) -> Item:
        """What POST of launch makes: a job. Variables that nobody asked are ignored, and that is said."""
        asked = given.get("extra_vars") or {}
        asked = json.loads(asked) if isinstance(asked, str) else asked
        taken, unasked, wrong = rules.answers(self.questions(template), asked, needed=True)
        if wrong:
            raise RefusedError(400, {"variables_needed_to_start": wrong})
        if template["ask_variables_on_launch"]:
            taken, unasked = taken | unasked, {}
        ignored = {"extra_vars": unasked} if unasked else {}
        number = next(self._ids)
        made = {"id": number, "job": number, "unified_job_template": template["id"], "status": "pending"}
        self.launched.append(made | {"ignored_fields": ignored, "extra_vars": taken})
        return self.launched[-1]

    def shown(self, endpoint: str, one: Item) -> Item:
        """Without secrets, as the API shows an object."""
        if endpoint == "credentials":
            fields = self.tables["credential_types"][one["credential_type"]]["inputs"].get("fields", [])
            secret = {field["id"] for field in fields if field.get("secret")}
            inputs = {name: "$encrypted$" if name in secret else value for name, value in one["inputs"].items()}
            return {**one, "inputs": inputs}
        if endpoint == "workflow_job_template_nodes":
            template = [t for t in self.listing("unified_job_templates") if t["id"] == one["unified_job_template"]]
            related = {"unified_job_template": template[0]["url"]} if template else {}
            links = {name: self.linked(endpoint, one, name) for name in rules.LINKS}
            return {**one, **links, "related": {**one["related"], **related}}
        return one


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
        self.send_header("X-API-Product-Version", serializers.VERSION)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - names of http.server

    def _answer(self, url: Any, body: Item) -> tuple[int, Any]:
        found = re.fullmatch(rf"{ROOT}(\w+)/(?:(\d+)/(?:(\w+)/)?)?", url.path)
        held = self.controller
        if not found or (found[1] not in held.tables and found[1] != "unified_job_templates"):
            raise RefusedError(404, {"detail": "Not found."})
        endpoint, number, below = found[1], int(found[2] or 0), found[3]
        if not number and endpoint in _NO_LIST:
            raise RefusedError(404, {"detail": "Not found."})
        if not number:
            return self._list(endpoint, parse_qs(url.query)) if self.command == "GET" else self._create(endpoint, body)
        one = held.tables[endpoint].get(number)
        if one is None:
            raise RefusedError(404, {"detail": "Not found."})
        if below:
            return self._below(endpoint, one, below, body)
        if endpoint == "project_updates":
            held.updates.look(held.tables["projects"][one["project"]], one)
        if self.command == "DELETE":
            del held.tables[endpoint][number]
            return 204, None
        return 200, held.shown(endpoint, held.change(endpoint, one, body) if self.command == "PATCH" else one)

    def _list(self, endpoint: str, wanted: Mapping[str, list[str]]) -> tuple[int, Any]:
        tables = _UNIFIED if endpoint == "unified_job_templates" else (endpoint,)
        known = {name for table in tables for name in serializers.fields(table)}
        asked = {name: values[0] for name, values in wanted.items() if name not in _PAGING}
        unknown = {name.removeprefix("or__") for name in asked} - known
        if unknown:
            raise RefusedError(400, {"detail": f"{endpoint} has no field named '{min(unknown)}'"})
        either = {name: value for name, value in asked.items() if name.startswith("or__")}
        found = [
            one
            for one in self.controller.listing(endpoint)
            if all(str(one[name]) == value for name, value in asked.items() if name not in either)
            and (not either or any(str(one[name.removeprefix("or__")]) == value for name, value in either.items()))
        ]
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
            return 201, made
        if below == "launch" and endpoint in _LAUNCHED:
            return 201, held.launch(one, body)
        if below == "update" and endpoint == "projects":
            return 202, held.update(one)
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
