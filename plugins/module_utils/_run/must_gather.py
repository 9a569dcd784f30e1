# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module must_gather does: C(oc adm must-gather) on the cluster of the run, with the image of its MTV."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from typing import Any
from urllib.parse import quote

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import kubeconfig_writer
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import dig, listed, text
from ansible_collections.mtv.teardown.plugins.module_utils._errors import TeardownError
from ansible_collections.mtv.teardown.plugins.module_utils._run import cluster_module, program
from ansible_collections.mtv.teardown.plugins.module_utils._run import module as _module

# Seconds beyond the time limit of oc, which does not count the start of its pod, and the copy of what it wrote.
MARGIN = 120
_IMAGE = re.compile("must[-_]gather")


def work(module: _module.Module) -> dict[str, Any]:
    """From the options to the answer."""
    params = module.params
    answer: dict[str, Any] = {"changed": False, "dest_dir": os.path.abspath(params["dest_dir"])}
    if module.check_mode:
        return {**answer, "msg": "In check mode must-gather collects nothing."}
    oc = shutil.which("oc")
    if oc is None:
        raise TeardownError("oc is not in PATH; nothing was collected.")
    made = kubeconfig_writer.of(*cluster_module.connection_of(module))
    image = params["image"] or _installed(module, params["namespace"])
    argv = [oc, "adm", "must-gather", f"--image={image}", f"--dest-dir={answer['dest_dir']}"]
    argv.append(f"--timeout={params['timeout']}s")
    # Never the cluster that oc would find by itself, and no token on a command line.
    folder = tempfile.mkdtemp(prefix="mtv.teardown.")
    try:
        config = os.path.join(folder, "kubeconfig")
        kubeconfig_writer.write(config, made)
        ended = program.run(argv, {**os.environ, "KUBECONFIG": config}, folder, params["timeout"] + MARGIN)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {**answer, "image": image, **outcome(ended)}


def outcome(ended: program.Ended) -> dict[str, Any]:
    """What the end of oc means."""
    told = {"rc": ended.code, "last_lines": ended.said}
    if ended.why:
        return {**told, "failed": True, "msg": f"oc adm must-gather was ended: {ended.why}."}
    if ended.code:
        last = f": {ended.said[-1]}" if ended.said else ""
        return {**told, "failed": True, "msg": f"oc adm must-gather ended with {ended.code}{last}"}
    return {**told, "changed": True, "msg": "collected"}


def _installed(module: _module.Module, namespace: str) -> str:
    path = f"/apis/operators.coreos.com/v1alpha1/namespaces/{quote(namespace, safe='')}/clusterserviceversions"
    image = image_of(cluster_module.http_of(module).json("GET", path))
    if not image:
        raise TeardownError(
            f"no ClusterServiceVersion of mtv-operator in namespace {namespace} names an image for must-gather: is "
            "this the namespace of the MTV operator? Nothing was collected."
        )
    return image


def image_of(answer: Any) -> str:
    """The image for must-gather of the MTV operator among ClusterServiceVersions; empty when none names one."""
    for one in listed(dig(answer, "items")):
        if text(dig(one, "metadata", "name")).startswith("mtv-operator"):
            for related in listed(dig(one, "spec", "relatedImages")):
                if _IMAGE.search(text(related.get("name"))) and text(related.get("image")):
                    return text(related["image"])
    return ""
