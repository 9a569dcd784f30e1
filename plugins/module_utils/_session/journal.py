# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each run of a session asks for, on disk before it asks: so that after a run that was killed, the next one tells
what that one did.

It is for people. What is deleted is decided by what is there, whatever stands here. One line is one event, and lines
are only added; one that was cut off is passed over. A playbook says by the environment where it is; without that there
is none. Where no disk lasts, the lines are kept elsewhere (_cluster/config_map.py).
"""

from __future__ import annotations

import errno
import json
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _text_file, _times
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError

# Set by the playbooks: the folder, and by what the run is known.
FOLDER, RUN = "MTV_TEARDOWN_JOURNAL_PATH", "MTV_TEARDOWN_RUN_ID"
DELETE, CHANGE = "delete", "change"
VERDICT, DROPPED = "verdict", "dropped"
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


def to_all(*announces: Announce) -> Announce:
    """Each of them, in this order."""
    kept = [one for one in announces if one is not nobody]
    if len(kept) < 2:
        return kept[0] if kept else nobody

    def announce(items: Iterable[Mapping[str, Any]], asked: str) -> None:
        told = list(items)
        for one in kept:
            one(told, asked)

    return announce


class Journal:
    """The file of one session, as one run writes it; threads may share it, and so may other runs."""

    def __init__(self, path: str, run: str) -> None:
        self.path, self._run, self._lock = path, run, threading.Lock()

    def announce(self, items: Iterable[Mapping[str, Any]], asked: str) -> None:
        """Write these. RecordError where that cannot be; then nothing is to be asked for."""
        self._add(lines_of(self._run, items, asked))

    def end(self, verdict: str) -> None:
        """The run has come to this verdict. After a clean one nobody asks what earlier runs did."""
        if verdict == "clean":
            with suppress(FileNotFoundError):
                os.unlink(self.path)
            return
        with suppress(RecordError):  # the next run tells that it cannot be read
            self._add(verdict_lines(_text(self.path).splitlines(), self._run, verdict))

    def _add(self, lines: Sequence[str]) -> None:
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


# -- lines ------------------------------------------------------------------------------------------------------


def lines_of(run: str, items: Iterable[Mapping[str, Any]], asked: str) -> list[str]:
    """One for each item of results that this run is about to ask something for."""
    told = [{name: item[name] for name in _WHAT if item.get(name)} for item in items]
    return _lines(run, [{"event": asked, **one} for one in told])


def verdict_lines(lines: Iterable[str], run: str, verdict: str) -> list[str]:
    """What the run adds to these at its end: nothing, where it was a look alone and has set out to do nothing."""
    known = any(event["run"] == run for event in map(_event, lines) if event)
    return _lines(run, [{"event": VERDICT, "verdict": verdict}]) if known else []


def _lines(run: str, events: Iterable[Mapping[str, str]]) -> list[str]:
    now = _times.now()
    return [json.dumps({"run": run, "time": now, **event}) for event in events]


def shortened(lines: Sequence[str], fits: Callable[[Sequence[str]], bool]) -> list[str]:
    """The same, where they fit. Else without the oldest of what runs set out to do, and with a line for each such run
    that says how many those were."""
    kept = list(lines)
    while not fits(kept):
        events = [_event(line) for line in kept]
        intents = [number for number, event in enumerate(events) if event and event["event"] in (DELETE, CHANGE)]
        if not intents:
            break
        dropped = set(intents[: max(1, len(intents) // 4)])
        counts: Counter[str] = Counter()
        for number, event in enumerate(events):
            if event and (number in dropped or event["event"] == DROPPED):
                counts[event["run"]] += _count(event)
        shorter: list[str] = []
        for number, (line, event) in enumerate(zip(kept, events, strict=True)):
            if event is None or (number not in dropped and event["event"] != DROPPED):
                shorter.append(line)
            elif count := counts.pop(event["run"], 0):  # in the place of the first of them
                told = {"event": DROPPED, "count": str(count)}
                shorter.append(json.dumps({"run": event["run"], "time": event["time"], **told}))
        kept = shorter
    return kept


def _count(event: Mapping[str, str]) -> int:
    """How many such an event stands for."""
    if event["event"] != DROPPED:
        return 1
    told = event.get("count", "")
    return int(told) if len(told) < 10 and told.isascii() and told.isdigit() else 0


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


def earlier(folder: str, prefix: str, run: str, more: Callable[[], str] = str) -> list[dict[str, Any]]:
    """What other runs than this one asked for; a journal that cannot be read tells that, in place of a run. more: reads
    what is kept elsewhere; RecordError where that cannot be. What stands in both is told once."""
    texts, wrong = [], []
    sources: list[Callable[[], str]] = [lambda: _text(path_of(folder, prefix)) if folder else "", more]
    for read in sources:
        try:
            texts.append(read())
        except RecordError as exc:
            wrong.append({**_begun("", ""), "error": exc.msg})
    runs = runs_of(line for text in texts for line in text.splitlines())
    return [*wrong, *(one for one in runs if one["run_id"] != run)]


def _text(path: str) -> str:
    if not os.path.lexists(path):
        return ""
    return _text_file.read(path, "journal", MAX_BYTES, "Look at it, and take it away.")


def runs_of(lines: Iterable[str]) -> list[dict[str, Any]]:
    """Each run with C(run_id), C(began) and C(ended), its first and its last word, C(verdict), empty where it came to
    none, and C(intended), what it set out to do, each once: one that was killed may not have come to all of it. Where
    there was no room for all of that, C(dropped) says how much is missing."""
    runs: dict[str, dict[str, Any]] = {}
    known: set[tuple[str, ...]] = set()
    for event in filter(None, map(_event, lines)):
        run, time, what = event["run"], event["time"], event["event"]
        one = runs.setdefault(run, _begun(run, time))
        one["ended"] = time
        if what == VERDICT:
            one["verdict"] = event.get("verdict", "")
            continue
        if what == DROPPED:
            one["dropped"] = one.get("dropped", 0) + _count(event)
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
    return event if texts and event["event"] in (DELETE, CHANGE, VERDICT, DROPPED) else None
