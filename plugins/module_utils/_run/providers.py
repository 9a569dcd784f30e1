# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules share that look at the cluster and at providers of every type."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._provider import ownership, undo
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import HolderTarget, Provider, Target
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import Change
from ansible_collections.mtv.teardown.plugins.module_utils._run import cluster_module, connections
from ansible_collections.mtv.teardown.plugins.module_utils._run.module import Module
from ansible_collections.mtv.teardown.plugins.module_utils._run.registry import (
    HOLDER_OPTIONS,
    HOLDERS,
    OPTIONS,
    PROVIDERS,
)
from ansible_collections.mtv.teardown.plugins.module_utils._run.targets import FILE_SPEC, entries_of, targets_of
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session


def module_of(spec: Mapping[str, Any]) -> Module:
    """A module with the connection options of them all."""
    return cluster_module.module_of({**FILE_SPEC, **OPTIONS, **HOLDER_OPTIONS, **spec})


def configured(options: Mapping[str, Any]) -> frozenset[str]:
    """Types of which a provider is configured, by the options of a module. RecordError when the file is none."""
    entries = entries_of(options["providers_file"])
    return frozenset(
        kind for kind, one in PROVIDERS.items() if any(connections.connections(one, options[kind], entries, os.environ))
    )


def search_of(
    session: Session, options: Mapping[str, Any], changed: Collection[str] = (), **more: Any
) -> tuple[list[Target], frozenset[str]]:
    """(providers to be searched for the session, types that would have to be and are not configured).

    Searched is what the record or the session's Providers name; without a record, whatever is configured. changed:
    types on which the session changed VMs, which are searched, too, where they are configured; more: for the opener of
    vSphere.
    """
    named = ownership.types_of(session)
    wanted = named if session.has_record else named | set(PROVIDERS)
    wanted = wanted | set(changed)
    searched = [one for kind, one in PROVIDERS.items() if kind in wanted]
    targets = _targets(searched, options, **more)
    return targets, named - {target.connection.type for target in targets}


def of_types(types: Collection[str], options: Mapping[str, Any]) -> list[Target]:
    """Providers of these types that are configured."""
    return _targets([one for kind, one in PROVIDERS.items() if kind in types], options)


def holders(changes: Iterable[Change], options: Mapping[str, Any]) -> list[HolderTarget]:
    """ESXi hosts that are configured, each by an address of which these changes say who is there."""
    known = undo.pinned(changes)
    if not known:
        return []
    return [*_targets(HOLDERS.values(), options, wants=lambda one: one.place in known, pinned=known)]


def changed_on(changes: Iterable[Change], options: Mapping[str, Any]) -> list[HolderTarget]:
    """Whatever is configured of where these changes were made."""
    changes = list(changes)
    return [*of_types({one.provider for one in changes}, options), *holders(changes, options)]


def _targets(searched: Collection[Provider], options: Mapping[str, Any], **more: Any) -> list[Target]:
    unopened = options.get("unopened") or ()
    return targets_of(searched, options["providers_file"], options, unopened, again=True, **more)
