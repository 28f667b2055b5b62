"""Which figures belong together: parts with their whole, and the same figure printed twice.

Belongs here: following the names that rows give each other, and refusing what makes no sense. Does
not belong here: arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dagster_project.codebook.folding import fold, grouped
from dagster_project.codebook.problems import Problem
from dagster_project.report_check.figure import EVERYBODY, Figure, Kind, Role

ADDING = frozenset({Role.ADDS, Role.SUBTRACTS})
GROUPS = frozenset({Role.GROUP, Role.AMONG_GROUPS})
ALONE = frozenset({Role.AMONG, Role.MULTIPLE}) | GROUPS
"""Roles that all parts of a set share."""
FITTING = {
    (Kind.SHARE, Kind.SHARE): ADDING | ALONE,
    (Kind.COUNT, Kind.COUNT): ADDING | {Role.AMONG, Role.MULTIPLE},
    (Kind.NET, Kind.SHARE): ADDING | {Role.NEITHER},
    (Kind.NET, Kind.NET): GROUPS,
    (Kind.MEAN, Kind.MEAN): GROUPS,
}
"""Roles that a part of the second kind may have in a whole of the first."""


@dataclass(frozen=True)
class Parts:
    """Parts of one whole, None for 100 % of the respondents; `name` tells several sets apart."""

    whole: Figure | None
    parts: tuple[Figure, ...]
    name: str

    @property
    def roles(self) -> frozenset[Role]:
        """The roles that occur."""
        return frozenset(part.role for part in self.parts if part.role)


@dataclass(frozen=True)
class Arranged:
    """All sets of parts, and pairs of rows that print the same figure, in the order of the rows."""

    sets: tuple[Parts, ...]
    pairs: tuple[tuple[Figure, Figure], ...]


def arrange(file: str, figures: Sequence[Figure]) -> tuple[Arranged, tuple[Problem, ...]]:
    """Follow `part_of`, `group` and `same_as`; the problems are by row."""
    named = {fold(figure.name): figure for figure in reversed(figures) if figure.name}
    problems: list[Problem] = []
    for figure in figures:
        for column, message in _faults(figure, named):
            problems.append(Problem(file, figure.row, column, message))
    if problems:
        return Arranged((), ()), tuple(problems)
    sets = tuple(
        Parts(named.get(whole), parts, parts[0].group)
        for (whole, _), parts in grouped(
            (figure for figure in figures if figure.part_of),
            lambda figure: (figure.part_of, fold(figure.group)),
        ).items()
    )
    for one in sets:
        for figure, column, message in _faults_together(one):
            problems.append(Problem(file, figure.row, column, message))
    pairs = tuple((figure, named[figure.same_as]) for figure in figures if figure.same_as)
    return Arranged(sets, pairs), tuple(problems)


def _faults(figure: Figure, named: Mapping[str, Figure]) -> Iterator[tuple[str, str]]:
    """Find what is wrong with the names of one row."""
    name = fold(figure.name)
    if name and named[name] is not figure:
        yield "figure", f"'{figure.name}' is row {named[name].row} already; name one of them anew"
    if name == EVERYBODY:
        yield "figure", f"'{EVERYBODY}' means everybody in part_of; choose another name"
    if figure.same_as:
        yield from _faults_same(figure, named)
    if figure.part_of:
        yield from _faults_part(figure, named)
        return
    for column, text in (("role", figure.role), ("group", figure.group)):
        if text:
            yield column, "the row is part of nothing; fill in part_of, or leave this cell blank"


def _faults_same(figure: Figure, named: Mapping[str, Figure]) -> Iterator[tuple[str, str]]:
    other = named.get(figure.same_as)
    if other is None or other is figure:
        yield "same_as", f"no other row is called '{figure.same_as}'; name one in column figure"
    elif other.kind is not figure.kind:
        yield "same_as", f"row {other.row} is a {other.kind}, this a {figure.kind}; compare alike"


def _faults_part(figure: Figure, named: Mapping[str, Figure]) -> Iterator[tuple[str, str]]:
    whole = named.get(figure.part_of)
    if whole is figure or (whole is None and figure.part_of != EVERYBODY):
        yield (
            "part_of",
            f"no other row is called '{figure.part_of}'; name one in column figure, or write 100",
        )
        return
    if figure.role is None:
        yield "role", f"the cell is blank; say how this is a part: {', '.join(Role)}"
        return
    kind = whole.kind if whole else Kind.SHARE
    fitting = FITTING.get((kind, figure.kind), frozenset()) - (GROUPS if whole is None else set())
    if not fitting:
        yield "part_of", f"a {figure.kind} is no part of a {kind}; see docs/check_figures.md"
    elif figure.role not in fitting:
        yield "role", f"a {figure.kind} in a {kind} is {' or '.join(sorted(fitting))}"


def _faults_together(one: Parts) -> Iterator[tuple[Figure, str, str]]:
    """Find what is wrong between the parts of one set."""
    first = one.parts[0]
    if one.roles & ALONE and len(one.roles) > 1:
        said = " and ".join(sorted(one.roles))
        yield first, "role", f"the parts are {said}; give them one role, or a group of their own"
    if (
        one.whole
        and one.whole.kind is Kind.NET
        and first.kind is Kind.SHARE
        and not one.roles >= ADDING
    ):
        yield first, "role", "a net score takes a share that adds and one that subtracts; add both"
    for part in one.parts if one.whole and first.role in GROUPS else ():
        if one.whole and part.scale and one.whole.scale and part.scale != one.whole.scale:
            yield (
                part,
                "step",
                f"its whole, row {one.whole.row}, has another scale; make them equal",
            )
