# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at a world after a teardown, with nothing of the collection: is the session gone, does everybody else live?"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from tests.lab.controlplane import Lab
from tests.lab.operator.api import Api
from tests.lab.worlds.cluster import Entry, snapshot


def _word(entry: Entry) -> str:
    return f"{entry['kind']} {entry['namespace'] or '-'}/{entry['name']} ({entry['uid']})"


def _is_named(name: str | None, prefix: str) -> bool:
    return name is not None and (name == prefix or name.startswith(f"{prefix}-"))


def problems(world: dict[str, Any], live: dict[str, Entry], expect: str) -> list[str]:
    """Compare world.json with a snapshot: what is wrong, one line each."""
    wrong = [f"a bystander is gone: {_word(entry)}" for entry in world["bystanders"] if entry["uid"] not in live]
    if expect == "untouched":
        return wrong + [f"touched: {_word(entry)}" for entry in world["session"] if entry["uid"] not in live]
    wrong += [f"still there: {_word(entry)}" for entry in world["session"] if entry["uid"] in live]
    known = {entry["uid"] for part in ("bystanders", "session", "stays") for entry in world[part]}
    for entry in live.values():
        named = _is_named(entry["name"], world["prefix"]) or _is_named(entry["namespace"], world["prefix"])
        if named and entry["uid"] not in known:
            wrong.append(f"new, and of the session: {_word(entry)}")
    return wrong


def check(lab: Lab, file: Path, expect: str) -> tuple[list[str], str]:
    """Return what is wrong, and one line that says what was compared."""
    world = json.loads(file.read_text(encoding="utf-8"))

    async def look() -> dict[str, Entry]:
        async with Api(lab.admin_kubeconfig) as api:
            return await snapshot(api)

    wrong = problems(world, asyncio.run(look()), expect)
    fate = "are gone" if expect == "clean" else "are as they were"
    counts = f"{len(world['session'])} objects of session {world['prefix']} {fate}"
    return wrong, f"{counts}, {len(world['bystanders'])} bystanders live"
