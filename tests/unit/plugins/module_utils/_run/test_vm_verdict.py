# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs that a session changed for a time count for the verdict, and the audit holds it to what was read of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import States, Target
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import Change, Field
from ansible_collections.mtv.teardown.plugins.module_utils._run import judge
from ansible_collections.mtv.teardown.tests.unit.plugins import mutations, results

audit = mutations.program()
CHANGE = Change(
    id="change-0001",
    kind="VirtualMachine",
    api_version="vsphere",
    namespace=None,
    name="base",
    uid="center-1/uuid-of-base",
    place="vc.example.com:443",
    session="auto-ab12",
    fields=(Field("/power_state", "off", "on"),),
    provider="vsphere",
    ref="vm-1",
)
CONNECTION = replace(results.VSPHERE, port=443)


class Center(results.FakeSite):
    """A vCenter with one VM, that is on, off or something else; None: not there; an error where it cannot be read."""

    power: str | None = "off"
    error = ""

    def states(self, wanted: Mapping[str, str]) -> States:
        if self.error:
            return States(unread=dict.fromkeys(wanted, self.error))
        there = [uid for uid in wanted if uid == "uuid-of-base" and self.power is not None]
        named = {"provider": self.connection.key, "host": self.connection.host, "name": "base"}
        facts = {"power_state": self.power}
        return States({uid: Remote("vsphere", kind="VirtualMachine", id="vm-1", facts=facts, **named) for uid in there})


def center(power: str | None = "off", error: str = "", server: str = "center-1", key: str = "vsphere-8") -> Target:
    site = Center(replace(CONNECTION, key=key), [], server=server)
    site.power, site.error = power, error
    return results.opener(site)


def judged(*targets: Target, changes: tuple[Change, ...] = (CHANGE,), **options: Any) -> dict[str, Any]:
    others = [one for one in results.free_world() if results._number(one) >= results.NEIGHBOURS]
    more = {**results.OPTIONS, "phases": {}, "targets": [], **options}
    cluster = results.LivingServer(others).client()
    result = judge.judge(cluster, results.SESSION, more, lambda _session: (targets, frozenset()), "", changes)
    told: dict[str, Any] = json.loads(json.dumps({"$schema": result["schema"], "changed": False, **result}))
    return told


@pytest.mark.parametrize(
    ("targets", "verdict", "outcome"),
    [
        ([center("off")], "clean", "as-before"),
        ([center(None)], "clean", "gone"),
        ([center("on")], "leftovers", "to-undo"),
        ([center("suspended")], "leftovers", "changed-since"),
        ([center(error="no answer")], "unverified", "unread"),
        ([center(server="center-2")], "unverified", "unread"),
        ([results.refusing(CONNECTION)], "unverified", "unread"),
        ([], "unverified", "unread"),
        # Another account that cannot look does not make it gone; who sees it knows.
        ([center(None), center(error="no answer", key="other")], "unverified", "unread"),
        ([center(error="no answer"), center("on", key="other")], "leftovers", "to-undo"),
    ],
)
def test_what_is_seen_of_a_vm_decides(targets: list[Target], verdict: str, outcome: str) -> None:
    result = judged(*targets)
    assert (result["verdict"], [one["outcome"] for one in result["changes"]]) == (verdict, [outcome])
    assert "base" not in json.dumps(result["journal"])


@pytest.mark.parametrize(
    ("target", "code"), [(center("off"), 0), (center("on"), 0), (center(None), 0), (center(error="no"), 0)]
)
def test_the_audit_agrees_with_what_is_written(target: Target, code: int) -> None:
    told = audit.told(Path("r"), judged(target))
    assert told[0] == code, told[1]


def _unasked(result: dict[str, Any]) -> None:
    kept = [ask for ask in result["asked"] if not (ask["of"] == "providers" and ask.get("name"))]
    (look,) = [look for look in result["looks"] if look["of"] == "providers"]
    look["asked"] -= len(result["asked"]) - len(kept)
    result["asked"] = kept


def _as_before(result: dict[str, Any]) -> None:
    result["changes"][0]["outcome"] = "as-before"


def _gone(result: dict[str, Any]) -> None:
    result["changes"][0]["outcome"] = "gone"


@pytest.mark.parametrize(("power", "change"), [("off", _unasked), ("on", _unasked), ("on", _as_before), ("off", _gone)])
def test_whatever_is_taken_away_flips_it(power: str, change: Callable[[dict[str, Any]], None]) -> None:
    result = judged(center(power))
    change(result)
    assert audit.told(Path("r"), result)[0] != audit.AGREES


def test_for_the_cluster_alone_nobody_looks_and_that_is_told() -> None:
    result = judged(center("on"), openshift_only=True)
    assert result["verdict"] == "clean"
    assert [(one["name"], one["provider"]) for one in result["not_covered"]] == [("base", "vsphere")]
    assert audit.told(Path("r"), result)[0] == audit.AGREES


def test_two_vms_of_one_name_are_two() -> None:
    result = judged(center("off"), changes=(CHANGE, replace(CHANGE, id="change-0002", uid="center-1/uuid-of-another")))
    assert [one["outcome"] for one in result["changes"]] == ["as-before", "gone"]
    assert audit.told(Path("r"), result)[0] == audit.AGREES
