# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are killed (SIGKILL), each at its first write, until one comes to its end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from tests.lab.controlplane import CHECKOUT
from tests.lab.faults import Exchange, FaultProxy, Rule

# A whole world has fewer writes than that.
MOST = 100
BEFORE, AFTER = "killed before it", "killed after it"


class Killer:
    """Runs one module of tests.contract in a process of its own, which asks a server through proxies. What it says is
    the last line that it prints, as JSON.

    write: a rule that names writes; given: what the process reads from its standard input; alone: of the writes
    that are under way at once only one comes to the server, so that each has its own kill.
    """

    def __init__(
        self,
        proxies: Sequence[FaultProxy],
        write: dict[str, str],
        *command: str,
        given: bytes = b"",
        alone: bool = False,
    ) -> None:
        self.proxies, self.write, self.given, self.alone = proxies, write, given, alone
        self.command = [sys.executable, "-m", *command]
        self.process: subprocess.Popen[bytes] | None = None
        self.kills = self.writes = 0
        for proxy in proxies:
            proxy.faults = {**proxy.faults, BEFORE: self._before, AFTER: self._after}

    async def _before(self, exchange: Exchange) -> Any:
        self.kill()
        return exchange.cut()

    async def _after(self, exchange: Exchange) -> Any:
        self.writes += 1
        if self.alone and self.writes > 1:
            return exchange.cut()
        answer = await exchange.forward()
        self.kill()
        return answer

    def kill(self) -> None:
        """Not twice: several writes are under way at once."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.kill()

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self.command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(self, fault: str = "") -> dict[str, Any] | None:
        """What a run said at its end; None for one that was killed. Without a fault none is."""
        self.writes = 0
        for proxy in self.proxies:
            proxy.rules = [Rule(fault, **self.write)] if fault else []
        self.process = self.start()
        told, _none = self.process.communicate(self.given, timeout=300)
        if self.process.returncode == -signal.SIGKILL:
            return None
        assert self.process.returncode == 0
        return said(told)

    def until_one_ends(self) -> dict[str, Any]:
        """What that one said."""
        # One before the server gets it brings nothing forward, so there are fewer of those.
        while (ended := self.run(AFTER if self.kills % 6 else BEFORE)) is None:
            self.kills += 1
            assert self.kills < MOST
        return ended


def said(told: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(told.splitlines()[-1])
    return found
