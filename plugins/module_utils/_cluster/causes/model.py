# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cause on the cluster is told from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ansible_collections.mtv.teardown.plugins.module_utils._cause import Tell
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was read to tell causes. What could not be read is in unread and tells nothing.

    pods, claims, data_volumes, snapshots, attachments, plans, providers, conversions: objects of these kinds in the
    namespaces at hand; owners: controllers of the objects, where they live; nodes: name -> whether it is ready;
    contents: namespace -> what of the session it still contains, kind -> number;
    controllers: Deployment -> whether it runs, missing when there is none or it could not be read; secrets: (namespace,
    name) -> whether it is there; dead_apis: API service -> its message; events: uid -> the newest warning about it;
    window: seconds after which a deletion is not just slow; now: seconds since the epoch.
    """

    pods: tuple[Obj, ...] = ()
    claims: tuple[Obj, ...] = ()
    data_volumes: tuple[Obj, ...] = ()
    snapshots: tuple[Obj, ...] = ()
    attachments: tuple[Obj, ...] = ()
    plans: tuple[Obj, ...] = ()
    providers: tuple[Obj, ...] | None = None
    conversions: tuple[Obj, ...] = ()
    owners: tuple[Obj, ...] = ()
    nodes: Mapping[str, bool] | None = None
    controllers: Mapping[str, bool] = field(default_factory=dict)
    secrets: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    dead_apis: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    contents: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    window: float = 180.0
    now: float = 0.0

    def alive(self, uid: str) -> Obj | None:
        """The object of this uid among those that a controller could make others from."""
        known = (*self.claims, *self.data_volumes, *self.conversions, *self.plans, *self.owners)
        return next((obj for obj in known if obj.uid == uid), None)

    def is_down(self, controller: str) -> bool:
        return self.controllers.get(controller) is False


@dataclass(frozen=True, slots=True)
class Stuck:
    """One object that stayed. error: the server's answer to what was asked of it, empty when it took it."""

    obj: Obj
    seen: Evidence
    error: str = ""

    def is_a(self, group: str, *kinds: str) -> bool:
        return self.obj.group == group and self.obj.kind in kinds

    def held_by(self, *finalizers: str) -> str:
        """The first of its finalizers that begins with one of these, or nothing."""
        return next((held for held in self.obj.finalizers if held.startswith(finalizers)), "")

    def said(self, pattern: str) -> re.Match[str] | None:
        """A match in the server's answer."""
        return re.search(pattern, self.error) if self.error else None


Tells = Tell[Stuck]
