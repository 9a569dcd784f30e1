# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A few plain requests to the lab's API server, over one connection. The Kubernetes client takes 1 s to import."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from pathlib import Path
from typing import Any

# On a busy machine connections are cut, and a test that only looks on must not fail by it.
TRIES = 5
# kube-apiserver itself says so for an aggregated server that it finds slow just now, and asks that for nothing
# (kube-aggregator, handler_proxy.go). Seconds for which that may last, and between two tries.
_SLOW, _PAUSE = 20.0, 0.5
_UNAVAILABLE = "service unavailable"


class ApiError(Exception):
    """The server answered with an error."""

    def __init__(self, method: str, path: str, code: int, text: str) -> None:
        super().__init__(f"{method} {path}: {code} {text[:500]}")
        self.code = code
        self.passes = code == 503 and text.strip() == _UNAVAILABLE


class Api:
    """One user's connection."""

    def __init__(self, port: int, ca: Path, token: str, timeout: float = 30) -> None:
        context = ssl.create_default_context(cafile=str(ca))
        self._given = (port, ca, token, timeout)
        self._connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=timeout)
        self._token = token

    def clone(self) -> Api:
        """Return a connection of the same user, for another thread."""
        return Api(*self._given)

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Send one request and return the decoded answer; when the connection breaks, once more over a new one."""
        broken: Exception | None = None
        for _try in range(TRIES):
            try:
                return self._available(method, path, body)
            except ApiError as exc:
                if broken is None:
                    raise
                return self._done_before(method, path, body, exc)
            except (OSError, http.client.HTTPException) as exc:
                broken = exc
        assert broken is not None
        raise broken

    def _done_before(self, method: str, path: str, body: Any, error: ApiError) -> Any:
        """Whether an error only shows that the try whose answer got lost was carried out."""
        if method == "DELETE" and error.code == 404:
            return {}
        if method == "POST" and error.code == 409:
            return self.request("GET", f"{path}/{body['metadata']['name']}")
        raise error

    def _available(self, method: str, path: str, body: Any) -> Any:
        """The answer, once an aggregated API server is there."""
        ends = time.monotonic() + _SLOW
        while True:
            try:
                return self._once(method, path, body)
            except ApiError as exc:
                if not exc.passes or time.monotonic() > ends:
                    raise
            time.sleep(_PAUSE)

    def _once(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        try:
            self._connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = self._connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise
        if answer.status >= 400:
            raise ApiError(method, path, answer.status, text)
        return json.loads(text) if text.startswith("{") else text

    def create(self, path: str, body: dict[str, Any]) -> None:
        """Create an object, or leave the one of that name as it is."""
        try:
            self.request("POST", path, body)
        except ApiError as exc:
            if exc.code != 409:
                raise

    def ready(self) -> bool:
        """Tell whether the server serves."""
        try:
            return bool(self._once("GET", "/readyz") == "ok")
        except (OSError, http.client.HTTPException, ApiError):
            return False
