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


def test_pytest_knows_the_check_of_a_test() -> None:
    """It imports all of them for that: one that cannot be imported would stop every check."""
    told = _collected("-m", "faults", "tests/contract")
    assert "test_races.py" in told
    assert "test_runs_molecule.py" not in told
    assert "deselected" in told


def test_what_is_left_to_make_test_all_is_there() -> None:
    """A test that was renamed would be in both without a word."""
    told = _collected("-m", "exhaustive", "tests/contract")
    assert [
        one for one in EXHAUSTIVE if not re.search(rf"^tests/contract/{re.escape(one)}([\[:]|$)", told, re.MULTILINE)
    ] == []


def _collected(*arguments: str) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
