# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture of the page of a report for documentation, as text: the page itself, in the frame of an SVG. So it can be
made anew and compared, and follows the reader's light or dark theme."""

from __future__ import annotations

import html
import re

WIDTH, HEIGHT = 1180, 1460
# What HTML knows by name, and XML does not.
_NAMED = re.compile(r"&(?!(amp|lt|gt|quot|apos);)[A-Za-z]\w*;")
_EMPTY = re.compile(r"<(meta|link|br|hr|col|img|input)\b([^>]*?)\s*/?>")


def of_page(page: str) -> str:
    """The top of the page, as much as a screen shows."""
    style = page[page.index("<style>") : page.index("</style>")].removeprefix("<style>")
    body = page[page.index("<body") : page.index("</body>")].partition(">")[2]
    body = _EMPTY.sub(r"<\1\2/>", body).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ')
    body = _NAMED.sub(lambda found: html.unescape(found[0]), body)
    body = re.sub(r"<details([^>]*) open>", r'<details\1 open="open">', body)
    title = page[page.index("<title>") : page.index("</title>")].removeprefix("<title>")
    return f"""<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" role="img">
<title>{title}</title>
<foreignObject width="{WIDTH}" height="{HEIGHT}">
<body xmlns="http://www.w3.org/1999/xhtml">
<style>{style}</style>
{body}</body>
</foreignObject>
</svg>
"""
