# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Of which objects evidence is taken, for what reason, and who tells of them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import trouble
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.causes.answers import ALONG, KEPT, UNSEEN
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj
from ansible_collections.mtv.teardown.plugins.module_utils._evidence import keep
from ansible_collections.mtv.teardown.tests.unit.plugins.build import obj


def told(kind: str, value: str = "True") -> dict[str, Any]:
    return {"conditions": [{"type": kind, "status": value}]}


@pytest.mark.parametrize(
    ("kind", "status", "failed"),
    [
        ("Migration", told("Failed"), True),
        ("Migration", told("Failed", "False"), False),
        ("Migration", told("Succeeded"), False),
        ("Migration", told("Canceled"), False),
        ("Plan", told("Failed"), True),
        ("Plan", told("Archived"), False),
        ("Job", told("Failed"), True),
        ("Conversion", {"phase": "Failed"}, True),
        ("Conversion", {"phase": "Canceled"}, False),
        ("Pod", {"phase": "Failed"}, True),
        ("Pod", {"phase": "Running"}, False),
        ("DataVolume", {"phase": "Failed"}, True),
        ("PersistentVolume", {"phase": "Failed"}, True),
        ("PersistentVolumeClaim", {"phase": "Lost"}, True),
        ("PersistentVolumeClaim", {"phase": "Bound"}, False),
        ("VirtualMachineInstance", {"phase": "Failed"}, True),
        ("ConfigMap", {"phase": "Failed", **told("Failed")}, False),
        ("Pod", {}, False),
    ],
)
def test_what_has_failed(kind: str, status: dict[str, Any], failed: bool) -> None:
    assert trouble.has_failed(obj(kind, "x", "auto-ab12", status=status)) is failed


@pytest.mark.parametrize(
    ("error", "deleting", "why"),
    [
        ("", "2026-01-01T12:00:00Z", keep.HANGS),
        ("", "", keep.HELD),
        (ALONG, "2026-01-01T12:00:00Z", keep.HANGS),
        (ALONG, "", ""),
        (f"{UNSEEN}: its kind could not be read", "", ""),
        (f"{KEPT}: plans could not be read", "", keep.HELD),
        ("403 Forbidden", "", keep.REFUSED),
        ("admission webhook denied the request", "2026-01-01T12:00:00Z", keep.REFUSED),
    ],
)
def test_why_it_stays(error: str, deleting: str, why: str) -> None:
    assert trouble.why_left(obj("Secret", "x", "auto-ab12", deleting=deleting), error) == why


@pytest.mark.parametrize(
    ("one", "names"),
    [
        (obj("Migration", "m", "n"), ("forklift-controller",)),
        (obj("VirtualMachine", "v", "n"), ("virt-controller",)),
        (obj("DataVolume", "d", "n"), ("cdi-deployment",)),
        (obj("DataVolume", "d", "n", labels={"plan": "u"}), ("forklift-controller", "cdi-deployment")),
        (obj("PersistentVolumeClaim", "c", "n", annotations={"cdi.kubevirt.io/x": "y"}), ("cdi-deployment",)),
        (obj("Pod", "p", "n", labels={"migration": "u"}), ("forklift-controller",)),
        (obj("Secret", "s", "n"), ()),
        (obj("Namespace", "n"), ()),
    ],
    ids=lambda one: one.shown if isinstance(one, Obj) else "",
)
def test_who_logs_of_it(one: Obj, names: tuple[str, ...]) -> None:
    assert trouble.controllers_of(one) == names


def test_what_tells_most_comes_first() -> None:
    objects = [
        obj("Secret", "a", "n"),
        obj("Secret", "b", "n", finalizers=("x",)),
        obj("Namespace", "n"),
        obj("Migration", "m", "n", finalizers=("x",)),
        obj("Plan", "p", "n"),
    ]
    assert [one.name for one in trouble.foremost(objects)] == ["m", "n", "p", "b", "a"]


def test_containers_that_failed_come_first() -> None:
    spec = {"initContainers": [{"name": "init"}], "containers": [{"name": "ok"}, {"name": "bad"}, {"name": "runs"}]}
    ended = [("init", 0), ("ok", 0), ("bad", 1)]
    statuses = [{"name": name, "state": {"terminated": {"exitCode": code}}} for name, code in ended]
    pod = obj("Pod", "p", "n", spec=spec, status={"containerStatuses": statuses})
    assert trouble.containers(pod) == ["bad", "init", "ok", "runs"]
    assert trouble.containers(obj("Pod", "p", "n")) == []


def test_times_of_events_compare_whatever_has_them() -> None:
    bodies = [
        {"lastTimestamp": None, "eventTime": "2026-01-01T10:00:02.000000Z"},
        {"lastTimestamp": "2026-01-01T10:00:01Z"},
        {"metadata": {"creationTimestamp": "2026-01-01T10:00:03Z"}},
        {"series": {"lastObservedTime": "2026-01-01T10:00:04Z"}, "lastTimestamp": "2026-01-01T10:00:00Z"},
        {"lastTimestamp": "soon"},
    ]
    assert [bodies.index(one) for one in sorted(bodies, key=trouble.when)] == [4, 1, 0, 2, 3]
