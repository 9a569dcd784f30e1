# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit agrees with every result that a run wrote, and with none from which anything was taken."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._report import second_opinion
from ansible_collections.mtv.teardown.plugins.module_utils._run import judge
from ansible_collections.mtv.teardown.tests.unit.plugins import mutations, results
from ansible_collections.mtv.teardown.tests.unit.plugins.odd_server import KINDS, world
from ansible_collections.mtv.teardown.tests.unit.plugins.samples import some

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).resolve().parents[3] / "extensions" / "result" / "audit.py"
audit = mutations.program()


@pytest.fixture(scope="module", params=sorted(results.MADE))
def result(request: pytest.FixtureRequest) -> dict[str, Any]:
    made = results.MADE[request.param]()
    assert made["verdict"] == request.param
    return made


def test_it_agrees_with_a_result_as_it_was_written(result: dict[str, Any]) -> None:
    assert audit.told(Path("r"), result)[0] == audit.AGREES, audit.told(Path("r"), result)[1]


def test_a_second_look_that_does_not_agree_counts() -> None:
    """And the other way round: a verdict that is told as clean beside it contradicts."""
    judged = second_opinion.judged(results.clean(), second_opinion.Opinion())
    assert judged["verdict"] == "unverified"
    assert audit.told(Path("r"), judged)[0] == audit.AGREES, audit.told(Path("r"), judged)[1]
    artifacts = {**judged["artifacts"], "mtv_teardown_verdict": "clean"}
    assert audit.told(Path("r"), {**judged, "verdict": "clean", "artifacts": artifacts})[0] == audit.CONTRADICTS
    agreed = second_opinion.judged(results.clean(), second_opinion.Opinion(asked=1))
    assert agreed["verdict"] == "clean" and audit.told(Path("r"), agreed)[0] == audit.AGREES


def test_whatever_is_taken_away_flips_it(result: dict[str, Any]) -> None:
    made = list(mutations.of(result))
    kinds = {name.split()[0] for name, _changed in made}
    assert {"asked", "scopes", "looks", "targets", "deleted", "refused", "late", "early"} <= kinds
    assert len(made) > 250
    assert [name for name, changed in made if audit.told(Path("r"), changed)[0] == audit.AGREES] == []


def test_a_leftover_that_nobody_speaks_of_any_more_is_missed() -> None:
    """In all of its places at once, but for the look that met it."""
    result = results.leftovers()
    uid = result["leftovers"][0]["uid"]
    for name in ("leftovers", "targets"):
        result[name] = [entry for entry in result[name] if entry["uid"] != uid]
    result["artifacts"]["mtv_teardown_counts"]["leftovers"] -= 1
    code, lines = audit.told(Path("r"), result)
    assert code == audit.CONTRADICTS and any(uid in line for line in lines)


WIDE, ALL = ("",), ("", "auto-ab12-vms", "shared-vms", "openshift-mtv")
FORBIDDEN = json.dumps({"kind": "Status", "reason": "Forbidden", "message": "forbidden", "code": 403}).encode()


@pytest.mark.parametrize(
    ("kind", "places"), some(((kind, places) for kind in sorted(KINDS) for places in (WIDE, ALL)), 3)
)
def test_it_agrees_whatever_could_not_be_read(kind: str, places: tuple[str, ...]) -> None:
    """A verdict that is honest about what is not known is right."""
    resource = KINDS[kind]
    base = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
    server = results.LivingServer(world())
    for place in places:
        inside = f"/namespaces/{place}" if place else ""
        server.answers[f"{base}{inside}/{resource.plural}"] = (403, FORBIDDEN)
    told = audit.told(Path("r"), results.run(server, session=results.SESSION))
    assert told[0] == audit.AGREES, told[1]


def test_it_agrees_where_nothing_could_be_discovered() -> None:
    server = results.LivingServer(world())
    server.answers["/apis"] = (500, b"{}")
    options = {**results.OPTIONS, "phases": {}, "targets": []}
    result = judge.judge(server.client(), results.SESSION, options, lambda _session: ((), frozenset()))
    assert result["verdict"] == "unverified"
    assert audit.told(Path("r"), json.loads(json.dumps(result)))[0] == audit.AGREES
    result["unreadable"] = []
    assert audit.told(Path("r"), json.loads(json.dumps(result)))[0] == audit.CONTRADICTS


def test_it_says_which_scope_is_missing() -> None:
    result = results.clean()
    last = max(look["number"] for look in result["looks"] if look["of"] == "cluster")
    gone = [a for a in result["asked"] if (a["look"], a["of"], a["kind"]) == (last, "cluster", "PersistentVolume")]
    result["asked"] = [ask for ask in result["asked"] if ask not in gone]
    code, lines = audit.told(Path("r"), result)
    assert code == audit.CONTRADICTS and lines[0].startswith("r: told as clean; the file supports unverified")
    assert f"  look {last}: nobody asked for PersistentVolume (v1) in the whole" in lines


def test_clean_is_not_supported_by_what_was_not_read() -> None:
    result = {**results.unverified(), "verdict": "clean"}
    result["artifacts"] = {**result["artifacts"], "mtv_teardown_verdict": "clean"}
    code, lines = audit.told(Path("r"), result)
    assert code == audit.CONTRADICTS and "the file supports unverified" in lines[0]


def test_what_was_not_read_is_not_zero() -> None:
    result = results.unverified()
    failed = [ask for ask in result["asked"] if ask["outcome"] == "failed"]
    assert failed and {ask["count"] for ask in failed} == {None}
    failed[0]["count"] = 0
    assert audit.told(Path("r"), result)[0] == audit.CONTRADICTS


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"verdict": "unverified", "run_id": "", "began": "", "ended": "", "summary": []}', 3),
        ("[]", 2),
        ("{", 2),
        ('{"verdict": "clean", "ended": "2026-01-01T10:00:00Z"}', 2),
        ('{"verdict": "clean", "ended": "2026-01-01T10:00:00Z", "form": 2}', 2),
    ],
)
def test_the_program_and_its_exit_codes(tmp_path: Path, text: str, code: int) -> None:
    """It runs with nothing but Python."""
    file = tmp_path / "teardown-auto-ab12.result.json"
    file.write_text(text, encoding="utf-8")
    assert _run(str(file)).returncode == code
    good = tmp_path / "verify-auto-ab12.result.json"
    good.write_text(json.dumps(results.clean()), encoding="utf-8")
    assert _run(str(good)).returncode == 0
    both = _run(str(tmp_path))  # a folder; the worst counts
    assert both.returncode == code and "clean, and the file supports it" in both.stdout
    good.unlink()
    file.unlink()
    assert _run(str(tmp_path)).returncode == 2


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(PROGRAM), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_odd_values_are_no_exception(result: dict[str, Any]) -> None:
    for name in result:
        for odd in (None, "x", 7, [], {}, [None], [{}], {"x": []}):
            code, _lines = audit.told(Path("r"), {**result, name: odd})
            assert code in (audit.AGREES, audit.CONTRADICTS, audit.NO_RESULT, audit.NOT_ENDED)


def test_it_imports_nothing_of_the_collection() -> None:
    tree = ast.parse(PROGRAM.read_text(encoding="utf-8"))
    names = {a.name.partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    names |= {str(node.module).partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names <= set(sys.stdlib_module_names)
