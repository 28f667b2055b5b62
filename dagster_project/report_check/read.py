"""From a CSV file to figures, or to all that is wrong with it.

Belongs here: columns and rows. Does not belong here: how one cell is read (cells), whether rows
that name each other fit (arrange).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from dagster_project.codebook.folding import fold
from dagster_project.codebook.problems import Problem
from dagster_project.ingest.csv_rows import Line, ProblemsError, read_sheet
from dagster_project.report_check import cells
from dagster_project.report_check.figure import EVERYBODY, Figure, Kind, Printed, Scale

COLUMNS = (
    "figure",
    "source",
    "label",
    "kind",
    "value",
    "n",
    "numerator",
    "minimum",
    "maximum",
    "step",
    "weighted",
    "part_of",
    "group",
    "role",
    "same_as",
)
REQUIRED = ("kind", "value")
POINTS = Fraction(100)


class FiguresError(ProblemsError):
    """A file of figures that cannot be used."""


@dataclass(frozen=True)
class FiguresFile:
    """All figures of a file, in its order; `ignored` are columns that mean nothing here."""

    path: str
    figures: tuple[Figure, ...]
    ignored: tuple[str, ...]


def read_figures(path: Path) -> FiguresFile:
    """Read a file of printed figures.

    CSV as everywhere in this project: `;`, `,` or tab, UTF-8 or Windows-1252, decimal comma or
    point, headers without regard to case. Rows without any text are no rows.

    Raises:
        FiguresError: the file cannot be read, or a row of it; it carries every problem found.

    """
    sheet = read_sheet(
        path,
        REQUIRED,
        FiguresError,
        advice="save the figures as a CSV file with the columns kind and value",
        known=COLUMNS,
    )
    figures: list[Figure] = []
    problems = [*sheet.malformed]
    for line in sheet.lines:
        row = replace(line, texts={fold(name): text for name, text in line.texts.items()})
        figure = _figure(row)
        problems += row.problems
        figures += [figure] if figure and not row.problems else []
    if not figures and not problems:
        why = "no figures; write one printed figure per row"
        problems.append(Problem(sheet.file, None, None, why))
    if problems:
        raise FiguresError(sorted(problems, key=lambda problem: problem.row or 0))
    ignored = tuple(name.strip() for name in sheet.header if fold(name) not in COLUMNS)
    return FiguresFile(sheet.file, tuple(figures), ignored)


def _figure(row: Line) -> Figure | None:
    kind = row.read("kind", cells.kind, None)
    weighted = row.read("weighted", cells.yes_or_no, otherwise=False)
    if kind is None:
        return None
    scale = _scale(row, kind)
    return Figure(
        row=row.number,
        name=row.text("figure"),
        source=row.text("source"),
        label=row.text("label"),
        kind=kind,
        printed=_printed(row, kind, weighted=weighted),
        n=row.read("n", cells.numbers, ()),
        numerator=_numerator(row, kind),
        minimum=scale["minimum"],
        maximum=scale["maximum"],
        step=scale["step"],
        weighted=weighted,
        part_of=_whole(row),
        group=row.text("group"),
        role=row.read("role", cells.role, None),
        same_as=fold(row.text("same_as")),
    )


def _printed(row: Line, kind: Kind, *, weighted: bool) -> Printed | None:
    if kind is Kind.COUNT:
        return row.read("value", lambda cell: cells.printed_count(cell, weighted=weighted), None)
    return row.read("value", cells.printed, None)


def _numerator(row: Line, kind: Kind) -> Fraction | None:
    found = row.read("numerator", cells.numerator, None)
    if found is None:
        return None
    if kind is Kind.COUNT:
        row.blame("numerator", "a count is its own numerator; leave the cell blank")
    elif kind is not Kind.MEAN and found.denominator != 1:
        row.blame("numerator", "respondents are counted whole; write a whole number")
    return found


def _whole(row: Line) -> str:
    """Read `part_of`: `100` and `100 %` are everybody."""
    name = fold(row.text("part_of"))
    return EVERYBODY if name.removesuffix("%").strip() == EVERYBODY else name


def _scale(row: Line, kind: Kind) -> dict[str, Fraction | None]:
    """Give `minimum`, `maximum`, `step` of one score; only a mean brings all of them itself."""
    said: dict[str, Fraction | None] = {
        "minimum": row.read("minimum", cells.score, None),
        "maximum": row.read("maximum", cells.score, None),
        "step": row.read("step", cells.step, None),
    }
    fixed: dict[Kind, dict[str, Fraction | None]] = {
        Kind.SHARE: {"minimum": Fraction(0), "step": POINTS},
        Kind.NET: {"minimum": -POINTS, "maximum": POINTS, "step": POINTS},
        Kind.COUNT: dict.fromkeys(said),
        Kind.MEAN: {},
    }
    known = fixed[kind]
    for column in known:
        if said[column] is not None:
            row.blame(column, f"a {kind} has no scale of its own; leave the cell blank")
    if kind is Kind.SHARE and said["maximum"] is None:
        said["maximum"] = POINTS
    scale = {**said, **known}
    low, high, step = scale["minimum"], scale["maximum"], scale["step"]
    if low is not None and high is not None and low >= high:
        row.blame("maximum", f"the highest answer is not above {low}; check both ends of the scale")
    elif low is not None and high is not None and step is not None:
        scores = Scale(low, high, step)
        if low + scores.steps * step != high:
            why = "the steps do not lead from the lowest answer to the highest; check the scale"
            row.blame("step" if kind is Kind.MEAN else "maximum", why)
    return scale
