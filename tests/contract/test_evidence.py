# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence of what fails and hangs, taken before it is hidden; nothing secret in any file of the run; and whatever goes
wrong with it, the teardown goes on and says the same."""

from __future__ import annotations

import base64
import hashlib
import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract.ansible_runs import Playbooks, Run
from tests.contract.test_cluster_client import PLAN_SPEC
from tests.contract.waiting import eventually
from tests.lab.admin import Admin, admin_of
from tests.lab.controlplane import Lab
from tests.lab.kubelet import Kubelet

HUSH = "Kw3Hush7Qz"
FAILED = {"conditions": [{"type": "Failed", "status": "True", "category": "Advisory", "message": f"password={HUSH}"}]}
HELD = {"finalizers": ["example.com/held"]}
LAST = "kubectl.kubernetes.io/last-applied-configuration"
NODE, MTV = "log-node", "openshift-mtv-logs"
POD = {"nodeName": NODE, "containers": [{"name": "main", "image": "x", "env": [{"name": "A", "value": HUSH}]}]}
ENDED = {"phase": "Failed", "message": f"login with token={HUSH} failed"}


@pytest.fixture(scope="module")
def module_admin(lab: Lab) -> Admin:
    return admin_of(lab)


@pytest.fixture(scope="module")
def kubelet(module_admin: Admin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubelet]:
    """With Forklift's controller on it, as far as one sees it from outside."""
    with Kubelet(module_admin, NODE, tmp_path_factory.mktemp("kubelet")) as started:
        module_admin.namespace(MTV)
        labels = {"app": "forklift", "control-plane": "controller-manager"}
        template = {"metadata": {"labels": labels}, "spec": {"containers": POD["containers"]}}
        spec = {"selector": {"matchLabels": labels}, "template": template}
        module_admin.make("Deployment", MTV, "forklift-controller", spec=spec)
        status = {"phase": "Running"}
        module_admin.make("Pod", MTV, "forklift-controller-1", metadata={"labels": labels}, spec=POD, status=status)
        yield started
        module_admin.api.request("DELETE", f"/apis/apps/v1/namespaces/{MTV}/deployments/forklift-controller")
        module_admin.api.request("DELETE", f"/api/v1/namespaces/{MTV}/pods/forklift-controller-1?gracePeriodSeconds=0")


@dataclass
class Session:
    """A session with a migration that has failed, and objects that hang; and one beside it."""

    admin: Admin
    prefix: str
    uids: dict[str, str] = field(default_factory=dict)

    @property
    def other(self) -> str:
        return f"{self.prefix}0"

    def make(self, kubelet: Kubelet, held: bool = True) -> None:
        admin, prefix = self.admin, self.prefix
        for place in (prefix, self.other):
            admin.namespace(place)
            plan = admin.make("Plan", place, "p", spec={**PLAN_SPEC, "targetNamespace": place}, status=FAILED)
            ref = {"plan": {"name": "p", "namespace": place}}
            migration = admin.make("Migration", place, f"{place}-m", spec=ref, status=FAILED)
            labels = {"plan": plan["metadata"]["uid"], "migration": migration["metadata"]["uid"]}
            if place == prefix:
                self.uids["migration"] = labels["migration"]
            admin.make("Pod", place, "importer-1", metadata={"labels": labels}, spec=POD, status=ENDED)
            self._event(place, migration, f"cannot import with Authorization: Bearer {HUSH}")
            kubelet.logs[place, "importer-1", "main"] = [f"--vddk-password {HUSH}", f"disk of {place} is gone"]
            said = kubelet.logs.setdefault((MTV, "forklift-controller-1", "main"), [])
            said += [f'{{"migration":"{place}-m","msg":"failed","password":"{HUSH}"}}', f"{place}-mx is another"]
        if held:
            data = {"password": base64.b64encode(HUSH.encode()).decode()}
            copied = {LAST: json.dumps({"data": data, "stringData": {"a": HUSH}}), "other": HUSH}
            admin.make("Secret", prefix, "held", metadata={**HELD, "annotations": copied}, data=data)
            made = admin.make("ConfigMap", prefix, "held", metadata=HELD, data={"clouds.yaml": f"password: {HUSH}"})
            self._event(prefix, made, f"https://me:{HUSH}@vcenter/sdk does not answer: token={HUSH}")
            worse = {"conditions": [{**FAILED["conditions"][0], "category": "Critical"}]}
            admin.make(
                "Plan", prefix, "held", metadata=HELD, spec={**PLAN_SPEC, "targetNamespace": prefix}, status=worse
            )

    def _event(self, place: str, about: dict[str, Any], message: str) -> None:
        meta = about["metadata"]
        involved = {"kind": about["kind"], "namespace": place, "name": meta["name"], "uid": meta["uid"]}
        self.admin.make("Event", place, f"{meta['name']}.1", involvedObject=involved, message=message, type="Warning")

    def release(self) -> None:
        for kind in ("Secret", "ConfigMap", "Plan"):
            self.admin.release(kind, self.prefix, "held")
        assert eventually(lambda: not self._is_there())

    def _is_there(self) -> bool:
        names = [one["metadata"]["name"] for one in self.admin.api.request("GET", "/api/v1/namespaces")["items"]]
        return self.prefix in names

    def bystanders(self) -> list[str]:
        kinds = (("Plan", "p"), ("Migration", f"{self.other}-m"), ("Pod", "importer-1"))
        return [self.admin.uid(kind, self.other, name) for kind, name in kinds]


@pytest.fixture
def playbooks(lab: Lab, tmp_path: Path) -> Playbooks:
    return Playbooks(lab, tmp_path)


@pytest.fixture
def session(module_admin: Admin, prefix: str) -> Session:
    return Session(module_admin, prefix)


def told(playbooks: Playbooks, prefix: str) -> dict[str, Any]:
    """C(evidence) of the result, its files as they are on disk."""
    kept: dict[str, Any] = playbooks.result(prefix)["evidence"]
    folder = playbooks.folder / ".data-collector"
    for one in kept["files"]:
        raw = (folder / one["path"]).read_bytes()
        assert (one["size"], one["sha256"]) == (len(raw), hashlib.sha256(raw).hexdigest())
        one["document"] = yaml.safe_load(raw)
    return kept


def one_of(kept: dict[str, Any], kind: str, why: str) -> dict[str, Any]:
    (found,) = [one["document"] for one in kept["files"] if (one["kind"], one["why"]) == (kind, why)]
    assert isinstance(found, dict)
    return found


def hushed(folder: Path, run: Run) -> None:
    """No secret is in any file of the run, nor in what it said."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 2
    words = [HUSH, base64.b64encode(HUSH.encode()).decode()]
    for path in files:
        text = path.read_bytes().decode()
        assert not [word for word in words if word in text], path
    assert not [word for word in words if word in run.output]


def test_what_fails_and_hangs_is_kept_before_it_is_hidden(
    session: Session, kubelet: Kubelet, playbooks: Playbooks
) -> None:
    session.make(kubelet)
    alive, prefix = session.bystanders(), session.prefix
    checked = playbooks.run("teardown", "--check", session_prefix=prefix)
    assert (checked.code, checked.wrote, playbooks.files()) == (0, [], [])
    assert not any("/log" in path for path, _query in kubelet.asked)

    run = playbooks.run("teardown", "-v", session_prefix=prefix, mtv_teardown_report_faces="html,markdown,junit")
    assert run.code == 2
    kept = told(playbooks, prefix)
    hushed(playbooks.folder, run)
    assert kept["notes"] == [] and kept["folder"] in run.output
    held = {(one["kind"], one["name"], one["why"]) for one in kept["files"]}
    assert held == {
        ("Plan", "p", "failed"),
        ("Plan", "p", "hangs"),  # nobody archives it
        ("Plan", "held", "failed"),
        ("Plan", "held", "hangs"),
        ("Migration", f"{prefix}-m", "failed"),
        ("Secret", "held", "hangs"),
        ("ConfigMap", "held", "hangs"),
        ("Namespace", prefix, "hangs"),
    }
    _of_the_migration(one_of(kept, "Migration", "failed"), session)
    secret = one_of(kept, "Secret", "hangs")
    assert set(secret["object"]) == {"apiVersion", "kind", "metadata"}
    assert secret["object"]["metadata"]["finalizers"] == HELD["finalizers"]
    assert secret["namespace"]["name"] == prefix
    config = one_of(kept, "ConfigMap", "hangs")
    assert config["object"]["data"] == {"clouds.yaml": "***"}
    assert config["events"][0]["message"] == "https://***@vcenter/sdk does not answer: token=***"
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (playbooks.folder / ".data-collector").glob("*/*/*")}
    assert modes == {0o600}
    for ending in (".html", ".md"):
        face = (playbooks.folder / f".data-collector/teardown-{prefix}{ending}").read_text(encoding="utf-8")
        assert kept["files"][0]["path"] in face

    # A second run has a folder of its own, and what the first one saw stays as it is.
    again = playbooks.run("teardown", session_prefix=prefix)
    assert again.code == 2
    more = told(playbooks, prefix)
    assert {one["why"] for one in more["files"]} == {"failed", "hangs"} and more["folder"] != kept["folder"]
    namespace = one_of(more, "Namespace", "hangs")["object"]
    content = [c["message"] for c in namespace["status"]["conditions"] if c["type"] == "NamespaceContentRemaining"]
    assert "configmaps. has 1 resource instances" in content[0]
    for one in kept["files"]:
        raw = (playbooks.folder / ".data-collector" / one["path"]).read_bytes()
        assert hashlib.sha256(raw).hexdigest() == one["sha256"]
    hushed(playbooks.folder, again)

    # What goes well leaves none.
    session.release()
    third = playbooks.run("teardown", session_prefix=prefix)
    assert third.code == 0 and told(playbooks, prefix) == {"folder": "", "files": [], "notes": []}
    assert len(list((playbooks.folder / ".data-collector" / f"teardown-{prefix}.evidence").iterdir())) == 2
    assert session.bystanders() == alive and all(alive)


def _of_the_migration(document: dict[str, Any], session: Session) -> None:
    """Its namespace has been asked to go since, and its pods are no more."""
    prefix = session.prefix
    assert document["about"]["uid"] == session.uids["migration"]
    assert document["object"]["status"]["conditions"][0]["message"] == "password=***"
    assert document["events"][0]["message"] == "cannot import with Authorization: ***"
    (pod,) = document["pods"]
    assert (pod["metadata"]["name"], pod["status"]["phase"]) == ("importer-1", "Failed")
    assert pod["spec"]["containers"][0]["env"] == [{"name": "A", "value": "***"}]
    assert document["log"] == [
        f'forklift-controller-1 main | {{"migration":"{prefix}-m","msg":"failed","password":***}}',
        "importer-1 main | --vddk-password ***",
        f"importer-1 main | disk of {prefix} is gone",
    ]
    assert not session.admin.uid("Pod", prefix, "importer-1")


def test_a_log_is_asked_for_within_bounds(session: Session, kubelet: Kubelet, playbooks: Playbooks) -> None:
    session.make(kubelet, held=False)
    kubelet.logs[session.prefix, "importer-1", "main"] = [f"line {n:05}" for n in range(20_000)]
    kubelet.asked.clear()
    more = {"mtv_teardown_evidence_log_lines": 7, "mtv_teardown_evidence_file_size": 4}
    assert playbooks.run("teardown", session_prefix=session.prefix, **more).code == 0
    kept = told(playbooks, session.prefix)
    log = one_of(kept, "Migration", "failed")["log"]
    assert log[-1] == "importer-1 main | line 19999" and len(log) <= 8
    assert all(one["size"] <= 4096 for one in kept["files"])
    logs = [query for path, query in kubelet.asked if path.startswith("/containerLogs/")]
    assert logs and all({"tailLines", "limitBytes", "sinceSeconds"} <= set(query) for query in logs)


def test_a_missing_right_is_told_in_the_file_and_is_no_failure(
    session: Session, kubelet: Kubelet, lab: Lab, playbooks: Playbooks
) -> None:
    session.make(kubelet, held=False)
    undo = session.admin.allow("limited", ["list", "watch", "delete", "patch"], "evidence-no-get")
    try:
        playbooks.kubeconfig = str(lab.limited_kubeconfig)
        run = playbooks.run("teardown", session_prefix=session.prefix, mtv_teardown_preflight=False)
    finally:
        undo()
    assert run.code == 0, run.output
    document = one_of(told(playbooks, session.prefix), "Migration", "failed")
    assert document["object"]["metadata"]["uid"] == session.uids["migration"]
    assert [line for line in document["unread"] if "403 Forbidden" in line and "/log" in line]
    assert document["pods"] and "log" not in document


@pytest.mark.parametrize("how", ["a file", "a link"])
def test_where_nothing_can_be_written_the_teardown_goes_on(
    how: str, session: Session, kubelet: Kubelet, playbooks: Playbooks
) -> None:
    session.make(kubelet, held=False)
    collector, others = playbooks.folder / ".data-collector", playbooks.folder / "others"
    collector.mkdir()
    others.mkdir()
    path = collector / f"teardown-{session.prefix}.evidence"
    if how == "a file":
        path.write_text("mine", encoding="utf-8")
    else:
        path.symlink_to(others)
    run = playbooks.run("teardown", session_prefix=session.prefix)
    assert run.code == 0, run.output
    result = playbooks.result(session.prefix)
    assert (result["verdict"], result["evidence"]["files"]) == ("clean", [])
    (note,) = result["evidence"]["notes"]
    assert "is no folder, or a link" in note and note in " ".join(run.output.split())
    assert list(others.iterdir()) == [] and (how == "a link" or path.read_text(encoding="utf-8") == "mine")


def test_who_wants_none_gets_none(session: Session, kubelet: Kubelet, playbooks: Playbooks) -> None:
    session.make(kubelet, held=False)
    kubelet.asked.clear()
    assert playbooks.run("teardown", session_prefix=session.prefix, mtv_teardown_evidence=False).code == 0
    assert playbooks.result(session.prefix)["evidence"] == {"folder": "", "files": [], "notes": []}
    assert kubelet.asked == [] and not [name for name in playbooks.files() if ".evidence/" in name]
