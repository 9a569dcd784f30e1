# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a report in a real Chromium: for everybody, in the light and in the dark, on paper, and soon."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._report import faces, told
from ansible_collections.mtv.teardown.tests.unit.plugins import results

from tests.contract import browser
from tests.lab.controlplane import CHECKOUT
from tests.tools import screenshot

# From a click until it stands there.
SOON = 2000


def page_of(folder: Path, result: dict[str, Any]) -> Path:
    page = folder / "page.html"
    page.write_text(faces.render(told.of(result), ["html"])["html"], encoding="utf-8")
    return page


@pytest.fixture(params=sorted(results.MADE))
def page(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return page_of(tmp_path, results.MADE[request.param]())


@pytest.mark.parametrize("theme", [browser.LIGHT, browser.DARK])
def test_everybody_can_use_it(page: Path, theme: str) -> None:
    """Folded parts are looked at, too."""
    assert browser.faults(page, theme) == []
    opened = page.with_name("opened.html")
    opened.write_text(page.read_text(encoding="utf-8").replace("<details", "<details open"), encoding="utf-8")
    assert browser.faults(opened, theme) == []


def test_axe_finds_what_is_wrong(page: Path) -> None:
    page.write_text(page.read_text(encoding="utf-8").replace('lang="en"', ""), encoding="utf-8")
    assert [fault[0] for fault in browser.faults(page)] == ["html-has-lang"]


def test_it_looks_otherwise_in_the_dark_and_is_whole_on_paper(page: Path) -> None:
    light, dark = (
        browser.picture(page, page.with_suffix(f".{number}.png"), 900, 600, theme)
        for number, theme in enumerate((browser.LIGHT, browser.DARK))
    )
    assert light != dark and light.startswith(b"\x89PNG")
    script = "tell(getComputedStyle(document.body).backgroundColor)"
    assert [browser.asked(page, script, theme) for theme in (browser.LIGHT, browser.DARK)] == [
        "rgb(255, 255, 255)",
        "rgb(16, 21, 27)",
    ]
    assert browser.printed(page, page.with_suffix(".pdf")).startswith(b"%PDF")


def test_a_name_runs_nothing(tmp_path: Path) -> None:
    """Without the page's own policy, which forbids it as well."""
    evil = "<img src=x onerror=document.title='run'><script>document.title='run'</script>"
    text = json.dumps(results.leftovers()).replace("auto-ab12-vm", json.dumps(evil)[1:-1])
    page = page_of(tmp_path, json.loads(text))
    title, shown, loaded = browser.asked(
        page, "tell([document.title, document.body.textContent, performance.getEntriesByType('resource').length])"
    )
    assert title == "leftovers: session auto-ab12" and evil in shown and loaded == 0


def test_ten_thousand_objects_open_soon(tmp_path: Path) -> None:
    result = results.leftovers()
    kinds = ("Secret", "Pod", "PersistentVolumeClaim", "ConfigMap")
    for name, number, outcome in (("deleted", 9000, "gone"), ("leftovers", 1000, "left")):
        first, target = result[name][0], next(t for t in result["targets"] if t["outcome"] == outcome)
        many = [{"uid": f"{outcome}-{i}", "name": f"auto-ab12-{i}", "kind": kinds[i % 4]} for i in range(number)]
        result[name] = [{**first, **one} for one in many]
        result["targets"] += [{**target, **one} for one in many]
    page = page_of(tmp_path, result)
    script = "document.body.offsetHeight; tell([performance.now(), document.querySelectorAll('li, details').length])"
    took, there = browser.asked(page, script)
    # On a busy machine a bare list of so many lines takes its time, too.
    bare = tmp_path / "bare.html"
    bare.write_text(f"<html><body><ul>{'<li>one line of text</li>' * there}</ul></body></html>", encoding="utf-8")
    allowed = max(SOON, 2 * browser.asked(bare, script)[0])
    assert there > 10_000 and min(took, browser.asked(page, script)[0]) < allowed


def test_the_picture_in_the_readme_shows(tmp_path: Path) -> None:
    """A browser shows nothing at all of one that is not well-formed."""
    drawn = CHECKOUT / "docs" / "examples" / "report" / "teardown-auto-ab12.svg"
    inside = tmp_path / "readme.html"
    inside.write_text(f'<html><body><img src="{drawn.as_uri()}"></body></html>', encoding="utf-8")
    tell = "const one = document.images[0]; one.decode().then(() => tell([one.naturalWidth, one.naturalHeight]))"
    assert browser.asked(inside, tell) == [screenshot.WIDTH, screenshot.HEIGHT]
