# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts, finds and stops real OpenStack services on loopback.

``peer = start("openstack")`` gives peer.port (Keystone; Placement, Glance, Neutron, Nova and Cinder follow) and
peer.environment(); users C(ci) and C(other) have a project each and may do what members may, C(admin) may do all.
"""

from __future__ import annotations

import json
import shutil
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.lab import ports, processes
from tests.lab.build import Say, lock
from tests.lab.controlplane import LabError, check_owner, claim, state_folder
from tests.lab.openstack import databases, install, seed, settings

HERE = Path(__file__).resolve().parent
PROJECTS = settings.PROJECTS


@dataclass(frozen=True)
class Peer:
    """Where the services are. port: Keystone's; the others follow it."""

    name: str
    state: Path
    port: int

    @property
    def auth_url(self) -> str:
        return f"{settings.url(self.port, 'keystone')}/v3"

    def environment(self, user: str = "ci") -> dict[str, str]:
        """What makes OpenStack's own tools use it."""
        return {
            "OS_AUTH_TYPE": "password",
            "OS_AUTH_URL": self.auth_url,
            "OS_USERNAME": user,
            "OS_PASSWORD": settings.PASSWORD,
            "OS_PROJECT_NAME": user,
            "OS_USER_DOMAIN_NAME": "Default",
            "OS_PROJECT_DOMAIN_NAME": "Default",
            "OS_REGION_NAME": "RegionOne",
            "OS_IDENTITY_API_VERSION": "3",
        }

    def pid(self, project: str) -> int | None:
        return processes.find(self.state, project)

    def policy(self, project: str) -> Path:
        """Rules that the service reads again when this file changes."""
        return self.state / "etc" / f"{project}-policy.yaml"


def find(name: str = "openstack") -> Peer | None:
    """Return a peer that was started, whether it still lives or not."""
    state = state_folder(name)
    try:
        port = json.loads((state / "openstack.json").read_text(encoding="utf-8"))["port"]
    except FileNotFoundError:
        return None
    return Peer(name, state, port)


def start(name: str = "openstack", *, port: int | None = None, fresh: bool = False, say: Say) -> Peer:
    """Start the services, or those that do not run; fresh: begin again as if nothing had ever been made there."""
    state = state_folder(name)
    claim(state, "openstack")
    venv = install.services(say)
    with lock(state / "lock", say, f"starts or stops {name}"):
        known = find(name)
        if known is not None and (fresh or port not in (None, known.port)):
            _stop(state)
            port, known = port or known.port, None
        if known is not None and all(known.pid(project) for project in PROJECTS):
            say(f"OpenStack {name} is up at {known.auth_url}")
            return known
        return _start(known or Peer(name, state, port or ports.free(len(PROJECTS))), venv, known is not None, say)


def stop(name: str = "openstack") -> None:
    """Stop the services and forget what was in them. Their logs stay until the next start."""
    state = state_folder(name)
    check_owner(state, "openstack")
    if state.is_dir():
        with lock(state / "lock", lambda _text: None, ""):
            _stop(state)
            (state / "kind").unlink(missing_ok=True)


def _start(peer: Peer, venv: Path, again: bool, say: Say) -> Peer:
    begun = time.monotonic()
    golden = databases.golden(venv)
    up = False
    try:
        settings.write(peer.state, venv, peer.port)
        if not again and not golden.exists():
            with lock(golden.with_suffix(".lock"), say, "makes the databases"):
                _first(peer, venv, golden, say)
        elif not again:
            databases.put(golden, peer.state, peer.port)
        say("starting the services (about 15 s on 2 cores)")
        _spawn(peer, venv, PROJECTS)
        _wait_answers(peer, PROJECTS)
        seed.wait_ready(peer.port)
        up = True
    finally:
        if not up:  # an interrupt, too, must leave nothing running
            _end(peer.state)
    (peer.state / "openstack.json").write_text(json.dumps({"port": peer.port}), encoding="ascii")
    say(f"OpenStack {peer.name} is up at {peer.auth_url} after {time.monotonic() - begun:.1f} s")
    return peer


def _first(peer: Peer, venv: Path, golden: Path, say: Say) -> None:
    """Make what every later peer is a copy of. This one goes on with it."""
    if golden.exists():  # somebody else has made it while we waited
        databases.put(golden, peer.state, peer.port)
        return
    databases.create(peer.state, venv, peer.port, say)
    _spawn(peer, venv, ("keystone",))
    _wait_answers(peer, ("keystone",))
    seed.identity(peer.port)
    say("starting all services for the first time")
    _spawn(peer, venv, PROJECTS)
    _wait_answers(peer, PROJECTS)
    seed.cloud(peer.port, peer.state)
    seed.wait_ready(peer.port)
    databases.keep(peer.state, golden, peer.port)


def _spawn(peer: Peer, venv: Path, projects: tuple[str, ...]) -> None:
    needed = [f"{settings.url(peer.port, 'keystone')}/v3", f"{settings.url(peer.port, 'placement')}/"]
    for project in projects:
        if peer.pid(project) is None:
            port = str(peer.port + PROJECTS.index(project))
            # -P: this folder's own modules must not stand before those of the services.
            python = [str(venv / "bin" / "python"), "-P", "-W", "ignore", str(HERE / "serve.py")]
            processes.spawn(peer.state, project, [*python, project, f"{peer.state}/etc", port, *needed])


def _wait_answers(peer: Peer, projects: tuple[str, ...], patience: float = 240.0) -> None:
    """Until each has answered: then its application is loaded."""
    ends = time.monotonic() + patience
    for project in projects:
        while not _answers(settings.url(peer.port, project)):
            if peer.pid(project) is None:
                raise LabError(f"{project} ended at once:\n{processes.tail(peer.state, project, 30)}")
            if time.monotonic() > ends:
                raise LabError(f"{project} does not answer after {patience:.0f} s, see {peer.state}/{project}.log")
            time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/", timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def _end(state: Path) -> None:
    for project in PROJECTS:
        processes.terminate(state, project)
    for project in PROJECTS:
        processes.wait_gone(state, project, patience=3)


def _stop(state: Path) -> None:
    _end(state)
    (state / "openstack.json").unlink(missing_ok=True)
    for name in (*settings.FOLDERS, *settings.PRIVATE_FOLDERS):
        if name != "log":
            shutil.rmtree(state / name, ignore_errors=True)
