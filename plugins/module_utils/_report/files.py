# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of a report: whole or not at all, and for the account that made them."""

from __future__ import annotations

import os

from ansible_collections.mtv.teardown.plugins.module_utils import _text_file
from ansible_collections.mtv.teardown.plugins.module_utils._errors import TeardownError


def write(path: str, text: str, mode: int, check_mode: bool) -> bool:
    """Whether the file changed, or would. It comes to its place at once, for a collector may read it at any moment."""
    try:
        if os.path.isfile(path):
            with open(path, "rb") as handle:
                if handle.read() == text.encode():
                    return False
        if check_mode:
            return True
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        _text_file.replace(path, text, mode)
    except OSError as exc:
        raise TeardownError(f"{path} cannot be written: {exc.strerror}.") from exc
    return True


def mode_of(text: str) -> int:
    """Such as C(0600). TeardownError for what is none."""
    try:
        mode = int(text, 8)
    except ValueError:
        mode = -1
    if not 0 <= mode <= 0o777:
        raise TeardownError(f"mode is {text!r}: give one in octal, as text, such as '0640'.")
    return mode
