# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that the rest of the collection asks of this type of provider."""

from __future__ import annotations

from functools import partial
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Loaded, Provider
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere import connection

# Names as in vmware.vmware.
# doc fragment mtv.teardown._vsphere
SPEC: dict[str, Any] = {
    "hostname": {"type": "str"},
    "username": {"type": "str", "aliases": ["user", "admin"]},
    "password": {"type": "str", "no_log": True, "aliases": ["pass", "pwd"]},
    "port": {"type": "int"},
    "validate_certs": {"type": "bool"},
    "ca_file": {"type": "path"},
    "proxy_host": {"type": "str"},
    "proxy_port": {"type": "int"},
}


def _load() -> Loaded:
    from ansible_collections.mtv.teardown.plugins.module_utils._vsphere import client, site

    return Loaded(client.IMPORT_ERROR, partial(client.Patience, tries=1), site.open_site)


PROVIDER = Provider(
    type="vsphere",
    library="pyVmomi",
    spec=SPEC,
    from_options=connection.from_options,
    from_entry=connection.from_entry,
    from_environment=connection.from_environment,
    load=_load,
    for_collection=connection.for_collection,
    opened_with=frozenset({"snapshots"}),
)
