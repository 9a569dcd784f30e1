# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection awx.awx for tests. The ansible package for Python 3.12 and newer has none, the older one has."""

from __future__ import annotations

import hashlib
import shutil
import sysconfig
import tempfile
import time
from pathlib import Path

from tests.lab.build import Say, cache_folder, lock, uv

# As in requirements-dev.txt for Python 3.11: the newest that holds awx.awx.
PACKAGE = "ansible==12.3.0"


def collections(say: Say) -> Path:
    """A folder for ANSIBLE_COLLECTIONS_PATH in which awx.awx is; installed once."""
    installed = Path(sysconfig.get_path("purelib"))
    if (installed / "ansible_collections" / "awx").is_dir():
        return installed
    target = cache_folder() / "awx" / hashlib.sha256(PACKAGE.encode()).hexdigest()[:16]
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with lock(target.with_name(f"{target.name}.lock"), say, "installs awx.awx"):
            if not target.exists():  # somebody else may have done it while we waited
                _install(target, say)
    return target


def _install(target: Path, say: Say) -> None:
    start = time.monotonic()
    say(f"installing awx.awx from {PACKAGE}, once (about 10 s)")
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        whole, part = Path(folder) / "whole", Path(folder) / "part" / "ansible_collections"
        uv("pip", "install", "--quiet", "--no-deps", "--target", str(whole), PACKAGE)
        part.mkdir(parents=True)
        shutil.move(whole / "ansible_collections" / "awx", part / "awx")
        part.parent.rename(target)
    say(f"installed in {time.monotonic() - start:.0f} s")
