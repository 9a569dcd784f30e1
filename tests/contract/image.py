# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The execution environment, as far as one comes without a container engine: by the steps of its Dockerfile."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.lab.build import uv
from tests.lab.controlplane import CHECKOUT

DEFINITION = CHECKOUT / "extensions" / "execution-environment" / "execution-environment.yml"
READONLY = CHECKOUT / "tests" / "tools" / "readonly.sh"
# The only folder that a run may write to.
ARTIFACTS = "/runner/artifacts"
_TOOLS = Path(sys.executable).parent


@dataclass(frozen=True)
class Image:
    """context: what ansible-builder makes; collections: as Galaxy would install them; python, system: what
    ansible-builder reads from them; venv: what pip makes of that."""

    folder: Path

    @property
    def context(self) -> Path:
        return self.folder / "context"

    @property
    def collections(self) -> Path:
        return self.folder / "collections"

    @property
    def python(self) -> Path:
        return self.folder / "requirements.txt"

    @property
    def system(self) -> Path:
        return self.folder / "bindep.txt"

    @property
    def venv(self) -> Path:
        return self.folder / "venv"

    def dockerfile(self) -> str:
        return (self.context / "Dockerfile").read_text(encoding="utf-8")

    def variables(self) -> dict[str, str]:
        """What the last stage sets, and where its collections and programs are."""
        last = self.dockerfile().rpartition("\nFROM ")[2]
        found = dict(re.findall(r"^ENV (\w+)=(\S+)$", last, flags=re.MULTILINE))
        return {
            **found,
            "PATH": f"{self.venv / 'bin'}:/usr/bin:/bin",
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
        }

    def run(self, artifacts: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command on a read-only file system, as a user without a name. Not by the image's entrypoint: where it
        finds no home that it likes it changes the mode of all that there is in /tmp, and here that is not its own."""
        environment = {k: v.replace(ARTIFACTS, str(artifacts)) for k, v in self.variables().items()}
        sandbox = ["unshare", "--user", "--map-root-user", "--mount", "sh", str(READONLY), str(artifacts)]
        return subprocess.run(
            [*sandbox, *command],
            env={**environment, **more},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )


def _do(*command: str | Path, **more: str) -> None:
    done = subprocess.run(
        [str(part) for part in command], env={**os.environ, **more}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _install_collections(image: Image) -> None:
    """Ours from its tarball; its dependencies from the package ansible, for Galaxy is out of reach."""
    library = f'root={CHECKOUT}; . "$root/tests/checks/lib.sh"'
    install = 'install_tarball "$(build_tarball "$1")" "$2" "$(bundled)"'
    _do("sh", "-euc", f"{library}; {install}", "sh", image.folder / "copy", image.collections)


def build(folder: Path) -> Image:
    """The steps of the Dockerfile, in its order."""
    image = Image(folder)
    _do(_TOOLS / "ansible-builder", "create", "--file", DEFINITION, "--context", image.context)
    _install_collections(image)
    introspect = image.context / "_build" / "scripts" / "introspect.py"
    written = (f"--write-bindep={image.system}", f"--write-pip={image.python}")
    left_out = re.findall(r"(--exclude-[\w-]+)=(\S+)", image.dockerfile())
    without = [f"{option}={image.context / '_build' / file}" for option, file in left_out]
    _do(sys.executable, introspect, "introspect", *without, *written, image.collections)
    found = re.search(r'^ARG ANSIBLE_INSTALL_REFS="(.+)"$', image.dockerfile(), flags=re.MULTILINE)
    assert found, image.dockerfile()
    uv("venv", "--quiet", "--python", sys.executable, str(image.venv))
    install = ("pip", "install", "--quiet", "--compile-bytecode", "--python", str(image.venv / "bin" / "python"))
    uv(*install, *found[1].split(), "-r", str(image.python))
    return image
