# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin of pytest."""

from __future__ import annotations

import sys
import tomllib
import uuid
import warnings
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mtv_record.entries import text
from mtv_record.recorder import Recorder
from mtv_record.store import Store
from mtv_record.wrapper import wrap

RECORDER = pytest.StashKey[Recorder]()
_NAME = "mtv_record"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup(_NAME, "Recording what tests make")
    group.addoption("--mtv-record-path", help="folder of resources.json (default: --data-collector-path, if known)")
    group.addoption("--no-mtv-record", action="store_true", help="record nothing")


def pytest_configure(config: pytest.Config) -> None:
    worker: dict[str, Any] = getattr(config, "workerinput", {})
    run = worker.get("testrunuid") or uuid.uuid4().hex
    recorder = Recorder(_folder(config), run, worker.get("workerid", ""), _suite(config.rootpath))
    config.stash[RECORDER] = recorder
    config.pluginmanager.register(Watch(config, recorder), f"{_NAME}_watch")


def _folder(config: pytest.Config) -> Path | None:
    """Where to; None where nothing is to be written."""
    off = ("no_mtv_record", "skip_data_collector", "collectonly", "setupplan")
    if any(config.getoption(name, default=False) for name in off):
        return None
    given = config.getoption("mtv_record_path") or config.getoption("data_collector_path", default=None)
    return Path(given or ".data-collector")


def _suite(root: Path) -> str:
    """Name and version of the suite, where its pyproject.toml tells them."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        return text(f"{project['name']} {project.get('version', '')}".strip())
    return ""


@pytest.fixture(scope="session")
def mtv_record(request: pytest.FixtureRequest) -> Recorder:
    """Records by hand what is made: begin, intent, made, not_made."""
    return request.config.stash[RECORDER]


class Watch:
    """Looks at the suite's store whenever something may have changed, and knows which test runs."""

    def __init__(self, config: pytest.Config, recorder: Recorder) -> None:
        self.config = config
        self.recorder = recorder
        self.others: list[str] = []
        self.undo: list[Callable[[], None]] = []
        recorder.tell = self._warn

    # The process that only hands out the work of pytest-xdist makes nothing, and its store is that of the others.
    @property
    def _controls(self) -> bool:
        return not hasattr(self.config, "workerinput") and self.config.getoption("dist", default="no") != "no"

    def _look(self) -> None:
        self.undo += wrap(self.recorder)
        store = getattr(sys.modules.get("pytest_harvest.plugin"), "FIXTURE_STORE", None)
        if not isinstance(store, dict) or self._controls:
            return
        self.recorder.prefix = text(store.get("session_uuid")) or self.recorder.prefix
        provider = store.get("source_provider_data")
        self.recorder.provider = text(provider.get("type")) if isinstance(provider, dict) else ""
        made = store.get("teardown")
        if isinstance(made, Store):
            made.changed()
        elif isinstance(made, dict):
            store["teardown"] = Store(made, self.recorder)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionstart(self) -> Generator[None]:
        with self.recorder.folder_is_emptied():
            yield
        self._look()

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self) -> None:
        self._look()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self) -> None:
        self._look()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        self.recorder.test = (item.nodeid, item.name)
        self._look()
        try:
            return (yield)
        finally:
            self._look()
            self.recorder.test = ("", "")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, exitstatus: int) -> Generator[None]:
        self._look()
        getattr(self.config, "workeroutput", {})[_NAME] = self.recorder.troubles
        try:
            with self.recorder.file_is_written():
                yield
        finally:
            self._look()
            self.recorder.end(int(exitstatus))
            self.recorder.refresh()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self.others += getattr(node, "workeroutput", {}).get(_NAME, [])

    def pytest_unconfigure(self) -> None:
        for undo in self.undo:
            undo()
        self.recorder.close()

    # -- telling ---------------------------------------------------------------------------------------------

    def _warn(self, told: str) -> None:
        """Among pytest's warnings, but never as an error: a run with -W error goes on, too."""
        message = warnings.WarningMessage(pytest.PytestWarning(f"{_NAME}: {told}"), pytest.PytestWarning, __file__, 0)
        self.config.hook.pytest_warning_recorded.call_historic(
            kwargs={"warning_message": message, "when": "runtest", "nodeid": self.recorder.test[0], "location": None}
        )

    def pytest_report_header(self) -> str:
        folder = self.recorder.folder
        return f"{_NAME}: what is made is recorded in {folder}/resources.json" if folder else f"{_NAME}: off"

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        troubles = dict.fromkeys([*self.recorder.troubles, *self.others])
        if troubles:
            terminalreporter.section(f"{_NAME}: not everything could be recorded", sep="=")
            for told in troubles:
                terminalreporter.line(told)
