# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records what a test session makes, before and as it is made, so that a killed run loses nothing. See README.md."""

from __future__ import annotations

from mtv_record.recorder import Call, Recorder

__all__ = ["Call", "Recorder"]
