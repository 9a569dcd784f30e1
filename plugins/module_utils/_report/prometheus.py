# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prometheus' text format, for a textfile collector. What is not known has no sample: zero would be a lie."""

from __future__ import annotations

import traceback
from collections import Counter
from datetime import UTC, datetime

from ansible_collections.mtv.teardown.plugins.module_utils._report.told import Told

try:
    import prometheus_client
except ImportError:
    IMPORT_ERROR: str | None = traceback.format_exc()
else:
    IMPORT_ERROR = None

LIBRARY = "prometheus_client"
VERDICTS = ("clean", "leftovers", "unverified")
_FORM = "%Y-%m-%dT%H:%M:%SZ"


def render(told: Told) -> str:
    """The whole file."""
    registry = prometheus_client.CollectorRegistry()
    ours = {"session": told.prefix, "cluster": told.within("cluster", "url")}

    def gauge(name: str, text: str, *labels: str) -> prometheus_client.Gauge:
        return prometheus_client.Gauge(f"mtv_teardown_{name}", text, [*ours, *labels], registry=registry)

    verdict = gauge("verdict", "1 for the verdict of the last run, 0 for the others.", "verdict")
    for name in VERDICTS:
        verdict.labels(**ours, verdict=name).set(name == told.verdict)
    entries = gauge("entries", "Objects, entries and scopes in the result, by its lists.", "list")
    for name, number in told.totals.items():
        if number is not None:
            entries.labels(**ours, list=name).set(number)
    left = gauge("leftovers", "Objects of the session that are left, by kind and cause.", "kind", "cause")
    counted = Counter((str(e["kind"]), str(e.get("cause") or "")) for e in told.listed("leftovers"))
    for (kind, cause), number in counted.items():
        left.labels(**ours, kind=kind, cause=cause).set(number)
    seconds = gauge("phase_seconds", "How long a phase took.", "phase")
    requests = gauge("phase_requests", "Requests that a phase sent.", "phase")
    for phase in told.listed("phases"):
        for metric, value in ((seconds, phase.get("seconds")), (requests, phase.get("requests"))):
            if phase.get("ran") and value is not None:
                metric.labels(**ours, phase=str(phase["name"])).set(value)
    if told.ended:
        ended = datetime.strptime(told.text("ended"), _FORM).replace(tzinfo=UTC)
        gauge("ended_timestamp_seconds", "When the run ended.").labels(**ours).set(ended.timestamp())
        gauge("seconds", "How long the run took.").labels(**ours).set(told.data["seconds"])
    return str(prometheus_client.generate_latest(registry).decode("utf-8"))
