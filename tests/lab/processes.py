# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Background processes of a lab, known by a pid file and by a word that their command line must hold.

A pid alone is not proof: after a crash the system may have given it to somebody else's process.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

# For what is written in Go: it collects its garbage a quarter as often, which is a fifth of an API server's work.
GOGC = "400"


def _command_line(pid: int) -> str:
    """Return the command line of a process, empty when it is gone or only waits for its parent."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # a child of ours that ended would stay for ever as a zombie
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    if Path("/proc/self").exists():
        return ""
    return subprocess.run(
        ["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout


def find(state: Path, name: str) -> int | None:
    """Return the pid of our process of that name if it lives, else None."""
    try:
        pid = int((state / f"{name}.pid").read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return None
    # Every process of a lab has a path below the lab's folder among its arguments.
    return pid if f"{state}/" in _command_line(pid) else None


def spawn(state: Path, name: str, command: list[str], cwd: Path | None = None) -> int:
    """Start a process that outlives us, its output in <name>.log."""
    with (state / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=cwd or state,
            env={"GOGC": GOGC, **os.environ},
            start_new_session=True,
        )
    # For a moment after exec the command line is still empty, and find() would say that there is no such process.
    while process.poll() is None and not _command_line(process.pid):
        time.sleep(0.005)
    (state / f"{name}.pid").write_text(f"{process.pid}\n", encoding="ascii")
    # Popen would warn about a child that is still running when it is collected; the pid file owns it now.
    process.returncode = 0
    return process.pid


def terminate(state: Path, name: str) -> None:
    """Ask our process of that name to end."""
    pid = find(state, name)
    if pid is not None:
        _signal(pid, signal.SIGTERM)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def wait_gone(state: Path, name: str, patience: float) -> None:
    """Wait until our process is gone; kill it when it takes longer than that."""
    killed = False
    deadline = time.monotonic() + patience
    while (pid := find(state, name)) is not None:
        if not killed and time.monotonic() > deadline:
            _signal(pid, signal.SIGKILL)
            killed = True
        time.sleep(0.02)
    (state / f"{name}.pid").unlink(missing_ok=True)


def tail(state: Path, name: str, lines: int = 8) -> str:
    """Return the end of a log, for a message."""
    try:
        text = (state / f"{name}.log").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
