# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was asked of the cluster and when, kept where it is asked: so that a result shows what its verdict rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _times
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj
from ansible_collections.mtv.teardown.plugins.module_utils._session import journal

READ, FAILED, INCOMPLETE = "read", "failed", "incomplete"


def entry(
    kind: str, api_version: str, namespace: str | None, query: str = "", time: str = "", **answer: Any
) -> dict[str, Any]:
    """One question. What was not answered has no count: it is not known, and that is not zero."""
    told = {"outcome": READ, "count": None, "version": "", "error": "", **answer}
    return {"kind": kind, "api_version": api_version, "namespace": namespace, "query": query, "time": time, **told}


@dataclass(slots=True)
class Ledger:
    """lists: every list that was asked for, with its answer; asked: uid -> when somebody was asked to change or delete
    it first; gone: uid -> when it was seen that it is not there any more; to_go: uid -> what was asked to go, unless
    that was refused; announce: told of what is about to be asked for."""

    lists: list[dict[str, Any]] = field(default_factory=list)
    asked: dict[str, str] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)
    to_go: dict[str, Obj] = field(default_factory=dict)
    announce: journal.Announce = journal.nobody
    announced: set[tuple[str, str]] = field(default_factory=set)

    def about_to(self, asked: str, objects: Iterable[Obj]) -> None:
        """Announce this of all of them at once. RecordError where that cannot be: then it is not to be asked for."""
        fresh = [obj for obj in objects if (asked, obj.uid) not in self.announced]
        if fresh:
            self.announce(map(_item, fresh), asked)
            self.announced |= {(asked, obj.uid) for obj in fresh}

    def note_asked(self, obj: Obj, asked: str) -> None:
        self.about_to(asked, [obj])
        self.asked.setdefault(obj.uid, _times.now())

    def note_gone(self, uid: str) -> None:
        self.gone.setdefault(uid, _times.now())


def _item(obj: Obj) -> dict[str, Any]:
    place = {"kind": obj.kind, "api_version": obj.resource.api_version, "namespace": obj.namespace}
    return {**place, "name": obj.name, "uid": obj.uid}
