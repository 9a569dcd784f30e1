# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One project of an OpenStack cloud: bulk lists, deletion by id, typed errors.

openstacksdk logs in, finds the services, repeats what is worth it and names the microversion; the answers are read
here. Its own lists take an answer without the expected key for an empty one, and an empty one is what proves that
nothing is left. Rules: providers.md 3.2.
"""

from __future__ import annotations

import re
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from ansible_collections.mtv.teardown.plugins.module_utils import _limits, _retry, _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._errors import (
    CERTIFICATE,
    GARBAGE,
    NO_ANSWER,
    ApiError,
    garbage,
)
from ansible_collections.mtv.teardown.plugins.module_utils._openstack.answers import (
    ATTACHED,
    is_item,
    is_own_404,
    tells_versions,
    words,
)
from ansible_collections.mtv.teardown.plugins.module_utils._openstack.connection import settings, silence
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection

try:
    import requests
    from keystoneauth1 import exceptions as _auth_errors
    from keystoneauth1 import session as _auth_session
    from openstack import connection as _connection
    from openstack import exceptions as _sdk_errors
    from openstack.config import OpenStackConfig
except (ImportError, RuntimeError):  # RuntimeError: its caches want a home folder, which some containers have not
    IMPORT_ERROR: str | None = traceback.format_exc()
    _Adapter: Any = object
else:
    IMPORT_ERROR = None
    _Adapter = _auth_session.TCPKeepAliveAdapter

PAGE = 1000
# The first in which a server tells whether it is locked; clouds since 2015 have it, and newer ones keep its shapes.
COMPUTE_MICROVERSION = "2.9"
# Busy, or between two servers of a pool; Nova says 413 for too many requests, too.
_AGAIN = [413, 429, 502, 503, 504]
_LONGEST_RETRY_AFTER = 30
# Seconds until a connection must stand.
_CONNECT = 15.0
_SECRET = re.compile("password|secret|token|passcode")


@dataclass(frozen=True, slots=True)
class Patience:
    """tries: of a call that got no answer, or the answer that the server is busy; silence: seconds without one; window:
    seconds of silence that one call, or a log-in, may cost in all; pause: seconds before the second try."""

    tries: int = 4
    silence: float = 60.0
    window: float = 60.0
    pause: float = 0.5


@dataclass(frozen=True, slots=True)
class Listed:
    """How one kind is read. service: as openstacksdk calls it; items: the key that must be in each answer; links: the
    key of the next page; owners: the keys that may name the project of one object; needs: the keys that each must
    have, for what is known by them would be overlooked."""

    service: str
    path: str
    items: str
    links: str
    one: str
    owners: tuple[str, ...]
    needs: tuple[str, ...] = ("name", "status")


KINDS: Mapping[str, Listed] = {
    "Server": Listed(
        "compute",
        "/servers/detail",
        "servers",
        "servers_links",
        "/servers",
        ("tenant_id",),
        ("name", "status", ATTACHED),
    ),
    "Volume": Listed(
        "block_storage",
        "/volumes/detail",
        "volumes",
        "volumes_links",
        "/volumes",
        ("os-vol-tenant-attr:tenant_id",),
        ("name", "status", "attachments"),
    ),
    "Snapshot": Listed(
        "block_storage",
        "/snapshots/detail",
        "snapshots",
        "snapshots_links",
        "/snapshots",
        ("os-extended-snapshot-attributes:project_id",),
        ("name", "status", "volume_id"),
    ),
    "Image": Listed("image", "/images", "images", "next", "/images", ("owner",)),
    "Port": Listed(
        "network", "/ports", "ports", "ports_links", "/ports", ("project_id", "tenant_id"), ("name", "device_id")
    ),
}


class _Counting(_Adapter):  # type: ignore[misc]
    """Counts what is sent, does not wait or sleep for as long as a server may like, sends a refused password once, and
    notes who has told its versions."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__()
        self._cloud = cloud
        self._login = threading.Lock()
        self._refusal: Any = None

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if request.method == "DELETE" or urlsplit(request.url).path.endswith("/action"):
            _limits.before_a_change()
        if request.method != "POST" or not urlsplit(request.url).path.endswith("/auth/tokens"):
            return self._sent(request, *args, **kwargs)
        with self._login:  # Keystone locks an account that is refused too often
            if self._refusal is not None:  # an answer that is an error is false
                return self._refusal
            answer = self._sent(request, *args, **kwargs)
            self._refusal = answer if answer.status_code == 401 else None
            return answer

    def _sent(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        self._cloud.count()
        begun, left = time.monotonic(), self._cloud.patience_left()
        if left <= 0:
            raise requests.ConnectTimeout("it has been silent for too long")
        kwargs["timeout"] = (min(_CONNECT, left), min(self._cloud.patience.silence, left))
        try:
            answer = super().send(request, *args, **kwargs)
            _content = answer.content  # here, for it may come as slowly
        except (requests.RequestException, OSError):
            self._cloud.was_silent(time.monotonic() - begun)
            raise
        if request.method == "GET" and tells_versions(answer):
            self._cloud.versions.add(_prefix(request.url))
        wait = answer.headers.get("Retry-After", "")
        if wait.isascii() and wait.isdigit() and int(wait[:9]) > _LONGEST_RETRY_AFTER:
            answer.headers["Retry-After"] = str(_LONGEST_RETRY_AFTER)
        return answer


class Cloud:
    """Use it as a context manager. calls: requests that were sent; project: id of the project that the token is for;
    region: where its services are; roles: names of those in the token; versions: addresses of services that have told
    their versions, as each does that is one."""

    def __init__(self, connection: Connection, patience: Patience | None = None) -> None:
        self.connection = connection
        self.patience = patience or Patience()
        asked = silence(connection.more.get("api_timeout", ""))
        if asked:
            self.patience = replace(self.patience, silence=asked, window=max(asked, self.patience.window))
        self.calls = 0
        self.project = self.region = ""
        self.roles: frozenset[str] = frozenset()
        self.versions: set[str] = set()
        self._sdk: Any = None
        self._lock = threading.Lock()
        # Two kinds of one service are read side by side, and one of them asks for its versions.
        self._first = {how.service: threading.Lock() for how in KINDS.values()}
        self._silence = threading.local()
        hidden = [value for name, value in connection.more.items() if _SECRET.search(name)]
        _secrets.keep(connection.secret, *hidden)

    def __enter__(self) -> Cloud:
        if IMPORT_ERROR:
            told = IMPORT_ERROR.strip().splitlines()[-1]
            raise ApiError(f"openstacksdk is not there (pip install openstacksdk): {told}", reason="NoClient")
        try:
            with self._window():
                self._login_patiently()
        except ApiError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        """The token is left to expire: other sessions of the same user may hold it, too."""
        if self._sdk is not None:
            self._sdk.close()
            # Older ones of openstacksdk (4.14; 4.22 does not) leave open connections to the garbage collector.
            self._sdk.session.session.close()

    @property
    def server(self) -> str:
        """What Keystone calls the place, by whatever address and user we came."""
        return f"{self.project}@{quote(self.region, safe='')}" if self.region else self.project

    def count(self) -> None:
        """Lists and deletes run side by side."""
        with self._lock:
            self.calls += 1

    @contextmanager
    def _window(self) -> Iterator[None]:
        """What is sent in it may be met with so much silence in all."""
        self._silence.left = self.patience.window
        try:
            yield
        finally:
            self._silence.left = self.patience.window

    def patience_left(self) -> float:
        return float(getattr(self._silence, "left", self.patience.window))

    def was_silent(self, seconds: float) -> None:
        self._silence.left = self.patience_left() - seconds

    def _login_patiently(self) -> None:
        def again(exc: ApiError) -> bool:
            return _retry.passes(exc) and exc.reason == NO_ANSWER and self.patience_left() > 0

        _retry.patiently(self._login, self.patience.tries, self.patience.pause, again=again)

    def _login(self) -> None:
        try:
            config = OpenStackConfig(load_envvars=False, load_yaml_config=False)
            self._sdk = _connection.Connection(config=config.get_one(**self._settings()))
            session = self._sdk.session
            sender = _Counting(self)
            for scheme in ("https://", "http://"):
                session.session.mount(scheme, sender)
            access = session.auth.get_access(session)
            self._check_project(access)
            self.project = str(access.project_id)
            self.roles = frozenset(str(name).lower() for name in access.role_names or ())
            self.region = self._region(access)
        except _auth_errors.Unauthorized as exc:
            made, told = self.connection, _refusal(_secrets.one_line(exc))
            raise ApiError(
                f"{made.key}: {made.host} refuses user {made.username or '(none)'}: {told}.", status=401
            ) from exc
        except _errors() as exc:
            raise self._failed(exc, "logging in") from exc

    def _region(self, access: Any) -> str:
        """The one that was configured, or else the one that openstacksdk takes: the first of its kind."""
        told = [
            str(endpoint.get("region_id") or endpoint.get("region") or "")
            for service in access.service_catalog.catalog
            for endpoint in service["endpoints"]
        ]
        return str(self.connection.more.get("region_name") or next((one for one in told if one), ""))

    def _settings(self) -> dict[str, Any]:
        return {
            **settings(self.connection),
            "api_timeout": self.patience.silence,
            "compute_default_microversion": COMPUTE_MICROVERSION,
        }

    def _check_project(self, access: Any) -> None:
        """Whatever else the token may do: only what is in the project that was configured is looked at."""
        wanted = self.connection.more.get("project_name", "")
        key, host = self.connection.key, self.connection.host
        if not isinstance(access.project_id, str) or not access.project_id:
            raise ApiError(
                f"{key}: {host} gives a token without a project. Set project_name: only one project is ever searched.",
                status=403,
                reason="OtherProject",
            )
        if wanted and wanted not in (access.project_id, access.project_name):
            raise ApiError(
                f"{key}: {host} gives a token of project {access.project_name}, but {wanted} is configured. "
                "Nothing is looked for in another project.",
                status=403,
                reason="OtherProject",
            )

    def _failed(self, exc: BaseException, doing: str) -> ApiError:
        """What went wrong, as one of our errors. The words of a server never hold a password; a URL is not shown."""
        key, host = self.connection.key, self.connection.host
        told = _secrets.one_line(exc)
        if isinstance(exc, _auth_errors.SSLError):
            return ApiError(
                f"{key}: the certificate of {host} is not trusted: {told}. Give ca_cert, or the CA to the system.",
                reason=CERTIFICATE,
            )
        status = getattr(exc, "http_status", None) or getattr(exc, "status_code", None) or 0
        reason = "" if status else GARBAGE if isinstance(exc, _LIBRARY) else NO_ANSWER
        if isinstance(exc, _missing()):
            return ApiError(f"{key}: {host} offers no such service ({doing}): {told}", reason="NoService")
        return ApiError(f"{key}: {host}, {doing}: {told}", status=int(status), reason=reason)

    def listing(self, kind: str, **filters: str) -> dict[str, dict[str, Any]]:
        """All of this kind in our project, by id, page by page. An answer that is no such list is an error."""
        how = KINDS[kind]
        found: dict[str, dict[str, Any]] = {}
        query: dict[str, Any] = {"limit": PAGE, **filters, **self._scope(kind)}
        seen: set[str] = set()
        while True:
            page = self._json("GET", kind, how.path, query)
            items = page.get(how.items)
            if not isinstance(items, list) or not all(is_item(item, how.needs, how.owners) for item in items):
                raise garbage(f"{self.connection.key}: {self.connection.host} gives no list of {how.items}.")
            found |= {str(item["id"]): item for item in items if self._is_ours(how, item)}
            following = _next_page(page.get(how.links))
            if following is None:
                return found
            marker = following.get("marker", "")
            if not marker or marker in seen:
                raise garbage(
                    f"{self.connection.key}: {self.connection.host} does not tell which page of {how.items} is next."
                )
            seen.add(marker)
            query = following

    def _scope(self, kind: str) -> dict[str, str]:
        """Nova and Cinder list the token's project; Glance and Neutron also what others share, or all to an admin."""
        return {"Image": {"owner": self.project}, "Port": {"project_id": self.project}}.get(kind, {})

    def _is_ours(self, how: Listed, item: Mapping[str, Any]) -> bool:
        """Not told is ours: then it came from a list of our project alone."""
        owner = next((item[key] for key in how.owners if item.get(key)), self.project)
        return bool(owner == self.project)

    def one(self, kind: str, ident: str) -> dict[str, Any] | None:
        """What is known of one object; None when the server says that there is none."""
        how = KINDS[kind]
        try:
            told = self._json("GET", kind, f"{how.one}/{ident}", {})
        except ApiError as exc:
            if exc.status == 404 and exc.reason != "NoService":
                return None
            raise
        inner = told if kind == "Image" else told.get(how.items.removesuffix("s"))
        if not isinstance(inner, dict) or not is_item(inner, how.needs, how.owners) or inner["id"] != ident:
            raise garbage(f"{self.connection.key}: {self.connection.host} does not tell of {kind} {ident}.")
        return inner if self._is_ours(how, inner) else None

    def history(self, kind: str, ident: str) -> list[Any]:
        """What Nova did to a server, what Cinder tells users of a volume or a snapshot; oldest first."""
        asked: dict[str, tuple[str, str, dict[str, str], dict[str, str]]] = {
            "Server": (f"/servers/{ident}/os-instance-actions", "instanceActions", {}, {}),
            "Volume": ("/messages", "messages", {"resource_uuid": ident}, {"OpenStack-API-Version": "volume 3.5"}),
        }
        if kind not in asked:
            return []
        path, key, query, headers = asked[kind]
        found = self._json("GET", kind, path, query, headers=headers).get(key)
        return list(reversed(found)) if isinstance(found, list) else []

    # Changing

    def delete(self, kind: str, ident: str) -> None:
        """Ask for the deletion of one object. ApiError with the server's words; status 404 when there is none."""
        self._call("DELETE", kind, f"{KINDS[kind].one}/{ident}", {})

    def force_delete(self, server: str) -> None:
        """End a server that a delete only put into the bin."""
        self._call("POST", "Server", f"/servers/{server}/action", {}, json={"forceDelete": None})

    def switch(self, server: str, on: bool) -> None:
        """Ask for the start or the stop of a server."""
        action = "os-start" if on else "os-stop"
        self._call("POST", "Server", f"/servers/{server}/action", {}, json={action: None})

    def _json(self, method: str, kind: str, path: str, query: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        answer = self._call(method, kind, path, query, **more)
        try:
            told = answer.json()
        except (ValueError, RecursionError) as exc:
            raise garbage(f"{self.connection.key}: {self.connection.host} does not answer {path} in JSON.") from exc
        if not isinstance(told, dict):
            raise garbage(f"{self.connection.key}: {self.connection.host} answers {path} with no object.")
        return told

    def _service(self, kind: str, doing: str) -> Any:
        """Found in the catalogue at its first use, and asked for its versions, which openstacksdk does once only. It
        says ValueError of a region that is not there; before 4.11 it stumbles where a service does not answer."""

        def once() -> Any:
            try:
                return self._known(getattr(self._sdk, KINDS[kind].service), doing)
            except ValueError as exc:
                told = _secrets.one_line(exc)
                raise ApiError(
                    f"{self.connection.key}: {self.connection.host} offers no such service ({doing}): {told}",
                    reason="NoService",
                ) from exc
            except AttributeError as exc:
                raise ApiError(
                    f"{self.connection.key}: {self.connection.host}, {doing}: the service cannot be asked for its "
                    "versions. openstacksdk 4.11 and newer tell why.",
                    reason=NO_ANSWER,
                ) from exc
            except _errors() as exc:
                raise self._failed(exc, doing) from exc

        def again(exc: ApiError) -> bool:
            why = exc.__cause__
            return isinstance(why, _errors()) and not isinstance(why, (ValueError, *_missing()))

        return _retry.patiently(once, self.patience.tries, self.patience.pause, again=again)

    def _known(self, service: Any, doing: str) -> Any:
        """Lists of a service that never said what it is prove nothing. openstacksdk asks for its versions, and goes on
        without them; where it has not asked, it is done here, above the version and the project of the address."""
        parts = urlsplit(str(service.get_endpoint() or ""))
        if not parts.netloc:
            raise _auth_errors.EndpointNotFound(f"no endpoint of {service.service_type}")
        folders = [part for part in parts.path.split("/") if part]
        paths = ["".join(f"{one}/" for one in folders[:end]) for end in range(len(folders), -1, -1)]
        above = {_prefix(f"//{parts.netloc}/{path}") for path in paths}
        for path in (one for one in paths if not re.search(rf"(^|/)({re.escape(self.project)}|v[\d.]+)/\Z", one)):
            if not self.versions & above:
                self._sdk.session.get(f"{parts.scheme}://{parts.netloc}/{path}", authenticated=False, raise_exc=False)
        if not self.versions & above:
            host = self.connection.host
            raise garbage(f"{self.connection.key}: {host}, {doing}: the service does not tell its versions: is it one?")
        return service

    def _call(self, method: str, kind: str, path: str, query: Mapping[str, Any], **more: Any) -> Any:
        with self._window():
            return self._sent(method, kind, path, query, **more)

    def _sent(self, method: str, kind: str, path: str, query: Mapping[str, Any], **more: Any) -> Any:
        doing = f"{method} {path}"
        with self._first[KINDS[kind].service]:
            service = self._service(kind, doing)

        def once() -> Any:
            try:
                return service.request(
                    path,
                    method,
                    params=dict(query),
                    raise_exc=False,
                    connect_retries=self.patience.tries - 1,
                    connect_retry_delay=self.patience.pause,
                    status_code_retries=self.patience.tries - 1,
                    status_code_retry_delay=self.patience.pause,
                    retriable_status_codes=_AGAIN,
                    **more,
                )
            except _errors() as exc:
                raise self._failed(exc, doing) from exc

        def again(exc: ApiError) -> bool:
            """Nothing was sent then, or it was answered with 401."""
            return isinstance(exc.__cause__, AssertionError)

        answer = _retry.patiently(once, self.patience.tries, self.patience.pause, again=again)
        if answer.status_code == 404 and not is_own_404(answer, path):
            raise garbage(f"{self.connection.key}: {self.connection.host}, {doing}: 404, but not of the service.")
        if answer.status_code < 400 and method != "GET" and answer.status_code not in (202, 204):
            raise garbage(f"{self.connection.key}: {self.connection.host} does not answer {doing} as the service does.")
        if answer.status_code >= 400:
            raise ApiError(
                f"{self.connection.key}: {self.connection.host}, {doing}: {answer.status_code} {words(answer)}",
                status=answer.status_code,
                reason=words(answer),
            )
        return answer


# What broken values make of a library, and options that do not fit the way to log in; and keystoneauth, which takes for
# granted that no other thread has just let go of a token that was refused (identity/base.py: get_access).
_LIBRARY = (ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError, AssertionError)


def _errors() -> tuple[type[Exception], ...]:
    """keystoneauth's errors are none of openstacksdk's, and a broken answer may be neither's."""
    return (
        _sdk_errors.SDKException,
        _auth_errors.ClientException,
        requests.RequestException,
        OSError,
        *_LIBRARY,
    )


def _refusal(told: str) -> str:
    """Keystone says the same of most refusals, on purpose; what it does say is told."""
    if "expired" in told.lower():
        return f"its password has expired ({told}): set a new one"
    if re.search("locked|disabled", told, re.IGNORECASE):
        return f"the account is locked or disabled ({told})"
    return (
        "wrong name, password or project, or an account that is disabled or locked after too many refusals; Keystone "
        "does not tell which"
    )


def _prefix(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path.rstrip('/')}"


def _missing() -> tuple[type[Exception], ...]:
    return (
        _auth_errors.EndpointNotFound,
        _auth_errors.DiscoveryFailure,
        _sdk_errors.ServiceDisabledException,
        _sdk_errors.NotSupported,
    )


def _next_page(links: Any) -> dict[str, str] | None:
    """The query of the next page, None when this is the last: Glance names it, the others have a list of links."""
    if isinstance(links, list):
        found = [link.get("href") if isinstance(link, dict) else link for link in links if not _is_other(link)]
        links = found[0] if found else None
    if links is None:
        return None
    try:
        return {name: values[-1] for name, values in parse_qs(urlsplit(str(links)).query).items()}
    except ValueError as exc:
        raise garbage(f"the address of the next page is none: {_secrets.one_line(links)}") from exc


def _is_other(link: Any) -> bool:
    return isinstance(link, dict) and link.get("rel") not in ("next", None)
