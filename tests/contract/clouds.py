# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at and clears a project of a real OpenStack, without Ansible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cause import Cause
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._openstack.client import Patience
from ansible_collections.mtv.teardown.plugins.module_utils._openstack.site import OpenStackSite, open_site
from ansible_collections.mtv.teardown.plugins.module_utils._provider import ownership
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Seen
from ansible_collections.mtv.teardown.plugins.module_utils._run.connections import connections
from ansible_collections.mtv.teardown.plugins.module_utils._run.registry import PROVIDERS
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Decision, Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Key, Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record

from tests.lab.openstack.faults import CloudProxies
from tests.lab.openstack.peer import Peer

# Everything that goes at all goes in seconds; what does not is given up at once.
LIMITS = Limits(stall=30.0, total=60.0, settle=1.5)
STUCK = Limits(stall=2.5, total=20.0, settle=1.5)
# Only where nothing comes is silence waited out; elsewhere a late answer of a busy machine must not be taken for it.
HASTY = Patience(tries=2, silence=60.0, pause=0.1)
BEFORE_SILENCE = replace(HASTY, silence=1.0)
HOST = "127.0.0.1"


@dataclass
class Run:
    """One look and what came of it. decided: id -> decision; held: id -> what held it."""

    seen: Seen
    decided: dict[str, Decision]
    held: Mapping[str, Cause]

    @property
    def owned(self) -> set[str]:
        return {ident for ident, made in self.decided.items() if made.status is Status.OWNED}

    def causes(self) -> dict[str, str]:
        return {ident: cause.name for ident, cause in self.held.items()}


def connection(peer: Peer, proxies: CloudProxies | None = None, user: str = "ci", **options: Any) -> Connection:
    """As from the options of a module; proxies: with the faults between."""
    names = {"username": user, "password": "secret", "project_name": user}
    domains = {"user_domain_name": "Default", "project_domain_name": "Default"}
    auth = {"auth_url": peer.auth_url, **names, **domains, **options.pop("auth", {})}
    given = {"auth": auth, "region_name": "RegionOne", **options}
    made = connections(PROVIDERS["openstack"], given, [], {})[0][0]
    if proxies is None:
        return made
    return replace(made, ca_file=proxies.ca_file, more={**made.more, **proxies.settings()})


@contextmanager
def site(at: Connection | Peer, patience: Patience | None = None) -> Iterator[OpenStackSite]:
    with open_site(connection(at) if isinstance(at, Peer) else at, patience) as opened:
        yield opened


def look(at: Connection | Peer, session: Session, patience: Patience | None = None) -> Run:
    """Nothing is changed."""
    with site(at, patience) as opened:
        seen = opened.look(session)
    return Run(seen, {one.id: made for one, made in ownership.decide(session, seen.remotes)}, {})


def clear(
    at: Connection | Peer,
    session: Session,
    limits: Limits = LIMITS,
    patience: Patience | None = None,
    between: Any = lambda: None,
) -> Run:
    """Delete what is the session's. between: called after the look, for what somebody does at that moment."""
    with site(at, patience) as opened:
        seen = opened.look(session)
        decided = ownership.decide(session, seen.remotes)
        between()
        targets = [one for one, made in decided if made.status is Status.OWNED]
        held = opened.remove(targets, limits)
    return Run(seen, {one.id: made for one, made in decided}, held)


def remote(seen: Seen, ident: str) -> Remote:
    return next(one for one in seen.remotes if one.id == ident)


def session(prefix: str, *names: str, **more: Any) -> Session:
    """names: clones that the record names."""
    records = tuple(Record("openstack", name, entry=f"openstack[{index}]") for index, name in enumerate(names))
    return Session(prefix=prefix, records=(*records, *more.pop("records", ())), **more)


def snapshot_record(ident: str, name: str) -> Record:
    return Record("VolumeSnapshot", name, id=ident, test_name="test_it", entry="VolumeSnapshot[0]")


def plan(prefix: str, *vms: tuple[str, str]) -> dict[str, Any]:
    """Keys of a Plan that migrates these VMs (id, name), and of the provider it takes them from."""
    provider = Key(f"{prefix}-source", "mtv", "provider-uid", type="openstack", host=HOST)
    return {
        "providers": (provider,),
        "plans": (Key(f"{prefix}-plan", "mtv", "plan-uid", source=f"mtv/{provider.name}", vms=vms),),
    }
