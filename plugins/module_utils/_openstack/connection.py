# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an OpenStack cloud is reached, as openstacksdk's own loader of configuration tells it.

Options and environment are those of openstack.cloud: C(cloud), C(auth) and more, C(OS_CLOUD), C(OS_CLIENT_CONFIG_FILE),
C(OS_*). AWX writes a file with one cloud of a name of its own (providers.md 4.1), so no name is ever assumed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.mtv.teardown.plugins.module_utils import _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._provider import connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.providers_file import ProviderEntry

AUTH = "auth."
KEYSTONE_PORT = 5000
DAY = 86400
# What an entry of the providers file says about its project, beside address, name and password.
_SCOPE = ("project_name", "user_domain_name", "user_domain_id", "project_domain_name", "project_domain_id")
# What else of a cloud's configuration says where its services are.
_SUFFIXES = ("_endpoint_override", "_service_type", "_service_name", "_interface")
_OPTIONS = {
    "region_name": "region_name",
    "interface": "interface",
    "ca_cert": "cacert",
    "client_cert": "cert",
    "client_key": "key",
    "api_timeout": "api_timeout",
    "auth_type": "auth_type",
}
_KEPT = ("region_name", "interface", "auth_type", "cert", "key", "api_timeout")


def from_entry(entry: ProviderEntry) -> Connection:
    """The address that Forklift is given: that of Keystone."""
    return connection.from_entry(entry, entry.text("api_url") or entry.text("fqdn"), _without_userinfo(_scope(entry)))


def _scope(entry: ProviderEntry) -> dict[str, str]:
    """What Connection.more holds for an entry of the providers file. Its user's domain is the project's, if that has
    none of its own, as in mtv-api-tests."""
    more = {f"{AUTH}{name}": entry.text(name) for name in _SCOPE if entry.text(name)}
    if not any(name in more for name in (f"{AUTH}project_domain_name", f"{AUTH}project_domain_id")):
        for kind in ("name", "id"):
            if f"{AUTH}user_domain_{kind}" in more:
                more[f"{AUTH}project_domain_{kind}"] = more[f"{AUTH}user_domain_{kind}"]
                break
    if not entry.text("project_name"):
        advice = "Add it to that entry of the providers file."
        raise RecordError(f"provider {entry.key}: project_name is missing. {advice}", entry=entry.key)
    name = entry.text("fqdn")
    host = f"[{name}]" if name.count(":") > 1 and not name.startswith("[") else name
    more["auth_url"] = entry.text("api_url") or f"https://{host}:{KEYSTONE_PORT}/v3"
    more["project_name"] = entry.text("project_name")
    if entry.text("region_name"):
        more["region_name"] = entry.text("region_name")
    return more


def from_options(options: Mapping[str, Any]) -> list[Connection]:
    """The cloud that the options name, or none when they name none."""
    given = {name: value for name, value in options.items() if value not in (None, "", {})}
    if not given.get("cloud") and not given.get("auth"):
        return []
    wanted = {key: given[name] for name, key in _OPTIONS.items() if name in given}
    if "validate_certs" in given:
        wanted["verify"] = given["validate_certs"]
    wanted["auth"] = _auth(given.get("auth"))
    cloud = given.get("cloud")
    if isinstance(cloud, str):
        return [_loaded("openstack (options)", {}, cloud=cloud, **wanted)]
    if cloud is not None and not isinstance(cloud, Mapping):
        raise RecordError(f"provider openstack (options): cloud is neither a name nor an object, but {_kind(cloud)}.")
    if cloud:
        inner = {str(name): value for name, value in cloud.items() if name != "auth"}
        wanted = {**inner, **wanted, "auth": {**_auth(cloud.get("auth")), **wanted["auth"]}}
    plain: dict[str, Any] = {"load_envvars": False, "load_yaml_config": False}
    return [_loaded("openstack (options)", plain, **wanted)]


def from_environment(environ: Mapping[str, str]) -> list[Connection]:
    """The cloud that OS_CLOUD, OS_CLIENT_CONFIG_FILE or OS_* name; a clouds.yaml that nothing names is left alone."""
    if environ.get("OS_CLOUD"):
        return [_loaded("openstack (OS_CLOUD)", {}, cloud=environ["OS_CLOUD"])]
    if environ.get("OS_CLIENT_CONFIG_FILE"):
        return [_loaded("openstack (OS_CLIENT_CONFIG_FILE)", {})]
    if environ.get("OS_AUTH_URL"):
        return [_loaded("openstack (OS_AUTH_URL)", {"load_yaml_config": False})]
    return []


def _auth(given: Any) -> dict[str, Any]:
    """The loader makes a text of None."""
    if given is not None and not isinstance(given, Mapping):
        raise RecordError(f"provider openstack (options): auth is no object, but {_kind(given)}.")
    return {str(name): value for name, value in (given or {}).items() if value not in (None, "")}


def _kind(value: Any) -> str:
    return {list: "a list", bool: "yes or no", str: "text"}.get(type(value), "a number")


def _loaded(key: str, how: Mapping[str, Any], /, **wanted: Any) -> Connection:
    """From the loader, which is imported late, for it costs most of a second."""
    try:
        import yaml
        from keystoneauth1 import exceptions as _auth_errors
        from openstack import exceptions as _sdk_errors
        from openstack.config import OpenStackConfig
    except (ImportError, RuntimeError) as exc:  # RuntimeError: there is no home folder
        raise RecordError(
            f"provider {key}: openstacksdk is needed: pip install openstacksdk ({_secrets.one_line(exc)})."
        ) from None
    try:
        config = OpenStackConfig(**how).get_one(**wanted).config
    except (_sdk_errors.SDKException, _auth_errors.ClientException, OSError) as exc:
        _secrets.keep(*_secrets.secrets_in(wanted))
        raise RecordError(f"provider {key}: {_secrets.one_line(exc)}") from None
    except yaml.MarkedYAMLError as exc:  # its own words quote the line, which may be that of the password
        place = f" (line {exc.problem_mark.line + 1})" if exc.problem_mark else ""
        raise RecordError(f"provider {key}: the file of its clouds is no YAML{place}.") from None
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError, yaml.YAMLError) as exc:
        raise RecordError(
            f"provider {key}: what it says does not fit together ({type(exc).__name__}): a cloud and its auth are "
            "objects, and auth_type has to fit auth, such as v3applicationcredential for an application credential."
        ) from None
    if not isinstance(config.get("auth") or {}, Mapping):
        raise RecordError(f"provider {key}: auth is no object.", entry=key)
    auth = {str(name): str(value) for name, value in (config.get("auth") or {}).items() if value is not None}
    if not auth.get("auth_url"):
        advice = "Add it to auth, to the cloud in clouds.yaml, or give OS_AUTH_URL."
        raise RecordError(f"provider {key}: auth_url is missing. {advice}", entry=key)
    more = {f"{AUTH}{name}": value for name, value in auth.items() if name not in ("auth_url", "username", "password")}
    more |= {name: str(config[name]) for name in _KEPT if config.get(name)}
    _check_client(key, more)
    more |= {name: str(value) for name, value in config.items() if value and name.endswith(_SUFFIXES)}
    more |= {"auth_url": auth["auth_url"], "project_name": auth.get("project_name") or auth.get("project_id") or ""}
    at = connection.split_address(auth["auth_url"])
    made = Connection(
        type="openstack",
        key=key,
        host=at.host,
        path=at.path,
        port=at.port or connection.SDK_PORT,
        # Not every way to log in has a user name and a password: openstacksdk says what is missing.
        username=auth.get("username", ""),
        secret=auth.get("password", ""),
        validate_certs=config.get("verify") is not False,
        ca_file=str(config.get("cacert") or ""),
        more=_without_userinfo(more),
    )
    connection.check_address(made)
    return made


def _check_client(key: str, more: Mapping[str, str]) -> None:
    for name in ("cert", "key"):
        if more.get(name) and not os.path.isfile(more[name]):
            raise RecordError(f"provider {key}: client_{name} {more[name]} does not exist.", entry=key)
    if more.get("key") and not more.get("cert"):
        raise RecordError(f"provider {key}: client_key needs client_cert.", entry=key)
    if more.get("api_timeout") and not silence(more.get("api_timeout", "")):
        raise RecordError(f"provider {key}: api_timeout {more['api_timeout']!r} is no number of seconds.", entry=key)


def silence(text: str) -> float:
    """Seconds that a cloud may take for an answer, by its api_timeout; 0 where that says nothing that can be used."""
    try:
        seconds = float(text or 0)
    except ValueError:
        return 0.0
    return seconds if 0 < seconds <= DAY else 0.0


def settings(made: Connection) -> dict[str, Any]:
    """The configuration of a cloud, as openstacksdk has it."""
    more = made.more
    auth = {name.removeprefix(AUTH): value for name, value in more.items() if name.startswith(AUTH)}
    auth |= {"auth_url": more.get("auth_url", "")}
    auth |= {"username": made.username} if made.username else {}
    auth |= {"password": made.secret} if made.secret else {}
    rest = {
        name: value
        for name, value in more.items()
        if not name.startswith(AUTH) and name not in ("auth_url", "project_name", "api_timeout")
    }
    ca = {"cacert": made.ca_file} if made.ca_file else {}
    return {**rest, "auth": auth, "verify": made.validate_certs, **ca}


def for_collection(made: Connection) -> dict[str, Any]:
    """As openstack.cloud has them in cloud; nothing else may add to them."""
    return {**settings(made), "load_envvars": False, "load_yaml_config": False}


def _without_userinfo(more: Mapping[str, str]) -> dict[str, str]:
    """auth_url without a name and a password: errors of the SDK quote it."""
    parts = urlsplit(more["auth_url"])
    return {**more, "auth_url": parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()}
