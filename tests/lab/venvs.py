# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual environments for what does not fit into .venv; each is made once per lock and Python, in the user's cache."""

from __future__ import annotations

import hashlib
import shutil
import sys
import time
from pathlib import Path

from tests.lab.build import Say, cache_folder, lock, uv


def venv(name: str, requirements: Path, say: Say, what: str, costs: str) -> Path:
    """Return the venv with these requirements; make it when it is not there."""
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    stamp = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:16]
    target = cache_folder() / name / f"{python}-{stamp}"
    if not (target / "complete").exists():
        with lock(target.with_name(f"{target.name}.lock"), say, f"installs {what}"):
            if not (target / "complete").exists():  # somebody else may have done it while we waited
                say(f"installing {what}, once: {costs}")
                _install(target, requirements, say)
    return target


def _install(target: Path, requirements: Path, say: Say) -> None:
    start = time.monotonic()
    shutil.rmtree(target, ignore_errors=True)  # a venv cannot be moved, so it is made where it stays
    uv("venv", "--quiet", "--python", sys.executable, str(target))
    python = str(target / "bin/python")
    uv("pip", "install", "--quiet", "--compile-bytecode", "--python", python, "-r", str(requirements))
    (target / "complete").touch()
    say(f"installed in {time.monotonic() - start:.0f} s")
