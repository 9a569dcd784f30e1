# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that somebody named: what is accepted, and what is told of the rest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils import _text_file
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._provider import providers_file
from ansible_collections.mtv.teardown.plugins.module_utils._session import resources_file

RECORD = '{"Namespace": [{"name": "auto-ab12"}]}'
PROVIDERS = '{"v": {"type": "vsphere", "fqdn": "vcenter.example.com", "username": "u", "password": "p"}}'


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["bare", "byte-order-mark"])
def test_a_mark_at_the_beginning_changes_nothing(mark: bytes, tmp_path: Path) -> None:
    for reads, text in ((resources_file.read, RECORD), (providers_file.read, PROVIDERS)):
        (tmp_path / "file").write_bytes(mark + text.encode())
        assert len(reads(str(tmp_path / "file"))) == 1


@pytest.mark.parametrize(
    ("path", "told"),
    [
        pytest.param("", "(empty path) does not exist. Do this.", id="empty"),
        pytest.param("absent", "does not exist. Do this.", id="absent"),
        pytest.param("folder", "is a directory; give the file in it", id="folder"),
        pytest.param("big", "has 9 bytes, and more than 8 cannot be one. Do this.", id="big"),
        pytest.param("utf-16", "is not UTF-8 text (byte 0). Do this.", id="utf-16"),
        pytest.param("pipe", "pipe of the shell, such as <(…)", id="named-pipe"),
        pytest.param("/dev/fd/63", "write it to a file", id="file-descriptor"),
        pytest.param("/proc/self/fd/63", "write it to a file", id="file-descriptor-in-proc"),
        pytest.param("/dev/stdin", "write it to a file", id="standard-input"),
        pytest.param("/dev/null", "write it to a file", id="device"),
    ],
)
def test_what_is_no_file_says_what_to_do(path: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "big").write_text("123456789")
    (tmp_path / "utf-16").write_bytes("{}".encode("utf-16"))
    os.mkfifo(tmp_path / "pipe")
    whole = str(tmp_path / path) if path and not path.startswith("/") else path
    with pytest.raises(RecordError) as caught:
        _text_file.read(whole, "resources file", 8, "Do this.")
    assert caught.value.msg.startswith(f"resources file {whole or '(empty path)'} ")
    assert told in caught.value.msg


@pytest.mark.parametrize("reads", [resources_file.read, providers_file.read])
def test_pipes_of_the_shell_are_told_for_each(reads: object) -> None:
    with pytest.raises(RecordError, match="pipe of the shell"):
        reads("/dev/fd/63")  # type: ignore[operator]


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    for text, mode in (("one", 0o600), ("two", 0o644)):
        _text_file.replace(str(file), text, mode)
        assert (file.read_text(encoding="utf-8"), file.stat().st_mode & 0o777) == (text, mode)
    (tmp_path / "b").mkdir()
    with pytest.raises(OSError, match="directory"):
        _text_file.replace(str(tmp_path / "b"), "x")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.json", "b"]
