# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of a file of SSH keys: found as a server may read them, taken away byte for byte."""

from __future__ import annotations

import base64
import hashlib

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._esxi import keys

RAW = b"\0\0\0\x0bssh-ed25519\0\0\0 " + bytes(range(32))
BLOB = base64.b64encode(RAW)
# By ssh-keygen -l of this key.
SHA256 = "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA"
OTHER = base64.b64encode(RAW[:-1] + b"\xff")
KEY, COMMENTED = b"ssh-ed25519 " + BLOB, b"ssh-ed25519 " + BLOB + b" me@here"
SUITES = (
    b'command="python /vmfs/volumes/ds 1/secure-vmkfstools-wrapper.py",'
    b"no-port-forwarding,no-agent-forwarding,no-X11-forwarding " + KEY
)


def test_a_fingerprint_is_that_of_ssh_keygen() -> None:
    assert keys.fingerprint(RAW) == SHA256


@pytest.mark.parametrize(
    "line",
    [
        KEY,
        COMMENTED,
        SUITES,
        b"  \t" + KEY,
        KEY + b"\r",
        COMMENTED + b"\r",
        b"ssh-ed25519\t" + BLOB,
        b'from="a,b",command="echo \\"x y\\" # z" ' + KEY,
        b"cert-authority " + KEY,
        b"ssh-ed25519 " + BLOB[:20] + b"\v" + BLOB[20:],
        b"odd words before " + KEY,
        b"ssh-rsa " + BLOB,
    ],
)
def test_lines_that_may_let_the_key_in(line: bytes) -> None:
    content = b"# first\n" + line + b"\nssh-ed25519 " + OTHER + b" me@here\n"
    assert keys.lines_of(content, SHA256) == [line]
    assert keys.lines_of(line, SHA256) == [line]  # without an end
    assert len(keys.lines_of(content + content, SHA256)) == 2


@pytest.mark.parametrize(
    "line",
    [b"", b"#" + KEY, b"  # " + COMMENTED, b"ssh-ed25519 " + OTHER + b" " + BLOB[:-4], b"ssh-ed25519", b"\xff\xfe\0"],
)
def test_lines_that_do_not(line: bytes) -> None:
    assert keys.lines_of(line + b"\n", SHA256) == []


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], {}),
        ([SUITES], {"line": f"sha256:{hashlib.sha256(SUITES).hexdigest()}"}),
        ([SUITES + b" c o m m e n t"], {"line": keys.hash_of(SUITES + b" c o m m e n t")}),
        ([SUITES, SUITES], {"line": "2 lines with this key"}),
        ([COMMENTED], {"line": "a line that mtv-api-tests does not write"}),
        ([b" " + SUITES], {"line": "a line that mtv-api-tests does not write"}),
        ([SUITES.replace(b"no-agent-forwarding,", b"")], {"line": "a line that mtv-api-tests does not write"}),
        ([SUITES.replace(b"ds 1", b'x" evil="')], {"line": "a line that mtv-api-tests does not write"}),
    ],
)
def test_what_is_told_of_the_lines_with_a_key(lines: list[bytes], told: dict[str, str]) -> None:
    assert keys.facts(lines) == told


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"%s\n", b""),
        (b"%s", b""),
        (b"a\n%s\n\nb\r\n", b"a\n\nb\r\n"),
        (b"a\n%s", b"a\n"),
        (b"\n\n%s\nb", b"\n\nb"),
        (b"a\n%s\n%s\n", None),
        (b"a\n", None),
        (b"", None),
        (b"a\n%s \n", None),
        (b"a\n %s\n", None),
        (b"a\n%s\r\n", None),
        (b"a\r%s\n", None),
    ],
)
def test_one_line_is_taken_away(before: bytes, after: bytes | None) -> None:
    assert keys.without(before.replace(b"%s", SUITES), keys.hash_of(SUITES)) == after
