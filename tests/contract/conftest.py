# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A control plane of the tests' own, without the operator: here the clients meet the real API server."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils import _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Cluster

from tests.contract.checks import CHECKS, checks_of, is_exhaustive
from tests.contract.clusters import cluster_of
from tests.contract.image import Image
from tests.contract.image import build as build_image
from tests.contract.vcenters import BYSTANDERS
from tests.lab import controlplane
from tests.lab.admin import Admin, admin_of
from tests.lab.engine import peer as engines
from tests.lab.esxi import peer as hosts
from tests.lab.faults import FaultProxy
from tests.lab.openstack import peer as openstack
from tests.lab.openstack.faults import CloudProxies
from tests.lab.openstack.worlds import Project
from tests.lab.vcenter import peer as vcenters

_NUMBERS = itertools.count(1)
# Two processes that test side by side have labs of their own.
LABS = os.environ.get("MTV_TEARDOWN_LABS", "")


def pytest_configure(config: pytest.Config) -> None:
    for check in CHECKS:
        config.addinivalue_line("markers", f"{check}: what tests/checks/{check}.sh runs")


@pytest.hookimpl(tryfirst=True)  # before pytest selects by markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            for check in checks_of(item.path.name):
                item.add_marker(check)
            if is_exhaustive(item.path.name, item.name):
                item.add_marker("exhaustive")


@pytest.fixture(autouse=True)
def no_secret_is_known_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test is a process of its own, as far as secrets are concerned that it has met."""
    monkeypatch.setattr(_secrets, "_known", _secrets.Known())


@pytest.fixture(scope="session")
def lab() -> Iterator[controlplane.Lab]:
    started = controlplane.start(f"{LABS}contract", operator=False, say=lambda text: print(f"lab: {text}"))
    yield started
    controlplane.stop(started)


@pytest.fixture(scope="session")
def acting_lab() -> Iterator[controlplane.Lab]:
    """A lab whose operator acts as Forklift, KubeVirt and CDI do."""
    started = controlplane.start(f"{LABS}operator", say=lambda text: print(f"lab: {text}"))
    yield started
    controlplane.stop(started)


@pytest.fixture(scope="module")
def openshift() -> Iterator[controlplane.Lab]:
    """A lab with the kinds of an OpenShift, whose operator acts, too. Idle it costs a tenth of a processor."""
    started = controlplane.start(f"{LABS}openshift", openshift=True, say=lambda text: print(f"lab: {text}"))
    yield started
    controlplane.stop(started)


@pytest.fixture
def cluster(lab: controlplane.Lab) -> Cluster:
    """Our client, as the user whose requests are logged."""
    return cluster_of(lab.kubeconfig)


@pytest.fixture
def limited(lab: controlplane.Lab) -> Cluster:
    """Our client, as a user without any right."""
    return cluster_of(lab.limited_kubeconfig)


@pytest.fixture
def prefix() -> str:
    """A session of this test alone."""
    return f"auto-t{next(_NUMBERS):03d}"


@pytest.fixture(scope="session")
def proxy(lab: controlplane.Lab) -> Iterator[FaultProxy]:
    """Fails on purpose; tests that run side by side name their own paths in their rules."""
    with FaultProxy(lab) as started:
        yield started


@pytest.fixture
def admin(lab: controlplane.Lab) -> Admin:
    return admin_of(lab)


@pytest.fixture(scope="session")
def cloud_peer() -> Iterator[openstack.Peer]:
    """Real OpenStack services. Those that run already go on: a start takes half a minute."""
    name = f"{LABS}openstack"
    before = openstack.find(name)
    started = openstack.start(name, say=lambda text: print(f"openstack: {text}"))
    if before is not None:  # a run that was cut off leaves what it had set
        _allow_all(started)
        Project(started).empty()
    yield started
    if before is None:
        openstack.stop(name)


@pytest.fixture(scope="session")
def cloud_proxies(cloud_peer: openstack.Peer) -> Iterator[CloudProxies]:
    with CloudProxies(cloud_peer) as started:
        yield started


@pytest.fixture
def project(cloud_peer: openstack.Peer, cloud_proxies: CloudProxies) -> Iterator[Project]:
    """The project of user ci, empty but for an image to make servers of."""
    made = Project(cloud_peer)
    cloud_proxies.clear()
    yield made
    cloud_proxies.clear()
    _allow_all(cloud_peer)
    made.empty()


def _allow_all(peer: openstack.Peer) -> None:
    """The services' own policies again."""
    for path in map(peer.policy, ("nova", "cinder")):
        path.write_text("{}\n", encoding="ascii")


def writes(lab: controlplane.Lab, since: int) -> list[dict[str, Any]]:
    """What our user changed since the mark. A review is a question, and so is a dry run."""
    asked = controlplane.requests(lab, since)
    found = [r for r in asked if r["group"] != "authorization.k8s.io" and "dryRun=All" not in r["uri"]]
    return [r for r in found if r["verb"] in ("create", "update", "patch", "delete", "deletecollection")]


@pytest.fixture(scope="session")
def engine_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[engines.Peer]:
    started = engines.start(tmp_path_factory.mktemp("engine"))
    yield started
    engines.stop(started)


@pytest.fixture
def engine(engine_server: engines.Peer) -> Iterator[engines.Peer]:
    """An oVirt engine that knows nothing yet. Whatever a test did, nobody may be logged in at its end."""
    engine_server.ask("POST", "/reset")
    yield engine_server
    engine_server.rules()
    assert engine_server.sessions() == 0


@pytest.fixture(scope="session")
def esxi_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[hosts.Peer]:
    started = hosts.start(tmp_path_factory.mktemp("esxi"))
    yield started
    hosts.stop(started)


@pytest.fixture
def esxi(esxi_server: hosts.Peer) -> hosts.Peer:
    """An ESXi host that lets in nobody but root by the password, and that nobody has asked for anything yet."""
    esxi_server.reset()
    return esxi_server


@pytest.fixture(scope="session")
def vcenter_server() -> Iterator[vcenters.VCenter]:
    started = vcenters.start(f"{LABS}vcenter", say=lambda text: print(f"lab: {text}"))
    yield started
    vcenters.stop(f"{LABS}vcenter")


@pytest.fixture
def vcenter(vcenter_server: vcenters.VCenter) -> Iterator[vcenters.VCenter]:
    """A vCenter with bystanders, who live, and on which no session stays open."""
    vcenter_server.clear()
    others = {vm["id"]: vm["uuid"] for vm in vcenter_server.make(*BYSTANDERS)}
    yield vcenter_server
    vcenter_server.rules()
    there = vcenter_server.vms()
    assert {vm_id: there[vm_id]["uuid"] for vm_id in others} == others
    assert vcenter_server.sessions() == []


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    """The execution environment; made once, in about 15 s."""
    folder = tmp_path_factory.mktemp("image")
    yield build_image(folder)
    shutil.rmtree(folder)
