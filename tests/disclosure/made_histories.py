"""Random histories of small organisations: what happens to respondents between releases.

Belongs here: drawing people and events, and which quarters come out or are revised when. Does not
belong here: deciding what is published.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from histories import Person, Shape

SIZES = (0, 1, 1, 2, 3, 4, 6, 9)
SHAPES = (
    Shape(("Q1",), ("c1", "c2", "c3"), ("p1", "p2")),
    Shape(("Q1",), ("c1", "c2"), ("p1", "p2", "p3")),
    Shape(("Q1",), ("c1", "c2"), ("p1", "p2"), ("s=a", "s=b")),
    Shape(("Q1", "Q2"), ("c1", "c2", "c3")),
    Shape(("Q1", "Q2"), ("c1", "c2"), ("p1", "p2")),
    Shape(("Q1", "Q2", "Q3"), ("c1", "c2")),
    Shape(("Q1", "Q2"), ("c1", "c2"), (), ("s=a", "s=b")),
)


@dataclass
class World:
    """Everybody, where they belong, and who is counted in the newest version of each quarter."""

    shape: Shape
    rng: Random
    size: int = 1
    people: dict[int, Person] = field(default_factory=dict)
    gone: dict[int, Person] = field(default_factory=dict)
    newest: dict[str, int] = field(default_factory=dict)
    tables: dict[tuple[str, int], tuple[Person, ...]] = field(default_factory=dict)
    born: int = 0

    def add(self, many: int, where: Person) -> None:
        for _ in range(many):
            self.born += 1
            grade = self.rng.choice((None, *range(3, 11)))
            self.people[self.born] = where._replace(
                who=self.born, grade=grade, remark=self.rng.random() < 0.3
            )

    def somewhere(self) -> Person:
        pick = self.rng.choice
        shape = self.shape
        return Person(
            0,
            pick(shape.quarters),
            pick(shape.channels or ("all",)),
            pick(shape.products or ("all",)),
            pick(shape.segments or ("all",)),
            None,
            False,
        )

    def populate(self) -> None:
        shape = self.shape
        for quarter in shape.quarters:
            for channel in shape.channels or ("all",):
                for code in shape.products or ("all",):
                    for segment in shape.segments or ("all",):
                        many = self.rng.choice(SIZES) * self.size
                        self.add(many, Person(0, quarter, channel, code, segment, None, False))

    def event(self, only_add: bool) -> None:
        rng, where = self.rng, self.somewhere()
        many = rng.choice((1, 1, 2, 3, 4, 6)) * self.size
        kind = 0 if only_add else rng.randrange(7)
        if kind == 0:
            self.add(many, where)
            return
        leaf = [p for p in self.people.values() if _same_place(p, where)]
        some = rng.sample(leaf, min(len(leaf), many if kind != 6 else len(leaf)))
        other = self.somewhere()
        for p in some:
            if kind in (1, 6):
                self.gone[p.who] = self.people.pop(p.who)
            elif kind == 2:
                self.people[p.who] = p._replace(grade=rng.randint(1, 10))
            elif kind == 3:
                self.people[p.who] = p._replace(remark=not p.remark)
            elif kind == 4:
                grade = p.grade if rng.random() < 0.8 else rng.randint(1, 10)
                self.people[p.who] = other._replace(who=p.who, grade=grade, remark=p.remark)
        if kind == 5:
            for who in rng.sample(sorted(self.gone), min(len(self.gone), many)):
                self.people[who] = self.gone.pop(who)

    def take_back_newest(self, many: int) -> None:
        """Remove some of those who came last: added and removed again."""
        for who in sorted(self.people)[-many:]:
            self.gone[who] = self.people.pop(who)

    def publish(self, quarters: Sequence[str]) -> Mapping[str, int]:
        """Make a version of these quarters; who is counted in another final one stays there."""
        counted = {
            p.who
            for quarter, version in self.newest.items()
            if quarter not in quarters
            for p in self.tables[quarter, version]
        }
        for quarter in quarters:
            version = self.newest.get(quarter, 0) + 1
            here = [p for p in self.people.values() if p.quarter == quarter]
            self.tables[quarter, version] = tuple(p for p in here if p.who not in counted)
            self.newest[quarter] = version
        return dict(self.newest)


def _same_place(a: Person, b: Person) -> bool:
    return a[1:5] == b[1:5]


def plan(shape: Shape, rng: Random, revisions: int) -> list[tuple[str, ...]]:
    """Return what comes out at each release, in order; a quarter seen before is revised."""
    steps: list[tuple[str, ...]] = [(q,) for q in shape.quarters]
    if rng.random() < 0.3:
        steps = [shape.quarters]
    for _ in range(revisions):
        at = rng.randint(1, len(steps))
        out = sorted({q for step in steps[:at] for q in step})
        several = rng.sample(out, rng.randint(1, len(out)))
        steps.insert(at, tuple(sorted(several)))
    return steps
