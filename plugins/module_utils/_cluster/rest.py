# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to an API server: one connection pool, retries where they are safe, typed errors.

The connection comes from kubernetes.core (its options, K8S_AUTH_*, KUBECONFIG, in-cluster) and the Kubernetes
Python client; requests go over that client's urllib3 pool, because the answers are needed as they are sent.
"""

from __future__ import annotations

import base64
import json
import os
import random
import re
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from ansible_collections.mtv.teardown.plugins.module_utils import _credentials, _limits, _retry, _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import kubeconfig
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import text
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
# By this name the server notes what we write.
AGENT = "mtv.teardown"
# How objects are changed: what is posted are questions, and a Lease is put by who holds it.
_CHANGES = frozenset({"DELETE", "PATCH"})
_RETRIED = frozenset({429, 500, 502, 503, 504})
# So many requests in a row without an answer, and each further one is tried only once: the server is down.
_GIVEN_UP = 8
# The releases of kubernetes.core that this works with; galaxy.yml says the same.
_CORE_RANGE = ">=6.2.0,<7.0.0"
# Half a surrogate, as JSON may write it and nothing else can.
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


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
    configuration, headers, pool, source = _configured(module)
    sent = {name: _credentials.header(_header(value), name) for name, value in headers.items()}
    http = Http(configuration, pool, sent, origin=_origin(module))
    http.where |= {"context": source.context, "kubeconfig": list(source.files)}
    if not _logs_in(configuration):
        http.anonymous = source.anonymous
    return http


def settings(module: Any) -> tuple[Any, Mapping[str, Any]]:
    """The Kubernetes client's own configuration, from the options of a module, and further headers."""
    return _configured(module)[:2]


def _configured(module: Any) -> tuple[Any, Mapping[str, Any], Any, kubeconfig.Origin]:
    from kubernetes.client.rest import RESTClientObject
    from kubernetes.config import ConfigException

    try:  # what an old client raises for the auth-provider gcp, where that library is there
        from google.auth.exceptions import GoogleAuthError
    except ImportError:
        GoogleAuthError = ConfigException  # noqa: N806 - the library's name

    core = _core_client()
    # What is empty was not given: kubernetes.core would ask for a context without a name.
    auth = {name: value for name, value in core._create_auth_spec(module).items() if value != ""}
    source = kubeconfig.of(auth, os.environ)
    if not source.told:
        auth["kubeconfig"] = kubeconfig.kubeconfig(auth, os.environ)
    said: list[str] = []
    try:
        # kubernetes.core has no public way to a configuration without a discovery and a cache file.
        with kubeconfig.listening() as said:
            configuration = core._create_configuration(auth)
        headers = core._create_headers(module)
        configuration.host = str(configuration.host).strip()
        configuration.connection_pool_maxsize = CONNECTIONS * 2
        proxy = {
            name: _credentials.header(value, "proxy_headers") for name, value in _pairs(configuration.proxy_headers)
        }
        _secrets.keep(*(value.rpartition(" ")[2] for name, value in proxy.items() if "authorization" in name.lower()))
        configuration.proxy_headers = proxy or None
        pool = RESTClientObject(configuration).pool_manager
    except UnicodeError as exc:
        raise NoConnectionError(
            "no connection to a cluster: the user names and passwords for it and its proxy, or a file that it comes "
            f"from, hold characters that cannot be sent or read ({type(exc).__name__})."
        ) from exc
    except (ConfigException, OSError, ValueError, TypeError, AttributeError, LookupError, RecursionError) as exc:
        raise _no_connection(source.without_credentials(said) or f"{source}: {_secrets.one_line(exc)}") from exc
    except (ImportError, GoogleAuthError) as exc:  # a way to log in may need a library of its own
        raise _no_connection(source.without_credentials(said) or exc) from exc
    except yaml.YAMLError as exc:  # its words may quote the line, which may be that of a token
        line = getattr(getattr(exc, "problem_mark", None), "line", None)
        raise _no_connection("the kubeconfig is no YAML" + (f", line {line + 1}" if line is not None else "")) from None
    if not _logs_in(configuration) and source.without_credentials(said):
        raise _no_connection(source.without_credentials(said))
    return configuration, headers, pool, source


def _logs_in(configuration: Any) -> bool:
    """True when something is sent that says who asks."""
    basic = (getattr(configuration, name, None) for name in ("username", "password"))
    return bool(configuration.cert_file or configuration.auth_settings()) or all(basic)


def _core_client() -> Any:
    """kubernetes.core's own client. NoConnectionError when it is not the one that we know: what we use of it is not
    public, so a newer release may have it no more."""
    needed = ("_create_auth_spec", "_create_configuration", "_create_headers")
    try:
        from ansible_collections.kubernetes.core.plugins.module_utils.k8s import client as core
    except ImportError as exc:
        raise NoConnectionError(f"kubernetes.core cannot be used: {_secrets.one_line(exc)}. {_core_advice()}") from exc
    missing = [name for name in needed if not callable(getattr(core, name, None))]
    if missing:
        raise NoConnectionError(f"kubernetes.core has no {', '.join(missing)} any more. {_core_advice()}")
    return core


def _core_advice() -> str:
    wanted = f"kubernetes.core:{_CORE_RANGE}"
    return f"This collection works with {_CORE_RANGE}: ansible-galaxy collection install --force '{wanted}'."


def _no_connection(exc: object) -> NoConnectionError:
    told = _secrets.one_line(exc, 700).rstrip(".")
    return NoConnectionError(f"no connection to a cluster: {told}. {kubeconfig.ADVICE}")


def _pairs(headers: Any) -> list[tuple[str, Any]]:
    return list(headers.items()) if isinstance(headers, Mapping) else []


def _origin(module: Any) -> str:
    """Where the token comes from, for people."""
    if module.params.get("api_key"):
        return "api_key"
    return "K8S_AUTH_API_KEY" if os.environ.get("K8S_AUTH_API_KEY") else "the token of the kubeconfig"


def _shown(host: Any) -> str:
    """The address without what may be secret in one. NoConnectionError when it is none."""
    try:
        parts = urlsplit(str(host))
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        parts, port = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NoConnectionError("host is no address of a cluster: give one such as https://api.example.com:6443.")
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{name}{port}{parts.path.rstrip('/')}"


def _header(value: Any) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)


class Http:
    """JSON over HTTPS with one server. requests: how many were sent; origin: where the token comes from, for people."""

    def __init__(
        self,
        configuration: Any,
        pool: Any,
        headers: Mapping[str, str],
        sleep: Callable[[float], None] = time.sleep,
        patience: Patience = PATIENCE,
        origin: str = "the token",
    ) -> None:
        self._configuration, self._origin = configuration, origin
        self._pool = pool
        self._headers = {"Accept": "application/json", "User-Agent": AGENT, **headers}
        self._sleep = sleep
        self._lock = threading.Lock()
        self._unanswered = 0
        self._clock: tuple[float, float] | None = None
        self.patience = patience
        self.requests = 0
        # For people: where this is, without secrets; what to say to those turned away who sent no credentials.
        self.where: dict[str, Any] = {"url": _shown(configuration.host), "context": "", "kubeconfig": []}
        self.anonymous = ""

    @property
    def insecure(self) -> bool:
        return not self._configuration.verify_ssl

    def json(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        accept: str = "",
        content_type: str = "application/json",
        once: bool = False,
    ) -> Mapping[str, Any]:
        """Send, and return the object that was answered. once: for what may not be repeated safely."""
        headers = {"Content-Type": content_type} if body is not None else {}
        if accept:
            headers["Accept"] = accept
        text = json.dumps(body) if body is not None else None
        return _decode(self._with_retries(method, self._url(path, query), headers, text, once), path)

    def text(self, path: str, query: Mapping[str, Any]) -> str:
        """Read what is no JSON, such as a log, and try it only once."""
        raw = self._with_retries("GET", self._url(path, query), {"Accept": "*/*"}, None, once=True)
        return raw.decode("utf-8", "replace")

    def stream(self, path: str, query: Mapping[str, Any], accept: str, timeout: float) -> Any:
        """Open a watch: a urllib3 response whose lines are read by the caller, who closes it."""
        read = urllib3.Timeout(connect=self.patience.connect, read=timeout)
        answer = self._send("GET", self._url(path, query), {"Accept": accept}, None, read)
        if answer.status != 200:
            raise self._error(answer.status, self._body(answer), path)
        return answer

    def _with_retries(
        self, method: str, url: str, headers: Mapping[str, str], body: str | None, once: bool = False
    ) -> bytes:
        timeout = urllib3.Timeout(connect=self.patience.connect, read=self.patience.silence)
        attempt = 1
        while True:
            if method in _CHANGES:
                _limits.before_a_change()
            try:
                answer = self._send(method, url, headers, body, timeout)
                raw = self._body(answer)
            except ApiError as exc:
                self._unanswered += 1
                if once or exc.reason == CERTIFICATE or attempt >= self._tries():
                    raise
                self._sleep(_pause(attempt, None))
            else:
                self._unanswered = 0
                self._note_time(answer.headers.get("Date"))
                if 200 <= answer.status < 300:
                    return raw
                if once or answer.status not in _RETRIED or attempt >= self._tries():
                    raise self._error(answer.status, raw, url.split("?")[0])
                self._sleep(_pause(attempt, answer.headers.get("Retry-After")))
            attempt += 1

    @property
    def server_time(self) -> float | None:
        """Seconds since the epoch by the server's clock; None when it told none."""
        return None if self._clock is None else self._clock[0] + (time.monotonic() - self._clock[1])

    def _note_time(self, told: str | None) -> None:
        """From the header of an answer."""
        try:
            self._clock = (parsedate_to_datetime(told).timestamp(), time.monotonic()) if told else self._clock
        except (ValueError, TypeError, OverflowError, OSError):  # no time, or one that no clock can tell
            return

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
                f"the certificate of {self.where['url']} is not trusted: {_secrets.one_line(exc, 500)}. "
                "Give ca_cert, or K8S_AUTH_SSL_CA_CERT.",
                reason=CERTIFICATE,
            ) from exc
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as exc:  # ValueError: what cannot be sent
            raise self._no_answer(f"did not answer {method}: {_secrets.one_line(exc, 500)}") from exc

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
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as exc:
            raise self._no_answer(f"broke its answer off: {_secrets.one_line(exc, 500)}") from exc
        answer.release_conn()
        return b"".join(pieces)

    def _no_answer(self, what: str) -> ApiError:
        return ApiError(f"{self.where['url']} {what}", reason=NO_ANSWER)

    def _error(self, status: int, raw: bytes, path: str) -> ApiError:
        told = _api_error(status, raw, path.replace(self._configuration.host.rstrip("/"), self.where["url"]))
        if status in (401, 403) and self.anonymous:
            return ApiError(f"{told.msg}. {self.anonymous}", status=status, reason=told.reason, name=told.name)
        return told

    def _auth(self) -> dict[str, str]:
        """Asked for each request: the client refreshes tokens that expire."""
        found = self._configuration.auth_settings().values()
        sent = {
            setting["key"]: _credentials.authorization(str(setting["value"]), self._origin)
            for setting in found
            if setting.get("in") == "header"
        }
        user, secret = (getattr(self._configuration, name, None) for name in ("username", "password"))
        if not sent and user and secret:  # the client has a way to make this header, and does not use it
            basic = f"{user}:{_credentials.password(str(secret), 'password')}".encode("utf-8", "replace")
            sent["authorization"] = _credentials.authorization(f"Basic {base64.b64encode(basic).decode()}", "password")
        return sent

    def _url(self, path: str, query: Mapping[str, Any] | None) -> str:
        kept = {key: value for key, value in (query or {}).items() if value not in (None, "")}
        return f"{self._configuration.host.rstrip('/')}{path}" + (f"?{urlencode(kept)}" if kept else "")


def parsed(raw: bytes) -> Any:
    """The JSON of an answer. ValueError for everything that is none, however it fails."""
    try:
        data = json.loads(raw.decode("utf-8-sig"), parse_constant=_no_number)
        return _whole(data) if _SURROGATE.search(raw) else data
    except RecursionError:
        raise ValueError("nested too deep") from None


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _whole(data: Any) -> Any:
    """Without halves of surrogates: nothing could write them anywhere."""
    if isinstance(data, str):
        return data.encode("utf-8", "replace").decode()
    if isinstance(data, list):
        return [_whole(one) for one in data]
    return {_whole(key): _whole(value) for key, value in data.items()} if isinstance(data, dict) else data


def _decode(raw: bytes, path: str) -> Mapping[str, Any]:
    try:
        data = parsed(raw)
    except ValueError as exc:
        raise garbage(f"the answer to {path} is not JSON") from exc
    if not isinstance(data, Mapping):
        raise garbage(f"the answer to {path} is not an object")
    return data


def _pause(attempt: int, retry_after: str | None) -> float:
    """Seconds to wait: what the server asks for with Retry-After, up to a limit, else a growing time; with jitter."""
    if retry_after:
        try:
            asked = urllib3.util.Retry().parse_retry_after(retry_after)
        except urllib3.exceptions.InvalidHeader:
            pass
        else:
            return min(asked, _retry.LONGEST) + random.uniform(0, 0.2)  # noqa: S311 - jitter
    return _retry.pause(0.2, attempt, longest=5.0)


def _api_error(status: int, raw: bytes, path: str) -> ApiError:
    """The server's own words (metav1.Status), when it sent them."""
    try:
        data = parsed(raw)
    except ValueError:
        data = {}
    data = data if isinstance(data, dict) else {}
    said = text(data.get("message")) or raw[:200].decode("utf-8", "replace")
    message = _secrets.one_line(said, 1000) if said.strip() else "no message"
    details = data.get("details")
    return ApiError(
        f"{status} {text(data.get('reason'))} for {path}: {message}".replace("  ", " "),
        status=status,
        reason=text(data.get("reason")),
        name=text(details.get("name")) if isinstance(details, dict) else "",
    )
