# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A project's updates, and the playbooks that one finds, as in AWX' models/projects.py and utils/ansible.py.

The first update comes with the project, another one when its address or branch changes; nobody but a client, or a job
with scm_update_on_launch, repeats one that failed.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.lab.awx import serializers

Item = dict[str, Any]
TRIGGERS = ("scm_url", "scm_branch", "scm_type", "scm_refspec")
_RUNNING = ("new", "pending", "waiting", "running")
# As AWX looks for them: by lines, so that a file that is no YAML shows up, too.
_PLAY = re.compile(r"^\s*?-?\s*?(?:hosts|(ansible\.builtin\.)?include|(ansible\.builtin\.)?import_playbook):\s*?.*?$")
_NOT_IN = {"roles", "tasks", "group_vars", "host_vars"}


def playbooks(checkout: Path) -> list[str]:
    """What AWX offers of this checkout when somebody makes a job template, in its order."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True).stdout.splitlines()
    return sorted((file for file in files if _offered(checkout, Path(file))), key=str.lower)


def _offered(checkout: Path, file: Path) -> bool:
    folders = file.parts[:-1]
    if file.suffix not in (".yml", ".yaml") or _NOT_IN & {*folders} or any(name.startswith(".") for name in folders):
        return False
    there = checkout / file
    return there.exists() and any(map(_PLAY.match, there.read_text(encoding="utf-8", errors="ignore").splitlines()))


class Updates:
    """repository: the playbooks that an update finds; fates: how the next updates end, where not well, the first first:
    C(failed), or C(running) for one that never ends."""

    def __init__(self, repository: Iterable[str]) -> None:
        self.repository = set(repository)
        self.fates: list[str] = []
        self.found: dict[int, set[str]] = {}
        self._fate: dict[int, str] = {}

    def start(self, project: Item, update: Item) -> None:
        """An update begins. update: a blank one with its id."""
        self._fate[update["id"]] = self.fates.pop(0) if self.fates else "successful"
        update |= {"name": project["name"], "project": project["id"], "unified_job_template": project["id"]}
        update |= {"launch_type": "manual", "failed": False, "event_processing_finished": False, "job_explanation": ""}
        self.put(project, update, "pending")

    def look(self, project: Item, update: Item) -> None:
        """Time goes on whenever somebody looks."""
        if update["status"] == "pending":
            self.put(project, update, "running")
        elif update["status"] == "running":
            self.put(project, update, self._fate[update["id"]])

    def put(self, project: Item, update: Item, status: str) -> None:
        ended = status not in _RUNNING
        update |= {"status": status, "failed": ended and status != "successful", "event_processing_finished": ended}
        told = {name: update[name] for name in ("id", "name", "status", "failed")}
        project["summary_fields"].pop("current_update", None)
        project["summary_fields"]["last_update" if ended else "current_update"] = told
        project["status"] = status
        if ended:
            update["finished"] = project["last_updated"] = project["last_job_run"] = "2026-01-01T00:00:00Z"
            project["last_update_failed"] = project["last_job_failed"] = update["failed"]
        if status == "successful":
            self.found[project["id"]] = set(self.repository)
            project["scm_revision"] = update["scm_revision"] = f"{update['id']:040x}"

    def has(self, project: Item, playbook: str) -> bool:
        return not project["scm_type"] or project["allow_override"] or playbook in self.found.get(project["id"], ())


def blank_update(number: int, url: str) -> Item:
    return serializers.blank("project_updates") | {"id": number, "type": "project_update", "url": url}
