# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One short look at an ESXi host, as the suite is about to log in there: who it is, and what its file of keys holds.
By the suite's own paramiko; where that is missing, or anything goes wrong, there is just no answer."""

from __future__ import annotations

import hashlib
import logging
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from .recorder import FAILURES

FILE = "/etc/ssh/keys-root/authorized_keys"
_MOST_BYTES = 1024 * 1024
# Seconds: for each step, and for all of them, whatever they hang on.
_STEP, _ALL = 5.0, 15.0


class UnseenError(Exception):
    """Nobody knows; why."""


@dataclass(frozen=True)
class Seen:
    """host: of its own SSH key, in hex; file: what is in it, None where nobody asked."""

    host: str
    file: str | None = None


def look(host: str, port: int, login: tuple[str, str] | None = None) -> Seen:
    """login: name and password, without which only the host's key is asked for. UnseenError after some seconds."""
    held: dict[str, Any] = {}
    thread = threading.Thread(target=_look, args=(held, host, port, login), name="mtv_record esxi", daemon=True)
    thread.start()
    thread.join(_ALL)
    found, hung = held.get("seen"), thread.is_alive()
    if "transport" in held:
        with suppress(*FAILURES):
            held["transport"].close()
    if isinstance(found, Seen) and not hung:
        return found
    raise UnseenError("it did not answer in time" if hung else held.get("error", "no answer"))


def _look(held: dict[str, Any], host: str, port: int, login: tuple[str, str] | None) -> None:
    try:
        held["seen"] = _seen(held, host, port, login)
    except Exception as exc:  # noqa: BLE001 - a library of others, on a thread of its own
        held["error"] = type(exc).__name__


def _seen(held: dict[str, Any], host: str, port: int, login: tuple[str, str] | None) -> Seen:
    import socket

    import paramiko

    quiet = logging.getLogger("mtv_record.ssh")  # what it says of an answer that never came is nobody's
    quiet.propagate = False
    quiet.addHandler(logging.NullHandler())
    transport = held["transport"] = paramiko.Transport(socket.create_connection((host, port), _STEP))
    transport.set_log_channel(quiet.name)
    transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = _STEP
    transport.start_client(timeout=_STEP)
    of_host = hashlib.sha256(transport.get_remote_server_key().asbytes()).hexdigest()
    if login is None:
        return Seen(of_host)
    transport.auth_password(*login)
    sftp = paramiko.SFTPClient.from_transport(transport)
    if sftp is None:
        raise UnseenError("no SFTP")
    sftp.get_channel().settimeout(_STEP)
    try:
        with sftp.open(FILE) as file:
            read = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        read = b""
    if len(read) > _MOST_BYTES:
        raise UnseenError("its file of keys is too large")
    return Seen(of_host, read.decode("utf-8"))
