# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is long, as texts and back."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils import _texts
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError

ITEM = {"kind": "Secret", "name": 'a "quoted" näme', "uid": "1"}
PHASE = {"deleted": [ITEM], "times": {"asked": {"1": "now"}}, "remaining": [ITEM], "stalled": False}
FOUND = {"targets": [ITEM], "found": 1, "session": {"prefix": "auto-a", "records": [ITEM], "lineage": {"1": "test"}}}
VERDICT = {"verdict": "clean", "targets": [ITEM], "asked": [ITEM], "deleted": [ITEM], "leftovers": []}


@pytest.mark.parametrize("whole", [PHASE, FOUND, VERDICT, {}])
def test_what_is_closed_opens_as_it_was(whole: dict[str, Any]) -> None:
    closed = _texts.closed(whole)
    opened = _texts.opened(closed, "it")
    if "session" in opened:
        opened["session"] = _texts.opened(opened["session"], "session")
    assert opened == whole
    assert _texts.opened(whole, "it") == whole
    assert _texts.closed(closed) == closed


def test_texts_are_what_is_long_and_not_for_people() -> None:
    def texts(closed: dict[str, Any]) -> set[str]:
        return {name for name, value in closed.items() if isinstance(value, str)}

    assert texts(_texts.closed(PHASE)) == {"deleted", "times"}
    assert texts(_texts.closed(FOUND)) == {"targets"}
    assert texts(_texts.closed(FOUND)["session"]) == {"prefix", "records", "lineage"}
    assert texts(_texts.closed(VERDICT)) == {"verdict", "targets", "asked"}


@pytest.mark.parametrize("text", ["", "auto-a", "[", "{'kind': 'Secret'}", '"text"', "1", "null", "true"])
def test_a_text_that_is_no_list_is_not_taken_for_an_empty_one(text: str) -> None:
    with pytest.raises(RecordError, match=r"it\.targets is "):
        _texts.opened({"targets": text}, "it")
    with pytest.raises(RecordError, match=r"targets is "):
        _texts.opened_one(text, "targets")
