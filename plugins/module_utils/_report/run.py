# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By what a run is known, and what it took its inputs from: so that no result is taken for another run's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

# doc fragment: option run of leftovers_info
RUN_SPEC: dict[str, Any] = {
    "type": "dict",
    "default": {},
    "options": {"id": {"type": "str", "default": ""}, "started": {"type": "str", "default": ""}},
}
_FORM = "%Y-%m-%dT%H:%M:%SZ"


def times(run: Mapping[str, str], begun: datetime, ended: datetime) -> dict[str, Any]:
    """C(run_id), C(began), C(ended), C(seconds). begun: when the module began, for a run that tells no time."""
    started = begun
    if run.get("started"):
        try:
            started = datetime.strptime(run["started"], _FORM).replace(tzinfo=UTC)
        except ValueError as exc:
            raise RecordError(f"run.started is no time such as 2026-01-01T10:00:00Z: {run['started']!r}.") from exc
    return {
        "run_id": run.get("id") or "",
        "began": started.strftime(_FORM),
        "ended": ended.strftime(_FORM),
        "seconds": max(0, round((ended - started).total_seconds())),
    }


def files(session: Session, providers_file: str | None, cluster: Mapping[str, Any]) -> dict[str, list[str]]:
    """What was read, by what it is."""
    read = {
        "record": [session.source] if session.source else [],
        "note": [session.note] if session.note else [],
        "providers": [providers_file] if providers_file else [],
        "kubeconfig": list(cluster.get("kubeconfig") or ()),
    }
    return {name: paths for name, paths in read.items() if paths}
