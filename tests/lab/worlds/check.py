# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at a world after a teardown, with nothing of the collection: is the session gone, does everybody else live?"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.controlplane import Lab
from tests.lab.operator.api import Api
from tests.lab.worlds import inspected
from tests.lab.worlds.cluster import Entry, snapshot


def _word(entry: Entry) -> str:
    return f"{entry['kind']} {entry['namespace'] or '-'}/{entry['name']} ({entry['uid']})"


def _is_named(name: str | None, prefix: str) -> bool:
    return name is not None and (name == prefix or name.startswith(f"{prefix}-"))


@dataclass(frozen=True)
class Difference:
    """world.json beside a later snapshot: bystanders that are gone; objects of the session that are gone, that are
    left, and that are new."""

    touched: list[Entry]
    gone: list[Entry]
    left: list[Entry]
    new: list[Entry]


def compare(world: dict[str, Any], live: dict[str, Entry]) -> Difference:
    """What became of a world."""
    known = {entry["uid"] for part in ("bystanders", "session", "stays") for entry in world[part]}
    return Difference(
        touched=[entry for entry in world["bystanders"] if entry["uid"] not in live],
        gone=[entry for entry in world["session"] if entry["uid"] not in live],
        left=[entry for entry in world["session"] if entry["uid"] in live],
        new=[
            entry
            for uid, entry in live.items()
            if uid not in known and any(_is_named(entry[key], world["prefix"]) for key in ("name", "namespace"))
        ],
    )


def problems(world: dict[str, Any], live: dict[str, Entry], expect: str) -> list[str]:
    """Compare world.json with a snapshot: what is wrong, one line each."""
    found = compare(world, live)
    wrong = [f"a bystander is gone: {_word(entry)}" for entry in found.touched]
    if expect == "untouched":
        return wrong + [f"touched: {_word(entry)}" for entry in found.gone]
    wrong += [f"still there: {_word(entry)}" for entry in found.left]
    return wrong + [f"new, and of the session: {_word(entry)}" for entry in found.new]


def look(lab: Lab) -> dict[str, Entry]:
    """Every object that there is, by its uid."""

    async def read() -> dict[str, Entry]:
        async with Api(lab.admin_kubeconfig) as api:
            return await snapshot(api)

    return asyncio.run(read())


def check(lab: Lab, file: Path, expect: str) -> tuple[list[str], str]:
    """Return what is wrong, and one line that says what was compared."""
    world = json.loads(file.read_text(encoding="utf-8"))
    wrong = problems(world, look(lab), expect)
    if "snapshots" in world:
        wrong += inspected.problems(world["snapshots"], expect)
    fate = "are gone" if expect == "clean" else "are as they were"
    counts = f"{len(world['session'])} objects of session {world['prefix']} {fate}"
    return wrong, f"{counts}, {len(world['bystanders'])} bystanders live"
