# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for the collection as a whole."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_collections.kubernetes import core
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from tests.lab.worlds.table import WORLDS

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "plugins" / "modules").glob("*.py"))
DELETING = (
    "migrations",
    "plans",
    "migrated_vms",
    "openshift_resources",
    "provider_clones",
    "vsphere_clones",
    "ovirt_clones",
    "openstack_clones",
    "volume_snapshots",
)


def _tracked(*patterns: str) -> list[Path]:
    command = ["git", "ls-files", "-co", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def _constant(module: Path, name: str) -> str:
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            return str(ast.literal_eval(node.value))
    return ""


def test_the_range_of_kubernetes_core() -> None:
    """Its functions that are used here are not public. versions.sh tries the lower end and the newest release."""
    text = (ROOT / "plugins/module_utils/_cluster/rest.py").read_text(encoding="utf-8")
    named = re.findall(r'^_CORE_RANGE = "(.+)"$', text, flags=re.M)
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    assert [galaxy["dependencies"]["kubernetes.core"]] == named
    installed = json.loads((Path(core.__path__[0]) / "MANIFEST.json").read_text(encoding="utf-8"))
    version = Version(installed["collection_info"]["version"])
    assert version in SpecifierSet(named[0]) and "<" in named[0]


def test_the_ranges_of_the_collections_of_a_second_look() -> None:
    """And every module of theirs that is used is of one that is declared."""
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    folder = Path(core.__path__[0]).parents[1]
    for name, bounds in galaxy["dependencies"].items():
        manifest = (folder / name.replace(".", "/") / "MANIFEST.json").read_text(encoding="utf-8")
        version = Version(json.loads(manifest)["collection_info"]["version"])
        assert version in SpecifierSet(bounds) and "<" in bounds and ">=" in bounds, name
    tasks = (ROOT / "roles/second_look/tasks/main.yml").read_text(encoding="utf-8")
    used = set(re.findall(r"^ +(\w+\.\w+)\.\w+_info:$", tasks, flags=re.M))
    assert used == {*galaxy["dependencies"], "mtv.teardown"}


def test_the_action_group_has_every_module_that_takes_the_connection_of_a_cluster() -> None:
    """And no other: its user and password are nothing for a source provider."""
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    documented = {path.stem: yaml.safe_load(_constant(path, "DOCUMENTATION")) for path in MODULES}
    fragment = "kubernetes.core.k8s_auth_options"
    wanted = [name for name, docs in documented.items() if fragment in docs["extends_documentation_fragment"]]
    assert sorted(runtime["action_groups"]["teardown"]) == sorted(wanted)
    assert {"session_info", "kubeconfig"} < set(wanted) and not {"vsphere_clones", "ovirt_clones"} & set(wanted)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_modules_are_documented_and_thin(module: Path) -> None:
    for name in ("DOCUMENTATION", "EXAMPLES", "RETURN"):
        assert yaml.safe_load(_constant(module, name)), name
    body = module.read_text(encoding="utf-8")
    for name in ("DOCUMENTATION", "EXAMPLES", "RETURN"):
        body = re.sub(rf'{name} = r?""".*?"""', "", body, flags=re.S)
    code = [line for line in body.splitlines() if line.strip() and not line.strip().startswith("#")]
    assert len(code) <= 80


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_modules_require_what_requirements_txt_has(module: Path) -> None:
    """These lower bounds are tried by tests/checks/versions.sh."""
    ours = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    documented = yaml.safe_load(_constant(module, "DOCUMENTATION"))["requirements"]
    wanted = [line.replace(" ", "") for line in documented if ">=" in line and not line.startswith("python ")]
    assert wanted or module.stem == "show"
    assert set(wanted) <= set(ours)


@pytest.mark.parametrize("name", DELETING)
def test_deleting_modules_return_one_shape(name: str) -> None:
    returned = yaml.safe_load(_constant(ROOT / "plugins" / "modules" / f"{name}.py", "RETURN"))
    assert {"absent", "refused", "remaining", "unreadable"} <= set(returned)


def test_the_changelog_knows_the_version() -> None:
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    changes = yaml.safe_load((ROOT / "changelogs" / "changelog.yaml").read_text(encoding="utf-8"))
    assert version in changes["releases"]


def test_the_safety_guide_names_tests_that_exist() -> None:
    guide = (ROOT / "docs" / "docsite" / "rst" / "guide_safety.rst").read_text(encoding="utf-8")
    named = re.findall(r"``([\w/]*test_\w+\.py)(?:::(\w+))?``", guide)
    assert len(named) >= 8
    for file, function in named:
        found = [path for path in _tracked("tests/*.py") if str(path).endswith(f"/{file}")]
        assert found, file
        assert function in found[0].read_text(encoding="utf-8"), function
    assert len(re.findall(r"^\d\. ", guide, flags=re.M)) == 8  # DESIGN's invariants


def test_every_world_has_its_scenario() -> None:
    scenarios = {path.parent.name for path in (ROOT / "extensions" / "molecule").glob("*/molecule.yml")}
    assert scenarios == set(WORLDS) - {"bulk"}


def test_nothing_is_ignored_by_sanity() -> None:
    assert _tracked("tests/sanity/ignore*") == []


def test_no_big_files() -> None:
    assert [path for path in _tracked() if path.stat().st_size > 1_000_000] == []


def test_every_source_says_its_licence() -> None:
    sources = _tracked("*.py", "*.yml", "*.sh", "*.go", "Makefile")
    assert len(sources) > 100
    bare = [path for path in sources if "GPL-3.0-or-later" not in path.read_text(encoding="utf-8")[:600]]
    assert [path.name for path in bare if path.stat().st_size and path.parent.name != "fragments"] == []
