# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stays of a run in files: its result, and what a later run has to know."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._report import files
from ansible_collections.mtv.teardown.plugins.module_utils._report import told as _told
from ansible_collections.mtv.teardown.plugins.module_utils._session import journal, notes

_OWN = 0o600
# What a result has of which there is nothing but that a run began.
_BEGUN = frozenset({"verdict", "run_id", "began", "ended", "summary"})


def one_file(paths: Sequence[str]) -> str:
    """The file that a result is written to. RecordError where several are named, or a folder."""
    if len(paths) != 1 or os.path.isdir(paths[0]):
        raise RecordError("result: results has to name the one file that it is written to.")
    return paths[0]


def is_begun(result: Mapping[str, Any]) -> bool:
    """Whether that stands for the result of a run that has come to none yet."""
    return result.keys() == _BEGUN and (result["verdict"], result["ended"]) == ("unverified", "")


def begin(result: Mapping[str, Any], path: str, check_mode: bool) -> bool:
    """Whether the file changed, or would. TeardownError where it cannot be written."""
    return files.write(path, _json(result), _OWN, check_mode)


def write(result: Mapping[str, Any], path: str, folder: str, check_mode: bool) -> bool:
    """Whether a file changed, or would. folder: for the note; empty for that of the result.

    The note has what is left on source providers by its ids, and the verdict: after a clean run the next one begins
    anew. RecordError for what is no result, TeardownError where a file cannot be written.
    """
    note = _note_of(result)
    # A module returns nothing of that name.
    linked = {"$schema": result["schema"], **result} if "schema" in result else result
    changed = files.write(path, _json(linked), _OWN, check_mode)
    beside = os.path.join(folder or os.path.dirname(path), note["name"])
    if result["verdict"] != "clean" or os.path.lexists(beside):
        changed = files.write(beside, _json(note["content"]), _OWN, check_mode) or changed
    if not check_mode:
        path = journal.path_of(os.path.dirname(beside), note["content"]["prefix"])
        journal.Journal(path, str(result["run_id"])).end(str(result["verdict"]))
    return changed


def _note_of(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """C(name) and C(content); a name is that of a file, and leads nowhere else."""
    note = result.get("journal")
    content = note.get("content") if isinstance(note, Mapping) else None
    prefix = content.get("prefix") if isinstance(content, Mapping) else None
    if not isinstance(note, Mapping) or not isinstance(prefix, str) or result.get("verdict") not in _told.VERDICTS:
        raise RecordError("result: it is not what leftovers_info returns.")
    if os.sep in prefix or note.get("name") != notes.file_name(prefix):
        raise RecordError(f"result: its note is called {note.get('name')!r}, which is no note of {prefix!r}.")
    return note


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=4, sort_keys=True)
