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
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from ansible_collections.mtv.teardown.plugins.module_utils._errors import (
    CERTIFICATE,
    NO_ANSWER,
    ApiError,
    NoConnectionError,
    garbage,
)

try:
    import urllib3
    import yaml
except ImportError:
    IMPORT_ERROR: str | None = traceback.format_exc()
else:
    IMPORT_ERROR = None

CONNECTIONS = 16
_RETRIED = frozenset({429, 500, 502, 503, 504})
# What a server asks for with Retry-After is honoured up to this.
_LONGEST_PAUSE = 30.0
# So many requests in a row without an answer, and each further one is tried only once: the server is down.
_GIVEN_UP = 8


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server may take, in seconds, and what it may send. silence: between two pieces of an answer;
    answer: one whole answer; listing: all pages of one list; size: bytes of one answer."""

    tries: int = 5
    connect: float = 10.0
    silence: float = 60.0
    answer: float = 120.0
    listing: float = 600.0
    size: int = 256 * 1024 * 1024


PATIENCE = Patience()


def missing_library() -> str | None:
    """The traceback when the Kubernetes client is not there. It is imported late: it costs most of a second, which a
    module that looks at source providers alone need not pay."""
    if IMPORT_ERROR:
        return IMPORT_ERROR
    try:
        import kubernetes.client.rest  # noqa: F401
    except ImportError:
        return traceback.format_exc()
    return None


def connect(module: Any) -> Http:
    """A connection from the options of a module. NoConnectionError when they do not make one."""
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s import client as core_client
    from kubernetes.client.rest import RESTClientObject
    from kubernetes.config import ConfigException

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
        patience: Patience = PATIENCE,
    ) -> None:
        self._configuration = configuration
        self._pool = pool
        self._headers = {"Accept": "application/json", "User-Agent": "mtv.teardown", **headers}
        self._sleep = sleep
        self._lock = threading.Lock()
        self._unanswered = 0
        self.patience = patience
        self.requests = 0

    def json(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        accept: str = "",
        content_type: str = "application/json",
    ) -> Mapping[str, Any]:
        """Send, and return the object that was answered. Every method used here may be repeated safely."""
        headers = {"Content-Type": content_type} if body is not None else {}
        if accept:
            headers["Accept"] = accept
        text = json.dumps(body) if body is not None else None
        return _decode(self._with_retries(method, self._url(path, query), headers, text), path)

    def stream(self, path: str, query: Mapping[str, Any], accept: str, timeout: float) -> Any:
        """Open a watch: a urllib3 response whose lines are read by the caller, who closes it."""
        read = urllib3.Timeout(connect=self.patience.connect, read=timeout)
        answer = self._send("GET", self._url(path, query), {"Accept": accept}, None, read)
        if answer.status != 200:
            raise _api_error(answer.status, self._body(answer), path)
        return answer

    def _with_retries(self, method: str, url: str, headers: Mapping[str, str], body: str | None) -> bytes:
        timeout = urllib3.Timeout(connect=self.patience.connect, read=self.patience.silence)
        attempt = 1
        while True:
            try:
                answer = self._send(method, url, headers, body, timeout)
                raw = self._body(answer)
            except ApiError as exc:
                self._unanswered += 1
                if exc.reason == CERTIFICATE or attempt >= self._tries():
                    raise
                self._sleep(_pause(attempt, None))
            else:
                self._unanswered = 0
                if 200 <= answer.status < 300:
                    return raw
                if answer.status not in _RETRIED or attempt >= self._tries():
                    raise _api_error(answer.status, raw, url.split("?")[0])
                self._sleep(_pause(attempt, answer.headers.get("Retry-After")))
            attempt += 1

    def pause(self, attempt: int) -> None:
        """Wait before the next attempt at something that the caller repeats."""
        self._sleep(_pause(attempt, None))

    def _tries(self) -> int:
        return 1 if self._unanswered >= _GIVEN_UP else self.patience.tries

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: str | None, timeout: Any) -> Any:
        with self._lock:
            self.requests += 1
        sent = {**self._headers, **self._auth(), **headers}
        try:
            return self._pool.request(
                method, url, headers=sent, body=body, timeout=timeout, retries=False, preload_content=False
            )
        except urllib3.exceptions.SSLError as exc:
            raise ApiError(
                f"the certificate of {self._configuration.host} is not trusted: {_one_line(exc)}. "
                "Give ca_cert, or K8S_AUTH_SSL_CA_CERT.",
                reason=CERTIFICATE,
            ) from exc
        except (urllib3.exceptions.HTTPError, OSError) as exc:
            raise self._no_answer(f"did not answer {method}: {_one_line(exc)}") from exc

    def _body(self, answer: Any) -> bytes:
        """The whole answer, within limits: a server that sends for ever must not hold a run for ever."""
        ends = time.monotonic() + self.patience.answer
        pieces, size = [], 0
        try:
            for piece in answer.stream(65536, decode_content=True):
                pieces.append(piece)
                size += len(piece)
                if size > self.patience.size or time.monotonic() > ends:
                    answer.close()
                    raise self._no_answer(
                        f"sent {size} bytes in {self.patience.answer:.0f} s, and the answer did not end"
                    )
        except (urllib3.exceptions.HTTPError, OSError) as exc:
            raise self._no_answer(f"broke its answer off: {_one_line(exc)}") from exc
        answer.release_conn()
        return b"".join(pieces)

    def _no_answer(self, what: str) -> ApiError:
        return ApiError(f"{self._configuration.host} {what}", reason=NO_ANSWER)

    def _auth(self) -> dict[str, str]:
        """Asked for each request: the client refreshes tokens that expire."""
        found = self._configuration.auth_settings().values()
        return {setting["key"]: setting["value"] for setting in found if setting.get("in") == "header"}

    def _url(self, path: str, query: Mapping[str, Any] | None) -> str:
        kept = {key: value for key, value in (query or {}).items() if value not in (None, "")}
        return f"{self._configuration.host.rstrip('/')}{path}" + (f"?{urlencode(kept)}" if kept else "")


def _decode(raw: bytes, path: str) -> Mapping[str, Any]:
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as exc:
        raise garbage(f"the answer to {path} is not JSON") from exc
    if not isinstance(data, Mapping):
        raise garbage(f"the answer to {path} is not an object")
    return data


def _pause(attempt: int, retry_after: str | None) -> float:
    """Seconds to wait: what the server asks for, up to a limit, else a growing time; with jitter."""
    if retry_after:
        try:
            asked = urllib3.util.Retry().parse_retry_after(retry_after)
        except urllib3.exceptions.InvalidHeader:
            pass
        else:
            return min(asked, _LONGEST_PAUSE) + random.uniform(0, 0.2)  # noqa: S311 - jitter
    return float(min(0.2 * 2**attempt, 5.0) * random.uniform(0.5, 1.0))  # noqa: S311 - jitter


def _api_error(status: int, raw: bytes, path: str) -> ApiError:
    """The server's own words (metav1.Status), when it sent them."""
    try:
        data = json.loads(raw)
    except ValueError:
        data = {}
    data = data if isinstance(data, dict) else {}
    said = str(data.get("message") or raw[:200].decode("utf-8", "replace"))
    message = " ".join(said.split())[:1000] or "no message"
    details = data.get("details")
    return ApiError(
        f"{status} {data.get('reason') or ''} for {path}: {message}".replace("  ", " "),
        status=status,
        reason=str(data.get("reason") or ""),
        name=str(details.get("name") or "") if isinstance(details, dict) else "",
    )
