# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs of a source provider that a session has changed for a time: the ledger of it, and what puts them back."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._provider import undo
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Target
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import Change, Field, written
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import Undone

ON, OFF = ("off", "on"), ("on", "off")


def noted(target: Target, name: str, prefix: str = "auto-ab12", **fields: tuple[Any, Any]) -> Change:
    """A change of the one VM of that name, as it is noted before it is made. fields: name -> before, after."""
    with target.opener(target.connection) as site:
        (vm,) = site.called(name)
        return Change(
            id=uuid.uuid4().hex,
            kind=vm.kind,
            api_version=vm.type,
            namespace=None,
            name=vm.name,
            uid=vm.at(site.server).identity,
            place=target.connection.place,
            test_name="test_of_it",
            session=prefix,
            fields=tuple(Field(f"/{field}", *values) for field, values in fields.items()),
            provider=vm.type,
            ref=vm.id,
        )


def put_back(
    targets: Iterable[Target],
    changes: Iterable[Change],
    check_mode: bool = False,
    limits: Limits | None = None,
    told: list[Mapping[str, Any]] | None = None,
) -> Undone:
    """told: takes what is announced."""
    announced = [] if told is None else told
    return undo.run(list(targets), changes, limits or Limits(3.0, 30.0), check_mode, announced.append)


def write(file: Path, changes: Iterable[Change]) -> None:
    """The ledger of a session."""
    file.write_text(written(changes), encoding="utf-8")
    file.chmod(0o600)


def causes(done: Undone) -> list[str]:
    return [entry["cause"] for entry in done.result.remaining]
