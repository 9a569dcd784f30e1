# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people type and have: connections, files and inventories, as a shell hands them to a playbook."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mtv.teardown.plugins.action import show

from tests.contract.ansible_runs import Playbooks
from tests.lab.controlplane import CHECKOUT, Lab

CLEAN = "CLEAN: everything was read"


@pytest.fixture
def playbooks(lab: Lab, tmp_path: Path) -> Playbooks:
    """With a kubeconfig in its folder, whose certificate stands beside it."""
    made = Playbooks(lab, tmp_path)
    (tmp_path / "ca.crt").write_bytes((lab.state / "pki" / "ca.crt").read_bytes())
    write(made, config(lab))
    return made


def config(lab: Lab, **cluster: Any) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(lab.kubeconfig.read_text(encoding="utf-8"))
    found["clusters"][0]["cluster"] = {"server": lab.url, **(cluster or {"certificate-authority": "ca.crt"})}
    return found


def write(playbooks: Playbooks, content: dict[str, Any], name: str = "config") -> None:
    (playbooks.folder / name).write_text(yaml.safe_dump(content), encoding="utf-8")


def token(lab: Lab) -> str:
    return str(yaml.safe_load(lab.kubeconfig.read_text(encoding="utf-8"))["users"][0]["user"]["token"])


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({"KUBECONFIG": "config"}, id="KUBECONFIG"),
        pytest.param({"KUBECONFIG": "absent:./config", "K8S_AUTH_CONTEXT": ""}, id="list-and-empty-context"),
        pytest.param(
            {"KUBECONFIG": "", "K8S_AUTH_KUBECONFIG": "config", "K8S_AUTH_HOST": ""}, id="K8S_AUTH_KUBECONFIG"
        ),
    ],
)
def test_a_relative_kubeconfig_counts_from_where_the_command_is_typed(
    playbooks: Playbooks, prefix: str, variables: dict[str, str]
) -> None:
    playbooks.variables = variables
    done = playbooks.run("verify", session_prefix=prefix)
    assert (done.code, CLEAN in done.output) == (0, True), done.output
    assert f"{playbooks.folder}/" in done.output.split("kubeconfig ")[1]
    # Nothing of it was ever there.
    assert f"nothing of {prefix} was found anywhere: no object, no entry, no provider was searched" in done.output


def test_relative_files_and_a_token(playbooks: Playbooks, prefix: str) -> None:
    playbooks.variables = {
        "KUBECONFIG": "",
        "K8S_AUTH_HOST": playbooks.lab.url,
        "K8S_AUTH_API_KEY": token(playbooks.lab),
        "K8S_AUTH_SSL_CA_CERT": "ca.crt",
        "K8S_AUTH_CONTEXT": "",
    }
    done = playbooks.run("verify", session_prefix=prefix)
    assert (done.code, CLEAN in done.output) == (0, True), done.output
    given = {"mtv_teardown_kubeconfig": "config", "mtv_teardown_context": "", "mtv_teardown_ca_cert": "ca.crt"}
    playbooks.variables = {"KUBECONFIG": "/nowhere"}
    done = playbooks.run("verify", session_prefix=prefix, **given)
    assert (done.code, CLEAN in done.output) == (0, True), done.output


def test_a_certificate_that_nobody_verifies_is_told(playbooks: Playbooks, prefix: str) -> None:
    write(playbooks, config(playbooks.lab, **{"insecure-skip-tls-verify": True}))
    playbooks.kubeconfig = "config"
    done = playbooks.run("verify", session_prefix=prefix)
    assert done.code == 0, done.output
    assert f"certificates not verified, by choice: cluster {playbooks.lab.url}" in done.output


@pytest.mark.parametrize(
    ("user", "told"),
    [
        pytest.param({}, "No credentials were sent: user", id="none"),
        pytest.param(
            {"auth-provider": {"name": "azure", "config": {}}}, "auth-provider 'azure' of user", id="provider"
        ),
        pytest.param(
            {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "./login"}},
            "gave no credentials: exec: process returned 3. log in first",
            id="exec",
        ),
    ],
)
def test_credentials_that_cannot_be_had(playbooks: Playbooks, prefix: str, user: dict[str, Any], told: str) -> None:
    login = playbooks.folder / "login"
    login.write_text('#!/bin/sh\necho "log in first" >&2\nexit 3\n', encoding="utf-8")
    login.chmod(0o755)
    content = config(playbooks.lab)
    content["users"][0]["user"] = user
    write(playbooks, content)
    playbooks.kubeconfig = "config"
    done = playbooks.run("verify", session_prefix=prefix)
    assert (done.code, told in done.output) == (2, True), done.output


@pytest.mark.parametrize("name", ["KUBECONFIG", "resources_file", "providers_file"])
def test_a_pipe_of_the_shell_is_told_as_that(playbooks: Playbooks, name: str) -> None:
    folder = playbooks.folder
    (folder / "x.json").write_text("{}", encoding="utf-8")
    command = f"{CHECKOUT}/.venv/bin/ansible-playbook {CHECKOUT}/playbooks/verify.yml -e session_prefix=auto-ab12"
    command = f"{name}=<(cat config) {command}" if name == "KUBECONFIG" else f"{command} -e {name}=<(cat x.json)"
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=playbooks.environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stdout
    assert "pipe of the shell, such as <(…)" in done.stdout
    assert "write it to a file" in done.stdout


def test_a_byte_order_mark_at_the_beginning_of_every_file(playbooks: Playbooks, prefix: str) -> None:
    mark = b"\xef\xbb\xbf"
    entry = {"name": prefix, "namespace": None, "module": "ocp_resources.namespace"}
    files = {"resources.json": json.dumps({"Namespace": [entry]}), "providers.json": "{}"}
    for name, text in files.items():
        (playbooks.folder / name).write_bytes(mark + text.encode())
    (playbooks.folder / "config").write_bytes(mark + (playbooks.folder / "config").read_bytes())
    playbooks.kubeconfig = "config"
    done = playbooks.run("verify", resources_file="resources.json", providers_file="providers.json")
    assert (done.code, CLEAN in done.output) == (0, True), done.output


def test_localhost_in_an_inventory(playbooks: Playbooks, prefix: str, tmp_path: Path) -> None:
    """Ansible would look for a Python of the system there, which has no libraries."""
    (tmp_path / "inventory").write_text("localhost\nother\n", encoding="utf-8")
    playbooks.path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    done = playbooks.run("verify", "-i", "inventory", session_prefix=prefix)
    assert (done.code, CLEAN in done.output) == (0, True), done.output
    other = playbooks.run("verify", "-i", "inventory", session_prefix=prefix, mtv_teardown_hosts="other")
    assert (other.code, CLEAN in other.output) == (0, True), other.output
    (tmp_path / "inventory").write_text("localhost ansible_python_interpreter=/nowhere/python\n", encoding="utf-8")
    named = playbooks.run("verify", "-i", "inventory", session_prefix=prefix)
    assert (named.code, "/nowhere/python" in named.output) == (2, True), named.output


@pytest.mark.parametrize("packed", [False, True])
def test_modules_are_packed_for_another_python_only(playbooks: Playbooks, prefix: str, packed: bool) -> None:
    """Packing one, and compiling it there, takes longer than most of them do: here Ansible forks."""
    playbooks.variables = {"ANSIBLE_DEBUG": "1"}
    # The same one by another name: Ansible cannot know.
    given = {"ansible_python_interpreter": str(Path(sys.executable).with_name("python3"))} if packed else {}
    done = playbooks.run("verify", session_prefix=prefix, **given)
    assert (done.code, CLEAN in done.output) == (0, True), done.output
    cached = "ansiballz_cache/ansible_collections.mtv.teardown.plugins.modules."
    assert cached in done.output if packed else cached not in done.output and "executing: /bin/sh" not in done.output


def test_nothing_hides_the_verdict(playbooks: Playbooks, prefix: str) -> None:
    playbooks.variables = {"ANSIBLE_DISPLAY_OK_HOSTS": "no", "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "no"}
    done = playbooks.run("verify", session_prefix=prefix)
    assert done.code == 0, done.output
    assert "PLAY [Verdict: clean]" in done.output
    # Where the summary is the result of a task, it is hidden with those; the title says it all the same.
    assert (CLEAN in done.output) == show.IS_SAFE


@pytest.mark.parametrize(
    ("given", "code", "told"),
    [
        pytest.param("[]", 0, CLEAN, id="empty"),
        pytest.param("", 0, CLEAN, id="nothing"),
        pytest.param("[{'expression': 'x'}]", 2, "is text that is not JSON", id="python"),
        pytest.param("none", 2, "is text that is not JSON", id="word"),
    ],
)
def test_what_may_stay_as_text_of_a_command_line(
    playbooks: Playbooks, prefix: str, given: str, code: int, told: str
) -> None:
    done = playbooks.run("verify", "-e", f"mtv_teardown_verify_ignore={given}", session_prefix=prefix)
    assert (done.code, told in done.output) == (code, True), done.output
