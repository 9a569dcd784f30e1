# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Lease of a run, held while a module works: checked before its first change, renewed while it works, and nothing
is changed any more once it is lost. The same for modules of the cluster and of source providers."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _limits, _threads
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.lease_store import LostError, Store, renew
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError, RecordError, TeardownError
from ansible_collections.mtv.teardown.plugins.module_utils._run import elsewhere

# doc fragment mtv.teardown._lease
LEASE_SPEC: dict[str, Any] = {
    "lease": {
        "type": "dict",
        "options": {
            "namespace": {"type": "str"},
            "name": {"type": "str"},
            "uid": {"type": "str"},
            "holder": {"type": "str"},
            "duration": {"type": "int", "default": 60},
            **elsewhere.CONNECTION_SPEC,
        },
    },
}
NEEDED = ("namespace", "name", "uid", "holder")
# Of the duration: when it is renewed again, and when after an attempt in vain; after how much of it a run stops that
# could not renew it.
_AGAIN, _SOON, _SAFE = 1 / 3, 1 / 12, 0.8


@contextmanager
def held(params: Mapping[str, Any]) -> Iterator[None]:
    """Around the work of a module. Without the option, nothing."""
    wanted = params.get("lease")
    if not wanted:
        yield
        return
    holding = _Holding(store_of(wanted), wanted["uid"], wanted["holder"], wanted["duration"])
    holding.begin()
    try:
        yield
    finally:
        holding.end()


def store_of(wanted: Mapping[str, Any]) -> Store:
    """The Lease that the option names. RecordError when it names none."""
    missing = [name for name in NEEDED if not wanted.get(name)]
    if missing:
        raise RecordError(f"lease has no {', '.join(missing)}: give it as the module lease has returned it.")
    return Store(elsewhere.connect(wanted, "lease"), wanted["namespace"], wanted["name"])


class _Holding:
    """One module's."""

    def __init__(self, store: Store, uid: str, holder: str, duration: int) -> None:
        self._store, self._uid, self._holder, self._duration = store, uid, holder, duration
        self._until = 0.0
        self._ended = threading.Event()
        self._thread = _threads.thread(self._keep)

    def begin(self) -> None:
        """TeardownError when it is not ours, or nobody can tell: nothing has been changed then."""
        try:
            self._renew()
            self._store.hurry(self._duration)
            if _limits.now() > self._until:  # the answer took that long
                self._renew()
        except LostError as exc:
            raise LostError(f"{exc.msg}. Nothing was asked for.") from exc
        except ApiError as exc:
            raise TeardownError(
                f"nothing was asked for, since the Lease {self._store} of this run could not be renewed: {exc.msg}"
            ) from exc
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join(timeout=2)

    def _renew(self) -> None:
        sent = renew(self._store, self._uid, self._holder, self._duration)
        self._until = sent + self._duration * _SAFE
        _limits.may_change_until(self._until)

    def _keep(self) -> None:
        pause = _AGAIN
        while not self._ended.wait(self._duration * pause):
            try:
                self._renew()
                pause = _AGAIN
            except LostError as exc:
                _limits.interrupt(exc.msg)
            except TeardownError as exc:  # the next attempt may do better, while there is time
                _limits.may_change_until(self._until, exc.msg)
                pause = _SOON
            if _limits.why_stopped():
                return
