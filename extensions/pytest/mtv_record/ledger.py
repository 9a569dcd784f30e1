# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger of changes as a file, beside the resources.json of the same session."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from .changes import MOST_BYTES, MOST_CHANGES, Change, parse, written
from .journal import replace

Alter = Callable[[tuple[Change, ...]], Iterable[Change]]


def beside(resources: str) -> str:
    """Where the ledger of a resources file is."""
    return f"{resources.removesuffix('.json')}.undo.json"


def edit(file: Path, alter: Alter) -> tuple[Change, ...]:
    """Replace it as a whole, by what alter makes of it. Whoever calls this holds the lock of the folder (Journal).
    ValueError for what is no ledger; it stays as it is."""
    try:
        before = parse(_text(file))
    except FileNotFoundError:
        before = ()
    after = tuple(alter(before))
    if len(after) > MOST_CHANGES:
        raise ValueError(f"{file} has {MOST_CHANGES} changes already")
    if after != before:
        replace(file, written(after).encode(), 0o600)
    return after


def _text(file: Path) -> str:
    with file.open(encoding="utf-8") as stream:
        text = stream.read(MOST_BYTES + 1)
    if len(text) > MOST_BYTES:
        raise ValueError(f"{file} is larger than any ledger")
    return text
