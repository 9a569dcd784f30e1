# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each role's defaults, argument specs and README say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())


def _read(role: str, file: str) -> Any:
    return yaml.safe_load((ROOT / "roles" / role / file).read_text(encoding="utf-8"))


def _options(role: str) -> dict[str, dict[str, Any]]:
    options: dict[str, dict[str, Any]] = _read(role, "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    return options


def test_there_are_roles() -> None:
    assert len(ROLES) == 14


@pytest.mark.parametrize("role", ROLES)
def test_every_option_has_a_default_and_the_other_way_round(role: str) -> None:
    options = _options(role)
    required = {name for name, option in options.items() if option.get("required")}
    assert set(_read(role, "defaults/main.yml")) == set(options) - required


@pytest.mark.parametrize("role", ROLES)
def test_options_carry_the_role_as_prefix(role: str) -> None:
    assert [name for name in _options(role) if not name.startswith(f"{role}_")] == []


def _fallback(value: Any) -> Any:
    """The last default of a template, as YAML would read it; a plain value as it is."""
    if not isinstance(value, str) or "{{" not in value:
        return value
    found = re.findall(r"default\(([^()]*)\)", value)
    return yaml.safe_load(found[-1].removesuffix(", true")) if found else None


@pytest.mark.parametrize("role", ROLES)
def test_defaults_are_those_of_the_specs(role: str) -> None:
    defaults = _read(role, "defaults/main.yml")
    wrong = {}
    for name, option in _options(role).items():
        if "default" not in option:
            continue
        ours = _fallback(defaults[name])
        if ours in ("none", None) or (isinstance(ours, str) and ours.endswith("_result")):
            continue  # what is registered by another role
        if ours != option["default"]:
            wrong[name] = (ours, option["default"])
    assert wrong == {}


@pytest.mark.parametrize("role", ROLES)
def test_readme_names_every_option(role: str) -> None:
    text = (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8")
    assert [name for name in _options(role) if f"`{name}`" not in text] == []


@pytest.mark.parametrize("role", ROLES)
def test_meta(role: str) -> None:
    assert _read(role, "meta/main.yml")["galaxy_info"]["license"] == "GPL-3.0-or-later"
