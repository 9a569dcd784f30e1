# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time a teardown beside other ways to delete, one after the other on one lab: python -m tests.bench.

Each way gets a fresh session of the world ``bulk``. Requests are those that the API server logged for the user that all
of them share. The table goes to stdout, progress to stderr.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench import ways
from tests.bench.table import SECONDS, number, table, told
from tests.lab import controlplane
from tests.lab.worlds import bulk, seed

OUT = controlplane.CHECKOUT / ".cache" / "bench"
LAB = "bench"


@dataclass(frozen=True)
class Row:
    """What one way took."""

    way: str
    objects: int
    seconds: float
    requests: int
    left: int


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


@contextmanager
def _lab() -> Iterator[controlplane.Lab]:
    lab = controlplane.start(LAB, say=_say)
    try:
        yield lab
    finally:
        controlplane.stop(lab)


def _session(lab: controlplane.Lab, number: int, world: str, size: int) -> tuple[Path, list[dict[str, Any]]]:
    """Seed a session and return its folder and what it left inside namespaces."""
    out = OUT / f"{number:02d}-{world}-{size}"
    shutil.rmtree(out, ignore_errors=True)  # what an earlier run wrote down would be believed
    seed.seed(lab, world, f"auto-b{number:03d}", out, size=size, say=lambda _text: None)
    found: list[dict[str, Any]] = json.loads((out / "world.json").read_text(encoding="utf-8"))["session"]
    return out, [entry for entry in found if entry["namespace"]]


Way = Callable[[Path, Path, ways.Objects], int]


def _time(lab: controlplane.Lab, number: int, name: str, way: Way, world: str, size: int) -> Row:
    _say(f"{name}: seeding {world} {size or ''}".rstrip())
    out, objects = _session(lab, number, world, size)
    # Beside what was seeded, a namespace holds what the cluster itself puts there.
    given = [entry for entry in objects if entry["kind"] in bulk.SEEDED and entry["name"].startswith("auto-")]
    since = controlplane.mark(lab)
    begun = time.monotonic()
    if code := way(lab.kubeconfig, out, given):
        raise RuntimeError(f"{name} ended with {code}: see {out}/output.log")
    seconds = time.monotonic() - begun
    time.sleep(0.5)  # the log is written a moment after the answer
    row = Row(name, len(given), seconds, len(controlplane.requests(lab, since)), ways.alive(lab, given))
    _say(f"{name}: {row.seconds:.1f} s, {row.requests} requests, {row.left} left")
    return row


def _plan(size: int, loop: int) -> list[tuple[str, Way, str, int]]:
    return [
        ("this collection, empty session", ways.teardown, "empty", 0),
        ("this collection", ways.teardown, "bulk", 10),
        ("this collection", ways.teardown, "bulk", size),
        ("bare DELETEs over 16 connections", ways.bare, "bulk", size),
        ("`kubectl delete --wait -f`", ways.kubectl, "bulk", size),
        ("`kubernetes.core.k8s`, one task with a list", ways.one_task, "bulk", size),
        ("`kubernetes.core.k8s`, a loop", ways.loop, "bulk", loop),
    ]


def _table(rows: list[Row]) -> str:
    shown = [(r.way, number(r.objects), number(r.seconds, SECONDS), number(r.requests)) for r in rows]
    few, many, bare = rows[1], rows[2], rows[3]
    added = many.seconds - few.seconds
    return f"""{table(("way", "objects", "seconds", "requests"), shown)}

{told((r.way, r.left, 0) for r in rows)} {many.objects - few.objects} more objects add {added:.1f} s to the whole
playbook, {added / bare.seconds:.2f} times what their bare DELETEs cost. The first three end with the namespaces gone
and everything read again twice; the others only delete."""


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--size", type=int, default=1000, help="objects of the session; default: 1000")
    parser.add_argument("--loop", type=int, default=100, help="objects of the loop, 1.3 s each; default: 100")
    args = parser.parse_args()
    with _lab() as lab:
        rows = [_time(lab, number, *one) for number, one in enumerate(_plan(args.size, args.loop), start=1)]
    print(_table(rows))
    return 0 if all(row.left == 0 for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
