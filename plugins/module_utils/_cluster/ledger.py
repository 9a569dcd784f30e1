# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was asked of the cluster and when, kept where it is asked: so that a result shows what its verdict rests on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _times
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj

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
    that was refused."""

    lists: list[dict[str, Any]] = field(default_factory=list)
    asked: dict[str, str] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)
    to_go: dict[str, Obj] = field(default_factory=dict)

    def note_asked(self, uid: str) -> None:
        self.asked.setdefault(uid, _times.now())

    def note_gone(self, uid: str) -> None:
        self.gone.setdefault(uid, _times.now())
