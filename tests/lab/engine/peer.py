# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and stops the engine of the lab, and speaks with its control port."""

from __future__ import annotations

import http.client
import json
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab import processes

CHECKOUT = Path(__file__).resolve().parents[3]
USER, PASSWORD = "admin@internal", "secret"


@dataclass(frozen=True)
class Peer:
    """A running engine. port: of its API, over TLS on 127.0.0.1; control: of what control.py tells."""

    state: Path
    port: int
    control: int
    ca_file: str

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/ovirt-engine/api"

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        link = http.client.HTTPConnection("127.0.0.1", self.control, timeout=60)
        try:
            link.request(
                method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"}
            )
            answer = link.getresponse()
            text = answer.read().decode()
        finally:
            link.close()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {text}")
        return json.loads(text)

    def vm(self, name: str, **values: Any) -> dict[str, Any]:
        """Make a VM, with one disk unless told otherwise."""
        made: dict[str, Any] = self.ask("POST", "/vms", {"name": name, **values})
        return made

    def disk(self, alias: str, **values: Any) -> dict[str, Any]:
        made: dict[str, Any] = self.ask("POST", "/disks", {"alias": alias, **values})
        return made

    def vms(self) -> dict[str, dict[str, Any]]:
        return {one["id"]: one for one in self.ask("GET", "/vms")}

    def disks(self) -> dict[str, dict[str, Any]]:
        return {one["id"]: one for one in self.ask("GET", "/disks")}

    def change(self, vm_id: str, **values: Any) -> None:
        self.ask("PUT", f"/vms/{vm_id}", values)

    def rules(self, *rules: dict[str, Any]) -> None:
        self.ask("PUT", "/rules", list(rules))

    def calls(self, *methods: str) -> list[tuple[str, str]]:
        """What was asked of the API, but for logging in and out; only these methods if any are given."""
        calls: Iterable[list[str]] = self.ask("GET", "/calls")
        return [(m, p) for m, p in calls if "/api" in p and (not methods or m in methods)]

    def sessions(self) -> int:
        return int(self.ask("GET", "/sessions")["open"])


def start(state: Path, port: int = 0) -> Peer:
    """An engine that knows nothing yet. A folder has one at most; stop() ends it."""
    state.mkdir(parents=True, exist_ok=True)
    reached = state / "engine.json"
    if processes.find(state, "engine") is None:
        reached.unlink(missing_ok=True)
        command = [sys.executable, "-m", "tests.lab.engine", "--state", f"{state}/", "--port", str(port)]
        processes.spawn(state, "engine", command, cwd=CHECKOUT)
    ends = time.monotonic() + 180
    while not reached.exists():
        if processes.find(state, "engine") is None or time.monotonic() > ends:
            raise RuntimeError(f"the engine did not start:\n{processes.tail(state, 'engine')}")
        time.sleep(0.02)
    told = json.loads(reached.read_text(encoding="utf-8"))
    return Peer(state, told["port"], told["control"], told["ca_file"])


def stop(peer: Peer) -> None:
    processes.terminate(peer.state, "engine")
    processes.wait_gone(peer.state, "engine", 5)
