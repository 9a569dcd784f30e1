# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the module of this name is run."""

from __future__ import annotations

from ansible_collections.mtv.teardown.plugins.plugin_utils._local import ActionModule

__all__ = ["ActionModule"]
