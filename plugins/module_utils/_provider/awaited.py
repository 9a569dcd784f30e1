# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A VM that is made what is wanted of it, told to who watches the run for as long as it is waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _progress, _times
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Clock
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote

WHAT = "to be changed"
# Takes what the provider says of it meanwhile.
Says = Callable[[str], None]


@contextmanager
def changed(one: Remote, clock: Clock) -> Iterator[Says]:
    """Around the request and the wait. clock: that of the wait."""
    began, said = _times.now(), ""

    def says(text: str) -> None:
        nonlocal said
        said = text

    def tell() -> dict[str, Any]:
        thing = _progress.thing(one.kind, one.name, provider=one.provider, uid=one.identity, since=began, held=said)
        return _progress.wait(WHAT, [thing], clock)

    with _progress.waiting(tell):
        yield says
