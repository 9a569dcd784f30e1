# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program of its own, which program.py starts from this text: it runs another one, and ends that with all that it
began as soon as its own standard input is closed. That is so when its caller wants it, and when its caller is killed.

It stands alone: nothing but the standard library is imported.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress

_PAUSE = 0.1


def guard(folder: str, grace: float, argv: list[str]) -> int:
    """The code with which the program ended; 128 and the number of its signal, as a shell says it. folder: is removed
    at the end; grace: seconds between a request to end, and no more requests."""
    try:
        # No module is here that could run it, and no option of one names it.
        program = subprocess.Popen(  # noqa: S603 # pylint: disable=ansible-bad-function
            argv, stdin=subprocess.DEVNULL, start_new_session=True
        )
        ends = None
        while program.poll() is None:
            if ends is not None:
                if time.monotonic() > ends:
                    _signal(program.pid, signal.SIGKILL)
                time.sleep(_PAUSE)
            elif select.select([sys.stdin], [], [], _PAUSE)[0]:  # nobody writes: it is closed
                _signal(program.pid, signal.SIGTERM)
                ends = time.monotonic() + grace
        _signal(program.pid, signal.SIGKILL)  # what it has begun and left behind
        code = program.returncode
        return code if code >= 0 else 128 - code
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _signal(group: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


if __name__ == "__main__":
    raise SystemExit(guard(sys.argv[1], float(sys.argv[2]), sys.argv[3:]))
