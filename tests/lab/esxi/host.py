# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SSH as an ESXi host offers it to who puts keys there: one user, root, who logs in by a password or by a key of its
own file of keys; SFTP below a folder of its own; and of the shell what mtv-api-tests runs there.

The server is asyncssh, which is not the library of the client. What goes wrong on purpose is in Faults.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import asyncssh
from asyncssh.constants import FXF_WRITE

from tests.lab.esxi.peer import FOLDER, NAME, PASSWORD, USER


@dataclass(frozen=True)
class Faults:
    """locked: no log-in is let in, and with hangs_up not answered; interactive: a password only as an answer to a
    question; cut: the connection breaks at the C(read), before the C(rename) or after it (C(renamed)), once; readonly,
    unreadable: nothing is written, or read; edit: a line that somebody else adds after that many readings (edit_after),
    once."""

    locked: bool = False
    hangs_up: bool = False
    interactive: bool = False
    cut: str = ""
    readonly: bool = False
    unreadable: bool = False
    edit: str = ""
    edit_after: int = 1


@dataclass
class Seen:
    """What the host was asked: passwords that came, log-ins that it let in (by what), commands, files that were put in
    the place of others or written."""

    passwords: int = 0
    logins: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)


class Host:
    """One host. root: what it has for a file system."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.faults, self.seen, self.readings = Faults(), Seen(), 0
        for folder in (FOLDER, "tmp"):
            (root / folder).mkdir(parents=True, exist_ok=True)

    @property
    def file(self) -> Path:
        return self.root / FOLDER / NAME

    def lets_in(self, key: asyncssh.SSHKey) -> bool:
        """As its own file of keys says, line by line: one that cannot be read lets nobody in."""
        lines = self.file.read_text("utf-8", "replace").splitlines() if self.file.exists() else []
        for line in lines:
            with suppress(ValueError, asyncssh.KeyImportError):
                if asyncssh.import_authorized_keys(f"{line}\n").validate(key, "", "127.0.0.1") is not None:
                    return True
        return False

    def cuts(self, moment: str) -> bool:
        """Once."""
        if self.faults.cut != moment:
            return False
        self.faults = replace(self.faults, cut="")
        return True

    def was_read(self) -> None:
        self.readings += 1
        if self.faults.edit and self.readings >= self.faults.edit_after:
            with self.file.open("a", encoding="utf-8") as stream:
                stream.write(f"{self.faults.edit}\n")
            self.faults = replace(self.faults, edit="")

    def told(self) -> dict[str, Any]:
        return asdict(self.seen)


class Logins(asyncssh.SSHServer):
    """Who may log in."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._link: Any = None

    def connection_made(self, conn: Any) -> None:
        self._link = conn

    def begin_auth(self, _username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return not self._host.faults.interactive

    def validate_password(self, username: str, password: str) -> bool:
        return self._lets_in(username, password)

    def kbdint_auth_supported(self) -> bool:
        return self._host.faults.interactive

    def get_kbdint_challenge(self, _username: str, _lang: str, _submethods: str) -> Any:
        return "", "", "", [("Password: ", False)]

    def validate_kbdint_response(self, username: str, responses: Any) -> bool:
        return self._lets_in(username, responses[0] if responses else "")

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        is_in = username == USER and self._host.lets_in(key)
        self._host.seen.logins += ["key"] if is_in else []
        return is_in

    def _lets_in(self, username: str, password: str) -> bool:
        self._host.seen.passwords += 1
        if self._host.faults.locked and self._host.faults.hangs_up:
            self._link.abort()
        is_in = (username, password) == (USER, PASSWORD) and not self._host.faults.locked
        self._host.seen.logins += ["password"] if is_in else []
        return is_in


class Files(asyncssh.SFTPServer):
    """Its file system."""

    def __init__(self, chan: Any, host: Host) -> None:
        super().__init__(chan, chroot=bytes(host.root))
        self._host = host
        self._open: dict[int, bytes] = {}

    def open(self, path: bytes, pflags: int, attrs: Any) -> Any:
        if pflags & FXF_WRITE:
            self._may_write(path)
        elif self._host.faults.unreadable:
            raise asyncssh.SFTPPermissionDenied("Permission denied")
        made: Any = super().open(path, pflags, attrs)
        self._open[id(made)] = path if not pflags & FXF_WRITE else b""
        return made

    def read(self, file_obj: object, offset: int, size: int) -> Any:
        if self._host.cuts("read"):
            self._cut()
        return super().read(file_obj, offset, size)

    def close(self, file_obj: object) -> Any:
        path = self._open.pop(id(file_obj), b"")
        done = super().close(file_obj)
        if path.endswith(f"/{NAME}".encode()):
            self._host.was_read()
        return done

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
        self._may_write(newpath)
        if self._host.cuts("rename"):
            self._cut()
        done = super().posix_rename(oldpath, newpath)
        if self._host.cuts("renamed"):
            self._cut()
        return done

    def _may_write(self, path: bytes) -> None:
        if self._host.faults.readonly and path.startswith(f"/{FOLDER}/".encode()):
            raise asyncssh.SFTPPermissionDenied("Read-only file system")
        self._host.seen.writes.append(path.decode())

    def _cut(self) -> None:
        self.connection.abort()
        raise asyncssh.SFTPConnectionLost("cut")


async def serve(host: Host, keys: list[asyncssh.SSHKey]) -> int:
    """On a port of loopback, which is returned."""

    async def shell(process: asyncssh.SSHServerProcess[str]) -> None:
        process.exit(_run(host, process))

    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=lambda: Logins(host),
        server_host_keys=keys,
        process_factory=shell,
        sftp_factory=lambda chan: Files(chan, host),
        allow_scp=False,
    )
    return int(server.get_port())


def _run(host: Host, process: asyncssh.SSHServerProcess[str]) -> int:
    """The commands of utilities/esxi.py of mtv-api-tests, and no other one."""
    command = process.command or ""
    host.seen.commands.append(command)
    try:
        for part in command.split(" && "):
            name, *given = shlex.split(part)
            _COMMANDS[name, len(given)](host, *given)
    except (KeyError, ValueError, OSError) as exc:
        process.stderr.write(f"{type(exc).__name__}: {exc}\n")
        return 1
    return 0


def _mkdir(host: Host, _option: str, path: str) -> None:
    (host.root / path.lstrip("/")).mkdir(parents=True, exist_ok=True)


def _mv(host: Host, old: str, new: str) -> None:
    if host.faults.readonly:
        raise PermissionError(new)
    (host.root / old.lstrip("/")).replace(host.root / new.lstrip("/"))
    host.seen.writes.append(new)


def _chmod(host: Host, mode: str, path: str) -> None:
    (host.root / path.lstrip("/")).chmod(int(mode, 8))


_COMMANDS: dict[tuple[str, int], Callable[..., None]] = {("mkdir", 2): _mkdir, ("mv", 2): _mv, ("chmod", 2): _chmod}


class Front:
    """The port of the host, behind which one of several servers is, or nobody says anything."""

    def __init__(self, ports: dict[str, int]) -> None:
        self._ports, self.shown = ports, next(iter(ports))
        self.connections = 0
        self._silent: list[asyncio.StreamWriter] = []

    async def listen(self, port: int) -> int:
        server = await asyncio.start_server(self._met, "127.0.0.1", port)
        return int(server.sockets[0].getsockname()[1])

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.shown not in self._ports:  # silent
            self._silent.append(writer)
            return
        there = await asyncio.open_connection("127.0.0.1", self._ports[self.shown])
        await asyncio.gather(_pipe(reader, there[1]), _pipe(there[0], writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with suppress(OSError):
        writer.close()
