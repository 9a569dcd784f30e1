# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give ansible-test the script with which it puts pip into its environments: python get_pip.py CACHE_FOLDER.

It would download one. A build machine may have package registries only, so this writes one that needs no network.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import ansible_test._internal as internal

SCRIPT = """
import runpy
import subprocess
import sys

# In a process of its own: ensurepip switches pip's configuration off, and with it the index.
subprocess.run([sys.executable, "-m", "ensurepip"], check=True)
sys.argv = ["pip", "install", *(a for a in sys.argv[1:] if a not in ("--no-setuptools", "--no-wheel"))]
runpy.run_module("pip", run_name="__main__")
"""


def main() -> None:
    """Write the file under the name that this ansible-test looks for."""
    source = Path(str(internal.__file__)).with_name("python_requirements.py").read_text(encoding="utf-8")
    versions = set(re.findall(r"pip='([0-9.]+)'", source))
    if not versions:
        raise SystemExit("ansible-test no longer says which pip it wants")
    for version in versions:
        name = f"get_pip_{version.replace('.', '_')}.py"
        (Path(sys.argv[1]) / name).write_text(SCRIPT.lstrip(), encoding="utf-8")


if __name__ == "__main__":
    main()
