# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module waits for, told to who watches the run, while it waits.

The callback mtv.teardown.progress names a folder. In it each process keeps one file, which says how things are now. It
is written anew, whole, by a thread that does nothing else, so that no wait depends on it, and whatever goes wrong there
is no matter of the module. Without the callback nothing of this happens.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _secrets, _text_file, _threads
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Clock, is_interrupted

# Set by the callback alone.
CHANNEL = "MTV_TEARDOWN_PROGRESS_CHANNEL"
# Of all that is waited for so many are named, those that were asked first; the others are counted.
NAMED = 50
# Seconds between two looks at what is waited for; telling may take this share of the time.
_PAUSE, _SHARE = 1.0, 0.05
# How long the end of a module waits for its last word: a disk may hang.
_LAST_WORD = 1.0
_LONGEST = 300

Thing = Mapping[str, str]
Tell = Callable[[], Mapping[str, Any]]


def thing(
    kind: str, name: str, namespace: str = "", provider: str = "", uid: str = "", since: str = "", held: str = ""
) -> dict[str, str]:
    """One object that is waited for. since: when it was asked for, empty when it has not been; held: what holds it, as
    far as that has been read anyway."""
    place = {"kind": kind, "namespace": namespace, "name": name, "provider": provider}
    return {**place, "uid": uid, "since": since, "held": held}


def wait(what: str, things: Iterable[Thing], clock: Clock) -> dict[str, Any]:
    """What a wait tells. what: such as C(to go); its two ends are told as times of the wall, so that they stay the same
    while nothing moves."""
    now = time.time()
    ends = {"ends": round(now + clock.left()), "latest": round(now + clock.total_left())}
    return {"what": what, **_told(things), **ends}


def left(things: Iterable[Thing]) -> Tell:
    """Tells of what has not gone, and is not waited for any more."""
    told = {"what": "to go", **_told(things)}
    return lambda: told


def reading(lists: list[dict[str, Any]]) -> Tell:
    """Tells of a look at the cluster how far it is. lists: grows with it, see Ledger."""
    before, number = len(lists), 0
    if _channel is not None:
        _channel.looks += 1
        number = _channel.looks

    def tell() -> dict[str, Any]:
        read = lists[before:]
        kinds = {(one["api_version"], one["kind"]) for one in read}
        places = {one["namespace"] for one in read if one["namespace"]}
        return {"what": "look", "number": number, "lists": len(read), "kinds": len(kinds), "namespaces": len(places)}

    return tell


def looking(providers: Iterable[str]) -> Tell:
    """Tells of a look at these."""
    told = {"what": "look", "providers": sorted(providers)}
    return lambda: told


@contextmanager
def channel(module: str) -> Iterator[None]:
    """Around all that a module does."""
    global _channel
    folder = os.environ.get(CHANNEL)
    if not folder:
        yield
        return
    _channel = _Channel(folder, module)
    try:
        yield
    finally:
        _channel.close()
        _channel = None


@contextmanager
def waiting(tell: Tell) -> Iterator[None]:
    """Around a wait, or a look; several may be at a time. One that is interrupted stays told: what it waited for then,
    nobody has seen."""
    here = _channel
    if here is None:
        yield
        return
    key = object()
    here.waits[key] = tell
    try:
        yield
    finally:
        if not is_interrupted():
            here.waits.pop(key, None)


def about(tell: Callable[[], Iterable[Thing]], **more: str) -> None:
    """tell: what was asked to go and is not seen gone, waited for or not; more: C(session), C(on), and C(done), the
    word for what was asked."""
    if _channel is not None:
        _channel.asked = tell
        _channel.about.update(more)


class _Channel:
    """One file, of one process. Their names are in the order in which they began."""

    def __init__(self, folder: str, module: str) -> None:
        self.waits: dict[object, Tell] = {}
        self.looks = 0
        self.asked: Callable[[], Iterable[Thing]] = tuple
        self.about = {"module": module}
        self._file = os.path.join(folder, f"{time.time_ns()}-{secrets.token_hex(4)}.json")
        self._over = threading.Event()
        self._written = ""
        self._thread = _threads.thread(self._run)
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._thread.join(_LAST_WORD)

    def _run(self) -> None:
        took = 0.0
        while not self._over.wait(max(_PAUSE, took / _SHARE)):
            began = time.monotonic()
            self._tell()
            took = time.monotonic() - began
        self._tell(over=True)

    def _tell(self, over: bool = False) -> None:
        with suppress(OSError, RuntimeError, ValueError):  # RuntimeError: what is told changed while it was read
            waits = [dict(tell()) for tell in list(self.waits.values())]
            told = {**self.about, "pid": os.getpid(), "over": over, "waits": waits, "asked": _told(self.asked())}
            text = json.dumps(_secrets.shown(told, told=True))
            if text != self._written:
                _text_file.replace(self._file, text)
                self._written = text


_channel: _Channel | None = None


def _told(things: Iterable[Thing]) -> dict[str, Any]:
    """Counted by kind, and the slowest by name."""
    every = list(things)
    first = sorted(every, key=lambda one: (not one["since"], one["since"], one["kind"], one["name"]))[:NAMED]
    named = [{name: text[:_LONGEST] for name, text in one.items()} for one in first]
    return {"left": dict(Counter(one["kind"] for one in every).most_common()), "things": named}
