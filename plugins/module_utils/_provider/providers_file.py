# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the C(.providers.json) of mtv-api-tests: how its source providers are reached.

The file is data: nothing in it is imported, evaluated or shown. Shape: an object, key -> C({type, version, fqdn,
api_url, username, password, …}); OpenStack has C(project_name), C(user_domain_name), C(region_name), C(user_domain_id)
and C(project_domain_id) beside them (mtv-api-tests C(.providers.json.example), C(utilities/utils.py)).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _secrets, _text_file
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._session.provider_types import ALIASES, TYPES

MAX_BYTES = 1024 * 1024
_ADVICE = "Give the .providers.json of mtv-api-tests (providers_file, or MTV_TEARDOWN_PROVIDERS_FILE)."


@dataclass(frozen=True, slots=True)
class ProviderEntry:
    """One entry. type: one of TYPES, or empty; values: its texts and booleans, as they stand there; error: what is
    wrong with it, which does not concern the others."""

    key: str
    type: str
    values: Mapping[str, Any] = field(repr=False)  # holds a password
    error: str = ""

    def text(self, name: str) -> str:
        return str(self.values.get(name) or "")


def read(path: str) -> tuple[ProviderEntry, ...]:
    """Read the file. RecordError when it is none; an entry that is wrong says so itself. No value is ever shown."""
    return parse(_text_file.read(path, "providers file", MAX_BYTES, _ADVICE), path)


def parse(text: str, path: str = ".providers.json") -> tuple[ProviderEntry, ...]:
    """Turn the text of the file into entries."""
    try:
        data = json.loads(text)
    except RecursionError as exc:
        raise RecordError(f"{path}: nested too deep to be a providers file. {_ADVICE}") from exc
    except ValueError as exc:
        # The decoder's own words may quote the text, which holds passwords; its place does not.
        place = f", line {exc.lineno} column {exc.colno}" if isinstance(exc, json.JSONDecodeError) else ""
        raise RecordError(f"{path}: not JSON{place}. {_ADVICE}") from None
    _secrets.keep(*_secrets.secrets_in(data))  # also of what is never used, such as the log-in of an ESXi host
    if not isinstance(data, dict):
        raise RecordError(f"{path}: the top level is not an object of providers. {_ADVICE}")
    # JSON has no comments, so people write keys for them.
    return tuple(_entry(str(key), entry, path) for key, entry in data.items() if not str(key).startswith("_"))


def _entry(key: str, entry: Any, path: str) -> ProviderEntry:
    if not isinstance(entry, dict):
        return ProviderEntry(key, "", {}, f"{path}: {key} is not an object.")
    given = entry.get("type")
    kind = ALIASES.get(str(given), given)
    if kind not in TYPES:
        known = ", ".join(TYPES)
        said = f"type {given!r} is none of {known}" if isinstance(given, str) else f"type is missing (one of {known})"
        return ProviderEntry(key, "", {}, f"{path}: {key}: {said}.")
    for name, value in entry.items():
        if name in _TEXTS and not isinstance(value, (str, type(None))):
            return ProviderEntry(key, str(kind), {}, f"{path}: {key}: {name} is not a string.")
    values = dict(entry)
    if values.get("ca_file"):  # beside the file that names it
        values["ca_file"] = os.path.join(os.path.dirname(path), os.path.expanduser(values["ca_file"]))
    return ProviderEntry(key, str(kind), values)


_TEXTS = frozenset(
    {
        "fqdn",
        "api_url",
        "username",
        "password",
        "ca_file",
        "project_name",
        "user_domain_name",
        "region_name",
        "user_domain_id",
        "project_domain_id",
    }
)
