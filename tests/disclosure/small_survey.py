"""A survey of one organisation, respondent by respondent, as the cells that `protect` asks for.

Belongs here: respondents, their scores, cells and contributions. Does not belong here: releasing
them (small_releases), what must come of it (test_restatement).
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import pyarrow as pa

from dagster_project.disclosure import CELL
from dagster_project.disclosure.ledger import CELLS_SCHEMA, CONTRIBUTIONS_SCHEMA

CHANNELS = ("counter", "digital")
PRODUCTS = ("a", "b", "c")
QUARTERS = ("2020Q1", "2020Q2")
YEAR = "2020"
SIZES = ("large", "small", "unknown")
METHODS = ("email", "letter", "unknown")
HIERARCHIES = pa.Table.from_pylist(
    [
        {"study": "s", "dimension": dimension, "partition": name, "parent": parent, "child": child}
        for dimension, name, parent, children in (
            ("channel", "channel", "all", CHANNELS),
            ("product_code", "product_code", "all", PRODUCTS),
            ("period", "quarter", YEAR, QUARTERS),
            ("segment", "size", "all", tuple(f"size={size}" for size in SIZES)),
            ("segment", "method", "all", tuple(f"method={method}" for method in METHODS)),
        )
        for child in children
    ]
)

Place = tuple[str, str, str]
"""Quarter, channel and product."""
Cell = tuple[str, str, str, str, str]
"""Quarter or year, channel, product, segment and its value."""


class Respondent(NamedTuple):
    """Where somebody was, and what they answered, if anything.

    A grade is 1 to 10, an effort 1 to 3 (little to much). `helped` is asked at the counter only.
    `size` is the value of a segment, in a survey that has it, and `method` how somebody who is
    `invited` was approached.
    """

    place: Place
    grade: int | None = 7
    effort: int | None = None
    helped: bool | None = None
    invited: bool = False
    size: str = "unknown"
    method: str = "unknown"


class Measure(NamedTuple):
    group: str
    name: str
    kind: str
    low: float | None = None
    high: float | None = None
    answer: str | None = None


RESPONSES = Measure("responses", "responses", "count")
GRADE = Measure("grade", "grade", "mean", 1.0, 10.0)
HIGH = Measure("grade", "grade_8plus", "share", 0.0, 100.0)
EFFORT = Measure("effort", "effort", "net", -100.0, 100.0)
HELPED = Measure("helped", "helped", "share", 0.0, 100.0)
INVITED = Measure("invitations", "responses_invited", "count")
ANSWERS = tuple(
    Measure("grade", "distribution of grade", "distribution", 0.0, 1.0, str(code))
    for code in range(1, 11)
)
SIMPLE = (RESPONSES, GRADE)
EVERYTHING = (*SIMPLE, HIGH, EFFORT, HELPED, INVITED, *ANSWERS)


def score(measure: Measure, respondent: Respondent) -> float | None:
    """Return what somebody adds to the sum of a measure; None is no answer."""
    grade, effort, helped = respondent.grade, respondent.effort, respondent.helped
    if measure.kind == "count":
        return 0.0 if measure is RESPONSES or respondent.invited else None
    if measure is EFFORT:
        return None if effort is None else 100.0 * (2 - effort)
    if measure is HELPED:
        return None if helped is None else 100.0 * helped
    if grade is None or measure is GRADE:
        return grade
    if measure is HIGH:
        return 100.0 * (grade >= 8)
    return float(measure.answer == str(grade))


def fingerprint(*of: object) -> int:
    return int.from_bytes(hashlib.sha256(repr(of).encode()).digest()[:7], "big")


@dataclass
class Survey:
    """The respondents of now; `invitations` are of those who were invited and did not respond."""

    measures: tuple[Measure, ...] = SIMPLE
    with_year: bool = True
    with_segment: bool = False
    with_methods: bool = False
    respondents: dict[int, Respondent] = field(default_factory=dict)
    invitations: tuple[Respondent, ...] = ()

    def add(self, count: int, place: Place, grade: int | None = 7) -> None:
        for _ in range(count):
            self.take(Respondent(place, grade))

    def take(self, respondent: Respondent) -> None:
        self.respondents[max(self.respondents, default=-1) + 1] = respondent

    def cells(self) -> pa.Table:
        sums: dict[Cell, dict[Measure, list[float]]] = {
            cell: {
                m: [0.0] * 4 for m in (RESPONSES, INVITED) if m in self.measures and _asked(m, cell)
            }
            for nobody in self.invitations
            for cell in self._cells_of(nobody)
            if cell[3] in {"all", "method"}
        }
        for number, respondent in self.respondents.items():
            for cell in self._cells_of(respondent):
                figures = sums.setdefault(cell, {})
                for measure in self.measures:
                    if not _asked(measure, cell):
                        continue
                    figure = figures.setdefault(measure, [0.0] * 4)
                    points = score(measure, respondent)
                    if points is not None:
                        _add(figure, points, fingerprint(number, measure.name, points))
        rows = [
            _row(cell, measure, figure)
            for cell, figures in sums.items()
            for measure, figure in figures.items()
        ]
        return pa.Table.from_pylist(rows, CELLS_SCHEMA)

    def contributions(self, _: pa.Table) -> pa.Table:
        return pa.Table.from_pylist(list(self._contributions()), CONTRIBUTIONS_SCHEMA)

    def _contributions(self) -> Iterator[dict[str, object]]:
        for number, respondent in self.respondents.items():
            content: dict[str, list[float]] = {}
            for measure in self.measures:
                points = score(measure, respondent)
                if points is not None:
                    content.setdefault(measure.name, []).append(points)
            for name, points_of in content.items():
                measure = next(m for m in self.measures if m.name == name)
                for at in self._leaves_of(respondent):
                    if at[3] == "all" or _asked(measure, at):
                        yield {
                            **dict(zip(CELL, ("s", "o", *at), strict=True)),
                            "measure": name,
                            "respondent": fingerprint(number),
                            "content": fingerprint(points_of),
                        }

    def _leaves_of(self, respondent: Respondent) -> Iterator[Cell]:
        period, channel, product = respondent.place
        yield period, channel, product, "all", "all"
        if self.with_segment:
            yield period, channel, "all", "size", respondent.size
        if self.with_methods and respondent.invited:
            yield period, "all", "all", "method", respondent.method

    def _cells_of(self, respondent: Respondent) -> Iterator[Cell]:
        for period, channel, product, segment, value in self._leaves_of(respondent):
            periods = (period, YEAR) if self.with_year else (period,)
            channels, products = (dict.fromkeys((own, "all")) for own in (channel, product))
            for cell in itertools.product(periods, channels, products):
                yield *cell, segment, value


def _asked(measure: Measure, cell: Cell) -> bool:
    _, channel, product, segment, _ = cell
    if segment == "method":
        return measure is INVITED
    if measure is HELPED:
        return channel == CHANNELS[0]
    if segment != "all":
        return measure is not INVITED and measure.kind != "distribution"
    return measure.kind != "distribution" or product == "all"


def _add(figure: list[float], points: float, state: int) -> None:
    figure[0] += 1
    figure[1] += points
    figure[2] += points**2
    figure[3] = (int(figure[3]) + state) % 2**63


def _row(cell: Cell, measure: Measure, figure: list[float]) -> dict[str, object]:
    n, total, squared, state = figure
    scored = measure.kind != "count"
    return {
        **dict(zip(CELL, ("s", "o", *cell), strict=True)),
        "disclosure_group": measure.group,
        "measure": measure.name,
        "kind": measure.kind,
        "answer": measure.answer,
        "n": int(n),
        "n_effective": n or None,
        "weight": n,
        "weight_squared": n,
        "total": total if scored else None,
        "total_squared": squared if scored else None,
        "low": measure.low,
        "high": measure.high,
        "state": int(state),
    }
