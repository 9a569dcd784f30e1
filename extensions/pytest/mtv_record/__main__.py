# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(python -m mtv_record FOLDER): make resources.json again from the journal beside it."""

from __future__ import annotations

import sys
from pathlib import Path

from mtv_record.journal import Journal

if len(sys.argv) != 2:
    sys.exit("usage: python -m mtv_record FOLDER")
try:
    Journal(Path(sys.argv[1]), "").refresh()
except OSError as exc:
    sys.exit(f"{exc.filename or sys.argv[1]}: {exc.strerror}")
