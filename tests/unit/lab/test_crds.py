# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of CRDs: sound in itself, and true to the real CRDs where their files are at hand."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.lab import crds

REAL = crds.real_folder()
BY_NAME = {kind.name: kind for kind in crds.TABLE}


def facts(crd: dict[str, Any]) -> crds.Kind:
    """Read from a CRD what a row of the table says."""
    spec = crd["spec"]
    served = [version for version in spec["versions"] if version["served"]]
    served.sort(key=lambda version: not version["storage"])
    schema = served[0]["schema"]["openAPIV3Schema"]
    names = spec["names"]
    return crds.Kind(
        group=spec["group"],
        kind=names["kind"],
        plural=names["plural"],
        versions=tuple(version["name"] for version in served),
        status="status" in served[0].get("subresources", {}),
        required=tuple(schema["properties"].get("spec", {}).get("required", ())),
        top=tuple(schema.get("required", ())),
        short=tuple(names.get("shortNames", ())),
        scope=spec["scope"],
    )


def real_cases(folder: Path | None) -> list[tuple[str, crds.Kind]]:
    """Return the real CRDs; without their folder the slim ones, so that the same comparison still runs."""
    found = crds.read_real(folder) if folder else {kind.name: crds.slim(kind) for kind in crds.TABLE}
    return [(name, facts(crd)) for name, crd in sorted(found.items())]


@pytest.mark.parametrize(("name", "real"), real_cases(REAL))
def test_row_says_what_the_real_crd_says(name: str, real: crds.Kind) -> None:
    row = BY_NAME[name]
    ordered = dataclasses.replace(row, required=tuple(sorted(row.required)), top=tuple(sorted(row.top)))
    assert ordered == dataclasses.replace(real, required=tuple(sorted(real.required)), top=tuple(sorted(real.top)))


def test_slim_crd_says_what_its_row_says() -> None:
    assert [facts(crds.slim(kind)) for kind in crds.TABLE] == list(crds.TABLE)


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(crds.TABLE)
    assert len({(kind.group, kind.kind) for kind in crds.TABLE}) == len(crds.TABLE)
    shorts = [short for kind in crds.TABLE for short in kind.short]
    assert len(set(shorts)) == len(shorts)


@pytest.mark.parametrize("kind", crds.TABLE, ids=lambda kind: kind.name)
def test_row_is_well_formed(kind: crds.Kind) -> None:
    assert re.fullmatch(r"[a-z0-9]+(\.[a-z0-9]+)+", kind.group)
    assert re.fullmatch(r"[a-z][a-z0-9-]*", kind.plural)
    assert kind.scope in {"Namespaced", "Cluster"}
    assert all(re.fullmatch(r"v\d+((alpha|beta)\d+)?", version) for version in kind.versions)
    assert len(set(kind.versions)) == len(kind.versions) >= 1


@pytest.mark.parametrize("kind", crds.TABLE, ids=lambda kind: kind.name)
def test_slim_crd_keeps_unknown_fields_everywhere(kind: crds.Kind) -> None:
    for version in crds.slim(kind)["spec"]["versions"]:
        schema = version["schema"]["openAPIV3Schema"]
        for part in (schema, *schema["properties"].values()):
            assert part["x-kubernetes-preserve-unknown-fields"] is True


def test_exactly_one_version_is_stored() -> None:
    for kind in crds.TABLE:
        assert [v["name"] for v in crds.slim(kind)["spec"]["versions"] if v["storage"]] == [kind.versions[0]]


def test_real_crds_replace_slim_ones_of_the_same_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = crds.slim(crds.TABLE[0])
    real["spec"]["names"]["categories"] = ["real"]
    real["status"] = {"acceptedNames": {}}
    (tmp_path / "one.yaml").write_text(yaml.safe_dump(real), encoding="utf-8")
    monkeypatch.setenv("MTV_TEARDOWN_CRDS_DIR", str(tmp_path))
    made = crds.manifests("real")
    assert made[0]["spec"]["names"]["categories"] == ["real"]
    assert "status" not in made[0]
    assert made[1:] == [crds.slim(kind) for kind in crds.TABLE[1:]]


def test_real_crds_without_a_folder_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTV_TEARDOWN_CRDS_DIR", str(tmp_path / "absent"))
    with pytest.raises(FileNotFoundError, match="MTV_TEARDOWN_CRDS_DIR"):
        crds.manifests("real")
