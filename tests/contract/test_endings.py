# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a run ends: no exit code 0 without a verdict of this run, whatever the command line; each line of the table of
exit codes in the guide of verdicts; results that are of one run and of no other."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract.ansible_runs import Playbooks, Run
from tests.lab.admin import Admin
from tests.lab.controlplane import CHECKOUT, Lab

PLAYBOOKS = ("teardown", "verify", "verdict")
NOTHING = "Nothing was done"
SUMMARY_OF_VERDICT = "PLAY [Verdict: "


@pytest.fixture
def playbooks(lab: Lab, tmp_path: Path) -> Playbooks:
    (tmp_path / "inventory").write_text("localhost ansible_connection=local\nweb\n", encoding="utf-8")
    return Playbooks(lab, tmp_path)


@pytest.fixture
def session(admin: Admin, prefix: str) -> str:
    """A session of a namespace and a Secret, and one that only begins like it."""
    for namespace in (admin.namespace(prefix), admin.namespace(f"{prefix}0")):
        admin.make("Secret", namespace, "a")
    return prefix


def old_result(playbooks: Playbooks, prefix: str, name: str = "teardown", **more: Any) -> Path:
    """What an earlier run left."""
    folder = playbooks.folder / ".data-collector"
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}-{prefix}.result.json"
    told = {"verdict": "clean", "run_id": "yesterday", "ended": "2026-01-01T10:00:00Z", **more}
    file.write_text(json.dumps(told), encoding="utf-8")
    return file


def read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


# Command lines with which Ansible would do nothing, and end with 0.


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(("--tags", "x"), 2, id="tags"),
        pytest.param(("--tags", "verify,report"), 2, id="several-tags"),
        pytest.param(("--tags", "never"), 2, id="tag-never"),
        pytest.param(("--tags", "tagged"), 2, id="tag-tagged"),
        pytest.param(("--skip-tags", "all"), 2, id="skip-all"),
        pytest.param(("--skip-tags", "untagged"), 2, id="skip-untagged"),
        pytest.param(("--skip-tags", "always"), 4, id="skip-always"),
        pytest.param(("--tags", "x", "--skip-tags", "always"), 4, id="tags-and-skip-always"),
        pytest.param(("--tags", "x", "--skip-tags", "tagged"), 4, id="tags-and-skip-tagged"),
        pytest.param(("--limit", "nosuch"), 4, id="limit"),
        pytest.param(("-i", "inventory", "--limit", "web"), 4, id="limit-to-another"),
        pytest.param(("-i", "inventory", "--limit", "nosuch"), 1, id="limit-in-an-inventory"),
        pytest.param(("--start-at-task", "No such task"), 4, id="start-at-task"),
        pytest.param(("--start-at-task", "Summary"), 4, id="start-at-a-task-that-is-there"),
        pytest.param(("-e", "mtv_teardown_hosts=nosuch"), 4, id="hosts"),
        pytest.param(("-i", "inventory", "-e", "mtv_teardown_hosts=nosuch"), 4, id="hosts-in-an-inventory"),
    ],
)
def test_nothing_is_done_and_that_is_a_failure(
    playbooks: Playbooks, admin: Admin, session: str, arguments: tuple[str, ...], code: int
) -> None:
    kept = old_result(playbooks, session)
    done = playbooks.run("teardown", *arguments, session_prefix=session)
    assert done.code == code, done.output
    assert NOTHING in done.output or "--limit leaves us with no hosts" in done.output, done.output
    assert done.asked == []
    assert read(kept)["run_id"] == "yesterday"
    assert admin.uid("Secret", session, "a")


@pytest.mark.parametrize("name", ["verify", "verdict"])
@pytest.mark.parametrize("arguments", [("--tags", "x"), ("--limit", "nosuch"), ("--start-at-task", "x")], ids="".join)
def test_the_other_playbooks_refuse_the_same(playbooks: Playbooks, name: str, arguments: tuple[str, ...]) -> None:
    done = playbooks.run(name, *arguments, session_prefix="auto-ab12", mtv_teardown_verdict="clean")
    assert done.code in (2, 4), done.output
    assert NOTHING in done.output
    assert done.asked == []


def test_tags_that_leave_nothing_out_are_no_matter(playbooks: Playbooks, session: str) -> None:
    done = playbooks.run("verify", "--tags", "untagged", "--skip-tags", "x", session_prefix=session)
    assert (done.code, "LEFTOVERS" in done.output) == (2, True), done.output
    site = playbooks.folder / "site.yml"
    imported = {"import_playbook": str(CHECKOUT / "playbooks" / "verify.yml"), "tags": ["cleanup"]}
    site.write_text(yaml.safe_dump([imported]), encoding="utf-8")
    wanted = playbooks.run_file(site, "--tags", "cleanup", session_prefix=session)
    assert (wanted.code, "LEFTOVERS" in wanted.output) == (2, True), wanted.output


# The table of exit codes: the lines that have no test above or in test_playbooks.py.


def test_clean_is_0_and_leftovers_are_2(playbooks: Playbooks, admin: Admin, session: str) -> None:
    for arguments in ((), ("--check",)):
        left = playbooks.run("verify", *arguments, session_prefix=session)
        assert (left.code, "LEFTOVERS" in left.output) == (2, True), left.output
        # Whatever a role is told.
        ignored = playbooks.run("verify", *arguments, session_prefix=session, verify_fail=False)
        assert (ignored.code, "the verdict is leftovers" in ignored.output) == (2, True), ignored.output
    done = playbooks.run("teardown", session_prefix=session, mtv_teardown_run_id="build-7")
    assert done.code == 0, done.output
    assert f"{SUMMARY_OF_VERDICT}clean]" in done.output
    told = playbooks.result(session)
    assert (told["verdict"], told["run_id"]) == ("clean", "build-7")
    assert told["began"] <= told["ended"] and told["seconds"] >= 1
    file = playbooks.folder / ".data-collector" / f"teardown-{session}.result.json"
    assert file.stat().st_mode & 0o777 == 0o600
    for part in (
        f"session {session} on {playbooks.lab.url}",
        "deleted by kind: ",
        f"kubeconfig {playbooks.lab.kubeconfig}",
        "; run build-7",
        f"result: {file}",
    ):
        assert part in done.output, part
    assert admin.uid("Secret", f"{session}0", "a")
    # A pipeline asks for the result of its run, and gets that of no other.
    for variables, code in (
        ({"mtv_teardown_run_id": "build-7"}, 0),
        ({"mtv_teardown_run_id": "build-8"}, 2),
        ({"mtv_teardown_max_age": 600, "result_file": str(file)}, 0),
        ({"mtv_teardown_max_age": 600}, 2),  # the verify before it has a result of its own
        ({"mtv_teardown_run_id": "build-7", "mtv_teardown_wanted": "leftovers"}, 2),
    ):
        asked = playbooks.run("verdict", **variables)
        assert asked.code == code, asked.output


def test_what_is_to_judge_nothing_is_0_and_says_so(playbooks: Playbooks, admin: Admin, session: str) -> None:
    kept = old_result(playbooks, session)
    checked = playbooks.run("teardown", "--check", session_prefix=session)
    assert checked.code == 0, checked.output
    assert f"{SUMMARY_OF_VERDICT}none, for nothing was to be judged]" in checked.output
    assert read(kept)["run_id"] == "yesterday"
    skipped = playbooks.run("teardown", session_prefix=session, mtv_teardown_skip=True, mtv_teardown_run_id="build-7")
    assert skipped.code == 0, skipped.output
    assert f"{SUMMARY_OF_VERDICT}none, for nothing was to be judged]" in skipped.output
    # A pipeline that asks for a verdict gets none.
    assert (read(kept)["verdict"], read(kept)["run_id"], read(kept)["ended"]) == ("unverified", "build-7", "")
    assert playbooks.run("verdict", mtv_teardown_run_id="build-7").code == 2
    assert admin.uid("Secret", session, "a")
    assert playbooks.run("teardown", "--list-tasks").code == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(("--no-such-option",), 2, id="unknown-option"),
        pytest.param(("-e", "@absent.yml"), 1, id="no-such-file-of-variables"),
        pytest.param(("-i", "broken.yml"), 1, id="inventory"),
    ],
)
def test_codes_of_ansible_itself(playbooks: Playbooks, arguments: tuple[str, ...], code: int) -> None:
    (playbooks.folder / "broken.yml").write_text("all: [", encoding="utf-8")
    playbooks.variables = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}
    done = playbooks.run("teardown", *arguments, session_prefix="auto-ab12")
    assert done.code == code, done.output


def test_a_run_that_is_killed_leaves_no_old_verdict(playbooks: Playbooks, session: str) -> None:
    kept = old_result(playbooks, session)
    login = playbooks.folder / "login"
    login.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    login.chmod(0o755)
    config = yaml.safe_load(playbooks.lab.kubeconfig.read_text(encoding="utf-8"))
    config["users"][0]["user"] = {
        "exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(login), "interactiveMode": "Never"}
    }
    (playbooks.folder / "config").write_text(yaml.safe_dump(config), encoding="utf-8")
    playbooks.kubeconfig = "config"
    begun = {"session_prefix": session, "mtv_teardown_run_id": "build-7"}
    playbooks.killed("teardown", lambda: read(kept)["run_id"] == "build-7", **begun)
    assert (read(kept)["verdict"], read(kept)["ended"]) == ("unverified", "")
    assert playbooks.run("verdict", mtv_teardown_run_id="build-7").code == 2
    assert playbooks.run("verdict", mtv_teardown_max_age=600).code == 2


# mtv.teardown.verdict


def asked(playbooks: Playbooks, **variables: object) -> Run:
    return playbooks.run("verdict", **variables)


def test_the_verdict_of_a_file(playbooks: Playbooks) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    file = old_result(playbooks, "auto-ab12", run_id="7", ended=now)
    old_result(playbooks, "auto-zz99", run_id="6")
    assert asked(playbooks, mtv_teardown_run_id="7", result_file=str(file)).code == 0
    assert asked(playbooks, mtv_teardown_run_id=7, result_file=".data-collector/teardown-auto-ab12.*").code == 0
    assert asked(playbooks, mtv_teardown_max_age=600).code == 0  # the other one is too old
    # It has to be said of which run.
    unsaid = asked(playbooks, result_file=str(file))
    assert (unsaid.code, "give mtv_teardown_run_id" in unsaid.output) == (2, True), unsaid.output
    # Every result of the run counts.
    old_result(playbooks, "auto-ab12", "verify", run_id="7", verdict="leftovers")
    both = asked(playbooks, mtv_teardown_run_id="7")
    assert (both.code, "leftovers" in both.output) == (2, True), both.output


@pytest.mark.parametrize(
    ("told", "variables"),
    [
        pytest.param({"verdict": "unverified"}, {"mtv_teardown_run_id": "7"}, id="unverified"),
        pytest.param({"verdict": None}, {"mtv_teardown_run_id": "7"}, id="no-verdict"),
        pytest.param({"ended": ""}, {"mtv_teardown_max_age": 600}, id="not-ended"),
        pytest.param({"ended": "2999-01-01T00:00:00Z"}, {"mtv_teardown_max_age": 600}, id="from-tomorrow"),
        pytest.param({}, {"mtv_teardown_max_age": 600}, id="old"),
        pytest.param({}, {"mtv_teardown_max_age": "soon"}, id="no-number"),
        pytest.param({}, {"mtv_teardown_run_id": "7", "mtv_teardown_max_age": 600}, id="right-run-but-old"),
        pytest.param({}, {"mtv_teardown_run_id": "7", "result_file": "absent.json"}, id="no-such-file"),
        pytest.param({}, {"mtv_teardown_run_id": "7", "result_file": "other.json"}, id="no-result"),
    ],
)
def test_what_is_no_good_verdict(playbooks: Playbooks, told: dict[str, Any], variables: dict[str, Any]) -> None:
    old_result(playbooks, "auto-ab12", **{"run_id": "7", **told})
    (playbooks.folder / "other.json").write_text("[", encoding="utf-8")
    done = asked(playbooks, **variables)
    assert done.code == 2, done.output


def test_the_verdict_that_a_job_handed_over(playbooks: Playbooks) -> None:
    """In a workflow of AWX; no file is read, although another job's run id is handed on, too."""
    assert asked(playbooks, mtv_teardown_verdict="clean", mtv_teardown_run_id="7").code == 0
    assert asked(playbooks, mtv_teardown_verdict="leftovers").code == 2
    assert asked(playbooks, mtv_teardown_verdict="leftovers", mtv_teardown_wanted=["leftovers", "clean"]).code == 0
    assert asked(playbooks).code == 2
