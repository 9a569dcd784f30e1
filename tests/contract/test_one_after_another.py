# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several of our playbooks in one run of ansible-playbook. Ansible keeps what a task registered for all plays of it;
what one run found is nothing to the next, which may be another session's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.contract.ansible_runs import Playbooks, Run
from tests.lab.admin import Admin
from tests.lab.controlplane import CHECKOUT, Lab


@pytest.fixture
def playbooks(lab: Lab, tmp_path: Path) -> Playbooks:
    return Playbooks(lab, tmp_path)


@pytest.fixture
def sessions(admin: Admin, prefix: str) -> tuple[str, str]:
    """Two, each a namespace with a Secret in it, and a third that is neither's."""
    made = [admin.namespace(prefix.replace("auto-t", f"auto-{letter}")) for letter in "uvw"]
    for namespace in made:
        admin.make("Secret", namespace, f"{namespace}-secret")
    return made[0], made[1]


def run(playbooks: Playbooks, *imported: tuple[str, dict[str, Any]]) -> Run:
    """These playbooks, each with its variables, as a play of somebody's own imports them."""
    site = playbooks.folder / "site.yml"
    plays = [
        {
            "import_playbook": str(CHECKOUT / f"playbooks/{name}.yml"),
            "vars": {"mtv_teardown_quiet_interval": 0.5, **given},
        }
        for name, given in imported
    ]
    site.write_text(json.dumps(plays), encoding="utf-8")
    return playbooks.run_file(site)


def result(playbooks: Playbooks, name: str, prefix: str) -> dict[str, Any]:
    file = playbooks.folder / f".data-collector/{name}-{prefix}.result.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def test_each_judges_the_session_that_it_was_given(
    playbooks: Playbooks, admin: Admin, sessions: tuple[str, str]
) -> None:
    first, second = sessions
    done = run(playbooks, ("teardown", {"session_prefix": first}), ("verify", {"session_prefix": second}))
    assert done.code == 2 and f"session {second} on" in done.output, done.output
    assert result(playbooks, "teardown", first)["verdict"] == "clean"
    told = result(playbooks, "verify", second)
    assert (told["verdict"], told["session"]["prefix"]) == ("leftovers", second)
    assert admin.uid("Secret", second, f"{second}-secret")


def test_each_tells_what_itself_did(playbooks: Playbooks, admin: Admin, sessions: tuple[str, str]) -> None:
    first, second = sessions
    done = run(
        playbooks,
        ("teardown", {"session_prefix": first}),
        ("teardown", {"session_prefix": first, "mtv_teardown_run_id": "again"}),
        ("teardown", {"session_prefix": second}),
    )
    assert done.code == 0, done.output
    again, other = result(playbooks, "teardown", first), result(playbooks, "teardown", second)
    assert (again["run_id"], again["verdict"], again["deleted"]) == ("again", "clean", [])
    assert [phase["name"] for phase in again["phases"] if phase["ran"]] == ["session", "verify"]
    assert {"Namespace", "Secret"} <= {one["kind"] for one in other["deleted"]}
    assert {one["namespace"] or one["name"] for one in other["deleted"]} == {second}
    third = second.replace("auto-v", "auto-w")
    assert admin.uid("Secret", third, f"{third}-secret")


def test_a_lease_is_that_of_its_own_run(playbooks: Playbooks, admin: Admin, sessions: tuple[str, str]) -> None:
    first, second = sessions
    leases = admin.namespace("leases-of-sessions")
    done = run(
        playbooks,
        ("teardown", {"session_prefix": first, "mtv_teardown_lease_namespace": leases}),
        ("teardown", {"session_prefix": second}),
    )
    assert done.code == 0, done.output
    assert result(playbooks, "teardown", second)["verdict"] == "clean"


def test_a_second_look_that_breaks_takes_nobody_elses_verdict(playbooks: Playbooks, prefix: str) -> None:
    first, second = prefix.replace("auto-t", "auto-x"), prefix.replace("auto-t", "auto-y")
    looks = {"mtv_teardown_second_look": True}
    broken = {**looks, "second_look_cluster": "none"}
    done = run(
        playbooks, ("verify", {"session_prefix": first, **looks}), ("verify", {"session_prefix": second, **broken})
    )
    assert done.code == 2, done.output
    assert result(playbooks, "verify", first)["verdict"] == "clean"
    told = result(playbooks, "verify", second)
    assert told["verdict"] == "unverified" and "a second look does not agree" in told["summary"][1], told["summary"]


def test_roles_of_one_session_say_nothing_of_another(
    playbooks: Playbooks, admin: Admin, sessions: tuple[str, str]
) -> None:
    first, second = sessions
    given = {"session_session_prefix": first, "verify_session": {}, "verify_session_prefix": second}
    done = playbooks.run_roles(["session", "namespaces", "verify"], **given, verify_openshift_only=True)
    assert done.code == 2 and f"is about session {first}, and this is {second}" in done.output, done.output
    assert admin.uid("Secret", second, f"{second}-secret")
