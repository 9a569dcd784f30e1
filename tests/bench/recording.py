# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What recording adds to one create: C(PYTHONPATH=extensions/pytest python -m tests.bench.recording [FOLDER])."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from mtv_record.recorder import Recorder
from mtv_record.store import Store

CREATES = 1000


def measure(folder: Path) -> list[float]:
    """Milliseconds of each create of a session: the intent, the outcome, the entry of the suite's store."""
    recorder = Recorder(folder, "bench")
    recorder.begin("auto-ab12")
    store, took = Store({}, recorder), []
    for number in range(CREATES):
        entry = {"name": f"auto-ab12-{number}", "namespace": "auto-ab12", "module": "ocp_resources.secret"}
        begun = time.perf_counter()
        recorder.made(recorder.intent("Secret", **entry), uid="a6a4f1c0-5d0c-4f2c-9f2e-2f6d7b1f2c11")
        store.setdefault("Secret", []).append(entry)
        took.append((time.perf_counter() - begun) * 1000)
    recorder.close()
    return took


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as place:
        times = measure(Path(place) / "record")
    print(f"first 100 creates: {statistics.median(times[:100]):.1f} ms (median)")
    print(f"last 100 of {CREATES}: {statistics.median(times[-100:]):.1f} ms (median)")
