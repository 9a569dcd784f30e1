# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules share that work on the cluster: its connection, and a phase from its options to its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ansible.module_utils.basic import missing_required_lib
from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC
from ansible_collections.mtv.teardown.plugins.module_utils import _progress
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import awaited, rest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.evidence import ClusterWitness
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._run import keeping, load
from ansible_collections.mtv.teardown.plugins.module_utils._run import module as _module
from ansible_collections.mtv.teardown.plugins.module_utils._session import finalizers
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import Result


def module_of(spec: Mapping[str, Any], **rules: Any) -> _module.Module:
    """A module with the connection options of kubernetes.core and these. Of a kubeconfig only the secrets are hidden
    (Module): up to kubernetes.core 6.2 all of it is, and a context named "c" blots every c out of the result."""
    kubeconfig = {"kubeconfig": {**AUTH_ARG_SPEC["kubeconfig"], "no_log": False}}
    return _module.Module(argument_spec={**AUTH_ARG_SPEC, **kubeconfig, **spec}, supports_check_mode=True, **rules)


def cluster_of(module: _module.Module) -> Cluster:
    """The cluster that the options of the module name."""
    return Cluster(http_of(module))


def to_work_on(module: _module.Module, session: Session) -> Cluster:
    """The same, for what changes something of this session: what it asks for is written first."""
    cluster = cluster_of(module)
    _announce(module, cluster, session)
    return cluster


def _announce(module: _module.Module, cluster: Cluster, session: Session) -> None:
    place = keeping.place_of(module.params, session)
    cluster.ledger.announce = keeping.announce_of(place, session, bool(module.check_mode))


def http_of(module: _module.Module) -> rest.Http:
    """The same, for what is no work on a session."""
    need_library(module)
    return rest.connect(module)


def connection_of(module: _module.Module) -> tuple[Any, Mapping[str, Any]]:
    """How the cluster is reached: a configuration of the Kubernetes client, and headers."""
    need_library(module)
    return rest.settings(module)


def need_library(module: _module.Module) -> None:
    """End the module, with what to install, where the Kubernetes client is not there."""
    missing = rest.missing_library()
    if missing:
        module.fail_json(msg=missing_required_lib("kubernetes"), exception=missing)


def _removal(params: Mapping[str, Any]) -> dict[str, Any]:
    """Of a module that takes finalizers off where the user names them."""
    if "remove_finalizers" not in params:
        return {}
    return {"removal": finalizers.of(params["remove_finalizers"], params["finalizer_grace"])}


def run_phase(
    module: _module.Module,
    done: str,
    phase: Callable[..., Result],
    session: Callable[[Cluster], Session] | None = None,
) -> None:
    """The whole of a module that changes something: session, work, answer.

    phase: takes (cluster, session, limits, check_mode, stalled=…); done: the name under which the answer lists what
    the phase did; session: where it comes from, if not from the usual options.
    """

    def work() -> dict[str, Any]:
        if session is None:
            known = load.session_of(module.params)  # bad input ends before anything is asked
            more = _removal(module.params)
            cluster = cluster_of(module)
        else:
            more = _removal(module.params)
            cluster = cluster_of(module)
            known = session(cluster)
        cluster.witness = ClusterWitness(cluster, _module.keeper_of(module))
        _announce(module, cluster, known)

        asked = partial(awaited.outstanding, cluster.ledger)
        _progress.about(asked, session=known.prefix, on=str(cluster.where.get("url", "")), done=done)

        def within(limits: Limits) -> Result:
            stalled = bool(module.params["stalled"])
            result = phase(cluster, known, limits, bool(module.check_mode), stalled=stalled, **more)
            result.requests = cluster.requests
            result.asked, result.gone = cluster.ledger.asked, cluster.ledger.gone
            result.kept = cluster.witness.told()
            return result

        return _module.answer(module, done, within, known.prefix)

    _module.run(module, work)
