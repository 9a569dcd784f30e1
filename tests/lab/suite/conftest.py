# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A suite of the shape of mtv-api-tests, on a real API server: it makes things by openshift-python-wrapper, puts each
into the store of pytest-harvest after it was made, and writes resources.json at its very end.

SUITE_DIES=WHERE:NUMBER ends it without a warning: C(answered) as the server has made the thing of that number and
nobody else knows, C(created) before it is in the store, C(stored) after it; C(deleting) in its own
teardown, once the file names what so many workers made.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes.dynamic
import pytest
from ocp_resources.namespace import Namespace
from ocp_resources.resource import get_client
from pytest_harvest import get_fixture_store

_STEPS = itertools.count(1)
_WHERE, _colon, _NUMBER = os.environ.get("SUITE_DIES", "").partition(":")
_step = 0


def _may_die(where: str) -> None:
    if (where, str(_step)) == (_WHERE, _NUMBER):
        os.killpg(0, signal.SIGKILL)  # with all workers: as when a machine ends


def _is_whole(workers: int) -> bool:
    """Whether the file names what all workers made: each wrote it with what it knew itself."""
    try:
        found = json.loads(Path(".data-collector/resources.json").read_text(encoding="utf-8"))
    except ValueError:
        return False
    return len(found.get("Namespace", [])) == workers


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--data-collector-path", default=".data-collector")
    parser.addoption("--skip-data-collector", action="store_true")
    parser.addoption("--tear-down", action="store_true")


def pytest_configure() -> None:
    create: Any = kubernetes.dynamic.DynamicClient.create
    delete: Any = kubernetes.dynamic.DynamicClient.delete

    def answered(*args: Any, **kwargs: Any) -> Any:
        made = create(*args, **kwargs)
        _may_die("answered")
        return made

    def deleting(*args: Any, **kwargs: Any) -> Any:
        if _WHERE == "deleting":
            ends = time.monotonic() + 30
            while not _is_whole(int(_NUMBER)) and time.monotonic() < ends:
                time.sleep(0.01)
            os.killpg(0, signal.SIGKILL)
        return delete(*args, **kwargs)

    setattr(kubernetes.dynamic.DynamicClient, "delete", deleting)  # noqa: B010 - types forbid to assign a method
    setattr(kubernetes.dynamic.DynamicClient, "create", answered)  # noqa: B010 - types forbid to assign a method


def _folder(session: pytest.Session) -> Path:
    return Path(session.config.getoption("data_collector_path"))


def pytest_sessionstart(session: pytest.Session) -> None:
    get_fixture_store(session)["teardown"] = {}
    if session.config.getoption("skip_data_collector"):
        return
    shutil.rmtree(_folder(session), ignore_errors=True)
    _folder(session).mkdir(parents=True, exist_ok=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    made = get_fixture_store(session)["teardown"]
    if made and not session.config.getoption("skip_data_collector"):
        with (_folder(session) / "resources.json").open("w", encoding="utf-8") as file:
            json.dump(made, file)
    if session.config.getoption("tear_down"):
        for entry in made.get("Namespace", []):
            Namespace(name=entry["name"], client=get_client()).clean_up(wait=False)


@pytest.fixture(scope="session")
def session_uuid(fixture_store: dict[str, Any]) -> str:
    """Each worker is a session of its own."""
    given, worker = os.environ["SUITE_SESSION"], os.environ.get("PYTEST_XDIST_WORKER", "")
    name = given.replace("-t", f"-{'uvwx'[int(worker[2:])]}") if worker else given
    fixture_store["session_uuid"] = name
    fixture_store["source_provider_data"] = {"type": "vsphere", "password": "not-to-be-shown"}
    return name


@pytest.fixture(scope="session")
def client() -> Any:
    return get_client()


@pytest.fixture(scope="session")
def make(fixture_store: dict[str, Any], client: Any) -> Callable[..., Any]:
    """Make one thing and store it."""

    def made(cls: Any, test_name: str = "", **given: Any) -> Any:
        global _step
        _step = next(_STEPS)
        resource = cls(client=client, **given)
        resource.deploy(wait=True)
        _may_die("created")
        entry = {"name": resource.name, "namespace": resource.namespace, "module": resource.__module__}
        fixture_store["teardown"].setdefault(resource.kind, []).append(
            {**entry, "test_name": test_name} if test_name else entry
        )
        _may_die("stored")
        return resource

    return made


@pytest.fixture(scope="session")
def target_namespace(session_uuid: str, make: Callable[..., Any]) -> str:
    make(Namespace, name=session_uuid)
    time.sleep(1.1)  # ages have whole seconds, and what has no name of the session is known by its age
    return session_uuid
