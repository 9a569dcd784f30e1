# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each test is a process of its own, as far as secrets are concerned that it has met."""

from __future__ import annotations

import os

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils import _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import client

# A module's own process has no controller beside it, which would check texts that it is given.
os.environ["ANSIBLE_MODULE_STRICT_UTF8_RESPONSE"] = "false"


@pytest.fixture(autouse=True)
def no_secret_is_known_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_secrets, "_known", _secrets.Known())
    # A server in this process answers at once: threads would only cost. Contract tests have them.
    monkeypatch.setattr(client, "CONNECTIONS", 1)
