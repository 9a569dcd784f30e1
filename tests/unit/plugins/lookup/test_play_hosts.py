# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A play that is run or fails: which command lines would pass over it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible import context
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.utils.context_objects import CLIArgs
from ansible_collections.mtv.teardown.plugins.lookup import play_hosts

EMPTY: dict[str, list[str]] = {"all": [], "ungrouped": []}
GROUPS = {"all": ["localhost", "web1", "web2"], "ungrouped": ["localhost"], "web": ["web1", "web2"]}


def hosts(pattern: Any, groups: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch, **arguments: Any) -> list[str]:
    monkeypatch.setattr(context, "CLIARGS", CLIArgs(arguments))
    return play_hosts.LookupModule(loader=DataLoader()).run([pattern], {"groups": groups})


@pytest.mark.parametrize(
    ("pattern", "groups", "limit", "expected"),
    [
        pytest.param("localhost", EMPTY, None, ["localhost"], id="localhost-of-no-inventory"),
        pytest.param("localhost", GROUPS, None, ["localhost"], id="localhost-of-an-inventory"),
        pytest.param("localhost", EMPTY, "localhost", ["localhost"], id="limit-that-leaves-it"),
        pytest.param("web", GROUPS, None, ["web1", "web2"], id="group"),
        pytest.param("web:!web2", GROUPS, None, ["web1"], id="pattern"),
        pytest.param(["web1", "web2"], GROUPS, "web2", ["web2"], id="limit-within"),
    ],
)
def test_hosts(
    pattern: Any, groups: dict[str, list[str]], limit: str | None, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hosts(pattern, groups, monkeypatch, subset=limit) == expected
    # Other tags are the tasks' own matter.
    assert hosts(pattern, groups, monkeypatch, subset=limit, tags=("x",), skip_tags=("y",)) == expected


def test_a_limit_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "limit").write_text("web2\n", encoding="utf-8")
    assert hosts("web", GROUPS, monkeypatch, subset=f"@{tmp_path}/limit") == ["web2"]


@pytest.mark.parametrize(
    ("pattern", "groups", "arguments", "told"),
    [
        pytest.param("nosuch", EMPTY, {}, "no host matches 'nosuch'", id="hosts-of-no-inventory"),
        pytest.param("nosuch", GROUPS, {}, "no host matches 'nosuch'", id="hosts"),
        pytest.param("", GROUPS, {}, "no host matches ''", id="empty"),
        pytest.param(" ", GROUPS, {}, "no host matches ' '", id="blank"),
        pytest.param("all", EMPTY, {}, "no host matches 'all'", id="all-of-none"),
        pytest.param("localhost", EMPTY, {"subset": "nosuch"}, "within --limit 'nosuch'", id="limit"),
        pytest.param("localhost", GROUPS, {"subset": "web"}, "within --limit 'web'", id="limit-to-others"),
        pytest.param("localhost", GROUPS, {"subset": "!localhost"}, "within --limit", id="limit-excludes"),
        pytest.param("localhost", GROUPS, {"subset": "@/absent"}, "/absent", id="limit-in-no-file"),
        pytest.param("localhost", EMPTY, {"start_at_task": "x"}, "--start-at-task 'x'", id="start-at-task"),
        pytest.param("localhost", EMPTY, {"skip_tags": ["always"]}, "--skip-tags always", id="skip-always"),
        pytest.param("localhost", EMPTY, {"skip_tags": ["a", "tagged"]}, "--skip-tags tagged", id="skip-tagged"),
    ],
)
def test_what_would_be_passed_over(
    pattern: str,
    groups: dict[str, list[str]],
    arguments: dict[str, Any],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(AnsibleError) as caught:
        hosts(pattern, groups, monkeypatch, **arguments)
    assert str(caught.value).startswith("Nothing was done: ")
    assert told in str(caught.value)
