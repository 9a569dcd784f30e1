# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of source providers share."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._provider import providers_file
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Opener, Target
from ansible_collections.mtv.teardown.plugins.module_utils._run.connections import connections
from ansible_collections.mtv.teardown.plugins.module_utils._run.registry import PROVIDERS
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Key, Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record


def connection_of(entry: Mapping[str, Any], key: str = "source") -> Connection:
    """The connection of one entry of a providers file."""
    entries = providers_file.parse(json.dumps({key: entry}))
    made, wrong = connections(PROVIDERS[str(entry["type"])], {}, entries, {})
    assert not wrong, wrong
    return made[0]


def target_of(entry: Mapping[str, Any], opener: Opener, key: str = "source") -> Target:
    return Target(connection_of(entry, key), opener)


def session_of(
    prefix: str, kind: str, *recorded: str, plans: Mapping[str, str] | None = None, host: str = ""
) -> Session:
    """A session with clones in its record. plans: VM id -> name, of one Plan whose source is at that host."""
    records = tuple(Record(kind, name, test_name=f"test_{number}") for number, name in enumerate(recorded))
    plan = Key(
        "plan",
        prefix,
        "11111111-1111-4111-8111-111111111111",
        source=f"{prefix}/source",
        vms=tuple((plans or {}).items()),
    )
    provider = Key("source", prefix, "22222222-2222-4222-8222-222222222222", type=kind, host=host)
    return Session(prefix=prefix, records=records, plans=(plan,) if plans else (), providers=(provider,))


def names(entries: list[dict[str, Any]]) -> set[str]:
    return {str(entry["name"]) for entry in entries}


@contextmanager
def silent_server() -> Iterator[str]:
    """C(host:port) of one that takes connections and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(16)
        yield f"127.0.0.1:{listening.getsockname()[1]}"
