# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option of modules that read the ledger of changes."""

from __future__ import annotations


class ModuleDocFragment:
    """Paired with UNDO_SPEC in module_utils/_run/changes.py."""

    DOCUMENTATION = r"""
options:
  undo_file:
    description:
      - The ledger of what the session changed for a time, which M(mtv.teardown.change),
        M(mtv.teardown.vm_change) and the plugin of pytest write.
      - Default is the file beside the resources file that is called as that, with C(.undo.json) for C(.json), such as
        C(resources.undo.json), where there is one. Without a resources file it is C(resources.undo.json) in
        O(data_collector_path).
      - Changes that name another session are left alone. Those that name none count where the ledger is beside the
        resources file, or named here.
      - A file that is no ledger, or that others than its owner could have written, is an error.
    type: path
    version_added: 0.3.0
"""
