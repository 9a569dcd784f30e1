# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which configured provider is the source of a Plan, or has the VM of a Conversion? Their ids say something about that
server's VMs alone.

The suite connects to the fqdn of the providers file and writes the api_url into the Provider, and the two need not be
the same text.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from dataclasses import replace

from ansible_collections.mtv.teardown.plugins.module_utils._provider import ownership
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Key, Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.provider_types import ALIASES

Resolve = Callable[[str], frozenset[str]]


def addresses(host: str) -> frozenset[str]:
    """Where a name leads; nothing when nobody knows."""
    try:
        return frozenset(str(found[4][0]) for found in socket.getaddrinfo(host, None))
    except (OSError, UnicodeError):
        return frozenset()


def known_by(
    session: Session, connections: Iterable[Connection], resolve: Resolve = addresses
) -> tuple[Session, tuple[Key, ...]]:
    """The session with each source under the names that the connections have for it; and the sources of their types
    that none of them is. Names come first: behind one address there may be several servers."""
    hosts: dict[str, set[str]] = {}
    for one in connections:
        hosts.setdefault(one.type, set()).update({one.host.lower()} - {""})
    also: list[Key] = []
    unmet: list[Key] = []
    for key in ownership.sources(session):
        here = hosts.get(ALIASES.get(key.type, key.type))
        if here is None or key.host.lower() in here:
            continue
        wanted = resolve(key.host) if key.host else frozenset()
        same = [host for host in sorted(here) if wanted & resolve(host)]
        also += [replace(key, host=host) for host in same]
        unmet += [] if same else [key]
    known = session.learned(
        providers=(*session.providers, *(key for key in also if not key.vms)),
        conversions=(*session.conversions, *(key for key in also if key.vms)),
    )
    return known, tuple(unmet)
