# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin of extensions/pytest under a suite of the shape of mtv-api-tests, which is killed again and again: what it
made is named, and the teardown from that ends clean."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._session import resources_file
from ansible_collections.mtv.teardown.tests.unit.plugins.samples import some

from tests.contract.ansible_runs import Playbooks
from tests.lab.admin import Admin
from tests.lab.controlplane import CHECKOUT, Lab
from tests.lab.venvs import venv

SUITE = CHECKOUT / "tests" / "lab" / "suite"
PLUGIN = CHECKOUT / "extensions" / "pytest"
# Namespace, Secret, NetworkMap; then twice a NetworkAttachmentDefinition and a ConfigMap in the shared namespace.
CREATES = 7
KILLED = -9


@pytest.fixture(scope="session")
def python() -> Path:
    lock, what = SUITE / "requirements.lock", "openshift-python-wrapper"
    return venv("suite", lock, lambda text: print(f"suite: {text}"), what, "30 s, 250 MB") / "bin/python"


class Session:
    """One run of the suite, in a folder of its own."""

    def __init__(self, lab: Lab, admin: Admin, python: Path, folder: Path, prefix: str) -> None:
        self.lab, self.admin, self.python, self.folder, self.prefix = lab, admin, python, folder, prefix
        self.shared = admin.namespace(f"shared-{prefix}")
        self.bystanders = {}
        for kind, namespace, name in (
            ("ConfigMap", self.shared, "theirs"),
            ("Secret", self.shared, f"{prefix}-login"),
            ("ConfigMap", admin.namespace(f"{prefix}0"), "theirs"),
        ):
            self.bystanders[kind, namespace, name] = admin.make(kind, namespace, name)["metadata"]["uid"]

    def run(self, *arguments: str, dies: str = "", folder: str = ".data-collector") -> subprocess.CompletedProcess[str]:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))},
            "KUBECONFIG": str(self.lab.kubeconfig),
            "PYTHONPATH": str(PLUGIN),
            "PYTHONDONTWRITEBYTECODE": "1",
            "SUITE_SESSION": self.prefix,
            "SUITE_SHARED": self.shared,
            "SUITE_DIES": dies,
        }
        command = [str(self.python), "-m", "pytest", "-q", "-p", "mtv_record.plugin", "-p", "no:cacheprovider"]
        command += ["--rootdir", str(SUITE), "-c", os.devnull, "--data-collector-path", folder, *arguments, str(SUITE)]
        return subprocess.run(
            command, cwd=self.folder, env=environment, text=True, check=False, timeout=300,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    @property
    def collector(self) -> Path:
        return self.folder / ".data-collector"

    def named(self) -> set[tuple[str, str, str]]:
        records = resources_file.read(str(self.collector / "resources.json"))
        return {(one.kind, one.namespace or "", one.name) for one in records}

    def events(self) -> list[dict[str, Any]]:
        text = (self.collector / "resources.journal.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def there(self, *prefixes: str) -> set[tuple[str, str, str]]:
        """What the suite's sessions made, by the server's word."""
        found = set()
        for prefix in prefixes or (self.prefix,):
            tail = prefix.removeprefix("auto-")
            wanted = {("Secret", prefix, f"{prefix}-login"), ("NetworkMap", prefix, f"{prefix}-map")}
            for number in (1, 2):
                wanted.add(("NetworkAttachmentDefinition", self.shared, f"cb-{tail}-{number}"))
                wanted.add(("ConfigMap", self.shared, f"values-{tail}-{number}"))
            found |= {one for one in wanted if self.admin.uid(*one)}
            listed = self.admin.api.request("GET", "/api/v1/namespaces")["items"]
            if prefix in [one["metadata"]["name"] for one in listed]:
                found.add(("Namespace", "", prefix))
        return found

    def teardown(self, prefix: str = "") -> None:
        """By the playbook, from what was written; it ends clean, and the bystanders live."""
        given = {"resources_file": str(self.collector / "resources.json"), "mtv_teardown_openshift_only": True}
        playbooks = Playbooks(self.lab, self.folder)
        done = playbooks.run("teardown", mtv_teardown_stall_timeout=30, session_prefix=prefix or self.prefix, **given)
        assert done.code == 0, done.output
        assert playbooks.result(prefix or self.prefix)["verdict"] == "clean"
        assert {key: self.admin.uid(*key) for key in self.bystanders} == self.bystanders


@pytest.fixture
def session(lab: Lab, admin: Admin, python: Path, tmp_path: Path, prefix: str) -> Iterator[Session]:
    yield Session(lab, admin, python, tmp_path, prefix)


def test_a_run_that_ends_as_it_should(session: Session) -> None:
    done = session.run()
    assert done.returncode == 0, done.stdout
    assert "could be recorded" not in done.stdout
    assert len(session.there()) == CREATES
    # As the suite itself writes it, and what it never sees of others, is not there.
    assert session.named() == session.there() | {("vsphere", "", f"{session.prefix}-rhel8-9fzk")}
    written = json.loads((session.collector / "resources.json").read_text(encoding="utf-8"))
    meta = {"name": f"{session.prefix}-map", "namespace": session.prefix, "module": "ocp_resources.network_map"}
    assert written["NetworkMap"] == [{**meta, "test_name": "test_in_its_namespace-vsphere"}]
    assert written["Namespace"] == [{"name": session.prefix, "namespace": None, "module": "ocp_resources.namespace"}]
    assert written["vsphere"] == [{"name": f"{session.prefix}-rhel8-9fzk"}]
    events = session.events()
    assert [one["seq"] for one in events] == list(range(1, len(events) + 1))
    assert (events[0]["event"], events[0]["form"], events[-1]["event"]) == ("session", 1, "end")
    assert [one["prefix"] for one in events if one["event"] == "session"][-1] == session.prefix
    secret = next(one for one in events if (one["event"], one.get("kind")) == ("made", "Secret"))
    assert secret["uid"] == session.admin.uid("Secret", session.prefix, f"{session.prefix}-login")
    assert (secret["provider"], secret["test"].rpartition("::")[2]) == ("vsphere", "test_in_its_namespace")
    assert [one["reason"] for one in events if one["event"] == "not_made"] == ["ConflictError 409"]
    assert not any("not-to-be-shown" in file.read_text(encoding="utf-8") for file in session.collector.iterdir())
    session.teardown()
    assert session.there() == set()


# What of each kind of step comes first, and last, behind the answer.
ENDS = [(where, number) for where in ("created", "stored") for number in (1, 3, CREATES)]


@pytest.mark.parametrize(
    ("where", "number"), some([*(("answered", number) for number in range(1, CREATES + 1)), *ENDS], 4)
)
def test_killed_after_a_create(session: Session, where: str, number: int) -> None:
    done = session.run(dies=f"{where}:{number}")
    assert done.returncode == KILLED, done.stdout
    assert len(session.there()) == number
    assert session.there() <= session.named()
    assert session.named() - session.there() <= {("vsphere", "", f"{session.prefix}-rhel8-9fzk")}
    if where == "answered" and number in (5, CREATES):  # what is written is the same wherever it was killed
        session.teardown()
        assert session.there() == set()


def test_two_workers_killed(session: Session) -> None:
    """Each made some things, and both of them are named, whichever wrote last."""
    number = 5
    prefixes = [session.prefix.replace("-t", f"-{letter}") for letter in "uv"]
    done = session.run("-n", "2", "--dist", "each", dies=f"answered:{number}")
    assert done.returncode == KILLED, done.stdout
    assert len(session.there(*prefixes)) >= number
    assert session.there(*prefixes) <= session.named()
    begun = {one["prefix"] for one in session.events() if one["event"] == "session"} - {""}
    for prefix in begun:
        session.teardown(prefix)
    assert session.there(*prefixes) == set()


def test_two_workers_that_end(session: Session) -> None:
    prefixes = [session.prefix.replace("-t", f"-{letter}") for letter in "uv"]
    done = session.run("-n", "2", "--dist", "each")
    assert "could be recorded" not in done.stdout
    assert (done.returncode, "8 passed" in done.stdout) == (0, True), done.stdout
    assert len(session.there(*prefixes)) == 2 * CREATES
    assert session.there(*prefixes) <= session.named()


def test_killed_in_the_teardown_of_the_suite(session: Session) -> None:
    """It has written resources.json itself, with what one worker knows."""
    prefixes = [session.prefix.replace("-t", f"-{letter}") for letter in "uv"]
    done = session.run("-n", "2", "--dist", "each", "--tear-down", dies="deleting:2")
    assert done.returncode == KILLED, done.stdout
    assert session.there(*prefixes) <= session.named()
    assert ("Namespace", "", prefixes[0]) in session.named() and ("Namespace", "", prefixes[1]) in session.named()
