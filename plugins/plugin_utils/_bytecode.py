# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports of this collection's modules and module_utils by Python's own loader, which keeps their bytecode: Ansible's
loader of collections compiles each of them whenever a playbook is run, which takes longer than importing them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, ModuleSpec, SourceFileLoader
from types import ModuleType

_OURS = tuple(f"ansible_collections.mtv.teardown.plugins.{kind}." for kind in ("modules", "module_utils"))


class Finder:
    """For these names alone, and for files: folders, and all else, are left to Ansible."""

    @classmethod
    def find_spec(
        cls, name: str, path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As Python asks the finders in C(sys.meta_path)."""
        if not name.startswith(_OURS):
            return None
        for folder in path or ():
            spec = FileFinder(folder, (SourceFileLoader, SOURCE_SUFFIXES)).find_spec(name)
            if spec is not None and spec.loader is not None:
                return spec
        return None


def keep() -> None:
    """From now on, in this process."""
    if Finder not in sys.meta_path:
        sys.meta_path.insert(0, Finder)


@contextmanager
def kept() -> Iterator[None]:
    """For what is imported meanwhile: whoever imports a plugin finds Python's own ways as they were."""
    before = list(sys.meta_path)
    keep()
    try:
        yield
    finally:
        sys.meta_path[:] = before
