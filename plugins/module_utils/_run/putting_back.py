# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that a session changed for a time put back, on the cluster and on source providers; only those are asked where
it changed something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _progress
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import undo
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._provider import undo as vms
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import HolderTarget
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import SETTLED, Change
from ansible_collections.mtv.teardown.plugins.module_utils._run import cluster_module, keeping, providers
from ansible_collections.mtv.teardown.plugins.module_utils._run.changes import Changes
from ansible_collections.mtv.teardown.plugins.module_utils._run.module import Module
from ansible_collections.mtv.teardown.plugins.module_utils._session import journal
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import Result, Undone


def run(module: Module, session: Session, found: Changes) -> Undone:
    """What of these changes is the session's, as the module's options want it."""
    check_mode, todo = bool(module.check_mode), found.unsettled()
    on_cluster = [one for one in todo if not one.provider]
    on_providers = [] if module.params["openshift_only"] else [one for one in todo if one.provider]
    # What is wrong with the file of providers is known before anything is touched.
    searched = providers.changed_on(on_providers, module.params) if on_providers else []
    parts = []
    if on_cluster:
        parts.append(undo.run(cluster_module.to_work_on(module, session), on_cluster, check_mode))
    if on_providers:
        parts.append(_on_providers(module, session, searched, on_providers))
    done = Undone(
        Result.of_all(part.result for part in parts),
        *([one for part in parts for one in getattr(part, name)] for name in ("settled", "before", "after")),
    )
    others = [one for one in found.others if one.state != SETTLED]
    done.result.refused = undo.refused(one for one in others if not one.provider)
    done.result.refused += vms.unasked(one for one in others if one.provider)
    return done


def _on_providers(module: Module, session: Session, searched: Sequence[HolderTarget], todo: Sequence[Change]) -> Undone:
    params, check_mode = module.params, bool(module.check_mode)
    _progress.about(tuple, session=session.prefix, on="source providers")
    limits = Limits(float(params["stall_timeout"]), float(params["wait_timeout"]))
    told = keeping.announce_of(keeping.place_of(params, session), session, check_mode)

    def announce(item: Mapping[str, Any]) -> None:
        told([item], journal.CHANGE)

    return vms.run(searched, todo, limits.brief() if params["stalled"] else limits, check_mode, announce)
