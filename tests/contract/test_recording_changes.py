# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin of extensions/pytest under a suite that changes objects of others with the real ResourceEditor and is
killed at each of its writes: the teardown brings the values back that were there before."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import undo
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import Change, parse
from ansible_collections.mtv.teardown.plugins.module_utils._run import changes
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.tests.unit.plugins import mutations

from tests.contract.ansible_runs import Playbooks
from tests.contract.clusters import cluster_of
from tests.lab.admin import Admin
from tests.lab.controlplane import CHECKOUT, Lab
from tests.lab.venvs import venv

SUITE = CHECKOUT / "tests" / "lab" / "suite"
BLOB = base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + bytes(range(32))).decode()
KILLED = -9
TESTS = """
import os
import signal

from ocp_resources.config_map import ConfigMap
from ocp_resources.resource import Resource, ResourceEditor, get_client
from ocp_resources.resource_quota import ResourceQuota
from ocp_resources.secret import Secret

PLAIN, DIES = Resource.update, os.environ["SUITE_DIES"]
WRITES = []


def update(self, resource_dict):
    WRITES.append(resource_dict)
    if DIES == f"before {len(WRITES)}":
        os.kill(os.getpid(), signal.SIGKILL)
    PLAIN(self, resource_dict)
    if DIES == f"after {len(WRITES)}":
        os.kill(os.getpid(), signal.SIGKILL)


Resource.update = update


def test_changes(mtv_record):
    mtv_record.begin(os.environ["SUITE_SESSION"])
    client, shared = get_client(), os.environ["SUITE_SHARED"]
    one, two = (ConfigMap(client=client, name=name, namespace=shared) for name in ("one", "two"))
    with ResourceEditor(patches={one: {"data": {"mode": "tests", "made": "now"}}, two: {"data": {"mode": "tests"}}}):
        more = {"data": {"mode": "more tests"}, "metadata": {"annotations": {"x.io/y": "z"}}}
        with ResourceEditor(patches={one: more}):
            assert one.instance.data["mode"] == "more tests"
    if os.environ.get("SUITE_QUOTA"):
        quota = ResourceQuota(client=client, name="size", namespace=shared)
        ResourceEditor(patches={quota: {"spec": {"hard": {"memory": "2048Mi"}}}}).update(backup_resources=True)
    if os.environ.get("SUITE_SECRET"):
        login = Secret(client=client, name="login", namespace=shared)
        ResourceEditor(patches={login: {"stringData": {"password": "not-to-be-shown"}}}).update(backup_resources=True)
"""
# Two, one; and back.
WRITES = 6
# As utilities/esxi.py of mtv-api-tests; nobody is at the host of that name, so it cannot be looked at.
ESXI = """
def install_ssh_key_on_esxi(host, username, password, public_key, datastore_name):
    pass


def remove_ssh_key_from_esxi(host, username, password, public_key):
    pass
"""
KEYS = """
import os
import signal

import pytest
from utilities.esxi import install_ssh_key_on_esxi, remove_ssh_key_from_esxi

LOGIN = {"host": "esx1.example.com", "username": "root", "password": "not-to-be-shown"}
LOGIN["public_key"] = os.environ["SUITE_KEY"]


@pytest.fixture
def key(mtv_record):
    mtv_record.begin(os.environ["SUITE_SESSION"])
    install_ssh_key_on_esxi(**LOGIN, datastore_name="ds1")
    yield
    remove_ssh_key_from_esxi(**LOGIN)


def test_copy_offload(key):
    if os.environ["SUITE_DIES"]:
        os.kill(os.getpid(), signal.SIGKILL)
"""


class Suite:
    """One run of it, beside what is other people's."""

    def __init__(self, lab: Lab, admin: Admin, folder: Path, prefix: str) -> None:
        what = "openshift-python-wrapper"
        path = venv("suite", SUITE / "requirements.lock", lambda text: print(f"suite: {text}"), what, "30 s, 250 MB")
        self.lab, self.admin, self.folder, self.prefix = lab, admin, folder, prefix
        self.python = path / "bin" / "python"
        self.shared = admin.namespace(f"shared-{prefix}")
        for name in ("one", "two", "theirs"):
            admin.make("ConfigMap", self.shared, name, data={"mode": "plain", "theirs": "stays"})
        admin.make("Secret", self.shared, "login", stringData={"password": "theirs"})
        self.before = self.there()
        (folder / "test_changes.py").write_text(TESTS, encoding="utf-8")
        self.collector = folder / ".data-collector"

    def there(self) -> dict[str, tuple[Any, ...]]:
        found = [self.admin.get("ConfigMap", self.shared, name) for name in ("one", "two", "theirs")]
        return {
            one["metadata"]["name"]: (one["metadata"]["uid"], one["data"], one["metadata"].get("annotations"))
            for one in found
        }

    def run(self, dies: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))},
            "KUBECONFIG": str(self.lab.kubeconfig),
            "PYTHONPATH": str(CHECKOUT / "extensions" / "pytest"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "SUITE_SESSION": self.prefix,
            "SUITE_SHARED": self.shared,
            "SUITE_DIES": dies,
            **more,
        }
        command = [str(self.python), "-m", "pytest", "-q", "-p", "mtv_record.plugin", "-p", "no:cacheprovider"]
        command += ["-c", os.devnull, "--rootdir", ".", "--mtv-record-path", ".data-collector", "test_changes.py"]
        return subprocess.run(
            command, cwd=self.folder, env=environment, text=True, check=False, timeout=300,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def ledger(self) -> tuple[Change, ...]:
        return parse((self.collector / "resources.undo.json").read_text(encoding="utf-8"))

    def put_back(self) -> None:
        """As the phase does it, without Ansible; then nothing of it is left."""
        cluster = cluster_of(self.lab.kubeconfig)
        found = changes.of({"data_collector_path": str(self.collector)}, Session(self.prefix)).unsettled()
        result = undo.run(cluster, found, False).result
        assert found and not result.remaining and not result.unreadable
        assert all(one.settled for one in undo.look(cluster, found))

    def with_key(self, dies: str = "") -> subprocess.CompletedProcess[str]:
        """The suite that puts a key on an ESXi host."""
        (self.folder / "utilities").mkdir(exist_ok=True)
        (self.folder / "utilities" / "esxi.py").write_text(ESXI, encoding="utf-8")
        (self.folder / "test_changes.py").write_text(KEYS, encoding="utf-8")
        return self.run(dies, SUITE_KEY=f"ssh-ed25519 {BLOB} somebody@somewhere")

    def teardown(self, **more: Any) -> tuple[int, dict[str, Any], str]:
        playbooks = Playbooks(self.lab, self.folder)
        given = {"session_prefix": self.prefix, "mtv_teardown_openshift_only": True, "mtv_teardown_quiet_interval": 0}
        done = playbooks.run("teardown", **{**given, **more})
        return done.code, playbooks.result(self.prefix), done.output


@pytest.fixture
def suite(lab: Lab, admin: Admin, tmp_path: Path, prefix: str) -> Iterator[Suite]:
    yield Suite(lab, admin, tmp_path, prefix)


def test_what_it_puts_back_itself_is_in_the_ledger_no_more(suite: Suite) -> None:
    done = suite.run()
    assert done.returncode == 0, done.stdout
    assert "could be recorded" not in done.stdout
    assert suite.ledger() == ()
    assert (suite.collector / "resources.undo.json").stat().st_mode & 0o777 == 0o600
    assert {name: one[:2] for name, one in suite.there().items()} == {n: one[:2] for n, one in suite.before.items()}


# Of one editor's writes, what is before one is what is after the one before it.
@pytest.mark.parametrize("moment", ["before 1", "before 3", *(f"after {number}" for number in range(1, WRITES + 1))])
def test_killed_at_each_write(suite: Suite, moment: str) -> None:
    done = suite.run(moment)
    assert done.returncode == KILLED, done.stdout
    suite.put_back()
    assert {name: one[:2] for name, one in suite.there().items()} == {n: one[:2] for n, one in suite.before.items()}


def test_killed_and_torn_down(suite: Suite) -> None:
    done = suite.run("after 3")
    assert done.returncode == KILLED, done.stdout
    suite.admin.change("ConfigMap", suite.shared, "one", metadata={"annotations": {"somebody": "else"}})
    code, result, output = suite.teardown()
    assert (code, result["verdict"]) == (0, "clean"), output
    there = suite.there()
    assert there.pop("one")[2] == {"somebody": "else"}
    assert there == {name: one for name, one in suite.before.items() if name != "one"}
    assert suite.admin.get("ConfigMap", suite.shared, "one")["data"] == suite.before["one"][1]


def test_a_value_that_the_server_keeps_in_another_form_is_put_back(suite: Suite) -> None:
    path = f"/api/v1/namespaces/{suite.shared}/resourcequotas"
    suite.admin.api.create(path, {"metadata": {"name": "size"}, "spec": {"hard": {"memory": "1Gi"}}})
    done = suite.run(SUITE_QUOTA="1")
    assert done.returncode == 0, done.stdout
    assert suite.admin.api.request("GET", f"{path}/size")["spec"]["hard"] == {"memory": "2Gi"}
    suite.put_back()
    assert suite.admin.api.request("GET", f"{path}/size")["spec"]["hard"] == {"memory": "1Gi"}


def test_a_secret_is_never_written_down_and_is_told(suite: Suite) -> None:
    done = suite.run(SUITE_SECRET="1")
    assert done.returncode == 0, done.stdout
    assert "Secret login cannot be undone from the ledger" in done.stdout
    assert "not-to-be-shown" not in "".join(file.read_text("utf-8") for file in suite.collector.iterdir())
    assert [(one.kind, one.fields, bool(one.withheld)) for one in suite.ledger()] == [("Secret", (), True)]
    code, result, _output = suite.teardown()
    assert code != 0
    assert [(one["kind"], one["cause"]) for one in result["leftovers"]] == [("Secret", "not-recorded")]
    assert json.dumps(result).count("not-to-be-shown") == 0


def test_a_key_that_the_suite_took_away_again_is_in_the_ledger_no_more(suite: Suite) -> None:
    done = suite.with_key()
    assert done.returncode == 0 and "could not be looked at before" in done.stdout, done.stdout
    assert suite.ledger() == ()


def test_a_key_on_an_esxi_host_leaves_no_verdict_clean_until_a_person_has_looked(suite: Suite) -> None:
    done = suite.with_key("in the test")
    assert done.returncode == KILLED, done.stdout
    (key,) = suite.ledger()
    assert (key.kind, key.state, key.name, key.test_name) == (
        "AuthorizedKey",
        "made",
        "esx1.example.com",
        "test_copy_offload",
    )
    written = "".join(file.read_text("utf-8") for file in suite.collector.iterdir() if file.is_file())
    assert BLOB not in written and "not-to-be-shown" not in written
    code, result, output = suite.teardown(mtv_teardown_openshift_only=False)
    assert (code, result["verdict"]) == (2, "unverified"), output
    (told,) = [one for one in result["unreadable"] if one["kind"] == "AuthorizedKey"]
    fingerprint = key.uid.partition("/")[2]
    assert fingerprint in told["error"] and "esx1.example.com" in output and "mtv.teardown.vm_change" in told["error"]
    assert mutations.program().audit(result).findings == []
    struck = Playbooks(suite.lab, suite.folder)
    task = {
        "mtv.teardown.vm_change": {
            "name": key.name,
            "state": "absent",
            "undo_file": str(suite.collector / "resources.undo.json"),
        }
    }
    file = suite.folder / "struck.json.yml"
    file.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]), encoding="utf-8")
    by_hand = struck.run_file(file)
    assert by_hand.code == 0 and suite.ledger() == (), by_hand.output
    code, result, output = suite.teardown(mtv_teardown_openshift_only=False)
    assert (code, result["verdict"]) == (0, "clean"), output
