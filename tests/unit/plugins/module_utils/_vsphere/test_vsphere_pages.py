# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A page is read as pyVmomi alone would read it, whatever way it is written in."""

from __future__ import annotations

import io
from typing import Any
from xml.parsers.expat import ExpatError
from xml.sax.saxutils import escape

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere import pages, wire
from hypothesis import given
from hypothesis import strategies as st
from pyVmomi import vmodl
from pyVmomi.SoapAdapter import SoapResponseDeserializer

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    '<soapenv:Body><RetrievePropertiesExResponse xmlns="urn:vim25"><returnval><token>7</token>'
)
TAIL = "</returnval></RetrievePropertiesExResponse></soapenv:Body></soapenv:Envelope>"
Values = dict[str, dict[str, Any]]


def text(name: str, value: str, path: str = "name") -> str:
    return f'<propSet><name>{path}</name><val {name}type="xsd:string">{value}</val></propSet>'


def layout(*disks: list[str], xsi: str = "xsi:") -> str:
    inner = "".join(
        f"<VirtualMachineFileLayoutDiskLayout><key>{2000 + number}</key>"
        f"{''.join(f'<diskFile>{file}</diskFile>' for file in files)}</VirtualMachineFileLayoutDiskLayout>"
        for number, files in enumerate(disks)
    )
    kind = "ArrayOfVirtualMachineFileLayoutDiskLayout"
    return f'<propSet><name>layout.disk</name><val {xsi}type="{kind}">{inner}</val></propSet>'


def obj(ref: str, *properties: str, kind: str = "VirtualMachine") -> str:
    return f'<objects><obj type="{kind}">{ref}</obj>{"".join(properties)}</objects>'


def value_of(value: Any) -> Any:
    return [list(disk.diskFile) for disk in value] if isinstance(value, list) else value


def by_library(body: bytes) -> tuple[Values, Any]:
    """What pyVmomi makes of an answer."""
    stub = wire.Stub(host="127.0.0.1", version="vim.version.v8_0_1_0")
    told = SoapResponseDeserializer(stub).Deserialize(io.BytesIO(body), vmodl.query.PropertyCollector.RetrieveResult)
    return {one.obj._moId: {p.name: value_of(p.val) for p in one.propSet} for one in told.objects}, told.token


def together(body: bytes) -> tuple[Values, Any, set[str]]:
    """(what both make of it, the token, whom the library need not read)."""
    rest, plain = pages.plain_of(body)
    values, token = by_library(rest)
    taken = {one.ref: {name: value_of(value) for name, value in one.values.items()} for one in plain}
    assert not taken.keys() & values.keys()
    return {**values, **taken}, token, set(taken)


def body_of(*objects: str) -> bytes:
    return (HEAD + "".join(objects) + TAIL).encode()


PLAIN = obj("vm-1", text("xsi:", "rhel8"), layout(["[ds] rhel8/rhel8.vmdk"]))
NS = 'xmlns:_i="http://www.w3.org/2001/XMLSchema-instance" _i:'
BODIES: dict[str, tuple[bytes, set[str]]] = {
    "plain": (body_of(PLAIN), {"vm-1"}),
    "nothing": (body_of(), set()),
    "another order, a chain, two disks": (
        body_of(obj("vm-1", layout(["[a] b/c.vmdk", "[a] b/c-1.vmdk"], ["[a] d.vmdk"]), text("xsi:", "n"))),
        {"vm-1"},
    ),
    "no disk, no name": (body_of(obj("vm-1", layout()), obj("vm-2", text("xsi:", ""))), {"vm-1", "vm-2"}),
    "declared in place": (body_of(obj("vm-1", text(NS, "n"), layout(["[a] b.vmdk"], xsi=NS))), {"vm-1"}),
    "an empty property": (
        body_of(obj("vm-1", text("xsi:", "n"), "<propSet><name>snapshot</name></propSet>")),
        {"vm-1"},
    ),
    "references": (body_of(obj("vm-1", text("xsi:", "a&amp;b&#x41;")), PLAIN.replace("vm-1", "vm-2")), {"vm-2"}),
    "another property": (
        body_of(obj("vm-1", text("xsi:", "b", "config.annotation")), PLAIN.replace("vm-1", "vm-2")),
        {"vm-2"},
    ),
    "an end of line": (body_of(obj("vm-1", text("xsi:", "a\r\nb"))), set()),
    "blanks between": (body_of(PLAIN.replace("<propSet>", " <propSet>")), set()),
    "a comment": (body_of(f"<!-- {PLAIN} -->"), set()),
    "marked text": (body_of(obj("vm-1", text("xsi:", f"<![CDATA[{PLAIN}]]>"))), set()),
    "another encoding": (
        body_of(obj("vm-1", text("xsi:", "\u00fc"))).replace(b"UTF-8", b"iso-8859-1"),
        set(),
    ),
    "other letters": (body_of(obj("vm-1", text("xsi:", "\u00fc\u65e5\U0001f600\ufffd"))), {"vm-1"}),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_page_is_read_as_the_library_reads_it(name: str) -> None:
    body, taken = BODIES[name]
    values, token, plain = together(body)
    assert (values, token) == by_library(body)
    assert plain == taken


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"))


@given(
    st.lists(
        st.tuples(TEXTS, st.lists(st.lists(TEXTS, max_size=3), max_size=3), st.booleans(), st.booleans()), max_size=5
    )
)
def test_a_page_of_any_names_is_read_as_the_library_reads_it(machines: list[tuple[str, Any, bool, bool]]) -> None:
    objects = []
    for number, (name, disks, first, odd) in enumerate(machines):
        parts = [text("xsi:", escape(name)), layout(*([escape(file) for file in files] for files in disks))]
        parts += (
            ["<propSet><name>config.template</name><val xsi:type='xsd:boolean'>true</val></propSet>"] if odd else []
        )
        objects.append(obj(f"vm-{number}", *(parts if first else reversed(parts))))
    body = body_of(*objects)
    values, token, _plain = together(body)
    assert (values, token) == by_library(body)


def test_a_page_that_was_cut_is_none() -> None:
    body = body_of(PLAIN, PLAIN.replace("vm-1", "vm-2"))
    for end in range(len(HEAD), len(body) - 1):
        rest, _plain = pages.plain_of(body[:end])
        with pytest.raises(ExpatError):
            by_library(rest)
