# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows what the modules of this collection wait for."""

from __future__ import annotations

DOCUMENTATION = r"""
name: progress
type: notification
short_description: What a teardown waits for, while it waits
version_added: 0.3.0
description:
  - While a module of this collection waits, this shows how many objects of which kind are left, which of them is the
    slowest, what holds it as far as that is known, and for how long it may still be waited.
  - On a terminal that is one line, which stays below the output. Elsewhere it is a plain line every O(interval) seconds,
    and none for what takes less.
  - A run that is cut off, such as with Ctrl-C, ends with what was asked to go and has not been seen to go, and with the
    command that goes on.
  - Nothing more is asked of a server for it. Modules write what they know to files that only their user may read, in a
    folder of their own, which is removed when the run ends. No secret is in them.
  - Of modules that do not run on the controller, or that run as another user, nothing is seen.
author:
  - mtv.teardown contributors (!UNKNOWN)
requirements:
  - To be enabled, such as with C(callbacks_enabled = mtv.teardown.progress) in C(ansible.cfg), or
    E(ANSIBLE_CALLBACKS_ENABLED).
options:
  interval:
    description: Seconds between two plain lines.
    type: float
    default: 15
    env:
      - name: MTV_TEARDOWN_PROGRESS_INTERVAL
    ini:
      - section: callback_mtv_teardown_progress
        key: interval
  live:
    description:
      - Whether a terminal gets a live line. V(false) gives it plain lines.
      - There is none in any case where E(CI) is set, in ansible-runner and AWX, and where E(TERM) is C(dumb).
    type: bool
    default: true
    env:
      - name: MTV_TEARDOWN_PROGRESS_LIVE
    ini:
      - section: callback_mtv_teardown_progress
        key: live
"""

import atexit
import os
import shutil
import signal
import stat
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import FrameType
from typing import Any

from ansible import constants as C  # noqa: N812 - as everywhere in Ansible
from ansible.plugins.callback import CallbackBase
from ansible.utils.display import Display, get_text_width
from ansible_collections.mtv.teardown.plugins.module_utils import _progress, _threads
from ansible_collections.mtv.teardown.plugins.plugin_utils import _progress as _told

# Seconds: between two looks at the files, and at whether the run was interrupted; how long modules that were
# interrupted may take for their last word.
_REFRESH = 1.0
_TICK = 0.2
_PATIENCE = 2.0
_LARGEST = 1_000_000
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ERASE = "\r\x1b[2K"


def is_live(environ: Mapping[str, str], is_terminal: bool) -> bool:
    """Whether a line can be written over and over. ansible-runner gives Ansible a terminal, and makes events of it."""
    others = any(environ.get(name) for name in ("CI", "AWX_ISOLATED_DATA_DIR"))
    return is_terminal and not others and environ.get("TERM", "") not in ("", "dumb")


class Folder:
    """What the processes say, in a folder of this run alone."""

    def __init__(self) -> None:
        self.path = tempfile.mkdtemp(prefix="progress-", dir=C.DEFAULT_LOCAL_TMP)
        self._known: dict[str, tuple[tuple[int, int], _told.State]] = {}

    def states(self) -> list[_told.State]:
        """As they are now, in the order in which their processes began."""
        with suppress(OSError):
            for name in os.listdir(self.path):
                if name.endswith(".json") and not name.startswith("."):
                    self._read(name)
        known = [state for _name, (_mark, state) in sorted(self._known.items())]
        return [state if state.over or _lives(state.pid) else state.ended() for state in known]

    def _read(self, name: str) -> None:
        """Anything may lie there: what is no file of ours is passed over, and nothing is waited for."""
        with suppress(OSError):
            handle = os.open(os.path.join(self.path, name), os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
            with os.fdopen(handle, "rb") as file:
                found = os.fstat(handle)
                mark = (found.st_ino, found.st_mtime_ns)
                known = self._known.get(name)
                if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST or (known and known[0] == mark):
                    return
                state = _told.state_of(file.read(_LARGEST))
                if state is not None:
                    self._known[name] = (mark, state)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def _lives(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    try:  # one that has ended, and of which nobody has taken note, is still known
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[:1] != [b"Z"]
    except OSError:
        return True


class Screen:
    """Where lines are shown. A live one is taken away before anything else is written: all that Ansible writes goes
    through its Display. Workers, which are forks, leave it alone. The lock is Ansible's own, which it holds while it
    writes and while it forks: with another one they could wait for each other."""

    def __init__(self, display: Display, is_live: bool) -> None:
        self._display, self._is_live, self._pid = display, is_live, os.getpid()
        self._lock, self._shown = getattr(display, "_lock", None) or threading.RLock(), ""
        self._write: Callable[..., None] = display.display
        if is_live:
            display.display = self._around

    def _around(self, *args: Any, **kwargs: Any) -> None:
        if os.getpid() != self._pid:
            return self._write(*args, **kwargs)
        with self._lock:
            self.live("")
            return self._write(*args, **kwargs)

    def live(self, text: str) -> None:
        with self._lock:
            if text != self._shown:
                self._write(f"{_ERASE}{text}", newline=False, screen_only=True)
                self._shown = text
                sys.stdout.flush()

    def say(self, text: str) -> None:
        with self._lock:
            self._display.display(f"mtv.teardown: {text}")
            sys.stdout.flush()

    def close(self) -> None:
        if self._is_live:
            self.live("")
            self._display.__dict__.pop("display", None)


class Watch:
    """From the start of a run to its end, whatever that is."""

    def __init__(self, display: Display, is_live: bool, interval: float) -> None:
        self._pid, self._is_live, self._interval = os.getpid(), is_live, interval
        self._folder, self._screen = Folder(), Screen(display, is_live)
        self._before = os.environ.get(_progress.CHANNEL)
        os.environ[_progress.CHANNEL] = self._folder.path
        self._signal, self._over, self._closed = 0, threading.Event(), False
        self._last = time.monotonic()
        self._thread = _threads.thread(self._run)
        self._thread.start()
        self._handlers = {number: signal.getsignal(number) for number in _SIGNALS}
        for number, handler in self._handlers.items():
            if callable(handler) or handler == signal.SIG_DFL:
                signal.signal(number, self._interrupted)
        # However the run ends, but for a signal that kills at once.
        atexit.register(self.close, cut_off=True)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        """Who handled it before does the rest. But for SIGINT that ends the process, so the last words come first."""
        handler = self._handlers[signal.Signals(number)]
        signal.signal(number, handler)
        if os.getpid() == self._pid:
            self._signal = number
            if number != signal.SIGINT:
                self._thread.join(_PATIENCE)
        if callable(handler):
            handler(number, frame)
        else:
            os.kill(os.getpid(), number)

    def _run(self) -> None:
        looked = 0.0
        with suppress(OSError, ValueError):  # there is nobody any more to show it to
            while not self._over.wait(_TICK):
                if self._signal:
                    self._cut_off()
                    return
                if time.monotonic() - looked >= _REFRESH:
                    looked = time.monotonic()
                    self._show()

    def _show(self) -> None:
        states, now = self._folder.states(), time.time()
        if self._is_live:
            self._screen.live(_told.live(states, now, shutil.get_terminal_size().columns - 1, _columns))
            return
        lines = _told.lines(states, now)
        if not lines:
            self._last = time.monotonic()
        elif time.monotonic() - self._last >= self._interval:
            self._last = time.monotonic()
            for line in lines:
                self._screen.say(line)

    def _cut_off(self) -> None:
        """Modules that were interrupted say what they had asked for, and end; of other signals they have not heard yet."""
        self._closed = True
        ends = time.monotonic() + (_PATIENCE if self._signal in (0, signal.SIGINT) else 0.0)
        states = self._folder.states()
        while any(not state.over for state in states) and time.monotonic() < ends:
            time.sleep(_TICK / 4)
            states = self._folder.states()
        words = _told.last_words(states, sys.argv, time.time())
        try:
            if words:
                self._screen.say("\n".join(words))
        finally:
            self._folder.remove()

    def close(self, cut_off: bool = False) -> None:
        """Once, in the process that began it."""
        if os.getpid() != self._pid:
            return
        atexit.unregister(self.close)
        self._over.set()
        self._thread.join(2 * _PATIENCE)
        with suppress(OSError, ValueError):
            if cut_off and not self._closed:
                self._cut_off()
            self._screen.close()
        self._folder.remove()
        if self._before is None:
            os.environ.pop(_progress.CHANNEL, None)
        else:
            os.environ[_progress.CHANNEL] = self._before
        for number, handler in self._handlers.items():
            if signal.getsignal(number) == self._interrupted:
                signal.signal(number, handler)


def _columns(text: str) -> int:
    try:
        return int(get_text_width(text))
    except OSError:  # of a locale that knows no wide characters
        return len(text)


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Begins with a playbook, and ends with it."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "mtv.teardown.progress"
    CALLBACK_NEEDS_ENABLED = True

    _watch: Watch | None = None

    def v2_playbook_on_start(self, playbook: Any) -> None:  # noqa: ARG002 - Ansible's
        """Called in the main process, before there is any worker."""
        live = self.get_option("live") and is_live(os.environ, sys.stdout.isatty())
        try:
            self._watch = Watch(self._display, live, float(self.get_option("interval")))
        except OSError as exc:
            self._display.warning(f"mtv.teardown.progress shows nothing: {exc.strerror}.")

    def v2_playbook_on_stats(self, stats: Any) -> None:  # noqa: ARG002 - Ansible's
        if self._watch is not None:
            self._watch.close()
            self._watch = None
