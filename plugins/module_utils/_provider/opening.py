# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several providers opened at once, and closed whatever happens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from ansible_collections.mtv.teardown.plugins.module_utils._errors import NO_ANSWER, REFUSED, ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import H_co, Reach
from ansible_collections.mtv.teardown.plugins.module_utils._together import together

# So many providers at once.
AT_ONCE = 16


@contextmanager
def opened(targets: Sequence[Reach[H_co]]) -> Iterator[tuple[list[H_co], dict[str, ApiError]]]:
    """The sites that could be opened; provider -> why another could not."""
    with ExitStack() as stack:
        sites: list[H_co] = []
        failed: dict[str, ApiError] = {}

        def enter(target: Reach[H_co]) -> None:
            try:
                sites.append(stack.enter_context(target.opener(target.connection)))
            except ApiError as exc:
                failed[target.connection.key] = exc

        together(enter, targets, AT_ONCE)
        yield sites, failed


def reason_of(error: ApiError | None) -> dict[str, str]:
    """Why a later phase need not ask this provider again; see _run/targets.py."""
    if error is None:
        return {}
    refused = error.reason == REFUSED or error.status == 401
    return {"reason": REFUSED if refused else NO_ANSWER} if refused or error.reason == NO_ANSWER else {}
