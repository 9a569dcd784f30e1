# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The faces of a result: each is made from the result alone, and all from what told.py says of it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ansible_collections.mtv.teardown.plugins.module_utils import _text_file
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._report import html, junit, markdown, prometheus, summary
from ansible_collections.mtv.teardown.plugins.module_utils._report import told as _told
from ansible_collections.mtv.teardown.plugins.module_utils._report.told import Told

END = ".result.json"
MAX_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Face:
    """ending: of its file; library: what pip calls what it needs; missing: why that cannot be imported."""

    ending: str
    render: Callable[[Told], str]
    library: str
    missing: str | None


FACES = {
    "html": Face(".html", html.render, html.LIBRARY, html.IMPORT_ERROR),
    "junit": Face(".junit.xml", junit.render, junit.LIBRARY, junit.IMPORT_ERROR),
    "markdown": Face(".md", markdown.render, "", None),
    "prometheus": Face(".prom", prometheus.render, prometheus.LIBRARY, prometheus.IMPORT_ERROR),
}


def files_of(paths: Iterable[str]) -> list[str]:
    """Each file, and of a folder each result in it. RecordError where there is none."""
    found: list[str] = []
    for path in paths:
        inside = sorted(os.listdir(path)) if os.path.isdir(path) else []
        within = [os.path.join(path, name) for name in inside if name.endswith(END)]
        if os.path.isdir(path) and not within:
            raise RecordError(f"{path}: there is no {END} file in that folder.")
        found += within or [path]
    return list(dict.fromkeys(found))


def read(path: str) -> Told:
    """RecordError for what is no result."""
    try:
        return _told.of(json.loads(_text_file.read(path, "result", MAX_BYTES, "Give a result file.")), path)
    except (ValueError, RecursionError) as exc:
        raise RecordError(f"{path} is no result of a run: it is not JSON: {exc}") from exc


def render(told: Told, names: Iterable[str]) -> dict[str, str]:
    """Name of a face -> what its file holds. RecordError where the result is not of the form that its schema says."""
    try:
        return {name: FACES[name].render(told) for name in names}
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as exc:
        raise RecordError(f"{told.path} is not of the form of a result: {exc!r}") from exc


def file_name(path: str, face: str, folder: str = "") -> str:
    """Beside the result, or in that folder: teardown-auto-ab12.html of teardown-auto-ab12.result.json."""
    base = os.path.basename(path)
    stem = base.removesuffix(END) if base.endswith(END) else os.path.splitext(base)[0]
    return os.path.join(folder or os.path.dirname(path), stem + FACES[face].ending)


def lines(told: Told) -> list[str]:
    """The face for a terminal."""
    return summary.of_result(told.data) if told.ended and "session" in told.data else list(told.data.get("summary", ()))
