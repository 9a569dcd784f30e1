# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole playbooks with each form of a connection, as talkative as they can be: credentials are in nothing that is shown
or kept, and must-gather asks the cluster that the run is about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mtv.teardown.tests.unit.plugins.samples import some

from tests.contract.ansible_runs import Playbooks
from tests.lab.admin import Admin
from tests.lab.controlplane import Lab

HELD = {"finalizers": ["example.com/held"]}
PASSWORD = "Hu%sh'{{7*7}}\"-Qz7"
# Writes down the results that callbacks get. Their tasks' arguments are Ansible's: these are as they were given.
LISTENER = """
from ansible.plugins.callback import CallbackBase
class CallbackModule(CallbackBase):
    CALLBACK_VERSION, CALLBACK_TYPE, CALLBACK_NAME = 2.0, 'aggregate', 'listener'
    def v2_on_any(self, *args, **kwargs):
        with open({file!r}, 'a', encoding='utf-8', errors='replace') as out:
            for one in (*args, *kwargs.values()):
                print(repr([getattr(one, '_result', ''), getattr(one, 'result', '')]), file=out)
"""
OC = """#!/bin/sh
echo "$@" >"{folder}/asked"
cp "$KUBECONFIG" "{folder}/used"
stat -c '%a %n' "$KUBECONFIG" >"{folder}/mode"
"""


class Talkative(Playbooks):
    """With -vvvv, a log and a callback that listens."""

    def environment(self) -> dict[str, str]:
        plugins = self.folder / "callbacks"
        plugins.mkdir(exist_ok=True)
        text = LISTENER.replace("{file!r}", repr(str(self.folder / "events.txt")))
        (plugins / "listener.py").write_text(text, encoding="utf-8")
        return {
            **super().environment(),
            "ANSIBLE_CALLBACK_PLUGINS": str(plugins),
            "ANSIBLE_CALLBACKS_ENABLED": "listener",
            "ANSIBLE_LOG_PATH": str(self.folder / "ansible.log"),
        }

    def kept(self) -> str:
        """Everything that is in its folder afterwards, but what the test has put there."""
        names = ("given", "callbacks", "bin", "used")
        files = [p for p in self.folder.rglob("*") if p.is_file() and p.relative_to(self.folder).parts[0] not in names]
        assert {"events.txt", "ansible.log"} <= {file.name for file in files}
        return "".join(file.read_text(encoding="utf-8", errors="replace") for file in files)


@pytest.fixture
def playbooks(lab: Lab, tmp_path: Path) -> Talkative:
    """KUBECONFIG leads to a cluster that is none."""
    made = Talkative(lab, tmp_path / "run")
    (made.folder / "given").mkdir(parents=True)
    nowhere = {"clusters": [{"name": "k", "cluster": {"server": "https://127.0.0.1:9"}}], "current-context": "c"}
    nowhere |= {"contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}]}
    nowhere |= {"users": [{"name": "u", "user": {"token": "of-nowhere"}}]}
    made.kubeconfig = str(made.folder / "given" / "nowhere")
    Path(made.kubeconfig).write_text(json.dumps(nowhere), encoding="utf-8")
    return made


@pytest.fixture
def session(admin: Admin, prefix: str) -> str:
    admin.make("Secret", admin.namespace(prefix), f"{prefix}-a")
    return prefix


def _connection(lab: Lab) -> tuple[dict[str, Any], str]:
    config = yaml.safe_load(Path(lab.kubeconfig).read_text(encoding="utf-8"))
    return config, str(config["users"][0]["user"]["token"])


def _by_key(config: dict[str, Any], token: str, folder: Path) -> dict[str, Any]:
    cluster = config["clusters"][0]["cluster"]
    ca = folder / "ca.crt"
    if "certificate-authority" in cluster:
        ca = Path(cluster["certificate-authority"])
    return {
        "mtv_teardown_host": cluster["server"],
        "mtv_teardown_api_key": f" {token}\n",
        "mtv_teardown_ca_cert": str(ca),
    }


def _by_file(config: dict[str, Any], token: str, folder: Path) -> dict[str, Any]:
    """As `oc whoami -t > token` writes it."""
    (folder / "token").write_text(f"{token}\n", encoding="utf-8")
    config["users"][0]["user"] = {"tokenFile": str(folder / "token")}
    (folder / "kubeconfig").write_text(json.dumps(config), encoding="utf-8")
    return {"mtv_teardown_kubeconfig": str(folder / "kubeconfig")}


@pytest.mark.parametrize("form", [_by_key, _by_file], ids=["key", "file"])
def test_a_token_with_a_newline(form: Any, playbooks: Talkative, session: str) -> None:
    config, token = _connection(playbooks.lab)
    given = form(config, token, playbooks.folder / "given")
    done = playbooks.run("teardown", "-vvvv", session_prefix=session, **given)
    assert done.code == 0 and "CLEAN" in done.output, done.output[-3000:]
    assert token not in done.output and token not in playbooks.kept()


def test_a_token_that_cannot_be_sent(playbooks: Talkative, session: str) -> None:
    config, token = _connection(playbooks.lab)
    given = _by_key(config, token, playbooks.folder)
    given["mtv_teardown_api_key"] = f"{token[:20]}\r\n{token[20:]}"
    done = playbooks.run("teardown", "-vvvv", session_prefix=session, **given)
    assert done.code == 2 and "api_key holds a character that no token has" in done.output, done.output[-3000:]
    for part in (token[:20], token[20:]):
        assert part not in done.output and part not in playbooks.kept()


ENGINE, KEYSTONE = "https://127.0.0.1:9/ovirt-engine/api", "http://127.0.0.1:9/v3"
LOGIN = {"username": "me", "password": PASSWORD}


@pytest.mark.parametrize(
    ("kind", "options"),
    some(
        [
            pytest.param("vsphere", {"hostname": "127.0.0.1", "port": 9, **LOGIN}, id="vsphere"),
            pytest.param("ovirt", {"url": ENGINE, **LOGIN}, id="ovirt"),
            pytest.param("ovirt", {"url": ENGINE, "token": "Hush-Qz7-of-ovirt"}, id="ovirt-token"),
            pytest.param("openstack", {"auth": {"auth_url": KEYSTONE, **LOGIN}}, id="openstack-auth"),
            pytest.param("openstack", {"cloud": {"auth": {"auth_url": KEYSTONE, **LOGIN}}}, id="openstack-cloud"),
        ],
        2,
    ),
)
def test_credentials_of_providers(kind: str, options: dict[str, Any], playbooks: Talkative, session: str) -> None:
    config, token = _connection(playbooks.lab)
    given = {**_by_key(config, token, playbooks.folder), f"mtv_teardown_{kind}": _unsafe(options)}
    done = playbooks.run("teardown", "-vvvv", session_prefix=session, **given)
    assert done.code == 2 and "UNVERIFIED" in done.output and f"{kind} (options)" in done.output, done.output[-3000:]
    kept = playbooks.kept()
    for secret in ("Hu%sh", "-Qz7", "Hush-Qz7", token):
        assert secret not in done.output and secret not in kept, secret


def _unsafe(options: Any) -> Any:
    """Texts that Ansible is not to take for templates, as files of variables mark them."""
    if isinstance(options, dict):
        return {name: _unsafe(held) for name, held in options.items()}
    return {"__ansible_unsafe": options} if isinstance(options, str) and "{{" in options else options


def test_must_gather_asks_the_cluster_of_the_run(playbooks: Talkative, admin: Admin, session: str) -> None:
    config, token = _connection(playbooks.lab)
    admin.make("ConfigMap", session, "held", metadata=HELD)
    tools = playbooks.folder / "bin"
    tools.mkdir()
    (tools / "oc").write_text(OC.format(folder=playbooks.folder), encoding="utf-8")
    (tools / "oc").chmod(0o755)
    playbooks.path = f"{tools}:{playbooks.path}"
    given = {**_by_key(config, token, playbooks.folder), "mtv_teardown_stall_timeout": 2}
    done = playbooks.run("teardown", "-vvvv", session_prefix=session, mtv_teardown_must_gather=True, **given)
    assert done.code == 2, done.output[-3000:]
    assert (playbooks.folder / "asked").read_text(encoding="utf-8").startswith("adm must-gather --image=")
    used = json.loads((playbooks.folder / "used").read_text(encoding="utf-8"))
    assert used["clusters"][0]["cluster"]["server"] == given["mtv_teardown_host"]
    assert used["users"][0]["user"] == {"token": token}
    mode, _blank, file = (playbooks.folder / "mode").read_text(encoding="utf-8").strip().partition(" ")
    assert mode == "600" and not Path(file).parent.exists()
    assert token not in done.output and token not in playbooks.kept()
    admin.release("ConfigMap", session, "held")
