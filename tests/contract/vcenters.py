# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at and clears a vCenter of the lab, without Ansible."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._provider import teardown
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Target
from ansible_collections.mtv.teardown.plugins.module_utils._provider.teardown import Survey
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import Result
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere import site
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere.client import Patience

from tests.contract.providers import session_of, target_of
from tests.lab.vcenter import peer

PREFIX = "auto-ab12"
CLONE = f"{PREFIX}-mtv-tests-rhel8-9fzk"
# Names that begin or end like the session's; all of them live.
BYSTANDERS = (f"{PREFIX}3-rhel8", "auto-ab1-rhel8", "rhel8", f"my-{PREFIX}-rhel8", PREFIX.upper())
# Only where nothing comes is silence waited out; elsewhere a late answer of a busy machine must not be taken for it.
HASTY = Patience(tries=2, silence=60.0, pause=0.02)
BEFORE_SILENCE = dataclasses.replace(HASTY, silence=1.0)


def target(
    vcenter: peer.VCenter,
    key: str = "vsphere-8",
    snapshots: bool = False,
    patience: Patience = HASTY,
    **entry: Any,
) -> Target:
    opener = partial(site.open_site, patience=patience, snapshots=snapshots)
    return target_of({**vcenter.entry(), **entry}, opener, key)


def survey(vcenter: peer.VCenter, session: Session) -> Survey:
    return teardown.survey([target(vcenter)], session)


def remove(
    vcenter: peer.VCenter, session: Session, check_mode: bool = False, stall: float = 3.0, **more: Any
) -> Result:
    return teardown.remove([target(vcenter, **more)], session, Limits(stall, 30.0), check_mode)


def recorded(*clones: str) -> Session:
    return session_of(PREFIX, "vsphere", *clones)
