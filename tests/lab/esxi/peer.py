# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and stops the ESXi host of the lab, and speaks with its control port."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab import peers

USER, PASSWORD = "root", "esx-secret-1"
FOLDER = "etc/ssh/keys-root"
NAME = "authorized_keys"


@dataclass(frozen=True)
class Peer:
    """A running host. port: of SSH, on 127.0.0.1; keys: who -> hashes of its own SSH keys, the one first that most
    clients are shown."""

    state: Path
    port: int
    control: int
    keys: dict[str, list[str]]

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def file(self) -> Path:
        return self.state / "root" / FOLDER / NAME

    @property
    def login(self) -> dict[str, Any]:
        """As options of the collection's modules."""
        return {"hostname": "127.0.0.1", "port": self.port, "username": USER, "password": PASSWORD}

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        return peers.ask(self.control, method, path, body)

    def faults(self, **faults: Any) -> None:
        self.ask("PUT", "/faults", faults)

    def shown(self, who: str) -> None:
        self.ask("PUT", "/shown", who)

    def seen(self) -> dict[str, Any]:
        told: dict[str, Any] = self.ask("GET", "/seen")
        return told

    def reset(self) -> None:
        self.ask("POST", "/reset")
        for one in self.file.parent.iterdir():
            one.unlink()


def start(state: Path, port: int = 0) -> Peer:
    """A host without any key. A folder has one at most; stop() ends it."""
    told = peers.start(state, "esxi", port)
    return Peer(state, told["port"], told["control"], told["keys"])


def stop(peer: Peer) -> None:
    peers.stop(peer.state, "esxi")
