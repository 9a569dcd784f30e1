# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guides name what the code says."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import guards
from ansible_collections.mtv.teardown.plugins.module_utils._session import finalizers

from tests.contract.guide_commands import COMMANDS, blocks, commands, guides, plays

ROOT = Path(__file__).resolve().parents[2]


def test_the_guide_names_what_each_finalizer_guards() -> None:
    """And the graces are those of the code."""
    text = (ROOT / "docs/docsite/rst/guide_finalizers.rst").read_text(encoding="utf-8")
    table = text[text.index("must be gone, as read") : text.index("Every other finalizer")]
    rows = re.findall(r"^   \* - (.*)\n     - (.*)\n     - .*\(``([a-z-]+)``\)$", table, flags=re.MULTILINE)
    told = {rule: (set(re.findall(r"``([^`]+)``", names)), set(kinds.split(", "))) for names, kinds, rule in rows}
    assert told == {g.rule: (set(g.finalizers), {kind for _group, kind in g.kinds}) for g in guards.GUARDS}
    longer = [kind for kind, seconds in finalizers.GRACES.items() if seconds == 600]
    assert f"600 s for {', '.join(longer[:-1])} and {longer[-1]}" in text and finalizers.GRACES["default"] == 300


def test_tests_that_the_safety_guide_names_are_there() -> None:
    text = (ROOT / "docs/docsite/rst/guide_safety.rst").read_text(encoding="utf-8")
    files = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    assert set(re.findall(r"(test_\w+\.py)", text)) <= files


def test_every_command_of_a_guide_is_run() -> None:
    """By tests/contract/test_guide_commands.py, as its table says."""
    told = commands()
    assert len(told) >= 15
    missing = {command: files for command, files in told.items() if command not in COMMANDS}
    assert missing == {}, "these have no line in COMMANDS of tests/contract/guide_commands.py"
    assert set(COMMANDS) - set(told) == set(), "these stand in no guide any more"
    assert [command for command, case in COMMANDS.items() if bool(case.instead) != bool(case.why)] == []


def test_yaml_of_a_guide_is_yaml() -> None:
    found = [block for file in guides() for block in blocks(file) if block.language == "yaml"]
    assert len(found) >= 14
    assert all(yaml.safe_load(block.text) for block in found)


def _roles_of(play: dict[str, Any]) -> Iterator[tuple[str, set[str]]]:
    """Each of our roles that a play uses, and the variables that it gives."""
    for entry in play.get("roles", []):
        yield entry["role"], set(entry) - {"role"}
    tasks = [
        task for entry in play.get("tasks", []) for task in (entry, *entry.get("block", []), *entry.get("always", []))
    ]
    for task in tasks:
        if "ansible.builtin.import_role" in task:
            yield task["ansible.builtin.import_role"]["name"], set(task.get("vars", {}))


@pytest.mark.parametrize("name", plays())
def test_roles_in_playbooks_of_guides_have_the_variables_that_are_given(name: str) -> None:
    used = [found for play in yaml.safe_load(plays()[name]) for found in _roles_of(play)]
    assert used
    for role, given in used:
        specs = (ROOT / "roles" / role.removeprefix("mtv.teardown.") / "meta/argument_specs.yml").read_text(
            encoding="utf-8"
        )
        assert given <= set(yaml.safe_load(specs)["argument_specs"]["main"]["options"])


def test_every_variable_is_told_and_no_other() -> None:
    sources = [path for folder in ("roles", "playbooks") for path in (ROOT / folder).rglob("*.yml")]
    told = [path for path in guides() if path.parent.name == "rst"]
    in_code, in_guides = (
        {name for path in paths for name in re.findall(r"\bmtv_teardown_[a-z_]+", path.read_text(encoding="utf-8"))}
        for paths in (sources, told)
    )
    assert len(in_guides) > 25
    # A face of the result has names of its own; "connection" is what the playbooks make of the options for one.
    face = (ROOT / "docs/examples/report/teardown-auto-ab12.prom").read_text(encoding="utf-8")
    metrics = set(re.findall(r"\bmtv_teardown_[a-z_]+", face)) - in_code
    assert in_guides - metrics == in_code - {"mtv_teardown_connection"}


def test_targets_of_make_that_are_told_exist() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md")]
    told = {name for text in texts for name in re.findall(r"(?:^    |`)make ([a-z-]+)", text, flags=re.MULTILINE)}
    assert told >= {"demo", "test", "quick", "lab-up", "bench"}
    for name in told:
        subprocess.run(["make", "--dry-run", name], cwd=ROOT, check=True, capture_output=True)


def test_the_guide_of_verdicts_names_every_key_of_the_result_and_every_line_of_the_summary() -> None:
    guide = (ROOT / "docs/docsite/rst/guide_verdicts.rst").read_text(encoding="utf-8")
    module = (ROOT / "plugins/modules/leftovers_info.py").read_text(encoding="utf-8")
    returned = yaml.safe_load(module.split('RETURN = r"""')[1].split('"""')[0])
    table = guide.split("The result file\n")[1].split("What to do\n")[0]
    rows = re.findall(r"^   \* - (``.*``)$", table, flags=re.MULTILINE)
    assert {key for row in rows for key in re.findall(r"``(\w+)``", row)} == set(returned)
    lines = (ROOT / "plugins/module_utils/_report/summary.py").read_text(encoding="utf-8").split("def of_verdict")[1]
    titles = set(re.findall(r'_section\("([^"]+)"', lines)) | {"not touched", "certificates not verified, by choice"}
    assert len(titles) >= 7
    assert {title for title in titles if f"``{title}:``" not in guide} == set()


def test_the_safety_guide_names_every_evidence_and_no_other() -> None:
    guide = (ROOT / "docs/docsite/rst/guide_safety.rst").read_text(encoding="utf-8")
    code = (ROOT / "plugins/module_utils/_cluster/ownership.py").read_text(encoding="utf-8")
    rows = re.findall(r"^   \* - (``.*``)$", guide, flags=re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"``([^`]+)``", row)} == set(
        re.findall(r'_owned\("([^"]+)"', code)
    )


@pytest.mark.parametrize(
    ("guide", "language", "examples"),
    [
        ("guide_ci.rst", "yaml", "docs/examples/ci/*.yml"),
        ("guide_ci.rst", "groovy", "docs/examples/ci/Jenkinsfile"),
        ("guide_molecule.rst", "yaml", "docs/examples/acme.migrations/extensions/molecule/**/*.yml"),
    ],
)
def test_guides_show_what_the_examples_do(guide: str, language: str, examples: str) -> None:
    whole = [_without_indentation(file.read_text(encoding="utf-8")) for file in ROOT.glob(examples)]
    shown = [block.text.strip() for block in blocks(ROOT / "docs/docsite/rst" / guide) if block.language == language]
    assert shown
    for block in shown:
        assert any(_without_indentation(block) in text for text in whole), block


def _without_indentation(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines())
