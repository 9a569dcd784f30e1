# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Chromium that opens a page of the tests, and axe, which looks whether everybody can use it."""

from __future__ import annotations

import html
import json
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import axe_core_python

from tests.lab.controlplane import CHECKOUT

AXE = Path(axe_core_python.__file__).parent / "axe.min.js"
LIGHT, DARK = "--blink-settings=preferredColorScheme=1", "--blink-settings=preferredColorScheme=0"
# The page's own policy allows no script; a test that looks into it takes that away, and nothing else.
_POLICY = re.compile(r"<meta http-equiv=\"Content-Security-Policy\".*?>", flags=re.DOTALL)


@cache
def browser() -> str:
    wanted = ("chromium chromium-browser google-chrome", "chromium")
    command = [CHECKOUT / "tests" / "tools" / "debian.sh", *wanted]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=600).stdout.strip()


def _run(page: Path, *arguments: str) -> str:
    profile = page.with_suffix(".profile")
    command = [browser(), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", *arguments]
    done = subprocess.run([*command, str(page)], capture_output=True, text=True, check=True, timeout=120)
    return done.stdout


def asked(page: Path, script: str, *arguments: str, library: str = "") -> Any:
    """What a script in the page answers; it calls C(tell) with that."""
    tell = "const tell = found => { const made = document.createElement('pre'); made.id = 'told';"
    tell += " made.textContent = JSON.stringify(found); document.body.append(made) };"
    text = _POLICY.sub("", page.read_text(encoding="utf-8"))
    scripts = f"<script>{library}</script><script>{tell}\naddEventListener('load', () => {{ {script} }})</script>"
    inside = page.with_suffix(".asked.html")
    inside.write_text(text.replace("</body>", f"{scripts}</body>"), encoding="utf-8")
    told = re.search(r'<pre id="told">(.*?)</pre>', _run(inside, "--dump-dom", *arguments), flags=re.DOTALL)
    assert told, "the page has not answered"
    return json.loads(html.unescape(told[1]))


def faults(page: Path, *arguments: str) -> list[Any]:
    """What axe finds wrong with it."""
    script = "axe.run().then(r => tell(r.violations.map(v => [v.id, v.help, v.nodes.map(n => n.html.slice(0, 200))])))"
    library = AXE.read_text(encoding="utf-8")
    found: list[Any] = asked(page, script, "--virtual-time-budget=30000", *arguments, library=library)
    return found


def picture(page: Path, file: Path, wide: int, high: int, *arguments: str) -> bytes:
    _run(page, f"--window-size={wide},{high}", f"--screenshot={file}", "--hide-scrollbars", *arguments)
    return file.read_bytes()


def printed(page: Path, file: Path) -> bytes:
    _run(page, f"--print-to-pdf={file}", "--no-pdf-header-footer")
    return file.read_bytes()
