# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs of an engine that a session started or stopped for a time."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils import _limits
from ansible_collections.mtv.teardown.plugins.module_utils._errors import StoppedError
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.site import open_site
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Target

from tests.contract.ansible_runs import Playbooks
from tests.contract.ovirt_runs import GOES, HASTY, connection
from tests.contract.vm_changes import OFF, ON, causes, noted, put_back, write
from tests.lab.controlplane import Lab
from tests.lab.engine.peer import PASSWORD, USER, Peer

BASE, OTHER = "base-rhel8", "base-rhel9"


def target(engine: Peer, **changes: Any) -> Target:
    return Target(connection(engine, **changes), partial(open_site, patience=HASTY))


def wrote(engine: Peer) -> list[str]:
    return [path.rpartition("/")[2] for method, path in engine.calls() if method != "GET" and "/vms/" in path]


@pytest.mark.parametrize(
    ("found", "left", "change", "asked"), [("down", "up", ON, "stop"), ("up", "down", OFF, "start")]
)
def test_a_vm_that_was_switched_is_switched_back_and_once(
    engine: Peer, found: str, left: str, change: tuple[str, str], asked: str
) -> None:
    vm, other = engine.vm(BASE, status=found)["id"], engine.vm(OTHER, status=left)
    change_of_it = noted(target(engine), BASE, power_state=change)
    engine.change(vm, status=left)

    predicted = put_back([target(engine)], [change_of_it], check_mode=True)
    assert (wrote(engine), engine.vms()[vm]["status"], predicted.settled) == ([], left, [])

    announced: list[Any] = []
    done = put_back([target(engine)], [change_of_it], limits=GOES, told=announced)
    assert done.result.done == predicted.result.done == announced != []
    assert done.before == predicted.before == [f'Vm {BASE} /power_state: "{change[1]}"']
    assert (engine.vms()[vm]["status"], done.settled, wrote(engine)) == (found, [change_of_it.id], [asked])
    assert engine.vms()[other["id"]] == other

    again = put_back([target(engine)], [change_of_it])
    assert (again.result.done, again.settled, wrote(engine)) == ([], [change_of_it.id], [asked])


def test_a_session_that_was_killed_before_the_change_has_changed_nothing(engine: Peer) -> None:
    engine.vm(BASE)
    change = noted(target(engine), BASE, power_state=ON)
    done = put_back([target(engine)], [change])
    assert (done.result.done, done.settled, wrote(engine)) == ([], [change.id], [])


@pytest.mark.parametrize("status", ["suspended", "paused", "powering_up", "not_responding", "image_locked"])
def test_a_vm_in_another_state_stays(engine: Peer, status: str) -> None:
    vm = engine.vm(BASE)["id"]
    change = noted(target(engine), BASE, power_state=ON)
    engine.change(vm, status=status)
    done = put_back([target(engine)], [change])
    assert (causes(done), done.settled, wrote(engine)) == (["changed-since"], [], [])


def test_another_vm_of_the_name_is_not_touched(engine: Peer) -> None:
    vm = engine.vm(BASE)["id"]
    change = noted(target(engine), BASE, power_state=ON)
    engine.ask("DELETE", f"/vms/{vm}")
    engine.vm(BASE, status="up")
    done = put_back([target(engine)], [change])
    assert (done.settled, wrote(engine)) == ([change.id], [])
    assert [one["reason"] for one in done.result.absent] == ["the object is gone"]


def test_who_sees_a_part_of_the_vms_does_not_know_that_one_has_gone(engine: Peer) -> None:
    vm = engine.vm(BASE)["id"]
    change = noted(target(engine), BASE, power_state=ON)
    engine.ask("POST", "/users", {"name": "reader@internal", "password": "other", "admin": False, "sees": []})
    limited = target(engine, username="reader@internal", secret="other")
    done = put_back([limited], [change])
    assert ([one["name"] for one in done.result.unreadable], done.settled) == ([BASE], [])
    # Whoever sees it knows.
    engine.change(vm, status="up")
    both = [limited, target(engine, key="rhv-2")]
    assert put_back(both, [change], limits=GOES).settled == [change.id]


@pytest.mark.parametrize(
    ("values", "rule", "cause"),
    [
        ({}, {"kind": "fault", "status": 403, "text": "User is not authorized"}, "forbidden"),
        ({"stop": "never"}, {}, "unknown"),
        ({"backup": True}, {}, "backup-running"),
    ],
)
def test_what_is_refused_or_hangs_is_left_with_its_cause(
    engine: Peer, values: dict[str, Any], rule: dict[str, Any], cause: str
) -> None:
    vm = engine.vm(BASE, **values)["id"]
    change = noted(target(engine), BASE, power_state=ON)
    engine.change(vm, status="up")
    if rule:
        engine.rules({"method": "POST", "path": "/stop", **rule})
    done = put_back([target(engine)], [change], limits=Limits(0.5, 5.0))
    assert (causes(done), done.settled) == ([cause], [])


def test_on_another_engine_nobody_looks(engine: Peer) -> None:
    vm = engine.vm(BASE)["id"]
    change = noted(target(engine), BASE, power_state=ON)
    engine.change(vm, status="up")
    other = replace(change, uid=f"00000000-1111-4222-8333-444444444444/{vm}")
    done = put_back([target(engine)], [other])
    assert "is another server now" in done.result.unreadable[0]["error"]
    done = put_back([target(engine)], [replace(other, place="rhv.elsewhere.example.com:443")])
    assert "no ovirt provider is configured" in done.result.unreadable[0]["error"]
    assert wrote(engine) == []


@pytest.mark.parametrize("fields", [{"change_tracking": (False, True)}, {"power_state": ("suspended", "on")}])
def test_what_no_ledger_may_lead_to_is_not_done(engine: Peer, fields: dict[str, Any]) -> None:
    vm = engine.vm(BASE)["id"]
    change = noted(target(engine), BASE, **fields)
    engine.change(vm, status="up")
    done = put_back([target(engine)], [change])
    assert (causes(done), wrote(engine)) == (["never-undone"], [])


def test_nothing_is_asked_for_once_the_lease_is_lost(engine: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    vm = engine.vm(BASE)["id"]
    change = noted(target(engine), BASE, power_state=ON)
    engine.change(vm, status="up")
    monkeypatch.setattr(_limits, "why_stopped", lambda: "the Lease is lost")
    with pytest.raises(StoppedError):
        put_back([target(engine)], [change])
    assert wrote(engine) == []


def test_a_whole_teardown_puts_it_back(lab: Lab, engine: Peer, prefix: str, tmp_path: Path) -> None:
    vm = engine.vm(BASE)["id"]
    folder = tmp_path / ".data-collector"
    folder.mkdir()
    entry = {"type": "ovirt", "fqdn": f"127.0.0.1:{engine.port}", "username": USER, "password": PASSWORD}
    entry |= {"api_url": f"https://127.0.0.1:{engine.port}/ovirt-engine/api", "ca_file": engine.ca_file}
    record, providers = folder / "resources.json", tmp_path / "providers.json"
    record.write_text(json.dumps({"Namespace": [{"name": prefix, "namespace": None}]}), encoding="utf-8")
    providers.write_text(json.dumps({"rhv-1": entry}), encoding="utf-8")
    write(folder / "resources.undo.json", [noted(target(engine), BASE, prefix, power_state=ON)])
    engine.change(vm, status="up")
    playbooks = Playbooks(lab, tmp_path)
    done = playbooks.run("teardown", resources_file=str(record), providers_file=str(providers))
    assert done.code == 0, done.output
    assert (wrote(engine), engine.vms()[vm]["status"]) == (["stop"], "down")
    (one,) = playbooks.audited(prefix)["changes"]
    assert (one["outcome"], one["provider"]) == ("as-before", "rhv-1")
