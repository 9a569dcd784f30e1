# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a command, and ends it and all that it began without a warning (SIGKILL) as soon as something is so:
python -m tests.tools.killed LAB WORLD COMMAND…

Here: as soon as an object of this seeded session has gone from this lab. It fails when the command ended before that.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

PAUSE = 0.2


def family(pid: int) -> Iterator[int]:
    """A process and all that it began: Ansible's workers have sessions of their own, and would go on."""
    yield pid
    with suppress(FileNotFoundError, ProcessLookupError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text(encoding="ascii").split():
                yield from family(int(child))


def kill(run: subprocess.Popen[bytes]) -> None:
    """End all of it."""
    for pid in list(family(run.pid)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    run.wait()


def kill_when(run: subprocess.Popen[bytes], when: Callable[[], bool]) -> None:
    """Wait until that is so, then end all of it."""
    try:
        ends = time.monotonic() + 120
        while not when():
            assert time.monotonic() < ends and run.poll() is None
            time.sleep(PAUSE)
    finally:
        kill(run)


def main(name: str, world: str, *command: str) -> None:
    # It imports the lab's client, which those who only kill need not have.
    from tests.lab import controlplane
    from tests.lab.worlds.check import compare, look

    lab = controlplane.find(name)
    assert lab is not None, f"there is no lab {name}"
    seeded = json.loads(Path(world).read_text(encoding="utf-8"))
    kill_when(subprocess.Popen(command), lambda: bool(compare(seeded, look(lab)).gone))
    found = compare(seeded, look(lab))
    print(f"killed: {len(found.gone)} objects of the session are gone, {len(found.left)} are still there", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
