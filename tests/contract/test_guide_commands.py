# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command of every guide, run as it stands there, and every playbook that one shows. See guide_commands.py."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.ways import find_kubectl
from tests.contract.conftest import LABS
from tests.contract.guide_commands import COMMANDS, plays
from tests.lab.admin import Admin, admin_of
from tests.lab.controlplane import CHECKOUT, Lab
from tests.lab.kube import ApiError
from tests.lab.vcenter import peer

PREFIX = "auto-ab12"
CLONE, NEIGHBOUR = f"{PREFIX}-rhel8-9fzk", f"{PREFIX}0-rhel8-9fzk"
# The Plan that the README of role migrated_vms names.
PLAN = f"{PREFIX}-source-vsphere-8-0-1-q2ws-cold"
TOOLS = Path(sys.executable).parent
# What a guide's commands find in PATH before the real ones.
SHIMS = {
    # The collection is not published: its tarball takes its place, and kubernetes.core is there already.
    "ansible-galaxy": f"""case "$1 $2" in "collection install") ;; *) exec {TOOLS}/ansible-galaxy "$@" ;; esac
tarball=$(sh -c '. "$root/tests/checks/lib.sh"; build_tarball "$1"' sh "$scratch/build")
for word in "$@"; do shift; if [ "$word" = mtv.teardown ]; then word=$tarball; fi; set -- "$@" "$word"; done
ANSIBLE_COLLECTIONS_SCAN_SYS_PATH=false exec {TOOLS}/ansible-galaxy "$@" --no-deps
""",
    # Into a venv of the test, by uv, which keeps what it has downloaded.
    "pip": f"""PATH=$PATH:$root/.cache/uv/bin
[ -d "$scratch/venv" ] || uv venv --quiet --python {sys.executable} "$scratch/venv"
UV_SYSTEM_CERTS=true VIRTUAL_ENV=$scratch/venv exec uv pip "$@"
""",
    # What is typed there is kubectl's, too. The manifests are those of the collection.
    "oc": 'cd "$root" && exec "$kubectl" "$@"\n',
    # Of govc, what the guides use, with VMware's own library.
    "govc": f'exec {TOOLS}/python "$root/tests/contract/govc.py" .providers.json "$@"\n',
}


class Place:
    """A folder as mtv-api-tests leaves it, a cluster and a vCenter with what a session left there, and neighbours."""

    def __init__(self, lab: Lab, center: peer.VCenter, folder: Path) -> None:
        self.lab, self.center, self.folder = lab, center, folder / "here"
        self.admin: Admin = admin_of(lab)
        self.scratch = folder / "scratch"
        shims = self.scratch / "shims"
        for made in (self.folder / ".data-collector", shims, folder / "home" / ".kube"):
            made.mkdir(parents=True)
        for name, text in SHIMS.items():
            head = f'#!/bin/sh\nset -eu\nroot="{CHECKOUT}" scratch="{self.scratch}" kubectl="{find_kubectl()}"\n'
            head += "export root scratch\n"
            (shims / name).write_text(head + text, encoding="utf-8")
            (shims / name).chmod(0o755)
        # The commands that name no file find the providers by this variable, as the guides say.
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "K8S_", "MTV_"))},
            "HOME": str(folder / "home"),
            "PATH": f"{shims}:{TOOLS}:{os.environ['PATH']}",
            "KUBECONFIG": str(lab.kubeconfig),
            "LC_ALL": "C.UTF-8",
            "MTV_TEARDOWN_PROVIDERS_FILE": ".providers.json",
        }
        shutil.copy(lab.kubeconfig, folder / "home" / ".kube" / "config")
        providers = {"vsphere-8.0.1": center.entry()}
        (self.folder / ".providers.json").write_text(json.dumps(providers), encoding="utf-8")
        record = {
            "Namespace": [{"name": PREFIX, "namespace": None, "module": "ocp_resources.namespace"}],
            "vsphere": [{"name": CLONE}],
        }
        self.record = self.folder / ".data-collector" / "resources.json"
        self.record.write_text(json.dumps(record), encoding="utf-8")
        self._namespace(f"{PREFIX}0")
        center.clear()
        center.make(NEIGHBOUR)

    def _namespace(self, name: str) -> None:
        self.admin.namespace(name)
        self.admin.make("Secret", name, "a")

    def is_there(self) -> tuple[bool, bool]:
        """Whether the session is on the cluster, and on the vCenter."""
        return bool(self.admin.uid("Secret", PREFIX, "a")), CLONE in self.center.named()

    def seed(self) -> None:
        """What of the session is not there. Files of earlier runs go."""
        cluster, clone = self.is_there()
        if not cluster:
            self._namespace(PREFIX)
        if not clone:
            self.center.make(CLONE)
        for file in self.record.parent.glob("teardown-*"):
            file.unlink()

    def clear(self) -> None:
        """By other people's hands, before a command that looks whether all is gone."""
        if CLONE in self.center.named():
            self.center.delete(self.center.named()[CLONE])
        path, ends = f"/api/v1/namespaces/{PREFIX}", time.monotonic() + 180
        while time.monotonic() < ends:
            try:
                self.admin.api.request("DELETE", path)
            except ApiError as exc:
                if exc.code == 404:
                    return
                if exc.code != 409:  # it is on its way
                    raise
            time.sleep(0.2)
        raise AssertionError(f"namespace {PREFIX} stays")

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        environment = dict(self.environment)
        if "providers_file" in command:
            del environment["MTV_TEARDOWN_PROVIDERS_FILE"]
        return subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=environment, text=True, check=False, timeout=900,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def neighbours_live(self) -> bool:
        return bool(self.admin.uid("Secret", f"{PREFIX}0", "a")) and NEIGHBOUR in self.center.named()


@pytest.fixture(scope="module")
def place(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    center = peer.start(f"{LABS}guides-vcenter")
    yield Place(lab, center, tmp_path_factory.mktemp("guides"))
    peer.stop(f"{LABS}guides-vcenter")


@pytest.mark.parametrize("command", COMMANDS)
def test_command(place: Place, command: str) -> None:
    case = COMMANDS[command]
    if case.there:
        place.seed()
    elif case.there is False:
        place.clear()
    if case.before:
        first = place.run(case.before)
        assert first.returncode == 0, first.stdout
    done = place.run(case.instead or command)
    assert done.returncode == case.code, done.stdout
    assert case.shows in done.stdout, done.stdout
    if case.there is not None:
        assert place.is_there() == (case.left, case.left), done.stdout
    assert place.neighbours_live()
    for file in case.files:
        assert (place.folder / file).is_file()


def test_what_was_installed_is_there(place: Place) -> None:
    """The commands before put it there."""
    home = Path(place.environment["HOME"])
    assert (home / ".ansible/collections/ansible_collections/mtv/teardown/MANIFEST.json").is_file()
    imports = "import kubernetes, jmespath, pyVmomi, openstack, ovirtsdk4"
    subprocess.run([str(place.scratch / "venv/bin/python"), "-c", imports], check=True)


def _write(place: Place, judging: bool) -> list[str]:
    """The playbooks that judge, or the others, as files in the place."""
    files = []
    for name, text in plays().items():
        if ("mtv.teardown.verify" in text) == judging:
            file = place.folder / f"{name}.yml"
            file.write_text(text.replace("/home/me/.kube/config", str(place.lab.kubeconfig)), encoding="utf-8")
            files.append(file.name)
    return files


def test_playbooks_that_guides_show(place: Place) -> None:
    """In check mode, for they deal with the same session; those that judge it when it is gone."""
    place.seed()
    spec = {"targetNamespace": PREFIX, "vms": [], "map": {}, "provider": {}}
    place.admin.make("Plan", PREFIX, PLAN, spec=spec)
    deleting, judging = _write(place, judging=False), _write(place, judging=True)
    assert (len(deleting) >= 11, len(judging) >= 2) == (True, True)
    done = place.run(f"ansible-playbook --check {' '.join(deleting)}")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("PLAY RECAP") == len(deleting)
    assert place.is_there() == (True, True)
    place.clear()  # nobody would archive the Plan here
    done = place.run(f"ansible-playbook {' '.join(judging)}")
    assert done.returncode == 0, done.stdout
    assert "CLEAN: everything was read" in done.stdout
