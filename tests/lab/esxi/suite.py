# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What mtv-api-tests does on an ESXi host (its utilities/esxi.py): the same names, the same requests in the same order.
Tests put it in the place of that file; PORT is theirs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import paramiko

PORT = int(os.environ.get("SUITE_ESXI_PORT", "22"))
_FILE = "/etc/ssh/keys-root/authorized_keys"
_COMMAND = 'command="python /vmfs/volumes/{}/secure-vmkfstools-wrapper.py"'
_DENIED = "no-port-forwarding,no-agent-forwarding,no-X11-forwarding"


def install_ssh_key_on_esxi(host: str, username: str, password: str, public_key: str, datastore_name: str) -> None:
    """Add the key, unless its text is there."""
    with _connected(host, username, password) as (client, sftp):
        _run(client, f"mkdir -p {os.path.dirname(_FILE)}")  # noqa: PTH120 - a path of another machine
        try:
            with sftp.open(_FILE, "r") as file:
                content = file.read().decode("utf-8")
        except FileNotFoundError:
            content = ""
        if public_key in content:
            return
        ended = content + ("\n" if content and not content.endswith("\n") else "")
        _replace(
            client, sftp, f"{ended}{_COMMAND.format(datastore_name)},{_DENIED} {public_key}\n", f" && chmod 600 {_FILE}"
        )


def remove_ssh_key_from_esxi(host: str, username: str, password: str, public_key: str) -> None:
    """Drop each line that has its text."""
    with _connected(host, username, password) as (client, sftp):
        try:
            with sftp.open(_FILE, "r") as file:
                lines = file.readlines()
        except FileNotFoundError:
            return
        kept = [line for line in lines if public_key not in line]
        if len(kept) != len(lines):
            _replace(client, sftp, "".join(kept), "")


@contextmanager
def _connected(host: str, username: str, password: str) -> Iterator[tuple[Any, Any]]:
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    try:
        client.connect(hostname=host, port=PORT, username=username, password=password)
        yield client, client.open_sftp()
    finally:
        client.close()


def _replace(client: Any, sftp: Any, content: str, more: str) -> None:
    new = f"/tmp/authorized_keys_{os.urandom(8).hex()}"
    with sftp.open(new, "w") as file:
        file.write(content)
    _run(client, f"mv {new} {_FILE}{more}")


def _run(client: Any, command: str) -> None:
    _in, out, err = client.exec_command(command)
    if out.channel.recv_exit_status() != 0:
        raise RuntimeError(f"{command}: {err.read().decode()}")
