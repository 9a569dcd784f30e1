# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The execution environment: what goes into it, and a whole teardown in it, on a read-only file system, not as root."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from bindep.depends import Depends

from tests.contract.image import ARTIFACTS, Image
from tests.lab.admin import Admin, admin_of
from tests.lab.controlplane import CHECKOUT, Lab


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    folder = tmp_path / "artifacts"
    folder.mkdir()
    return folder


@pytest.fixture
def others(acting_lab: Lab) -> Admin:
    return admin_of(acting_lab)


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def _lines(file: Path) -> set[str]:
    return {line for line in file.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")}


def _ours(file: Path) -> set[str]:
    """What ansible-builder found in our collection, in its own notation."""
    found = re.findall(r"^(.+?)\s+# from collection mtv\.teardown$", file.read_text(encoding="utf-8"), flags=re.M)
    return {line.strip() for line in found}


def test_the_definition_asks_for_the_collection_alone(image: Image) -> None:
    wanted = yaml.safe_load((image.context / "_build" / "requirements.yml").read_text(encoding="utf-8"))
    assert wanted == {"collections": [{"name": "mtv.teardown"}]}
    assert not (image.context / "_build" / "requirements.txt").exists()
    assert not (image.context / "_build" / "bindep.txt").exists()


def test_its_packages_are_those_of_the_collection(image: Image) -> None:
    # It leaves PyYAML out itself: ansible-core brings it.
    assert _ours(image.python) | {"PyYAML>=6.0.1"} == _lines(CHECKOUT / "requirements.txt")
    assert _ours(image.system) == _lines(CHECKOUT / "bindep.txt")


def test_compilers_are_only_there_to_build(image: Image) -> None:
    wanted = Depends(image.system.read_text(encoding="utf-8"))
    names = {
        profile: {rule[0] for rule in wanted.active_rules([profile, "platform:rpm", "platform:centos"])}
        for profile in ("default", "compile")
    }
    assert names == {"default": {"libxml2"}, "compile": {"gcc", "libxml2", "libxml2-devel", "python3-devel"}}


def test_what_a_run_writes_has_its_place_in_the_artifacts(image: Image) -> None:
    variables = image.variables()
    for name in ("HOME", "ANSIBLE_HOME", "ANSIBLE_REMOTE_TEMP", "TMPDIR"):
        assert Path(variables[name]).is_relative_to(ARTIFACTS), name


def test_nothing_but_the_artifacts_can_be_written(image: Image, artifacts: Path) -> None:
    places = [artifacts.parent, image.folder, Path.home(), Path("/tmp"), Path("/var/tmp"), CHECKOUT]
    tries = "; ".join(f'touch "{place}/x" 2>&1' for place in places)
    done = image.run(
        artifacts,
        "sh",
        "-c",
        f'id -u; whoami 2>&1; echo "home: ${{HOME-none}}"; touch here; {tries}; touch "$TMPDIR/x"',
    )
    assert done.returncode == 0, (
        f"user namespaces are needed here (in Docker: --security-opt seccomp=unconfined): {done.stderr}"
    )
    assert done.stdout.startswith("1000710000\n")
    assert "cannot find name" in done.stdout
    assert f"home: {artifacts}" in done.stdout
    assert done.stdout.count("Read-only file system") == len(places)
    assert _files(artifacts) == {"x"}


def test_a_whole_teardown(image: Image, artifacts: Path, others: Admin, acting_lab: Lab, prefix: str) -> None:
    for namespace in (prefix, f"{prefix}0"):
        others.make("Secret", others.namespace(namespace), "a")
    kubeconfig = str(acting_lab.kubeconfig)
    play = ("ansible-playbook", "mtv.teardown.teardown", "-e", f"session_prefix={prefix}")
    play = (*play, "-e", f"data_collector_path={artifacts}")
    checked = image.run(artifacts, *play, "--check", KUBECONFIG=kubeconfig)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"Secret {prefix}/a" in checked.stdout
    assert _files(artifacts) == set()
    done = image.run(artifacts, *play, KUBECONFIG=kubeconfig)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "CLEAN" in done.stdout
    assert "Read-only" not in done.stdout + done.stderr
    assert _files(artifacts) == {f"teardown-{prefix}.{end}" for end in ("result.json", "session.json", "html")}
    assert not others.uid("Secret", prefix, "a")
    assert others.uid("Secret", f"{prefix}0", "a")


def test_source_providers_are_asked(image: Image, artifacts: Path, acting_lab: Lab, prefix: str) -> None:
    """Their clients are there and work: each of them is refused by a port where nobody listens."""
    nobody = {"username": "somebody", "password": "not-shown", "fqdn": "127.0.0.1:1"}
    urls = {
        "vsphere": "https://127.0.0.1:1/sdk",
        "ovirt": "https://127.0.0.1:1/ovirt-engine/api",
        "openstack": "https://127.0.0.1:1/v3",
    }
    cloud = {"user_domain_name": "d", "project_name": "p", "project_domain_name": "d", "region_name": "r"}
    providers = {
        name: {**nobody, **(cloud if name == "openstack" else {}), "type": name, "version": "1", "api_url": url}
        for name, url in urls.items()
    }
    record = {name: [{"name": f"{prefix}-clone"}] for name in urls}
    for file, content in ((".providers.json", providers), ("resources.json", record)):
        (artifacts / file).write_text(json.dumps(content), encoding="utf-8")
    given = (
        f"session_prefix={prefix}",
        f"data_collector_path={artifacts}",
        f"providers_file={artifacts}/.providers.json",
    )
    options = [part for each in given for part in ("-e", each)]
    done = image.run(
        artifacts, "ansible-playbook", "mtv.teardown.verify", *options, KUBECONFIG=str(acting_lab.kubeconfig)
    )
    assert done.returncode == 2, done.stdout + done.stderr
    (written,) = artifacts.glob("verify-*.result.json")
    result = json.loads(written.read_text(encoding="utf-8"))
    assert result["verdict"] == "unverified"
    told = {entry["provider"]: entry["error"] for entry in result["unreadable"]}
    assert set(told) == set(urls)
    assert [error for error in told.values() if not re.search("refused|Could not connect|Unable to", error)] == []
