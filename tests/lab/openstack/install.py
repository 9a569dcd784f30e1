# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs the OpenStack services, once per lock and Python, into the user's cache folder."""

from __future__ import annotations

import hashlib
import shutil
import sys
import time
from pathlib import Path

from tests.lab.build import Say, cache_folder, lock, uv

HERE = Path(__file__).resolve().parent
LOCK = HERE / "requirements.lock"


def services(say: Say) -> Path:
    """Return the venv of the services; make it when it is not there."""
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    name = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()[:16]
    target = cache_folder() / "openstack" / f"{python}-{name}"
    if not (target / "complete").exists():
        with lock(target.with_name(f"{target.name}.lock"), say, "installs OpenStack"):
            if not (target / "complete").exists():  # somebody else may have done it while we waited
                _install(target, say)
    return target


def _install(target: Path, say: Say) -> None:
    start = time.monotonic()
    say("installing Keystone, Nova, Cinder, Glance, Neutron and Placement, once: about 1 min, 600 MB")
    shutil.rmtree(target, ignore_errors=True)  # a venv cannot be moved, so it is made where it stays
    uv("venv", "--quiet", "--python", sys.executable, str(target))
    uv("pip", "install", "--quiet", "--compile-bytecode", "--python", str(target / "bin/python"), "-r", str(LOCK))
    (target / "complete").touch()
    say(f"installed in {time.monotonic() - start:.0f} s")
