# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""XML as vCenter sends it, with names that XML forbids."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere.wire import readable
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"plain", "plain"),
        ("größer, 日本".encode(), "größer, 日本"),
        (b"a\x01b", "a\ufffdb"),
        (b"a&#1;b&#x1b;c", "a\ufffdb\ufffdc"),
        (b"a&#xFFFE;b&#xD800;c&#x110000;", "a\ufffdb\ufffdc\ufffd"),
        (b"&#65;&#x1F600;&#9;&amp;", "A\U0001f600\t&"),
        (b"a\xef\xbf\xbfb", "a\ufffdb"),
        (b"a\xff\xfeb", "a\ufffd\ufffdb"),
    ],
)
def test_a_name_is_read_whatever_is_in_it(body: bytes, name: str) -> None:
    root = ElementTree.fromstring(readable(b"<name>" + body + b"</name>"))
    assert root.text == name


@given(st.binary())
def test_no_bytes_in_a_name_make_it_unreadable(body: bytes) -> None:
    escaped = body.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")
    ElementTree.fromstring(readable(b"<name>" + escaped + b"</name>"))
