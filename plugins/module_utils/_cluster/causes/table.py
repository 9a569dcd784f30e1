# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every cause that can be told, from the most special to the most general; the first that fits is named."""

from __future__ import annotations

from ansible_collections.mtv.teardown.plugins.module_utils._cause import UNKNOWN, Cause, first
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.causes import (
    answers,
    cluster,
    forklift,
    storage,
    virtual_machines,
)
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.causes.model import Stuck, Tells

CAUSES: tuple[Tells, ...] = (
    *answers.CAUSES,
    *forklift.CAUSES,
    *virtual_machines.CAUSES,
    *storage.CAUSES,
    *cluster.CAUSES,
)
NOTHING_FITS = Cause(
    UNKNOWN, "it is being deleted, and nothing that was read holds it", "run the teardown again; see its events"
)


def why(stuck: Stuck) -> Cause:
    """The cause of one object."""
    return first(CAUSES, stuck) or NOTHING_FITS
