# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers of the lab that are a package of it, python -m tests.lab.NAME, with a control port for the tests. Each says
in FOLDER/NAME.json how it is reached, once it answers."""

from __future__ import annotations

import http.client
import json
import sys
import time
from pathlib import Path
from typing import Any

from tests.lab import processes

_CHECKOUT = Path(__file__).resolve().parents[2]


def start(state: Path, name: str, port: int) -> dict[str, Any]:
    """How it is reached. A folder has one of that name at most; stop() ends it."""
    state.mkdir(parents=True, exist_ok=True)
    reached = state / f"{name}.json"
    if processes.find(state, name) is None:
        reached.unlink(missing_ok=True)
        command = [sys.executable, "-m", f"tests.lab.{name}", "--state", f"{state}/", "--port", str(port)]
        processes.spawn(state, name, command, cwd=_CHECKOUT)
    ends = time.monotonic() + 180
    while not reached.exists():
        if processes.find(state, name) is None or time.monotonic() > ends:
            raise RuntimeError(f"{name} did not start:\n{processes.tail(state, name)}")
        time.sleep(0.02)
    told: dict[str, Any] = json.loads(reached.read_text(encoding="utf-8"))
    return told


def stop(state: Path, name: str) -> None:
    processes.terminate(state, name)
    processes.wait_gone(state, name, 5)


def ask(control: int, method: str, path: str, body: Any = None) -> Any:
    """The answer of its control port."""
    link = http.client.HTTPConnection("127.0.0.1", control, timeout=60)
    try:
        link.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
        answer = link.getresponse()
        text = answer.read().decode()
    finally:
        link.close()
    if answer.status != 200:
        raise RuntimeError(f"{method} {path}: {answer.status} {text}")
    return json.loads(text)
