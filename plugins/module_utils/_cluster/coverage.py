# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one reading of the cluster covered, so that a decision can tell "nobody's" from "not read".

Every rule that keeps something of others from harm asks here: what was not read, or could not be, counts as somebody's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

Kind = tuple[str, str]
Place = tuple[str, str, "str | None"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """read: (group, kind, namespace) of each list that a healthy server answered to its end, the namespace being None
    for the whole cluster; errors: the same of those that failed -> why; served: kinds of the cluster's discovery ->
    whether they lie in namespaces; broken: API groups whose server did not answer it -> why; whole: namespaces of which
    every kind that can be listed was asked for; gone: uids of owners that a healthy server does not know; unknown: uids
    of owners that could not be looked up -> why."""

    read: frozenset[Place] = frozenset()
    errors: Mapping[Place, str] = field(default_factory=dict)
    served: Mapping[Kind, bool] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    unknown: Mapping[str, str] = field(default_factory=dict)

    def unread(self, kind: Kind, namespace: str | None) -> str:
        """Why nobody knows what there is of this kind in a namespace; empty when it was read, or cannot be there."""
        if self._was_read(kind, namespace):
            return ""
        return self.failure(kind, namespace) or ("it was not read" if kind in self.served else "")

    def failure(self, kind: Kind, namespace: str | None) -> str:
        """Why it could not be read; empty, too, where nobody has tried."""
        group, name = kind
        if self._was_read(kind, namespace):
            return ""
        failed = self.errors.get((group, name, namespace)) or self.errors.get((group, name, None))
        return self.broken.get(group) or failed or ""

    def _was_read(self, kind: Kind, namespace: str | None) -> bool:
        return bool(self.read & {(*kind, namespace), (*kind, None)})

    def incomplete(self, namespace: str) -> str:
        """Why nobody knows all that is in a namespace; empty when everything in it was read."""
        failed = next((f"{kind or group}: {error}" for (group, kind), error in self.failed(namespace)), "")
        return failed or ("" if namespace in self.whole else "it was not read")

    def failed(self, namespace: str | None) -> Iterator[tuple[Kind, str]]:
        """The kinds in a namespace, or outside all, that could not be read -> why; (group, "") for a group of which
        nobody knows the kinds."""
        for (group, kind, place), error in sorted(self.errors.items(), key=str):
            here = self.served.get((group, kind), True) == (namespace is not None)
            if here and place in (namespace, None) and not self.read & {(group, kind, namespace)}:
                yield (group, kind), error
        yield from (((group, ""), error) for group, error in sorted(self.broken.items()))
