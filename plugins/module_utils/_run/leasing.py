# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module lease does."""

from __future__ import annotations

import socket
import uuid
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import lease, lease_store
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.lease import Claim, Whose
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.lease_store import HeldError, Store
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._run import cluster_module, holding, load
from ansible_collections.mtv.teardown.plugins.module_utils._run import module as _module


def work(module: _module.Module) -> dict[str, Any]:
    """From the options to the answer."""
    params = module.params
    session = load.session_of(params)
    if params["state"] == "absent":
        return _release(module)
    if not session.prefix:
        raise RecordError("a Lease is named by the prefix of its session, and this one has none: give session_prefix.")
    lease.check_namespace(str(params["namespace"] or ""), session)
    host, now = socket.gethostname(), lease.stamp()
    claim = Claim(
        session=session.prefix,
        namespace=params["namespace"],
        holder=f"{host}_{uuid.uuid4()}",
        run=params["run_id"],
        host=host,
        started=now,
        duration=params["duration"],
    )
    store = Store(cluster_module.http_of(module), claim.namespace, claim.name)
    if module.check_mode:
        return _foreseen(module, store, claim)
    try:
        taken = lease_store.take(store, claim, params["wait_seconds"])
    except HeldError as exc:
        return {"failed": True, "msg": exc.msg, "held_by": exc.details["held_by"]}
    over = dict(taken.over or {})
    if over:
        module.warn(
            f"the Lease {store} was taken over: run {over['run_id'] or '?'} on host {over['host'] or '?'} has not "
            f"renewed it for {over['duration']} s"
        )
    told = {name: getattr(claim, name) for name in ("namespace", "name", "holder", "duration")}
    return {"changed": True, "lease": {**told, "uid": taken.uid}, "held_by": over, "waited": taken.waited}


def _foreseen(module: _module.Module, store: Store, claim: Claim) -> dict[str, Any]:
    now = store.get()
    whose = Whose.NOBODY if now is None else lease.whose(now, claim)
    if whose is Whose.FOREIGN or now is None:
        if now is not None:
            module.warn(lease_store.foreign(store, claim, now))
        return {"changed": now is None, "held_by": {}}
    if whose is Whose.OTHER:
        module.warn(lease_store.held(store, claim, now, 0))
    return {"changed": whose is Whose.NOBODY, "held_by": now.told() if whose is Whose.OTHER else {}}


def _release(module: _module.Module) -> dict[str, Any]:
    held = module.params["held"] or {}
    missing = [name for name in holding.NEEDED if not held.get(name)]
    if missing:
        raise RecordError(f"held has no {', '.join(missing)}: give the lease that this module has returned.")
    store = Store(cluster_module.http_of(module), held["namespace"], held["name"])
    if module.check_mode:
        return {"changed": store.get() is not None, "left": ""}
    left = lease_store.release(store, held["uid"], held["holder"])
    if left:
        module.warn(f"the Lease {store} was left alone: {left}")
    return {"changed": not left, "left": left}
