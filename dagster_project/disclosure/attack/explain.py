"""Words for how a figure follows from published ones, for the internal audit.

Belongs here: equations from the multipliers of programs. Does not belong here: finding figures that
follow.

The optimum of a program is the sum of the right sides of its rows and of the bounds of its
variables, each times its multiplier (strong duality). Without bounds in it, that is the linear
combination of published figures that gives a hidden one; with bounds, it says which hidden figures
had to be taken as empty, or as one respondent. For a union, the combination with the smallest
coefficients is found by a program over the multipliers of the equations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from dagster_project.disclosure.attack.blocks import Catalogue
from dagster_project.disclosure.attack.layout import BIG, CLOSE, Floats, Ints
from dagster_project.disclosure.attack.programs import least
from dagster_project.disclosure.attack.search import Posed
from dagster_project.disclosure.attack.structure import ContradictionError
from dagster_project.disclosure.attack.tables import Equations, Measured

DENOMINATOR = 1000


def combination(measured: Measured, equations: Equations, cells: Ints) -> Floats | None:
    """Return the multiplier of each known cell whose sum is that of `cells`; None if none is."""
    kept = measured.valid[equations.row]
    rows, size = len(equations.parent), len(measured.scope)
    usable = np.flatnonzero(measured.known & measured.scope)
    count = len(usable)
    sides = np.zeros((size, rows + 2 * count))
    np.add.at(sides, (equations.cell[kept], equations.row[kept]), equations.sign[kept])
    sides[usable, rows + np.arange(count)] = 1.0
    sides[usable, rows + count + np.arange(count)] = -1.0
    wanted = np.bincount(cells, minlength=size).astype(float)
    cost = np.concatenate([np.zeros(rows), np.ones(2 * count)])
    cost[rows:][np.tile(np.nan_to_num(measured.values[0, usable]) == 0, 2)] = 0.0
    lowest = np.concatenate([np.full(rows, -np.inf), np.zeros(2 * count)])
    point = least(cost, sides, columns=(lowest, np.inf), rows=(wanted, wanted)).point
    if point is None:
        return None
    factors = np.zeros(size)
    factors[usable] = point[rows : rows + count] - point[rows + count :]
    return factors


@dataclass(frozen=True)
class Explained:
    """How a figure follows, in words, and as factors of published cells where it is their sum."""

    text: str
    terms: tuple[tuple[float, int], ...] = ()


@dataclass
class Explainer:
    """Finds words for the figures of a block; `note` is said of each place, such as a vintage."""

    keys: Ints
    catalogue: Catalogue
    equations: Equations
    note: str = ""
    _found: dict[tuple[int, int], Explained] = field(default_factory=dict)

    def of_union(self, measured: Measured, cells: Ints) -> str:
        """How the respondents of a union follow; blank if they do not."""
        factors = combination(measured, self.equations, cells)
        return "" if factors is None else self._terms(factors, measured.values[0])

    def of_cell(self, posed: Posed, variable: int, within: float = 0.0) -> Explained:
        """How the figures of a hidden cell follow: all its tables in the same way, if linear.

        An n whose bounds are at most `within` apart is explained by the two of them.
        """
        key = posed.measured.number, variable
        if key not in self._found:
            self._found[key] = self._of_cell(posed, variable, within)
        return self._found[key]

    def _of_cell(self, posed: Posed, variable: int, within: float) -> Explained:
        cell = int(posed.structure.cells[variable])
        kernel = posed.workshop.program(posed.measured).kernel
        if kernel.columns[variable].any():
            return Explained(self._bounded(posed, variable, cell, within))
        factors = combination(posed.measured, self.equations, np.array([cell]))
        if factors is None:
            unit = np.zeros(posed.structure.variables)
            unit[variable] = 1.0
            factors = _factors(posed, kernel.multipliers(unit))
        values = posed.measured.values[0]
        terms = tuple((float(factors[at]), int(at)) for at in _counting(factors, values))
        return Explained(f"{self.place(cell)} = {self._terms(factors, values)}", terms)

    def _bounded(self, posed: Posed, variable: int, cell: int, within: float) -> str:
        name, bounded = self.place(cell), ""
        for table in range(len(posed.low)):
            pair = self._sides(posed, variable, table, within if table == 0 else 0.0)
            if pair is not None:
                what = "" if table == 0 else f" in class {table} of its scores"
                bounded = f"{name}{what} >= {pair[0]} and <= {pair[1]}"
                break
        silent = posed.nonresponse
        others = -1 if silent is None else int(silent.structure.place[cell])
        if silent is not None and others >= 0:
            pair = self._sides(silent, others, 0)
            if pair is not None:
                left = f">= {pair[0]} and <= {pair[1]}"
                return f"{name}: respondents but those without an answer, who are {left}"
        return bounded or f"{name} follows from the number of respondents"

    def _sides(
        self, posed: Posed, variable: int, table: int, within: float = 0.0
    ) -> tuple[str, str] | None:
        """Return the greatest lower and the least upper bound in words, if they are so close."""
        explorer = posed.explorers.get(table)
        start = explorer.start if explorer else (posed.low[table], posed.high[table])
        program = posed.workshop.program(posed.measured)
        plain = np.zeros_like(start[0]) if table else np.minimum(start[0], 1)
        posed_with = [(plain, np.full_like(start[1], BIG)), start]
        if posed.measured.told is not None:
            told = posed.measured.bounds()
            posed_with.insert(
                1, (told[0][table][posed.structure.cells], told[1][table][posed.structure.cells])
            )
        for low, high in posed_with:
            program.posed_by = None
            program.pose(posed.right[table], low, high)
            texts, values = [], []
            try:
                for direction in (1.0, -1.0):
                    cost = np.zeros(len(low))
                    cost[variable] = direction
                    _, value = program.minimise(cost)
                    rows, bounds = program.duals(cost)
                    values.append(direction * value)
                    limits = [
                        (int(j), low[j] if bounds[j] > 0 else high[j], bounds[j])
                        for j in np.flatnonzero(np.abs(bounds) > CLOSE)
                    ]
                    texts.append(self._words(posed, table, direction * rows, limits))
            except ContradictionError:
                continue
            whole = posed.measured.whole[table]
            slack = 1 - CLOSE if whole else CLOSE * (1 + abs(values[0]))
            if values[1] - values[0] <= within + slack:
                return texts[0], texts[1]
        return None

    def _words(
        self, posed: Posed, table: int, rows: Floats, limits: Sequence[tuple[int, float, float]]
    ) -> str:
        """Put the multipliers of equations and bounds (variable, bound, multiplier) into words."""
        structure, values = posed.structure, posed.measured.values[table]
        factors = _factors(posed, rows)
        at_bounds = [
            f"{self.place(int(structure.cells[j]))} {'>=' if multiplier > 0 else '<='} "
            f"{bound + 0.0:.10g}"
            for j, bound, multiplier in limits
        ]
        at_one = len(limits) == 1 and abs(abs(limits[0][2]) - 1) < CLOSE
        if at_one and not len(_counting(factors, values)):
            return f"{limits[0][1] + 0.0:.10g}"
        words = self._terms(factors, values)
        return words + (f" as {', '.join(at_bounds)}" if at_bounds else "")

    def _terms(self, factors: Floats, values: Floats) -> str:
        terms = [
            f"{_signed(factors[at])}{values[at]:.10g} ({self.place(int(at))})"
            for at in sorted(_counting(factors, values), key=lambda at: factors[at] < 0)
        ]
        return " ".join(terms).removeprefix("+ ") or "0"

    def place(self, cell: int) -> str:
        """Name a cell of the block."""
        return self.catalogue.label(int(self.keys[cell])) + self.note


def _factors(posed: Posed, rows: Floats) -> Floats:
    """Return what each known cell counts if equations have these multipliers."""
    structure = posed.structure
    factors = np.zeros(len(posed.measured.scope))
    np.add.at(factors, structure.fixed_at, -rows[structure.fixed_row] * structure.fixed_coef)
    return factors


def _counting(factors: Floats, values: Floats) -> Ints:
    """Cells that have a factor and somebody in them."""
    return np.flatnonzero((np.abs(factors) > CLOSE) & (np.nan_to_num(values) != 0))


def _signed(factor: float) -> str:
    size = Fraction(abs(float(factor))).limit_denominator(DENOMINATOR)
    return ("+ " if factor > 0 else "- ") + ("" if size == 1 else f"{size} * ")
