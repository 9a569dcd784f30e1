# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The secrets that this process has met, and the one way to take them out of a text.

Whoever meets a secret keeps it here: the options before a module says anything, a connection when it is made, a token
when it is sent. Every text of a library or a server goes through without() before anybody sees it.
"""

from __future__ import annotations

import html
import json
import re
import threading
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, quote_plus

HIDDEN = "***"
# Shorter ones stand in many a word: to blot them out would tell more than it hides.
_SHORTEST = 3
_SHORTEST_LINE = 8
_NAME = r"passw|passcode|passphrase|secret|token|credential|authorization|api.?key|private.?key|key.?data|basic.?auth"
_NAMED = re.compile(_NAME, re.IGNORECASE)
_FILE = re.compile(r"(file|path|endpoint|url|name|id)\Z", re.IGNORECASE)
# In JSON, in YAML and in lines of name=value.
_WRITTEN = re.compile(
    rf"""(?:["'][\w.-]*(?:{_NAME})[\w.-]*["']|^[\s-]*[\w.-]*(?:{_NAME})[\w.-]*)\s*[:=]\s*"""
    r"""("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,}\]\[{][^\s,}\]]*)""",
    re.IGNORECASE | re.MULTILINE,
)
_IN_URL = re.compile(r"://[^\s/:@'\"]*:([^\s'\"]+)@")
_URL_USER = re.compile(r"://[^\s'\"<>]*@")
# In texts that others have written for themselves, such as logs, further names under which something secret stands; and
# which end says that only its name or its place does.
_MORE = r"cookie|session.?(?:id|key)|soap.?session|signature|pwd|ticket|(?<![a-z])(?:pass|pw|sig)(?![a-z])|access.?key"
_LOOSE = re.compile(rf"{_NAME}|{_MORE}", re.IGNORECASE)
_SESSION = re.compile(r"session.?id\Z", re.IGNORECASE)
_ONLY_NAMES = re.compile(r"(file|path|endpoint|url|names?|id|ref)\Z", re.IGNORECASE)
_WORD = rf"(?:{_NAME}|{_MORE})[\w.-]{{0,80}}"
# What looks like a secret wherever it stands: keys, headers, tokens.
_LOOKS = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), told)
    for pattern, told in (
        (r"-----BEGIN[A-Z ]*PRIVATE KEY-----.*?(?:-----END[A-Z ]*PRIVATE KEY-----|\Z)", HIDDEN),
        (r"""(authorization\\*["']?\s*[:=]\s*)(?:\[?\\*"[^"\n]*"|\[?'[^'\n]*'|[^\n]*)""", rf"\1{HIDDEN}"),
        (r"\b(bearer|basic|negotiate)\s+[\w.~+/=-]{6,}", rf"\1 {HIDDEN}"),
        (r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?|\bsha256~[\w-]+", HIDDEN),
    )
)
_SUSPECT = re.compile(r"://|PRIVATE KEY|bearer|basic|negotiate|\beyJ|sha256~", re.IGNORECASE)
_VALUE = re.compile(
    rf"""(?P<name>{_WORD})(?P<is>\\*["']?\s*(?:[:=]>?|=>)\s*)"""
    r"""(?:\\+"(?:.*?)\\+"|"(?:[^"\\]|\\.)*"|'[^']*'|[|>][+-]?[ \t]*\n(?:[ \t]+[^\n]*(?:\n|\Z))+"""
    r"""|(?<==)[^\s,;&}\])"'{\[]+|(?<!=)[^\s,;&}\])"'{\[][^\n,;&}\])"']*)""",
    re.IGNORECASE,
)
_ARGUMENT = re.compile(rf"""(?<![\w-])(--?[\w.-]{{0,40}}{_WORD}\s+)("[^"]*"|'[^']*'|[^\s"'-]\S*)""", re.IGNORECASE)
# What is told by others, or about what others did; the rest of a result are names and ids, which have to stay whole.
_TOLD = frozenset({"msg", "error", "reason", "message", "next_step", "summary", "warnings", "text", "exception"})
_VARIABLES = ("K8S_AUTH_", "VMWARE_", "OVIRT_", "OS_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")

_lock = threading.Lock()


class Known(NamedTuple):
    """Secrets that were met, and their forms, the longest first."""

    met: frozenset[str] = frozenset()
    forms: tuple[str, ...] = ()


_known = Known()


def keep(*secrets: object) -> None:
    """From now on these are in no text."""
    global _known
    with _lock:
        new = _texts(secrets) - _known.met
        if new:  # a token is met again at each request
            found = sorted({*_known.forms, *forms(new)}, key=lambda one: (-len(one), one))
            _known = Known(_known.met | new, tuple(found))


def forms(secrets: Iterable[object]) -> set[str]:
    """Each as it may stand in a text: as it is, quoted by Python, JSON, a URL or XML, in one line, and line by line."""
    found: set[str] = set()
    for text in _texts(secrets):
        safe = text.encode("utf-8", "replace").decode()
        found |= {text, text.strip(), " ".join(text.split()), repr(text)[1:-1], repr(safe.encode())[2:-1]}
        found |= {json.dumps(text)[1:-1], quote(safe, safe=""), quote_plus(safe), html.escape(safe)}
        found |= {line.strip() for line in text.splitlines() if len(line.strip()) >= _SHORTEST_LINE}
    return {one for one in found if len(one) >= _SHORTEST}


def _texts(secrets: Iterable[object]) -> set[str]:
    return {str(one) for one in secrets if one not in (None, "") and not isinstance(one, bool)}


def secrets_in(value: Any) -> set[str]:
    """The secrets in options, a configuration or a text, by the names under which they stand; and those in URLs."""
    if isinstance(value, Mapping):
        return {
            secret for name, held in value.items() for secret in (_held(str(name), held) or secrets_in(held)) if secret
        }
    if isinstance(value, (list, tuple)):
        return {secret for one in value for secret in secrets_in(one)}
    if not isinstance(value, str) or not ("\n" in value or "{" in value or "://" in value):
        return set()
    written = {found.strip("\"'") for found in _WRITTEN.findall(value)} if "\n" in value or "{" in value else set()
    return written | set(_IN_URL.findall(value))


def in_environment(environ: Mapping[str, str]) -> set[str]:
    """The secrets among the variables that this collection, its libraries and the credentials of AWX read."""
    return secrets_in({name: value for name, value in environ.items() if name.upper().startswith(_VARIABLES)})


def names_in(texts: Mapping[str, str]) -> list[str]:
    """The names of these under which a secret stands."""
    return [name for name, held in texts.items() if held and _held(name, held)]


def _held(name: str, held: Any) -> set[str]:
    """What stands under this name, when that is the name of a secret; the place of an object is no name."""
    plain = isinstance(held, (str, int, float)) and not isinstance(held, bool)
    is_named = "/" not in name and _NAMED.search(name) and not _FILE.search(name)
    return {str(held)} if plain and is_named else set()


def without(what: object) -> str:
    """The text with all that is known taken out, and the users of URLs."""
    text = str(what)
    for secret in _known.forms:
        text = text.replace(secret, HIDDEN)
    return _URL_USER.sub(f"://{HIDDEN}@", text)


def is_name_of_one(name: str) -> bool:
    """Whether what stands under this name in data or a text of others is secret. Too much is hidden rather than too
    little."""
    return bool(_LOOSE.search(name) and (_SESSION.search(name) or not _ONLY_NAMES.search(name)))


def is_suspect(text: str) -> bool:
    """Whether masked() may find something; quickly."""
    return bool(_LOOSE.search(text) or _SUSPECT.search(text))


def masked(what: object) -> str:
    """A text of others, such as a log, without what is known, and without what looks like a secret."""
    text = without(what)
    for looks, told in _LOOKS:
        text = looks.sub(told, text)
    text = _ARGUMENT.sub(lambda found: f"{found[1]}{HIDDEN}", text)
    return _VALUE.sub(_masked_value, text)


def _masked_value(found: re.Match[str]) -> str:
    return f"{found['name']}{found['is']}{HIDDEN}" if is_name_of_one(found["name"]) else found[0]


def one_line(what: object, limit: int = 300) -> str:
    """One line of what somebody says, such as an exception of a library, without secrets; never empty."""
    return " ".join(without(what).split())[:limit] or type(what).__name__


def shown(result: Any, told: bool = False) -> Any:
    """A result in which whatever is told, by a server or a library, holds no secret."""
    if isinstance(result, Mapping):
        return {name: shown(held, told or name in _TOLD) for name, held in result.items()}
    if isinstance(result, (list, tuple)):
        return [shown(one, told) for one in result]
    return without(result) if told and isinstance(result, str) else result
