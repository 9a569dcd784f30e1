# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is recorded around each module, and that nothing of it breaks a play."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible import context
from ansible.plugins.action import ActionBase
from ansible_collections.mtv.teardown.plugins.callback.recorder import CallbackModule
from ansible_collections.mtv.teardown.plugins.module_utils._recording.entries import events_of
from ansible_collections.mtv.teardown.plugins.module_utils._recording.journal import JOURNAL

K8S = "kubernetes.core.k8s"
OPTIONS = {"kind": "ConfigMap", "name": "a", "namespace": "ns", "host": "https://c:6443", "api_key": "hush"}
METADATA = {"name": "a", "namespace": "ns", "uid": "u"}
CREATED = {
    "changed": True,
    "method": "create",
    "result": {"kind": "ConfigMap", "apiVersion": "v1", "metadata": METADATA},
}


class Plugin(CallbackModule):  # type: ignore[misc]
    """Its options and what it tells are the test's."""

    def __init__(self, folder: Path, prefix: str = "auto-ab12") -> None:
        super().__init__()
        self.folder, self.told = folder, []
        self.given = {"path": str(folder), "session_prefix": prefix}
        self._display = SimpleNamespace(warning=self.told.append)

    def get_option(self, name: str, *_more: Any) -> Any:
        return self.given[name]

    def begin_playbook(self) -> None:
        self.v2_playbook_on_start(SimpleNamespace(_file_name="/somewhere/setup.yml"))

    def module(self, result: Any, options: Any = None, name: str = K8S, check: bool = False, **named: Any) -> Any:
        """Run a module that answers so, as an action plugin does."""

        def plain(_action: Any, module_name: Any = None, module_args: Any = None, wrap_async: bool = False) -> Any:
            assert module_args is not None or module_name or wrap_async
            if isinstance(result, BaseException):
                raise result
            return result

        task = SimpleNamespace(
            action=name, resolved_action=name, check_mode=check, args=OPTIONS, environment=None, name="A task"
        )
        action = SimpleNamespace(_task=task, _connection=SimpleNamespace(transport="local"))
        return self.run(plain, action, (), {"module_args": OPTIONS if options is None else options, **named})

    def events(self) -> list[dict[str, Any]]:
        file = self.folder / JOURNAL
        return events_of(file.read_bytes()) if file.exists() else []

    def entries(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "resources.json").read_text(encoding="utf-8"))
        return found


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plugin]:
    monkeypatch.setattr(ActionBase, "_execute_module", ActionBase._execute_module)  # it is wrapped, and put back
    made = Plugin(tmp_path / "record")
    made.begin_playbook()
    yield made
    made.v2_playbook_on_stats(None)


IDENTITY = {"api_version": "v1", "uid": "u", "place": "https://c:6443"}


def test_a_create(plugin: Plugin) -> None:
    assert plugin.module(CREATED) is CREATED
    entry = {"name": "a", "namespace": "ns", "test_name": "A task", **IDENTITY}
    assert plugin.entries() == {"ConfigMap": [entry]}
    assert [one["event"] for one in plugin.events()] == ["session", "intent", "made"]
    assert (plugin.events()[0]["prefix"], plugin.events()[0]["suite"]) == ("auto-ab12", "ansible-playbook setup.yml")
    assert "hush" not in (plugin.folder / JOURNAL).read_text(encoding="utf-8")
    assert plugin.told == []


@pytest.mark.parametrize(
    ("result", "uid"), [({"failed": True}, None), (RuntimeError("x"), None), (KeyboardInterrupt(), None), (3, None)]
)
def test_what_nobody_knows_stays_named(plugin: Plugin, result: Any, uid: str | None) -> None:
    if isinstance(result, BaseException):
        with pytest.raises(type(result)):
            plugin.module(result)
    else:
        assert plugin.module(result) is result
    (entry,) = plugin.entries()["ConfigMap"]
    assert (entry["outcome"], entry.get("uid")) == ("unknown", uid)


def test_what_was_there_is_not_named(plugin: Plugin) -> None:
    plugin.module({**CREATED, "method": "update"})
    plugin.module(CREATED, check=True)
    plugin.module({"changed": True}, {**OPTIONS, "state": "absent"})
    assert plugin.entries() == {}
    plugin.module(CREATED)
    deleted = {"changed": True, "method": "delete", "result": {"kind": "Status", "details": {"uid": "u"}}}
    other = {**deleted, "result": {"kind": "Status", "details": {"uid": "v"}}}
    plugin.module(other, {**OPTIONS, "state": "absent"})
    assert plugin.entries()["ConfigMap"][0]["uid"] == "u"
    plugin.module(deleted, {**OPTIONS, "state": "absent"})
    assert plugin.entries() == {}


def test_a_name_that_the_server_gives_and_one_that_it_changes(plugin: Plugin) -> None:
    options = {"kind": "ConfigMap", "generate_name": "a-", "namespace": "ns", "host": "https://c:6443"}
    with pytest.raises(KeyboardInterrupt):
        plugin.module(KeyboardInterrupt(), options)
    (entry,) = plugin.entries()["ConfigMap"]
    assert (entry["generate_name"], entry["outcome"], "name" in entry) == ("a-", "unknown", False)
    plugin.module(CREATED, options)
    assert [one.get("name") for one in plugin.entries()["ConfigMap"]] == [None, "a"]
    assert plugin.entries()["ConfigMap"][1]["uid"] == "u" and "generate_name" not in plugin.entries()["ConfigMap"][1]
    project = {"kind": "Project", "apiVersion": "project.openshift.io/v1", "metadata": {"name": "p", "uid": "w"}}
    options = {"kind": "ProjectRequest", "name": "p", "api_version": "project.openshift.io/v1"}
    plugin.module({**CREATED, "result": project}, options)
    assert plugin.entries().keys() == {"ConfigMap", "Project"}


def test_a_job(plugin: Plugin) -> None:
    """It is at its end when its job is, which another module tells."""
    job = {"ansible_job_id": "j1", "changed": True}
    plugin.module(job, wrap_async=True)
    assert plugin.entries()["ConfigMap"][0]["outcome"] == "unknown"
    status = "ansible.legacy.async_status"
    plugin.module({**job, "finished": 0}, {"jid": "j1"}, module_name=status)
    plugin.module({**CREATED, **job, "finished": 1}, {"jid": "j1"}, module_name=status)
    assert plugin.entries()["ConfigMap"][0]["uid"] == "u"


def test_others_are_told_once_where_they_make_something(plugin: Plugin) -> None:
    for name, changed in (("openstack.cloud.network", True), ("kubernetes.core.k8s_exec", True), ("a.b.c", True)):
        plugin.module({"changed": changed}, {}, name=name)
    assert len(plugin.told) == 1 and "openstack.cloud.network changed something" in plugin.told[0]
    assert plugin.events() == []


class Odd(dict[str, Any]):
    """It cannot even be looked at."""

    def get(self, *_name: Any) -> Any:
        raise RuntimeError("odd")


@pytest.mark.parametrize(
    "options", [{}, Odd(), {"definition": Odd()}, {"definition": "{"}, {"kind": 3, "name": []}, {"name": "\ud800"}]
)
def test_odd_options_break_nothing(plugin: Plugin, options: Mapping[str, Any]) -> None:
    for result in (CREATED, {}, {"result": 3}):
        assert plugin.module(result, options) is result


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "record").write_text("a file", encoding="utf-8")
    plugin = Plugin(tmp_path / "record", prefix="")
    plugin.begin_playbook()
    for _time in range(3):
        assert plugin.module(CREATED) is CREATED
    assert len(set(plugin.told)) == 1 and "File exists" in plugin.told[0]
    (tmp_path / "record").unlink()
    plugin.module(CREATED)
    assert plugin.entries()["ConfigMap"][0]["uid"] == "u"


def test_another_session_in_the_folder_is_set_aside_and_the_same_one_goes_on(
    plugin: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin.module(CREATED)
    again = Plugin(plugin.folder)
    again.begin_playbook()
    assert again.entries().keys() == {"ConfigMap"}
    other = Plugin(plugin.folder, "auto-cd34")
    with monkeypatch.context() as checking:
        checking.setattr(context, "CLIARGS", {"check": True})
        other.begin_playbook()
    assert (plugin.folder / "resources.json").exists()
    other.begin_playbook()
    assert not (plugin.folder / "resources.json").exists()
    assert [one.name[:8] for one in plugin.folder.glob("*.resources.json")] == ["earlier-"]
