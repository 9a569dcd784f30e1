# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every call of the client of OpenStack, with every answer that is none: never absence, never a library's error, and
what the other services hold is read all the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._openstack import client
from ansible_collections.mtv.teardown.plugins.module_utils._openstack.site import open_site
from ansible_collections.mtv.teardown.plugins.module_utils._provider import teardown
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Target
from ansible_collections.mtv.teardown.tests.unit.plugins.samples import some

from tests.contract import clouds
from tests.contract.test_openstack_logins import Keystone, keystone
from tests.lab.faults import Rule
from tests.lab.openstack.faults import ANSWERS, ODD, CloudProxies
from tests.lab.openstack.peer import Peer
from tests.lab.openstack.worlds import Project

PREFIX = "auto-flt1"
SERVICES = {"Server": "nova", "Volume": "cinder", "Snapshot": "cinder", "Image": "glance", "Port": "neutron"}
LISTS = {kind: rf"{how.path}\?" for kind, how in client.KINDS.items()}
# The documents with which each service begins.
VERSIONS = r"^/(v[0-9.]+/?)?([0-9a-f]{32}/?)?$"


@pytest.fixture(scope="module")
def filled(cloud_peer: Peer) -> Iterator[dict[str, str]]:
    """One of each kind, kind -> id."""
    project = Project(cloud_peer)
    clone = project.clone(f"{PREFIX}-rhel8-aaaa", boot_volume=True, ports=1)
    yield {
        "Server": clone.server,
        "Volume": clone.volumes[0],
        "Snapshot": project.snapshot(clone.volumes[0], f"snapshot for {PREFIX}-rhel8-aaaa-snapshot"),
        "Image": project.image(f"{PREFIX}-rhel8-aaaa-snapshot"),
        "Port": clone.ports[0],
    }
    project.empty()


@pytest.fixture(autouse=True)
def no_rules(cloud_proxies: CloudProxies) -> Iterator[None]:
    cloud_proxies.clear()
    yield
    cloud_proxies.clear()


def test_without_a_fault_all_is_read(cloud_peer: Peer, cloud_proxies: CloudProxies, filled: dict[str, str]) -> None:
    run = clouds.look(clouds.connection(cloud_peer, cloud_proxies), clouds.session(PREFIX), clouds.HASTY)
    assert (run.seen.unread, run.owned) == ({}, set(filled.values()))
    for kind, path in LISTS.items():
        assert any(re.search(path, seen.path) for seen in cloud_proxies[SERVICES[kind]].seen), kind


@pytest.mark.parametrize(("kind", "answer"), some(product(LISTS, ANSWERS), 3))
def test_a_list(kind: str, answer: str, cloud_peer: Peer, cloud_proxies: CloudProxies, filled: dict[str, str]) -> None:
    _one_kind_unread(kind, answer, cloud_peer, cloud_proxies, filled)


@pytest.mark.parametrize("answer", ODD)
def test_odd_objects(answer: str, cloud_peer: Peer, cloud_proxies: CloudProxies, filled: dict[str, str]) -> None:
    _one_kind_unread(ODD[answer][0], answer, cloud_peer, cloud_proxies, filled)


def _one_kind_unread(kind: str, answer: str, peer: Peer, proxies: CloudProxies, filled: dict[str, str]) -> None:
    """As the modules see it: nothing of that kind is absent or gone, what lies elsewhere is known for what it is, and
    nothing was sent but questions."""
    at = clouds.connection(peer, proxies)
    rule = Rule(answer, method="GET", path=LISTS[kind])
    proxies[SERVICES[kind]].rules = [rule]
    target = Target(at, lambda made: open_site(made, clouds.HASTY))
    found = teardown.survey([target], clouds.session(PREFIX, f"{PREFIX}-rhel8-gone"))
    assert rule.struck
    assert [entry["kind"] for entry in found.unreadable] == [kind]
    assert all(at.key in entry["error"] for entry in found.unreadable)
    assert {scope["kind"] for scope in found.scopes} == set(LISTS) - {kind}
    assert found.absent == ()
    assert filled[kind] not in {one.id for one, _made in found.decided}
    assert proxies.writes() == []


@pytest.mark.parametrize("answer", ["login page", "503", "cut", "null", "empty object", "empty", "text", "deep"])
@pytest.mark.parametrize("service", ["nova", "cinder", "glance", "neutron"])
def test_a_service_that_does_not_tell_its_versions(
    service: str, answer: str, cloud_peer: Peer, cloud_proxies: CloudProxies
) -> None:
    """What answers the lists might be anything."""
    cloud_proxies[service].rules = [Rule(answer, method="GET", path=VERSIONS)]
    seen = clouds.look(clouds.connection(cloud_peer, cloud_proxies), clouds.session(PREFIX), clouds.HASTY).seen
    assert set(seen.unread) == {kind for kind, name in SERVICES.items() if name == service}


@pytest.mark.parametrize("answer", ["login page", "404 of the API", "404 without a name", "null", "other kind"])
@pytest.mark.parametrize("kind", LISTS)
def test_one_object(
    kind: str, answer: str, cloud_peer: Peer, cloud_proxies: CloudProxies, filled: dict[str, str]
) -> None:
    """404 counts when it is the service's own."""
    with client.Cloud(clouds.connection(cloud_peer, cloud_proxies), clouds.HASTY) as cloud:
        known = cloud.one(kind, filled[kind])
        assert known is not None and known["id"] == filled[kind]
        assert cloud.one(kind, "00000000-0000-4000-8000-000000000000") is None
        cloud_proxies[SERVICES[kind]].rules = [Rule(answer, method="GET", path=filled[kind])]
        with pytest.raises(ApiError):
            cloud.one(kind, filled[kind])


@pytest.mark.parametrize(
    "answer", some(["login page", "404 of the API", "500", "cut", "null", "no content of nothing"], 2)
)
def test_deletions(answer: str, project: Project, cloud_proxies: CloudProxies, prefix: str) -> None:
    """What never reached the service is asked again, and told when it stays; the rest goes."""
    made = {
        "cinder": project.volume(f"{prefix}-rhel8-aaaa-boot-vol"),
        "glance": project.image(f"{prefix}-rhel8-aaaa-snapshot"),
        "nova": project.clone(f"{prefix}-rhel8-aaaa").server,
    }
    at = clouds.connection(project.peer, cloud_proxies)
    fault = "empty" if answer.startswith("no content") else answer
    for service, ident in made.items():
        cloud_proxies.clear()
        cloud_proxies[service].rules = [Rule(fault, method="DELETE")]
        if service == "cinder":
            run = clouds.clear(at, clouds.session(prefix), clouds.STUCK, clouds.HASTY)
            assert set(run.held) == {ident}
            assert ident in project.everything()
        cloud_proxies[service].rules = [Rule(fault, method="DELETE", times=1)]
        run = clouds.clear(at, clouds.session(prefix), patience=clouds.HASTY)
        assert run.held == {}
        assert ident not in project.everything()


def test_a_password_that_is_changed_meanwhile_is_sent_once(cloud_peer: Peer, cloud_proxies: CloudProxies) -> None:
    """Each of the five lists would log in again."""
    with client.Cloud(clouds.connection(cloud_peer, cloud_proxies), clouds.HASTY) as cloud:
        cloud.listing("Server")
        for service in ("nova", "cinder", "glance", "neutron"):
            cloud_proxies[service].rules = [Rule("401")]
        with keystone(401, "{}", {}) as address:
            cloud._sdk.session.auth.auth_url = address
            cloud._sdk.session.auth._plugin.auth_url = address
            for kind in LISTS:
                with pytest.raises(ApiError):
                    cloud.listing(kind)
    assert len(Keystone.asked) == 1
