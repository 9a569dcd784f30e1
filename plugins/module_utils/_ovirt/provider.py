# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that the rest of the collection asks of this type of provider."""

from __future__ import annotations

from functools import partial
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._ovirt import connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Loaded, Provider

# Names as in the option auth of ovirt.ovirt.
# doc fragment mtv.teardown._ovirt
SPEC: dict[str, Any] = {
    "url": {"type": "str"},
    "hostname": {"type": "str"},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "token": {"type": "str", "no_log": True},
    "insecure": {"type": "bool"},
    "ca_file": {"type": "path"},
    "kerberos": {"type": "bool"},
    # What stands in them may be secret, and is hidden as such (_run/module.py).
    "headers": {"type": "dict", "no_log": False},
}


def _load() -> Loaded:
    from ansible_collections.mtv.teardown.plugins.module_utils._ovirt import client, site

    return Loaded(client.IMPORT_ERROR, partial(client.Patience, tries=1), site.open_site)


PROVIDER = Provider(
    type="ovirt",
    library="ovirt-engine-sdk-python",
    spec=SPEC,
    from_options=connection.from_options,
    from_entry=connection.from_entry,
    from_environment=connection.from_environment,
    load=_load,
    for_collection=connection.for_collection,
)
