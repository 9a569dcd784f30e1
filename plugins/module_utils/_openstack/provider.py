# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that the rest of the collection asks of this type of provider."""

from __future__ import annotations

from functools import partial
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._openstack import connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Loaded, Provider

# Names as in openstack.cloud.
# doc fragment mtv.teardown._openstack
SPEC: dict[str, Any] = {
    # Only the secrets in these are hidden (_run/module.py): with no_log their user and project would be blotted out
    # wherever a name holds the same letters.
    "cloud": {"type": "raw", "no_log": False},
    "auth": {"type": "dict", "no_log": False},
    "auth_type": {"type": "str"},
    "region_name": {"type": "str"},
    "validate_certs": {"type": "bool", "aliases": ["verify"]},
    "ca_cert": {"type": "path", "aliases": ["cacert"]},
    "client_cert": {"type": "path", "aliases": ["cert"]},
    "client_key": {"type": "path", "aliases": ["key"], "no_log": False},
    "api_timeout": {"type": "int"},
    "interface": {"type": "str", "choices": ["public", "internal", "admin"], "aliases": ["endpoint_type"]},
}


def _load() -> Loaded:
    from ansible_collections.mtv.teardown.plugins.module_utils._openstack import client, site

    return Loaded(client.IMPORT_ERROR, partial(client.Patience, tries=1), site.open_site)


PROVIDER = Provider(
    type="openstack",
    library="openstacksdk",
    spec=SPEC,
    from_options=connection.from_options,
    from_entry=connection.from_entry,
    from_environment=connection.from_environment,
    load=_load,
    for_collection=connection.for_collection,
)
