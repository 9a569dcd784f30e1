# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reading may say of what it did not meet."""

from __future__ import annotations

from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cluster.find import Found
from ansible_collections.mtv.teardown.plugins.module_utils._provider.teardown import Survey
from ansible_collections.mtv.teardown.plugins.module_utils._run import verify
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Decision, Status
from ansible_collections.mtv.teardown.tests.unit.plugins.build import obj, record, session

OWN = "auto-ab12"
OURS = Decision(Status.OWNED, "namespace")


def entry(kind: str, name: str, namespace: str | None = OWN) -> dict[str, Any]:
    return {"kind": kind, "api_version": "v1", "namespace": namespace, "name": name, "uid": f"uid-{name}"}


def scope(kind: str, namespace: str | None = OWN) -> dict[str, Any]:
    return {"kind": kind, "api_version": "v1", "namespace": namespace, "count": 0}


def names(found: Found, *known: dict[str, Any]) -> list[str]:
    return [gone["name"] for gone in verify._gone(known, found, Survey())[0]]


def test_gone_is_what_a_complete_look_no_longer_meets() -> None:
    left = obj("Secret", "b", OWN, uid="uid-b")
    found = Found(session(), decided=((left, OURS),), scopes=(scope("Secret"),), namespaces=frozenset({OWN}))
    assert names(found, entry("Secret", "a"), entry("Secret", "b"), entry("Secret", "a")) == ["a"]


def test_nothing_is_called_gone_where_nobody_looked() -> None:
    found = Found(session(), scopes=(scope("Pod"), scope("Secret", "elsewhere")), namespaces=frozenset({OWN}))
    assert names(found, entry("Secret", "a"), entry("Pod", "c")) == ["c"]


def test_what_was_in_a_namespace_that_is_gone_is_gone() -> None:
    assert names(Found(session(), namespaces=frozenset({"other"})), entry("Secret", "a")) == ["a"]


def test_nothing_is_gone_when_namespaces_could_not_be_read() -> None:
    assert names(Found(session()), entry("Secret", "a"), entry("PersistentVolume", "v", None)) == []


def test_a_look_at_all_namespaces_counts_for_each() -> None:
    found = Found(session(), scopes=(scope("Pod", None),), namespaces=frozenset({OWN}))
    assert names(found, entry("Pod", "c")) == ["c"]


REFUSED = Decision(Status.REFUSED, reason="older")


def failed(kind: str, namespace: str | None = OWN) -> dict[str, Any]:
    return {"kind": kind, "api_version": "v1", "namespace": namespace, "name": "", "error": "500"}


def test_what_a_later_look_did_not_read_is_as_an_earlier_one_saw_it() -> None:
    kept, secret, pod = obj("ConfigMap", "c", OWN), obj("Secret", "s", OWN), obj("Pod", "p", OWN)
    first = Found(
        session(),
        decided=((kept, REFUSED), (secret, REFUSED), (pod, OURS)),
        absent=(record("ConfigMap", "gone", OWN),),
        scopes=(scope("ConfigMap"), scope("Secret"), scope("Pod")),
        unreadable=(failed("Service"), failed("Job")),
        namespaces=frozenset({OWN}),
    )
    later = Found(
        session(),
        decided=((pod, REFUSED),),
        scopes=(scope("Secret"), scope("Pod"), scope("Job")),
        unreadable=(failed("Event"),),
        namespaces=frozenset({OWN}),
    )
    both = first.followed_by(later)
    assert both.decided == ((kept, REFUSED), (pod, REFUSED))  # the Secret is gone
    assert [r.name for r in both.absent] == ["gone"]
    assert both.unreadable == (failed("Service"), failed("Event"))
    assert both.was_read("v1", "ConfigMap", OWN)
    # With their namespace all of it is gone.
    assert first.followed_by(Found(session(), namespaces=frozenset())).decided == ()
