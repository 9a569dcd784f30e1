# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a file that somebody named, as text; what is wrong with it is told by its path, and nothing of it is shown. And
writes one whole."""

from __future__ import annotations

import os
import stat
import tempfile

from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError

# What a shell makes of <(…) and of a redirection: it is there for its own children alone, and can be read once.
_OF_THE_SHELL = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")


def read(path: str, what: str, most: int, advice: str) -> str:
    """The text. what: for people, such as C(resources file); most: bytes; advice: what to give, where nothing is."""
    shown = f"{what} {path or '(empty path)'}"
    if path.startswith(_OF_THE_SHELL):
        raise RecordError(f"{shown} {_PIPE}")
    if not os.path.exists(path):
        raise RecordError(f"{shown} does not exist. {advice}")
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise RecordError(f"{shown} is a directory; give the file in it.")
        if not stat.S_ISREG(mode):
            raise RecordError(f"{shown} {_PIPE}")
        with open(path, "rb") as handle:
            raw = handle.read(most + 1)
    except OSError as exc:
        raise RecordError(f"{shown} cannot be read: {exc.strerror}. Give a file that this account may read.") from exc
    if len(raw) > most:
        size = os.path.getsize(path)
        raise RecordError(f"{shown} has {size} bytes, and more than {most} cannot be one. {advice}")
    try:
        return raw.decode("utf-8-sig")  # editors of Windows put a mark at the beginning
    except UnicodeDecodeError as exc:
        raise RecordError(f"{shown} is not UTF-8 text (byte {exc.start}). {advice}") from exc


def replace(path: str, text: str, mode: int = 0o600) -> None:
    """The whole file or the one before, whenever a run ends and whoever reads it meanwhile. OSError when that cannot
    be; then nothing is left beside it."""
    handle, made = tempfile.mkstemp(dir=os.path.dirname(path) or ".", prefix=f".{os.path.basename(path)}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(made, path)
    except OSError:
        os.unlink(made)
        raise


_PIPE = (
    "is no file but a pipe of the shell, such as <(…), which modules of Ansible cannot read: "
    "write it to a file, and give the path of that."
)
