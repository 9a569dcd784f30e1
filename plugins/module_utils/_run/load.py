# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where every module begins: the session, from another role or from the files and the prefix."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import kinds
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._session import notes, notes_file, prefix, resources_file
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session, from_dict
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record

# What says where the record stands, beside the option resources_file.
TEXT = "resources"
FILE_VARIABLE = "MTV_TEARDOWN_RESOURCES_FILE"


def session_of(params: Mapping[str, Any]) -> Session:
    """The session that the options of a module name; RecordError when they name none or contradict each other."""
    if params.get("session"):
        found = from_dict(params["session"])
        _contradictions(found, params)
        return found
    folder = str(params.get("data_collector_path") or "")
    told = _told(params)
    given = params.get("session_prefix")
    if told and given == "":
        given = None  # a form asked for both, and got one
    text = told.get(TEXT)
    path = next((str(value) for name, value in told.items() if name != TEXT), None)
    if not told and params.get("resources_file") is None:
        path = _default_path(folder)
    if path is None and text is None and given is None:
        raise RecordError(
            "nothing says which session: give resources_file (the resources.json that mtv-api-tests wrote) "
            f"or session_prefix (such as auto-ab12){_looked(folder)}."
        )
    told_of = _parsed(text) if text is not None else resources_file.read(path) if path is not None else ()
    records = kinds.meant(told_of)
    source = path or (TEXT if text is not None else "")
    pattern = str(params.get("session_prefix_pattern") or "")
    checked = _prefix(given, pattern, records, source)
    session = Session(prefix=checked, source=source, records=records, pattern=pattern)
    return _with_journal(session, folder_of(params))


def folder_of(params: Mapping[str, Any]) -> str:
    """Where the note of a session is; empty where nothing says that."""
    record = str(params.get("resources_file") or os.environ.get(FILE_VARIABLE) or "")
    return str(params.get("data_collector_path") or "") or (os.path.dirname(record) or "." if record else "")


def _contradictions(session: Session, params: Mapping[str, Any]) -> None:
    """RecordError when something beside a session says another one. What a role has found stays a variable of the host
    for all plays of a run, and may be that of the session before."""
    told = f"session is that of {session.prefix or 'no prefix'}, read from {session.source or 'no record'}"
    advice = "Find the session first (role session, or session_info), or give one of them alone."
    given, path, text = (params.get(name) for name in ("session_prefix", "resources_file", TEXT))
    if given and str(given) != session.prefix:
        raise RecordError(f"{told}, and session_prefix says {given}: whose is it? {advice}")
    if path and os.path.abspath(str(path)) != os.path.abspath(session.source):
        raise RecordError(f"{told}, and resources_file says {path}: which one counts? {advice}")
    if text not in (None, "") and kinds.meant(_parsed(text)) != session.records:
        raise RecordError(f"{told}, and resources has other entries: which one counts? {advice}")


def _told(params: Mapping[str, Any]) -> dict[str, Any]:
    """The record that somebody gave, by where it stands; RecordError when there are two: which one counts?"""
    named = "resources_file" if params.get("resources_file") else FILE_VARIABLE
    given = {TEXT: params.get(TEXT), named: params.get("resources_file") or os.environ.get(FILE_VARIABLE)}
    told = {name: value for name, value in given.items() if value not in (None, "")}
    if len(told) > 1:
        raise RecordError(f"a session is told twice, by {' and by '.join(told)}: give one.")
    return told


def _parsed(given: Any) -> tuple[Record, ...]:
    """AWX hands an artifact on as what its JSON means, and the answer of a survey as text."""
    return resources_file.parse(given if isinstance(given, str) else json.dumps(given), TEXT)


def _default_path(folder: str) -> str | None:
    default = os.path.join(folder, "resources.json") if folder else ""
    return default if default and os.path.lexists(default) else None


def _looked(folder: str) -> str:
    return f"; there is no {os.path.join(folder, 'resources.json')}" if folder else ""


def _prefix(given: Any, pattern: str, records: Iterable[Record], source: str) -> str:
    names = [name for r in records for name in (r.name, r.namespace) if name]
    if given is None:
        return prefix.check(prefix.derive(names, source))
    checked = prefix.check(str(given), pattern)
    prefix.agree(checked, names, source)
    return checked


def _with_journal(session: Session, folder: str) -> Session:
    path = os.path.join(folder, notes.file_name(session.prefix))
    text = notes_file.read(path) if folder else None
    return session if text is None else notes.with_journal(session, text, path)
