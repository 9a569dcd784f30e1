# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often a run looks before it judges, and what two looks that differ are worth."""

from __future__ import annotations

import json
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


def told_of(namespace: str, earlier: dict[str, Any] | None = None, may: bool | None = None) -> dict[str, Any]:
    server = OddServer([held(namespace)])
    answer = (403, b"{}") if may is None else (201, json.dumps({"status": {"allowed": may}}).encode())
    server.answers["/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"] = answer
    before = {f"uid-of-{namespace}": earlier} if earlier else {}
    terms = verify.Terms(quiet_interval=0.0, total=0.0, openshift_only=True, earlier=before)
    (left,) = verify.verify(server.client(), SESSION, terms, sleep=lambda _s: None)["leftovers"]
    return dict(left)


REFUSED = {"cause": "forbidden", "reason": "403: no", "next_step": "give the account the right to x (RBAC)"}


@pytest.mark.parametrize(
    ("earlier", "may", "cause", "next_step"),
    [
        pytest.param(None, True, "not-asked", "run the teardown", id="only-looked"),
        pytest.param(None, False, "not-asked", "give the account the right to delete namespaces", id="no-right"),
        pytest.param(None, None, "not-asked", "see whether the account may delete namespaces", id="nobody-knows"),
        pytest.param(REFUSED, True, "forbidden", REFUSED["next_step"], id="was-refused"),
        pytest.param({**REFUSED, "cause": "contested"}, True, "not-asked", "run the teardown", id="is-free-by-now"),
        pytest.param({"cause": None, "reason": None}, True, "not-asked", "run the teardown", id="says-nothing"),
    ],
)
def test_next_is_what_can_work(earlier: dict[str, Any] | None, may: bool | None, cause: str, next_step: str) -> None:
    left = told_of(ONE, earlier, may)
    assert left["cause"] == cause
    assert left["next_step"].startswith(next_step)
