# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finalizers that the user names come off what hangs, and off nothing else, on a server that refuses what a real one
refuses; a look at it from the module's own main() too."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import delete, guards, order
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.find import find
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._run import cluster_module
from ansible_collections.mtv.teardown.plugins.module_utils._session import finalizers
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import Result
from ansible_collections.mtv.teardown.plugins.modules import migrated_vms, openshift_resources
from ansible_collections.mtv.teardown.tests.unit.plugins import mutations, results
from ansible_collections.mtv.teardown.tests.unit.plugins.holding_server import (
    AT_ONCE,
    HELD,
    LONG_AGO,
    NOW,
    OTHER,
    PVC,
    WORD,
    HoldingServer,
    hung,
    path_of,
    served,
    stamp,
    status,
    untouched,
    whole_run,
)
from ansible_collections.mtv.teardown.tests.unit.plugins.odd_server import OWN, world

pytestmark = pytest.mark.slow

BRIEF = Limits(stall=0.05, total=0.2, settle=0.05)


def run(server: HoldingServer, names: Any, grace: Any = None, **how: Any) -> Result:
    removal = finalizers.of(names, AT_ONCE if grace is None else grace)
    session = Session(prefix="auto-ab12", started="2026-01-01T11:00:00Z")
    phase, check = how.pop("phase", order.RESOURCES), how.pop("check", False)
    limits = how.pop("limits", Limits(stall=0.05, total=2.0, settle=0.05))
    result = delete.run(server.client(), session, limits, check, phase=phase, removal=removal, **how)
    assert untouched(server)
    return result


def off(result: Result) -> list[tuple[str, str]]:
    return [(e["name"], e["finalizer"]) for e in result.finalizers["finalizers_removed"]]


def stayed(result: Result) -> dict[tuple[str, str], str]:
    return {(e["name"], e["finalizer"]): e["reason"] for e in result.finalizers["finalizers_kept"]}


def test_without_the_option_nothing_is_patched_and_nothing_is_told() -> None:
    server = served(hung("Secret", "left", HELD))
    result = run(server, [])
    assert result.finalizers == {} and server.patches == [] and server.named("left")


def test_an_unknown_finalizer_comes_off_by_word_alone() -> None:
    server = served(hung("Secret", "left", HELD))
    result = run(server, [HELD])
    assert off(result) == [] and server.patches == []
    assert "what it guards is not known" in stayed(result)[("left", HELD)]
    result = run(server, WORD)
    assert off(result) == [("left", HELD)] and stayed(result) == {} and server.named("left") is None
    assert [e["name"] for e in result.done] == ["left"] and result.remaining == []
    entry = result.finalizers["finalizers_removed"][0]
    assert (entry["by"], entry["rule"], entry["account"]) == ("word", "word", "ci-teardown")
    assert entry["finalizers"] == [HELD] and entry["removed"] and entry["hanging_since"] == LONG_AGO


def test_the_patch_is_pinned_to_uid_version_and_the_very_finalizer() -> None:
    server = served(hung("Secret", "left", OTHER, HELD))
    run(server, WORD)
    ((path, change),) = server.patches
    uid = server.named("left")["metadata"]["uid"]
    assert path.endswith(f"/namespaces/{OWN}/secrets/left")
    assert change == [
        {"op": "test", "path": "/metadata/uid", "value": uid},
        {"op": "test", "path": "/metadata/resourceVersion", "value": "1"},
        {"op": "test", "path": "/metadata/finalizers/1", "value": HELD},
        {"op": "remove", "path": "/metadata/finalizers/1"},
    ]


def test_of_two_finalizers_only_the_named_one_comes_off() -> None:
    server = served(hung("Secret", "left", OTHER, HELD))
    result = run(server, WORD)
    assert off(result) == [("left", HELD)]
    assert server.named("left")["metadata"]["finalizers"] == [OTHER]
    (left,) = result.remaining
    assert left["held_by"]["finalizers"] == [OTHER]


def test_two_that_are_named_come_off_one_after_the_other_each_decided_on_anew() -> None:
    server = served(hung("Secret", "left", OTHER, HELD))
    result = run(server, [*WORD, {"name": OTHER, "guarded_is_gone": True}])
    assert sorted(off(result)) == [("left", HELD), ("left", OTHER)] and server.named("left") is None
    assert len(server.patches) == 2


def test_what_is_proved_gone_needs_no_word() -> None:
    server = served(hung("PersistentVolumeClaim", "disk", PVC, spec={}))
    result = run(server, [PVC])
    assert off(result) == [("disk", PVC)]
    assert result.finalizers["finalizers_removed"][0]["by"] == "reading"


def test_a_pod_of_whoever_that_mounts_it_keeps_it_also_against_the_users_word() -> None:
    volumes = [{"persistentVolumeClaim": {"claimName": "disk"}}]
    pod = hung("Pod", "user", "example.com/third", number=60, spec={"volumes": volumes})
    server = served(hung("PersistentVolumeClaim", "disk", PVC, spec={}), pod)
    result = run(server, [{"name": PVC, "guarded_is_gone": True}])
    assert off(result) == [] and server.patches == []
    assert f"Pod {OWN}/user" in stayed(result)[("disk", PVC)]


def test_a_reading_that_is_forbidden_shows_nothing() -> None:
    server = served(hung("PersistentVolumeClaim", "disk", PVC, spec={}))
    forbidden = json.dumps({"kind": "Status", "reason": "Forbidden", "message": "forbidden", "code": 403}).encode()
    server.answers["/apis/storage.k8s.io/v1/volumeattachments"] = (403, forbidden)
    result = run(server, [PVC])
    assert off(result) == [] and "VolumeAttachment" in stayed(result)[("disk", PVC)]


def test_only_what_hangs_for_longer_than_the_grace_of_its_kind() -> None:
    fresh = hung("Secret", "fresh", HELD, deleting=stamp(-100))
    old = hung("ConfigMap", "old", HELD, number=51, deleting=stamp(-400))
    server = served(fresh, old)
    result = run(server, WORD, {"default": 300, "Secret": 300}, limits=BRIEF)
    assert off(result) == [("old", HELD)]
    assert "200 s are left" in stayed(result)[("fresh", HELD)]
    result = run(server, WORD, {"default": 300, "Secret": 90}, limits=BRIEF)
    assert off(result) == [("fresh", HELD)]


def test_a_phase_waits_for_the_rest_of_a_grace() -> None:
    began = time.monotonic()
    server = served(hung("Secret", "left", HELD, deleting=stamp(0)))
    server.clock = lambda: NOW + (time.monotonic() - began)
    result = run(server, WORD, {"default": 1}, limits=Limits(stall=0.05, total=30, settle=0.05))
    assert off(result) == [("left", HELD)] and time.monotonic() - began >= 1


def test_a_controller_that_writes_to_it_is_alive_and_slow() -> None:
    server = served(hung("Secret", "left", HELD))
    meta = server.named("left")["metadata"]
    meta["managedFields"] = [{"manager": "slow-controller", "time": stamp(-5)}]
    result = run(server, WORD, {"default": 60}, limits=BRIEF)
    assert off(result) == [] and "within its grace" in stayed(result)[("left", HELD)]
    meta["managedFields"] = [{"manager": "slow-controller", "time": stamp(-61)}]
    assert off(run(server, WORD, {"default": 60}, limits=BRIEF)) == [("left", HELD)]


@pytest.mark.parametrize(
    "odd", ["x", 7, {"a": 1}, [None], [7], [[]], [{"time": []}], [{"time": "soon"}], [{"manager": [], "time": {}}]]
)
def test_a_write_of_which_nobody_knows_when_it_was_keeps_it(odd: Any) -> None:
    server = served(hung("Secret", "left", HELD))
    server.named("left")["metadata"]["managedFields"] = odd
    result = run(server, WORD)
    assert off(result) == [] and server.patches == []
    assert "nobody knows" in stayed(result)[("left", HELD)]


def test_without_the_servers_clock_nothing_is_known_to_hang() -> None:
    server = served(hung("Secret", "left", HELD))
    server.clock = lambda: None
    result = run(server, WORD)
    assert off(result) == [] and "nobody knows for how long" in stayed(result)[("left", HELD)]


def test_our_own_clock_says_nothing() -> None:
    """The server's is years behind ours here; an object that was asked to go a second ago there is fresh."""
    server = served(hung("Secret", "left", HELD, deleting=stamp(-1)))
    assert off(run(server, WORD, {"default": 60}, limits=BRIEF)) == []


def test_what_nobody_asked_to_go_keeps_it() -> None:
    """A delete that is refused leaves an object that does not hang."""
    server = served(hung("Secret", "left", HELD))
    del server.named("left")["metadata"]["deletionTimestamp"]
    server._delete = lambda _uid: None  # type: ignore[method-assign]
    result = run(server, WORD)
    assert off(result) == [] and stayed(result) == {} and server.patches == []


def test_check_mode_foresees_and_writes_nothing() -> None:
    fresh = hung("ConfigMap", "fresh", HELD, number=51, deleting=stamp(0))
    server = served(hung("Secret", "left", HELD), fresh, hung("Secret", "other", OTHER, number=52))
    result = run(server, [*WORD, OTHER], {"default": 600}, check=True, limits=Limits(total=300))
    assert off(result) == [("left", HELD)]
    assert result.finalizers["finalizers_removed"][0]["removed"] == ""
    assert set(stayed(result)) == {("fresh", HELD), ("other", OTHER)}
    assert server.patches == [] and server.deleted == [] and len(server.items) == 7


def test_check_mode_foresees_what_the_run_does() -> None:
    made = [hung("Secret", "left", HELD), hung("PersistentVolumeClaim", "disk", PVC, number=51, spec={})]
    server = served(*made)
    foreseen = run(server, [*WORD, PVC], check=True)
    assert sorted(off(foreseen)) == sorted(off(run(server, [*WORD, PVC]))) == [("disk", PVC), ("left", HELD)]


def test_namespaces_keep_theirs_whatever_is_named() -> None:
    server = served()
    own = server.named(OWN)
    own["metadata"] |= {"finalizers": [HELD], "deletionTimestamp": LONG_AGO}
    own["spec"] = {"finalizers": ["kubernetes"]}
    result = run(server, WORD, phase=order.NAMESPACES)
    assert off(result) == [] and server.patches == [] and own["metadata"]["finalizers"] == [HELD]


def test_one_of_the_same_name_that_was_made_anew_is_left_alone() -> None:
    """Between the decision and the patch."""

    server = served(hung("Secret", "left", HELD))

    def replaced() -> None:
        one = server.named("left")
        if one["metadata"]["uid"] != "somebody-elses":
            anew = json.loads(json.dumps(one))
            anew["metadata"] |= {"uid": "somebody-elses"}
            anew["metadata"].pop("deletionTimestamp")
            server.items[server.items.index(one)] = anew

    server.before = replaced
    result = run(server, WORD)
    assert off(result) == [] and server.named("left")["metadata"]["finalizers"] == [HELD]


def test_what_somebody_changed_meanwhile_is_decided_on_anew() -> None:
    """A label that makes it another one's is not overlooked; here it is the first write that is lost."""

    server = served(hung("Secret", "left", HELD))

    def written() -> None:
        if len(server.patches) == 1:
            server.touch(server.named("left"))

    server.before = written
    assert off(run(server, WORD)) == [("left", HELD)]
    assert len(server.patches) == 2
    assert [step["value"] for _path, change in server.patches for step in change if "Version" in step["path"]] == [
        "1",
        "2",
    ]


def test_what_vanishes_in_between_is_gone_and_was_not_taken_off() -> None:
    server = served(hung("Secret", "left", HELD))

    def gone() -> None:
        server.items.remove(server.named("left"))

    server.before = gone
    result = run(server, WORD)
    assert off(result) == [] and stayed(result) == {}
    assert [e["name"] for e in result.done] == ["left"]


def test_one_that_changes_all_the_time_keeps_it() -> None:
    server = served(hung("Secret", "left", HELD))
    server.before = lambda: server.touch(server.named("left"))
    result = run(server, WORD)
    assert off(result) == [] and "it changed" in stayed(result)[("left", HELD)]
    assert 1 < len(server.patches) <= 20


@pytest.mark.parametrize(("code", "reason"), [(403, "Forbidden"), (500, "InternalError")])
def test_a_patch_that_is_refused_is_told(code: int, reason: str) -> None:
    server = served(hung("Secret", "left", HELD))
    answer = server._answer

    def refusing(method: str, path: str, query: Any, body: str | None) -> tuple[int, bytes]:
        return status(code, reason) if method == "PATCH" else answer(method, path, query, body)

    server._answer = refusing  # type: ignore[method-assign]
    result = run(server, WORD)
    assert off(result) == [] and reason in stayed(result)[("left", HELD)]
    assert [e["name"] for e in result.remaining] == ["left"]


def test_an_answer_that_is_lost_is_looked_up() -> None:
    """It was done, and the server failed to say so: told as done, and not done twice."""
    server = served(hung("Secret", "left", OTHER, HELD))
    answer = server._answer

    def losing(method: str, path: str, query: Any, body: str | None) -> tuple[int, bytes]:
        told = answer(method, path, query, body)
        return status(504, "Timeout") if method == "PATCH" else told

    server._answer = losing  # type: ignore[method-assign]
    result = run(server, WORD)
    assert off(result) == [("left", HELD)] and len(server.patches) == 1
    assert "the answer was lost" in result.finalizers["finalizers_removed"][0]["reason"]


def test_an_answer_that_is_lost_for_good_is_told() -> None:
    """Neither was it done as far as anybody knows, nor can it be read afterwards."""
    server = served(hung("Secret", "left", OTHER, HELD))
    answer = server._answer

    def losing(method: str, path: str, query: Any, body: str | None) -> tuple[int, bytes]:
        if method == "PATCH":
            server.answers[f"/api/v1/namespaces/{OWN}/secrets"] = status(403, "Forbidden")
            return status(504, "Timeout")
        return answer(method, path, query, body)

    server._answer = losing  # type: ignore[method-assign]
    result = run(server, WORD)
    assert off(result) == [] and "could not be read" in stayed(result)[("left", HELD)]


def test_a_server_that_has_no_time_for_it_has_not_done_it() -> None:
    """And whoever took it off then was not we."""
    server = served(hung("Secret", "left", OTHER, HELD))
    answer = server._answer

    def busy(method: str, path: str, query: Any, body: str | None) -> tuple[int, bytes]:
        if method == "PATCH":
            server.named("left")["metadata"]["finalizers"].remove(HELD)
            return status(429, "TooManyRequests")
        return answer(method, path, query, body)

    server._answer = busy  # type: ignore[method-assign]
    assert off(run(server, WORD)) == []


def test_one_that_is_put_back_is_told_and_not_fought_over() -> None:
    server = served(hung("Secret", "left", OTHER, HELD))
    answer = server._answer

    def back(method: str, path: str, query: Any, body: str | None) -> tuple[int, bytes]:
        told = answer(method, path, query, body)
        if method == "PATCH":
            server.named("left")["metadata"]["finalizers"].append(HELD)
        return told

    server._answer = back  # type: ignore[method-assign]
    result = run(server, WORD)
    (entry,) = result.finalizers["finalizers_removed"]
    assert entry["came_back"] and "is there again" in stayed(result)[("left", HELD)]
    assert len(server.patches) == 1


def test_a_second_run_has_nothing_to_do() -> None:
    server = served(hung("Secret", "left", HELD))
    assert off(run(server, WORD)) == [("left", HELD)]
    again = run(server, WORD)
    assert (off(again), stayed(again), again.done) == ([], {}, []) and len(server.patches) == 1


# -- through main() ---------------------------------------------------------------------------------------------


def called(
    module: Any,
    server: HoldingServer,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    **options: Any,
) -> dict[str, Any]:
    monkeypatch.setattr(cluster_module, "cluster_of", lambda _module: server.client())
    given = {"session_prefix": "auto-ab12", "resources_file": "", "stall_timeout": 1, "stalled": True, **options}
    with patch_module_args(given), pytest.raises(SystemExit):
        module.main()
    told: dict[str, Any] = json.loads(capfd.readouterr().out)
    return told


def test_the_module_tells_what_it_took_off(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    server = served(hung("Secret", "left", HELD))
    named = {"remove_finalizers": WORD, "finalizer_grace": AT_ONCE}
    foreseen = called(
        openshift_resources, server, monkeypatch, capfd, _ansible_check_mode=True, _ansible_diff=True, **named
    )
    assert foreseen["changed"] and server.patches == [] and server.deleted == []
    assert f"finalizer {HELD} of Secret {OWN}/left" in foreseen["diff"]["before"]
    told = called(openshift_resources, server, monkeypatch, capfd, **named)
    assert told["changed"] and not told.get("failed"), told
    assert [e["finalizer"] for e in told["finalizers_removed"]] == [HELD] and told["finalizers_kept"] == []
    again = called(openshift_resources, server, monkeypatch, capfd, **named)
    assert not again["changed"] and again["finalizers_removed"] == []


@pytest.mark.parametrize("module", [migrated_vms, openshift_resources], ids=["migrated_vms", "openshift_resources"])
@pytest.mark.parametrize(
    ("bad", "named"),
    [
        ({"remove_finalizers": ["*"]}, "remove_finalizers[0]"),
        ({"remove_finalizers": [HELD, HELD]}, "remove_finalizers[1]"),
        ({"remove_finalizers": [{"name": HELD, "sure": True}]}, "remove_finalizers[0].sure"),
        ({"remove_finalizers": "all"}, "remove_finalizers"),
        ({"finalizer_grace": {"Pod": 0}}, "finalizer_grace.Pod"),
    ],
)
def test_bad_input_ends_it_before_anything_is_asked(
    module: Any, bad: Any, named: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    server = served(hung("Secret", "left", HELD))
    told = called(module, server, monkeypatch, capfd, **bad)
    assert told["failed"] and named in told["msg"] and server.patches == [] and server.deleted == []


# -- in a result ------------------------------------------------------------------------------------------------


def test_a_result_tells_each_and_the_audit_recomputes_it() -> None:
    audit = mutations.program()
    result = whole_run()
    assert [e["finalizer"] for e in result["finalizers_removed"]] == [HELD]
    assert [e["finalizer"] for e in result["finalizers_kept"]] == [OTHER]
    assert "1 finalizer was taken off" in result["summary"][1]
    assert any(HELD in line and "left" in line for line in result["summary"])
    assert audit.audit(result).findings == []


def test_whatever_is_taken_from_it_or_moved_flips_the_audit() -> None:
    audit = mutations.program()
    result = whole_run()
    entry = result["finalizers_removed"][0]
    summary = [result["summary"][0], result["summary"][1].replace("taken off", "")]
    less = {
        "dropped": {"finalizers_removed": []},
        "none of it": {"finalizers_removed": None},
        "kept dropped": {"finalizers_kept": []},
        "unsaid": {"summary": summary},
        "late": {"finalizers_removed": [{**entry, "removed": mutations.AFTER}]},
        "early": {"finalizers_removed": [{**entry, "removed": mutations.BEFORE}]},
        "of nobody": {"finalizers_removed": [{**entry, "uid": "nobody"}]},
        "of no rule": {"finalizers_removed": [{**entry, "rule": ""}]},
        "by nobody": {"finalizers_removed": [{**entry, "by": ""}]},
        "another": {"finalizers_removed": [{**entry, "finalizer": "example.com/x"}]},
    }
    for name, change in less.items():
        changed = {key: value for key, value in {**result, **change}.items() if value is not None}
        assert audit.told(name, changed)[0] == audit.CONTRADICTS, name


# -- among others -----------------------------------------------------------------------------------------------


def test_whatever_hangs_only_what_is_the_sessions_alone_gives_it_up() -> None:
    """A whole world in which each object hangs by the same finalizer, and the user says of it that all is gone."""
    items = world()
    for one in items:
        one["metadata"] |= {"finalizers": [HELD], "deletionTimestamp": LONG_AGO}
    server = HoldingServer(items)
    before = {path_of(one): one["metadata"]["uid"] for one in items}
    session = Session(prefix="auto-ab12", started="2026-01-01T11:00:00Z")
    decided = {obj.uid: (obj, decision) for obj, decision in find(server.client(), session).decided}
    taken: set[str] = set()
    for phase in (order.VMS, order.RESOURCES, order.NAMESPACES):
        removal = finalizers.of(WORD, AT_ONCE)
        result = delete.run(server.client(), session, BRIEF, False, phase=phase, removal=removal)
        taken |= {entry["uid"] for entry in result.finalizers["finalizers_removed"]}
    asked = {before[path] for path, _change in server.patches}
    assert taken and taken <= asked
    owned = {uid for uid, (_obj, decision) in decided.items() if decision.status is Status.OWNED}
    assert asked <= owned, asked - owned
    assert not [uid for uid in asked if int(uid[:8]) >= results.NEIGHBOURS]
    assert not [decided[uid][0] for uid in asked if (decided[uid][0].group, decided[uid][0].kind) in guards.NEVER]
    left = {one["metadata"]["uid"]: one["metadata"]["finalizers"] for one in server.items}
    assert all(left[uid] == [HELD] for uid in set(before.values()) - taken)
