# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys for the ESXi host of the lab, and who may log in there by one; what its file of keys holds."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass

import asyncssh

from tests.lab.esxi.peer import USER, Peer

DATASTORE = "ds1"
COMMENT = "somebody@somewhere"


@dataclass(frozen=True)
class Key:
    """private: as asyncssh has it; public: as it stands in a file."""

    private: asyncssh.SSHKey
    public: str

    @property
    def blob(self) -> str:
        return self.public.split()[1]

    @property
    def fingerprint(self) -> str:
        """By the library that is not ours."""
        return str(self.private.get_fingerprint())


def key(kind: str = "ssh-ed25519", comment: str = COMMENT) -> Key:
    made = asyncssh.generate_private_key(kind, comment=comment)
    return Key(made, made.export_public_key().decode().strip())


def suites(public: str, datastore: str = DATASTORE) -> str:
    """The line that mtv-api-tests adds."""
    command = f'command="python /vmfs/volumes/{datastore}/secure-vmkfstools-wrapper.py"'
    return f"{command},no-port-forwarding,no-agent-forwarding,no-X11-forwarding {public}"


def hashed(line: str) -> str:
    return f"sha256:{hashlib.sha256(line.encode()).hexdigest()}"


# The session's own, and that of somebody else, of the same kind and with the same comment.
KEY, OTHER = key(), key()
SUITES = suites(KEY.public)
# What other people have in such a file: each of these lines must live as it is.
THEIRS = (
    "# by hand, 2024\n"
    f"{OTHER.public}\n"
    "\n"
    f'from="10.0.0.0/8,!10.1.2.3",command="echo \\"a b\\" # c" {key(comment="quoted key").public}\r\n'
    f"#{suites(key().public)}\n"
    "   \t\n"
    f"{suites(key('ecdsa-sha2-nistp256').public)}\n"
)


def text(peer: Peer) -> str:
    return peer.file.read_bytes().decode() if peer.file.exists() else ""


def put(peer: Peer, content: str) -> None:
    peer.file.write_bytes(content.encode())
    peer.file.chmod(0o600)


def add(peer: Peer, line: str) -> None:
    with peer.file.open("ab") as stream:
        stream.write(f"{line}\n".encode())


def lets_in(peer: Peer, one: Key) -> bool:
    """Whether somebody with this key is let in, by asyncssh."""

    async def asked() -> bool:
        known = {"port": peer.port, "known_hosts": None, "agent_path": None, "password": None, "config": None}
        try:
            async with asyncssh.connect("127.0.0.1", username=USER, client_keys=[one.private], **known):
                return True
        except asyncssh.PermissionDenied:
            return False

    return asyncio.run(asked())
