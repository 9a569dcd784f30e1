# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose are the disks of a clone? A delete takes every file that is attached, whoever's VM made it. Pure.

A disk is plainly a clone's own when its file is named after the clone, or lies in the clone's folder and that is named
after it; a suite may have them put elsewhere, so the folder alone proves nothing. About each disk all VMs of the
vCenter are asked: what another one has, too, stays. What they do not answer protects a disk that is not plainly own;
when the question itself fails, any.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

DEVICES = "config.hardware.device"
FILES = "layoutEx.file"  # with what only a snapshot has attached
# The same in a tenth of the time, for all VMs; it does not tell of snapshots, and an empty one need not be true.
# Of a VM that has none, "snapshot" is shorter than "rootSnapshot".
LAYOUT, SNAPSHOTS = BRIEFLY = ("layout.disk", "snapshot")
# How vCenter and the suite name what belongs to NAME: NAME_1, NAME-000002, NAME_disk_1.
_NUMBERED = r"(?:[-_](?:disk_?)?\d+)*"


@dataclass(frozen=True, slots=True)
class Attached:
    """files: of its disks, with all that these are built on; first_class: file -> id of a disk that has a life of its
    own."""

    files: frozenset[str]
    first_class: Mapping[str, str] = field(default_factory=dict)


def attached(values: Mapping[str, Any]) -> Attached | None:
    """What a VM has attached; None when it is not told."""
    if DEVICES not in values:
        return None
    files = {str(file.name) for file in values.get(FILES) or () if str(file.type) == "diskDescriptor"}
    first_class: dict[str, str] = {}
    for device in values[DEVICES]:
        chain = _chain(getattr(device, "backing", None)) if hasattr(device, "capacityInKB") else []
        files |= set(chain)
        disk = getattr(device, "vDiskId", None)
        if disk is not None:
            first_class[chain[0] if chain else "?"] = str(disk.id)
    return Attached(frozenset(files), first_class)


def briefly(values: Mapping[str, Any]) -> Attached | None:
    """What a VM has attached, by its layout; None when that does not tell all of it."""
    if LAYOUT not in values or values.get(SNAPSHOTS):
        return None
    return Attached(frozenset(str(file) for disk in values[LAYOUT] for file in disk.diskFile or ()))


def are_true(layouts: Mapping[str, Attached | None], known: Mapping[str, Attached]) -> bool:
    """Whether this vCenter keeps its layouts: those of VMs whose disks are known tell of them."""
    told = ((layouts[ref], disks) for ref, disks in known.items() if ref in layouts)
    return all(layout is None or not disks.files or layout.files & disks.files for layout, disks in told)


def _chain(backing: Any) -> list[str]:
    """The file of a disk and those that it is built on."""
    files = []
    while backing is not None:
        name = getattr(backing, "fileName", None) or getattr(backing, "descriptorFileName", None)
        files.append(str(name or "a disk without a file"))
        backing = getattr(backing, "parent", None)
    return files


def doubtful(name: str, home: str, disks: Attached) -> tuple[str, ...]:
    """Files that are not plainly those of the VM of this name, whose own file is in the folder home."""
    own = re.compile(re.escape(name) + _NUMBERED)
    is_home = bool(own.fullmatch(home.partition("] ")[2].rpartition("/")[2]))

    def plain(file: str) -> bool:
        base = file.partition("] ")[2].rpartition("/")[2]
        return bool(own.fullmatch(base.removesuffix(".vmdk"))) or (is_home and file.rpartition("/")[0] == home)

    return tuple(sorted({file for file in disks.files if not plain(file)} | set(disks.first_class)))


@dataclass(frozen=True, slots=True)
class Users:
    """Who has what attached. by_file: file -> names of VMs by moRef; unread: VMs of which that is not known, for they
    have no configuration that can be reached; failed: what could not be asked at all."""

    by_file: Mapping[str, Mapping[str, str]]
    unread: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()

    def others(self, file: str, ref: str) -> tuple[str, ...]:
        return tuple(sorted(name for other, name in self.by_file.get(file, {}).items() if other != ref))


def users(every: Mapping[str, Attached | None], names: Mapping[str, str], failed: Iterable[str] = ()) -> Users:
    """every: moRef -> what each VM that there is has attached, None where that is not told."""
    by_file: dict[str, dict[str, str]] = {}
    unread = []
    for ref, name in names.items():
        disks = every.get(ref)
        if disks is None:
            unread.append(name)
        for file in disks.files if disks is not None else ():
            by_file.setdefault(file, {})[ref] = name
    return Users(by_file, tuple(sorted(unread)), tuple(failed))


def kept(ref: str, name: str, home: str, disks: Attached, known: Users) -> str:
    """Why a VM must not be deleted with what it has attached; empty when all of it is its own."""
    told = [_whose(file, ref, home, disks, known) for file in doubtful(name, home, disks)]
    told += [f"{file}, which {others[0]} has, too" for file in disks.files if (others := known.others(file, ref))]
    told += [
        f"{file}, and not every VM tells which disks it has: {why}" for file in disks.files for why in known.failed
    ]
    return next((f"a delete would take disk {one}" for one in told if one), "")


def _whose(file: str, ref: str, home: str, disks: Attached, known: Users) -> str:
    if file in disks.first_class:
        return f"{file}, a first class disk ({disks.first_class[file]}), which does not belong to a VM"
    others = known.others(file, ref)
    if others:
        return f"{file}, which {others[0]} has, too"
    if known.unread:
        return f"{file}, and nobody knows whether {_some(known.unread)} has it, too"
    return "" if file.rpartition("/")[0] == home and home else f"{file}, and nothing shows that the session made that"


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    return listed[0] if len(listed) == 1 else f"{listed[0]} or one of {len(listed) - 1} others"
