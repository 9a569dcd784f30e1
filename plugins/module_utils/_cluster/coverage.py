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
UNREAD = "it was not read"


@dataclass(frozen=True, slots=True)
class Coverage:
    """read: (group, kind, namespace) of each list that a healthy server answered to its end, the namespace being None
    for the whole cluster; errors: the same of those that failed -> why; served: kinds of the cluster's discovery ->
    whether they lie in namespaces; broken: API groups whose server did not answer it -> why; whole: namespaces of which
    every kind that can be listed was asked for; gone: uids of owners that a healthy server does not know; unknown: uids
    of owners that could not be looked up -> why; namespaces: those that there are, None when nobody knows.

    wanted, unswept: places, and namespaces as a whole, that a decision asked for and that nobody has tried to read:
    whoever reads reads them then, and asks again.
    """

    read: frozenset[Place] = frozenset()
    errors: Mapping[Place, str] = field(default_factory=dict)
    served: Mapping[Kind, bool] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    unknown: Mapping[str, str] = field(default_factory=dict)
    namespaces: frozenset[str] | None = None
    wanted: set[Place] = field(default_factory=set)
    unswept: set[str] = field(default_factory=set)

    def unread(self, kind: Kind, namespace: str | None) -> str:
        """Why nobody knows what there is of this kind in a namespace; empty when it was read, or cannot be there."""
        failed = self.failure(kind, namespace)
        if failed or not self._is_open(kind, namespace):
            return failed
        self.wanted.add((*kind, namespace))
        return UNREAD

    def _is_open(self, kind: Kind, namespace: str | None) -> bool:
        """Whether there may be some of it, and nobody has tried to read it."""
        there = namespace is None or self.namespaces is None or namespace in self.namespaces
        return there and kind in self.served and not self._was_read(kind, namespace)

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
        if failed or namespace in self.whole:
            return failed
        self.unswept.add(namespace)
        return UNREAD

    def failed(self, namespace: str | None) -> Iterator[tuple[Kind, str]]:
        """The kinds in a namespace, or outside all, that could not be read -> why; (group, "") for a group of which
        nobody knows the kinds."""
        for (group, kind, place), error in sorted(self.errors.items(), key=str):
            here = self.served.get((group, kind), True) == (namespace is not None)
            if here and place in (namespace, None) and not self.read & {(group, kind, namespace)}:
                yield (group, kind), error
        yield from (((group, ""), error) for group, error in sorted(self.broken.items()))
