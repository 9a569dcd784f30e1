# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each run of a session asks for, on disk before it asks: so that after a run that was killed, the next one tells
what that one did.

It is for people. What is deleted is decided by what is there, whatever stands here. One line is one event, and lines
are only added; one that was cut off is passed over. A playbook says by the environment where it is; without that there
is none.
"""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _text_file, _times
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError

# Set by the playbooks: the folder, and by what the run is known.
FOLDER, RUN = "MTV_TEARDOWN_JOURNAL_PATH", "MTV_TEARDOWN_RUN_ID"
DELETE, CHANGE = "delete", "change"
MAX_BYTES = 64 * 1024 * 1024
_WHAT = ("kind", "api_version", "namespace", "name", "uid", "provider")
_LONGEST = 1024

# Takes items of results, and what is about to be asked for them.
Announce = Callable[[Iterable[Mapping[str, Any]], str], None]


def nobody(_items: Iterable[Mapping[str, Any]], _asked: str) -> None:
    """An Announce that keeps nothing."""


def announce_to(environment: Mapping[str, str], prefix: str, check_mode: bool) -> Announce:
    """What a module of this session tells before it asks for something; in check mode it asks for nothing."""
    folder, run = environment.get(FOLDER), environment.get(RUN)
    if not folder or not run or not prefix or check_mode:
        return nobody
    return Journal(path_of(folder, prefix), run).announce


def file_name(prefix: str) -> str:
    """Beside the note, one for each session."""
    return f"teardown-{prefix}.journal.jsonl"


def path_of(folder: str, prefix: str) -> str:
    return os.path.join(folder, file_name(prefix))


class Journal:
    """The file of one session, as one run writes it; threads may share it, and so may other runs."""

    def __init__(self, path: str, run: str) -> None:
        self.path, self._run, self._lock = path, run, threading.Lock()

    def announce(self, items: Iterable[Mapping[str, Any]], asked: str) -> None:
        """Write these. RecordError where that cannot be; then nothing is to be asked for."""
        told = [{name: item[name] for name in _WHAT if item.get(name)} for item in items]
        self._add([{"event": asked, **one} for one in told])

    def end(self, verdict: str) -> None:
        """The run has come to this verdict. After a clean one nobody asks what earlier runs did."""
        if verdict == "clean":
            with suppress(FileNotFoundError):
                os.unlink(self.path)
        elif any(one["run_id"] == self._run for one in _runs(self.path)):  # a look alone has set out to do nothing
            self._add([{"event": "verdict", "verdict": verdict}])

    def _add(self, events: Iterable[Mapping[str, str]]) -> None:
        now = _times.now()
        lines = [json.dumps({"run": self._run, "time": now, **event}) for event in events]
        if not lines:
            return
        data = "\n".join(["", *lines, ""]).encode()  # a line that was cut off ends before the first of these
        try:
            with self._lock:
                _append(self.path, data)
        except OSError as exc:
            raise RecordError(
                f"{self.path} cannot be written: {exc.strerror}. It says what this run deletes, in case it is cut off, "
                "so nothing more is deleted; make room for it, or have no files written "
                "(mtv_teardown_skip_data_collector)."
            ) from exc


def _append(path: str, data: bytes) -> None:
    """At the end of the file, and on disk."""
    folder = os.path.dirname(path) or "."
    os.makedirs(folder, mode=0o755, exist_ok=True)
    is_new = not os.path.lexists(path)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    handle = os.open(path, flags, 0o600)
    try:
        if os.write(handle, data) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(handle)
    finally:
        os.close(handle)
    if is_new:
        place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(place)
        finally:
            os.close(place)


# -- reading ----------------------------------------------------------------------------------------------------


def earlier(folder: str, prefix: str, run: str) -> list[dict[str, Any]]:
    """What other runs than this one asked for; a file that cannot be read tells that, in place of a run."""
    return [one for one in _runs(path_of(folder, prefix)) if one["run_id"] != run] if folder else []


def _runs(path: str) -> list[dict[str, Any]]:
    if not os.path.lexists(path):
        return []
    try:
        text = _text_file.read(path, "journal", MAX_BYTES, "Look at it, and take it away.")
    except RecordError as exc:
        return [{**_begun("", ""), "error": exc.msg}]
    return runs_of(text.splitlines())


def runs_of(lines: Iterable[str]) -> list[dict[str, Any]]:
    """Each run with C(run_id), C(began) and C(ended), its first and its last word, C(verdict), empty where it came to
    none, and C(intended), what it set out to do, each once: one that was killed may not have come to all of it."""
    runs: dict[str, dict[str, Any]] = {}
    known: set[tuple[str, ...]] = set()
    for event in filter(None, map(_event, lines)):
        run, time, what = event["run"], event["time"], event["event"]
        one = runs.setdefault(run, _begun(run, time))
        one["ended"] = time
        if what == "verdict":
            one["verdict"] = event.get("verdict", "")
            continue
        item = {name: event.get(name, "") for name in _WHAT}
        key = (run, what, item["uid"] or "/".join(item.values()))
        if key not in known:
            known.add(key)
            one["intended"].append({**item, "namespace": item["namespace"] or None, "time": time, "what": what})
    return list(runs.values())


def _begun(run: str, time: str) -> dict[str, Any]:
    return {"run_id": run, "began": time, "ended": time, "verdict": "", "intended": [], "error": ""}


def _event(line: str) -> dict[str, str] | None:
    """None for what no run wrote, or not to its end."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or not all(isinstance(event.get(name), str) for name in ("run", "time", "event")):
        return None
    texts = all(isinstance(value, str) and len(value) <= _LONGEST for value in event.values())
    return event if texts and event["event"] in (DELETE, CHANGE, "verdict") else None
