# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin as people install it: a wheel in an empty venv, under a suite without pytest-harvest or the wrapper."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab.build import uv
from tests.lab.controlplane import CHECKOUT

PLUGIN = CHECKOUT / "extensions" / "pytest"
TESTS = """
import pytest

@pytest.mark.parametrize("number", range(20))
def test_makes_something(mtv_record, number):
    mtv_record.begin("auto-ab12")
    call = mtv_record.intent("ConfigMap", f"values-{number}", "auto-ab12", module="ocp_resources.config_map")
    mtv_record.made(call, uid="6f0e")
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    uv("build", "--quiet", "--wheel", "--out-dir", str(folder), str(PLUGIN))
    (wheel,) = folder.glob("mtv_teardown_record-*.whl")
    uv("venv", "--quiet", "--python", sys.executable, str(folder / "venv"))
    found = folder / "venv" / "bin" / "python"
    uv("pip", "install", "--quiet", "--python", str(found), str(wheel))
    return found


@pytest.fixture
def run(python: Path, tmp_path: Path) -> Run:
    """pytest with nothing of the caller's; where to write is absolute, so that no test's chdir changes it."""
    (tmp_path / "test_it.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "our-tests"\nversion = "2.8.3"\n', encoding="utf-8")

    def started(*arguments: str, limit: int = 0) -> subprocess.CompletedProcess[str]:
        def limited() -> None:
            if limit:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        return subprocess.run(
            [str(python), "-m", "pytest", "-p", "no:cacheprovider", *arguments],
            cwd=tmp_path, env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}, text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, preexec_fn=limited,
        )  # fmt: skip

    return started


def test_it_is_loaded_by_itself(run: Run, tmp_path: Path) -> None:
    listed = run("--co")
    assert "mtv-teardown-record-0.1.0" in listed.stdout
    assert not (tmp_path / ".data-collector").exists()
    done = run("-W", "error")
    assert done.returncode == 0, done.stdout
    assert "mtv_record: what is made is recorded in .data-collector/resources.json" in done.stdout
    found = json.loads((tmp_path / ".data-collector" / "resources.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in found["ConfigMap"]] == [f"values-{number}" for number in range(20)]
    lines = (tmp_path / ".data-collector" / "resources.journal.jsonl").read_text(encoding="utf-8").splitlines()
    facts = json.loads(lines[0])
    assert (facts["form"], facts["suite"], facts["prefix"]) == (1, "our-tests 2.8.3", "auto-ab12")
    assert len(lines) == 2 * 20 + 2


def test_another_folder_and_none(run: Run, tmp_path: Path) -> None:
    assert run("--mtv-record-path", "there/it/is").returncode == 0
    assert (tmp_path / "there/it/is/resources.json").is_file()
    assert "mtv_record: off" in run("--no-mtv-record").stdout
    assert not (tmp_path / ".data-collector").exists()


def test_what_an_earlier_run_left_is_kept(run: Run, tmp_path: Path) -> None:
    for _run in range(2):
        assert run().returncode == 0
    names = sorted(path.name.split(".", 1)[1] for path in (tmp_path / ".data-collector").glob("earlier-*"))
    assert names == ["resources.journal.jsonl", "resources.json"]


def test_a_folder_that_cannot_be_written_is_told_and_the_tests_go_on(run: Run) -> None:
    done = run("-W", "error", "--mtv-record-path", "/proc/nowhere")
    assert done.returncode == 0, done.stdout
    assert "20 passed" in done.stdout
    assert done.stdout.count("= mtv_record: not everything could be recorded =") == 1
    assert "/proc/nowhere: No such file or directory" in done.stdout


@pytest.mark.parametrize("limit", [700, 1500, 2500])
def test_a_full_disk_is_told_and_the_tests_go_on(run: Run, tmp_path: Path, limit: int) -> None:
    done = run("-W", "error", limit=limit)
    assert done.returncode == 0, done.stdout
    assert "20 passed" in done.stdout
    assert done.stdout.count("= mtv_record: not everything could be recorded =") == 1
    data = (tmp_path / ".data-collector" / "resources.journal.jsonl").read_bytes()
    assert data.endswith(b"\n")
    assert all(json.loads(line) for line in data.splitlines())
    found = json.loads((tmp_path / ".data-collector" / "resources.json").read_text(encoding="utf-8"))
    assert 1 <= len(found["ConfigMap"]) < 20
