# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and stops the engine of the lab, and speaks with its control port."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab import peers

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
        return peers.ask(self.control, method, path, body)

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
    told = peers.start(state, "engine", port)
    return Peer(state, told["port"], told["control"], told["ca_file"])


def stop(peer: Peer) -> None:
    peers.stop(peer.state, "engine")
