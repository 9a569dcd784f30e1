# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The deletion as a picture: when what was asked to go, when it was gone, and what was waited for. Pure numbers; the
page draws them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._report.told import Entry, Told

# Of the picture, in its own units: where the bars begin, how wide they may be, and how high a row is.
LEFT, WIDE, ROW, TOP = 360, 600, 22, 26
ALONG = "with something else"
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)


@dataclass(frozen=True, slots=True)
class Bar:
    """One kind in one phase. asked, gone: seconds after the beginning; left: how many stay; along: how many went with
    something else, so that nobody asked them; x, wide, y: of the bar."""

    phase: str
    kind: str
    number: int
    asked: float
    gone: float
    left: int
    along: int
    x: float = 0.0
    wide: float = 0.0
    y: float = 0.0


@dataclass(frozen=True, slots=True)
class Picture:
    """bars: top down; ticks: (x, label); bands: (x, width, name) of the phases."""

    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, str], ...]
    bands: tuple[tuple[float, float, str], ...]
    high: float
    seconds: float


def picture(told: Told) -> Picture | None:
    """None where no time is known: a run that deleted nothing."""
    phases = [phase for phase in told.listed("phases") if phase.get("ran") and phase["began"] and phase["ended"]]
    if not phases or not told.listed("targets"):
        return None
    zero = min(_seconds(phase["began"]) for phase in phases)
    whole = max(max(_seconds(phase["ended"]) for phase in phases) - zero, 0.001)
    rows = _rows(told.listed("targets"), zero, whole)
    if not rows:
        return None
    scale = WIDE / whole
    bars = tuple(
        Bar(
            **{
                **row,
                "x": LEFT + row["asked"] * scale,
                "wide": max((row["gone"] - row["asked"]) * scale, 2.0),
                "y": TOP + number * ROW,
            }
        )
        for number, row in enumerate(rows)
    )
    bands = tuple(
        (
            LEFT + (_seconds(p["began"]) - zero) * scale,
            max((_seconds(p["ended"]) - _seconds(p["began"])) * scale, 1.0),
            str(p["name"]).replace("_", " "),
        )
        for p in phases
    )
    return Picture(bars, _ticks(whole, scale), bands, TOP + len(bars) * ROW + 30, whole)


def _rows(targets: Iterable[Entry], zero: float, whole: float) -> list[dict[str, Any]]:
    groups: dict[tuple[str, str], list[Entry]] = {}
    for target in targets:  # what no phase had in hand went with something else, or was gone before its phase
        groups.setdefault((str(target.get("phase") or ALONG), str(target["kind"])), []).append(target)
    rows = []
    for (phase, kind), entries in groups.items():
        begins = [_seconds(e["asked"] or e["gone"]) - zero for e in entries if e["asked"] or e["gone"]]
        ends = [whole if e["outcome"] != "gone" else _seconds(e["gone"]) - zero for e in entries if _ends(e)]
        if begins and ends:
            rows.append(
                {
                    "phase": phase.replace("_", " "),
                    "kind": kind,
                    "number": len(entries),
                    "asked": max(min(begins), 0.0),
                    "gone": min(max(ends), whole),
                    "left": sum(e["outcome"] != "gone" for e in entries),
                    "along": sum(not e["asked"] for e in entries),
                }
            )
    return sorted(rows, key=lambda row: (row["asked"], row["phase"], row["kind"]))


def _ends(entry: Entry) -> bool:
    return bool(entry["gone"]) or entry["outcome"] != "gone"


def _ticks(whole: float, scale: float) -> tuple[tuple[float, str], ...]:
    step = next((one for one in _STEPS if whole / one <= 8), _STEPS[-1])
    return tuple((LEFT + number * step * scale, _label(number * step)) for number in range(int(whole / step) + 1))


def _label(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:g} s"
    return f"{seconds / 60:g} min" if seconds < 3600 else f"{seconds / 3600:g} h"


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
