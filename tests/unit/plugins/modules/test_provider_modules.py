# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules of source providers through their real main(), without a provider."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.mtv.teardown.plugins.module_utils._provider import teardown
from ansible_collections.mtv.teardown.plugins.module_utils._run import providers as _providers
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record
from ansible_collections.mtv.teardown.tests.unit.plugins import impatience

MODULES = {
    "vsphere_clones": "vsphere",
    "ovirt_clones": "ovirt",
    "openstack_clones": "openstack",
    "volume_snapshots": "openstack",
    "provider_clones": "vsphere",
}
LISTS = ("deleted", "absent", "refused", "remaining", "unreadable")


class Runner:
    """Runs a module's main() with these options."""

    def __init__(self, capfd: pytest.CaptureFixture[str], folder: Path) -> None:
        self._capfd, self._folder = capfd, folder

    def run(self, name: str, **options: Any) -> dict[str, Any]:
        module = importlib.import_module(f"ansible_collections.mtv.teardown.plugins.modules.{name}")
        with (
            patch_module_args({"session_prefix": "auto-ci01", "resources_file": "", **options}),
            pytest.raises(SystemExit),
        ):
            module.main()
        self.output = self._capfd.readouterr().out
        found: dict[str, Any] = json.loads(self.output)
        return found

    def file(self, name: str, content: Any) -> str:
        path = self._folder / name
        path.write_text(json.dumps(content), encoding="utf-8")
        return str(path)


@pytest.fixture
def runner(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    for name in (
        "VMWARE_HOST",
        "OVIRT_URL",
        "OVIRT_HOSTNAME",
        "OVIRT_INI_PATH",
        "OS_CLOUD",
        "OS_AUTH_URL",
        "OS_CLIENT_CONFIG_FILE",
    ):
        monkeypatch.delenv(name, raising=False)
    impatience.set_up(monkeypatch)
    return Runner(capfd, tmp_path)


@pytest.mark.parametrize("name", MODULES)
def test_nothing_is_configured_and_nothing_is_named(name: str, runner: Runner) -> None:
    result = runner.run(name)
    assert not result.get("failed") and result["changed"] is False
    assert {key: result[key] for key in LISTS} == {key: [] for key in LISTS}


@pytest.mark.parametrize(("name", "kind"), MODULES.items())
def test_a_type_that_is_named_has_to_be_configured(name: str, kind: str, runner: Runner) -> None:
    record = runner.file("resources.json", {kind: [{"name": "auto-ci01-rhel8"}]})
    result = runner.run(name, resources_file=record)
    assert result["failed"] and "no provider of that type is configured" in result["msg"]
    told = runner.run(name, resources_file=record, fail_on_remaining=False)
    assert not told.get("failed") and [entry["api_version"] for entry in told["unreadable"]] == [kind]


@pytest.mark.parametrize(("name", "kind"), MODULES.items())
def test_an_entry_that_is_wrong_is_named_without_its_password(name: str, kind: str, runner: Runner) -> None:
    entries = {
        "bad": {"type": kind, "fqdn": "h", "api_url": "https://h", "password": "hush-hush"},
        "odd": {"type": "kvm"},
    }
    result = runner.run(name, providers_file=runner.file("providers.json", entries), fail_on_remaining=False)
    told = {entry["provider"]: entry["error"] for entry in result["unreadable"]}
    assert set(told) == {"bad", "odd"} and "is missing" in told["bad"]
    assert "hush" not in runner.output


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("content", ["{", "[]"])
def test_what_is_no_providers_file_ends_it(name: str, content: str, runner: Runner, tmp_path: Path) -> None:
    file = tmp_path / "providers.json"
    file.write_text(content, encoding="utf-8")
    result = runner.run(name, providers_file=str(file))
    assert result["failed"] and "providers.json" in result["msg"]


def test_only_the_secrets_of_a_cloud_are_hidden(runner: Runner) -> None:
    """A project of two letters must not blot out every name that holds them."""
    auth = {"auth_url": "http://127.0.0.1:1/ci/v3", "username": "ci", "project_name": "ci", "password": "hush-hush"}
    for given in ({"auth": auth}, {"cloud": {"auth": auth}}):
        result = runner.run("openstack_clones", fail_on_remaining=False, **given)
        assert "hush" not in runner.output
        assert "/ci/v3" in result["unreadable"][0]["error"]


def test_volume_snapshots_take_their_cloud_either_way(runner: Runner) -> None:
    auth = {"auth_url": "http://127.0.0.1:1/v3", "username": "ci", "project_name": "ci", "password": "hush-hush"}
    for given in ({"auth": auth}, {"openstack": {"auth": auth}}):
        result = runner.run("volume_snapshots", fail_on_remaining=False, **given)
        assert [entry["provider"] for entry in result["unreadable"]] == ["openstack (options)"]
        assert "hush" not in runner.output
    both = runner.run("volume_snapshots", openstack={"auth": auth}, cloud="ci")
    assert both["failed"] and "mutually exclusive" in both["msg"]


@pytest.mark.parametrize(("name", "option"), [("vsphere_clones", "hostname"), ("ovirt_clones", "url")])
def test_a_password_in_an_address_is_hidden(name: str, option: str, runner: Runner) -> None:
    for address in ("https://u:hush-hush@[fd00::1", "https://u:hush-hush@127.0.0.1:1"):
        runner.run(name, fail_on_remaining=False, username="u", password="p", **{option: address})
        assert "hush" not in runner.output


@pytest.mark.parametrize("reason", ["NoAnswer", "LoginRefused"])
@pytest.mark.parametrize("name", ["vsphere_clones", "ovirt_clones"])
def test_a_provider_that_an_earlier_phase_could_not_open_is_not_tried_again(
    name: str, reason: str, runner: Runner
) -> None:
    """Nobody listens there: whoever tried would say so."""
    address = "https://127.0.0.1:1"
    entry = {"type": MODULES[name], "fqdn": address, "api_url": address, "username": "u", "password": "hush-hush"}
    said = {"provider": "lost", "reason": reason, "error": "lost: said before"}
    others = [{"provider": "", "error": "the cluster"}, {"provider": "other", "error": "x"}]
    file = runner.file("providers.json", {"lost": entry})
    result = runner.run(name, providers_file=file, unopened=[said, *others], fail_on_remaining=False)
    (told,) = result["unreadable"]
    assert (told["provider"], told["reason"], told["error"]) == ("lost", reason, "lost: said before")
    assert result["requests"] == 0


@pytest.mark.parametrize(("reason", "tried"), [("NoAnswer", True), ("LoginRefused", False)])
def test_at_the_end_a_provider_is_tried_once_more_unless_it_refused_the_login(
    reason: str, tried: bool, tmp_path: Path
) -> None:
    entry = {"type": "vsphere", "fqdn": "127.0.0.1:1", "username": "u", "password": "p"}
    (tmp_path / "providers.json").write_text(json.dumps({"lost": entry}), encoding="utf-8")
    options = {"providers_file": str(tmp_path / "providers.json"), "vsphere": None, "ovirt": None, "openstack": None}
    options["unopened"] = [{"provider": "lost", "reason": reason, "error": "said before"}]
    session = Session("auto-ci01", records=(Record("vsphere", "auto-ci01-x"),))
    targets, _types = _providers.search_of(session, options)
    found = teardown.survey(targets, session)
    (told,) = found.unreadable
    assert (told["error"] != "said before") is tried and told["reason"] == reason
    assert found.absent == ()


@pytest.mark.parametrize("name", MODULES)
def test_a_note_needs_a_place(name: str, runner: Runner) -> None:
    assert "data_collector_path" in runner.run(name, keep_note=True)["msg"]
    record = runner.file("resources.json", {"Secret": [{"name": "auto-ci01-x", "namespace": "mtv"}]})
    assert not runner.run(name, keep_note=True, resources_file=record).get("failed")
    assert not runner.run(name, keep_note=True, data_collector_path="/does/not/exist").get("failed")


def test_unknown_and_missing_options(runner: Runner) -> None:
    assert "session" in runner.run("vsphere_clones", session_prefix=None)["msg"]
    assert "too short" in runner.run("vsphere_clones", session_prefix="a")["msg"]
    assert "Unsupported" in runner.run("vsphere_clones", no_such_option=1)["msg"]
