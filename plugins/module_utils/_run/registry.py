# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every type of source provider that can be searched. A new one is a folder like these, a word in
_session/provider_types.py, a line here, and a doc fragment."""

from __future__ import annotations

from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._esxi.provider import HOST
from ansible_collections.mtv.teardown.plugins.module_utils._openstack.provider import PROVIDER as OPENSTACK
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.provider import PROVIDER as OVIRT
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere.provider import PROVIDER as VSPHERE

PROVIDERS = {one.type: one for one in (VSPHERE, OVIRT, OPENSTACK)}
# doc fragment mtv.teardown._providers
OPTIONS: dict[str, Any] = {kind: {"type": "dict", "options": dict(one.spec)} for kind, one in PROVIDERS.items()}
# What is asked for a session's changes alone, and never searched.
HOLDERS = {HOST.type: HOST}
# doc fragment mtv.teardown._providers.esxi
HOLDER_OPTIONS: dict[str, Any] = {kind: {"type": "dict", "options": dict(one.spec)} for kind, one in HOLDERS.items()}
