# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A big session in a bigger cluster, and a slow server: python -m tests.bench.scale.

First 10,000 objects of a session among 100,000 of others; then a world whose guests and pods take their time, behind a
proxy that adds 20 ms to every request; then, behind the same proxy, 1,000 objects on an OpenShift with its 250 kinds,
beside other ways to delete them. The figures go to stdout, progress to stderr.
"""

from __future__ import annotations

import argparse
import http.client
import json
import resource
import shutil
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.bench import ways
from tests.lab import controlplane
from tests.lab.faults import FaultProxy, Rule
from tests.lab.worlds import seed

OUT = controlplane.CHECKOUT / ".cache" / "bench"
PREFIX = "auto-big1"
# Where others' objects stand, as parts of all: a namespace that the session used, what is listed in all namespaces
# (VMs) or has none (volumes), and a namespace that nobody has to read.
OTHERS = (("shared-vms", "configmaps", 0.2), ("other-team", "virtualmachines", 0.05), ("other-team", "secrets", 0.75))
OURS = (("secrets", 0.4), ("configmaps", 0.4), ("virtualmachines", 0.2))
BASES = {"secrets": "/api/v1", "configmaps": "/api/v1", "virtualmachines": "/apis/kubevirt.io/v1"}
# What a guest, a pod and an archive take behind the slow server, in seconds.
SLOW = {"vm_end": 10.0, "pod_end": 5.0, "archive": 1.0, "cancel": 1.0}
# The namespace controller itself sleeps this long before it looks into a namespace that ends.
NAMESPACE = 5.0


def _say(text: str) -> None:
    print(f"scale: {text}", file=sys.stderr, flush=True)


@contextmanager
def _lab(name: str, **options: Any) -> Iterator[controlplane.Lab]:
    lab = controlplane.start(name, say=_say, **options)
    try:
        yield lab
    finally:
        controlplane.stop(lab)


def _folder(name: str) -> Path:
    """An empty folder: what an earlier run wrote down would be believed."""
    out = OUT / name
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    return out


def _check(code: int, out: Path) -> None:
    if code:
        raise RuntimeError(f"the teardown ended with {code}: see {out}/output.log")


def _create(lab: controlplane.Lab, token: str, wanted: list[tuple[str, dict[str, Any]]]) -> None:
    context = ssl.create_default_context(cafile=str(lab.state / "pki" / "ca.crt"))
    connection = http.client.HTTPSConnection("127.0.0.1", lab.port, context=context, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    for path, body in wanted:
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status not in (201, 409):
            raise RuntimeError(f"POST {path}: {answer.status} {text[:200]!r}")
    connection.close()


def _object(namespace: str, plural: str, name: str) -> tuple[str, dict[str, Any]]:
    body: dict[str, Any] = {"metadata": {"name": name, "labels": {"app": "x", "tier": "y"}}}
    if plural == "virtualmachines":
        body |= {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "spec": {"template": {"spec": {}}}}
    return f"{BASES[plural]}/namespaces/{namespace}/{plural}", body


def _fill(lab: controlplane.Lab, ours: int, others: int) -> None:
    token = yaml.safe_load(lab.admin_kubeconfig.read_text(encoding="utf-8"))["users"][0]["user"]["token"]
    names = {PREFIX, *(namespace for namespace, _plural, _part in OTHERS)}
    _create(lab, token, [("/api/v1/namespaces", {"metadata": {"name": name}}) for name in names])
    wanted = [
        _object(namespace, plural, f"{PREFIX}x-{number}")
        for namespace, plural, part in OTHERS
        for number in range(int(others * part))
    ]
    wanted += [_object(PREFIX, plural, f"o-{number}") for plural, part in OURS for number in range(int(ours * part))]
    _say(f"seeding {len(wanted)} objects")
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda part: _create(lab, token, wanted[part::12]), range(12)))


def _left(lab: controlplane.Lab, namespace: str, plural: str) -> int:
    api = controlplane._api(lab.state, lab.port, "admin")
    page: dict[str, Any] = api.request("GET", f"{BASES[plural]}/namespaces/{namespace}/{plural}?limit=1")
    return len(page["items"]) + int(page["metadata"].get("remainingItemCount") or 0)


def many(ours: int, others: int) -> list[str]:
    """A session of so many objects among so many others."""
    out = _folder("scale")
    record = {
        "Namespace": [{"name": PREFIX, "namespace": None, "module": "ocp_resources.namespace"}],
        # Recorded in a shared namespace, so that all of that has to be read; it is not there any more.
        "ConfigMap": [{"name": f"{PREFIX}-gone", "namespace": "shared-vms", "module": "ocp_resources.configmap"}],
    }
    (out / "resources.json").write_text(json.dumps(record), encoding="utf-8")
    with _lab("scale", operator=False) as lab:
        _fill(lab, ours, others)
        before = [_left(lab, namespace, plural) for namespace, plural, _part in OTHERS]
        _say("tearing down")
        since = controlplane.mark(lab)
        begun = time.monotonic()
        _check(ways.teardown(lab.kubeconfig, out, []), out)
        seconds = time.monotonic() - begun
        time.sleep(1)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        asked = controlplane.requests(lab, since)
        after = [_left(lab, namespace, plural) for namespace, plural, _part in OTHERS]
    lists = sum(r["verb"] == "list" for r in asked)
    return [
        (
            f"{ours} objects of a session among {others} of others: {seconds:.0f} s, {len(asked)} requests "
            f"({lists} of them pages of lists), {len(asked) / ours:.2f} per object"
        ),
        f"largest process: {peak:.0f} MB; others' objects before and after: {sum(before)}, {sum(after)}",
    ]


def slow() -> list[str]:
    """The world cold behind a slow server, beside what its slowest chain takes."""
    OUT.mkdir(parents=True, exist_ok=True)
    settings = OUT / "slow.yaml"
    settings.write_text(yaml.safe_dump(SLOW), encoding="utf-8")
    out = _folder("slow")
    with _lab("slow", settings=settings) as lab, FaultProxy(lab) as proxy:
        seed.seed(lab, "cold", "auto-slow", out, say=lambda _text: None)
        proxy.rules = [Rule("slow")]
        proxy.delay = 0.02
        since = controlplane.mark(lab)
        begun = time.monotonic()
        _check(ways.teardown(proxy.kubeconfig, out, []), out)
        seconds = time.monotonic() - begun
        time.sleep(1)
        asked = len(controlplane.requests(lab, since))
    # archive, then the guests, then (in the namespace) the pods that CDI and Forklift left, then the namespace itself.
    chain = SLOW["archive"] + SLOW["vm_end"] + SLOW["pod_end"] + NAMESPACE
    return [
        f"world cold behind 20 ms per request, guests end in 10 s, pods in 5 s: {seconds:.1f} s, {asked} requests;",
        (
            f"its slowest chain takes {chain:.0f} s, ansible-playbook alone 2 s, the look that proves it 3 s: "
            f"{seconds / (chain + 5):.2f} times"
        ),
    ]


# The suite waits for each object by itself, for so many seconds at most.
_SUITE_WAITS = 120
WIDE: tuple[tuple[str, Callable[..., int], dict[str, Any]], ...] = (
    ("this collection, the whole playbook", ways.teardown, {}),
    ("`kubectl delete namespace`", ways.kubectl_namespace, {}),
    ("the suite's own way, one after the other", ways.wrapper, {"limit": _SUITE_WAITS}),
)


def wide(size: int) -> list[str]:
    """So many objects in a namespace of an OpenShift, behind a slow server: each way with a session of its own."""
    lines = [f"{size} objects on an OpenShift behind 20 ms per request:", f"{'way':44} {'seconds':>8} {'requests':>8}"]
    with _lab("wide", openshift=True) as lab, FaultProxy(lab) as proxy:
        proxy.delay = 0.02
        for number, (name, way, options) in enumerate(WIDE, start=1):
            out = _folder(f"wide-{number}")
            proxy.rules = []
            seed.seed(lab, "bulk", f"auto-w{number:03d}", out, size=size, say=lambda _text: None)
            proxy.rules = [Rule("slow")]
            _say(name)
            since = controlplane.mark(lab)
            begun = time.monotonic()
            code = way(proxy.kubeconfig, out, [], **options)
            seconds = time.monotonic() - begun
            if way is ways.teardown:
                _check(code, out)
            told = f"   exit code {code}" if code else ""
            lines.append(f"{name:44} {seconds:8.1f} {len(controlplane.requests(lab, since)):8d}{told}")
            _say(lines[-1])
    return lines


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scale", description=__doc__)
    parser.add_argument("--ours", type=int, default=10_000)
    parser.add_argument("--others", type=int, default=100_000)
    parser.add_argument("--size", type=int, default=1_000, help="objects on the OpenShift; default: 1000")
    parser.add_argument("--only", choices=["many", "slow", "wide"], help="one of the three")
    args = parser.parse_args()
    parts: dict[str, Callable[[], list[str]]] = {
        "many": lambda: many(args.ours, args.others),
        "slow": slow,
        "wide": lambda: wide(args.size),
    }
    for name, part in parts.items():
        if args.only in (None, name):
            print("\n".join(part()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
