# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Teardowns of source providers that are killed, each at its first write, until one comes to its end: nothing of the
session is lost, and nothing of others is touched."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web
from ansible_collections.mtv.teardown.plugins.module_utils._openstack.site import open_site as open_cloud
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.site import open_site as open_engine
from ansible_collections.mtv.teardown.plugins.module_utils._provider import teardown
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Target
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.tests.unit.plugins.samples import some

from tests.contract import clouds, ovirt_runs, vcenters
from tests.contract.conftest import LABS
from tests.contract.killing import Killer
from tests.contract.one_provider_run import given
from tests.contract.providers import session_of
from tests.contract.test_openstack_site import ours
from tests.contract.twice import Folder
from tests.lab.engine import peer as engines
from tests.lab.faults import FaultProxy
from tests.lab.openstack.faults import CloudProxies
from tests.lab.openstack.worlds import Project
from tests.lab.vcenter import peer as vcenter_peers

WRITES = "^(DELETE|PATCH|POST|PUT)$"
RUN = "tests.contract.one_provider_run"


class ServerProxy(FaultProxy):
    """Before a vCenter or an engine. Of SOAP, which asks everything of one path, it tells the method, too."""

    more_headers = ("SOAPAction", "Cookie", "Version", "Filter", "All-Content", "Correlation-Id")
    answer_headers = (*FaultProxy.answer_headers, "Set-Cookie")

    def __init__(self, port: int, ca_file: str, folder: Path) -> None:
        self.prepare(f"https://127.0.0.1:{port}", folder)
        self._trusted = Path(ca_file)

    @property
    def ca_file(self) -> str:
        return str(self._folder / "ca.crt")

    def write_config(self) -> None:
        """Nobody reads one."""

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self._trusted))

    async def path_of(self, request: web.Request) -> str:
        method = re.search(rb"<(?:\w+:)?Body>\s*<(?:\w+:)?(\w+)", await request.read())
        return f"{request.raw_path}#{method[1].decode() if method else ''}"


# Killed runs leave sessions open, which those of other tests must not.
@pytest.fixture(scope="module")
def vcenter() -> Iterator[vcenter_peers.VCenter]:
    yield vcenter_peers.start(f"{LABS}killed-vcenter")
    vcenter_peers.stop(f"{LABS}killed-vcenter")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[engines.Peer]:
    started = engines.start(tmp_path_factory.mktemp("killed-engine"))
    yield started
    engines.stop(started)


both = pytest.mark.parametrize("alone", some([False, True], 2), ids=["several at once", "one by one"])


def ends_clean(killer: Killer, folder: Path, session: Session, target: Target, at_least: int) -> None:
    """at_least: so many kills, where each write has its own."""
    killer.until_one_ends()
    assert killer.kills >= (at_least if killer.alone else 2)
    left = Folder(folder, target)
    found = teardown.survey(left.targets, left.known(session))
    assert not found.unreadable
    assert [one.identity for one, made in found.decided if made.ours] == []


@both
def test_vsphere(alone: bool, vcenter: vcenter_peers.VCenter, tmp_path: Path) -> None:
    vcenter.clear()
    vcenter.make(*vcenters.BYSTANDERS, {"name": "on", "power": "poweredOn"})
    others = vcenter.vms()
    names = [f"{vcenters.CLONE}-{number}" for number in range(3)]
    vcenter.make(*({"name": name, "power": "poweredOn"} for name in names), vcenters.CLONE)
    session = session_of(vcenters.PREFIX, "vsphere", vcenters.CLONE, *names)
    with ServerProxy(vcenter.port, str(vcenter.ca_file), tmp_path / "proxy") as proxy:
        address = {"fqdn": f"127.0.0.1:{proxy.port}", "api_url": f"https://127.0.0.1:{proxy.port}/sdk"}
        target = vcenters.target(vcenter, **address, ca_file=proxy.ca_file)
        write = {"method": "POST", "path": r"#(?!SearchDatastore)\w+_Task$"}
        killer = Killer([proxy], write, RUN, given=given(tmp_path, session, target), alone=alone)
        ends_clean(killer, tmp_path, session, target, at_least=8)
    assert vcenter.vms() == others


@both
def test_ovirt(alone: bool, engine: engines.Peer, tmp_path: Path) -> None:
    prefix = vcenters.PREFIX
    engine.ask("POST", "/reset")
    engine.vm(f"{prefix}3-rhel8", status="up")
    engine.disk("somebody-elses")
    others = engine.vms(), engine.disks()
    names = [f"{prefix}-rhel8-{number}" for number in range(3)]
    for name in names:
        engine.vm(name, status="up", disks=[{"alias": "own"}, engine.disk(f"no-name-of-{name[-1]}")["id"]])
    session = session_of(prefix, "ovirt", *names).learned(started=ovirt_runs.SESSION.started)
    with ServerProxy(engine.port, engine.ca_file, tmp_path / "proxy") as proxy:
        at = ovirt_runs.connection(engine, port=proxy.port, ca_file=proxy.ca_file)
        target = Target(at, partial(open_engine, patience=ovirt_runs.HASTY))
        write = {"method": WRITES, "path": "^/ovirt-engine/api/"}
        killer = Killer([proxy], write, RUN, given=given(tmp_path, session, target), alone=alone)
        ends_clean(killer, tmp_path, session, target, at_least=7)
    assert (engine.vms(), engine.disks()) == others


@both
def test_openstack(alone: bool, project: Project, cloud_proxies: CloudProxies, prefix: str, tmp_path: Path) -> None:
    base = project.volume("rhel8-base-disk")
    neighbour = project.clone(f"{prefix}9-rhel8-aaaa", boot_volume=True)
    project.migrated(neighbour.server, neighbour.volumes[0])
    others = ours(project)
    clone = project.clone(f"{prefix}-rhel8-aaaa", boot_volume=True, data=1)
    project.clone(f"{prefix}-rhel8-bbbb", own_volumes=1, ports=1)
    project.image(f"{prefix}-rhel8-aaaa-snapshot")
    project.snapshot(base, f"snapshot for {prefix}-rhel8-aaaa-snapshot")
    project.snapshot(clone.volumes[0], f"{prefix}-rhel8-aaaa-before")
    session = clouds.session(prefix, clone.name)
    proxies = [cloud_proxies[name] for name in ("nova", "cinder", "glance", "neutron")]
    target = Target(clouds.connection(project.peer, cloud_proxies), partial(open_cloud, patience=clouds.HASTY))
    killer = Killer(proxies, {"method": WRITES}, RUN, given=given(tmp_path, session, target), alone=alone)
    ends_clean(killer, tmp_path, session, target, at_least=8)
    assert ours(project) == others
