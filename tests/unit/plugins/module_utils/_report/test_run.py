# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By what a run is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._report import run
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

BEGUN = datetime(2026, 1, 1, 10, 0, 0, tzinfo=UTC)
ENDED = BEGUN + timedelta(seconds=23.4)


def test_a_run_is_known_by_its_id_and_its_times() -> None:
    told = run.times({"id": "build-7", "started": "2026-01-01T09:59:00Z"}, BEGUN, ENDED)
    assert (told["run_id"], told["began"], told["ended"], told["seconds"]) == (
        "build-7",
        "2026-01-01T09:59:00Z",
        "2026-01-01T10:00:23Z",
        83,
    )
    alone = run.times({}, BEGUN, ENDED)
    assert (alone["run_id"], alone["began"], alone["seconds"]) == ("", "2026-01-01T10:00:00Z", 23)
    # A clock that was set back meanwhile.
    assert run.times({"started": "2026-01-02T00:00:00Z"}, BEGUN, ENDED)["seconds"] == 0


@pytest.mark.parametrize("started", ["yesterday", "2026-01-01", "2026-01-01T10:00:00+01:00"])
def test_a_time_that_is_none(started: str) -> None:
    with pytest.raises(RecordError, match=r"run\.started is no time such as"):
        run.times({"started": started}, BEGUN, ENDED)


def test_files_are_those_that_were_read() -> None:
    session = Session(prefix="auto-ab12", source="r.json", note="n.json")
    assert run.files(session, "p.json", {"kubeconfig": ["k"]}) == {
        "record": ["r.json"],
        "note": ["n.json"],
        "providers": ["p.json"],
        "kubeconfig": ["k"],
    }
    assert run.files(Session(prefix="auto-ab12"), None, {}) == {}
