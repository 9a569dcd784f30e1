# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the playbooks check before anything is asked is what roles and modules take."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mtv.teardown.plugins.module_utils._run import module, registry

ROOT = Path(__file__).resolve().parents[2]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
TASKS = [*(ROOT / "playbooks").rglob("*.yml"), *(ROOT / "roles").glob("*/tasks/*.yml")]
KNOWN: dict[str, Any] = yaml.safe_load((ROOT / "playbooks/tasks/options.yml").read_text(encoding="utf-8"))[0]["vars"]
SPECS = {kind: provider.spec for kind, provider in registry.PROVIDERS.items()}
# Dicts whose keys are nobody's options: what other roles registered, what a server or a cloud calls them.
FREE = re.compile(r"(_session|_targets|_phases|_unopened|_run|_result|_artifacts|_url_headers|_look_cluster)$")


def _options(role: str) -> dict[str, dict[str, Any]]:
    found = yaml.safe_load((ROOT / "roles" / role / "meta/argument_specs.yml").read_text(encoding="utf-8"))
    options: dict[str, dict[str, Any]] = found["argument_specs"]["main"]["options"]
    return options


def test_every_variable_is_known_to_the_playbooks() -> None:
    sources = [*TASKS, *(ROOT / "roles").glob("*/defaults/*.yml")]
    named = {n for path in sources for n in re.findall(r"\bmtv_teardown_[a-z_]+", path.read_text(encoding="utf-8"))}
    listed = [name for key in ("__switches", "__limits", "__texts", "__artifacts") for name in KNOWN[key]]
    assert len(listed) == len(set(listed))
    assert named == set(listed)


@pytest.mark.parametrize("role", ROLES)
def test_what_a_role_takes_is_checked_as_what_it_is(role: str) -> None:
    defaults = yaml.safe_load((ROOT / "roles" / role / "defaults/main.yml").read_text(encoding="utf-8"))
    for name, option in _options(role).items():
        shared = re.fullmatch(r"\{\{ (mtv_teardown_\w+) \| default\([^()]*\) \}\}", str(defaults.get(name, "")))
        if shared:
            kind = {"bool": "__switches", "int": "__limits", "float": "__limits"}.get(option["type"])
            assert (shared[1] in KNOWN["__switches"]) == (kind == "__switches"), name
            assert (shared[1] in KNOWN["__limits"]) == (kind == "__limits"), name


def test_limits_are_those_of_the_modules() -> None:
    for name, limits in KNOWN["__limits"].items():
        option = name.removeprefix("mtv_teardown_").replace("verify_timeout", "wait_timeout").removeprefix("evidence_")
        option = option.replace("lease_wait", "wait_seconds").removeprefix("lease_")
        assert tuple(limits) == module.LIMITS.get(option, (1, module.DAY)), name


def test_no_text_is_taken_for_no() -> None:
    """The filter takes whatever it does not know for false, and y and t too."""
    wrong = [path for path in TASKS if re.search(r"\|\s*(ansible\.builtin\.)?bool\b", path.read_text(encoding="utf-8"))]
    assert wrong == []


@pytest.mark.parametrize("role", ROLES)
def test_dicts_say_what_may_stand_in_them(role: str) -> None:
    open_ = [n for n, o in _options(role).items() if "dict" in (o["type"], o.get("elements")) and "options" not in o]
    assert [name for name in open_ if not FREE.search(name)] == []


@pytest.mark.parametrize("role", ROLES)
def test_connections_are_those_of_the_modules(role: str) -> None:
    for kind, spec in SPECS.items():
        option = _options(role).get(f"{role}_{kind}")
        if option is not None:
            told = {name: (o["type"], o.get("choices")) for name, o in option["options"].items()}
            assert told == {name: (o["type"], o.get("choices")) for name, o in spec.items()}
            hidden = {name for name, o in option["options"].items() if o.get("no_log")}
            assert hidden == {name for name, o in spec.items() if o.get("no_log")}


def _set_by(tasks: list[dict[str, Any]]) -> set[str]:
    """What these tasks, and those of their blocks, register or set."""
    found: set[str] = set()
    for task in tasks:
        found |= {task["register"]} if "register" in task else set()
        found |= set(task.get("ansible.builtin.set_fact", ()))
        found |= _set_by([inner for key in ("block", "rescue", "always") for inner in task.get(key, ())])
    return found


def test_what_one_run_found_is_nothing_to_the_next() -> None:
    """Ansible keeps it for all plays of a process: what others than its own role or file may read is set anew at the
    beginning of a run."""
    begun = yaml.safe_load((ROOT / "playbooks/tasks/begin.yml").read_text(encoding="utf-8"))[0]
    texts = {p: p.read_text(encoding="utf-8") for p in [*TASKS, *(ROOT / "roles").glob("*/defaults/*.yml")]}
    read_elsewhere = set()
    for path in TASKS:
        own = path.parents[1] if "roles" in path.parts else path
        others = [text for other, text in texts.items() if not other.is_relative_to(own)]
        tasks = yaml.safe_load(texts[path]) if "tasks" in path.parts else []
        read_elsewhere |= {n for n in _set_by(tasks) if any(re.search(rf"\b{n}\b", text) for text in others)}
    assert {"session_found", "verify_result", "undo_result"} <= read_elsewhere
    # That one is set anew by the first task of the playbooks that read it.
    assert read_elsewhere - set(begun["ansible.builtin.set_fact"]) == {"__mtv_verdicts"}
