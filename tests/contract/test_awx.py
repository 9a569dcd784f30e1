# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection in AWX: set up by awx.awx, then run as AWX runs a job, with what its own injectors make."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from moto.server import ThreadedMotoServer

from tests.contract.conftest import LABS, writes
from tests.lab import controlplane
from tests.lab.admin import Admin, admin_of
from tests.lab.awx import api, install, job
from tests.lab.awx.api import Controller
from tests.lab.engine.peer import PASSWORD, USER, Peer
from tests.lab.vcenter import peer as vcenters
from tests.lab.worlds import check, seed

HELD = {"finalizers": ["example.com/held"]}
SECRET = "a-secret-of-the-providers-file"


class Setup:
    """An AWX and the playbook that sets it up."""

    def __init__(self, folder: Path, url: str, controller: Controller) -> None:
        self.folder, self.url, self.controller = folder, url, controller
        self.providers = folder / ".providers.json"

    def apply(self, **extra: Any) -> subprocess.CompletedProcess[str]:
        given = {
            "mtv_awx_image": "registry.example.com/mtv/teardown-ee:1",
            "mtv_awx_providers_file": str(self.providers),
            "mtv_awx_tests_template": "mtv-api-tests",
            **extra,
        }
        environment = {
            **os.environ,
            "ANSIBLE_CONFIG": str(controlplane.CHECKOUT / "tests" / "tools" / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(install.collections(lambda text: print(f"awx: {text}"))),
            "CONTROLLER_HOST": self.url,
            "CONTROLLER_OAUTH_TOKEN": api.TOKEN,
            "LC_ALL": "C.UTF-8",
        }
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "playbooks/awx.yml", "-e", json.dumps(given)]
        return subprocess.run(
            command, cwd=controlplane.CHECKOUT, env=environment, capture_output=True, text=True, check=False
        )


@pytest.fixture(scope="module")
def centers() -> Iterator[tuple[vcenters.VCenter, vcenters.VCenter]]:
    names = [f"{LABS}awx-vcenter-{number}" for number in (1, 2)]
    yield vcenters.start(names[0]), vcenters.start(names[1])
    for name in names:
        vcenters.stop(name)


@pytest.fixture(scope="module")
def setup(
    tmp_path_factory: pytest.TempPathFactory, centers: tuple[vcenters.VCenter, vcenters.VCenter]
) -> Iterator[Setup]:
    with api.serve() as (url, controller):
        made = Setup(tmp_path_factory.mktemp("awx"), url, controller)
        entries = {f"vsphere-{number}": center.entry() for number, center in enumerate(centers)}
        unused = {"type": "openshift", "password": SECRET}
        made.providers.write_text(json.dumps({**entries, "unused": unused}), encoding="utf-8")
        # The template of the tests is there before; it is not ours.
        inventory = controller.create("inventories", {"name": "of the tests", "organization": 1})
        project = controller.create("projects", {"name": "of the tests", "organization": 1, "scm_type": "git"})
        controller.updates.repository.add("tests.yml")
        controller.fetched(project)
        tests = {"name": "mtv-api-tests", "playbook": "tests.yml", "inventory": inventory["id"]}
        controller.create("job_templates", {**tests, "project": project["id"]})
        controller.create("notification_templates", {"name": "chat", "organization": 1, "notification_type": "slack"})
        done = made.apply(mtv_awx_notify_approvals=["chat"])
        assert done.returncode == 0, done.stdout + done.stderr
        assert SECRET not in done.stdout + done.stderr
        yield made


class Jobs:
    """Runs jobs against the lab, on a session of its own. No secret may show in anything that AWX keeps of a job."""

    def __init__(self, lab: controlplane.Lab, setup: Setup, folder: Path, admin: Admin, prefix: str) -> None:
        self.lab, self.controller, self.folder, self.admin, self.prefix = lab, setup.controller, folder, admin, prefix
        self.token = yaml.safe_load(lab.kubeconfig.read_text(encoding="utf-8"))["users"][0]["user"]["token"]
        self.secrets = [self.token, SECRET]
        self.count = 0
        self.bystander = ""

    def seed(self) -> None:
        """A session of a namespace, and one that only begins like it."""
        for namespace in (self.admin.namespace(self.prefix), self.admin.namespace(f"{self.prefix}0")):
            self.admin.make("Secret", namespace, "a")
        self.bystander = self.admin.uid("Secret", f"{self.prefix}0", "a")

    def cluster(self, *, ca: bool = True) -> job.Held:
        """The credential for the cluster. Without a CA AWX says not to verify, whatever was ticked."""
        given = {"host": self.lab.url, "bearer_token": self.token, "verify_ssl": True}
        pem = (self.lab.state / "pki" / "ca.crt").read_text(encoding="utf-8")
        return job.builtin("kubernetes_bearer_token", **given, **({"ssl_ca_cert": pem} if ca else {}))

    def record(self, **more: Any) -> dict[str, Any]:
        entry = {"name": self.prefix, "namespace": None, "module": "ocp_resources.namespace", "test_name": "test_a"}
        return {"Namespace": [entry], **more}

    def run(self, name: str, held: list[job.Held] | None = None, **how: Any) -> job.Done:
        self.count += 1
        chosen = [self.cluster()] if held is None else held
        done = job.run(self.folder / f"job-{self.count}", self.controller, name, chosen, **how)
        assert not [secret for secret in self.secrets if secret in done.shown]
        assert "skipping: [" not in done.output  # the project's own ansible.cfg
        return done

    def there(self) -> bool:
        """Whether the session is there; the bystander always has to be."""
        assert self.admin.uid("Secret", f"{self.prefix}0", "a") == self.bystander
        return bool(self.admin.uid("Secret", self.prefix, "a"))


@pytest.fixture
def jobs(lab: controlplane.Lab, setup: Setup, tmp_path: Path, admin: Admin, prefix: str) -> Jobs:
    made = Jobs(lab, setup, tmp_path, admin, prefix)
    made.seed()
    return made


def test_the_playbook_sets_everything_up_and_a_second_run_changes_nothing(setup: Setup) -> None:
    held = setup.controller
    teardown, verify = held.named("job_templates", "MTV teardown"), held.named("job_templates", "MTV verify")
    assert {one["variable"] for one in held.surveys[verify["id"]]["spec"]} < {
        one["variable"] for one in held.surveys[teardown["id"]]["spec"]
    }
    assert json.loads(held.named("credentials", "MTV providers")["inputs"]["providers"])["unused"]["password"] == SECRET
    assert {one["identifier"] for one in held.listing("workflow_job_template_nodes")} == {
        "tests",
        "teardown",
        "verify",
        "leftovers",
        "look",
        "teardown-again",
        "verify-again",
    }
    approval = held.named("workflow_approval_templates", "MTV leftovers were looked at")
    assert held.named("workflow_job_template_nodes", "look")["unified_job_template"] == approval["id"]
    assert approval["timeout"] == 86400 and "output of the job before" in approval["description"]
    assert held.named("schedules", "MTV session")["enabled"] is False
    assert held.named("projects", "MTV teardown")["scm_update_on_launch"] is True
    assert 0 < verify["timeout"] == teardown["timeout"]
    workflow = held.named("workflow_job_templates", "MTV session")
    asked = held.linked("workflow_job_templates", workflow, "notification_templates_approvals")
    assert asked == [held.named("notification_templates", "chat")["id"]]
    before = len(held.writes)
    again = setup.apply()  # without the variable: what somebody has chosen stays
    assert again.returncode == 0 and "changed=0" in again.stdout, again.stdout + again.stderr
    # Of an inventory awx.awx sends no kind where AWX has an empty one; AWX takes that for the same.
    assert {path.split("/")[3] for _method, path in held.writes[before:]} <= {"inventories"}
    assert asked


def test_a_first_update_of_the_project_that_failed_is_repeated_by_the_next_run(tmp_path: Path) -> None:
    with api.serve() as (url, held):
        bare = Setup(tmp_path, url, held)
        given = {"mtv_awx_providers_file": "", "mtv_awx_tests_template": ""}
        held.updates.fates = ["failed", "running"]
        first = bare.apply(**given)
        project = held.named("projects", "MTV teardown")
        update = project["summary_fields"]["last_update"]["id"]
        assert first.returncode == 2 and f"its update {update} is failed" in first.stdout, first.stdout
        assert held.listing("job_templates") == []
        # One that does not end costs no more than the limit.
        stuck = bare.apply(**given, mtv_awx_sync_timeout=2)
        assert "current_update" in project["summary_fields"], stuck.stdout + stuck.stderr
        update = project["summary_fields"]["current_update"]["id"]
        assert stuck.returncode == 2 and f"its update {update} is running" in stuck.stdout, stuck.stdout
        assert "within 2 seconds" in stuck.stdout
        held.updates.put(project, held.tables["project_updates"][update], "canceled")
        third = bare.apply(**given)
        assert third.returncode == 0 and project["status"] == "successful", third.stdout + third.stderr
        assert len(held.listing("job_templates")) == 3
        # Without tests, and with nothing else to work on, nothing is scheduled.
        assert held.listing("schedules") == []


def test_a_launch_by_the_api_needs_no_answers(setup: Setup) -> None:
    held = setup.controller
    names = [("job_templates", f"MTV {name}") for name in ("teardown", "verify", "verdict")]
    for endpoint, name in [*names, ("workflow_job_templates", "MTV session")]:
        request = urllib.request.Request(
            f"{setup.url}{held.named(endpoint, name)['url']}launch/",
            data=b"{}",
            headers={"Authorization": f"Bearer {api.TOKEN}"},
        )
        with urllib.request.urlopen(request) as answer:
            assert (answer.status, json.loads(answer.read())["ignored_fields"]) == (201, {})


def test_without_an_image_nothing_is_set_up(setup: Setup) -> None:
    before = len(setup.controller.writes)
    done = setup.apply(mtv_awx_image="")
    assert done.returncode == 2 and "mtv_awx_image is not set" in done.stdout
    assert len(setup.controller.writes) == before


def test_a_workflow_hands_the_record_on_and_branches_on_the_verdict(jobs: Jobs) -> None:
    """tests -> teardown -> verify: leftovers -> a person looks -> teardown -> verify: clean."""
    jobs.admin.make("ConfigMap", jobs.prefix, "held", metadata=HELD)
    data = {"resources_text": jobs.record(), "mtv_teardown_verdict": "clean"}  # a verdict of long ago
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [{"ansible.builtin.set_stats": {"data": data}}]}
    handed: dict[str, Mapping[str, Any]] = {}
    ended: dict[str, job.Done] = {}

    def run(node: str, name: str, answers: Mapping[str, Any], artifacts: Mapping[str, Any]) -> job.Done:
        given = {} if name in ("mtv-api-tests", "MTV verdict") else {"mtv_teardown_stall_timeout": 3}
        done = jobs.run(
            name, artifacts={**artifacts, **given}, answers=answers, files={"tests.yml": json.dumps([play])}
        )
        handed[node] = done.artifacts
        ended[node] = done
        return done

    def look(_name: str) -> bool:
        assert handed["verify"]["mtv_teardown_leftovers"]
        jobs.admin.release("ConfigMap", jobs.prefix, "held")
        return True

    workflow = job.Workflow(jobs.controller, run, look)
    assert workflow.run("MTV session") == "successful"
    assert workflow.ended == {
        "tests": "successful",
        "teardown": "failed",
        "verify": "failed",
        "leftovers": "successful",
        "look": "approved",
        "teardown-again": "successful",
        "verify-again": "successful",
    }
    fork = next(done for node, done in ended.items() if node == "leftovers")
    assert f"session {jobs.prefix}: leftovers" in fork.output and f"ConfigMap {jobs.prefix}/held" in fork.output
    first, last = handed["teardown"], handed["teardown-again"]
    assert (first["mtv_teardown_verdict"], first["mtv_teardown_session"]) == ("leftovers", jobs.prefix)
    assert f"ConfigMap {jobs.prefix}/held: finalizer" in " ".join(first["mtv_teardown_leftovers"])
    assert first["mtv_teardown_counts"]["leftovers"] == len(first["mtv_teardown_leftovers"])
    assert (last["mtv_teardown_verdict"], last["mtv_teardown_leftovers"]) == ("clean", [])
    assert not jobs.there()


def test_a_verify_that_was_canceled_hands_on_no_verdict_of_the_teardown_before(jobs: Jobs) -> None:
    """AWX hands on what the jobs before have said, as if the canceled one had said nothing. Relaunched, it judges."""
    jobs.admin.make("ConfigMap", jobs.prefix, "held", metadata=HELD)
    text = json.dumps(jobs.record())

    def run(node: str, name: str, answers: Mapping[str, Any], artifacts: Mapping[str, Any]) -> job.Done:
        if node == "tests":
            return job.Done("successful", [], {"resources_text": text}, "", {})
        given = {} if name == "MTV verdict" else {"mtv_teardown_stall_timeout": 3}
        handed[node] = dict(artifacts)
        kill = (lambda: True) if node == "verify" else job.never
        return jobs.run(name, artifacts={**artifacts, **given}, answers=answers, cancel=kill)

    handed: dict[str, dict[str, Any]] = {}
    workflow = job.Workflow(jobs.controller, run, lambda _name: pytest.fail("nobody is to be asked"))
    assert workflow.run("MTV session") == "failed"
    assert workflow.ended == {"tests": "successful", "teardown": "failed", "verify": "canceled", "leftovers": "failed"}
    # What the fork was given looks as if there had been a verdict.
    assert handed["leftovers"]["mtv_teardown_verdict"] == "leftovers"
    again = jobs.run("MTV verify", answers={"resources_text": text})
    assert again.artifacts["mtv_teardown_verdict_of"] == "verify"
    assert (again.status, again.artifacts["mtv_teardown_verdict"]) == ("failed", "leftovers")
    wanted = {"mtv_teardown_wanted": "leftovers"}
    assert jobs.run("MTV verdict", answers=wanted, artifacts=again.artifacts).status == "successful"
    other = jobs.run(
        "MTV verdict", answers={**wanted, "mtv_teardown_wanted_of": "verify-again"}, artifacts=again.artifacts
    )
    assert other.status == "failed" and "verify-again has handed over none" in other.output
    jobs.admin.release("ConfigMap", jobs.prefix, "held")


def test_a_cancelled_job_started_again_ends_clean(acting_lab: controlplane.Lab, setup: Setup, tmp_path: Path) -> None:
    """A session in somebody else's namespace, with Forklift, KubeVirt and CDI at work. The record comes from the
    project; nothing of the first job's folder is left to the second."""
    folder = tmp_path / "world"
    seed.seed(acting_lab, "shared-namespace", "auto-cx01", folder, say=lambda text: print(f"worlds: {text}"))
    world = json.loads((folder / "world.json").read_text(encoding="utf-8"))
    jobs = Jobs(acting_lab, setup, tmp_path, admin_of(acting_lab), "auto-cx01")
    since = controlplane.mark(jobs.lab)
    how: dict[str, Any] = {
        "answers": {"resources_file": "resources.json", "mtv_teardown_openshift_only": "true"},
        "files": {"resources.json": (folder / "resources.json").read_text(encoding="utf-8")},
    }

    def deleting() -> bool:
        return any(request["verb"].startswith("delete") for request in controlplane.requests(jobs.lab, since))

    canceled = jobs.run("MTV teardown", cancel=deleting, **how)
    assert canceled.status == "canceled", canceled.output
    halfway = check.compare(world, check.look(jobs.lab))
    assert halfway.left and not halfway.touched
    shutil.rmtree(jobs.folder / "job-1")
    again = jobs.run("MTV teardown", **how)
    assert again.status == "successful", again.output
    assert again.artifacts["mtv_teardown_verdict"] == "clean"
    assert again.stats["changed"] and not again.stats["failures"]
    assert check.problems(world, check.look(jobs.lab), "clean") == []


def test_builtin_credentials_of_providers_work_as_they_are_injected(
    jobs: Jobs, centers: tuple[vcenters.VCenter, vcenters.VCenter], engine: Peer
) -> None:
    """vmware has no port and does not verify; rhv has its CA only in a file. The record is the text of a survey."""
    center = centers[0]
    entry = center.entry()
    clone, other = f"{jobs.prefix}-rhel8-9fzk", f"{jobs.prefix}0-rhel8"
    center.clear()
    center.make({"name": clone, "power": "poweredOn"}, other)
    for name in (clone, other):
        engine.vm(name)
    held = [
        jobs.cluster(),
        job.builtin("vmware", host=entry["fqdn"], username=entry["username"], password=entry["password"]),
        job.builtin("rhv", host=engine.url, username=USER, password=PASSWORD, ca_file=engine.ca_file),
    ]
    text = json.dumps(jobs.record(vsphere=[{"name": clone}], ovirt=[{"name": clone}]))
    answers = {"resources_text": text, "session_prefix": "", "resources_url": "", "resources_file": ""}
    since = controlplane.mark(jobs.lab)
    checked = jobs.run("MTV teardown", held, answers=answers, check=True)
    assert checked.status == "successful", checked.output
    assert clone in checked.shown and checked.artifacts["mtv_teardown_verdict"] == "unverified"
    assert jobs.there() and not writes(jobs.lab, since)
    done = jobs.run("MTV teardown", held, answers=answers)
    assert done.status == "successful", done.output
    assert "certificates not verified, by choice: vsphere (VMWARE_HOST)" in done.output
    assert {event["event"] for event in done.events} >= {"runner_on_ok", "playbook_on_stats"}
    assert not [event for event in done.events if event["event"] == "runner_on_failed"]
    assert done.stats["processed"] == {"localhost": 1} and not done.stats["failures"]
    assert {name for name in center.named() if name.startswith(jobs.prefix)} == {other}
    assert {vm["name"] for vm in engine.vms().values()} == {other}
    assert not jobs.there()


def test_two_vcenters_in_one_job_and_a_cluster_without_ca(
    jobs: Jobs, centers: tuple[vcenters.VCenter, vcenters.VCenter]
) -> None:
    """Both files arrive as credentials: the providers' is tied to the template, the record's is chosen at launch."""
    clones = []
    for number, center in enumerate(centers):
        center.clear()
        clones.append(f"{jobs.prefix}-rhel{number}-9fzk")
        center.make({"name": clones[-1], "power": "poweredOn"}, f"{jobs.prefix}0-rhel{number}")
    text = json.dumps(jobs.record(vsphere=[{"name": name} for name in clones]))
    record = job.custom(jobs.controller, "MTV resources file", resources=text)
    tied = job.of_template(jobs.controller, jobs.controller.named("job_templates", "MTV teardown"))
    done = jobs.run("MTV teardown", [*tied, record, jobs.cluster(ca=False)])
    assert done.status == "successful", done.output
    assert done.safe_env["K8S_AUTH_VERIFY_SSL"] == "False"
    assert [center.sessions() for center in centers] == [[], []]
    left = [name for center in centers for name in center.named() if name.startswith(jobs.prefix)]
    assert left == [f"{jobs.prefix}0-rhel0", f"{jobs.prefix}0-rhel1"]
    assert done.artifacts["mtv_teardown_counts"]["deleted"] >= 4


class _File(BaseHTTPRequestHandler):
    text = ""

    def do_GET(self) -> None:
        given = self.text.encode() if self.path.endswith("/resources.json?signature=of-an-address") else b""
        self.send_response(200 if given else 403)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(given)))
        self.end_headers()
        self.wfile.write(given)

    def log_message(self, *_args: Any) -> None:
        """Nothing: a test says what it needs."""


@contextmanager
def file_server(text: str) -> Iterator[str]:
    """The address of a server that has this as resources.json, for those who know the signature."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("File", (_File,), {"text": text}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/run/resources.json"
    finally:
        server.shutdown()
        server.server_close()


def test_the_record_from_a_url(jobs: Jobs) -> None:
    jobs.secrets.append("signature=of-an-address")
    with file_server(json.dumps(jobs.record())) as url:
        answers = {"resources_url": f"{url}?signature=of-an-address"}
        # The job keeps what it was asked; the output of the run must not tell it.
        done = jobs.run("MTV teardown", answers=answers, check=True)
        assert done.status == "successful", done.output
        assert f"Secret {jobs.prefix}/a" in done.output
        refused = jobs.run("MTV teardown", answers={"resources_url": url})
    assert refused.status == "failed" and "did not come from 127.0.0.1: HTTP 403" in refused.output
    assert refused.artifacts["mtv_teardown_verdict"] == "unverified"
    assert jobs.there()


def test_the_record_from_a_bucket(jobs: Jobs) -> None:
    keys = {"username": "key-of-the-bucket", "password": "secret-of-the-bucket"}
    jobs.secrets.append(keys["password"])
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        url = "http://{}:{}".format(*server.get_host_and_port())
        store = boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id=keys["username"],
            aws_secret_access_key=keys["password"],
        )
        store.create_bucket(Bucket="runs")
        store.put_object(Bucket="runs", Key="1/resources.json", Body=json.dumps(jobs.record()).encode())
        answers = {
            "resources_s3_bucket": "runs",
            "resources_s3_object": "1/resources.json",
            "resources_s3_endpoint_url": url,
        }
        held = [jobs.cluster(), job.builtin("aws", **keys)]
        done = jobs.run("MTV teardown", held, answers=answers, check=True)
        missing = jobs.run("MTV verify", held, answers={**answers, "resources_s3_object": "2/resources.json"})
    finally:
        server.stop()
    assert done.status == "successful", done.output
    assert f"Secret {jobs.prefix}/a" in done.output
    assert missing.status == "failed" and "2/resources.json" in missing.output


def test_two_records_or_a_hostile_one_stop_before_anything_is_asked(jobs: Jobs) -> None:
    text = json.dumps(jobs.record())
    record = job.custom(jobs.controller, "MTV resources file", resources=text)
    since = controlplane.mark(jobs.lab)
    both = jobs.run("MTV teardown", [jobs.cluster(), record], answers={"resources_text": text})
    assert both.status == "failed" and "by resources_text and by MTV_TEARDOWN_RESOURCES_FILE" in both.output
    two = jobs.run("MTV teardown", answers={"resources_text": text, "resources_url": "http://127.0.0.1:1/"})
    assert two.status == "failed" and "by resources_text and by resources_url" in two.output
    made = jobs.folder / "made-by-a-record"
    hostile = {"Secret": [{"name": f"{{{{ lookup('pipe', 'touch {made}') }}}}", "namespace": jobs.prefix}]}
    done = jobs.run("MTV teardown", answers={"resources_text": json.dumps(hostile), "session_prefix": jobs.prefix})
    assert done.status == "failed" and "no Secret can have the name" in done.output
    assert not made.exists()
    assert controlplane.requests(jobs.lab, since) == [] and jobs.there()
