# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Are the links good? python links.py SITE looks at each page of a built site.

A local link has to lead to a file that is there and, behind a #, to a place that is there. A link to another site is
only looked at, not followed: the machines that check this have no internet but package registries.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_ATTRIBUTES = {"a": "href", "link": "href", "img": "src", "script": "src", "iframe": "src"}
_FENCE = re.compile(r"^( *)(```+|~~~+).*?^\1\2 *$", flags=re.MULTILINE | re.DOTALL)
_MARKDOWN_LINK = re.compile(r"\]\(<?([^)>\s]+)>?(?: +\"[^\"]*\")?\)")
_HEADING = re.compile(r"^#{1,6} +(.+?)#*$", flags=re.MULTILINE)
_ANCHOR = re.compile(r"<a (?:id|name)=\"([^\"]+)\"")


class _Page(HTMLParser):
    """What a page links to, and the places in it that can be linked to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = {"", "top"}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.places |= {value for key in ("id", "name") if (value := given.get(key))}
        link = given.get(_ATTRIBUTES.get(tag, ""))
        if link is not None:
            self.links.append(link)


class _Markdown:
    """The same of a Markdown file, as GitHub and Galaxy show it."""

    def __init__(self, text: str) -> None:
        prose = _FENCE.sub("", text)
        self.links = _MARKDOWN_LINK.findall(prose)
        self.places = {"", *_ANCHOR.findall(prose), *map(_slug, _HEADING.findall(prose))}


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


_READERS: dict[str, Callable[[str], _Page | _Markdown]] = {".html": _Page, ".md": _Markdown}


@cache
def _read(file: Path) -> _Page | _Markdown:
    return _READERS[file.suffix](file.read_text(encoding="utf-8"))


def links_of(file: Path) -> list[str]:
    return _read(file).links


def broken(files: list[Path], root: Path) -> Iterator[str]:
    """One line for each link of these files that is not good. Nothing may lead out of root."""
    for file in files:
        for link in links_of(file):
            wrong = _elsewhere(link) if urlsplit(link).scheme else _here(file, link, root)
            if wrong:
                yield f"{file.relative_to(root)}: {link}: {wrong}"


def _elsewhere(link: str) -> str:
    parts = urlsplit(link)
    if parts.scheme == "mailto":
        return ""
    if parts.scheme not in ("http", "https"):
        return f"nobody follows {parts.scheme}:"
    if not re.fullmatch(r"[\w-]+(\.[\w-]+)+", parts.hostname or ""):
        return "no name of a host"
    return "white space in it" if re.search(r"\s", link) else ""


def _here(file: Path, link: str, root: Path) -> str:
    path, _hash, place = unquote(link).partition("#")
    # A path that begins with / counts from where the site, or the repository, begins.
    base = root if path.startswith("/") else file.parent
    target = (base / path.partition("?")[0].lstrip("/")).resolve() if path else file
    if not target.is_relative_to(root):
        return "it leads out of the tree"
    if not target.exists():
        return "there is no such file"
    if target.is_dir() or target.suffix not in _READERS:
        return ""
    return "" if place in _read(target).places else "there is no such place in that file"


def main() -> int:
    """Look at a site."""
    root = Path(sys.argv[1]).resolve()
    pages = sorted(root.rglob("*.html"))
    wrong = list(broken(pages, root))
    count = sum(len(links_of(page)) for page in pages)
    print("\n".join([*wrong, f"links: {count} on {len(pages)} pages, {len(wrong)} broken (other sites are not asked)"]))
    return 1 if wrong or count < 100 else 0


if __name__ == "__main__":
    sys.exit(main())
