# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The phases in the order of the playbook, without Ansible: many of them in the time of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import cancel_archive, delete, order
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._run import earlier, look, verify
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session, from_dict
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import Result

Places = set[tuple[str, str]]


@dataclass
class Run:
    """phases: by the names of their roles; judged: what verify says."""

    found: dict[str, Any]
    phases: dict[str, Result]
    judged: dict[str, Any]

    @property
    def verdict(self) -> str:
        return str(self.judged["verdict"])

    @property
    def leftovers(self) -> Places:
        return places(self.judged["leftovers"])

    @property
    def deleted(self) -> Places:
        return {place for phase in self.phases.values() for place in places(phase.done)}

    def left(self, kind: str, name: str) -> dict[str, Any]:
        """What is said of one object that stayed."""
        return _one(self.judged["leftovers"], kind, name)

    def remaining(self, kind: str, name: str) -> dict[str, Any]:
        """What the phase that had it in hand says of one object that stayed."""
        return _one([e for phase in self.phases.values() for e in phase.remaining], kind, name)


def _one(entries: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    found = [e for e in entries if (e["kind"], e["name"]) == (kind, name)]
    assert found, f"{kind} {name} is not among {places(entries)}"
    return found[0]


def places(entries: list[dict[str, Any]]) -> Places:
    return {(entry["kind"], entry["name"]) for entry in entries}


def teardown(
    cluster: Cluster,
    session: Session,
    *,
    stall: float = 3.0,
    namespace_stall: float = 12.0,
    check_mode: bool = False,
    namespaces: bool = True,
    quiet: float = 0.2,
    settle: float = 1.0,
    keep: Callable[[dict[str, Any]], None] = lambda _note: None,
) -> Run:
    """As playbooks/teardown.yml does it. The namespace controller waits 5 s before it begins, so those have a longer
    window here; namespaces: False leaves them alone; keep: takes the note, before anything is touched."""
    found = look.look(cluster, session)
    keep(found["journal"])
    session = from_dict(found["session"])
    short, long = Limits(stall, 60, settle), Limits(namespace_stall, max(90, namespace_stall), 5.0)
    done: dict[str, Result] = {}
    done["migrations"] = cancel_archive.cancel(cluster, session, short, check_mode)
    done["plans"] = cancel_archive.archive(cluster, session, short, check_mode, done["migrations"].stalled)
    vms = delete.run(cluster, session, short, check_mode, phase=order.VMS)
    rest = delete.run(cluster, session, short, check_mode, phase=order.RESOURCES, stalled=vms.stalled)
    done.update({order.VMS: vms, order.RESOURCES: rest})
    if namespaces:
        stalled = vms.stalled or rest.stalled
        done[order.NAMESPACES] = delete.run(cluster, session, long, check_mode, phase=order.NAMESPACES, stalled=stalled)
    registered = {name: result.as_dict("deleted") for name, result in done.items()}
    session = earlier.with_deleted(session, registered)
    known = [*found["targets"], *earlier.deleted_by(registered)]
    terms = verify.Terms(quiet_interval=quiet, total=30, openshift_only=True, window=stall, going=stall)
    return Run(found, done, verify.verify(cluster, session, terms, known, earlier.not_done(registered)))
