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
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record
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


# -- what was made elsewhere ------------------------------------------------------------------------------------

VALUES = held("values") | {"kind": "ConfigMap"}
VALUES["metadata"] |= {"namespace": "shared-vms", "uid": "uid-of-values"}


@pytest.mark.parametrize(
    ("entry", "items", "verdict", "status"),
    [
        pytest.param({"uid": "uid-of-values"}, [VALUES], "leftovers", "record, by uid", id="here-by-whatever-address"),
        pytest.param({"uid": "gone"}, [], "unverified", "", id="nowhere-to-be-seen"),
        pytest.param({"uid": "gone"}, [VALUES], "unverified", "", id="another-one-of-that-name"),
        pytest.param({"outcome": "unknown"}, [VALUES], "unverified", "", id="about-to-be-made-there"),
    ],
)
def test_what_was_made_on_another_cluster(
    entry: dict[str, str], items: list[dict[str, Any]], verdict: str, status: str
) -> None:
    """Nothing of that name here is the session's by it, and nothing is clean while nobody has looked there."""
    where = {"namespace": "shared-vms", "api_version": "v1", "place": "https://other.example.com:6443", **entry}
    known = SESSION.learned(records=(Record("ConfigMap", "values", entry="ConfigMap[0]", **where),))  # type: ignore[arg-type]
    server = OddServer([held("shared-vms"), *items])
    terms = verify.Terms(quiet_interval=0.0, total=0.0, openshift_only=True)
    told = verify.verify(server.client(), known, terms, sleep=lambda _seconds: None)
    assert told["verdict"] == verdict
    assert [one["evidence"] for one in told["leftovers"]] == ([status] if status else [])
    if verdict == "unverified":
        assert "made on https://other.example.com:6443" in told["unreadable"][0]["error"]


def test_what_was_made_in_a_place_of_which_no_provider_is_configured() -> None:
    moved = Record("vsphere", "mine", id="vm-7", uid="u", place="vc.example.com:443")
    terms = verify.Terms(quiet_interval=0.0, total=0.0, search=lambda _session: ((), frozenset()))
    told = verify.verify(OddServer([]).client(), SESSION.learned(records=(moved,)), terms, sleep=lambda _seconds: None)
    assert told["verdict"] == "unverified"
    assert [(one["name"], "made on vc.example.com:443" in one["reason"]) for one in told["not_covered"]] == [
        ("mine", True)
    ]


@pytest.mark.parametrize(("namespace", "verdict"), [("shared-vms", "unverified"), ("auto-ab12-own", "clean")])
def test_what_a_task_was_to_make_under_a_name_of_the_server(namespace: str, verdict: str) -> None:
    """Nobody can find it by that, but where all is the session's own."""
    made = Record("ConfigMap", "", namespace, entry="ConfigMap[0]", outcome="unknown", generate_name="made-")
    terms = verify.Terms(quiet_interval=0.0, total=0.0, openshift_only=True)
    server = OddServer([held("shared-vms")])
    told = verify.verify(server.client(), SESSION.learned(records=(made,)), terms, sleep=lambda _seconds: None)
    assert told["verdict"] == verdict
    assert [one["name"] for one in told["unreadable"]] == (["made-*"] if verdict == "unverified" else [])
    assert told["absent"] == []
