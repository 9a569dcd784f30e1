# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record from a URL that points elsewhere: what is meant for the first server goes to no other."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.contract.ansible_runs import CHECKOUT
from tests.lab import pki

HEADER = "Bearer of-the-first-server"
PLAY = {
    "hosts": "localhost",
    "gather_facts": False,
    "tasks": [
        {"ansible.builtin.import_role": {"name": "mtv.teardown.resources"}},
        {"ansible.builtin.debug": {"msg": "got {{ resources_content }}"}},
    ],
}


class Site:
    """One server. moved: path -> where it points to; asked: path and Authorization of each request."""

    def __init__(self, folder: Path | None = None) -> None:
        self.moved: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append((self.path, self.headers.get("Authorization", "")))
                to = outer.moved.get(self.path)
                self.send_response(302 if to else 200)
                if to:
                    self.send_header("Location", to)
                self.end_headers()
                self.wfile.write(b"" if to else b"the record")

            def log_message(self, *_args: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if folder is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder / "server.crt", folder / "server.key")
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"http{'s' if folder else ''}://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[tuple[Site, Site, Site]]:
    """Two with TLS, one without."""
    pki.make(tmp_path / "pki")
    made = (Site(tmp_path / "pki"), Site(tmp_path / "pki"), Site())
    yield made
    for site in made:
        site.server.shutdown()
        site.server.server_close()


def fetch(folder: Path, url: str) -> tuple[int, str]:
    (folder / "play.yml").write_text(json.dumps([PLAY]), encoding="utf-8")
    given = {
        "resources_url": url,
        "resources_url_headers": {"Authorization": HEADER},
        "resources_ca_file": str(folder / "pki/ca.crt"),
    }
    (folder / "given.json").write_text(json.dumps(given), encoding="utf-8")
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "play.yml", "-e", "@given.json", "-vvvv"]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "tests" / "tools" / "ansible.cfg")}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    output = done.stdout + done.stderr
    assert "of-the-first-server" not in output and "signature" not in output
    return done.returncode, output


def test_headers_stay_with_the_server_that_they_are_for(sites: tuple[Site, Site, Site], tmp_path: Path) -> None:
    first, second, _plain = sites
    first.moved = {"/a?signature": "/b?signature", "/b?signature": f"{second.url}/c"}
    second.moved = {"/c": f"{second.url}/d"}
    code, output = fetch(tmp_path, f"{first.url}/a?signature")
    assert code == 0 and "got the record" in output, output
    assert first.asked == [("/a?signature", HEADER), ("/b?signature", HEADER)]
    assert second.asked == [("/c", ""), ("/d", "")]


@pytest.mark.parametrize("to", ["http", "file:///etc/hostname", "//["])
def test_no_redirect_leads_to_less(to: str, sites: tuple[Site, Site, Site], tmp_path: Path) -> None:
    first, _second, plain = sites
    first.moved = {"/a": f"{plain.url}/a" if to == "http" else to}
    code, output = fetch(tmp_path, f"{first.url}/a")
    assert code == 2 and "got " not in output, output
    assert to == "//[" or f"redirected from https to {to.partition(':')[0]}, which is not followed" in output
    assert plain.asked == []


def test_a_circle_of_redirects(sites: tuple[Site, Site, Site], tmp_path: Path) -> None:
    plain = sites[2]
    plain.moved = {"/a": "/a"}
    code, output = fetch(tmp_path, f"{plain.url}/a")
    assert code == 2 and "more than 5 times" in output and len(plain.asked) == 6
