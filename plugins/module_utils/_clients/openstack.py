# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One project of an OpenStack cloud: bulk lists, deletion by id, typed errors.

openstacksdk logs in, finds the services, repeats what is worth it and names the microversion; the answers are read
here. Its own lists take an answer without the expected key for an empty one, and an empty one is what proves that
nothing is left. Rules: providers.md 3.2.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ansible_collections.mtv.teardown.plugins.module_utils import _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._errors import CERTIFICATE, NO_ANSWER, ApiError, garbage
from ansible_collections.mtv.teardown.plugins.module_utils._record.connections import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._record.openstack_connection import AUTH

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


@dataclass(frozen=True, slots=True)
class Patience:
    """tries: of a call that got no answer, or the answer that the server is busy; silence: seconds without one; pause:
    seconds before the second try."""

    tries: int = 4
    silence: float = 60.0
    pause: float = 0.5


@dataclass(frozen=True, slots=True)
class Listed:
    """How one kind is read. service: as openstacksdk calls it; items: the key that must be in each answer; links: the
    key of the next page; owners: the keys that may name the project of one object."""

    service: str
    path: str
    items: str
    links: str
    one: str
    owners: tuple[str, ...]


KINDS: Mapping[str, Listed] = {
    "Server": Listed("compute", "/servers/detail", "servers", "servers_links", "/servers", ("tenant_id",)),
    "Volume": Listed(
        "block_storage", "/volumes/detail", "volumes", "volumes_links", "/volumes", ("os-vol-tenant-attr:tenant_id",)
    ),
    "Snapshot": Listed(
        "block_storage",
        "/snapshots/detail",
        "snapshots",
        "snapshots_links",
        "/snapshots",
        ("os-extended-snapshot-attributes:project_id",),
    ),
    "Image": Listed("image", "/images", "images", "next", "/images", ("owner",)),
    "Port": Listed("network", "/ports", "ports", "ports_links", "/ports", ("project_id", "tenant_id")),
}


class _Counting(_Adapter):  # type: ignore[misc]
    """Counts what is sent, and does not sleep for as long as a server may like."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__()
        self._cloud = cloud

    def send(self, *args: Any, **kwargs: Any) -> Any:
        self._cloud.count()
        answer = super().send(*args, **kwargs)
        wait = answer.headers.get("Retry-After", "")
        if wait.isascii() and wait.isdigit() and int(wait[:9]) > _LONGEST_RETRY_AFTER:
            answer.headers["Retry-After"] = str(_LONGEST_RETRY_AFTER)
        return answer


class Cloud:
    """Use it as a context manager. calls: requests that were sent; project: id of the project that the token is for;
    roles: names of those in the token."""

    def __init__(self, connection: Connection, patience: Patience | None = None) -> None:
        self.connection = connection
        self.patience = patience or Patience()
        self.calls = 0
        self.project = ""
        self.roles: frozenset[str] = frozenset()
        self._sdk: Any = None
        self._lock = threading.Lock()

    def __enter__(self) -> Cloud:
        if IMPORT_ERROR:
            told = IMPORT_ERROR.strip().splitlines()[-1]
            raise ApiError(f"openstacksdk is not there (pip install openstacksdk): {told}", reason="NoClient")
        try:
            self._login()
        except ApiError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        """The token is left to expire: other sessions of the same user may hold it, too."""
        if self._sdk is not None:
            self._sdk.close()

    def count(self) -> None:
        """Lists and deletes run side by side."""
        with self._lock:
            self.calls += 1

    def _login(self) -> None:
        try:
            config = OpenStackConfig(load_envvars=False, load_yaml_config=False)
            self._sdk = _connection.Connection(config=config.get_one(**self._settings()))
            session = self._sdk.session
            for scheme in ("https://", "http://"):
                session.session.mount(scheme, _Counting(self))
            access = session.auth.get_access(session)
        except _auth_errors.Unauthorized as exc:
            made = self.connection
            raise ApiError(
                f"{made.key}: {made.host} refuses user {made.username or '(none)'}: wrong name, password or project.",
                status=401,
            ) from exc
        except _login_errors() as exc:
            raise self._failed(exc, "logging in") from exc
        self._check_project(access)
        self.project = str(access.project_id)
        self.roles = frozenset(str(name).lower() for name in access.role_names or ())

    def _settings(self) -> dict[str, Any]:
        made, more = self.connection, self.connection.more
        auth = {name.removeprefix(AUTH): value for name, value in more.items() if name.startswith(AUTH)}
        auth |= {"auth_url": more.get("auth_url", "")}
        auth |= {"username": made.username} if made.username else {}
        auth |= {"password": made.secret} if made.secret else {}
        rest = {name: value for name, value in more.items() if not name.startswith(AUTH)}
        for name in ("auth_url", "project_name"):
            rest.pop(name, None)
        return {
            **rest,
            "auth": auth,
            "verify": made.validate_certs,
            **({"cacert": made.ca_file} if made.ca_file else {}),
            "api_timeout": self.patience.silence,
            "compute_default_microversion": COMPUTE_MICROVERSION,
        }

    def _check_project(self, access: Any) -> None:
        """Whatever else the token may do: only what is in the project that was configured is looked at."""
        wanted = self.connection.more.get("project_name", "")
        key, host = self.connection.key, self.connection.host
        if not access.project_id:
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
        reason = "" if status else NO_ANSWER
        if isinstance(exc, _missing()):
            return ApiError(f"{key}: {host} offers no such service ({doing}): {told}", reason="NoService")
        return ApiError(f"{key}: {host}, {doing}: {told}", status=int(status), reason=reason)

    # Reading

    def listing(self, kind: str, **filters: str) -> dict[str, dict[str, Any]]:
        """All of this kind in our project, by id, page by page. An answer that is no such list is an error."""
        how = KINDS[kind]
        found: dict[str, dict[str, Any]] = {}
        query: dict[str, Any] = {"limit": PAGE, **filters, **self._scope(kind)}
        seen: set[str] = set()
        while True:
            page = self._json("GET", kind, how.path, query)
            items = page.get(how.items)
            if not isinstance(items, list) or not all(isinstance(i, dict) and i.get("id") for i in items):
                raise garbage(f"{self.connection.key}: {self.connection.host} gives no list of {how.items}.")
            found |= {str(item["id"]): item for item in items if self._is_ours(how, item)}
            following = _next_page(page.get(how.links))
            if not following:
                return found
            marker = str(following.get("marker"))
            if marker in seen:
                raise garbage(
                    f"{self.connection.key}: {self.connection.host} gives the same page of {how.items} twice."
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
        if not isinstance(inner, dict) or inner.get("id") != ident:
            raise garbage(f"{self.connection.key}: {self.connection.host} does not tell of {kind} {ident}.")
        return inner if self._is_ours(how, inner) else None

    # Changing

    def delete(self, kind: str, ident: str) -> None:
        """Ask for the deletion of one object. ApiError with the server's words; status 404 when there is none."""
        self._call("DELETE", kind, f"{KINDS[kind].one}/{ident}", {})

    def force_delete(self, server: str) -> None:
        """End a server that a delete only put into the bin."""
        self._call("POST", "Server", f"/servers/{server}/action", {}, json={"forceDelete": None})

    def _json(self, method: str, kind: str, path: str, query: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._call(method, kind, path, query)
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
        attempt = 1
        while True:
            try:
                return getattr(self._sdk, KINDS[kind].service)
            except ValueError as exc:
                told = _secrets.one_line(exc)
                raise ApiError(
                    f"{self.connection.key}: {self.connection.host} offers no such service ({doing}): {told}",
                    reason="NoService",
                ) from exc
            except AttributeError as exc:
                if attempt >= self.patience.tries:
                    raise ApiError(
                        f"{self.connection.key}: {self.connection.host}, {doing}: the service cannot be asked for its "
                        "versions. openstacksdk 4.11 and newer tell why.",
                        reason=NO_ANSWER,
                    ) from exc
            except _errors() as exc:
                if attempt >= self.patience.tries:
                    raise self._failed(exc, doing) from exc
            time.sleep(self.patience.pause * 2**attempt)
            attempt += 1

    def _call(self, method: str, kind: str, path: str, query: Mapping[str, Any], **more: Any) -> Any:
        doing = f"{method} {path}"
        service = self._service(kind, doing)
        try:
            answer = service.request(
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
        if answer.status_code >= 400:
            raise ApiError(
                f"{self.connection.key}: {self.connection.host}, {doing}: {answer.status_code} {words(answer)}",
                status=answer.status_code,
                reason=words(answer),
            )
        return answer


def _errors() -> tuple[type[Exception], ...]:
    """keystoneauth's errors are none of openstacksdk's, and a broken answer may be neither's."""
    return (_sdk_errors.SDKException, _auth_errors.ClientException, requests.RequestException, OSError)


def _login_errors() -> tuple[type[Exception], ...]:
    """What is no Keystone is told as anything; so are options that do not fit the way to log in."""
    return (*_errors(), ValueError, TypeError, AttributeError, KeyError)


def _missing() -> tuple[type[Exception], ...]:
    return (
        _auth_errors.EndpointNotFound,
        _auth_errors.DiscoveryFailure,
        _sdk_errors.ServiceDisabledException,
        _sdk_errors.NotSupported,
    )


def words(answer: Any) -> str:
    """What a service says about an error: an object with one key that holds a message, or plain text."""
    try:
        told = answer.json()
    except (ValueError, RecursionError):
        told = answer.reason or ""
    for _level in range(3):
        if not isinstance(told, Mapping):
            break
        told = told.get("message") or told.get("detail") or next(iter(told.values()), "")
    return _secrets.one_line(told)


def _next_page(links: Any) -> dict[str, Any]:
    """The query of the next page: Glance names it, the others have a list of links."""
    if isinstance(links, list):
        links = next((link.get("href") for link in links if isinstance(link, dict) and link.get("rel") == "next"), "")
    try:
        return {name: values[-1] for name, values in parse_qs(urlsplit(str(links or "")).query).items()}
    except ValueError as exc:
        raise garbage(f"the address of the next page is none: {_secrets.one_line(links)}") from exc
