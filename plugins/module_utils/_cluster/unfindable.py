# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of the record whose objects a look at this cluster cannot find: nothing is clean by that. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record


def entries(session: Session, is_here: Callable[[Record], bool], url: str) -> list[dict[str, Any]]:
    """Each as an entry of what could not be read. is_here: whether one is about this cluster; url: its place."""
    found = []
    for record in session.records:
        if not is_here(record):
            found.append(_entry(record, _elsewhere(record, url)))
        elif not record.on_provider and not record.name and not session.is_own_namespace(record.namespace):
            found.append(_entry(record, _nameless(record)))
    return found


def _entry(record: Record, error: str) -> dict[str, Any]:
    entry = {"kind": record.kind, "api_version": "", "namespace": record.namespace}
    return {**entry, "name": record.name or f"{record.generate_name}*", "error": f"{record.entry}: {error}"}


def _elsewhere(record: Record, url: str) -> str:
    return (
        f"it was made on {record.place}, and this is {url}. Tear down there, too; what has gone from there is taken "
        "out of the resources file by mtv.teardown.record"
    )


def _nameless(record: Record) -> str:
    return (
        f"a task was cut off while it made this, and the server gave it a name that begins with "
        f"{record.generate_name!r}. Look for it, and take the entry out of the resources file (mtv.teardown.record)"
    )
