"""Respondents of an organisation, the vintages of its quarters, and what was published of them.

Belongs here: paper-sided truth (who is counted where, in which vintage), and who is touched between
two releases. Does not belong here: what a reader can work out (joint_oracle), what is published
(the protector).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import NamedTuple, TypeAlias

ALL = "all"
BASE = "responses"
GRADE = "grade"
LOW, HIGH = 1, 10

Cell: TypeAlias = tuple[str, str, str, str]
"""Period, channel, product and segment; `all` where a dimension is a total."""

Column: TypeAlias = tuple[Cell, int]
"""A leaf cell and the version of its quarter, from 1."""


class Person(NamedTuple):
    """A respondent as one vintage has them; `grade` and `second` are None without an answer."""

    who: int
    quarter: str
    channel: str
    product: str
    segment: str
    grade: int | None
    remark: bool
    second: int | None = None


@dataclass(frozen=True)
class Shape:
    """The table: values per dimension; a dimension without values is only a total."""

    quarters: tuple[str, ...]
    channels: tuple[str, ...]
    products: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    year: str = "2020"

    def leaves_of(self, person: Person) -> tuple[Cell, ...]:
        """Return the leaf of a person in every partition of the leaves."""
        here = (person.quarter, person.channel if self.channels else ALL)
        found = []
        if self.products or not self.segments:
            found.append((*here, person.product if self.products else ALL, ALL))
        if self.segments:
            found.append((*here, ALL, person.segment))
        return tuple(found)

    @cache  # noqa: B019
    def ways(self, cell: Cell) -> list[frozenset[Cell]]:
        """Return the sets of leaves that a cell is the sum of; several where partitions cross."""
        period, channel, code, segment = cell
        periods = self.quarters if period == self.year else (period,)
        channels = self.channels if channel == ALL and self.channels else (channel,)
        tails: list[list[tuple[str, str]]] = []
        if code != ALL or segment != ALL or not (self.products or self.segments):
            tails.append([(code, segment)])
        else:
            if self.products:
                tails.append([(one, ALL) for one in self.products])
            if self.segments:
                tails.append([(ALL, one) for one in self.segments])
        return [
            frozenset((p, c, *end) for p, c, end in product(periods, channels, tail))
            for tail in tails
        ]

    def cells(self, periods: Iterable[str]) -> Iterator[Cell]:
        """List every cell of these periods, the year first where it is one of them."""
        tails = [(ALL, ALL), *((p, ALL) for p in self.products), *((ALL, s) for s in self.segments)]
        for period, channel, (code, segment) in product(periods, (ALL, *self.channels), tails):
            yield (period, channel, code, segment)


@dataclass(frozen=True)
class Release:
    """What was published at one time: the newest version of every quarter that is out.

    `shown` holds the published cells of each group.
    """

    versions: Mapping[str, int]
    year: bool
    shown: Mapping[str, frozenset[Cell]]


@dataclass(frozen=True)
class History:
    """Every version of every quarter, and the releases in their order."""

    shape: Shape
    tables: Mapping[tuple[str, int], tuple[Person, ...]]
    releases: tuple[Release, ...]

    def people(self, versions: Mapping[str, int]) -> list[Person]:
        return [p for quarter, version in versions.items() for p in self.tables[quarter, version]]

    def with_release(self, release: Release) -> History:
        return History(self.shape, self.tables, (*self.releases, release))

    def touched_before(self, measure: str, version: Mapping[str, int]) -> frozenset[int]:
        """Return who was added, removed, moved or changed by a revision up to these versions."""
        found = set()
        for (quarter, v), after in self.tables.items():
            if v < 2 or v > version.get(quarter, 0):
                continue
            before = {p.who: p for p in self.tables[quarter, v - 1]}
            now = {p.who: p for p in after}
            for who in before.keys() | now.keys():
                a, b = before.get(who), now.get(who)
                if (
                    a is None
                    or b is None
                    or figure(a, measure) != figure(b, measure)
                    or self.shape.leaves_of(a) != self.shape.leaves_of(b)
                ):
                    found.add(who)
        return frozenset(found)

    def only_added(self, group: str) -> bool:
        """Whether nobody's answer ever went, moved or changed in what was released."""
        seen = {(q, v) for release in self.releases for q, v in release.versions.items()}
        for quarter, version in seen:
            if (quarter, version + 1) not in seen:
                continue
            after = {p.who: p for p in self.tables[quarter, version + 1]}
            for old in self.tables[quarter, version]:
                new = after.get(old.who)
                if new is None or self.shape.leaves_of(old) != self.shape.leaves_of(new):
                    return False
                if group == GRADE and old.grade is not None and new.grade != old.grade:
                    return False
        return True


def figure(person: Person, measure: str) -> object:
    """Return what a person puts in the figures of a measure, None if nothing."""
    if measure == BASE:
        return ("remark", person.remark)
    if measure == "pairs":
        return None if person.grade is None or person.second is None else person[5::2]
    return person.grade


MEASURES = {BASE: (BASE,), GRADE: (GRADE, "pairs")}
"""What goes into each group. Remarks are carried with the respondents who wrote them."""


@dataclass(frozen=True)
class Touched:
    """Who is not the same in two tables, by leaf.

    `changed`: added, removed or changed within their leaf. `moved`: from one leaf to another;
    `altered`: those among them whose figure changed too.
    """

    changed: Mapping[Cell, int]
    moved: Mapping[tuple[Cell, Cell], int]
    altered: Mapping[tuple[Cell, Cell], int]

    def ends(self) -> set[Cell]:
        return {leaf for pair in (*self.moved, *self.altered) for leaf in pair}

    def weight(self, union: Iterable[Cell]) -> int:
        return sum(self.changed.get(leaf, 0) for leaf in union)

    def nothing_in(self, union: frozenset[Cell]) -> bool:
        """Whether every figure of these leaves together is made by the same people as before."""
        return (
            not any(self.changed.get(leaf) for leaf in union)
            and not any((a in union) != (b in union) for a, b in self.moved)
            and not any(a in union or b in union for a, b in self.altered)
        )


def touched(
    shape: Shape,
    before: Sequence[Person],
    after: Sequence[Person],
    measure: str,
    again: Collection[int] = (),
) -> Touched:
    """Compare two tables of the same quarters, person by person and partition by partition.

    Those in `again` were touched before: they are listed as altered, from a leaf to itself.
    """
    old = {p.who: p for p in before if figure(p, measure) is not None}
    new = {p.who: p for p in after if figure(p, measure) is not None}
    changed: dict[Cell, int] = {}
    moved: dict[tuple[Cell, Cell], int] = {}
    altered: dict[tuple[Cell, Cell], int] = {}
    for who in old.keys() | new.keys():
        a, b = old.get(who), new.get(who)
        if a is None or b is None:
            for leaf in shape.leaves_of(a or b):  # type: ignore[arg-type]
                if who in again:
                    altered[leaf, leaf] = altered.get((leaf, leaf), 0) + 1
                else:
                    changed[leaf] = changed.get(leaf, 0) + 1
            continue
        same = figure(a, measure) == figure(b, measure)
        for x, y in zip(shape.leaves_of(a), shape.leaves_of(b), strict=True):
            if x == y and not same and who in again:
                altered[x, x] = altered.get((x, x), 0) + 1
            elif x == y and not same:
                changed[x] = changed.get(x, 0) + 1
            elif x != y:
                into = moved if same else altered
                into[x, y] = into.get((x, y), 0) + 1
    return Touched(changed, moved, altered)
