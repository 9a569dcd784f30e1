# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxies before the services of a peer that fail on purpose, and write down what is asked.

with CloudProxies(peer) as proxies:
    proxies["nova"].rules = [Rule("429", method="DELETE", times=1)]
    ... connect with proxies.settings() and proxies.ca_file ...
"""

from __future__ import annotations

import ssl
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from tests.lab import pki
from tests.lab.faults import FaultProxy, Seen
from tests.lab.openstack import seed, settings
from tests.lab.openstack.peer import Peer

# project: (service as openstacksdk calls it, path of its endpoint)
_SERVICES = {
    "nova": ("compute", "/v2.1"),
    "cinder": ("block_storage", "/v3/{project}"),
    "glance": ("image", ""),  # openstacksdk finds its version there, and not behind /v2
    "neutron": ("network", "/v2.0"),
}


class _ServiceProxy(FaultProxy):
    """TLS before, plain HTTP behind: so it also shows that a CA file is used."""

    more_headers = ("X-Auth-Token", "OpenStack-API-Version", "X-OpenStack-Nova-API-Version")

    def __init__(self, peer: Peer, project: str, folder: Path) -> None:
        self.prepare(settings.url(peer.port, project), folder)

    @property
    def ca_file(self) -> Path:
        return self._folder / "ca.crt"

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    def certify(self) -> None:
        """All share one, which is there."""

    def write_config(self) -> None:
        """Nobody reads one."""


class CloudProxies:
    """One before each service but Keystone; they share a certificate."""

    def __init__(self, peer: Peer) -> None:
        folder = peer.state / "proxy"
        pki.make(folder)
        self._project = str(seed.connect(peer.port, "ci").current_project_id)
        self._all = {name: _ServiceProxy(peer, name, folder) for name in _SERVICES}
        self._stack = ExitStack()

    def __enter__(self) -> CloudProxies:
        for proxy in self._all.values():
            self._stack.enter_context(proxy)
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _exc: BaseException | None, _tb: TracebackType | None
    ) -> None:
        self._stack.close()

    def __getitem__(self, project: str) -> _ServiceProxy:
        return self._all[project]

    @property
    def ca_file(self) -> str:
        return str(self["nova"].ca_file)

    def settings(self) -> dict[str, str]:
        """What makes openstacksdk, and so our client, go through them."""
        return {
            f"{service}_endpoint_override": f"https://127.0.0.1:{self[name].port}{path.format(project=self._project)}"
            for name, (service, path) in _SERVICES.items()
        }

    def clear(self) -> None:
        for proxy in self._all.values():
            proxy.rules, proxy.seen = [], []

    def writes(self) -> list[Seen]:
        return [seen for proxy in self._all.values() for seen in proxy.seen if seen.method not in ("GET", "HEAD")]
