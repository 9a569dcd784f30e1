# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an oVirt engine is told: the C(auth) of the ovirt.ovirt collection, C(OVIRT_*), and the C(OVIRT_INI_PATH) of AWX.

AWX gives C(OVIRT_URL), C(OVIRT_USERNAME) and C(OVIRT_PASSWORD), but the CA only in the file (providers.md 4.1). All of
it becomes the options that _provider/connection.py knows.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _credentials, _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._provider import connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.providers_file import ProviderEntry

_ENVIRONMENT = {
    "url": "OVIRT_URL",
    "hostname": "OVIRT_HOSTNAME",
    "username": "OVIRT_USERNAME",
    "password": "OVIRT_PASSWORD",
    "token": "OVIRT_TOKEN",
    "ca_file": "OVIRT_CAFILE",
}
# Of a header in Connection.more; its name is a token of RFC 9110, 5.6.2.
_HEADER = "header."
_NAME = re.compile(r"[A-Za-z0-9!#\$%&'*+.^_`|~-]+")
_OWN = frozenset({"accept", "authorization", "content-length", "content-type", "host", "user-agent", "version"})
_INI = ("url", "username", "password", "ca_file")


def from_options(options: Mapping[str, Any]) -> list[Connection]:
    """The engine that ovirt.ovirt's option C(auth) names, or none when it names none."""
    made = connection.from_options("ovirt", _from_auth(options), more=_kerberos(options))
    return [_with_headers(one, options.get("headers")) for one in made]


def from_entry(entry: ProviderEntry) -> Connection:
    """The address that Forklift is given, which has the path of the engine's API."""
    made = connection.from_entry(entry, entry.text("api_url") or entry.text("fqdn"), _kerberos(entry.values))
    return _with_headers(made, entry.values.get("headers"))


def from_environment(environ: Mapping[str, str]) -> list[Connection]:
    """What a variable says counts before the file; none where neither names an engine."""
    found = _from_ini(environ["OVIRT_INI_PATH"]) if environ.get("OVIRT_INI_PATH") else {}
    found |= {name: environ[variable] for name, variable in _ENVIRONMENT.items() if environ.get(variable)}
    return connection.from_options("ovirt", _from_auth(found), "OVIRT_URL")


def api(made: Connection) -> str:
    """The address of its API."""
    host = f"[{made.host}]" if ":" in made.host else made.host
    return f"https://{host}:{made.port}/ovirt-engine/api"


def by_ticket(made: Connection) -> bool:
    """Whether a Kerberos ticket logs in, as with the SDK's C(kerberos), instead of name and password."""
    return connection.TICKET in made.more


def _kerberos(given: Mapping[str, Any]) -> dict[str, str]:
    return {connection.TICKET: "yes"} if connection.says_yes(given.get("kerberos")) else {}


def headers(made: Connection) -> dict[str, str]:
    """What is sent with every request beside the SDK's own."""
    return {name.removeprefix(_HEADER): text for name, text in made.more.items() if name.startswith(_HEADER)}


def _with_headers(made: Connection, given: Any) -> Connection:
    """RecordError for what no header of HTTP can be."""
    if not given:
        return made
    if not isinstance(given, Mapping):
        raise RecordError(f"provider {made.key}: headers is no object.", entry=made.key)
    _secrets.keep(*_secrets.secrets_in(given))
    wrong = [str(name) for name in given if not _NAME.fullmatch(str(name)) or str(name).lower() in _OWN]
    if wrong:
        told = f"headers: {wrong[0]!r} is no name of a header, or one that the SDK sends itself"
        raise RecordError(f"provider {made.key}: {told}.", entry=made.key)
    where = f"provider {made.key}: headers"
    sent = {f"{_HEADER}{name}": _credentials.header(value, f"{where}: {name}") for name, value in given.items()}
    return replace(made, more={**made.more, **sent})


def for_collection(made: Connection) -> dict[str, Any]:
    """As ovirt.ovirt has them in auth."""
    login: dict[str, Any] = {"username": made.username, "password": made.secret}
    if made.more.get("token"):
        login = {"token": made.more["token"]}
    elif by_ticket(made):
        login = {"kerberos": True}
    ca = {"ca_file": made.ca_file} if made.validate_certs and made.ca_file else {}
    more = {"headers": headers(made)} if headers(made) else {}
    return {"url": api(made), **login, "insecure": not made.validate_certs, **ca, **more}


def _from_auth(options: Mapping[str, Any]) -> dict[str, Any]:
    """url wins over hostname, as there."""
    given = dict(options)
    made = {name: given.get(name) for name in ("username", "password", "token", "ca_file", "port")}
    made["hostname"] = given.get("url") or given.get("hostname")
    insecure = given.get("insecure")
    made["validate_certs"] = not connection.says_yes(insecure)
    return made


def _from_ini(path: str) -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None)  # a password may hold a per cent sign
    try:
        with open(path, encoding="utf-8") as handle:
            parser.read_file(handle)
    except (OSError, UnicodeDecodeError, configparser.Error) as exc:
        # The parser's own words quote the line, which may be that of the password.
        advice = "Give an INI file, or unset it."
        raise RecordError(f"OVIRT_INI_PATH {path} cannot be read ({type(exc).__name__}). {advice}") from None
    if not parser.has_section("ovirt"):
        advice = "Add it, with ovirt_url, ovirt_username and ovirt_password."
        raise RecordError(f"OVIRT_INI_PATH {path} has no section [ovirt]. {advice}")
    section = parser["ovirt"]
    return {name: section[f"ovirt_{name}"] for name in _INI if section.get(f"ovirt_{name}")}
