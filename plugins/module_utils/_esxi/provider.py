# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that the rest of the collection asks of ESXi hosts. Nothing is searched there: only what the ledger of changes
names is looked at."""

from __future__ import annotations

from functools import partial
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._esxi import connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Loaded, Provider
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import ESXI

# doc fragment mtv.teardown._providers.esxi
SPEC: dict[str, Any] = {
    "hostname": {"type": "str"},
    "username": {"type": "str", "aliases": ["user"]},
    "password": {"type": "str", "no_log": True, "aliases": ["pass", "pwd"]},
    "port": {"type": "int"},
}


def _load() -> Loaded:
    from ansible_collections.mtv.teardown.plugins.module_utils._esxi import client, site

    return Loaded(client.IMPORT_ERROR, partial(client.Patience, tries=1), site.open_site)


HOST = Provider(
    type=ESXI,
    library="paramiko",
    spec=SPEC,
    from_options=connection.from_options,
    from_entry=connection.from_entry,
    from_environment=lambda _environ: [],
    load=_load,
    for_collection=lambda _connection: {},
    is_in=connection.is_named_in,
    opened_with=frozenset({"pinned"}),
)
