# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Teardowns that are killed, each at its first write, until one comes to its end: what is written beside the record has
to be enough for the next, nothing is lost, and nothing of others is touched."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lab.controlplane import CHECKOUT, Lab
from tests.lab.faults import FAULTS, Exchange, FaultProxy, Rule
from tests.lab.worlds import check, seed

WRITES = "^(DELETE|PATCH|PUT)$"
# A whole world has fewer writes than that.
MOST = 100


class Killer:
    """Runs teardowns through a proxy; each is killed with its first write, before the server gets it or after."""

    def __init__(self, lab: Lab, folder: Path, prefix: str, at_once: int) -> None:
        self.folder, self.prefix, self.at_once = folder, prefix, at_once
        self.process: subprocess.Popen[str] | None = None
        self.proxy = FaultProxy(lab, folder=folder / "proxy")
        self.proxy.faults = {**FAULTS, "killed after it": self._after}

    async def _after(self, exchange: Exchange) -> Any:
        answer = await exchange.forward()
        self.kill()
        return answer

    def kill(self) -> None:
        """Not twice: several writes are under way at once."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.kill()

    def start(self, kubeconfig: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.contract.one_run"]
        command += [str(kubeconfig), str(self.folder), self.prefix, str(self.at_once)]
        return subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)

    def run(self, *rules: Rule) -> dict[str, Any] | None:
        """What a run said at its end; None for one that was killed."""
        self.proxy.rules = list(rules)
        self.process = self.start(self.proxy.kubeconfig)
        told, _none = self.process.communicate(timeout=300)
        if self.process.returncode == -signal.SIGKILL:
            return None
        assert self.process.returncode == 0
        said: dict[str, Any] = json.loads(told.splitlines()[-1])
        return said


@pytest.mark.parametrize(("world", "at_once", "at_least"), [("running", 1, 20), ("shared-namespace", 16, 8)])
def test_killed_at_every_write(acting_lab: Lab, tmp_path: Path, world: str, at_once: int, at_least: int) -> None:
    """at_once: writes that are under way when the first of them kills; with one, each of a world has its kill."""
    prefix = f"auto-kl{at_once:02d}"
    seed.seed(acting_lab, world, prefix, tmp_path, say=lambda _text: None)
    killer = Killer(acting_lab, tmp_path, prefix, at_once)
    kills = 0
    before, after = Rule(method=WRITES, before=killer.kill), Rule("killed after it", method=WRITES)
    with killer.proxy:
        # One before the server gets it brings nothing forward, so there are fewer of those.
        while (said := killer.run(before if kills % 6 == 0 else after)) is None:
            kills += 1
            assert kills < MOST
    assert said["verdict"] == "clean", said
    assert kills >= at_least
    problems, told = check.check(acting_lab, tmp_path / "world.json", "clean")
    assert not problems, told


@pytest.mark.parametrize("world", ["running", "shared-namespace"])
def test_two_teardowns_of_one_session_at_once(acting_lab: Lab, tmp_path: Path, world: str) -> None:
    """Each deletes what the other has not yet, and neither tells what is not so."""
    prefix = f"auto-tw{len(world):02d}"
    seed.seed(acting_lab, world, prefix, tmp_path, say=lambda _text: None)
    killer = Killer(acting_lab, tmp_path, prefix, 8)
    both = [killer.start(acting_lab.kubeconfig) for _run in range(2)]
    told = [run.communicate(timeout=300)[0] for run in both]
    assert [run.returncode for run in both] == [0, 0]
    said = [json.loads(text.splitlines()[-1]) for text in told]
    assert [one["verdict"] for one in said] == ["clean", "clean"], said
    problems, seen = check.check(acting_lab, tmp_path / "world.json", "clean")
    assert not problems, seen
