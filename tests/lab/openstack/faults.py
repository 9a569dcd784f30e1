# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxies before the services of a peer that fail on purpose, and write down what is asked.

with CloudProxies(peer) as proxies:
    proxies["nova"].rules = [Rule("429", method="DELETE", times=1)]
    ... connect with proxies.settings() and proxies.ca_file ...
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar

from aiohttp import web

from tests.lab import pki
from tests.lab.faults import FAULTS, Exchange, Fault, FaultProxy, Seen, plain
from tests.lab.openstack import seed, settings
from tests.lab.openstack.peer import Peer

# project: (service as openstacksdk calls it, path of its endpoint)
_SERVICES = {
    "nova": ("compute", "/v2.1"),
    "cinder": ("block_storage", "/v3/{project}"),
    "glance": ("image", ""),  # openstacksdk finds its version there, and not behind /v2
    "neutron": ("network", "/v2.0"),
}


_KEYS = ("servers", "volumes", "snapshots", "images", "ports")
_LINKS = ("servers_links", "volumes_links", "snapshots_links", "next", "ports_links")


def _altered(change: Callable[[dict[str, Any]], None]) -> Fault:
    """The right list, but for that."""

    def changed(raw: bytes) -> bytes:
        page = json.loads(raw)
        change(page)
        return json.dumps(page).encode()

    async def answer(exchange: Exchange) -> web.StreamResponse:
        return await exchange.forward(changed)

    return answer


def _each(**values: Any) -> Fault:
    """In each object of a list; None takes the key away."""

    def change(page: dict[str, Any]) -> None:
        for item in next(page[key] for key in _KEYS if key in page):
            for name in values:
                del item[name]
            item.update({name: value for name, value in values.items() if value is not None})

    return _altered(change)


def _following(links: Any) -> Fault:
    """What a list says of its next page."""
    return _altered(lambda page: page.update(dict.fromkeys(_LINKS, links)))


def _said(text: str) -> Fault:
    return plain(200, text, "application/json")


# Answers to a list that are none.
ANSWERS: dict[str, Fault] = {
    "page as JSON": _said("<html>log in</html>"),
    "empty": _said(""),
    "no content": plain(204, ""),
    "text": _said('"hello"'),
    "list": _said("[]"),
    "number": _said("7"),
    "deep": _said("[" * 100_000),
    "not in UTF-8": _said("\ud83d".encode("utf-8", "surrogatepass").decode("latin-1")),
    "items null": _said(json.dumps(dict.fromkeys(_KEYS))),
    "items an object": _said(json.dumps({key: {"id": "x"} for key in _KEYS})),
    "items of text": _said(json.dumps({key: ["x"] for key in _KEYS})),
    "ids null": _each(id=None),
    "ids numbers": _each(id=7),
    "ids a way up": _each(id="../x"),
    "no names": _each(name=None),
    "names numbers": _each(name=7),
    "links text": _following("elsewhere"),
    "links a number": _following(7),
    "links an object": _following({"href": "x?marker=1"}),
    "the same page again": _following([{"rel": "next", "href": "?marker=1"}]),
}
# Of one kind of object.
ODD: dict[str, tuple[str, Fault]] = {
    "attachments text": ("Volume", _each(attachments="none")),
    "attachments of text": ("Volume", _each(attachments=["x"])),
    "no attachments": ("Volume", _each(attachments=None)),
    "volumes of a server text": ("Server", _each(**{"os-extended-volumes:volumes_attached": "none"})),
    "no volumes of a server": ("Server", _each(**{"os-extended-volumes:volumes_attached": None})),
    "owner a number": ("Server", _each(tenant_id=7)),
    "owner an object": ("Image", _each(owner={})),
    "status a number": ("Volume", _each(status=7)),
    "no volume of a snapshot": ("Snapshot", _each(volume_id=None)),
    "no device of a port": ("Port", _each(device_id=None)),
    "device of a port a number": ("Port", _each(device_id=7)),
}


class _ServiceProxy(FaultProxy):
    """TLS before, plain HTTP behind: so it also shows that a CA file is used."""

    faults: ClassVar[Mapping[str, Fault]] = {
        **FAULTS,
        **ANSWERS,
        **{name: fault for name, (_kind, fault) in ODD.items()},
    }
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
