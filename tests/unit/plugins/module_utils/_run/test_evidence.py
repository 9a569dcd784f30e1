# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What earlier phases kept is in the result, of its form, and in its faces."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._report import faces, told
from ansible_collections.mtv.teardown.plugins.module_utils._run import earlier
from ansible_collections.mtv.teardown.tests.unit.plugins import results

FOLDER = "teardown-auto-ab12.evidence/2026-01-01T10-00-00Z-r"


def kept_file(number: int = 1, **more: Any) -> dict[str, Any]:
    about = {"kind": "ConfigMap", "api_version": "v1", "namespace": "auto-ab12", "name": f"<script>{number}"}
    told_of = {"uid": f"u-{number}", "why": "hangs", "taken": "2026-01-01T10:00:00.000Z", **about}
    file = {"path": f"{FOLDER}/ConfigMap-{number}.yaml", "size": 7, "sha256": "a" * 64, "truncated": False}
    return {**file, **told_of, **more}


def phase(*files: dict[str, Any], notes: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"evidence": {"folder": FOLDER, "files": list(files), "notes": list(notes)}}


def test_all_phases_together() -> None:
    provider = kept_file(3, provider="vsphere-8", namespace=None)
    phases = {"a": phase(kept_file(2), notes=("x",)), "b": {}, "c": phase(kept_file(1), provider, notes=("x", "y"))}
    kept = earlier.evidence_of(earlier.checked(phases)["phases"])
    assert kept == {"folder": FOLDER, "files": [kept_file(1), kept_file(2), provider], "notes": ["x", "y"]}
    assert earlier.evidence_of({}) == {"folder": "", "files": [], "notes": []}


@pytest.mark.parametrize(
    "wrong",
    [
        "text",
        {"files": {}},
        {"files": ["x"]},
        {"notes": [1]},
        {"folder": 1},
        {"files": [kept_file(size="7")]},
        {"files": [kept_file(size=True)]},
        {"files": [kept_file(path=None)]},
        {"files": [kept_file(more="x")]},
        {"files": [kept_file(truncated="no")]},
    ],
)
def test_what_no_module_returned_is_refused(wrong: Any) -> None:
    with pytest.raises(RecordError, match="not what the role registered"):
        earlier.checked({"plans": {"evidence": wrong}})


@pytest.mark.parametrize("name", ["html", "markdown"])
def test_faces_name_each_file_and_each_note(name: str) -> None:
    kept = phase(kept_file(1), kept_file(2, path="//evil.example.com/x", truncated=True), notes=("no <b>disk",))
    result = {**results.MADE["leftovers"](), **kept}
    text = faces.render(told.of(result), [name])[name]
    assert f"{FOLDER}/ConfigMap-1.yaml" in text and "<script>" not in text and "<b>disk" not in text
    assert 'href="//' not in text and "&lt;script&gt;2" in text and "no &lt;b&gt;disk" in text


def test_the_terminal_says_where() -> None:
    result = {**results.MADE["leftovers"](), **phase(kept_file(1), notes=("no disk",))}
    lines = faces.lines(told.of(result))
    assert [line for line in lines if line.startswith("evidence: ")] == [
        f"evidence: 1 file in {FOLDER}, beside the result",
        "evidence: no disk",
    ]
