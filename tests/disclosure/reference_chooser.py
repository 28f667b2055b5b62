"""What to publish, chosen cell by cell by the rules for revisions, as slowly as it takes.

It follows `releases.md` and nothing else: each condition is a promise of one table, asked of a
history with that table alone. It shows that the rules are enough (joint_oracle finds nothing), and
which of them are needed (without one it does). Groups other than the base are left out: what they
tell follows from the same combinations of cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise
from random import Random

from histories import BASE, GRADE, Cell, History, Release, Touched, touched
from joint_algebra import Bounds, Vector, light_unions, spanned, within
from joint_oracle import FREE, Demands, Joint


@dataclass(frozen=True)
class Rule:
    """Which parts of the rules are applied; all of them unless a test asks what goes wrong."""

    unrevised: bool = True
    """What was told of quarters that are not revised is still known, and unchanged."""
    vanished: bool = True
    """A leaf without a row in the new table is known to be 0 there."""
    new_rows: bool = True
    """A row that is new stands for at least one person more."""
    always_bounds: bool = True
    """Bounds on the change hold leaf by leaf, also where answers were removed elsewhere."""
    change_bounds: bool = True
    fresh: bool = True
    """Only people who are touched for the first time help to reach the fewest respondents."""
    shared: bool = True
    """Bounds hold in all tables at once where they share quarters that are not revised."""


@dataclass(frozen=True)
class Chooser:
    """Chooses what a release publishes, given all earlier ones."""

    history: History
    demands: Demands
    rule: Rule = Rule()

    def choose(self, versions: Mapping[str, int], year: bool, rng: Random) -> Release | None:
        """Return the next release; None if even to publish nothing new breaks a promise."""
        shape = self.history.shape
        last = self.history.releases[-1] if self.history.releases else None
        before = last.versions if last else {}
        old = last.shown[BASE] if last else frozenset()
        still = {q for q, v in versions.items() if before.get(q) == v}
        fixed = frozenset(c for c in old if c[0] in still)
        periods = [*versions, *([shape.year] if year else [])]
        can = {
            c
            for c in shape.cells(periods)
            if c not in fixed and (c[0] not in before or c in old) and c[0] not in still
        }
        if last and last.year:
            can -= {c for c in can if c[0] == shape.year and c not in old}
        shown = self._closed(versions, year, fixed, can)
        if shown is None or not self.is_safe(versions, year, shown):
            return None
        order = sorted(can)
        rng.shuffle(order)
        for cell in order:
            more = self._closed(versions, year, shown | {cell}, can)
            if cell not in shown and more is not None and self.is_safe(versions, year, more):
                shown = more
        return self._release(versions, year, shown)

    def _release(self, versions: Mapping[str, int], year: bool, shown: frozenset[Cell]) -> Release:
        return Release(versions, year, {BASE: shown, GRADE: frozenset()})

    def _closed(
        self, versions: Mapping[str, int], year: bool, shown: frozenset[Cell], can: set[Cell]
    ) -> frozenset[Cell] | None:
        """Add the cells that follow exactly from the others; None if one may not be shown."""
        joint = self._new(versions, year, shown)
        follow = {c for _, c, v in joint.hidden() if spanned(joint.facts, v)}
        return shown | follow if follow <= can else None

    def _new(self, versions: Mapping[str, int], year: bool, shown: frozenset[Cell]) -> Joint:
        new = self._release(versions, year, shown)
        alone = History(self.history.shape, self.history.tables, (new,))
        extra = list(self._told_of_the_rest(new)) if self.rule.unrevised else []
        return Joint(alone, BASE, self.demands, extra)

    def _told_of_the_rest(self, new: Release, than: int | None = None) -> Iterator[Vector]:
        """List what other vintages tell of quarters that are the same in this one."""
        now = len(self.history.releases)
        mine = self._earlier(now if than is None else than, new).releases[0].versions
        for i in range(now + 1):
            joint = Joint(self._earlier(i, new), BASE, self.demands)
            versions = joint.history.releases[0].versions
            same = {c for c in joint.people if mine.get(c[0][0]) == versions[c[0][0]]}
            if any(mine.get(quarter) != version for quarter, version in versions.items()):
                yield from within(joint.facts, same)

    def _old(self, i: int, new: Release) -> Joint:
        extra = list(self._told_of_the_rest(new, i)) if self.rule.unrevised else []
        return Joint(self._earlier(i, new), BASE, self.demands, extra)

    def _earlier(self, i: int, new: Release) -> History:
        """Return vintage i of the whole block, on all that it or a later one publishes (Q_i)."""
        releases = (*self.history.releases, new)
        versions: dict[str, int] = {}
        for release in releases[i:]:  # a quarter that came later, as it was at first
            versions = {**release.versions, **versions}
        shown = frozenset().union(*(r.shown[BASE] for r in releases[i:]))
        year = any(r.year for r in releases)
        return History(
            self.history.shape,
            self.history.tables,
            (self._release(versions, year, shown),),
        )

    def is_safe(self, versions: Mapping[str, int], year: bool, shown: frozenset[Cell]) -> bool:
        """Whether the three conditions hold."""
        new = self._release(versions, year, shown)
        whole = self.history.with_release(new)
        tables = [self._new(versions, year, shown)]
        tables += [self._old(i, new) for i in range(len(self.history.releases))]
        pairs = self._pairs(len(whole.releases))
        changes = [c for i, j in pairs if (c := self._change(whole, i, j))]
        return (
            all(_has_no_union(table) for table in tables)
            and all(change.has_no_union() for change in changes)
            and not any(next(table.intervals(FREE), None) for table in tables)
            and all(change.keeps_bounds() for change in changes)
            and not (
                self.rule.shared
                and self._shares(whole)
                and next(Joint(whole, BASE, self.demands).intervals(FREE), None)
            )
        )

    def _pairs(self, many: int) -> Iterable[tuple[int, int]]:
        """List the differences to look at; with people counted once, each step is enough."""
        return pairwise(range(many)) if self.rule.fresh else combinations(range(many), 2)

    def _shares(self, whole: History) -> bool:
        """Whether a year is told over quarters of which some are revised and some are not."""
        years = [r.versions for r in whole.releases if r.year]
        return len({tuple(sorted(v.items())) for v in years}) > 1

    def _change(self, whole: History, i: int, j: int) -> _Change | None:
        """Return the people touched between two vintages, on what is known of both."""
        earlier = Chooser(History(whole.shape, whole.tables, whole.releases[:-1]), self.demands)
        now = whole.releases[-1]
        old, new = (earlier._earlier(k, now).releases[0] for k in (i, j))
        revised = {q for q in new.versions if old.versions[q] != new.versions[q]}
        return _Change(whole, old, new, revised, self.demands, self.rule) if revised else None


def _has_no_union(joint: Joint) -> bool:
    return next(joint.unions(), None) is None and next(joint.exact(), None) is None


@dataclass(frozen=True)
class _Change:
    """The table of those touched between two vintages, on what both tell."""

    whole: History
    old: Release
    new: Release
    revised: set[str]
    demands: Demands
    rule: Rule

    def touched(self, measure: str) -> Touched:
        people = (
            self.whole.people({q: r.versions[q] for q in self.revised})
            for r in (self.old, self.new)
        )
        again = self.whole.touched_before(measure, self.old.versions) if self.rule.fresh else ()
        return touched(self.whole.shape, *people, measure, again)

    def has_no_union(self) -> bool:
        here = {leaf for leaf, _ in self._joint(self.new).people}
        who = self.touched(BASE)
        light = light_unions(
            self.rows,
            who.changed,
            self.demands.min_n,
            set(who.changed) | who.ends(),
            lambda union: not who.nothing_in(union) and bool(here & union),
        )
        return not light

    def _joint(self, release: Release) -> Joint:
        return Joint(History(self.whole.shape, self.whole.tables, (release,)), BASE, self.demands)

    @cached_property
    def rows(self) -> list[Vector]:
        before, after = self._joint(self.old), self._joint(self.new)
        there = {leaf for leaf, _ in (*before.people, *after.people)}
        if self.rule.unrevised:
            there = {leaf for leaf in there if leaf[0] in self.revised}
        cells = {*self.new.shown[BASE]}
        rows = [
            {leaf: 1 for leaf in self.whole.shape.ways(cell)[0] if leaf in there} for cell in cells
        ]
        for tie in (*before.ties, *after.ties):
            rows.append({leaf: x for (leaf, _), x in tie.items() if leaf in there})
        if self.rule.vanished:
            here = {leaf for leaf, _ in after.people}
            gone = {c for c in before.people if c[0] not in here}
            rows += [{leaf: x for (leaf, _), x in v.items()} for v in within(before.facts, gone)]
        return [row for row in rows if row]

    def keeps_bounds(self) -> bool:
        if not self.rule.change_bounds:
            return True
        who, rows = self.touched(BASE), self.rows
        before, after = self._joint(self.old), self._joint(self.new)
        n0 = {leaf: n for (leaf, _), n in before.people.items()}
        n1 = {leaf: n for (leaf, _), n in after.people.items()}
        change = {leaf: n1.get(leaf, 0) - n0.get(leaf, 0) for leaf in n0.keys() | n1.keys()}
        if not self.rule.always_bounds and (min(change.values()) < 0 or who.moved or who.altered):
            return True
        floors = {
            leaf: float(1 if self.rule.new_rows and leaf not in n0 else min(0, d))
            for leaf, d in change.items()
        }
        bounds = Bounds(floors, [(r, sum(x * change[c] for c, x in r.items())) for r in rows])
        for cell in self.whole.shape.cells([*self.new.versions, self.whole.shape.year]):
            leaves = [leaf for leaf in self.whole.shape.ways(cell)[0] if leaf in change]
            if not leaves or cell in self.new.shown[BASE]:
                continue
            n = sum(change[leaf] for leaf in leaves)
            row, changed = dict.fromkeys(leaves, 1.0), who.weight(leaves)
            if changed and n and any(leaf in n1 for leaf in leaves) and bounds.is_pinned(row):
                return False
            if changed == n and 1 <= n < self.demands.min_n:
                reach = self.demands.reach(n)
                floor = max(
                    sum(leaf in n1 and leaf not in n0 for leaf in way)
                    for way in self.whole.shape.ways(cell)
                )
                if not bounds.reaches(row, max(floor, n - reach), n + reach):
                    return False
        return True
