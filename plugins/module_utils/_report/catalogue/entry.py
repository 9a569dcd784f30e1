# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cause means, how to look, how to mend it and what that risks: the shape of one entry, and of its commands."""

from __future__ import annotations

import re
import shlex
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cluster.causes.cluster import OWN
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.guards import NEVER

Left = Mapping[str, Any]
# Kinds of OpenStack, each of which has commands of its own.
_OF_KIND = {"Server": "server", "Volume": "volume", "Snapshot": "snapshot", "Image": "image"}
# Ansible would take other names for more than a name.
_PLAIN = re.compile(r"[\w.-]+")
_KUBECTL = "kubectl "
THE_OBJECT = "kubectl get $object $within --output yaml"
_LOOK = (
    THE_OBJECT,
    "govc vm.info -vm.ipath $vm",
    *(f"openstack {kind} show ${kind.rpartition(' ')[2]}" for kind in ("server", "volume", "volume snapshot", "image")),
    "ansible localhost --module-name ovirt.ovirt.ovirt_vm_info --args pattern=name=$machine",
    "ansible localhost --module-name ovirt.ovirt.ovirt_disk_info --args pattern=name=$disk",
)
ITS_EVENTS = "kubectl get events $near --field-selector involvedObject.uid=$uid"


@dataclass(frozen=True, slots=True)
class Entry:
    """One cause. title: what it is, behind its name; seen: the lines that it is told from; means: why that keeps the
    object; look: commands that change nothing; mend: what a person can do; commands: those that do it, as far as there
    are any, and what that may cost (risk).

    Commands are templates: C($object) is C(Kind.version.group/name), C($within) its namespace as options, C($near) the
    same where its events are; all others are as values() has them.
    """

    name: str
    title: str
    seen: str
    means: str
    mend: str
    look: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    risk: str = ""

    def paragraphs(self) -> list[tuple[str, str]]:
        """(heading, text) of what there is to read of it."""
        told = (("seen", self.seen), ("means", self.means), ("mend", self.mend), ("risk", self.risk))
        return [(heading, text) for heading, text in told if text]


def filled(templates: tuple[str, ...], left: Left) -> list[str]:
    """Commands about this object, quoted for a shell; without those for which its entry does not say enough."""
    known = values(left)
    return [shlex.join(words) for template in templates if (words := _words(template, known)) is not None]


def general(templates: tuple[str, ...]) -> list[str]:
    """The same for any object, as a page shows it."""
    places: dict[str, tuple[str, ...]] = {
        name: (f"<{name}>",) for name in ("name", "namespace", "uid", "pod", "finalizer", "number", "vm")
    }
    places |= {name: (f"<{name}>",) for name in ("machine", "disk")}
    places |= {_OF_KIND[kind]: (f"<id of the {_OF_KIND[kind]}>",) for kind in _OF_KIND}
    places["object"] = ("<kind>/<name>",)
    places |= dict.fromkeys(("within", "near"), ("--namespace", "<namespace>"))
    return [" ".join(_shown(word) for word in words) for t in templates if (words := _words(t, places)) is not None]


def _shown(word: str) -> str:
    return f"'{word}'" if any(mark in word for mark in '{["') else word


def _words(template: str, known: Mapping[str, tuple[str, ...]]) -> list[str] | None:
    """Split before a name is put in: a name stays one word, whatever is in it."""
    words: list[str] = []
    single = {name: value[0] for name, value in known.items() if len(value) == 1}
    for word in shlex.split(template):
        if word.removeprefix("$") in known and word.startswith("$"):
            words += known[word.removeprefix("$")]
            continue
        try:
            words.append(string.Template(word).substitute(single))
        except KeyError:
            return None
    return words


def values(left: Left) -> dict[str, tuple[str, ...]]:
    """What a command may say of an object: the words that a placeholder stands for. What is not known is not in it."""
    kind, name, held = str(left.get("kind") or ""), str(left.get("name") or ""), left.get("held_by")
    held = held if isinstance(held, Mapping) else {}
    finalizers = [str(one) for one in held.get("finalizers") or ()]
    group = str(left.get("api_version") or "").rpartition("/")[0]
    strange = (one for one in finalizers if (group, kind) not in NEVER and not one.startswith(OWN))
    chosen = next(strange, "")  # nobody is told to take one of Kubernetes' own off, or what holds a namespace or a node
    place = str(left.get("place") or "")
    told = {
        "name": name,
        "uid": str(left.get("uid") or ""),
        "namespace": str(left.get("namespace") or ""),
        "machine": name if kind == "Vm" and _PLAIN.fullmatch(name) else "",
        "disk": name if kind == "Disk" and _PLAIN.fullmatch(name) else "",
        _OF_KIND.get(kind, ""): str(left.get("id") or ""),
        "vm": f"/{place.lstrip('/')}" if place and kind == "VirtualMachine" else "",
        "pod": str(next(iter(held.get("pods") or ()), "")),
        "finalizer": chosen,
        "number": str(finalizers.index(chosen)) if chosen else "",
    }
    known: dict[str, tuple[str, ...]] = {key: (value,) for key, value in told.items() if key and value}
    if left.get("provider"):
        return known
    namespace = told["namespace"]
    known["object"] = (f"{_kind(left)}/{name}",)
    known["within"] = ("--namespace", namespace) if namespace else ()
    known["near"] = ("--namespace", namespace or "default")
    return known


def _kind(left: Left) -> str:
    """The only form that kubectl takes for each kind, whatever its resource is called, and of its group alone."""
    group, _slash, version = str(left.get("api_version") or "").rpartition("/")
    return f"{left['kind']}.{version}.{group}" if group else str(left["kind"])


def commands(entry: Entry | None, left: Left, context: str = "") -> Iterator[tuple[str, str]]:
    """(look or mend, command) of one object: first to look, then to mend. Of whatever cause, there is one to look at
    it, if there is one for its kind. context: that of the cluster in the kubeconfig; whoever types the command may have
    chosen another one since."""
    look = filled(entry.look, left) if entry is not None else []
    yield from (("look", _within(one, context)) for one in look or filled(_LOOK, left))
    yield from (("mend", _within(one, context)) for one in (filled(entry.commands, left) if entry is not None else ()))


def _within(command: str, context: str) -> str:
    if not context or not command.startswith(_KUBECTL):
        return command
    return f"{_KUBECTL}{shlex.quote(f'--context={context}')} {command.removeprefix(_KUBECTL)}"
