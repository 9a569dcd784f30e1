# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other people's molecule: the example acme.migrations, whose cleanup and destroy use this collection."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.contract.ansible_runs import Playbooks
from tests.lab.controlplane import CHECKOUT, Lab
from tests.lab.manifests import STORAGE_CLASS
from tests.lab.operator.settings import OUTCOME
from tests.lab.worlds import check, seed
from tests.lab.worlds.cluster import Entry

EXAMPLE = CHECKOUT / "docs" / "examples" / "acme.migrations"
PASSWORD = "not-to-be-shown"


@dataclass
class Project:
    """A copy of the example, and a cluster that others use."""

    folder: Path
    lab: Lab

    @property
    def collector(self) -> Path:
        return self.folder / ".data-collector" / "default"

    def molecule(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run molecule; each time is a new process that knows nothing but what the last one wrote."""
        environment = {
            **Playbooks(self.lab, self.folder).environment(),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "ANSIBLE_COLLECTIONS_PATH": str(self.folder.parents[2]),
            "MOLECULE_EPHEMERAL_DIRECTORY": str(self.folder.parents[2] / "molecule"),
            "SOURCE_URL": "https://source.lab.invalid",
            "SOURCE_USER": "u",
            "SOURCE_PASSWORD": PASSWORD,
            "TARGET_STORAGE_CLASS": STORAGE_CLASS,
            "NO_COLOR": "1",
        }
        done = subprocess.run(
            ["molecule", *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        done.stdout += done.stderr
        assert "Missing playbook" not in done.stdout
        assert PASSWORD not in done.stdout
        return done

    def objects(self) -> dict[str, Entry]:
        return check.look(self.lab)


@pytest.fixture(scope="module")
def crowded(acting_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Another session's migrations, and everybody else beside them."""
    seed.seed(acting_lab, "cold", "auto-m0le", tmp_path_factory.mktemp("world"))
    return acting_lab


@pytest.fixture
def project(crowded: Lab, tmp_path: Path) -> Project:
    folder = tmp_path / "ansible_collections" / "acme" / "migrations"
    shutil.copytree(EXAMPLE, folder)
    return Project(folder, crowded)


def test_a_run_that_died_ends_clean_at_the_next_destroy(project: Project) -> None:
    before = project.objects()
    never_ends = {"cold_migration_annotations": {OUTCOME: "running"}, "cold_migration_timeout": 4}
    died = project.molecule("converge", "--", "-e", json.dumps(never_ends))
    assert died.returncode == 2, died.stdout
    assert "Timed out waiting" in died.stdout
    left = [entry for uid, entry in project.objects().items() if uid not in before]
    assert {"Namespace", "Secret", "Provider", "Plan", "Migration", "DataVolume"} <= {entry["kind"] for entry in left}
    session = (project.collector / "session").read_text(encoding="utf-8").split()[0]
    assert {entry["namespace"] for entry in left if entry["kind"] == "Plan"} == {f"auto-{session}"}

    done = project.molecule("destroy")
    assert done.returncode == 0, done.stdout
    result = json.loads((project.collector / f"teardown-auto-{session}.result.json").read_text(encoding="utf-8"))
    assert result["verdict"] == "clean"
    assert set(project.objects()) == set(before)
    assert not (project.collector / "session").exists()


def test_an_undisturbed_run(project: Project) -> None:
    before = project.objects()
    done = project.molecule("test")
    assert done.returncode == 0, done.stdout
    assert re.search(r"successful=6 .*skipped=0 .*missing=0 .*failed=0", done.stdout), done.stdout
    assert "It came over" in done.stdout
    assert set(project.objects()) == set(before)
