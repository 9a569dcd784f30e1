# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the connection to a cluster comes from, in words: files, context, user, and what is wrong with them.

The Kubernetes Python client goes on as an anonymous user where a user's credentials cannot be had, and only logs why.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.mtv.teardown.plugins.module_utils import _secrets, _text_file
from ansible_collections.mtv.teardown.plugins.module_utils._errors import NoConnectionError, RecordError

with suppress(ImportError):  # rest.py tells that it is missing
    import yaml

MAX_BYTES = 16 * 1024 * 1024
ADVICE = "Give kubeconfig (KUBECONFIG, K8S_AUTH_KUBECONFIG), or host and api_key (K8S_AUTH_HOST, K8S_AUTH_API_KEY)."
_DEFAULT = "~/.kube/config"
_SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount/token"
# What a plugin says when it fails may hold what it was given.
_LOOKS_SECRET = re.compile(r"[A-Za-z0-9_+=-]{24,}")
_LISTS = ("contexts", "users", "clusters")


@dataclass(frozen=True, slots=True)
class Origin:
    """files: the kubeconfigs that were read; context, user: by name; credentials: what the kubeconfig says of the user,
    never shown; told: how the connection was given, where it was by no kubeconfig."""

    files: tuple[str, ...] = ()
    context: str = ""
    user: str = ""
    credentials: Mapping[str, Any] = field(default_factory=dict, repr=False)
    told: str = ""

    def __str__(self) -> str:
        if self.told:
            return self.told
        user = f"user {self.user!r}" if self.user else "no user"
        return f"{user} of context {self.context!r} in kubeconfig {':'.join(self.files) or '(given as data)'}"

    def without_credentials(self, said: list[str]) -> str:
        """Why nothing was found to log in with, where that is an error of itself. said: what the client logged."""
        helper, provider = self.credentials.get("exec"), self.credentials.get("auth-provider")
        if helper:
            command = str(helper.get("command") or "") if isinstance(helper, Mapping) else ""
            words = _hidden("; ".join(said) or "it answered nothing", helper)
            return f"the exec plugin {command!r} of {self} gave no credentials: {words}. Run it by hand to see why."
        if provider:
            name = str(provider.get("name") or "") if isinstance(provider, Mapping) else ""
            words = _hidden("; ".join(said), provider) if said else ""
            return (
                f"the auth-provider {name!r} of {self} gave no credentials{': ' + words if words else ''}. Kubernetes' "
                "Python client knows few of these plugins: put an exec plugin in its place."
            )
        return ""

    @property
    def anonymous(self) -> str:
        """What to say when a server turns somebody away who has sent no credentials."""
        return f"No credentials were sent: {self} has no token, certificate or exec plugin. {ADVICE}"


def of(auth: Mapping[str, Any], environ: Mapping[str, str]) -> Origin:
    """Where kubernetes.core takes a connection with these options from. NoConnectionError when that is unusable."""

    def given(*names: str) -> bool:
        return all(auth.get(name) for name in names)

    if any(given("host", *names) for names in (("username", "password"), ("api_key",), ("cert_file", "key_file"))):
        return Origin(told="the given host")
    if not (given("kubeconfig") or given("context")) and is_pod(environ):
        return Origin(told="the service account of this pod")
    files, data = _read(kubeconfig(auth, environ))
    context = str(auth.get("context") or data.get("current-context") or "")
    entry = _named(data, "contexts", context).get("context")
    user = str(entry.get("user") or "") if isinstance(entry, Mapping) else ""
    credentials = _named(data, "users", user).get("user")
    return Origin(files, context, user, credentials if isinstance(credentials, Mapping) else {})


def server(auth: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    """The address of the API server that these options lead to. NoConnectionError where nobody can tell."""
    if auth.get("host"):
        return str(auth["host"])
    if not (auth.get("kubeconfig") or auth.get("context")) and is_pod(environ):
        return f"https://{environ['KUBERNETES_SERVICE_HOST']}:{environ.get('KUBERNETES_SERVICE_PORT') or 443}"
    _files, data = _read(kubeconfig(auth, environ))
    entry = _named(data, "contexts", str(auth.get("context") or data.get("current-context") or "")).get("context")
    name = str(entry.get("cluster") or "") if isinstance(entry, Mapping) else ""
    found = _named(data, "clusters", name).get("cluster")
    return str(found.get("server") or "") if isinstance(found, Mapping) else ""


def place_of(url: str) -> str:
    """An address of an API server in the one way in which a record has it: without what is there by default, and
    without a name and a password; empty for what is none."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port or (80 if parts.scheme == "http" else 443)
    except ValueError:
        return ""
    if not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme or 'https'}://{host}:{port}{parts.path.rstrip('/')}"


def is_pod(environ: Mapping[str, str]) -> bool:
    return bool(environ.get("KUBERNETES_SERVICE_HOST")) and os.path.isfile(_SERVICE_ACCOUNT)


def kubeconfig(auth: Mapping[str, Any], environ: Mapping[str, str]) -> Any:
    """The option, the environment or the usual place; what is empty is not given."""
    return auth.get("kubeconfig") or environ.get("KUBECONFIG") or _DEFAULT


def _read(given: Any) -> tuple[tuple[str, ...], Mapping[str, Any]]:
    """(files, what they say together), as the client merges them: the first of a name counts, the last context."""
    if isinstance(given, Mapping):
        return (), _checked(given, "kubeconfig")
    if "\n" in str(given):
        raise NoConnectionError(f"kubeconfig is text, and has to be a path: write it to a file. {ADVICE}")
    listed = [os.path.expanduser(path) for path in str(given).split(os.pathsep) if path]
    there = [path for path in listed if os.path.exists(path) or path.startswith("/dev/fd/")]
    if not there:
        raise NoConnectionError(f"kubeconfig {' and '.join(listed)} does not exist. {ADVICE}")
    merged: dict[str, Any] = {name: [] for name in _LISTS}
    for path in there:
        data = _parsed(path)
        for name in _LISTS:
            merged[name] += data.get(name) or []
        if data.get("current-context"):
            merged["current-context"] = data["current-context"]
    return tuple(there), merged


def _parsed(path: str) -> Mapping[str, Any]:
    try:
        text = _text_file.read(path, "kubeconfig", MAX_BYTES, ADVICE)
    except RecordError as exc:
        raise NoConnectionError(exc.msg) from exc
    if text.lstrip().startswith("<"):
        raise NoConnectionError(f"kubeconfig {path} is a web page, perhaps that of a login: fetch it anew. {ADVICE}")
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as exc:
        # The parser's own words quote the text, which holds secrets; its place does not.
        mark = getattr(exc, "problem_mark", None)
        place = f", line {mark.line + 1} column {mark.column + 1}" if mark else ""
        raise NoConnectionError(f"kubeconfig {path} is not YAML{place}. {ADVICE}") from None
    return _checked(data, f"kubeconfig {path}")


def _checked(data: Any, shown: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping) or not any(data.get(name) for name in _LISTS):
        raise NoConnectionError(f"{shown} is none: it has no clusters, contexts and users. {ADVICE}")
    for name in _LISTS:
        entries = data.get(name) or []
        if not isinstance(entries, list) or not all(
            isinstance(entry, Mapping) and "name" in entry for entry in entries
        ):
            raise NoConnectionError(f"{shown}: {name} is not a list of entries with a name. {ADVICE}")
    return data


def _named(data: Mapping[str, Any], kind: str, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next((entry for entry in data.get(kind) or [] if entry["name"] == name), {})
    return found


@contextmanager
def listening() -> Iterator[list[str]]:
    """What is logged as an error meanwhile, instead of being printed."""
    said: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield said
    finally:
        root.removeHandler(handler)


def _hidden(words: str, given: Any) -> str:
    """One line of it, without what was given to the plugin and what looks like a token."""
    for value in sorted(_texts(given), key=len, reverse=True):
        words = words.replace(value, "…")
    return _LOOKS_SECRET.sub("…", _secrets.one_line(words)).rstrip(".")


def _texts(given: Any, name: str = "") -> Iterator[str]:
    """Values that are nobody's business: of the environment and the configuration, and arguments."""
    if isinstance(given, Mapping):
        for key, value in given.items():
            yield from _texts(value, str(key))
    elif isinstance(given, list):
        for value in given:
            yield from _texts(value, name)
    elif isinstance(given, str) and len(given) > 3 and name not in ("name", "command", "apiVersion", "installHint"):
        yield given
