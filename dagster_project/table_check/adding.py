"""How the values of a dimension add up: by the table itself, or by a file of hierarchies.

Belongs here: which value is the sum of which, and whether published numbers are. Does not belong
here: what follows from that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from dagster_project.codebook.folding import fold
from dagster_project.codebook.problems import Problem
from dagster_project.disclosure.attack.layout import TOTAL
from dagster_project.ingest.csv_rows import Line, Sheet
from dagster_project.table_check import cells
from dagster_project.table_check.sheet import TableError, raise_any, read_sheet
from dagster_project.table_check.table import Equation, Row, Table, name_of

COLUMNS = ("dimension", "parent", "child")


def equations_of(
    file: str, dimensions: Sequence[str], rows: Sequence[Row], hierarchies: Path | None
) -> tuple[Equation, ...]:
    """Return every sum of values.

    A dimension that the file of hierarchies does not name is the sum of all its values but the
    total; values such as `size=large` and `job=adviser` are parts of two breakdowns, each of which
    adds up to the total.

    Args:
        file: the table, for messages.
        dimensions: their names.
        rows: the cells of the table.
        hierarchies: a CSV file with the columns dimension, parent and child, and perhaps partition,
            which tells apart two ways in which one parent is divided; None for none.

    Raises:
        TableError: the file cannot be used.

    """
    told = _told(file, dimensions, rows, hierarchies) if hierarchies else {}
    found = []
    for dimension in range(len(dimensions)):
        if dimension in told:
            found += told[dimension]
            continue
        values = {row.values[dimension] for row in rows}
        parts: defaultdict[str, list[str]] = defaultdict(list)
        for value in sorted(values - {TOTAL}):
            parts[value.partition("=")[0] if "=" in value else ""].append(value)
        if TOTAL in values:
            found += [Equation(dimension, p, TOTAL, tuple(c)) for p, c in parts.items()]
    return tuple(found)


def _told(
    file: str, dimensions: Sequence[str], rows: Sequence[Row], path: Path
) -> dict[int, list[Equation]]:
    sheet = read_sheet(path, COLUMNS)
    names = [fold(name) for name in dimensions]
    parts: defaultdict[tuple[int, str, str], dict[str, Line]] = defaultdict(dict)
    for line in sheet.lines:
        dimension, partition, parent, child = _edge(sheet, line)
        if fold(dimension) not in names:
            line.blame(
                sheet.named("dimension"),
                f"'{dimension}' is no column of the table; write one of {', '.join(dimensions)}",
            )
            continue
        place = names.index(fold(dimension))
        known = {row.values[place] for row in rows}
        for column, value in (("parent", parent), ("child", child)):
            if value and value not in known:
                line.blame(
                    sheet.named(column),
                    f"no row of the table has '{value}'; add its rows, with n suppressed where "
                    "it is not printed",
                )
        if child in parts[place, partition, parent]:
            line.blame(
                sheet.named("child"), f"'{child}' is a part of '{parent}' already; remove it"
            )
        parts[place, partition, parent][child] = line
    raise_any(sheet.lines)
    found: dict[int, list[Equation]] = {}
    for (place, partition, parent), children in parts.items():
        equation = Equation(place, partition, parent, tuple(sorted(children)))
        found.setdefault(place, []).append(equation)
    _judge_loops(sheet, found, parts)
    _judge_complete(file, dimensions, rows, found)
    return found


def _edge(sheet: Sheet, line: Line) -> tuple[str, str, str, str]:
    dimension = line.texts[sheet.named("dimension") or ""].strip()
    header = sheet.named("partition")
    partition = line.texts[header].strip() if header else ""
    parent, child = (
        line.read(sheet.named(name) or name, cells.value, "") for name in ("parent", "child")
    )
    return dimension, partition, parent, child


def _judge_loops(
    sheet: Sheet,
    found: dict[int, list[Equation]],
    parts: dict[tuple[int, str, str], dict[str, Line]],
) -> None:
    for place, equations in found.items():
        for (where, _, parent), children in parts.items():
            for child, line in children.items():
                if where == place and parent in {child, *parts_of(equations, child)}:
                    line.blame(sheet.named("child"), f"'{child}' is a part of itself; remove a row")
    raise_any(sheet.lines)


def parts_of(equations: Sequence[Equation], value: str) -> set[str]:
    """Return the parts of a value of one dimension, their parts, and so on."""
    found: set[str] = set()
    open_ = [value]
    while open_:
        parent = open_.pop()
        new = {c for one in equations if one.parent == parent for c in one.children} - found
        found |= new
        open_ += new
    return found


def _judge_complete(
    file: str, dimensions: Sequence[str], rows: Sequence[Row], found: dict[int, list[Equation]]
) -> None:
    """Refuse a value that adds up to nothing: what it gives away would not be seen."""
    for place, equations in found.items():
        known = {value for one in equations for value in (one.parent, *one.children)}
        for row in rows:
            if row.values[place] not in known:
                message = f"'{row.values[place]}' is not in the file of hierarchies; add it there"
                raise TableError([Problem(file, row.number, dimensions[place], message)])


def wrong_sums(table: Table) -> Iterator[Problem]:
    """Yield totals that are not what their published parts, or all of them, come to."""
    by_cell = {row.values: row for row in table.rows}
    for equation in table.equations:
        for row in table.rows:
            if row.values[equation.dimension] != equation.parent or row.n is None:
                continue
            parts = parts_in(by_cell, equation, row.values)
            shown = [part.n for part in parts if part.n is not None]
            total, whole = sum(shown), len(shown) == len(parts)
            if not parts or total == row.n or (total < row.n and not whole):
                continue
            yield Problem(
                table.file,
                row.number,
                "n",
                f"{name_of(row.values)} is {row.n}, but its {'' if whole else 'published '}parts "
                f"by {table.dimensions[equation.dimension]} are {total}; mend it, or add the rows "
                "that the table leaves out, with n suppressed",
            )


def parts_in(
    by_cell: dict[tuple[str, ...], Row], equation: Equation, values: tuple[str, ...]
) -> list[Row]:
    """Return the rows that a cell is the sum of; a part without a row has nobody."""
    at = equation.dimension
    cells_of = ((*values[:at], child, *values[at + 1 :]) for child in equation.children)
    return [by_cell[cell] for cell in cells_of if cell in by_cell]
