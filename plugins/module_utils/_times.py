# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times as a result tells them: of one form, so that two of them compare as texts."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """Such as C(2026-01-01T10:00:00.123Z)."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
