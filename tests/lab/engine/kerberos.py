# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Apache in front of an engine does with mod_auth_gssapi: a ticket is looked at by MIT's own library (GSS-API,
RFC 2744), with the keys of KRB5_KTNAME. Without it nobody's ticket is taken."""

from __future__ import annotations

import base64
import binascii
import ctypes
import os
from typing import Any

_COMPLETE = 0
_LIBRARY = "libgssapi_krb5.so.2"


class _Buffer(ctypes.Structure):
    _fields_ = (("length", ctypes.c_size_t), ("value", ctypes.c_void_p))


def principal(authorization: str) -> tuple[str, str]:
    """Whose ticket it is, empty for none that counts, and what is answered to it, in Base64.
    authorization: the header, C(Negotiate BASE64)."""
    word, _blank, text = authorization.partition(" ")
    if word != "Negotiate" or not os.environ.get("KRB5_KTNAME"):
        return "", ""
    try:
        return _accepted(base64.b64decode(text, validate=True))
    except binascii.Error:
        return "", ""


def _accepted(token: bytes) -> tuple[str, str]:
    gss: Any = ctypes.CDLL(_LIBRARY)
    minor, context, who = ctypes.c_uint32(), ctypes.c_void_p(), ctypes.c_void_p()
    given, answer, name = _Buffer(), _Buffer(), _Buffer()
    held = ctypes.create_string_buffer(token, len(token))
    given.length, given.value = len(token), ctypes.cast(held, ctypes.c_void_p)
    status = gss.gss_accept_sec_context(
        ctypes.byref(minor), ctypes.byref(context), None, ctypes.byref(given), None, ctypes.byref(who), None,
        ctypes.byref(answer), None, None, None,
    )  # fmt: skip
    try:
        if status != _COMPLETE:
            return "", ""
        gss.gss_display_name(ctypes.byref(minor), who, ctypes.byref(name), None)
        return _bytes(name).decode(), base64.b64encode(_bytes(answer)).decode()
    finally:
        for buffer in (name, answer):
            gss.gss_release_buffer(ctypes.byref(minor), ctypes.byref(buffer))
        gss.gss_release_name(ctypes.byref(minor), ctypes.byref(who))
        gss.gss_delete_sec_context(ctypes.byref(minor), ctypes.byref(context), None)


def _bytes(buffer: _Buffer) -> bytes:
    return ctypes.string_at(buffer.value, buffer.length) if buffer.value else b""
