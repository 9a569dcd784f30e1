# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that is not ours, run for as long as this run may work: its Lease is renewed meanwhile by who holds it
(holding.py), and what ends the run ends the program, too."""

from __future__ import annotations

import inspect
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from ansible_collections.mtv.teardown.plugins.module_utils import _limits, _secrets, _threads
from ansible_collections.mtv.teardown.plugins.module_utils._run import guardian

# Seconds for a program to end by itself once it is asked to, and between two looks at it.
GRACE = 10.0
_PAUSE = 0.2
# Of what it says so much is kept, bytes.
_KEPT = 8192


@dataclass(frozen=True, slots=True)
class Ended:
    """code: as a shell says it; why: it was ended for this, empty when it ended by itself; said: its last lines."""

    code: int
    why: str
    said: list[str]


def run(argv: Sequence[str], environment: Mapping[str, str], folder: str, seconds: float) -> Ended:
    """Run it to its end, or until so many seconds are over. folder: its own, removed when it has ended, also when this
    process is killed before."""
    ends, why = time.monotonic() + seconds, ""
    # run_command would keep all that it says, and looks at nothing else meanwhile; no option of a module names it.
    process = subprocess.Popen(  # noqa: S603 # pylint: disable=ansible-bad-function
        [sys.executable, "-I", "-c", inspect.getsource(guardian), folder, str(GRACE), *argv],
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    last = _Last(process.stdout)
    try:
        while process.poll() is None and not why:
            why = _limits.why_stopped()
            if not why and time.monotonic() > ends:
                why = f"it had not ended after {seconds:g} s"
            if not why:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_PAUSE)
    finally:  # also when somebody interrupts
        code = _end(process)
    return Ended(code, why, last.lines())


def _end(process: subprocess.Popen[bytes]) -> int:
    if process.stdin is not None:
        process.stdin.close()
    try:
        return process.wait(2 * GRACE)
    except subprocess.TimeoutExpired:  # the guardian itself hangs
        process.kill()
        return process.wait()


class _Last:
    """The end of what a program says, read by a thread, for a full pipe would stop it."""

    def __init__(self, pipe: IO[bytes] | None) -> None:
        self._pipe, self._kept, self._cut = pipe, b"", False
        self._thread = _threads.thread(self._read)
        self._thread.start()

    def _read(self) -> None:
        while self._pipe is not None and (some := self._pipe.read1(_KEPT)):  # type: ignore[attr-defined]
            whole = self._kept + some
            self._cut = self._cut or len(whole) > _KEPT
            self._kept = whole[-_KEPT:]

    def lines(self) -> list[str]:
        """Without secrets. Of a line whose beginning was not kept nothing is told: half a secret could be in it."""
        self._thread.join(2)  # whoever left the group of the program may keep the pipe open
        return told(self._kept, self._cut)


def told(kept: bytes, cut: bool) -> list[str]:
    """The lines of a text. cut: its beginning is missing."""
    text = kept.decode("utf-8", "replace")
    if cut:
        text = text.partition("\n")[2]
    return [line.rstrip() for line in _secrets.masked(text).splitlines() if line.strip()]
