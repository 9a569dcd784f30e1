# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the lab's Go programs, once per version, into the user's cache folder: the control plane and the vCenter."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
SERVERS = ("etcd", "kube-apiserver", "kube-controller-manager")
MINIMUM_GO = (1, 26)
# No optimisation, inlining or debug information: the compiler needs half the time, and the servers are fast enough.
FLAGS = ("-trimpath", "-gcflags=all=-N -l -dwarf=false")
_VERSION = "k8s.io/component-base/version"
Say = Callable[[str], None]


class BuildError(Exception):
    """A program cannot be had; the message says what to do."""


@dataclass(frozen=True)
class Program:
    """source: its folder; binary: what is built; links: other names of it; title, cost: for people."""

    source: Path
    binary: str
    title: str
    cost: str
    links: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (self.binary, *self.links)


CONTROL_PLANE = Program(
    HERE / "servers",
    "controlplane",
    "the control plane",
    "about 4 min on 2 cores, 1 GB of downloads and cache",
    SERVERS,
)
VCENTER = Program(HERE / "vcenter", "vcenter", "the vCenter simulator", "about 1 min on 2 cores")


def cache_folder() -> Path:
    """Return our part of the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "mtv.teardown"


def assets(say: Say) -> Path:
    """Return the folder with the three servers: KUBEBUILDER_ASSETS, else what was built before, else build it now."""
    given = os.environ.get("KUBEBUILDER_ASSETS")
    if given:
        missing = [name for name in SERVERS if not os.access(Path(given) / name, os.X_OK)]
        if missing:
            raise BuildError(f"KUBEBUILDER_ASSETS={given} has no {', '.join(missing)}; unset it and they are built")
        return Path(given).resolve()
    return built(CONTROL_PLANE, say)


def built(program: Program, say: Say) -> Path:
    """Return the folder with a program, which is built now where that has not been done."""
    go, version = _find_go()
    target = cache_folder() / program.binary / _fingerprint(program, version)
    if _complete(target, program):
        return target
    with lock(target.parent / "lock", say, f"builds {program.title}"):
        if not _complete(target, program):  # somebody else may have built it while we waited
            _build(program, go, target, say)
    return target


def _complete(folder: Path, program: Program) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in program.names)


def _find_go() -> tuple[str, str]:
    """Return the first Go that is new enough, and its version: from PATH, else the one that set-up put into .venv."""
    found = []
    for go in (shutil.which("go"), str(CHECKOUT / ".venv" / "bin" / "go")):
        if go is None or not os.access(go, os.X_OK):
            continue
        version = subprocess.run(
            [go, "env", "GOVERSION"], env=_environment(), capture_output=True, text=True, check=False
        ).stdout.strip()
        found.append(f"{go} ({version})")
        match = re.match(r"go(\d+)\.(\d+)", version)
        if match and (int(match[1]), int(match[2])) >= MINIMUM_GO:
            return go, version
    raise BuildError(
        f"no Go {'.'.join(map(str, MINIMUM_GO))} or newer, found: {', '.join(found) or 'none'}; "
        "run tests/tools/setup.sh, which installs one into .venv, or set KUBEBUILDER_ASSETS"
    )


def _environment() -> dict[str, str]:
    """Keep all that Go writes in our own folder of the cache, and the result the same for everybody."""
    go = cache_folder() / "go"
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return {
        **os.environ,
        # Go counts its own use below the configuration folder; the user's settings for Go stay the ones that count.
        "GOENV": os.environ.get("GOENV") or str(config / "go" / "env"),
        "XDG_CONFIG_HOME": str(go / "config"),
        "CGO_ENABLED": "0",
        "GOPATH": str(go),
        "GOMODCACHE": str(go / "mod"),
        "GOCACHE": str(go / "build"),
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "GOFLAGS": "-mod=readonly -modcacherw -buildvcs=false",
    }


def _fingerprint(program: Program, version: str) -> str:
    digest = hashlib.sha256(f"{version} {FLAGS}".encode())
    for path in sorted(program.source.iterdir()):
        if path.suffix in {".go", ".mod", ".sum"}:
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def lock(path: Path, say: Say, work: str) -> Iterator[None]:
    """One process at a time does this work."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="ascii") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another process {work}, waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _build(program: Program, go: str, target: Path, say: Say) -> None:
    start = time.monotonic()
    say(f"building {program.title}, once: {program.cost}")
    say("fetching Go modules (about 20 s)")
    total = len(_list_packages(program, go))
    unfinished = target.with_name(f"{target.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    command = [go, "build", "-v", *FLAGS, _ldflags(program), "-o", str(unfinished / program.binary), "."]
    _compile(program, command, total, say)
    for name in program.links:
        (unfinished / name).symlink_to(program.binary)
    shutil.rmtree(target, ignore_errors=True)
    unfinished.rename(target)
    say(f"built {program.title} in {time.monotonic() - start:.0f} s")


def _ldflags(program: Program) -> str:
    """Strip the binary, and let the API server tell its version, which it would not know otherwise."""
    needs = (program.source / "go.mod").read_text(encoding="utf-8")
    match = re.search(r"k8s\.io/kubernetes v(\d+)\.(\d+)\.(\d+)", needs)
    if match is None:
        return "-ldflags=-s -w"
    major, minor, patch = match.groups()
    values = {"gitVersion": f"v{major}.{minor}.{patch}", "gitMajor": major, "gitMinor": minor}
    return "-ldflags=-s -w " + " ".join(f"-X {_VERSION}.{key}={value}" for key, value in values.items())


def _list_packages(program: Program, go: str) -> list[str]:
    listing = subprocess.run(
        [go, "list", "-deps", "."], cwd=program.source, env=_environment(), capture_output=True, text=True, check=False
    )
    if listing.returncode:
        raise BuildError(f"Go cannot fetch the modules:\n{listing.stderr.strip()[-2000:]}")
    return listing.stdout.split()


def _compile(program: Program, command: list[str], total: int, say: Say) -> None:
    """Run go build -v, which names each package as it starts it, and count them aloud."""
    start = shown = time.monotonic()
    done = 0
    last: deque[str] = deque(maxlen=20)
    with subprocess.Popen(
        command, cwd=program.source, env=_environment(), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            last.append(line)
            done += 1
            now = time.monotonic()
            if now - shown >= 10:
                shown = now
                say(f"compiled {done} of about {total} packages, {now - start:.0f} s")
    if process.returncode:
        raise BuildError("the build failed:\n" + "".join(last))


def uv(*arguments: str) -> None:
    """Run uv, which set-up got where the machine had none."""
    own = CHECKOUT / ".cache" / "uv" / "bin" / "uv"
    found = shutil.which("uv") or (str(own) if own.exists() else "")
    if not found:
        raise BuildError("there is no uv; run tests/tools/setup.sh, which gets one")
    quiet = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "UV_SYSTEM_CERTS": "true"}
    done = subprocess.run([found, *arguments], env=quiet, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"uv {arguments[0]} failed:\n{done.stderr.strip()[-2000:]}")
