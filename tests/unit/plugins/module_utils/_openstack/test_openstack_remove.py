# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of deletions, and what a cloud may do that no lab can be brought to. The cloud is a script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._openstack.reading import facts_of
from ansible_collections.mtv.teardown.plugins.module_utils._openstack.removal import Removal
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote

pytestmark = pytest.mark.slow

LIMITS = Limits(stall=0.5, total=5.0, settle=0.2)


class Cloud:
    """lives: how many looks an object outlives its deletion; refuses: what a deletion is answered with, in turn;
    after: states that it shows, one at each look after its deletion, the last one for ever."""

    def __init__(self, objects: Mapping[str, tuple[str, dict[str, Any]]]) -> None:
        self.objects = dict(objects)
        self.lives: dict[str, int] = {}
        self.refuses: dict[str, list[ApiError]] = {}
        self.after: dict[str, list[dict[str, Any]]] = {}
        self.asked: list[str] = []
        self.unlisted: set[str] = set()
        self.going: set[str] = set()

    def remotes(self, **owners: str) -> list[Remote]:
        return [
            Remote("openstack", "osp", "h", kind, ident, ident, uid=ident, owner=owners.get(ident, ""),
                   facts=facts_of(kind, item))
            for ident, (kind, item) in self.objects.items()
        ]  # fmt: skip

    def delete(self, _kind: str, ident: str) -> None:
        self.asked.append(ident)
        if self.refuses.get(ident):
            raise self.refuses[ident].pop(0)
        if ident not in self.objects:
            raise ApiError("no such thing", status=404)
        self.going.add(ident)

    def listing(self, kind: str) -> dict[str, dict[str, Any]]:
        for ident in sorted(self.going & self.objects.keys()):
            states = self.after.get(ident)
            if states:
                self.objects[ident] = (self.objects[ident][0], states.pop(0) if len(states) > 1 else states[0])
            elif self.lives.get(ident, 0) <= 0:
                del self.objects[ident]
            else:
                self.lives[ident] -= 1
        return {i: item for i, (k, item) in self.objects.items() if k == kind and i not in self.unlisted}

    def one(self, _kind: str, ident: str) -> dict[str, Any] | None:
        return self.objects[ident][1] if ident in self.objects else None

    def force_delete(self, ident: str) -> None:
        self.unlisted.discard(ident)
        self.after.pop(ident, None)


def remove(cloud: Cloud, limits: Limits = LIMITS, **owners: str) -> dict[str, str]:
    held = Removal(cloud, cloud.remotes(**owners), limits, sleep=lambda _seconds: None).run()  # type: ignore[arg-type]
    return {ident: cause.name for ident, cause in held.items()}


def world() -> Cloud:
    at = {"attachments": [{"server_id": "server"}]}
    return Cloud(
        {
            "free-snapshot": ("Snapshot", {"status": "available", "volume_id": "base"}),
            "image": ("Image", {"status": "active"}),
            "port": ("Port", {"status": "ACTIVE"}),
            "volume": ("Volume", {"status": "available", **at}),
            "own-snapshot": ("Snapshot", {"status": "available", "volume_id": "volume"}),
            "server": ("Server", {"status": "ACTIVE"}),
        }
    )


OWNERS = {"volume": "server", "port": "server"}


def test_order() -> None:
    cloud = world()
    assert remove(cloud, **OWNERS) == {}
    place = {ident: cloud.asked.index(ident) for ident in cloud.asked}
    assert len(cloud.asked) == 6
    for first, then in (
        ("server", "volume"),
        ("own-snapshot", "volume"),
        ("server", "port"),
        ("volume", "image"),
        ("image", "free-snapshot"),
    ):
        assert place[first] < place[then]


def test_what_stays_holds_only_what_must_wait_for_it() -> None:
    cloud = world()
    cloud.objects["volume"][1]["status"] = "in-use"
    cloud.refuses["server"] = [ApiError("locked", status=409, reason="Instance server is locked")]
    assert remove(cloud, **OWNERS) == {"server": "refused", "volume": "volume-in-use", "port": "refused"}
    assert set(cloud.objects) == {"server", "volume", "port"}
    assert not {"volume", "port"} & set(cloud.asked)


@pytest.mark.parametrize(
    ("states", "cause", "asked"),
    [
        ([{"status": "ACTIVE", "OS-EXT-STS:task_state": "deleting"}, {"status": "ERROR"}], "server-delete-failed", 2),
        ([{"status": "ACTIVE", "OS-EXT-STS:task_state": "deleting"}], "server-stuck-deleting", 1),
        ([{"status": "ACTIVE"}], "delete-ignored", 1),
        ([{"status": "ERROR"}], "server-delete-failed", 2),  # before anybody looked
    ],
)
def test_servers_that_stay(states: list[dict[str, Any]], cause: str, asked: int) -> None:
    cloud = Cloud({"server": ("Server", {"status": "ACTIVE"})})
    cloud.after["server"] = states
    assert remove(cloud) == {"server": cause}
    assert len(cloud.asked) == asked


@pytest.mark.parametrize(
    ("after", "cause", "asked"), [("old", "delete-ignored", 1), ("new", "server-delete-failed", 2)]
)
def test_a_server_that_has_failed_before(after: str, cause: str, asked: int) -> None:
    """Only a fault that is another one tells that Nova has begun."""
    cloud = Cloud({"server": ("Server", {"status": "ERROR", "fault": {"message": "old"}})})
    cloud.after["server"] = [{"status": "ERROR", "fault": {"message": after}}]
    assert remove(cloud) == {"server": cause}
    assert len(cloud.asked) == asked


def test_deleted_for_a_moment_is_not_ignored() -> None:
    """Nova clears task_state before the server leaves its lists, and that may take long."""
    cloud = Cloud({"server": ("Server", {"status": "ACTIVE"})})
    cloud.after["server"] = [{"status": "DELETED"}]
    assert remove(cloud) == {"server": "server-stuck-deleting"}


def test_soft_deleted() -> None:
    cloud = Cloud({"server": ("Server", {"status": "ACTIVE"})})
    cloud.after["server"] = [{"status": "SOFT_DELETED"}]
    cloud.unlisted = {"server"}
    assert remove(cloud) == {}


@pytest.mark.parametrize(
    ("refusals", "expected"),
    [
        ([400], {}),
        ([409, 409], {}),
        ([404], {}),
        ([500, 503], {}),
        ([400] * 99, {"volume": "refused"}),
        ([403], {"volume": "forbidden"}),
        ([401], {"volume": "forbidden"}),
    ],
)
def test_refusals(refusals: list[int], expected: dict[str, str]) -> None:
    cloud = Cloud({"volume": ("Volume", {"status": "available"})})
    cloud.refuses["volume"] = [ApiError(f"no ({code})", status=code, reason=f"no ({code})") for code in refusals]
    assert remove(cloud, Limits(stall=9.0, total=9.0, settle=2.5 if len(refusals) < 9 else 0.2)) == expected


@pytest.mark.parametrize("kind", ["Volume", "Snapshot"])
def test_error_deleting(kind: str) -> None:
    cloud = Cloud({"one": (kind, {"status": "available"})})
    cloud.after["one"] = [{"status": "deleting"}, {"status": "error_deleting"}]
    assert remove(cloud) == {"one": "error-deleting"}


def test_slow_but_moving_is_awaited_and_total_ends_it() -> None:
    cloud = Cloud({f"volume-{n}": ("Volume", {"status": "available"}) for n in range(3)})
    cloud.lives = {"volume-0": 1, "volume-1": 2, "volume-2": 10**9}
    assert remove(cloud, Limits(stall=60.0, total=0.5, settle=60.0)) == {"volume-2": "unknown"}


def test_nothing_to_do() -> None:
    assert remove(Cloud({})) == {}
