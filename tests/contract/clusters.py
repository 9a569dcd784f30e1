# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our client of a cluster, without what only fixtures need: a process of its own has imported it in a moment."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import rest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Cluster


def cluster_of(kubeconfig: Path, user: str | None = None) -> Cluster:
    """user: on behalf of this one, with its rights alone."""
    return Cluster(rest.connect(SimpleNamespace(params={"kubeconfig": str(kubeconfig), "impersonate_user": user})))
