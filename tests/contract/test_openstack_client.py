# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reaching a real OpenStack, and everything that is none. Whatever is wrong is told with the provider's name, and never
as "nothing there"."""

from __future__ import annotations

import contextlib
import gc
import http.server
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._errors import CERTIFICATE, NO_ANSWER, ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._openstack import client
from ansible_collections.mtv.teardown.plugins.module_utils._provider import providers_file
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._run.connections import connections
from ansible_collections.mtv.teardown.plugins.module_utils._run.registry import PROVIDERS

from tests.contract import clouds
from tests.lab.faults import Rule
from tests.lab.openstack import settings
from tests.lab.openstack.faults import CloudProxies
from tests.lab.openstack.peer import Peer
from tests.lab.openstack.worlds import Project

NOTHING = clouds.session("auto-none")


def refused(at: Connection, patience: client.Patience = clouds.HASTY, **expected: object) -> ApiError:
    """The error with which this connection is refused as a whole."""
    with pytest.raises(ApiError) as told, clouds.site(at, patience):
        pass
    assert {name: getattr(told.value, name) for name in expected} == expected, told.value.msg
    assert at.key in told.value.msg and at.host in told.value.msg
    assert not at.secret or at.secret not in told.value.msg
    return told.value


def test_wrong_password(cloud_peer: Peer) -> None:
    refused(clouds.connection(cloud_peer, auth={"password": "s3cr3t-and-wrong"}), status=401)


def test_wrong_project(cloud_peer: Peer) -> None:
    """Keystone does not say whether it is the password or the project."""
    refused(clouds.connection(cloud_peer, auth={"project_name": "service"}), status=401)


def test_wrong_port(cloud_peer: Peer) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/v3"
        refused(clouds.connection(cloud_peer, auth={"auth_url": address}), status=0, reason=NO_ANSWER)


def test_another_service_on_that_port(cloud_peer: Peer) -> None:
    address = settings.url(cloud_peer.port, "glance")
    refused(clouds.connection(cloud_peer, auth={"auth_url": address}))


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<html><body>Welcome to nginx!</body></html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_args: object) -> None:
        pass


@contextmanager
def web_page() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("path", ["", "/v3"])
def test_a_host_that_answers_something_else(cloud_peer: Peer, path: str) -> None:
    with web_page() as address:
        refused(clouds.connection(cloud_peer, auth={"auth_url": f"{address}{path}"}))


def test_a_host_that_never_answers(cloud_peer: Peer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = f"http://127.0.0.1:{deaf.getsockname()[1]}/v3"
        started = time.monotonic()
        at = clouds.connection(cloud_peer, auth={"auth_url": address})
        refused(at, clouds.BEFORE_SILENCE, status=0, reason=NO_ANSWER)
        assert time.monotonic() - started < 60


def test_certificates(cloud_peer: Peer, cloud_proxies: CloudProxies) -> None:
    """A CA that nobody knows is told as such; with it, or without checking, all is read."""
    cloud_proxies.clear()
    trusted = clouds.connection(cloud_peer, cloud_proxies)
    untrusted = replace(trusted, ca_file="")
    seen = clouds.look(untrusted, NOTHING, clouds.HASTY).seen
    assert set(seen.unread) == set(client.KINDS) and "certificate" in seen.unread["Server"]
    with client.Cloud(untrusted, clouds.HASTY) as cloud, pytest.raises(ApiError) as told:
        cloud.listing("Server")
    assert told.value.reason == CERTIFICATE
    assert clouds.look(trusted, NOTHING).seen.unread == {}
    assert clouds.look(replace(untrusted, validate_certs=False), NOTHING).seen.unread == {}


def test_no_connection_stays_open(cloud_peer: Peer) -> None:
    """A server lets only so many in, and a recorder lives as long as its tests."""
    before = _sockets()
    gc.disable()
    try:
        with client.Cloud(clouds.connection(cloud_peer)) as cloud:
            cloud.listing("Server")
            cloud.listing("Volume")
            assert _sockets() > before
        assert _sockets() == before
    finally:
        gc.enable()


def _sockets() -> int:
    """Of this process."""
    count = 0
    for one in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            count += str(one.readlink()).startswith("socket:")
    return count


def test_a_token_of_another_project(cloud_peer: Peer) -> None:
    """As with an application credential: it says itself which project it is for."""
    other = Project(cloud_peer, "other")
    user = other.sdk.current_user_id
    made = other.sdk.identity.create_application_credential(user=user, name="teardown")
    try:
        auth = {"application_credential_id": made.id, "application_credential_secret": made.secret}
        options = {"auth": {"auth_url": cloud_peer.auth_url, **auth}, "auth_type": "v3applicationcredential"}
        at = connections(PROVIDERS["openstack"], options, [], {})[0][0]
        assert made.secret not in repr(at)
        with client.Cloud(at) as cloud:
            assert cloud.project == other.sdk.current_project_id
        told = refused(replace(at, more={**at.more, "project_name": "ci"}), reason="OtherProject")
        assert "other" in told.msg and "ci" in told.msg and made.secret not in told.msg
    finally:
        other.sdk.identity.delete_application_credential(user, made.id)


def test_a_token_without_a_project(cloud_peer: Peer) -> None:
    refused(clouds.connection(cloud_peer, auth={"project_name": None}), reason="OtherProject")


@pytest.mark.parametrize("service", ["block_storage", "image", "network"])
def test_a_service_that_the_cloud_does_not_have(cloud_peer: Peer, service: str) -> None:
    """EndpointNotFound: those kinds were not read, and that is said."""
    kinds = {kind for kind, how in client.KINDS.items() if how.service == service}
    at = clouds.connection(cloud_peer)
    at = replace(at, more={**at.more, f"{service}_service_type": "nowhere"})
    seen = clouds.look(at, NOTHING, clouds.HASTY).seen
    assert set(seen.unread) == kinds
    assert set(seen.scopes) == set(client.KINDS) - kinds


def test_another_region(cloud_peer: Peer) -> None:
    at = clouds.connection(cloud_peer, region_name="RegionTwo")
    assert set(clouds.look(at, NOTHING, clouds.HASTY).seen.unread) == set(client.KINDS)


def test_a_service_that_hangs(cloud_peer: Peer) -> None:
    """What the others hold is read all the same."""
    pid = cloud_peer.pid("cinder")
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        # The others are real services that share the machine: they have some seconds, too. Once is enough.
        patience = replace(clouds.BEFORE_SILENCE, silence=5.0, tries=1)
        seen = clouds.look(cloud_peer_connection(cloud_peer), NOTHING, patience).seen
        assert set(seen.unread) == {"Volume", "Snapshot"}
        assert time.monotonic() - started < 60
    finally:
        os.kill(pid, signal.SIGCONT)


def cloud_peer_connection(peer: Peer) -> Connection:
    return clouds.connection(peer)


@pytest.mark.parametrize(
    "fault", ["500", "503", "login page", "cut", "half", "null", "empty object", "other kind", "emptied", "nameless"]
)
def test_answers_that_are_no_list(project: Project, cloud_proxies: CloudProxies, fault: str) -> None:
    """Also those that openstacksdk takes for an empty list."""
    at = clouds.connection(project.peer, cloud_proxies)
    for service in ("nova", "cinder", "glance", "neutron"):
        cloud_proxies[service].rules = [Rule(fault, path="/(servers|volumes|snapshots|images|ports)")]
    seen = clouds.look(at, NOTHING, clouds.HASTY).seen
    assert set(seen.unread) == set(client.KINDS)
    assert seen.scopes == {}
    assert all(at.key in text and at.secret not in text for text in seen.unread.values())


def test_token_expired(cloud_peer: Peer, cloud_proxies: CloudProxies) -> None:
    """401: logged in again once, by itself."""
    cloud_proxies.clear()
    cloud_proxies["nova"].rules = [Rule("401", times=1)]
    assert clouds.look(clouds.connection(cloud_peer, cloud_proxies), NOTHING).seen.unread == {}
    cloud_proxies["nova"].rules = [Rule("401")]
    assert set(clouds.look(clouds.connection(cloud_peer, cloud_proxies), NOTHING).seen.unread) == {"Server"}


def test_a_server_that_asks_for_an_hour(cloud_peer: Peer, cloud_proxies: CloudProxies, monkeypatch) -> None:
    monkeypatch.setattr(client, "_LONGEST_RETRY_AFTER", 0)
    cloud_proxies.clear()
    cloud_proxies["nova"].rules = [Rule("429", times=1)]
    started = time.monotonic()
    assert clouds.look(clouds.connection(cloud_peer, cloud_proxies), NOTHING).seen.unread == {}
    assert time.monotonic() - started < 30


def test_pages(project: Project, cloud_proxies: CloudProxies, monkeypatch) -> None:
    """Each page is asked for, and a page that fails spoils the kind."""
    monkeypatch.setattr(client, "PAGE", 1)
    wanted = {project.image(f"image-{number}") for number in range(3)} | {project.base_image()}
    volumes = {project.volume(f"volume-{number}") for number in range(2)}
    at = clouds.connection(project.peer, cloud_proxies)
    with client.Cloud(at) as cloud:
        assert set(cloud.listing("Image")) == wanted
        assert set(cloud.listing("Volume")) == volumes
        cloud_proxies["glance"].rules = [Rule("403", path="marker=", skip=1)]
        with pytest.raises(ApiError):
            cloud.listing("Image")


def test_the_same_connection_from_everywhere(cloud_peer: Peer, tmp_path: Path, monkeypatch) -> None:
    """Options, a providers file, OS_*, and AWX's file, whose one cloud has a name that nobody gives."""
    for name in [name for name in os.environ if name.startswith("OS_")]:
        monkeypatch.delenv(name)
    environment = cloud_peer.environment()
    auth = {name.lower().removeprefix("os_"): value for name, value in environment.items()}
    auth = {name: auth[name] for name in ("auth_url", "username", "password", "project_name")}
    entry = {
        "type": "openstack",
        "api_url": auth["auth_url"],
        **auth,
        "user_domain_name": "Default",
        "user_domain_id": "default",
        "project_domain_id": "default",
        "region_name": "RegionOne",
    }
    file = tmp_path / "clouds.yaml"
    file.write_text(
        json.dumps({"clouds": {"devstack": {"auth": {**auth, "domain_name": "Default"}, "region_name": "RegionOne"}}})
    )
    found = [clouds.connection(cloud_peer)]
    found += connections(PROVIDERS["openstack"], {}, providers_file.parse(json.dumps({"osp": entry})), {})[0]
    with monkeypatch.context() as patched:
        for name, value in environment.items():
            patched.setenv(name, value)
        found += connections(PROVIDERS["openstack"], None, [], os.environ)[0]
    with monkeypatch.context() as patched:
        patched.setenv("OS_CLIENT_CONFIG_FILE", str(file))
        found += connections(PROVIDERS["openstack"], None, [], os.environ)[0]
        found += connections(PROVIDERS["openstack"], {"cloud": "devstack"}, [], os.environ)[0]
        assert connections(PROVIDERS["openstack"], {"cloud": "nowhere"}, [], os.environ)[1]
    assert len(found) == 5
    for at in found:
        assert (at.host, at.port, at.username, at.secret) == (found[0].host, found[0].port, "ci", found[0].secret)
        assert at.more["project_name"] == found[0].more["project_name"]
        assert (at.host, at.port) == ("127.0.0.1", cloud_peer.port)
        assert "secret" not in repr(at)
        with client.Cloud(at) as cloud:
            assert cloud.listing("Server") == {}
