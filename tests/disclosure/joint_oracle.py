"""What a reader who keeps every release can work out, from first principles.

Two beliefs are tried: answers may have been removed (`free`), or were only ever added (`added`).

Belongs here: findings about one history. Does not belong here: the equations (joint_system), making
histories, and protecting.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from histories import (
    BASE,
    GRADE,
    HIGH,
    LOW,
    MEASURES,
    Cell,
    Column,
    History,
    Release,
    touched,
)
from joint_algebra import NEAR, Bounds, Vector, light_unions, spanned, within
from joint_differences import Differences
from joint_system import ADDED, FREE, Demands, Finding, less


class Reader(Differences):
    """Everything forbidden that follows for one group from all releases of a history."""

    def unions(self) -> Iterator[Finding]:
        """Find unions of leaves of one release with too few members."""
        for number, release in enumerate(self.history.releases, start=1):
            inside = {c for c in self.people if release.versions.get(c[0][0]) == c[1]}
            light = light_unions(
                within(self.facts, inside),
                self.n,
                self.demands.min_n,
                {c for c in inside if self.n[c]},
                lambda union: any(self.n[c] for c in union),
            )
            if light:
                n = sum(self.n[c] for c in light)
                yield Finding("union", self.group, FREE, f"{n} in {_names(light)} of {number}")

    def exact(self) -> Iterator[Finding]:
        """Find hidden cells that are combinations of what is published."""
        for number, cell, vector in self.hidden():
            if spanned(self.facts, vector):
                yield Finding("exact", self.group, FREE, f"{cell} of {number}")

    def bounds(self, belief: str) -> Bounds:
        """Return the tables that agree with everything published and the belief."""
        floors: dict[object, float | None] = {("n", c): x for c, x in self.least.items()}
        equal = [self._equation("n", v, self.people) for v in self.told(BASE)]
        equal += [({("n", c): x for c, x in v.items()}, 0.0) for v in self.ties]
        above: list[tuple[Vector, float]] = []
        pairs = list(self._pairs()) if belief == ADDED else []
        above += [(less("n", a, b), 0.0) for a, b in pairs]
        if self.group != BASE:
            floors |= {("m", c): 0.0 for c in self.people}
            floors |= {("s", c): None for c in self.people}
            for v in self.told(self.group):
                equal += [self._equation("m", v, self.n), self._equation("s", v, self.total)]
            equal += [({(k, c): x for c, x in v.items()}, 0.0) for v in self.ties for k in "ms"]
            for c in self.people:
                above.append(({("n", c): 1, ("m", c): -1}, 0.0))
                above.append(({("s", c): 1, ("m", c): -LOW}, 0.0))
                above.append(({("s", c): -1, ("m", c): HIGH}, 0.0))
            for a, b in pairs:
                more, sums = less("m", a, b), less("s", a, b)
                above.append((more, 0.0))
                above.append((sums | {c: -LOW * x for c, x in more.items()}, 0.0))
                above.append(
                    ({c: -x for c, x in sums.items()} | {c: HIGH * x for c, x in more.items()}, 0.0)
                )
        return Bounds(floors, equal, above)

    def _equation(self, kind: str, v: Vector, of: Mapping[Column, int]) -> tuple[Vector, float]:
        return {(kind, c): x for c, x in v.items()}, self.value(v, of)

    def intervals(self, belief: str) -> Iterator[Finding]:
        """Find hidden figures that bounds pin down, and small cells with a narrow interval."""
        bounds = self.bounds(belief)
        if not bounds.feasible:
            return
        kind, of = ("n", self.people) if self.group == BASE else ("m", self.n)
        for number, cell, vector in self.hidden():
            row = {(kind, c): float(x) for c, x in vector.items()}
            n, where = int(self.value(vector, of)), f"{cell} of {number}"
            told = cell in self.history.releases[number - 1].shown[BASE]
            if self.group != BASE and told and n == self.value(vector, self.people):
                pass  # that everybody answered may be known
            elif bounds.is_pinned(row):
                value = bounds.interval(row)[0]
                if abs(value - n) < NEAR and not self._known_before(number, cell, belief):
                    yield Finding("pinned", self.group, belief, f"n = {n} of {where}")
            elif self.group == BASE and 1 <= n < self.demands.min_n:
                reach = self.demands.reach(n)
                if not bounds.reaches(row, max(self.floor(vector, belief), n - reach), n + reach):
                    low, high = bounds.interval(row)
                    what = f"{n} in {low:g}..{high:g}: {where}"
                    yield Finding("narrow", self.group, belief, what)
            if self.group == GRADE:
                yield from self._sum(bounds, belief, number, cell, vector)

    def _sum(
        self, bounds: Bounds, belief: str, number: int, cell: Cell, vector: Vector
    ) -> Iterator[Finding]:
        row = {("s", c): float(x) for c, x in vector.items()}
        total = self.value(vector, self.total)
        pinned = bounds.is_pinned(row) and abs(bounds.interval(row)[0] - total) < NEAR
        if pinned and self.value(vector, self.n) and not self._known_before(number, cell, belief):
            yield Finding("pinned", self.group, belief, f"sum = {total:g} of {cell} of {number}")

    def _known_before(self, number: int, cell: Cell, belief: str) -> bool:
        """Whether an earlier release told the cell, and nothing in it is touched since.

        To know that such a cell is still the same tells nothing of anybody.
        """
        if belief == FREE:
            return False
        new = self.history.releases[number - 1]
        for old in self.history.releases[: number - 1]:
            leaves = [w for w in self.shape.ways(cell)[0] if w[0] in old.versions]
            if len(leaves) < len(self.shape.ways(cell)[0]):
                continue
            revised = {leaf[0] for leaf in leaves if old.versions[leaf[0]] != new.versions[leaf[0]]}
            people = [self.history.people({q: r.versions[q] for q in revised}) for r in (old, new)]
            who = touched(self.shape, *people, MEASURES[self.group][0])
            if who.nothing_in(frozenset(leaves)) and spanned(self.facts, self.vector(leaves, old)):
                return True
        return False

    def narrow_changes(self) -> Iterator[Finding]:
        """Find cells to which few were added whose interval of the change is narrow."""
        bounds = self.bounds(ADDED)
        if self.group != BASE or not bounds.feasible or not self.history.only_added(BASE):
            return
        for (i, old), (_, new) in pairwise(enumerate(self.history.releases, start=1)):
            for cell, vector in self.rows(new):
                if any(leaf[0] not in old.versions for leaf in self.shape.ways(cell)[0]):
                    continue
                change: dict[object, float] = {("n", c): 1.0 for c in vector}
                for leaf in self.shape.ways(cell)[0]:
                    column = ("n", (leaf, old.versions[leaf[0]]))
                    if column[1] in self.people:
                        change[column] = change.get(column, 0.0) - 1.0
                n = int(sum(x * self.people[c[1]] for c, x in change.items()))  # type: ignore[index]
                plain = {c[1]: int(x) for c, x in change.items() if x}  # type: ignore[index]
                if not 1 <= n < self.demands.min_n or spanned(self.facts, plain):
                    continue  # a change that is told is judged as a union
                low, high = bounds.interval({c: x for c, x in change.items() if x})
                reach = self.demands.reach(n)
                if (
                    low > max(self._new_rows(cell, old, new), n - reach) + NEAR
                    or high < n + reach - NEAR
                ):
                    what = f"{n} in {low:g}..{high:g}: {cell} from {i} to {i + 1}"
                    yield Finding("narrow change", self.group, ADDED, what)

    def _new_rows(self, cell: Cell, old: Release, new: Release) -> int:
        """Count the rows of leaves below a cell that are new: at least one person each."""
        return max(
            sum(
                (leaf, new.versions[leaf[0]]) in self.people
                and (leaf, old.versions[leaf[0]]) not in self.people
                for leaf in way
            )
            for way in self.shape.ways(cell)
        )


def _names(union: Iterable[Column]) -> list[Cell]:
    return sorted(leaf for leaf, _ in union)


def leaks(history: History, demands: Demands, groups: Iterable[str] = MEASURES) -> list[Finding]:
    """Return what a reader knows who believes what is so; a false belief tells nothing for sure."""
    return [
        found
        for group in groups
        for found in findings(history, group, demands)
        if found.belief == FREE or history.only_added(group)
    ]


def findings(history: History, group: str, demands: Demands) -> list[Finding]:
    """Return everything forbidden that follows from all releases of a history together."""
    joint = Reader(history, group, demands)
    found = [*joint.unions(), *joint.exact(), *joint.sums_of_differences(), *joint.differences()]
    if not found:
        for belief in (FREE, ADDED):
            found += joint.intervals(belief)
    return found or list(joint.narrow_changes())
