# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at the lab's engine and removes from it, as the phases do: look, decide, remove, look again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cause import Cause
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.client import Patience
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.site import open_site
from ansible_collections.mtv.teardown.plugins.module_utils._provider import ownership
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Seen, Site
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Decision, Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

from tests.lab.engine.peer import PASSWORD, USER, Peer

# Only where nothing comes is silence waited out; elsewhere a late answer of a busy machine must not be taken for it.
HASTY = Patience(tries=3, silence=30.0, pause=0.01, poll=0.03, workers=4)
BEFORE_SILENCE = replace(HASTY, tries=6, silence=1.0)
# For what goes: a machine may be busy. For what stays: nothing moves, so the test need not wait long.
GOES, STAYS = Limits(stall=8.0, total=30.0), Limits(stall=0.5, total=5.0)
SESSION = Session(prefix="auto-ab12", started="2026-11-20T09:00:00Z")


@dataclass
class Run:
    """before, after: what the looks found; targets: what was to be removed; causes: of what stayed."""

    before: Seen
    targets: list[Remote]
    causes: Mapping[str, Cause]
    after: Seen
    decided: list[tuple[Remote, Decision]]

    @property
    def names(self) -> list[str]:
        """Of the VMs that were to be removed."""
        return sorted(one.name for one in self.targets if one.kind == "Vm")

    def cause(self, name: str) -> str:
        return next(self.causes[one.identity].name for one in self.targets if one.name == name)


def connection(engine: Peer, **changes: Any) -> Connection:
    made = Connection("ovirt", "rhv-1", "127.0.0.1", engine.port, USER, PASSWORD, ca_file=engine.ca_file)
    return replace(made, **changes)


def owned(session: Session, seen: Seen) -> list[Remote]:
    return [one for one, made in ownership.decide(session, seen.remotes) if made.status is Status.OWNED]


def learned(session: Session, seen: Seen) -> Session:
    """The session as the next run knows it: what was shown to be its own is noted."""
    return session.learned(lineage={one.identity: "" for one in owned(session, seen)})


def teardown(
    engine: Peer, session: Session = SESSION, limits: Limits = GOES, patience: Patience = HASTY, **changes: Any
) -> Run:
    with open_site(connection(engine, **changes), patience) as site:
        return removed(site, session, limits)


def removed(site: Site, session: Session = SESSION, limits: Limits = GOES) -> Run:
    before = site.look(session)
    targets = owned(session, before)
    causes = site.remove(targets, limits)
    after = site.look(learned(session, before))
    return Run(before, targets, causes, after, ownership.decide(session, before.remotes))


def look(engine: Peer, session: Session = SESSION, **changes: Any) -> Seen:
    with open_site(connection(engine, **changes), HASTY) as site:
        return site.look(session)
