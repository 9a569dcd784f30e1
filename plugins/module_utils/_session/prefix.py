# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The prefix of a session: whether it is usable, what it matches, how it is found in a record.

mtv-api-tests names a session C(auto-) and four characters of a lower-cased short UUID
(C(conftest.py: session_uuid)); every name it makes is that prefix, or that prefix, C(-) and more.
Over-long names are cut to their LAST 63 characters (C(utilities/resources.py)), so the prefix may be gone.
A prefix of another shape may be the name of anything, such as rook-ceph: it takes a pattern that the site has set, and
then its name alone proves nothing (C(name_only.py)).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError

MIN_LENGTH = 6
CUT_LENGTH = 63
_USABLE = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])")
_SHAPE = re.compile(r"auto-[a-z0-9]{4}")
_SUITE = re.compile(r"^(auto-[a-z0-9]{4})(?:-|\Z)")
# Words that begin names on every cluster: a prefix of one of them would own what is not the session's.
PROTECTED_WORDS = (
    "cluster",
    "default",
    "forklift",
    "konveyor",
    "kube",
    "kubernetes",
    "kubevirt",
    "migration",
    "openshift",
    "openshift-cnv",
    "openshift-mtv",
    "system",
)


def check(prefix: str, pattern: str = "") -> str:
    """Return the prefix, or raise RecordError when it could match what is not one session's.

    pattern: regular expression of the prefixes that a site has beside the suite's.
    """
    text = prefix.strip()
    if not text:
        raise RecordError("session_prefix is empty: an empty prefix would match everything.")
    if any(char in text for char in "*?[]%"):
        raise RecordError(f"session_prefix {text!r} is a pattern; give one session's prefix, such as auto-ab12.")
    if len(text) < MIN_LENGTH:
        raise RecordError(f"session_prefix {text!r} is too short: at least {MIN_LENGTH} characters, such as auto-ab12.")
    if len(text) > 50 or not _USABLE.fullmatch(text):
        raise RecordError(
            f"session_prefix {text!r} cannot begin a Kubernetes name (a-z, 0-9 and -, at most 50 characters)."
        )
    if is_protected(text) or text in PROTECTED_WORDS:
        raise RecordError(f"session_prefix {text!r} is a protected word: it names parts of the cluster itself.")
    if not is_suites(text):
        _allow(text, pattern)
    return text


def is_suites(prefix: str) -> bool:
    """True for the shape that mtv-api-tests gives: only there is a name an evidence."""
    return bool(_SHAPE.fullmatch(prefix))


def _allow(text: str, pattern: str) -> None:
    """Raise RecordError unless the site's pattern says that this is a session's prefix."""
    if not pattern:
        raise RecordError(
            f"session_prefix {text!r} is not the prefix of a session of mtv-api-tests (auto- and four of a-z and 0-9, "
            "such as auto-ab12). Where sessions are named otherwise, the site's inventory says how: "
            "session_prefix_pattern (mtv_teardown_session_prefix_pattern), a regular expression for the whole prefix."
        )
    try:
        allowed = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as exc:
        raise RecordError(f"session_prefix_pattern {pattern!r} is not a regular expression: {exc}.") from exc
    for other in ("", "kube-system", "openshift-mtv", *PROTECTED_WORDS, _another(text)):
        if other != text and allowed.fullmatch(other):
            raise RecordError(
                f"session_prefix_pattern {pattern!r} allows too much: {other!r} matches it, too. Give it text of its "
                "own, such as nightly-[a-z0-9]{4}."
            )
    if not allowed.fullmatch(text):
        raise RecordError(f"session_prefix {text!r} does not match session_prefix_pattern {pattern!r}.")


def _another(text: str) -> str:
    """A word of the same form with none of its letters: a pattern with text of its own does not match it."""
    letters, digits = "abcdefghijklmnopqrstuvwxyz", "0123456789"
    return text.translate(str.maketrans(letters + digits, letters[13:] + letters[:13] + digits[5:] + digits[:5]))


def is_protected(namespace: str) -> bool:
    """True for namespaces that belong to the cluster and are never deleted."""
    return namespace in ("default", "openshift", "konveyor-forklift") or namespace.startswith(("kube-", "openshift-"))


def matches(prefix: str, name: str) -> bool:
    """True when name is the prefix or begins with prefix and C(-): auto-ab1 does not match auto-ab12-x."""
    return bool(prefix) and (name == prefix or name.startswith(prefix + "-"))


def of_other_session(prefix: str, name: str) -> bool:
    """True when the name carries the suite's prefix of another session."""
    found = _SUITE.match(name)
    return bool(found) and not matches(prefix, name)


def may_be_cut(name: str) -> bool:
    """True when the suite may have cut the prefix off this name."""
    return len(name) == CUT_LENGTH


def derive(names: Iterable[str], source: str) -> str:
    """The one prefix that the names of a record allow; RecordError when there is none or several."""
    found = sorted({match.group(1) for name in names if (match := _SUITE.match(name))})
    if len(found) == 1:
        return found[0]
    if not found:
        raise RecordError(f"{source}: no name in it carries a session's prefix; give session_prefix.")
    raise RecordError(
        f"{source}: names of {len(found)} sessions ({', '.join(found[:5])}); give session_prefix to say which."
    )


def agree(prefix: str, names: Iterable[str], source: str) -> None:
    """Raise RecordError when a given prefix contradicts the record."""
    listed = list(names)
    if not listed or any(matches(prefix, name) for name in listed):
        return
    found = sorted({match.group(1) for name in listed if (match := _SUITE.match(name))})
    if found:
        raise RecordError(f"session_prefix {prefix!r} contradicts {source}: its names are of {', '.join(found[:5])}.")
    if not any(may_be_cut(name) for name in listed):
        raise RecordError(f"session_prefix {prefix!r} contradicts {source}: no name in it carries that prefix.")
