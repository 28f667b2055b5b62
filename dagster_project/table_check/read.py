"""From a CSV file to a table, or to all that is wrong with it.

Belongs here: columns, rows, and rules that rows must keep together. Does not belong here: how one
cell is read (cells), how rows add up (adding).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from dagster_project.codebook.folding import fold
from dagster_project.ingest.csv_rows import Line, Sheet
from dagster_project.report_check import cells as printed_cells
from dagster_project.table_check import cells
from dagster_project.table_check.adding import equations_of
from dagster_project.table_check.sheet import TableError, raise_any, read_sheet
from dagster_project.table_check.table import Answers, Row, Table, name_of

__all__ = ["TableError", "read_table"]

COUNT, AT_MOST = "n", "at_most"
MEANS = ("mean", "value")
ANSWERS = ("minimum", "maximum", "step")
NO_DIMENSION = ("label", "source", "note")
"""Columns that are for people."""
MINIMUM, MAXIMUM = Fraction(1), Fraction(10)


def read_table(path: Path, hierarchies: Path | None = None, *, zeros_shown: bool = False) -> Table:
    """Read a table of published and suppressed cells.

    Args:
        path: one row per cell. `n`, blank or a mark where it is suppressed; perhaps `mean` (or
            `value`), `minimum`, `maximum` and `step` of an answer, `at_most` (the most respondents
            that a suppressed cell can have); `label`, `source` and `note` for people. Every other
            column is a dimension, with the total called `all`, `total` or `totaal`.
        hierarchies: how values add up, see `equations_of`.
        zeros_shown: whether a suppressed cell has somebody, as the table prints a 0 as 0.

    Raises:
        TableError: a file, or a row of it, cannot be understood; it carries every problem.

    """
    sheet = read_sheet(path, [COUNT])
    columns = {name: sheet.named(name) for name in (COUNT, AT_MOST, *MEANS, *ANSWERS)}
    used = {*filter(None, columns.values())}
    dimensions = tuple(
        name for name in sheet.header if name not in used and fold(name) not in NO_DIMENSION
    )
    first = sheet.lines[0]
    if not dimensions:
        first.blame(
            None, "no column names a cell; add one, such as service, with all for the total"
        )
    if columns["mean"] and columns["value"]:
        first.blame("value", "mean and value are the same column here; keep one of them")
    raise_any(sheet.lines)
    answers = _answers(sheet, columns)
    rows = [_row(line, dimensions, columns, zeros_shown=zeros_shown) for line in sheet.lines]
    raise_any(sheet.lines)
    _judge_rows(sheet.lines, rows, answers)
    raise_any(sheet.lines)
    has_means = any(row.mean for row in rows)
    equations = equations_of(sheet.file, dimensions, rows, hierarchies)
    return Table(
        sheet.file,
        tuple(one.strip() for one in dimensions),
        tuple(rows),
        answers,
        has_means,
        equations,
    )


def _answers(sheet: Sheet, columns: Mapping[str, str | None]) -> Answers:
    """Read what an answer can be; it must be the same all over the file."""
    found: dict[str, Fraction | None] = {"minimum": MINIMUM, "maximum": MAXIMUM, "step": None}
    for name in ANSWERS:
        header = columns[name]
        if header is None:
            continue
        parse = printed_cells.step if name == "step" else printed_cells.score
        told = {line.number: line.read(header, parse, None) for line in sheet.lines}
        filled = [(row, value) for row, value in told.items() if value is not None]
        for line in sheet.lines:
            value = told[line.number]
            if value is not None and value != filled[0][1]:
                line.blame(
                    header,
                    f"{value} here and {filled[0][1]} in row {filled[0][0]}; put figures on "
                    "another scale in a file of their own",
                )
        found[name] = filled[0][1] if filled else found[name]
    raise_any(sheet.lines)
    low, high, step = (
        found["minimum"] or Fraction(0),
        found["maximum"] or Fraction(0),
        found["step"],
    )
    if low >= high:
        sheet.lines[0].blame(columns["maximum"] or columns["minimum"], "not above the minimum")
    elif step and ((high - low) / step).denominator != 1:
        sheet.lines[0].blame(
            columns["step"],
            f"steps of {step} do not lead from {low} to {high}; write one that does",
        )
    raise_any(sheet.lines)
    return Answers(low, high, step)


def _row(
    line: Line,
    dimensions: Sequence[str],
    columns: Mapping[str, str | None],
    *,
    zeros_shown: bool,
) -> Row:
    values = tuple(line.read(name, cells.value, "") for name in dimensions)
    count = line.read(columns[COUNT] or COUNT, cells.count, cells.Count(None))
    header = columns["mean"] or columns["value"]
    mean = line.read(header, cells.mean, None) if header else None
    limit = line.read(columns[AT_MOST] or AT_MOST, cells.limit, None)
    most = min((one for one in (count.most, limit) if one is not None), default=None)
    least = int(zeros_shown) if count.least is None else count.least
    if count.n is None and most is not None and most < least:
        line.blame(columns[AT_MOST] or COUNT, f"at most {most}, yet at least {least}; mend one")
    if count.n is not None and limit is not None and limit < count.n:
        line.blame(columns[AT_MOST], f"at most {limit}, yet n is {count.n}; mend one of them")
    return Row(line.number, values, count.n, least, most, mean)


def _judge_rows(lines: Sequence[Line], rows: Sequence[Row], answers: Answers) -> None:
    """Note cells that are there twice, and means that no answers have."""
    first: dict[tuple[str, ...], int] = {}
    for line, row in zip(lines, rows, strict=True):
        before = first.setdefault(row.values, row.number)
        if before != row.number:
            line.blame(None, f"{name_of(row.values)} stands in row {before} too; remove one")
        sums = row.sums(answers)
        if sums and sums.low > sums.high and row.mean:
            line.blame(
                next(name for name in line.texts if fold(name) in MEANS),
                f"no {row.n} answers from {answers.minimum} to {answers.maximum} have the mean "
                f"{row.mean.text}; mend it, or n, or the scale",
            )
