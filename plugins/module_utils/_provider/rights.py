# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Providers asked which rights an account lacks, before anything is changed; only a clear no counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._provider.opening import AT_ONCE
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Holder, Missing
from ansible_collections.mtv.teardown.plugins.module_utils._together import together

S = TypeVar("S", bound=Holder)
Lacks = tuple[Sequence[Missing], str]


def asked(sites: Sequence[S], ask: Callable[[S], Lacks]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(rights that are missing, what could not be told of them), as results tell them."""

    def answer(site: S) -> Lacks:
        try:
            return ask(site)
        except ApiError as exc:
            return (), exc.msg

    answers = dict(zip((site.connection.key for site in sites), together(answer, sites, AT_ONCE), strict=True))
    missing = [
        {
            "verb": one.right,
            "resource": one.kind,
            "namespace": None,
            "provider": key,
            "name": one.place,
            "remedy": one.remedy,
        }
        for key, (rights, _error) in answers.items()
        for one in rights
    ]
    return missing, [{"provider": key, "error": text} for key, (_rights, text) in answers.items() if text]


def unread(entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What could not be read, as something that could not be asked for."""
    kept = ("provider", "error", "reason")
    return [{name: entry[name] for name in kept if name in entry} for entry in entries]
