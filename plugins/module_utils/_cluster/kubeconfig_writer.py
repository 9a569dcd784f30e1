# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection, whatever it was made from, as a kubeconfig that stands alone."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _credentials
from ansible_collections.mtv.teardown.plugins.module_utils._errors import NoConnectionError

NAME = "mtv.teardown"


def of(configuration: Any, headers: Mapping[str, Any]) -> dict[str, Any]:
    """NoConnectionError for a connection that a kubeconfig cannot say."""
    impossible = {
        "proxy_headers": configuration.proxy_headers,
        "no_proxy": configuration.proxy and configuration.no_proxy,
    }
    named = [name for name, value in impossible.items() if value]
    if named:
        raise NoConnectionError(f"not possible with this connection: no kubeconfig can say {' and '.join(named)}.")
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": NAME,
        "clusters": [{"name": NAME, "cluster": _cluster(configuration)}],
        "users": [{"name": NAME, "user": {**_user(configuration), **_acting(headers)}}],
        "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME}}],
    }


def _cluster(configuration: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"server": configuration.host}
    if not configuration.verify_ssl:
        made["insecure-skip-tls-verify"] = True
    elif configuration.ssl_ca_cert:
        made["certificate-authority-data"] = _content(configuration.ssl_ca_cert, "ca_cert")
    if getattr(configuration, "tls_server_name", None):
        made["tls-server-name"] = configuration.tls_server_name
    if configuration.proxy:
        made["proxy-url"] = configuration.proxy
    return made


def _user(configuration: Any) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if configuration.cert_file:
        made["client-certificate-data"] = _content(configuration.cert_file, "client_cert")
    if configuration.key_file:
        made["client-key-data"] = _content(configuration.key_file, "client_key")
    for setting in configuration.auth_settings().values():
        scheme, _blank, token = _credentials.authorization(str(setting["value"]), "the token").partition(" ")
        if scheme.lower() == "basic":
            user, _colon, secret = base64.b64decode(token).decode("utf-8", "replace").partition(":")
            return {**made, "username": user, "password": secret}
        return {**made, "token": token or scheme}
    if configuration.username and configuration.password:
        secret = _credentials.password(str(configuration.password), "password")
        return {**made, "username": configuration.username, "password": secret}
    return made


def _acting(headers: Mapping[str, Any]) -> dict[str, Any]:
    made = {"as": headers.get("Impersonate-User"), "as-groups": headers.get("Impersonate-Group")}
    return {name: value for name, value in made.items() if value}


def _content(path: str, option: str) -> str:
    try:
        with open(path, "rb") as file:
            return base64.b64encode(file.read()).decode()
    except OSError as exc:
        raise NoConnectionError(f"{option} {path} cannot be read: {exc.strerror}.") from exc


def write(path: str, made: Mapping[str, Any]) -> None:
    """Readable by its owner alone from its first byte on."""
    try:
        if os.path.lexists(path):
            os.unlink(path)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(made, file)
    except OSError as exc:
        raise NoConnectionError(f"{path} cannot be written: {exc.strerror}.") from exc
