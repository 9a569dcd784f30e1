# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs playbooks and roles as a user does, and says what they asked of the server."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ansible_collections.mtv.teardown.tests.unit.plugins import mutations

from tests.contract.conftest import writes
from tests.contract.warm import PLAYBOOK, Warm
from tests.lab.controlplane import CHECKOUT, Lab, mark, requests
from tests.tools.killed import kill_when

PROGRAM = str(Path(sys.executable).parent / "ansible-playbook")
# Seconds that a run may take.
LIMIT = 600


def _environment() -> dict[str, str]:
    """Nothing of the caller's own configuration."""
    config = str(CHECKOUT / "tests" / "tools" / "ansible.cfg")
    return {**os.environ, "ANSIBLE_CONFIG": config, "LC_ALL": "C.UTF-8"}


@cache
def warm() -> Warm:
    """For all runs that need no process of their own."""
    started = Warm(_environment())
    atexit.register(started.close)
    return started


@dataclass
class Run:
    """What a playbook did."""

    code: int
    output: str
    asked: list[dict[str, Any]]
    wrote: list[dict[str, Any]]


class Playbooks:
    """Runs playbooks in a folder of their own."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.folder = folder
        self.path = os.environ["PATH"]
        self.kubeconfig = str(lab.kubeconfig)
        self.variables: dict[str, str] = {}

    def run(self, name: str, *arguments: str, **extra: object) -> Run:
        # Without an operator nothing moves, so there is nothing to wait for, and nothing comes back; but a namespace is
        # not looked into for its first 5 s.
        short = {"mtv_teardown_stall_timeout": 2, "mtv_teardown_quiet_interval": 0.5}
        if "mtv_teardown_stall_timeout" not in extra:
            short["namespaces_stall_timeout"] = 15
        return self.run_file(CHECKOUT / "playbooks" / f"{name}.yml", *arguments, **{**short, **extra})

    def killed(self, name: str, when: Callable[[], bool], **extra: object) -> None:
        """Begin one, and end it without a warning as soon as that is so."""
        command = self.command(CHECKOUT / "playbooks" / f"{name}.yml", **extra)
        run = subprocess.Popen(command, cwd=self.folder, env=self.environment(), stdout=subprocess.DEVNULL)
        kill_when(run, when)

    def run_role(self, role: str, *arguments: str, **variables: object) -> Run:
        """One role alone, as in somebody's own playbook."""
        return self.run_roles([role], *arguments, **variables)

    def run_roles(self, roles: Iterable[str], *arguments: str, **variables: object) -> Run:
        tasks = [{"ansible.builtin.import_role": {"name": f"mtv.teardown.{role}"}} for role in roles]
        play = {"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": tasks}
        file = self.folder / "roles.json.yml"
        file.write_text(json.dumps([play]), encoding="utf-8")
        return self.run_file(file, *arguments)

    def run_file(self, playbook: Path, *arguments: str, **extra: object) -> Run:
        return self._run(PLAYBOOK, self.command(playbook, *arguments, **extra)[1:])

    def run_module(self, module: str, check_mode: bool, /, **arguments: object) -> Run:
        """One module of ours as a process of its own, as Ansible calls it, which costs a fourth of what a play does."""
        given = {"ANSIBLE_MODULE_ARGS": {**arguments, "_ansible_check_mode": check_mode}}
        file = self.folder / f"{module}.arguments.json"
        file.write_text(json.dumps(given), encoding="utf-8")
        path = f"ansible_collections.mtv.teardown.plugins.modules.{module}"
        return self._run(path, [str(file)])

    def run_on_a_disk(self, options: str, folder: Path, playbook: Path, **extra: object) -> Run:
        """This folder is a file system of its own, mounted with these options, such as size=16k, or ro; what is in it
        at the end is there afterwards."""
        folder.mkdir()
        kept = self.folder / "kept"
        script = 'mount -t tmpfs -o "$1" disk "$2"; shift; folder=$1 kept=$2; shift 2; code=0; "$@" || code=$?; '
        script += 'cp -a "$folder" "$kept"; exit $code'
        disk = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-ec", script, "disk", options]
        done = self._alone([*disk, str(folder), str(kept), *self.command(playbook, **extra)])
        folder.rmdir()
        kept.rename(folder)
        return done

    def _run(self, program: str, arguments: list[str]) -> Run:
        """A module of Python that is a program."""
        environment = self.environment()
        if warm().fits(environment):
            return self._watched(lambda: warm().run(program, arguments, self.folder, environment, LIMIT))
        return self._alone([*([PROGRAM] if program == PLAYBOOK else [sys.executable, "-m", program]), *arguments])

    def _alone(self, command: list[str]) -> Run:
        def run() -> tuple[int, str]:
            more: dict[str, Any] = {"capture_output": True, "text": True, "timeout": LIMIT}
            done = subprocess.run(command, check=False, cwd=self.folder, env=self.environment(), **more)
            return done.returncode, done.stdout + done.stderr

        return self._watched(run)

    def _watched(self, run: Callable[[], tuple[int, str]]) -> Run:
        since = mark(self.lab)
        code, output = run()
        wrote = writes(self.lab, since)
        return Run(code, output, requests(self.lab, since), wrote)

    def command(self, playbook: Path, *arguments: str, **extra: object) -> list[str]:
        given = {"data_collector_path": str(self.folder / ".data-collector"), **extra}
        # In a file beside the folder, for a command line is shown to everybody.
        variables = self.folder.with_suffix(".variables.json")
        variables.write_text(json.dumps(given), encoding="utf-8")
        return [PROGRAM, str(playbook), "-e", f"@{variables}", *arguments]

    def environment(self) -> dict[str, str]:
        return {**_environment(), "PATH": self.path, "KUBECONFIG": self.kubeconfig, **self.variables}

    def result(self, prefix: str) -> dict[str, Any]:
        file = self.folder / ".data-collector" / f"teardown-{prefix}.result.json"
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return found

    def audited(self, prefix: str) -> dict[str, Any]:
        """The result of a teardown, with which the audit agrees."""
        found, audit = self.result(prefix), mutations.program()
        code, lines = audit.told(Path(prefix), found)
        assert code == audit.AGREES, lines
        return found

    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())
