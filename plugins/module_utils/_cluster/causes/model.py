# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cause on the cluster is told from."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ansible_collections.mtv.teardown.plugins.module_utils._cause import Tell
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj
from ansible_collections.mtv.teardown.plugins.module_utils._next_step import Advice, Facts, Whose, advise, let_go, words


def nobody_knows(_uid: str, _api_version: str, _kind: str, _namespace: str | None) -> Whose:
    """Without a look at whose an object is."""
    return Whose.UNKNOWN


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was read to tell causes. What could not be read is in unread and tells nothing.

    pods, claims, data_volumes, snapshots, attachments, plans, providers, conversions: objects of these kinds in the
    namespaces at hand; owners: controllers of the objects, where they live; nodes: name -> whether it is ready;
    contents: namespace -> what of the session it still contains, kind -> number;
    controllers: Deployment -> whether it runs, missing when there is none or it could not be read; secrets: (namespace,
    name) -> whether it is there; dead_apis: API service -> its message; events: uid -> the newest warning about it;
    window: seconds after which a deletion is not just slow; over: the run stopped waiting for its time; now: seconds
    since the epoch; may: uid -> whether the account may delete it, of what nobody has asked to go; whose: an object of
    this uid, API version, kind and namespace is.
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
    over: bool = False
    now: float = 0.0
    may: Mapping[str, bool] = field(default_factory=dict)
    whose: Callable[[str, str, str, str | None], Whose] = nobody_knows

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

    def run(self, does: str = "", seen: bool = True) -> str:
        """What to do where a run is all that is needed. does: what that does, or how it is to differ; seen: whether the
        object could be read."""
        asked, may = bool(self.obj.deleting), self.seen.may.get(self.obj.uid)
        advice = advise(Facts(known=False, seen=seen, asked=asked, may=may, over=self.seen.over))
        right = f"delete {self.obj.resource.key}{f' in {self.obj.namespace}' if self.obj.namespace else ''}"
        return words(advice, right) + (does if advice in (Advice.RUN, Advice.AGAIN) else "")

    def let_go(self, holder: Obj) -> str:
        """What to do about what holds it, or makes it anew."""
        whose = self.seen.whose(holder.uid, holder.resource.api_version, holder.kind, holder.namespace)
        return let_go(whose, f"{holder.kind} {holder.name}")

    def said(self, pattern: str) -> re.Match[str] | None:
        """A match in the server's answer."""
        return re.search(pattern, self.error) if self.error else None


Tells = Tell[Stuck]
