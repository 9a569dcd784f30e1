# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which finalizers come off objects of the session that hang."""

from __future__ import annotations


class ModuleDocFragment:
    """Paired with FINALIZERS_SPEC in module_utils/_run/module.py."""

    DOCUMENTATION = r"""
options:
  remove_finalizers:
    description:
      - Finalizers to take off objects of the session that hang. Without it none is, and what holds an object is told.
      - A list, or the same as text that is JSON. Each entry is the whole name of a finalizer, or a dictionary with
        C(name) and C(guarded_is_gone).
      - A finalizer comes off only when what it guards is shown to be gone; the guide Finalizers says what that is for
        each, and what is read.
      - With C(guarded_is_gone=true) the user says so for this finalizer, where no reading can show it.
        What is seen to be there still counts as there.
      - Never off namespaces, nodes, custom resource definitions, API services, roles and their bindings, and never off
        what is not shown to be the session's.
    type: raw
    default: []
    version_added: 0.3.0
  finalizer_grace:
    description:
      - Seconds for which an object must have hung, and nobody have written to it, before a finalizer comes off, by
        kind.
      - A dictionary, or the same as text that is JSON, from V(1) to V(86400). The key C(default) is for all other
        kinds.
      - Default is 300, and 600 for Pod, VirtualMachine, VirtualMachineInstance, PersistentVolume, VolumeSnapshot and
        VolumeSnapshotContent.
      - A module waits for what is left of it, up to O(wait_timeout). It goes by the clock of the API server.
    type: raw
    default: {}
    version_added: 0.3.0
"""
