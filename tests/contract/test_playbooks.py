# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks as a user calls them: inputs, exit codes, files, and what they ask of the server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mtv.teardown.plugins.module_utils._session import notes
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

from tests.contract.ansible_runs import Playbooks
from tests.lab.admin import Admin
from tests.lab.controlplane import Lab

# Nobody answers to a delete of these: the finalizer stays.
HELD = {"finalizers": ["example.com/held"]}


@pytest.fixture
def playbooks(lab: Lab, tmp_path: Path) -> Playbooks:
    return Playbooks(lab, tmp_path)


@pytest.fixture
def session(admin: Admin, prefix: str) -> str:
    """A session of a namespace and two Secrets, and one that only begins like it."""
    for namespace in (admin.namespace(prefix), admin.namespace(f"{prefix}0")):
        admin.make("Secret", namespace, f"{prefix}-a")
        admin.make("Secret", namespace, "b")
    return prefix


def test_prefix_only(playbooks: Playbooks, admin: Admin, session: str) -> None:
    done = playbooks.run("teardown", session_prefix=session)
    assert done.code == 0, done.output
    assert "CLEAN" in done.output
    assert playbooks.result(session)["verdict"] == "clean"
    assert not admin.uid("Secret", session, "b")
    assert admin.uid("Secret", f"{session}0", "b")


def test_second_run_is_unchanged(playbooks: Playbooks, session: str) -> None:
    assert playbooks.run("teardown", session_prefix=session).code == 0
    again = playbooks.run("teardown", session_prefix=session)
    assert again.code == 0
    assert "changed=0" in again.output
    assert again.wrote == []
    # An empty session is cheap: a list for each kind outside namespaces, and twice more for the proof.
    assert len(again.asked) <= 200


def note_of(playbooks: Playbooks, prefix: str) -> Path:
    return playbooks.folder / ".data-collector" / f"teardown-{prefix}.session.json"


def test_the_same_prefix_again_the_next_night(playbooks: Playbooks, admin: Admin, session: str) -> None:
    """What is there then is the session's, though the note of the night before knew others of these names."""
    note_of(playbooks, session).parent.mkdir()
    for _night in range(2):
        done = playbooks.run("teardown", session_prefix=session)
        assert (done.code, admin.uid("Secret", session, "b")) == (0, ""), done.output
        assert len(playbooks.result(session)["deleted"]) >= 3
        note = json.loads(note_of(playbooks, session).read_text(encoding="utf-8"))
        assert (note["verdict"], note["identities"], note["lineage"]) == ("clean", {}, {})
        kept = list(note_of(playbooks, session).parent.iterdir())
        modes = {path.name: path.stat().st_mode & 0o777 for path in kept}
        assert modes == {path.name: 0o700 if path.is_dir() else 0o600 for path in kept}
        for name in (f"{session}-a", "b"):
            admin.make("Secret", admin.namespace(session), name)
    assert admin.uid("Secret", f"{session}0", "b")


def test_a_note_that_everybody_may_write_stops_it(playbooks: Playbooks, admin: Admin, session: str) -> None:
    secret = admin.make("Secret", "kube-system", f"bootstrap-{session}")["metadata"]["uid"]
    trace = {"home": "", "group": "", "kind": "Secret", "namespace": "kube-system", "name": f"bootstrap-{session}"}
    plan = {"name": f"{session}-p", "namespace": "kube-system", "uid": secret, "target_namespace": "kube-system"}
    content = {
        **notes.entry(Session(prefix=session)),
        "plans": [plan],
        "lineage": {secret: ""},
        "traces": {secret: {**trace, "evidence": "record"}},
    }
    note = note_of(playbooks, session)
    note.parent.mkdir()
    note.write_text(json.dumps(content), encoding="utf-8")
    note.chmod(0o666)
    stopped = playbooks.run("teardown", session_prefix=session)
    assert stopped.code == 2
    assert "its mode is 0666" in stopped.output
    assert stopped.asked == []
    note.chmod(0o600)  # and were it trusted, it would give nothing in a namespace of the cluster
    done = playbooks.run("teardown", session_prefix=session)
    assert f"with the note of an earlier run: {note}" in done.output
    assert admin.uid("Secret", "kube-system", f"bootstrap-{session}") == secret
    admin.api.request("DELETE", f"/api/v1/namespaces/kube-system/secrets/bootstrap-{session}")


def test_check_and_skip_and_verify_delete_nothing(playbooks: Playbooks, admin: Admin, session: str) -> None:
    checked = playbooks.run("teardown", "--check", "--diff", session_prefix=session)
    assert checked.code == 0, checked.output
    assert f"Secret {session}/b" in checked.output
    assert checked.wrote == []
    assert playbooks.files() == []
    skipped = playbooks.run("teardown", session_prefix=session, mtv_teardown_skip="y")  # as Ansible's own options
    assert f"Secret {session}/b" in skipped.output
    verified = playbooks.run("verify", session_prefix=session)
    assert verified.code == 2
    assert "LEFTOVERS" in verified.output
    assert skipped.wrote + verified.wrote == []
    assert admin.uid("Secret", session, "b")


def test_what_is_held_is_named_and_the_rest_goes(playbooks: Playbooks, admin: Admin, session: str) -> None:
    admin.make("ConfigMap", session, "held", metadata=HELD)
    # A namespace is not looked into for its first 5 s.
    done = playbooks.run("teardown", session_prefix=session, mtv_teardown_stall_timeout=12)
    assert done.code == 2
    assert "LEFTOVERS" in done.output
    left = playbooks.result(session)["leftovers"]
    assert {(entry["kind"], entry["name"]) for entry in left} == {("ConfigMap", "held"), ("Namespace", session)}
    held = next(entry for entry in left if entry["kind"] == "ConfigMap")
    assert held["held_by"]["finalizers"] == ["example.com/held"]
    assert not admin.uid("Secret", session, "b")
    assert admin.uid("Secret", f"{session}0", "b")
    admin.release("ConfigMap", session, "held")
    assert playbooks.run("teardown", session_prefix=session).code == 0


def test_must_gather_on_trouble(playbooks: Playbooks, admin: Admin, session: str) -> None:
    admin.make("ConfigMap", session, "held", metadata=HELD)
    wanted = {"mtv_teardown_must_gather": True, "mtv_teardown_stall_timeout": 2}
    without = playbooks.run("teardown", session_prefix=session, **wanted)
    assert "oc is not in PATH" in without.output
    tools = playbooks.folder / "bin"
    tools.mkdir()
    (tools / "oc").write_text('#!/bin/sh\necho "$@" >"${0%/bin/oc}/asked"\n', encoding="utf-8")
    (tools / "oc").chmod(0o755)
    playbooks.path = f"{tools}:{playbooks.path}"
    done = playbooks.run("teardown", session_prefix=session, **wanted)
    assert done.code == 2
    asked = (playbooks.folder / "asked").read_text(encoding="utf-8")
    assert asked.startswith("adm must-gather --image=")
    assert "must-gather" in asked.split("--image=")[1].split()[0]
    admin.release("ConfigMap", session, "held")


def test_no_files_where_none_are_wanted(playbooks: Playbooks, session: str) -> None:
    done = playbooks.run("teardown", session_prefix=session, mtv_teardown_skip_data_collector=True)
    assert done.code == 0, done.output
    assert playbooks.files() == []


def test_relative_paths_begin_where_it_is_called(playbooks: Playbooks, session: str) -> None:
    """Modules run in the folder of the playbook."""
    collector = playbooks.folder / ".data-collector"
    collector.mkdir()
    entry = {"name": session, "namespace": None, "module": "ocp_resources.namespace"}
    (collector / "resources.json").write_text(json.dumps({"Namespace": [entry]}), encoding="utf-8")
    (playbooks.folder / ".providers.json").write_text("{}", encoding="utf-8")
    by_default = playbooks.run("verify", data_collector_path=".data-collector", providers_file=".providers.json")
    assert "LEFTOVERS" in by_default.output, by_default.output
    assert [path.name for path in collector.glob("*.result.json")] == [f"verify-{session}.result.json"]
    named = playbooks.run("verify", resources_file=".data-collector/resources.json", providers_file="absent.json")
    assert f"{playbooks.folder}/absent.json does not exist" in named.output


def test_a_kind_nobody_knows_is_not_clean(playbooks: Playbooks, session: str) -> None:
    record = {"FlyingCarpet": [{"name": f"{session}-carpet", "namespace": session, "module": "suite.carpets"}]}
    file = playbooks.folder / "resources.json"
    file.write_text(json.dumps(record), encoding="utf-8")
    done = playbooks.run("teardown", resources_file=str(file), session_prefix=session)
    assert done.code == 2
    assert "UNVERIFIED" in done.output
    assert "FlyingCarpet" in done.output


def test_source_providers_are_not_forgotten(playbooks: Playbooks, session: str) -> None:
    file = playbooks.folder / "resources.json"
    file.write_text(json.dumps({"vsphere": [{"name": f"{session}-clone"}]}), encoding="utf-8")
    done = playbooks.run("teardown", resources_file=str(file))
    assert done.code == 2
    assert "UNVERIFIED" in done.output
    assert f"{session}-clone" in done.output
    accepted = playbooks.run("teardown", resources_file=str(file), mtv_teardown_openshift_only=True)
    assert accepted.code == 0


AB12 = {"session_prefix": "auto-ab12"}


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        pytest.param({}, "session_prefix", id="nothing-given"),
        pytest.param({"session_prefix": "auto-*"}, "session_prefix", id="wildcard"),
        pytest.param({"session_prefix": "openshift"}, "session_prefix", id="protected-word"),
        pytest.param({"resources_file": "absent.json"}, "does not exist", id="no-file"),
        pytest.param({"resources_file": "cut.json"}, "JSON", id="cut-off"),
        pytest.param({"resources_file": "two.json", "session_prefix": "auto-zz99"}, "two.json", id="contradiction"),
        pytest.param({"session_prefix": "rook-ceph"}, "session_prefix_pattern", id="another-shape"),
        pytest.param({**AB12, "mtv_teardown_skip": "maybe"}, "mtv_teardown_skip", id="mistyped-switch"),
        pytest.param({**AB12, "mtv_teardown_skpi": True}, "no such option: mtv_teardown_skpi", id="mistyped-name"),
        pytest.param({**AB12, "mtv_teardown_stall_timeout": -3}, "mtv_teardown_stall_timeout is -3", id="negative"),
        pytest.param({**AB12, "mtv_teardown_quiet_interval": "nan"}, "mtv_teardown_quiet_interval is nan", id="nan"),
        pytest.param({**AB12, "mtv_teardown_verify_timeout": 86401}, "from 1 to 86400", id="more-than-a-day"),
        pytest.param({**AB12, "mtv_teardown_vsphere": {"hostnam": "x"}}, "hostnam", id="unknown-key-of-a-provider"),
        pytest.param({**AB12, "mtv_teardown_ovirt": {"insecure": "maybe"}}, "insecure", id="switch-of-a-provider"),
    ],
)
def test_bad_input_stops_before_anything_is_asked(playbooks: Playbooks, extra: dict[str, Any], told: str) -> None:
    (playbooks.folder / "cut.json").write_text('{"Plan": [{"name": "auto-', encoding="utf-8")
    entry = {"name": "auto-ab12", "namespace": None, "module": "ocp_resources.namespace"}
    (playbooks.folder / "two.json").write_text(json.dumps({"Namespace": [entry]}), encoding="utf-8")
    if "resources_file" in extra:
        extra = {**extra, "resources_file": str(playbooks.folder / extra["resources_file"])}
    done = playbooks.run("teardown", **extra)
    assert done.code == 2
    assert told in done.output
    assert done.asked == []


def test_an_account_without_rights_is_never_clean(playbooks: Playbooks, lab: Lab, session: str) -> None:
    limited = {"mtv_teardown_kubeconfig": str(lab.limited_kubeconfig)}
    stopped = playbooks.run("teardown", session_prefix=session, **limited)
    assert stopped.code == 2
    assert "missing rights" in stopped.output and "in the whole cluster: list" in stopped.output
    done = playbooks.run("teardown", session_prefix=session, mtv_teardown_preflight=False, **limited)
    assert done.code == 2
    assert "UNVERIFIED" in done.output
    assert "forbidden" in done.output.lower()


def test_connection_by_token_and_no_secret_in_the_output(playbooks: Playbooks, lab: Lab, session: str) -> None:
    token = yaml.safe_load(lab.kubeconfig.read_text(encoding="utf-8"))["users"][0]["user"]["token"]
    ca_cert = str(lab.state / "pki" / "ca.crt")
    given = {"mtv_teardown_host": lab.url, "mtv_teardown_api_key": token, "mtv_teardown_ca_cert": ca_cert}
    playbooks.kubeconfig = str(playbooks.folder / "absent")
    done = playbooks.run("teardown", "-vvv", session_prefix=session, **given)
    assert done.code == 0, done.output
    assert "CLEAN" in done.output
    # ansible-playbook itself shows at -vvv the extra variables it was called with; they are in a file here.
    assert token not in done.output
    untrusted = playbooks.run("verify", session_prefix=session, **{**given, "mtv_teardown_ca_cert": None})
    assert untrusted.code == 2
    assert "certificate" in untrusted.output.lower()
