# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls that are recorded, on stand-ins for the classes; tests/contract/test_recording.py has the real ones."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yaml
from mtv_record.entries import events_of
from mtv_record.journal import JOURNAL, RESOURCES
from mtv_record.recorder import Recorder
from mtv_record.wrapper import wrap


class Resource:
    """As the wrapper's: what it is called with stands in its attributes."""

    kind = "ConfigMap"
    answer: Any = SimpleNamespace(metadata=SimpleNamespace(uid="6f0e", name="a"))

    def __init__(self, **given: Any) -> None:
        vars(self).update(given)

    def create(self, wait: bool = False) -> Any:
        """Create it."""
        self.waited = wait
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


class BaseProvider:
    """As the suite's."""

    def __init__(self, kind: object) -> None:
        self.type = kind

    def _generate_clone_vm_name(self, session_uuid: str, base_name: str) -> str:
        return f"{session_uuid}-{base_name}-x7kq"


@pytest.fixture
def recorder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    monkeypatch.setitem(sys.modules, "yaml", yaml)  # the wrapper imports it
    for name, cls in (("ocp_resources.resource", Resource), ("libs.base_provider", BaseProvider)):
        module = ModuleType(name)
        setattr(module, cls.__name__, cls)
        monkeypatch.setitem(sys.modules, name, module)
    made = Recorder(tmp_path / "x", "run")
    plain = Resource.create
    undo = wrap(made)
    assert (len(undo), wrap(made)) == (2, [])
    yield made
    for one in undo:
        one()
    assert Resource.create is plain


def events(recorder: Recorder) -> list[tuple[str, str]]:
    assert recorder.folder is not None
    found = events_of((recorder.folder / JOURNAL).read_bytes())
    return [(one["event"], one.get("name", "")) for one in found if one["event"] != "session"]


def test_a_create(recorder: Recorder) -> None:
    resource = Resource(name="a", namespace="ns")
    assert resource.create(wait=True) is Resource.answer
    assert resource.waited
    assert (Resource.create.__name__, Resource.create.__doc__) == ("create", "Create it.")
    assert events(recorder) == [("intent", "a"), ("made", "a")]


def test_the_body_or_the_file_names_it(recorder: Recorder, tmp_path: Path) -> None:
    body = {"metadata": {"name": "of-the-body", "namespace": "ns"}}
    Resource(name="a", namespace="other", kind_dict=body).create()
    (tmp_path / "it.yaml").write_text(json.dumps({"metadata": {"name": "of-the-file"}}), encoding="utf-8")
    Resource(name=None, namespace="ns", yaml_file=str(tmp_path / "it.yaml")).create()
    assert recorder.folder is not None
    found = json.loads((recorder.folder / RESOURCES).read_text(encoding="utf-8"))["ConfigMap"]
    assert [(one["name"], one["namespace"]) for one in found] == [("of-the-body", "ns"), ("of-the-file", "ns")]


@pytest.mark.parametrize(
    "given", [{"kind_dict": {"metadata": 3}}, {"yaml_file": "/no/such/file"}, {"name": object()}, {"name": "a\nb"}, {}]
)
def test_odd_resources_are_made_all_the_same(recorder: Recorder, given: dict[str, Any]) -> None:
    assert Resource(**given).create() is Resource.answer
    assert all(told for told in recorder.troubles)


def test_a_dry_run_makes_nothing(recorder: Recorder) -> None:
    Resource(name="a", namespace="ns", dry_run=True).create()
    assert recorder.folder is not None and not recorder.folder.exists()


@pytest.mark.parametrize("error", [RuntimeError("x"), KeyboardInterrupt(), SystemExit(3)])
def test_an_error_is_the_suites_own(recorder: Recorder, error: BaseException) -> None:
    resource = Resource(name="a", namespace="ns", answer=error)
    with pytest.raises(type(error)) as caught:
        resource.create()
    assert caught.value is error
    assert events(recorder) == [("intent", "a"), ("failed", "a")]


def test_a_clone_is_named_before_it_is_made(recorder: Recorder) -> None:
    name = BaseProvider("vsphere")._generate_clone_vm_name(session_uuid="auto-ab12", base_name="rhel8")
    assert name == "auto-ab12-rhel8-x7kq"
    assert recorder.folder is not None
    found = json.loads((recorder.folder / RESOURCES).read_text(encoding="utf-8"))
    assert found == {"vsphere": [{"name": name}]}
    assert BaseProvider(3)._generate_clone_vm_name("auto-ab12", "b")
