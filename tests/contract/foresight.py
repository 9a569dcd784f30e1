# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our client before a proxy that fails on purpose, without a bet on the clock.

A short limit for all answers makes a late one of a busy machine look like silence; a long one is waited out for each
answer that never comes. So the limit is short for what the proxy will keep silent about, and else as users have it.
"""

from __future__ import annotations

import io
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import urllib3
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import rest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Cluster

from tests.lab.controlplane import Lab
from tests.lab.faults import FaultProxy

_MOMENT = 0.4
# (method, URL, body) -> when it was answered, and status, headers and body of the answer.
Memory = dict[tuple[str, str, Any], tuple[float, int, Any, bytes]]
# In seconds. An API server forgets after 5 min what the tokens of its pages stand for.
_FRESH = 60


class _Patience:
    """As rest.Patience, but for what hangs, in the thread that asks for it."""

    def __init__(self, tries: int) -> None:
        self.tries = tries
        self.here = threading.local()

    def __getattr__(self, name: str) -> Any:
        return getattr(rest.PATIENCE, name)

    @property
    def answer(self) -> float:
        return _MOMENT if getattr(self.here, "hangs", False) else rest.PATIENCE.answer


class _Pool:
    """The client's pool of connections; it asks the proxy what will come. memory: what no rule names is asked once;
    direct: or of the server itself, with these connections."""

    def __init__(
        self, pool: Any, proxy: FaultProxy, patience: _Patience, memory: Memory | None, direct: Any | None
    ) -> None:
        self._pool, self._proxy, self._patience, self._memory = pool, proxy, patience, memory
        self._direct = direct

    def request(self, method: str, url: str, **more: Any) -> Any:
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        is_named = any(rule.names(method, path) for rule in self._proxy.rules)
        if self._memory is not None and not is_named:
            return self._remembered(self._memory, method, url, more)
        if self._direct is not None and not is_named:
            self._patience.here.hangs = False
            return self._direct.request(method, f"{self._proxy.upstream}{path}", **more)
        hangs = self._proxy.would_hang(method, path)
        self._patience.here.hangs = hangs
        if hangs:
            more["timeout"] = urllib3.Timeout(connect=rest.PATIENCE.connect, read=_MOMENT)
        return self._pool.request(method, url, **more)

    def _remembered(self, memory: Memory, method: str, url: str, more: dict[str, Any]) -> urllib3.HTTPResponse:
        key = (method, url, more.get("body"))
        if key not in memory or time.monotonic() - memory[key][0] > _FRESH:
            answer = self._pool.request(method, url, **{**more, "preload_content": True})
            memory[key] = (time.monotonic(), answer.status, answer.headers, answer.data)
        _at, status, headers, raw = memory[key]
        return urllib3.HTTPResponse(io.BytesIO(raw), headers, status, preload_content=False)


def through(
    proxy: FaultProxy,
    waits: list[float] | None = None,
    tries: int = 2,
    kubeconfig: Path | None = None,
    memory: Memory | None = None,
    lab: Lab | None = None,
) -> Cluster:
    """Our client. waits: what it would have waited between tries; kubeconfig: another than the proxy's; memory: shared
    by clients that ask the same of a server on which nothing changes; lab: what no rule names is asked of it
    and not of the proxy, which would be a third of a teardown's work."""
    http = rest.connect(SimpleNamespace(params={"kubeconfig": str(kubeconfig or proxy.kubeconfig)}))
    patience: Any = _Patience(tries)
    http.patience = patience
    direct = rest.connect(SimpleNamespace(params={"kubeconfig": str(lab.kubeconfig)}))._pool if lab else None
    http._pool = _Pool(http._pool, proxy, patience, memory, direct)
    http._sleep = (waits if waits is not None else []).append
    return Cluster(http)
