# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run writes can be checked by who was not there: its form, its times, and its verdict."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ansible_collections.mtv.teardown.tests.unit.plugins import mutations

from tests.contract.ansible_runs import Playbooks
from tests.lab.admin import Admin
from tests.lab.controlplane import CHECKOUT, Lab

SCHEMA = json.loads((CHECKOUT / "extensions/result/result-1.schema.json").read_text(encoding="utf-8"))
HELD = {"finalizers": ["example.com/held"]}
audit = mutations.program()


@pytest.fixture
def playbooks(lab: Lab, tmp_path: Path) -> Playbooks:
    return Playbooks(lab, tmp_path)


def check(playbooks: Playbooks, result: dict[str, Any]) -> None:
    """Its form, that the audit agrees, and that it does with nothing of what is left when one thing is taken away."""
    jsonschema.Draft202012Validator(SCHEMA).validate(result)
    assert audit.told(Path("r"), result) == (0, audit.told(Path("r"), result)[1])
    agreed = [name for name, changed in mutations.of(result) if audit.told(Path("r"), changed)[0] == audit.AGREES]
    assert agreed == []
    done = playbooks.run_file(CHECKOUT / "playbooks" / "audit.yml")
    assert done.code == 0 and f"{result['verdict']}, and the file supports it" in done.output, done.output


def test_a_clean_run_proves_itself(playbooks: Playbooks, admin: Admin, prefix: str) -> None:
    others = admin.namespace(f"{prefix}0")
    for namespace in (admin.namespace(prefix), others):
        admin.make("Secret", namespace, f"{prefix}-a")
    done = playbooks.run("teardown", session_prefix=prefix, mtv_teardown_run_id="build-4711")
    assert done.code == 0, done.output
    result = playbooks.result(prefix)
    check(playbooks, result)
    assert (result["run_id"], result["versions"]["collection"]) == ("build-4711", "0.2.0")
    targets = {(target["kind"], target["name"]): target for target in result["targets"]}
    namespace = targets[("Namespace", prefix)]
    assert namespace["evidence"] == "name" and namespace["rests_on"] == f"prefix {prefix}"
    assert namespace["seen"] <= namespace["asked"] <= namespace["gone"] <= result["looks"][-1]["ended"]
    assert targets[("Secret", f"{prefix}-a")]["rests_on"] == f"Namespace {prefix}"
    ran = [phase["name"] for phase in result["phases"] if phase["ran"]]
    assert ran[0] == "session" and ran[-1] == "verify" and "namespaces" in ran
    versions = {ask["version"] for ask in result["asked"] if ask["kind"] == "Namespace"}
    assert all(version.isdigit() for version in versions) and versions
    changed = playbooks.folder / ".data-collector" / f"teardown-{prefix}.result.json"
    changed.write_text(json.dumps({**result, "looks": result["looks"][:1]}), encoding="utf-8")
    failed = playbooks.run_file(CHECKOUT / "playbooks" / "audit.yml", result_file=str(changed))
    assert failed.code == 2 and "does not support the verdict that it tells" in failed.output
    assert admin.uid("Secret", others, f"{prefix}-a")


def test_leftovers_prove_themselves(playbooks: Playbooks, admin: Admin, prefix: str) -> None:
    admin.make("ConfigMap", admin.namespace(prefix), "held", metadata=HELD)
    others = admin.make("Secret", admin.namespace(f"{prefix}0"), "b")
    done = playbooks.run("teardown", session_prefix=prefix, mtv_teardown_stall_timeout=2)
    assert done.code == 2, done.output
    result = playbooks.result(prefix)
    assert result["verdict"] == "leftovers"
    check(playbooks, result)
    held = next(target for target in result["targets"] if target["name"] == "held")
    assert (held["outcome"], held["gone"]) == ("left", "") and held["seen"] and not result["earlier_runs"]
    first, journal = result["run_id"], playbooks.folder / ".data-collector" / f"teardown-{prefix}.journal.jsonl"
    assert playbooks.run("verify", session_prefix=prefix).code == 2
    admin.release("ConfigMap", prefix, "held")
    assert journal.stat().st_mode & 0o777 == 0o600
    done = playbooks.run("teardown", session_prefix=prefix)
    assert done.code == 0 and f"earlier run {first} (" in done.output, done.output
    result = playbooks.result(prefix)
    check(playbooks, result)
    (earlier,) = result["earlier_runs"]
    assert (earlier["run_id"], earlier["verdict"]) == (first, "leftovers")
    assert {"held", prefix} <= {one["name"] for one in earlier["intended"]}
    assert not any(one["left"] for one in earlier["intended"]) and not journal.exists()
    assert admin.uid("Secret", f"{prefix}0", "b") == others["metadata"]["uid"]


def test_a_look_without_a_teardown_proves_itself(playbooks: Playbooks, admin: Admin, prefix: str) -> None:
    admin.make("Secret", admin.namespace(prefix), "b")
    assert playbooks.run("verify", session_prefix=prefix).code == 2
    file = playbooks.folder / ".data-collector" / f"verify-{prefix}.result.json"
    check(playbooks, json.loads(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize(("options", "told"), [("ro", "Read-only file system"), ("size=4k", "No space left on device")])
def test_where_nothing_can_be_written_nothing_is_deleted(
    playbooks: Playbooks, admin: Admin, prefix: str, options: str, told: str
) -> None:
    made = admin.make("Secret", admin.namespace(prefix), "a")["metadata"]["uid"]
    play, folder = CHECKOUT / "playbooks" / "teardown.yml", playbooks.folder / ".data-collector"
    done = playbooks.run_on_a_disk(options, folder, play, session_prefix=prefix)
    assert done.code == 2 and told in done.output, done.output
    assert done.wrote == [] and admin.uid("Secret", prefix, "a") == made
    assert not any("clean" in file.read_text(encoding="utf-8") for file in folder.iterdir())
