# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Providers as modules of other collections reach them, for a second look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._run import connections, targets
from ansible_collections.mtv.teardown.plugins.module_utils._run.registry import PROVIDERS


def sites(
    wanted: Iterable[str], file: str | None, options: Mapping[str, Any], environ: Mapping[str, str]
) -> list[dict[str, Any]]:
    """key, type, options, ca_file of each provider of these keys, in the option names of its own collection. One that
    is not configured any more, or wrong, is not among them. wanted: as results of this collection name providers."""
    keys, found = set(wanted), []
    entries = targets.entries_of(file)
    for kind, provider in PROVIDERS.items():
        made, _wrong = connections.connections(provider, options.get(kind), entries, environ)
        found += [
            {
                "key": one.key,
                "type": kind,
                "options": provider.for_collection(one),
                "ca_file": one.ca_file if one.validate_certs else "",
            }
            for one in made
            if one.key in keys
        ]
    return found
