# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes extensions/rights from the tables of the code: C(python -m tests.tools.rights)."""

from __future__ import annotations

from pathlib import Path

import yaml
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import needed_rights

FOLDER = Path(__file__).resolve().parents[2] / "extensions" / "rights"
HEAD = """\
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""


class _Indented(yaml.SafeDumper):
    """Lists as yamllint wants them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)


def files() -> dict[str, str]:
    """Name -> content."""
    return {f"{use.name}.yml": _text(use) for use in needed_rights.USES}


def _text(use: needed_rights.Use) -> str:
    made = use.manifests()
    whole = made[0] if len(made) == 1 else {"apiVersion": "v1", "kind": "List", "items": made}
    return f"---\n{HEAD}# {use.about}\n" + yaml.dump(whole, Dumper=_Indented, sort_keys=False)


if __name__ == "__main__":
    for name, text in files().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
