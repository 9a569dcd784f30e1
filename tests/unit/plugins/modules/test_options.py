# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every option of every module that is on or off, or a number: what is neither ends it before anything is asked."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC
from ansible_collections.mtv.teardown.plugins.module_utils._run import module as _module
from ansible_collections.mtv.teardown.plugins.module_utils._run import providers

ROOT = Path(__file__).resolve().parents[4]
# Those that work on a session.
MODULES = sorted(
    path.stem
    for path in (ROOT / "plugins/modules").glob("*.py")
    if "mtv.teardown._session" in path.read_text(encoding="utf-8")
)
BAD = {"bool": ["maybe", "", "ja", 2, "none", [], {}], "int": ["soon", "1.5", -1, 10**9], "float": ["soon", -1]}
BAD["float"] += ["nan", "inf", 10**9]


class _CaughtError(Exception):
    """Carries the spec of a module."""


def spec_of(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    def catch(argument_spec: Mapping[str, Any], **_more: Any) -> None:
        raise _CaughtError(argument_spec)

    module = importlib.import_module(f"ansible_collections.mtv.teardown.plugins.modules.{name}")
    with monkeypatch.context() as patched:
        for place in (_module, providers):
            patched.setattr(place, "Module", catch)
        with pytest.raises(_CaughtError) as caught:
            module.main()
    return dict(caught.value.args[0])


def typed(spec: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str, str]]:
    for name, option in spec.items():
        if name in AUTH_ARG_SPEC and not above:
            continue
        if option.get("type") in BAD:
            yield above, name, option["type"]
        if option.get("type") == "dict" and not above:
            yield from typed(option.get("options") or {}, name)


def test_every_number_has_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(MODULES) >= 10
    found = {
        n
        for m in (*MODULES, "must_gather")
        for _a, n, kind in typed(spec_of(m, monkeypatch))
        if kind in ("int", "float")
    }
    assert found == set(_module.LIMITS)


@pytest.mark.parametrize("name", MODULES)
def test_garbage(name: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    module = importlib.import_module(f"ansible_collections.mtv.teardown.plugins.modules.{name}")
    options = list(typed(spec_of(name, monkeypatch)))
    assert len(options) >= (0 if name == "journal" else 2)
    asked = [(above, option, value) for above, option, kind in options for value in BAD[kind]]
    asked += [
        ("", option, 0) for above, option, kind in options if kind == "int" and not above and _module.LIMITS[option][0]
    ]
    for above, option, value in asked:
        given = {above: {option: value}} if above else {option: value}
        with (
            patch_module_args({"session_prefix": "auto-ci01", "resources_file": "", **given}),
            pytest.raises(SystemExit),
        ):
            module.main()
        told = json.loads(capfd.readouterr().out)
        assert told.get("failed"), (option, value, told)
        assert option in told["msg"], (option, value, told["msg"])


@pytest.mark.parametrize("name", MODULES)
def test_unknown_keys(name: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    module = importlib.import_module(f"ansible_collections.mtv.teardown.plugins.modules.{name}")
    nested = [key for key in ("vsphere", "ovirt", "openstack") if key in spec_of(name, monkeypatch)]
    for given in ({"hostnam": "x"}, *({key: {"validate_cert": False}} for key in nested)):
        with patch_module_args({"session_prefix": "auto-ci01", **given}), pytest.raises(SystemExit):
            module.main()
        assert "nsupported parameters" in json.loads(capfd.readouterr().out)["msg"]
