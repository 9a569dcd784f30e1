# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the names of a session's objects on OpenStack are made from. Pure.

Those of mtv-api-tests (C(libs/providers/openstack.py), providers.md 3.1) hold the name of the clone; those of Forklift
(C(pkg/controller/plan/adapter/openstack/common.go), forklift.md 2.3) hold the id of the server that it migrates.
"""

from __future__ import annotations

import re

from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import recorded
from ansible_collections.mtv.teardown.plugins.module_utils._session import prefix as prefixes
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

_ID = r"(?P<server>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_MIGRATED = f"forklift-migration-vm-{_ID}"
FORKLIFT = {
    "Image": re.compile(rf"^{_MIGRATED}(?:-volume-[0-9a-f-]{{36}})?\Z"),
    "Snapshot": re.compile(rf"^snapshot for {_MIGRATED}\Z"),
    "Volume": re.compile(rf"^(?:volume created from )?{_MIGRATED}(?:-volume-[0-9a-f-]{{36}})?\Z"),
}
_SUITE = {
    "Image": re.compile(r"^(?P<clone>.+)-snapshot\Z"),
    "Snapshot": re.compile(r"^snapshot for (?P<clone>.+)-snapshot\Z"),
    "Volume": re.compile(r"^(?P<clone>.+)-(?:boot-vol|data-vol-\d+)\Z"),
}


def migrated_server(kind: str, name: str) -> str:
    """Id of the server for whose migration Forklift has made this, or nothing."""
    found = FORKLIFT[kind].match(name) if kind in FORKLIFT else None
    return found["server"] if found else ""


def clone_of(session: Session, kind: str, name: str) -> str:
    """The name of the clone that this one is made from, or nothing. Only a server's name is cut to 63 characters."""
    found = _SUITE[kind].match(name) if kind in _SUITE else None
    if not found:
        return ""
    whole, cut = found["clone"], found["clone"][-prefixes.CUT_LENGTH :]
    return cut if cut in recorded(session, "openstack") and not prefixes.matches(session.prefix, whole) else whole


def is_named_after(name: str, clone: str) -> bool:
    """True for the name itself, and for what the suite or a person has appended to it."""
    return bool(clone) and (name == clone or name.startswith(f"{clone}-"))
