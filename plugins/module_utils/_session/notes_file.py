# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The note of an earlier run as a file: it is only read where nobody else can have written it; and the note of this
run, before something is deleted that nobody could find again."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _text_file
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._session import notes
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

NOTE = "a note of an earlier run that decides what is deleted"


def read(path: str, what: str = NOTE, most: int = notes.MAX_BYTES) -> str | None:
    """The text of the note; None when there is none, RecordError when it is not to be trusted. what: for people;
    most: bytes."""
    try:
        # Not through a link, and without waiting for the other end of a pipe.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as exc:
        if os.path.islink(path.replace("\0", "")):
            raise _distrust(path, what, "it is a symbolic link") from exc
        raise RecordError(f"{path} cannot be read: {exc}. It is {what}.") from exc
    wrong = _wrong(os.fstat(handle), os.stat(os.path.dirname(path) or "."))
    if wrong:
        os.close(handle)
        raise _distrust(path, what, wrong)
    with os.fdopen(handle, "rb") as file:
        found = file.read(most + 1)
    if len(found) > most:
        raise _distrust(path, what, f"it has more than {most} bytes")
    try:
        return found.decode()
    except UnicodeDecodeError as exc:
        raise RecordError(f"{path} cannot be read: {exc}. It is {what}.") from exc


def add(folder: str, session: Session, items: Iterable[Mapping[str, Any]]) -> None:
    """Note these items of results, beside what other phases noted of providers. RecordError when that cannot be."""
    path = path_of(folder, session)
    text = read(path)
    known = notes.on_providers(session, text, path) if text is not None else session
    _write(path, notes.entry(notes.with_items(known, items)))


def keep(folder: str, session: Session, content: Mapping[str, Any], check_mode: bool) -> bool:
    """Write what was noted at a look; whether that is anything new. RecordError when that cannot be."""
    path = path_of(folder, session)
    is_new = read(path) != _text(content)
    if is_new and not check_mode:
        _write(path, content)
    return is_new


def path_of(folder: str, session: Session) -> str:
    return os.path.join(folder, notes.file_name(session.prefix))


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=4, sort_keys=True)


def _write(path: str, content: Mapping[str, Any]) -> None:
    try:
        os.makedirs(os.path.dirname(path) or ".", mode=0o755, exist_ok=True)
        _text_file.replace(path, _text(content))
    except OSError as exc:
        raise RecordError(
            f"{path} cannot be written: {exc.strerror}. Without it nobody would know where to look again when this run "
            "is cut off, so nothing was deleted; make its folder one that can be written, or have no files written "
            "(mtv_teardown_skip_data_collector)."
        ) from exc


def _wrong(file: os.stat_result, folder: os.stat_result) -> str:
    """Who else may have written it; empty when nobody."""
    if not stat.S_ISREG(file.st_mode):
        return "it is not a regular file"
    if file.st_uid not in (os.geteuid(), 0):
        return f"it belongs to user {file.st_uid}, not to user {os.geteuid()} who runs this, or root"
    if file.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"its mode is {stat.S_IMODE(file.st_mode):04o}, so that others than its owner may write it"
    if folder.st_mode & stat.S_IWOTH and not folder.st_mode & stat.S_ISVTX:
        return f"the mode of its folder is {stat.S_IMODE(folder.st_mode):04o}, so that everybody may replace it"
    return ""


def _distrust(path: str, what: str, why: str) -> RecordError:
    return RecordError(
        f"{path} is {what}, and cannot be trusted: {why}. Look at it; "
        "then remove it to go without, or make it a file of your own with mode 0600."
    )
