# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the disks of an oVirt VM were made: the API itself does not say, the OVF of the VM does (all_content).

OvfVmWriter.java: an Item for each image, with HostResource C(<disk>/<image>) and CreationDate C(2026/11/20 10:00:00),
which is UTC. A disk with snapshots has several images; the first of them is its age.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

_IMAGE = "17"  # OvfHardware.DiskImage


def dates_of(vm: Any) -> dict[str, str]:
    """Id of a disk -> RFC 3339, as far as the SDK's VM tells."""
    configuration = vm.initialization.configuration if vm.initialization is not None else None
    text = configuration.data if configuration is not None else None
    try:
        tree = ElementTree.fromstring(text or "")  # noqa: S314 - the engine's own; expat bounds what entities become
    except ElementTree.ParseError:
        return {}
    found: dict[str, str] = {}
    for item in tree.iter():
        told = {part.tag.rpartition("}")[2]: (part.text or "").strip() for part in item}
        disk, made = told.get("HostResource", "").partition("/")[0], told.get("CreationDate", "")
        if told.get("ResourceType") == _IMAGE and disk and made:
            zoned = f"{made.replace('/', '-').replace(' ', 'T')}Z"
            found[disk] = min(zoned, found.get(disk, zoned))
    return found
