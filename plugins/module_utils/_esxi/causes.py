# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why an SSH key is still on an ESXi host."""

from __future__ import annotations

from ansible_collections.mtv.teardown.plugins.module_utils._cause import Finding, Tell, tells
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote


@tells("forbidden")
def forbidden(one: Remote) -> Finding | None:
    """The host let the user in and the file be read, and not written."""
    if one.facts.get("code") != 403:
        return None
    return Finding(
        str(one.facts.get("error")),
        f"see why (ls -l {one.place}), or take the line away as root on that host, then run the teardown again",
    )


CAUSES: tuple[Tell[Remote], ...] = (forbidden,)
