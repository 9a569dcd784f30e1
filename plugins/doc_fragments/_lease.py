# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Lease that a run holds while it tears a session down."""

from __future__ import annotations


class ModuleDocFragment:
    """Paired with LEASE_SPEC in module_utils/_run/holding.py."""

    DOCUMENTATION = r"""
options:
  lease:
    description:
      - The Lease that this run holds, as M(mtv.teardown.lease) has returned it, with the connection to its cluster.
      - It is checked before anything is changed, and renewed while the module works. Once it is lost, nothing more is
        asked for, and the module fails.
      - Without it nobody is asked whether another run tears the same session down.
    type: dict
    suboptions:
      namespace:
        description: The namespace of the Lease.
        type: str
      name:
        description: Its name.
        type: str
      uid:
        description: Its UID, so that one that was made anew is not taken for it.
        type: str
      holder:
        description: By what this run is known in it.
        type: str
      duration:
        description: Seconds without being renewed after which another run may take it over, from V(10) to V(3600).
        type: int
        default: 60
      connection:
        description:
          - How its cluster is reached, by the names of the options of kubernetes.core, such as C(kubeconfig) and
            C(context). What is not given comes from C(K8S_AUTH_*) and C(KUBECONFIG).
        type: dict
        default: {}
"""
