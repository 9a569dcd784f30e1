# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One ESXi host over SSH: known by its own key before a password is sent, its file of keys read and replaced whole.

paramiko speaks SSH and SFTP. No command is run there.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import socket
import stat
import struct
import traceback
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _limits, _retry, _secrets, _threads
from ansible_collections.mtv.teardown.plugins.module_utils._errors import (
    CERTIFICATE,
    GARBAGE,
    NO_ANSWER,
    REFUSED,
    ApiError,
    TeardownError,
)
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection

# What a library of others makes of answers that are none.
_BROKEN = (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, RuntimeError, struct.error)
_FAILURES: tuple[type[Exception], ...] = _BROKEN

try:
    import paramiko
except (ImportError, AttributeError):  # AttributeError: an old one, of a cipher that cryptography has no more
    IMPORT_ERROR: str | None = traceback.format_exc()
else:
    IMPORT_ERROR = None
    _FAILURES = (*_BROKEN, paramiko.SSHException)

FILE = "/etc/ssh/keys-root/authorized_keys"
MOST_BYTES = 1024 * 1024
_LOG = "mtv.teardown.ssh"
_SILENT = "gave no answer to the log-in"
# A host has a key of each, and which of them it shows depends on the version of the library.
_FAMILIES = ("ssh-ed25519", "ecdsa-", "rsa-")


@dataclass(frozen=True, slots=True)
class Patience:
    """tries: to log in, where nobody answers; step: seconds for each step; whole: for a log-in, a reading or a
    replacement, so that no host that answers byte by byte holds up a run."""

    tries: int = 3
    step: float = 20.0
    whole: float = 60.0
    pause: float = 0.5


@dataclass(frozen=True, slots=True)
class File:
    """mode, uid, gid: None where it is not there."""

    content: bytes = b""
    mode: int | None = None
    uid: int | None = None
    gid: int | None = None


class Host:
    """Use it as a context manager. pinned: hashes of its own SSH keys, one of which it must show; server: which one it
    has shown; calls: what was asked of it."""

    def __init__(self, connection: Connection, pinned: Collection[str], patience: Patience | None = None) -> None:
        self.connection = connection
        self.patience = patience or Patience()
        self.calls = 0
        self.server = ""
        self._pinned = frozenset(pinned)
        self._transport: Any = None
        self._sftp: Any = None
        self._is_sent = False
        self._lost: ApiError | None = None
        _secrets.keep(connection.secret)

    def __enter__(self) -> Host:
        if IMPORT_ERROR:
            told = IMPORT_ERROR.strip().splitlines()[-1]
            raise ApiError(f"paramiko is not there (pip install paramiko): {told}", reason="NoClient")
        _retry.patiently(self._session, self.patience.tries, self.patience.pause, again=self._may_do_better)
        return self

    def __exit__(self, *_exc: object) -> None:
        self._close()

    def _close(self) -> None:
        transport, self._transport, self._sftp = self._transport, None, None
        if transport is not None:
            with suppress(*_FAILURES):
                transport.close()

    @property
    def _where(self) -> str:
        return f"ESXi host {self.connection.host} (SSH, port {self.connection.port})"

    # -- logging in --------------------------------------------------------------------------------------------

    def _session(self) -> Any:
        """SFTP, logged in; anew after the connection broke. A password that let nobody in is never sent again: a few of
        them lock the user."""
        if self._lost is not None:
            raise self._lost
        if self._sftp is None or not self._transport.is_active():
            self._close()
            try:
                self._shake_hands()
                self._login()
            except ApiError as exc:
                self._close()
                self._lost = exc if self._is_sent or exc.reason == CERTIFICATE else None
                raise
            self._is_sent = False
        return self._sftp

    def _may_do_better(self, error: ApiError) -> bool:
        return error.reason == NO_ANSWER and self._lost is None

    def _shake_hands(self) -> None:
        """Until the host has shown a key that is known; other kinds of keys are asked for where it has another one. No
        name and no password are sent before."""
        seen: list[str] = []
        for family in ("", *_FAMILIES):
            if family and any(name.startswith((family, f"ssh-{family.removesuffix('-')}")) for name in seen):
                continue
            try:
                key = self._connected(family)
            except ApiError:
                if not seen:
                    raise
                continue  # it has no key of this kind
            self.server = hashlib.sha256(key.asbytes()).hexdigest()
            if self.server in self._pinned:
                return
            seen.append(key.get_name())
            self._close()
        raise ApiError(
            f"{self._where} is another host now, or has new keys of its own: it shows none of the SSH host keys by"
            " which the ledger knows it. No name and no password were sent",
            reason=CERTIFICATE,
        )

    def _connected(self, family: str) -> Any:
        def connect() -> Any:
            self.calls += 1
            address = (self.connection.host, self.connection.port)
            self._transport = paramiko.Transport(socket.create_connection(address, self.patience.step))
            self._transport.daemon = True
            self._transport.set_log_channel(_quiet())
            for name in ("banner_timeout", "handshake_timeout", "auth_timeout", "channel_timeout"):
                setattr(self._transport, name, self.patience.step)
            if family:
                options = self._transport.get_security_options()
                options.key_types = tuple(one for one in options.key_types if one.startswith(family))
            self._transport.start_client(timeout=self.patience.step)
            return self._transport.get_remote_server_key()

        return self._bounded(connect, "gave no answer of an SSH server")

    def _login(self) -> None:
        def open_files() -> None:
            self._sftp = paramiko.SFTPClient.from_transport(self._transport)
            self._sftp.get_channel().settimeout(self.patience.step)

        if not self._bounded(self._tell_password, _SILENT):
            self._close()  # not every server lets one ask a second time
            self._shake_hands()
            self._bounded(self._answer, _SILENT)
        if not self._transport.is_authenticated():
            raise ApiError(f"{self._where} wants more than a password", status=401, reason=REFUSED)
        self._bounded(open_files, "has let us in, and offers no SFTP")

    def _tell_password(self) -> bool:
        """False where a password is taken only as the answer to a question, as on many hosts."""
        with self._let_in():
            try:
                self._transport.auth_password(self.connection.username, self.connection.secret, fallback=False)
            except paramiko.BadAuthenticationType as exc:
                if "keyboard-interactive" not in exc.allowed_types:
                    raise
                return False
        return True

    def _answer(self) -> None:
        answers = [self.connection.secret]

        def handler(_title: str, _instructions: str, questions: Sequence[Any]) -> list[str]:
            return [answers.pop() if answers and len(questions) == 1 else "" for _question in questions]

        with self._let_in():
            self._transport.auth_interactive(self.connection.username, handler)

    @contextmanager
    def _let_in(self) -> Iterator[None]:
        """Around a request to be let in."""
        self.calls += 1
        self._is_sent = True
        user = self.connection.username
        try:
            yield
        except paramiko.AuthenticationException as exc:
            # The library says the same of who refuses and of who says nothing. Who hangs up has refused.
            if "timeout" in _secrets.one_line(exc).lower():
                raise
            told = "it may be wrong, or the host is in lockdown mode, or has locked the user for a while"
            refused = f"{self._where} refused the log-in of {user}: {told} ({_secrets.one_line(exc)})"
            raise ApiError(refused, status=401, reason=REFUSED) from exc

    def _bounded(self, work: Callable[[], Any], told: str) -> Any:
        """What fails, breaks or takes too long, as one error."""
        late = _threads.timer(self.patience.whole, self._cut)
        late.daemon = True
        late.start()
        try:
            return work()
        except TeardownError:
            raise
        except _FAILURES as exc:
            self._cut()
            error = f"{self._where} {told}: {_secrets.one_line(exc)}"
            raise ApiError(error, reason=NO_ANSWER if _is_silence(exc) else GARBAGE) from exc
        finally:
            late.cancel()

    def _cut(self) -> None:
        with suppress(*_FAILURES):
            self._transport.close()

    # -- the file ----------------------------------------------------------------------------------------------

    def read(self) -> File:
        """The whole file; one that is not there has no keys."""
        sftp = self._session()

        def work() -> File:
            self.calls += 1
            try:
                is_link = stat.S_ISLNK(_mode(sftp.lstat(FILE)))
                with sftp.open(FILE) as file:
                    known, content = file.stat(), file.read(MOST_BYTES + 1)
            except FileNotFoundError:
                return File()
            except PermissionError as exc:
                raise self._forbidden("read", exc) from exc
            if is_link or not stat.S_ISREG(_mode(known)):
                raise ApiError(f"{self._where}: {FILE} is no plain file, and such a one is left alone", reason=GARBAGE)
            if len(content) > MOST_BYTES or len(content) != known.st_size:
                raise ApiError(f"{self._where}: {FILE} was not read as a whole", reason=GARBAGE)
            return File(content, stat.S_IMODE(_mode(known)), known.st_uid, known.st_gid)

        read: File = self._bounded(work, f"did not show {FILE}")
        return read

    def replace(self, before: File, content: bytes) -> bool:
        """Put this in the place of what was read, all or nothing; False where that has changed meanwhile. ApiError of
        status 403 where it may not be."""
        with self._beside(before, content) as temporary:
            if self.read() != before:
                return False
            sftp = self._session()

            def rename() -> None:
                _limits.before_a_change()
                self.calls += 1
                try:
                    sftp.posix_rename(temporary, FILE)
                except PermissionError as exc:
                    raise self._forbidden("replace", exc) from exc

            self._bounded(rename, f"did not say whether it has replaced {FILE}")
            return True

    @contextmanager
    def _beside(self, before: File, content: bytes) -> Iterator[str]:
        """A file with this content in the same folder, by a name that nobody can guess; gone again in the end."""
        temporary = f"{FILE}.{secrets.token_hex(16)}"
        sftp = self._session()

        def write() -> None:
            self.calls += 1
            try:
                with sftp.open(temporary, "wxb") as file:
                    file.write(content)
            except PermissionError as exc:
                raise self._forbidden("replace", exc) from exc
            made = sftp.stat(temporary)
            if (made.st_uid, made.st_gid) != (before.uid, before.gid):
                sftp.chown(temporary, before.uid, before.gid)
            sftp.chmod(temporary, before.mode)
            made = sftp.stat(temporary)
            known = (made.st_size, stat.S_IMODE(_mode(made)), made.st_uid, made.st_gid)
            if known != (len(content), before.mode, before.uid, before.gid):
                raise ApiError(f"{self._where} did not write what it was sent", reason=GARBAGE)

        _limits.before_a_change()
        try:
            self._bounded(write, f"did not write beside {FILE}")
            yield temporary
        finally:
            self._remove(temporary)

    def _remove(self, temporary: str) -> None:
        """One that was renamed is not there any more, which is all that is wanted."""

        def work(sftp: Any) -> None:
            with suppress(FileNotFoundError):
                sftp.remove(temporary)

        with suppress(ApiError):
            self._bounded(partial(work, self._session()), "did not remove a file of ours")

    def _forbidden(self, what: str, error: PermissionError) -> ApiError:
        told = f"{self._where}: {self.connection.username} may not {what} {FILE} ({_secrets.one_line(error)})"
        return ApiError(told, status=403)


def _mode(known: Any) -> int:
    """What an answer without a mode says is no file."""
    return int(known.st_mode or 0)


def _quiet() -> str:
    """What the library writes of an answer that never came is told by us."""
    log = logging.getLogger(_LOG)
    log.propagate = False
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    return _LOG


def _is_silence(error: Exception) -> bool:
    """An error that a server has told in words has no number."""
    is_told = isinstance(error, _BROKEN) and not isinstance(error, (EOFError, TimeoutError))
    return not is_told or bool(getattr(error, "errno", None))
