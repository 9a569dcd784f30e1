# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the guides use of govc, for test_guide_commands.py: govc.py PROVIDERS_FILE role.create|permissions.set …"""

from __future__ import annotations

import argparse
import json
import ssl
import sys
from pathlib import Path
from typing import Any

from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim


def _permit(content: Any, words: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("-principal", required=True)
    parser.add_argument("-role", required=True)
    parser.add_argument("-propagate", choices=("true", "false"), default="true")
    parser.add_argument("path")
    given = parser.parse_args(words)
    role = next(one for one in content.authorizationManager.roleList if one.name == given.role)
    entity = content.rootFolder if given.path == "/" else content.searchIndex.FindByInventoryPath(given.path)
    if entity is None:
        above, _slash, name = given.path.rpartition("/")
        entity = content.searchIndex.FindByInventoryPath(above).CreateFolder(name)
    permission = vim.AuthorizationManager.Permission(
        principal=given.principal, group=False, propagate=given.propagate == "true", roleId=role.roleId
    )
    content.authorizationManager.SetEntityPermissions(entity=entity, permission=[permission])


def main() -> None:
    """Run one command; a vCenter that refuses it makes it fail."""
    file, command, *words = sys.argv[1:]
    entry = next(iter(json.loads(Path(file).read_text(encoding="utf-8")).values()))
    host, _colon, port = entry["fqdn"].partition(":")
    connection = SmartConnect(
        host=host, port=int(port), user=entry["username"], pwd=entry["password"],
        sslContext=ssl.create_default_context(cafile=entry["ca_file"]),
    )  # fmt: skip
    try:
        content = connection.RetrieveContent()
        if command == "role.create":
            content.authorizationManager.AddAuthorizationRole(name=words[0], privIds=words[1:])
        elif command == "permissions.set":
            _permit(content, words)
        else:
            raise SystemExit(f"no guide uses govc {command}")
    finally:
        Disconnect(connection)


if __name__ == "__main__":
    main()
