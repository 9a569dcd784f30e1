# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often a run looks before it judges, and what two looks that differ are worth."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._run import verify
from ansible_collections.mtv.teardown.plugins.module_utils._session import ignore
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.tests.unit.plugins.odd_server import OddServer

SESSION = Session(prefix="auto-ab12", started="2026-01-01T11:00:00Z")


def held(name: str) -> dict[str, Any]:
    """A namespace of the session."""
    meta = {"name": name, "uid": f"uid-of-{name}", "creationTimestamp": "2026-01-01T12:00:00Z"}
    meta |= {"labels": {}, "annotations": {}, "finalizers": [], "ownerReferences": []}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta, "spec": {}, "status": {}}


def judged(*worlds: list[str], rules: tuple[ignore.Rule, ...] = ()) -> dict[str, Any]:
    """The result of looks of which each meets these namespaces; there is no time for more than two of them."""
    server, left = OddServer([held(name) for name in worlds[0]]), list(worlds[1:])

    def later(_seconds: float) -> None:
        if left:
            server.items[:] = [held(name) for name in left.pop(0)]

    terms = verify.Terms(quiet_interval=0.0, total=0.0, openshift_only=True, rules=rules)
    return verify.verify(server.client(), SESSION, terms, sleep=later)


ONE, TWO = "auto-ab12", "auto-ab12-b"


@pytest.mark.parametrize(
    ("worlds", "looks", "verdict"),
    [
        (([], []), 2, "clean"),
        (([ONE], [ONE]), 2, "leftovers"),
        (([ONE], []), 3, "clean"),  # one empty look is no proof, though the time is over
        (([ONE], [], [TWO]), 3, "leftovers"),
        (([ONE, TWO], [ONE]), 2, "leftovers"),
    ],
)
def test_that_nothing_is_left_is_seen_twice(worlds: tuple[list[str], ...], looks: int, verdict: str) -> None:
    told = judged(*worlds)
    assert (told["sweeps"], told["verdict"]) == (looks, verdict)


def test_what_is_accepted_is_no_proof_when_looks_differ() -> None:
    rules = ignore.compile_rules([{"expression": f"name == '{TWO}'", "reason": "it may stay"}])
    assert judged([TWO], [TWO], rules=rules)["verdict"] == "clean"
    told = judged([ONE, TWO], [TWO], rules=rules)
    assert (told["sweeps"], told["verdict"], told["leftovers"]) == (2, "unverified", [])
