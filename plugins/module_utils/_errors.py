# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors that reach a user. Each says what is wrong, where, and what to do."""

from __future__ import annotations

from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _secrets


class TeardownError(Exception):
    """Base of all errors that a module turns into C(failed).

    O(msg) is one sentence for a person; O(details) are plain data for the result. No secret that is known is in them.
    """

    def __init__(self, msg: str, **details: Any) -> None:
        self.msg = _secrets.without(msg)
        self.details = _secrets.shown(details, told=True)
        super().__init__(self.msg)


class RecordError(TeardownError):
    """The resources file or the prefix cannot be used. Nothing has been touched."""


class NoConnectionError(TeardownError):
    """No client could be made from the connection options."""


class StoppedError(TeardownError):
    """Nothing may be changed any more: the work is another run's."""


# Reasons of an ApiError that no server gave.
NO_ANSWER, GARBAGE, CERTIFICATE = "NoAnswer", "Garbage", "Certificate"
# A login that was refused: to send it again may lock the account.
REFUSED = "LoginRefused"


class ApiError(TeardownError):
    """A server answered with an error, or did not answer.

    status: HTTP status, or 0 when no answer came; reason: metav1.Status' own, or one of those above;
    name: the object that the server's words are about.
    """

    def __init__(self, msg: str, status: int = 0, reason: str = "", name: str = "", **details: Any) -> None:
        super().__init__(msg, status=status, reason=reason, **details)
        self.status = status
        self.reason = reason
        self.name = name

    @property
    def lasting(self) -> bool:
        """True when asking again is of no use: who asks, or what for, would have to change."""
        return self.reason == CERTIFICATE or (400 <= self.status < 500 and self.status not in (409, 410, 429))


def garbage(msg: str) -> ApiError:
    """An answer that does not mean anything: never taken for "nothing there"."""
    return ApiError(msg, status=200, reason=GARBAGE)
