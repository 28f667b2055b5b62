"""What two releases of one table tell together, worked out a second time in fractions.

The unknowns are the hidden figures of both releases. A figure of a cell in which nobody was added,
removed or changed is one unknown, not two: whoever reads both may guess that it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import pyarrow as pa
from linear_oracles import reduced, residue
from made_cells import BASE, CELL, Key
from truth import Question, Truth

Shown: TypeAlias = Mapping[tuple[Key, str], bool]
Unknown: TypeAlias = tuple[int, Key]
"""A cell in the release (0 or 1) in which its figure was new."""


def restatement_faults(
    truths: tuple[Truth, Truth], shown: tuple[Shown, Shown], changes: pa.Table
) -> list[str]:
    """Return what two releases together give away.

    Args:
        truths: the answers behind each release.
        shown: which groups show the figures of their own release.
        changes: respondents per cell and measure that are not the same in both.

    """
    found: set[str] = set()
    for questions in _pairs(*truths):
        touched = {
            tuple(row[name] for name in CELL): row["touched"]
            for row in changes.to_pylist()
            if row["measure"] == questions[0].measure
        }
        found.update(Both(truths, questions, shown, touched).faults())
    return sorted(found)


def _differs(questions: tuple[Question, Question], cell: Key) -> bool:
    """Tell changes that a figure shows from those that cancel out: nobody can see the latter."""
    figures = [question.rows.get(cell) for question in questions]
    if None in figures:
        return True
    names = ("n", "weight", "total", "total_squared")
    return any(figures[0][name] != figures[1][name] for name in names)  # type: ignore[index]


def _pairs(before: Truth, now: Truth) -> Iterator[tuple[Question, Question]]:
    yield Question(BASE, BASE, "count", before.base), Question(BASE, BASE, "count", now.base)
    old = {question.measure: question for question in before.questions}
    for question in now.questions:
        if question.measure in old:
            yield old[question.measure], question


@dataclass(frozen=True)
class Both:
    """One question in two releases; `touched` are the respondents per cell who differ."""

    truths: tuple[Truth, Truth]
    questions: tuple[Question, Question]
    shown: tuple[Shown, Shown]
    touched: Mapping[Key, int]

    def faults(self) -> Iterator[str]:
        """Yield small differences and hidden figures that follow exactly."""
        known, measure = self.known(), self.questions[0].measure
        basis = reduced(list(self.equations(known)))
        for release, question in enumerate(self.questions):
            for cell, figures in question.rows.items():
                unknown = self.unknown(release, cell)
                if unknown in known or not figures["n"]:
                    continue
                if not residue(basis, {unknown: Fraction(1)}):
                    yield f"exact: {measure} of {cell} in release {release + 1}"
        few = self.truths[1].min_n
        told = {cell for cell in self.cells() if not residue(basis, self.change(cell, known))}
        for cell in told:
            if 0 < self.touched.get(cell, 0) < few(cell) and _differs(self.questions, cell):
                yield f"difference: {self.touched[cell]} changed in {measure} of {cell}"
        for cell, children in self.truths[1].equations(self.cells()):
            rest = sum(self.touched.get(child, 0) for child in children if child not in told)
            # respondents who only moved within a cell leave it as it was, and that is all it tells
            seen = self.touched.get(cell, 0) and _differs(self.questions, cell)
            if cell in told and seen and 0 < rest < few(cell):
                yield f"rest of a difference: {rest} changed in {measure} below {cell}"

    def cells(self) -> set[Key]:
        return {cell for question in self.questions for cell in question.rows}

    def change(self, cell: Key, known: set[Unknown]) -> dict[Unknown, Fraction]:
        """Return what is not published of the new figure less the old one."""
        there = [r for r, question in enumerate(self.questions) if cell in question.rows]
        found: dict[Unknown, Fraction] = {}
        for release in there:
            unknown = self.unknown(release, cell)
            if unknown not in known:
                found[unknown] = found.get(unknown, Fraction(0)) + (2 * release - 1)
        return {unknown: sign for unknown, sign in found.items() if sign}

    def unknown(self, release: int, cell: Key) -> Unknown:
        return (release if cell in self.touched else 0, cell)

    def known(self) -> set[Unknown]:
        return {
            self.unknown(release, cell)
            for release, question in enumerate(self.questions)
            for cell in question.rows
            if self.shown[release].get((cell, question.group))
        }

    def equations(self, known: set[Unknown]) -> Iterator[dict[Unknown, Fraction]]:
        """Yield the sums of both releases, without what is published."""
        for release, question in enumerate(self.questions):
            for parent, children in self.truths[release].equations(question.rows):
                row: dict[Unknown, Fraction] = {}
                for cell, sign in ((parent, 1), *((child, -1) for child in children)):
                    unknown = self.unknown(release, cell)
                    if unknown not in known:
                        row[unknown] = row.get(unknown, Fraction(0)) + sign
                yield {u: x for u, x in row.items() if x}
