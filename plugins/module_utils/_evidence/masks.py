# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written of objects, events and logs holds no secret, known or not: the rule for texts is _secrets.masked, and
this is the one for data. Pure.

Secrets and ConfigMaps keep the names of their data alone, environments the names of their variables, and whatever has
the name of a secret is hidden; what looks like one is hidden in every other text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._secrets import HIDDEN

# Data of anybody's making: it may hold whole files, such as a kubeconfig or what cloud-init does with a password.
_FREE = re.compile(
    r"(data|stringData|binaryData|userData(Base64)?|networkData(Base64)?|extraHeaders|sysprep|kubeconfig|playbook)\Z",
    re.IGNORECASE,
)
# What the server keeps for itself, and copies of a whole object that a client has put into a text.
_LEFT_OUT = re.compile(r"managedFields\Z|.*/.*applied", re.IGNORECASE)
# Under the name of a secret these say which one is meant, and not what is in it.
_REFERENCE = frozenset(
    {"name", "namespace", "kind", "apiVersion", "key", "optional", "secretName", "items", "path", "mode"}
)
# So deep is no object that means something, and to go deeper could fail.
_DEEPEST = 60
_OPTION = re.compile(r"--?[\w.-]+\Z")


def of_object(body: Mapping[str, Any]) -> dict[str, Any]:
    """A whole object of Kubernetes. Of a Secret not even annotations: tools put copies of the data there."""
    if body.get("kind") != "Secret":
        told = {name: held for name, held in body.items() if name != "immutable"}
        return masked(told)  # type: ignore[no-any-return]
    meta = body.get("metadata")
    kept = {name: held for name, held in meta.items() if name != "annotations"} if isinstance(meta, Mapping) else {}
    return masked({"apiVersion": body.get("apiVersion"), "kind": "Secret", "metadata": kept})  # type: ignore[no-any-return]


def masked(value: Any, secret: bool = False, depth: int = 0) -> Any:
    """Data of any shape, as plain data. secret: it stands under the name of one."""
    if depth > _DEEPEST:
        return HIDDEN
    if isinstance(value, Mapping):
        return {
            _name(name): _held(str(name), held, secret, depth + 1)
            for name, held in value.items()
            if not _LEFT_OUT.match(str(name))
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        return _each(list(value), secret, depth + 1)
    if value is None or isinstance(value, bool):
        return value
    if secret:
        return HIDDEN if value != "" else ""
    return value if isinstance(value, (int, float)) else _text(str(value))


def _held(name: str, held: Any, secret: bool, depth: int) -> Any:
    if name == "env":
        return _environment(held, depth)
    if _FREE.match(name) and held:
        return {_name(key): HIDDEN for key in held} if isinstance(held, Mapping) else HIDDEN
    if secret and name in _REFERENCE:
        return masked(held, depth=depth)
    return masked(held, secret or _secrets.is_name_of_one(name), depth)


def _environment(variables: Any, depth: int) -> Any:
    """Names, and references; never a value."""
    if not isinstance(variables, list):
        return HIDDEN
    told = []
    for one in variables:
        one = one if isinstance(one, Mapping) else {}
        told.append({key: HIDDEN if key == "value" else masked(held, depth=depth) for key, held in one.items()})
    return told


def _each(values: list[Any], secret: bool, depth: int) -> list[Any]:
    """Of a command line the value behind an option with the name of a secret, too; of name and value in two fields the
    value."""
    told: list[Any] = []
    before = ""
    for one in values:
        named = str(one.get("name") or one.get("key") or "") if isinstance(one, Mapping) and "value" in one else ""
        hidden = secret or bool(_OPTION.match(before) and _secrets.is_name_of_one(before))
        if named and _secrets.is_name_of_one(named):
            told.append({**masked(one, depth=depth), "value": HIDDEN})
        else:
            told.append(masked(one, hidden, depth))
        before = one if isinstance(one, str) else ""
    return told


def _name(key: object) -> str:
    return _secrets.masked(whole(str(key)))


def whole(text: str) -> str:
    """Without halves of surrogates, which nothing can write."""
    return text.encode("utf-8", "replace").decode()


def _text(value: str) -> str:
    """Text that is JSON by the rule for data, for it may be a whole object."""
    if value.lstrip()[:1] in ("{", "["):
        try:
            return json.dumps(masked(json.loads(value)), ensure_ascii=False)
        except (ValueError, RecursionError):
            pass
    return _secrets.masked(whole(value))
