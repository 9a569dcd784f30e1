# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords, tokens and other values as they can be sent; what cannot be is an error that names its place. Pure.

Files, here-documents and blocks of YAML end in a line break, which is no part of a secret.
"""

from __future__ import annotations

import re

from ansible_collections.mtv.teardown.plugins.module_utils import _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError

# RFC 9110, field-value, and what http.client can write; a tab is allowed only inside.
_HEADER = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_TOKEN = re.compile(r"[\x21-\x7e]+")
# What XML cannot hold (vCenter's SOAP), or no text can (half a surrogate).
_UNSENDABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\r\n\ud800-\udfff]")


def password(value: str, where: str) -> str:
    """Without one line break at its end; blanks may be a part of it."""
    _secrets.keep(value)
    text = value.removesuffix("\n").removesuffix("\r")
    _secrets.keep(text)
    if _UNSENDABLE.search(text):
        raise RecordError(f"{where} holds a line break or another control character, which cannot be sent.")
    return text


def token(value: str, where: str) -> str:
    """Without white space around it."""
    _secrets.keep(value)
    text = value.strip()
    _secrets.keep(text)
    if not _TOKEN.fullmatch(text):
        what = (
            "holds a character that no token has (a line break, a blank, one that is not ASCII)" if text else "is blank"
        )
        raise RecordError(f"{where} {what}, so it cannot be sent.")
    return text


def header(value: object, where: str) -> str:
    """Any other value of a header of HTTP, without white space around it."""
    text = str(value).strip()
    if not _HEADER.fullmatch(text):
        raise RecordError(f"{where} holds a line break or another character that no header of HTTP can have.")
    return text


def authorization(value: str, where: str) -> str:
    """The header of that name: a scheme, and a token."""
    scheme, blank, rest = value.strip().partition(" ")
    return f"{scheme} {token(rest, where)}" if blank else token(scheme, where)
