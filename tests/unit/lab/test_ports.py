# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket

import pytest

from tests.lab import ports


def test_ports_in_a_row_that_are_free() -> None:
    first = ports.free(4)
    for port in range(first, first + 4):
        with socket.socket() as server:
            server.bind(("127.0.0.1", port))


def test_what_somebody_uses_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    first = ports.free(4)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first + 1))
        offered = iter([first, first + 1, first + 2])
        monkeypatch.setattr(ports.random, "randrange", lambda *_range: next(offered))
        assert ports.free(2) == first + 2
