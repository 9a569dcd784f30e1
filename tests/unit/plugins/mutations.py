# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A result with one thing taken away, or moved to before the last deletion: for everything that there is in it."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).resolve().parents[3] / "extensions" / "result" / "audit.py"
LISTS = (
    "asked",
    "scopes",
    "looks",
    "targets",
    "deleted",
    "leftovers",
    "accepted",
    "kept",
    "unseen",
    "refused",
    "unreadable",
    "not_covered",
    "not_done",
)
Result = dict[str, Any]
BEFORE, AFTER = "2000-01-01T00:00:00.000Z", "2999-01-01T00:00:00.000Z"


def program() -> Any:
    """The audit, as it lies in extensions."""
    spec = importlib.util.spec_from_file_location("mtv_teardown_audit", PROGRAM)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def of(result: Result) -> Iterator[tuple[str, Result]]:
    """(what was done, the result after it)."""
    for name in LISTS:
        for index in range(len(result[name])):
            yield (
                f"{name} {index}",
                {**result, name: [one for at, one in enumerate(result[name]) if at != index]},
            )
    for look in result["looks"]:
        of_it = (look["of"], look["number"])
        without = [ask for ask in result["asked"] if (ask["of"], ask["look"]) != of_it]
        less = {"looks": [one for one in result["looks"] if one is not look], "asked": without}
        yield f"looks {of_it}, with its questions", {**result, **less}
        yield f"early {of_it}", _moved(result, of_it)
    for index in range(len(result["asked"])):
        for name, time in (("early", BEFORE), ("late", AFTER)):
            changed = json.loads(json.dumps(result["asked"]))
            changed[index]["time"] = time
            yield f"{name} question {index}", {**result, "asked": changed}


def _moved(result: Result, of_it: tuple[str, int]) -> Result:
    """A whole look that was before the last deletion; of a run that deleted nothing, one that was never."""
    asked = [target["asked"] for target in result["targets"] if target["asked"]]
    assert asked or len(result["looks"]) > 1
    time = min(asked, default=AFTER)[:-4] + "000Z"  # the beginning of that very second, or of no time at all
    made: Result = json.loads(json.dumps(result))
    for look in made["looks"]:
        if (look["of"], look["number"]) == of_it:
            look["began"] = look["ended"] = time
    for ask in made["asked"]:
        if (ask["of"], ask["look"]) == of_it:
            ask["time"] = time
    return made
