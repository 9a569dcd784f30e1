# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record: every shape that the suite writes, and every shape that must stop before anything is touched."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._session import resources_file
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record, parse, read
from hypothesis import given
from hypothesis import strategies as st

NAMESPACE = {"name": "auto-ab12", "namespace": None, "module": "ocp_resources.namespace"}
PLAN = {"name": "auto-ab12-x-cold", "namespace": "auto-ab12", "module": "ocp_resources.plan", "test_name": "test_x"}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param({}, (), id="nothing"),
        pytest.param(
            {"Namespace": [NAMESPACE]},
            (Record("Namespace", "auto-ab12", None, "ocp_resources.namespace", entry="Namespace[0]"),),
            id="cluster-scoped",
        ),
        pytest.param(
            {"Plan": [PLAN, dict(PLAN)]},
            (Record("Plan", "auto-ab12-x-cold", "auto-ab12", "ocp_resources.plan", "test_x", entry="Plan[0]"),),
            id="duplicate",
        ),
        pytest.param(
            {"Pod": [{"name": "p", "namespace": "n"}]}, (Record("Pod", "p", "n", entry="Pod[0]"),), id="no-module"
        ),
        pytest.param(
            {"ovirt": [{"name": "auto-ab12-rhel8-9fzk"}]},
            (Record("ovirt", "auto-ab12-rhel8-9fzk", entry="ovirt[0]"),),
            id="rhv",
        ),
        pytest.param(
            {"vsphere": [{"name": "A VM with Blanks_"}]},
            (Record("vsphere", "A VM with Blanks_", entry="vsphere[0]"),),
            id="names-of-providers-are-free",
        ),
        pytest.param({"_comment": "ours", "_by": ["x"]}, (), id="comments"),
        *(
            pytest.param({kind: [{"name": "x"}]}, (Record(kind, "x", entry=f"{kind}[0]"),), id=kind)
            for kind in ("openshift", "ova", "hyperv", "ec2", "nutanix")
        ),
        pytest.param(
            {"VolumeSnapshot": [{"id": "6f0e", "name": "snapshot for x"}]},
            (Record("VolumeSnapshot", "snapshot for x", id="6f0e", entry="VolumeSnapshot[0]"),),
            id="cinder",
        ),
        pytest.param(
            {"VolumeSnapshot": [{"name": "s", "namespace": "n", "module": "ocp_resources.volume_snapshot"}]},
            (Record("VolumeSnapshot", "s", "n", "ocp_resources.volume_snapshot", entry="VolumeSnapshot[0]"),),
            id="kubernetes-snapshot",
        ),
        pytest.param(
            {"Plan": [{**PLAN, "test_name": None}, PLAN]},
            (Record("Plan", "auto-ab12-x-cold", "auto-ab12", "ocp_resources.plan", "test_x", entry="Plan[1]"),),
            id="duplicate-that-knows-its-test",
        ),
    ],
)
def test_shapes(data: object, expected: tuple[Record, ...]) -> None:
    assert parse(json.dumps(data)) == expected


def test_which_records_are_on_providers() -> None:
    text = json.dumps(
        {
            "vsphere": [{"name": "a"}],
            "openstack": [{"name": "a"}],
            "ovirt": [{"name": "a"}],
            "rhv": [{"name": "a"}],
            "hyperv": [{"name": "a"}],
            "VolumeSnapshot": [{"id": "1", "name": "s"}, {"name": "s", "namespace": "n"}],
            "VirtualMachine": [{"name": "a", "namespace": "n"}],
        }
    )
    assert [r.entry for r in parse(text) if not r.on_provider] == ["VolumeSnapshot[1]", "VirtualMachine[0]"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("[]", "not an object", id="list"),
        pytest.param("null", "not an object", id="null"),
        pytest.param('{"Plan": [', "cut off", id="cut-off"),
        pytest.param("nonsense", "not JSON", id="not-json"),
        pytest.param(
            "\n<html>Log in</html>", "not JSON, line 2 column 1: Expecting value (it seems to be a web", id="html"
        ),
        pytest.param('{"Plan": {}}', "Plan is a object, not a list", id="no-list"),
        pytest.param('{"Plan": ["x"]}', "Plan[0] is a string", id="entry-text"),
        pytest.param('{"Plan": [{}]}', "Plan[0] has no name", id="no-name"),
        pytest.param('{"Plan": [{"name": 5}]}', "Plan[0]: name is a number", id="name-number"),
        pytest.param('{"Plan": [{"name": "a", "namespace": ["x"]}]}', "namespace is a list", id="namespace-list"),
        pytest.param('{"Plan": [{"name": "a", "module": true}]}', "module is a boolean", id="module-boolean"),
        pytest.param('{"Plan": [{"name": "A_B"}]}', "no Plan can have the name 'A_B'", id="impossible-name"),
        pytest.param('{"Plan": [{"name": "../x"}]}', "no Plan can have the name", id="path"),
        pytest.param('{"Namespace": [{"name": "a.b"}]}', "no Namespace can have the name", id="namespace-dots"),
        pytest.param('{"Plan": [{"name": "a", "namespace": "A"}]}', "no namespace can have", id="namespace-name"),
        pytest.param('{"Plan": [], "Plan": []}', "'Plan' occurs twice", id="kind-twice"),
        pytest.param('{"Plan": [{"name": "a", "name": "b"}]}', "'name' occurs twice", id="name-twice"),
        pytest.param('{"plan*": []}', "neither a Kubernetes kind nor a provider", id="no-kind"),
        pytest.param('{"vsphere": [{}]}', "vsphere[0] has neither name nor id", id="provider-nothing"),
        pytest.param('{"Plan": ' + "[" * 50 + "]" * 50 + "}", "nested more than", id="deep"),
        pytest.param('{"Plan": [{"name": "' + "a" * 2000 + '"}]}', "has 2000 characters", id="long-text"),
        pytest.param('{"Plan": [{"name": "' + "a" * 254 + '"}]}', "no Plan can have", id="long-name"),
        pytest.param('{"Plan": [' + "1" * 5000 + "]}", "not usable JSON", id="huge-number"),
    ],
)
def test_bad_input_names_file_and_entry(text: str, told: str) -> None:
    with pytest.raises(RecordError) as caught:
        parse(text, "the-file.json")
    assert told in caught.value.msg
    assert "the-file.json" in caught.value.msg
    # And what to do.
    assert "or only the prefix of the session (session_prefix)" in caught.value.msg


@given(st.text(max_size=200))
def test_any_text_is_refused_or_read(text: str) -> None:
    """Nothing but RecordError comes out, whatever goes in."""
    try:
        assert isinstance(parse(text), tuple)
    except RecordError as exc:
        assert exc.msg.startswith("resources.json")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=10),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
        max_leaves=8,
    )
)
def test_any_json_is_refused_or_read(data: object) -> None:
    try:
        assert isinstance(parse(json.dumps(data)), tuple)
    except RecordError as exc:
        assert exc.msg.startswith("resources.json")


def test_too_many_entries() -> None:
    with pytest.raises(RecordError, match="more than"):
        parse(json.dumps({"vsphere": [{"name": "a"}] * (resources_file.MAX_ENTRIES + 1)}))


def _link_to_itself(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        pytest.param(lambda _p: None, "does not exist", id="missing"),
        pytest.param(Path.mkdir, "is a directory", id="directory"),
        pytest.param(lambda p: p.write_text(""), "is empty", id="empty"),
        pytest.param(lambda p: p.write_text(" \n"), "is empty", id="blank"),
        pytest.param(lambda p: p.write_bytes(b"\xff\xfe\x00"), "not UTF-8", id="not-text"),
        pytest.param(_link_to_itself, "does not exist", id="link-to-itself"),
    ],
)
def test_bad_files(tmp_path: Path, make: object, told: str) -> None:
    path = tmp_path / "resources.json"
    make(path)  # type: ignore[operator]
    with pytest.raises(RecordError) as caught:
        resources_file.read(str(path))
    assert told in caught.value.msg
    assert str(path) in caught.value.msg


def test_absurd_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "resources.json"
    path.write_text("{" + " " * 100 + "}")
    monkeypatch.setattr(resources_file, "MAX_BYTES", 50)
    with pytest.raises(RecordError, match="102 bytes"):
        resources_file.read(str(path))


@pytest.mark.parametrize(
    "record",
    [
        {"Plan\n": [{"name": "a"}]},
        {"Plan": [{"name": "a\n", "namespace": "n"}]},
        {"Plan": [{"name": "a", "namespace": "n\n"}]},
        {"Namespace": [{"name": "a\n"}]},
        {"Role": [{"name": "a\n", "namespace": "n"}]},
        {"vsphere": [{"name": "auto-ab12-x\n"}]},
        {"vsphere": [{"name": "auto-ab12-\0"}]},
        {"VolumeSnapshot": [{"id": "1\ud800"}]},
    ],
)
def test_names_are_matched_whole(record: dict[str, Any]) -> None:
    with pytest.raises(RecordError):
        parse(json.dumps(record))


@pytest.mark.parametrize(
    ("begin", "piece", "end"),
    [
        ('{"Plan": [{"name": "', "a", '"}]}'),
        ('{"Plan": [{"name": "', "\\\\", '"}]}'),
        ('{"Plan": "', '\\"', '"}'),
        ("", "[", ""),
        ('{"Plan": "', "é", ""),
    ],
)
def test_a_big_file_costs_a_small_multiple_of_itself(begin: str, piece: str, end: str, tmp_path: Path) -> None:
    size = 16 * 1024 * 1024
    file = tmp_path / "resources.json"
    file.write_text(begin + piece * (size // len(piece.encode())) + end, encoding="utf-8")
    tracemalloc.start()
    try:
        with pytest.raises(RecordError) as caught:
            read(str(file))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 6 * size and len(str(caught.value)) < 1000


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "resources.json"
    file.write_text(json.dumps({"Namespace": [NAMESPACE]}), encoding="utf-8-sig")
    assert [one.name for one in resources_file.read(str(file))] == ["auto-ab12"]
