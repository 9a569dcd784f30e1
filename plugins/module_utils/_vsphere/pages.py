# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of the PropertyCollector. Pure.

pyVmomi takes some 4 microseconds an element of XML, which is most of the time that a look at 10,000 VMs takes here.
Nearly all objects of a page are written in one plain form, and are read by it; whatever is written in any other way
is left in the page, for pyVmomi.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

METHODS = ("RetrievePropertiesEx", "ContinueRetrievePropertiesEx")


class DiskLayout(NamedTuple):
    """One of C(layout.disk), as pyVmomi's VirtualMachineFileLayoutDiskLayout."""

    diskFile: list[str]  # noqa: N815 - vCenter's name


class Plain(NamedTuple):
    """An object as it stands in a page: its kind, its moRef, name of a property -> value."""

    kind: str
    ref: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """objects: pyVmomi's; token: of the next page."""

    plain: Sequence[Plain]
    objects: Sequence[Any]
    token: str | None


# Without what XML writes in more than one way: references, and ends of lines.
_TEXT = rb"[^<>&\r]*"
_DISK = (
    rb"<VirtualMachineFileLayoutDiskLayout><key>-?\d+</key>(?:<diskFile>%s</diskFile>)*"
    rb"</VirtualMachineFileLayoutDiskLayout>" % _TEXT
)
_VAL = rb'<val(?: xmlns:[\w.-]+="[^"<>&]*")* [\w.-]+:type="%s">'
_NAME = rb"<propSet><name>name</name>%s(%s)</val></propSet>" % (_VAL % rb"xsd:string", _TEXT)
_LAYOUT = rb"<propSet><name>layout\.disk</name>%s((?:%s)*)</val></propSet>" % (
    _VAL % rb"ArrayOfVirtualMachineFileLayoutDiskLayout",
    _DISK,
)
_NONE = rb"<propSet><name>(snapshot)</name></propSet>"
# vCenter is free in the order of properties.
_PROPERTIES = rb"(?:%s|%s|%s)+" % (_NAME, _LAYOUT, _NONE)
_OBJECT = re.compile(rb'<objects><obj type="(\w+)">([\w.:-]+)</obj>%s</objects>' % _PROPERTIES)
_DISKS = re.compile(_DISK)
_FILES = re.compile(rb"<diskFile>(%s)</diskFile>" % _TEXT)
# Where tags may be no tags, or bytes no UTF-8.
_ODD = re.compile(rb"<!|<\?xml[^>]*encoding=[\"'](?!utf-8[\"'])", re.IGNORECASE)


def plain_of(body: bytes) -> tuple[bytes, list[Plain]]:
    """(the answer without the objects that are written in the plain form, those). body: what XML allows."""
    if _ODD.search(body):
        return body, []
    found: list[Plain] = []

    def taken(match: re.Match[bytes]) -> bytes:
        values: dict[str, Any] = {}
        if match[3] is not None:
            values["name"] = match[3].decode()
        if match[4] is not None:
            values["layout.disk"] = [
                DiskLayout([file.decode() for file in _FILES.findall(disk)]) for disk in _DISKS.findall(match[4])
            ]
        if match[5] is not None:
            values["snapshot"] = None
        found.append(Plain(match[1].decode(), match[2].decode(), values))
        return b""

    return _OBJECT.sub(taken, body), found
