# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to an API server: one connection pool, retries where they are safe, typed errors.

The connection comes from kubernetes.core (its options, K8S_AUTH_*, KUBECONFIG, in-cluster) and the Kubernetes
Python client; requests go over that client's urllib3 pool, because the answers are needed as they are sent.
"""

from __future__ import annotations

import json
import random
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from ansible_collections.kubernetes.core.plugins.module_utils.k8s import client as core_client
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError, NoConnectionError

try:
    import urllib3
    import yaml
    from kubernetes.client.rest import RESTClientObject
    from kubernetes.config import ConfigException
except ImportError:
    IMPORT_ERROR: str | None = traceback.format_exc()
else:
    IMPORT_ERROR = None

CONNECTIONS = 16
TRIES = 5
CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 60.0
_RETRIED = frozenset({429, 500, 502, 503, 504})


def connect(module: Any) -> Http:
    """A connection from the options of a module. NoConnectionError when they do not make one."""
    try:
        # kubernetes.core has no public way to a configuration without a discovery and a cache file.
        auth = core_client._create_auth_spec(module)
        configuration = core_client._create_configuration(auth)
        headers = core_client._create_headers(module)
        configuration.connection_pool_maxsize = CONNECTIONS * 2
        pool = RESTClientObject(configuration).pool_manager
    except (ConfigException, OSError, ValueError, TypeError, AttributeError, yaml.YAMLError) as exc:
        raise NoConnectionError(
            f"no connection to a cluster: {_one_line(exc)}. Give kubeconfig, or host and api_key, or K8S_AUTH_*."
        ) from exc
    return Http(configuration, pool, {name: _header(value) for name, value in headers.items()})


def _header(value: Any) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)


def _one_line(exc: BaseException) -> str:
    return " ".join(str(exc).split())[:500] or type(exc).__name__


class Http:
    """JSON over HTTPS with one server. requests: how many were sent."""

    def __init__(
        self,
        configuration: Any,
        pool: Any,
        headers: Mapping[str, str],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._configuration = configuration
        self._pool = pool
        self._headers = {"Accept": "application/json", "User-Agent": "mtv.teardown", **headers}
        self._sleep = sleep
        self._lock = threading.Lock()
        self.requests = 0

    def json(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        accept: str = "",
        content_type: str = "application/json",
    ) -> Any:
        """Send, and return the decoded answer. Every method used here may be repeated safely."""
        headers = {"Content-Type": content_type} if body is not None else {}
        if accept:
            headers["Accept"] = accept
        text = json.dumps(body) if body is not None else None
        return self._decode(self._with_retries(method, self._url(path, query), headers, text), path)

    def stream(self, path: str, query: Mapping[str, Any], accept: str, timeout: float) -> Any:
        """Open a watch: a urllib3 response whose lines are read by the caller, who closes it."""
        read = urllib3.Timeout(connect=CONNECT_TIMEOUT, read=timeout)
        answer = self._send("GET", self._url(path, query), {"Accept": accept}, None, read, preload=False)
        if answer.status != 200:
            raw = answer.read()
            answer.release_conn()
            raise _api_error(answer.status, raw, path)
        return answer

    def _with_retries(self, method: str, url: str, headers: Mapping[str, str], body: str | None) -> Any:
        timeout = urllib3.Timeout(connect=CONNECT_TIMEOUT, read=READ_TIMEOUT)
        for attempt in range(1, TRIES + 1):
            try:
                answer = self._send(method, url, headers, body, timeout)
            except ApiError:
                if attempt == TRIES:
                    raise
                self._sleep(_pause(attempt, None))
                continue
            if answer.status < 400:
                return answer
            if answer.status not in _RETRIED or attempt == TRIES:
                raise _api_error(answer.status, answer.data, url.split("?")[0])
            self._sleep(_pause(attempt, answer.headers.get("Retry-After")))
        raise AssertionError("unreachable")  # the loop returns or raises

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: str | None, timeout: Any, preload: bool = True
    ) -> Any:
        with self._lock:
            self.requests += 1
        sent = {**self._headers, **self._auth(), **headers}
        try:
            return self._pool.request(
                method, url, headers=sent, body=body, timeout=timeout, retries=False, preload_content=preload
            )
        except (urllib3.exceptions.HTTPError, OSError) as exc:
            host = self._configuration.host
            raise ApiError(f"{host} did not answer {method}: {_one_line(exc)}", reason="NoAnswer") from exc

    def _auth(self) -> dict[str, str]:
        """Asked for each request: the client refreshes tokens that expire."""
        found = self._configuration.auth_settings().values()
        return {setting["key"]: setting["value"] for setting in found if setting.get("in") == "header"}

    def _url(self, path: str, query: Mapping[str, Any] | None) -> str:
        kept = {key: value for key, value in (query or {}).items() if value not in (None, "")}
        return f"{self._configuration.host.rstrip('/')}{path}" + (f"?{urlencode(kept)}" if kept else "")

    @staticmethod
    def _decode(answer: Any, path: str) -> Any:
        try:
            return json.loads(answer.data)
        except ValueError as exc:
            raise ApiError(f"the answer to {path} is not JSON", status=answer.status, reason="Garbage") from exc


def _pause(attempt: int, retry_after: str | None) -> float:
    """Seconds to wait: what the server asks for (at most 30), else a growing time with jitter."""
    if retry_after and retry_after.strip().isdigit():
        return min(float(retry_after), 30.0) + random.uniform(0, 0.2)  # noqa: S311 - jitter
    return float(min(0.2 * 2**attempt, 5.0) * random.uniform(0.5, 1.0))  # noqa: S311 - jitter


def _api_error(status: int, raw: bytes, path: str) -> ApiError:
    """The server's own words (metav1.Status), when it sent them."""
    try:
        data = json.loads(raw)
    except ValueError:
        data = {}
    data = data if isinstance(data, dict) else {}
    message = str(data.get("message") or raw[:200].decode("utf-8", "replace")).strip() or "no message"
    return ApiError(
        f"{status} {data.get('reason') or ''} for {path}: {message}".replace("  ", " "),
        status=status,
        reason=str(data.get("reason") or ""),
    )
