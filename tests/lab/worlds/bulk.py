# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session of many plain objects, for measuring. Pure."""

from __future__ import annotations

from tests.lab.operator.kinds import KINDS, Obj, manifest
from tests.lab.worlds.suite import Session, entry_of

_SOME = {"name": "some", "namespace": "default"}
_RULE = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
_CONTENT: dict[str, Obj] = {
    "Secret": {"stringData": {"user": "lab"}},
    "ConfigMap": {"data": {"key": "value"}},
    "NetworkAttachmentDefinition": {"spec": {"config": "{}"}},
    "StorageMap": {"spec": {"map": [], "provider": {"source": _SOME, "destination": _SOME}}},
    "NetworkMap": {"spec": {"map": [], "provider": {"source": _SOME, "destination": _SOME}}},
    "Hook": {"spec": {"image": "lab/hook", "playbook": ""}},
    "Host": {"spec": {"ipAddress": "192.0.2.1", "id": "host-1", "provider": _SOME, "secret": _SOME}},
    "ServiceAccount": {},
    "Role": {"rules": [_RULE]},
    "Service": {"spec": {"clusterIP": "None", "ports": [{"port": 80}]}},
}
SEEDED = tuple(_CONTENT)


def build(prefix: str, size: int) -> Session:
    """``size`` objects, spread evenly over ten kinds; the record names them all."""
    session = Session(prefix)
    session.add(manifest("Namespace", prefix))
    for number in range(size):
        kind = SEEDED[number % len(SEEDED)]
        session.add(manifest(kind, f"{prefix}-{KINDS[kind].plural[:20]}-{number:05d}", prefix, **_CONTENT[kind]))
    reused = manifest("NetworkAttachmentDefinition", "bridge-network", "shared-vms")
    session.note("NetworkAttachmentDefinition", entry_of(reused))
    return session
