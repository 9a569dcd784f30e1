# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every test of tests/contract is run by one check, and make test runs all checks."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.contract.checks import CHECKS, EXHAUSTIVE, FILES, checks_of
from tests.project import marks

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "tests" / "checks"
NAMES = sorted(path.name for path in (ROOT / "tests" / "contract").glob("test_*.py"))


def test_a_file_is_run_by_one_check() -> None:
    assert [name for name in NAMES if len(checks_of(name)) != 1] == []
    assert {check for name in NAMES for check in checks_of(name)} == set(CHECKS)


@pytest.mark.parametrize("pattern", [pattern for patterns in FILES.values() for pattern in patterns])
def test_a_pattern_names_a_file(pattern: str) -> None:
    assert [name for name in NAMES if fnmatch(name, pattern)]


@pytest.mark.parametrize("check", CHECKS)
def test_a_check_has_a_script_and_make_test_runs_it(check: str) -> None:
    script = (SCRIPTS / f"{check}.sh").read_text(encoding="utf-8")
    assert re.search(rf'^contract_tests {check} \d+ \d+ "\$@"$', script, re.MULTILINE)
    assert re.search(rf"^(steps=')?{check}\|", (SCRIPTS / "test.sh").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.sh")), ids=lambda path: path.name)
def test_no_script_looks_for_tests_by_a_pattern(script: Path) -> None:
    """It would find the bytecode of earlier runs, too."""
    assert not re.search(r"test_[a-z_]*\*|find tests/contract", script.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def marked() -> dict[str, list[str]]:
    """Each test of tests/contract with its marks, as pytest tells them. It imports all of them for that: one that
    cannot be imported would stop every check."""
    options = ["-q", "--collect-only", "-p", "no:cacheprovider", "-p", marks.__name__]
    command = [sys.executable, "-m", "pytest", *options, "tests/contract"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    told = [
        line.removeprefix(marks.TOLD).split("\t") for line in done.stdout.splitlines() if line.startswith(marks.TOLD)
    ]
    return {name: names.split() for name, names in told}


def test_pytest_knows_the_check_of_a_test(marked: dict[str, list[str]]) -> None:
    checks = {name.partition("::")[0]: set(names) & set(CHECKS) for name, names in marked.items()}
    assert {file.removeprefix("tests/contract/"): found for file, found in checks.items()} == {
        name: set(checks_of(name)) for name in NAMES
    }


def test_what_is_left_to_make_test_all_is_there(marked: dict[str, list[str]]) -> None:
    """A test that was renamed would be in both without a word."""
    left = [name for name, names in marked.items() if "exhaustive" in names]
    assert [one for one in EXHAUSTIVE if not any(_names(one, name) for name in left)] == []


def _names(entry: str, test: str) -> bool:
    return re.match(rf"tests/contract/{re.escape(entry)}([\[:]|$)", test) is not None
