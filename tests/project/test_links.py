# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links of the Markdown files lead somewhere, and what checks links finds those that do not. The site's own links are
checked by tests/checks/docs.sh, which builds it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.tools import links

ROOT = Path(__file__).resolve().parents[2]


def test_links_of_markdown_files() -> None:
    command = ["git", "ls-files", "-co", "--exclude-standard", "--", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    files = [ROOT / line for line in listed]
    assert sum(len(links.links_of(file)) for file in files) > 20
    assert list(links.broken(files, ROOT)) == []


@pytest.mark.parametrize(
    ("link", "told"),
    [
        pytest.param("other.html", "", id="file"),
        pytest.param("other.html#there", "", id="place"),
        pytest.param("#here", "", id="own-place"),
        pytest.param("folder", "", id="folder"),
        pytest.param("/folder", "", id="from-the-root"),
        pytest.param("/gone", "no such file", id="none-from-the-root"),
        pytest.param("other.html?x=1", "", id="query"),
        pytest.param("style.css", "", id="no-page"),
        pytest.param("https://example.com/a", "", id="other-site"),
        pytest.param("mailto:someone@example.com", "", id="mail"),
        pytest.param("gone.html", "no such file", id="no-file"),
        pytest.param("other.html#gone", "no such place", id="no-place"),
        pytest.param("#gone", "no such place", id="no-own-place"),
        pytest.param("../outside.html", "out of the tree", id="outside"),
        pytest.param("https:///a", "host", id="no-host"),
        pytest.param("https://a host/", "host", id="bad-host"),
        pytest.param("https://example.com/a b", "white space", id="blank"),
        pytest.param("file:///etc/hosts", "nobody follows", id="scheme"),
    ],
)
@pytest.mark.parametrize("suffix", ["html", "md"])
def test_broken_links_are_found(tmp_path: Path, link: str, told: str, suffix: str) -> None:
    site = tmp_path / "site"
    (site / "folder").mkdir(parents=True)
    for file in (tmp_path / "outside.html", site / "other.html", site / "style.css"):
        file.write_text('<p id="there">', encoding="utf-8")
    page = site / f"page.{suffix}"
    html = f'<h1 id="here">Here</h1><a href="{link}">x</a>'
    page.write_text(html if suffix == "html" else f"# Here\n\n[x](<{link}>)\n", encoding="utf-8")
    if suffix == "md" and " " in link:
        assert links.links_of(page) == []  # no link in Markdown
        return
    found = list(links.broken([page], site))
    assert [line for line in found if told in line] == found
    assert len(found) == bool(told)
