# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where what is known of a session is kept on the cluster."""

from __future__ import annotations


class ModuleDocFragment:
    """Paired with JOURNAL_SPEC in module_utils/_run/keeping.py."""

    DOCUMENTATION = r"""
options:
  journal_in:
    description:
      - Keep what a later run has to know of the session in two ConfigMaps, for places where no disk lasts, such as
        AWX - the note in C(mtv-teardown-PREFIX), and in C(mtv-teardown-PREFIX.journal) what runs set out to delete or
        to change.
      - What is about to be asked for is written there first; where that cannot be, nothing more is asked for.
      - ConfigMaps of these names that are not of a teardown of this session are not touched; the module fails.
    type: dict
    version_added: 0.3.0
    suboptions:
      namespace:
        description:
          - The namespace, which has to be there and to stay. It cannot be one that goes with the session, or that is
            recorded as made by it.
        type: str
      run:
        description: By what this run is known; a name that no other run has. Needed by what changes something.
        type: str
        default: ""
      connection:
        description:
          - How its cluster is reached, by the names of the options of kubernetes.core, such as C(kubeconfig) and
            C(context). What is not given comes from C(K8S_AUTH_*) and C(KUBECONFIG).
        type: dict
        default: {}
"""
