# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a run: what verify says, and all that makes it stand for itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _times
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import HolderTarget
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import Change
from ansible_collections.mtv.teardown.plugins.module_utils._report import record, run, summary
from ansible_collections.mtv.teardown.plugins.module_utils._run import earlier, keeping, load, verify
from ansible_collections.mtv.teardown.plugins.module_utils._session import ignore, notes
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session


def judge(
    cluster: Cluster,
    session: Session,
    options: Mapping[str, Any],
    search: verify.Search,
    ansible: str = "",
    changes: Iterable[Change] = (),
    holders: Sequence[HolderTarget] = (),
) -> dict[str, Any]:
    """Look, and give the verdict. options: those of leftovers_info, checked; ansible: its version; changes: those of
    the ledger that are the session's; holders: what is asked for these alone."""
    begun, began = datetime.now(UTC), _times.now()
    phases, targets = options["phases"], options["targets"]
    terms = verify.Terms(
        options["quiet_interval"],
        options["wait_timeout"],
        options["openshift_only"],
        ignore.compile_rules(options["verify_ignore"]),
        search=search,
        earlier=earlier.remaining_by(phases),
        changes=tuple(changes),
        holders=holders,
        not_undone=earlier.not_undone(phases),
        undone=earlier.undone_at(phases),
    )
    known = [*targets, *earlier.deleted_by(phases)]
    result = verify.verify(cluster, session, terms, known, earlier.not_done(phases))
    session = result.pop("session")
    result["insecure"] += [f"cluster {cluster.where['url']}"] if cluster.insecure else []
    result["cluster"] = dict(cluster.where)
    result["files"] = run.files(session, options["providers_file"], cluster.where)
    result |= run.times(options["run"] or {}, begun, datetime.now(UTC))
    result["absent"] = summary.already_gone(result["absent"], result["deleted"])
    result["requests"] = cluster.requests
    result |= earlier.finalizers(phases, result["deleted"])
    result["evidence"] = earlier.evidence_of(phases)
    result["earlier_runs"] = _earlier_runs(session, options, result)
    result |= record.of(result, session, options, ansible, began)
    result["summary"] = summary.of_verdict(session, result)
    result["artifacts"] = summary.handed_over(session, result)
    result["journal"] = notes.after(session, result, openshift_only=options["openshift_only"])
    return result


def _earlier_runs(session: Session, options: Mapping[str, Any], result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What runs before this one set out to do, and whether it is among what this one says is still there."""
    there = {str(e["uid"]) for name in ("leftovers", "accepted", "kept", "unseen") for e in result[name] if e["uid"]}
    this = str((options["run"] or {}).get("id") or "")
    runs = keeping.told_runs(options, session, load.folder_of(options), this)
    return [{**one, "intended": [{**e, "left": e["uid"] in there} for e in one["intended"]]} for one in runs]
