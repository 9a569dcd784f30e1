# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an oVirt engine is told: options, the providers file, the environment, and the file that AWX writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.connection import for_collection
from ansible_collections.mtv.teardown.plugins.module_utils._provider import providers_file
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._run.connections import connections
from ansible_collections.mtv.teardown.plugins.module_utils._run.registry import PROVIDERS

CA = __file__  # any file that is there
URL = "https://rhv.example.com/ovirt-engine/api"
USER = {"username": "admin@internal", "password": "p%w"}
ENVIRONMENT = {"OVIRT_URL": URL, "OVIRT_USERNAME": "admin@internal", "OVIRT_PASSWORD": "p%w"}
MADE = Connection("ovirt", "", "rhv.example.com", 443, "admin@internal", "p%w")


def only(
    options: dict[str, Any] | None = None, entries: Any = None, environ: dict[str, str] | None = None
) -> Connection:
    parsed = providers_file.parse(json.dumps(entries or {}))
    found, wrong = connections(PROVIDERS["ovirt"], options, parsed, environ or {})
    if wrong:
        raise RecordError("; ".join(wrong.values()))
    [made] = found
    return made


def told(made: Connection) -> tuple[Any, ...]:
    return (made.host, made.port, made.username, made.secret, made.validate_certs, made.ca_file, dict(made.more))


TICKET = ("rhv.example.com", 443, "", "", True, "", {"kerberos": "yes"})
FROM_OPTIONS: dict[str, tuple[dict[str, Any], tuple[Any, ...]]] = {
    "url": ({"url": URL, **USER}, told(MADE)),
    "hostname": ({"hostname": "rhv.example.com", **USER}, told(MADE)),
    "url wins": ({"url": URL, "hostname": "other", **USER}, told(MADE)),
    "a port": ({"url": "https://rhv:8443/ovirt-engine/api", **USER}, ("rhv", 8443, *told(MADE)[2:])),
    "insecure": ({"url": URL, "insecure": True, **USER}, (*told(MADE)[:4], False, "", {})),
    "insecure, in words": ({"url": URL, "insecure": "yes", **USER}, (*told(MADE)[:4], False, "", {})),
    "not insecure": ({"url": URL, "insecure": False, "ca_file": CA, **USER}, (*told(MADE)[:4], True, CA, {})),
    "a ticket": ({"url": URL, "kerberos": True}, TICKET),
    "a ticket, in words": ({"url": URL, "kerberos": "yes"}, TICKET),
    "no ticket": ({"url": URL, "kerberos": "no", **USER}, told(MADE)),
    "a token": ({"url": URL, "token": "t"}, ("rhv.example.com", 443, "", "", True, "", {"token": "t"})),
}


@pytest.mark.parametrize("case", FROM_OPTIONS)
def test_options(case: str) -> None:
    auth, expected = FROM_OPTIONS[case]
    assert told(only(auth)) == expected


@pytest.mark.parametrize("address", [URL, "rhv.example.com/ovirt-engine/api", "rhv.example.com"])
@pytest.mark.parametrize("kind", ["ovirt", "rhv"])
def test_the_providers_file(address: str, kind: str) -> None:
    made = only(entries={"rhv-4.4": {"type": kind, "api_url": address, "insecure": True, "ca_file": CA, **USER}})
    assert told(made) == (*told(MADE)[:4], False, CA, {})
    assert (made.type, made.key) == ("ovirt", "rhv-4.4")


def test_a_ticket_in_the_providers_file() -> None:
    made = only(entries={"rhv-4.4": {"type": "ovirt", "api_url": URL, "kerberos": True}})
    assert (made.username, made.secret, dict(made.more)) == ("", "", {"kerberos": "yes"})
    url = "https://rhv.example.com:443/ovirt-engine/api"
    assert for_collection(made) == {"url": url, "kerberos": True, "insecure": False}


def test_the_environment() -> None:
    made = only(environ={**ENVIRONMENT, "OVIRT_CAFILE": CA})
    assert told(made) == (*told(MADE)[:5], CA, {})
    assert "OVIRT" in made.key
    assert told(only(environ={"OVIRT_HOSTNAME": "rhv.example.com", "OVIRT_TOKEN": "t"}))[-1] == {"token": "t"}
    assert connections(PROVIDERS["ovirt"], None, (), {"OVIRT_USERNAME": "x"}) == ((), {})


def ini(folder: Path, text: str) -> str:
    file = folder / "ovirt.ini"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_what_awx_gives(tmp_path: Path) -> None:
    """The CA is in the file alone."""
    text = f"[ovirt]\novirt_url={URL}\novirt_username=admin@internal\novirt_password=p%w\novirt_ca_file={CA}\n"
    path = ini(tmp_path, text)
    expected = (*told(MADE)[:5], CA, {})
    assert told(only(environ={**ENVIRONMENT, "OVIRT_INI_PATH": path})) == expected
    assert told(only(environ={"OVIRT_INI_PATH": path})) == expected
    assert told(only(environ={"OVIRT_INI_PATH": path, "OVIRT_USERNAME": "other"}))[2] == "other"


@pytest.mark.parametrize("text", ["hush-hush", "[other]\novirt_password=hush-hush\n", "[ovirt\nx=hush-hush"])
def test_a_file_that_cannot_be_used_is_told_without_its_text(text: str, tmp_path: Path) -> None:
    path = ini(tmp_path, text)
    with pytest.raises(RecordError, match="OVIRT_INI_PATH") as failed:
        only(environ={"OVIRT_INI_PATH": path})
    assert "hush-hush" not in failed.value.msg
    with pytest.raises(RecordError, match="nowhere"):
        only(environ={"OVIRT_INI_PATH": str(tmp_path / "nowhere")})


@pytest.mark.parametrize(
    ("auth", "missing"),
    [({"url": URL}, "username, password"), ({"url": URL, "username": "x"}, "password")],
)
def test_what_is_missing_is_told(auth: dict[str, Any], missing: str) -> None:
    with pytest.raises(RecordError, match=f"{missing} is missing"):
        only(auth)


def test_no_secret_is_shown() -> None:
    assert "p%w" not in repr(only({"url": URL, **USER}))
    assert "hush" not in repr(only({"url": URL, "token": "hush"}))
