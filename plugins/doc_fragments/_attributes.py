# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attributes of the modules."""

from __future__ import annotations


class ModuleDocFragment:
    """Every module runs where Python and the Kubernetes client are, and supports check mode."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Can run in check mode and tells what it would do, without writing anything.
  diff_mode:
    support: full
    description: With C(--diff) the objects before and after are shown, one line each.
  platform:
    support: full
    platforms: posix
    description: Target OS the module runs on.
"""

    FILES = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: In check mode it says which files it would write, and writes none.
  diff_mode:
    support: none
    description: The files are made anew from the result; there is nothing to compare.
  platform:
    support: full
    platforms: posix
    description: Target OS the module runs on.
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Reads only, so check mode changes nothing.
  diff_mode:
    support: none
    description: Reads only, so there is no difference to show.
  platform:
    support: full
    platforms: posix
    description: Target OS the module runs on.
"""

    SHOWN = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Shows the same in check mode.
  diff_mode:
    support: none
    description: Nothing is changed.
  platform:
    support: full
    platforms: posix
    description: Target OS the module runs on.
"""
