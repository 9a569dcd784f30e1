# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema of a result is what runs write, and what the module documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from ansible_collections.mtv.teardown.plugins.module_utils._report import record
from ansible_collections.mtv.teardown.plugins.module_utils._run import earlier
from ansible_collections.mtv.teardown.tests.unit.plugins import holding_server, results

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "extensions" / "result" / f"result-{record.FORM}.schema.json"
SCHEMA: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
VALID = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


def errors(result: dict[str, Any]) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in VALID.iter_errors(result)]


@pytest.mark.parametrize("name", sorted(results.MADE))
def test_results_have_the_form(name: str) -> None:
    result = results.MADE[name]()
    assert (errors(result), result["verdict"]) == ([], name)
    for key in result:
        if key not in ("changed", "failed", "evidence"):  # which came later
            assert errors({other: value for other, value in result.items() if other != key}), key


def test_a_result_with_finalizers_has_the_form() -> None:
    result = holding_server.whole_run()
    assert errors(result) == [] and len(result["finalizers_removed"]) == len(result["finalizers_kept"]) == 1
    for key in ("finalizer", "finalizers", "rule", "by", "removed", "account"):
        entry = {name: value for name, value in result["finalizers_removed"][0].items() if name != key}
        assert errors({**result, "finalizers_removed": [entry]}), key


@pytest.mark.parametrize("place", [{"namespace": "auto-ab12"}, {"namespace": None, "provider": "vsphere-8"}])
def test_a_result_with_evidence_has_the_form(place: dict[str, Any]) -> None:
    about = {"kind": "ConfigMap", "api_version": "v1", "name": "held", "uid": "u-1", "why": "hangs", **place}
    file = {"path": "auto-ab12.evidence/r/ConfigMap-1.yaml", "size": 7, "sha256": "a" * 64, "truncated": False, **about}
    file["taken"] = "2026-01-01T10:00:00.000Z"
    phases = {"a": {"evidence": {"folder": "auto-ab12.evidence/r", "files": [file], "notes": ["x"]}}}
    result = {**results.clean(), "evidence": earlier.evidence_of(earlier.checked(phases)["phases"])}
    assert errors(result) == []
    for key in set(file) - {"provider"}:
        entry = {name: value for name, value in file.items() if name != key}
        assert errors({**result, "evidence": {**result["evidence"], "files": [entry]}}), key


def test_what_was_not_read_has_no_count() -> None:
    result = results.unverified()
    failed = next(ask for ask in result["asked"] if ask["outcome"] == "failed")
    failed["count"] = 0
    assert len(errors(result)) == 1


def test_what_was_begun_is_a_result_and_says_nothing() -> None:
    tasks = yaml.safe_load((ROOT / "roles/report/tasks/begin.yml").read_text(encoding="utf-8"))
    begun = {**tasks[0]["vars"]["__report_begun"], "run_id": "build-7", "began": "2026-01-01T10:00:00Z"}
    assert errors(begun) == []
    assert errors({**begun, "verdict": "clean"})


def test_the_schema_is_linked_and_describes_what_the_module_returns() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == record.SCHEMA == results.clean()["$schema"] == results.clean()["schema"]
    module = (ROOT / "plugins/modules/leftovers_info.py").read_text(encoding="utf-8")
    returned = yaml.safe_load(module.split('RETURN = r"""')[1].split('"""')[0])
    assert set(SCHEMA["properties"]) - {"$schema", "changed", "failed"} == set(returned)
    for name in ("looks", "asked"):
        assert set(SCHEMA["$defs"][name.rstrip("s") if name == "looks" else "ask"]["properties"]) == set(
            returned[name]["contains"]
        )


def test_versions_and_places_are_those_of_the_collection() -> None:
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    assert (galaxy["version"], galaxy["repository"]) == (record.VERSION, record.REPOSITORY)
    assert not [name for name in galaxy["build_ignore"] if name.startswith("extensions")]


def test_no_option_with_a_secret_is_among_the_inputs() -> None:
    inputs = results.clean()["inputs"]
    assert set(inputs) == set(SCHEMA["properties"]["inputs"]["properties"])
    assert {key for one in inputs["providers"] for key in one} == {"key", "type"}
