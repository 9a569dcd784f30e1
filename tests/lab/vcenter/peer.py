# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start, find and stop a vCenter for the tests, and say what is in it: govmomi's simulator with a control port."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab import build, pki, ports, processes
from tests.lab.controlplane import LabError, check_owner, claim, owner, state_folder

Say = Callable[[str], None]
USER = "teardown@vsphere.local"


def _quiet(_text: str) -> None:
    pass


@dataclass(frozen=True)
class VCenter:
    """A running vCenter. Its control port, which no vCenter has, is the one after the SDK's."""

    state: Path
    port: int
    binary: Path

    @property
    def ca_file(self) -> Path:
        return self.state / "pki" / "ca.crt"

    @property
    def password(self) -> str:
        return (self.state / "password").read_text(encoding="utf-8")

    def entry(self) -> dict[str, Any]:
        """Its entry in a providers file, as mtv-api-tests has them."""
        return {
            "type": "vsphere",
            "version": "8.0.1",
            "fqdn": f"127.0.0.1:{self.port}",
            "api_url": f"https://127.0.0.1:{self.port}/sdk",
            "username": USER,
            "password": self.password,
            "ca_file": str(self.ca_file),
        }

    # What a test says and asks; see control.go.

    def vms(self) -> dict[str, dict[str, Any]]:
        """Every VM, by its moRef."""
        return {vm["id"]: vm for vm in self._ask("GET", "/vms")}

    def named(self) -> dict[str, str]:
        """Name -> moRef."""
        return {vm["name"]: vm_id for vm_id, vm in self.vms().items()}

    def make(self, *vms: dict[str, Any] | str) -> list[dict[str, Any]]:
        """VMs, each by its name or with more of control.go's VM."""
        wanted = [vm if isinstance(vm, dict) else {"name": vm} for vm in vms]
        made: list[dict[str, Any]] = self._ask("POST", "/vms", wanted)
        return made

    def many(self, prefix: str, count: int) -> None:
        """VMs without files, in no time."""
        self._ask("POST", f"/many?prefix={prefix}&count={count}")

    def change(self, vm_id: str, **values: Any) -> None:
        self._ask("PUT", f"/vms/{vm_id}", values)

    def delete(self, vm_id: str) -> None:
        """By other people's hands."""
        self._ask("DELETE", f"/vms/{vm_id}")

    def rules(self, *rules: dict[str, Any]) -> None:
        """What goes wrong from now on; see Rule in faults.go. None: everything works."""
        self._ask("PUT", "/rules", list(rules))

    def deny(self, *privileges: str) -> None:
        """What the account may not do from now on, and is told when it asks. None: everything."""
        self._ask("PUT", "/denied", list(privileges))

    def calls(self) -> dict[str, int]:
        """Calls of clients since they were forgotten, by method."""
        found: dict[str, int] = self._ask("GET", "/calls")
        return found

    def forget_calls(self) -> None:
        self._ask("DELETE", "/calls")

    def sessions(self) -> list[str]:
        found: list[str] = self._ask("GET", "/sessions")
        return found

    def end_sessions(self) -> None:
        self._ask("DELETE", "/sessions")

    def write_file(self, path: str) -> None:
        """An empty file in a datastore, as C([LocalDS_0] folder/file)."""
        self._ask("POST", "/files", {"path": path})

    def has_file(self, path: str) -> bool:
        """Whether there is such a file in a datastore."""
        return bool(self._ask("GET", f"/files?{urllib.parse.urlencode({'path': path})}"))

    def remove_files(self) -> None:
        """All that write_file() has written."""
        self._ask("DELETE", "/files")

    def reach(self, datastore: str, accessible: bool) -> None:
        """Whether a datastore can be reached."""
        self._ask("PUT", f"/datastores/{datastore}", accessible)

    def make_disk(self) -> str:
        """A first class disk; its id."""
        return str(self._ask("POST", "/disks"))

    def clear(self) -> None:
        """Away with all VMs, rules and counts; only the simulator's own machine stays."""
        self.rules()
        self.deny()
        self.end_sessions()
        for vm_id, vm in self.vms().items():
            if not vm["name"].startswith("DC0_"):
                self.change(vm_id, disabled_methods=[])
                self.delete(vm_id)
        self.remove_files()
        self.forget_calls()

    def govmomi(self, *arguments: str) -> Any:
        """A second client that is not ours: list, or destroy ID."""
        command = [str(self.binary), "client", f"https://127.0.0.1:{self.port}/sdk", USER]
        command += [str(self.state / "password"), str(self.ca_file), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        return json.loads(done.stdout) if done.stdout else None

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.port + 1}{path}", data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as exc:
            raise LabError(f"vCenter {method} {path}: {exc.read().decode()}") from exc


def start(name: str = "vcenter", say: Say = _quiet) -> VCenter:
    """Start one, or return the one that runs. It is empty but for one machine of its own."""
    state = state_folder(name)
    claim(state, "vcenter")
    binary = build.built(build.VCENTER, say) / build.VCENTER.binary
    running = find(name)
    if running is not None:
        return running
    shutil.rmtree(state, ignore_errors=True)
    claim(state, "vcenter")
    pki.make(state / "pki")
    pki.write_secret(state / "password", secrets.token_hex(12))
    port = ports.free(2)
    command = [str(binary), "-state", f"{state}/", "-port", str(port), "-user", USER]
    processes.spawn(state, "vcenter", [*command, "-password-file", f"{state}/password"])
    made = VCenter(state, port, binary)
    deadline = time.monotonic() + 180
    while not _answers(made):
        if processes.find(state, "vcenter") is None or time.monotonic() > deadline:
            raise LabError(f"the vCenter does not start:\n{processes.tail(state, 'vcenter')}")
        time.sleep(0.05)
    (state / "vcenter.json").write_text(json.dumps({"port": port, "binary": str(binary)}), encoding="utf-8")
    return made


def find(name: str = "vcenter") -> VCenter | None:
    """The one of that name, if it runs."""
    state = state_folder(name)
    if processes.find(state, "vcenter") is None or not (state / "vcenter.json").exists():
        return None
    known = json.loads((state / "vcenter.json").read_text(encoding="utf-8"))
    return VCenter(state, known["port"], Path(known["binary"]))


def stop(name: str = "vcenter") -> None:
    """Stop it and forget what was in it."""
    state = state_folder(name)
    check_owner(state, "vcenter")
    if owner(state):
        processes.terminate(state, "vcenter")
        processes.wait_gone(state, "vcenter", patience=3)
        shutil.rmtree(state, ignore_errors=True)


def _answers(center: VCenter) -> bool:
    try:
        center.vms()
    except OSError:
        return False
    return True
