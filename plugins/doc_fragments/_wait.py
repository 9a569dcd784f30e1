# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a phase waits, and whether it fails for what stays."""

from __future__ import annotations


class ModuleDocFragment:
    """Paired with WAIT_SPEC in module_utils/_run/module.py."""

    DOCUMENTATION = r"""
options:
  stall_timeout:
    description:
      - Seconds without any progress after which waiting ends. What still shrinks is waited for.
      - From V(1) to V(86400), as O(wait_timeout).
    type: int
    default: 180
  wait_timeout:
    description:
      - Seconds after which each wait ends in any case.
    type: int
    default: 1800
  stalled:
    description:
      - An earlier phase has waited in vain already (its RV(mtv.teardown.openshift_resources#module:stalled)).
      - Then each wait ends after 5 seconds without progress (15 for namespaces),
        so that many stuck objects cost one O(stall_timeout).
    type: bool
    default: false
  fail_on_remaining:
    description:
      - Whether the module fails when something of the session stayed, or could not be read.
      - The playbooks set V(false) and let the role P(mtv.teardown.verify#role) judge at the end.
    type: bool
    default: true
"""
