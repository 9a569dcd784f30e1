# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the phase does with what the server answers."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import undo
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Catalog
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.ledger import Ledger
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Resource, from_item
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import Change, Field

UID = "4f1d1f0e-3a5e-4a53-9d8e-0d3b0a3c6a11"
THING = Resource("example.com", "v1", "things", "Thing", True)
CHANGE = Change("change-0001", "Thing", "example.com/v1", "ns", "one", UID, fields=(Field("/spec/a", 1, 2),))


class Server:
    """Holds one object. answers: what it says to each patch, None for taking it."""

    requests = 0

    def __init__(self, *answers: ApiError | None, **more: Any) -> None:
        self.where = {"url": "https://api.example.com:6443"}
        self.answers, self.patches = list(answers), 0
        meta = {"name": "one", "namespace": "ns", "uid": UID, **more.get("metadata", {})}
        self.item = {"metadata": meta, "spec": {"a": 2, **more.get("spec", {})}}
        self.ledger = Ledger()
        self.then = more.get("then", {})

    def discover(self) -> Catalog:
        return Catalog((THING,))

    def look_at(self, resource: Resource, _namespace: str, _name: str) -> Any:
        return from_item(resource, self.item)

    def patch_tested(self, _obj: Any, _patch: Any) -> None:
        self.patches += 1
        answer = self.answers.pop(0)
        self.item = {**self.item, "spec": {**self.item["spec"], **({"a": 1} if answer is None else self.then)}}
        if answer is not None:
            raise answer


def run(server: Server, check_mode: bool = False, change: Change = CHANGE) -> Any:
    return undo.run(server, [change], check_mode)  # type: ignore[arg-type]


def test_what_the_server_takes_is_done() -> None:
    server = Server(None)
    done = run(server)
    assert ([one["uid"] for one in done.result.done], done.settled) == ([UID], [CHANGE.id])
    assert (done.before, done.after) == (["Thing ns/one /spec/a: 2"], ["Thing ns/one /spec/a: 1"])


def test_check_mode_foretells_it_and_asks_for_nothing() -> None:
    server = Server()
    done = run(server, check_mode=True)
    assert ([one["uid"] for one in done.result.done], done.settled, server.patches) == ([UID], [], 0)


@pytest.mark.parametrize(
    ("error", "cause", "patches"),
    [
        (ApiError('403 Forbidden: User "me" cannot patch resource "things" in API group "x"', 403), "forbidden", 1),
        (ApiError("422 Invalid: no", 422), "server-fails", 1),
        (ApiError("409 Conflict: again", 409), "server-fails", 4),
    ],
)
def test_what_it_refuses_is_left(error: ApiError, cause: str, patches: int) -> None:
    server = Server(*[error] * 4)
    done = run(server)
    assert ([one["cause"] for one in done.result.remaining], done.settled) == ([cause], [])
    assert server.patches == patches


def test_what_somebody_writes_at_the_same_moment_is_theirs() -> None:
    server = Server(ApiError("422 Invalid: the test failed", 422), then={"a": 7})
    done = run(server)
    assert [one["cause"] for one in done.result.remaining] == ["changed-since"]
    assert server.patches == 1


def test_an_answer_that_got_lost_may_mean_that_it_is_done() -> None:
    server = Server(ApiError("no answer", 0), then={"a": 1})
    done = run(server)
    assert [one["uid"] for one in done.result.done] == [UID]


def test_what_ends_is_not_changed_any_more() -> None:
    server = Server(metadata={"deletionTimestamp": "2026-01-01T10:00:00Z"})
    done = run(server)
    assert ([one["cause"] for one in done.result.remaining], server.patches) == (["not-undone"], 0)


@pytest.mark.parametrize(
    "more",
    [
        {"place": "https://other.example.com:6443"},
        {"kind": "Other"},
        {"namespace": None},
    ],
)
def test_what_cannot_be_looked_at_is_told_and_not_asked(more: dict[str, Any]) -> None:
    server = Server()
    done = run(server, change=Change(**{**vars(CHANGE), **more}))
    assert (len(done.result.unreadable), done.settled, server.patches) == (1, [], 0)
    assert [one["outcome"] for one in server.ledger.lists] == ["failed"]
