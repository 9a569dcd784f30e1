# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of a file of SSH keys (authorized_keys), by the keys that they let in. Pure.

A line is found as generously as its server may read it, for a key that is overlooked would be told to be gone. It is
taken away only byte for byte.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Any

_BETWEEN = re.compile(rb"[ \t]+")
# OpenSSH skips these inside of a key.
_SKIPPED = b"\r\n\v\f"
# What mtv-api-tests adds, and nothing else, is ever taken away: utilities/esxi.py.
_OF_SUITE = re.compile(
    rb'command="python /vmfs/volumes/[^"\r\n]+/secure-vmkfstools-wrapper\.py",'
    rb"no-port-forwarding,no-agent-forwarding,no-X11-forwarding [^ \t]+ [^ \t]+.*"
)
_LINES = re.compile(rb"[^\n]*\n|[^\n]+")
_HASH = "sha256:"


def fingerprint(blob: bytes) -> str:
    """Of a key, as ssh-keygen -l shows it."""
    return f"SHA256:{base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip('=')}"


def hash_of(line: bytes) -> str:
    """Of a line, without its end."""
    return f"{_HASH}{hashlib.sha256(line).hexdigest()}"


def lines_of(content: bytes, wanted: str) -> list[bytes]:
    """Lines, without their ends, in which the key of this fingerprint stands, whatever else does."""
    return [line for line in content.split(b"\n") if _holds(line, wanted)]


def _holds(line: bytes, wanted: str) -> bool:
    bare = line.lstrip(b" \t\r\v\f")
    return not bare.startswith(b"#") and any(_fingerprint_of(word) == wanted for word in _BETWEEN.split(bare))


def _fingerprint_of(word: bytes) -> str:
    try:
        blob = binascii.a2b_base64(word.translate(None, _SKIPPED), strict_mode=True)
    except binascii.Error:
        return ""
    return fingerprint(blob) if blob else ""


def facts(lines: list[bytes]) -> dict[str, Any]:
    """What is told of the lines with one key: nothing where there is none, the hash of the only one where it has the
    suite's form; else words, which no note has."""
    if not lines:
        return {}
    if len(lines) > 1:
        return {"line": f"{len(lines)} lines with this key"}
    is_suites = _OF_SUITE.fullmatch(lines[0])
    return {"line": hash_of(lines[0]) if is_suites else "a line that mtv-api-tests does not write"}


def without(content: bytes, hashed: str) -> bytes | None:
    """All but the one line with this hash, byte for byte; None where it is not one."""
    parts = _LINES.findall(content)
    kept = [part for part in parts if hash_of(part.removesuffix(b"\n")) != hashed]
    return b"".join(kept) if len(kept) == len(parts) - 1 else None
