# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often, how long, and for which errors something is tried again."""

from __future__ import annotations

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils import _retry
from ansible_collections.mtv.teardown.plugins.module_utils._errors import GARBAGE, NO_ANSWER, ApiError

SILENT, LASTING = ApiError("silence", reason=NO_ANSWER), ApiError("no", status=401, reason="Unauthorized")
NONSENSE = ApiError("nonsense", reason=GARBAGE)


class Server:
    """Fails with these, and then answers."""

    def __init__(self, *errors: ApiError) -> None:
        self.errors, self.asked = list(errors), 0

    def __call__(self) -> str:
        self.asked += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


@pytest.mark.parametrize(
    ("errors", "tries", "asked"), [((), 4, 1), ((SILENT,), 4, 2), ((SILENT,) * 3, 4, 4), ((SILENT, NONSENSE), 3, 3)]
)
def test_it_is_tried_again(errors: tuple[ApiError, ...], tries: int, asked: int) -> None:
    server, slept = Server(*errors), []
    assert _retry.patiently(server, tries, 0.5, slept.append, lambda _exc: True) == "answer"
    assert server.asked == asked and len(slept) == asked - 1


@pytest.mark.parametrize(("errors", "tries", "asked"), [((SILENT,) * 9, 4, 4), ((SILENT,), 1, 1), ((LASTING,), 4, 1)])
def test_in_the_end_its_error_is_told(errors: tuple[ApiError, ...], tries: int, asked: int) -> None:
    server = Server(*errors)
    with pytest.raises(ApiError, match=errors[0].msg):
        _retry.patiently(server, tries, 0.5, lambda _seconds: None)
    assert server.asked == asked


def test_pauses_grow_up_to_a_limit_and_differ() -> None:
    for attempt, most in ((1, 1.0), (2, 2.0), (3, 4.0), (9, 30.0), (99, 30.0)):
        taken = {_retry.pause(0.5, attempt) for _time in range(50)}
        assert all(most / 2 <= one <= most for one in taken) and len(taken) > 1
