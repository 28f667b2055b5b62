"""Words for how a figure follows from published ones, for the internal audit.

Belongs here: an equation from the multipliers of a program. Does not belong here: finding figures
that follow.

At the optimum a program's value is the sum of the right sides of its rows and of the bounds of its
variables, each times its multiplier (strong duality). Without bounds in it, that is the linear
combination of published figures that gives the hidden one; with bounds, it says which hidden
figures had to be taken as empty (or as one respondent).
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from dagster_project.disclosure.attack.campaign import Posed
from dagster_project.disclosure.attack.catalogue import Catalogue, Floats, Ints
from dagster_project.disclosure.attack.names import BIG, CLOSE
from dagster_project.disclosure.attack.propagate import ContradictionError

DENOMINATOR = 1000


class Explainer:
    """Finds words for the figures of one posed measure."""

    def __init__(self, posed: Posed, keys: Ints, catalogue: Catalogue) -> None:
        self.posed, self.keys, self.catalogue = posed, keys, catalogue
        self._found: dict[int, str] = {}

    def of(self, variable: int) -> str:
        """How the figures of a variable follow: all its tables in the same way, if linear."""
        if variable not in self._found:
            self._found[variable] = self._explain(variable)
        return self._found[variable]

    def _explain(self, variable: int) -> str:
        bounded = ""
        for table in range(len(self.posed.low)):
            pair = self._sides(variable, table)
            if pair is None:
                continue
            (least, pure), (most, _) = pair
            if pure:
                return f"{self._name(variable)} = {least}"
            what = "" if table == 0 else f" in class {table} of its scores"
            bounded = bounded or f"{self._name(variable)}{what} >= {least} and <= {most}"
        return (
            self._by_nonresponse(variable)
            or bounded
            or f"{self._name(variable)} follows from the number of respondents"
        )

    def _by_nonresponse(self, variable: int) -> str:
        """Say how many did not answer, if that is known: they are what n leaves of respondents."""
        silent = self.posed.nonresponse
        at = np.argwhere(self.posed.structure.place == variable)
        if silent is None or not len(at):
            return ""
        others = int(silent.structure.place[*at[0]])
        if others < 0 or silent.high[0, others] - silent.low[0, others] > CLOSE:
            return ""
        sides = Explainer(silent, self.keys, self.catalogue)._sides(others, 0)
        if sides is None:
            return ""
        (least, pure), (most, _) = sides
        left = f"= {least}" if pure else f">= {least} and <= {most}"
        return f"{self._name(variable)}: respondents but those without an answer, who are {left}"

    def _sides(self, variable: int, table: int) -> tuple[tuple[str, bool], tuple[str, bool]] | None:
        """Return the greatest lower and the least upper bound in words, if they meet."""
        posed = self.posed
        explorer = posed.explorers.get(table)
        start = explorer.start if explorer else (posed.low[table], posed.high[table])
        program = posed.workshop.program(posed.view)
        whole = posed.measured.whole[table]
        for low, high in (
            (
                np.zeros_like(start[0]) if table else np.minimum(start[0], 1),
                np.full_like(start[1], BIG),
            ),
            start,
        ):
            if not posed.view.only_added:
                changes = posed.structure.change[posed.structure.change >= 0]
                low[changes] = -BIG
            program.posed_by = None
            program.pose(posed.right[table], low, high)
            texts, values = [], []
            try:
                for direction in (1.0, -1.0):
                    cost = np.zeros(len(low))
                    cost[variable] = direction
                    _, value = program.minimise(cost)
                    rows, bounds = program.duals()
                    values.append(direction * value)
                    texts.append(self._words(table, direction * rows, bounds, low, high))
            except ContradictionError:
                continue
            slack = 1 - CLOSE if whole else CLOSE * (1 + abs(values[0]))
            if values[1] - values[0] <= slack:
                return texts[0], texts[1]
        return None

    def _words(
        self, table: int, rows: Floats, bounds: Floats, low: Floats, high: Floats
    ) -> tuple[str, bool]:
        structure, values = self.posed.structure, self.posed.values[:, table].ravel()
        factors = np.zeros(values.size)
        np.add.at(factors, structure.fixed_at, -rows[structure.fixed_row] * structure.fixed_coef)
        terms = [
            f"{_signed(factors[at])}{values[at]:.10g} ({self._place(int(at))})"
            for at in np.flatnonzero(np.abs(factors) > CLOSE)
            if np.abs(values[at]) > 0
        ]
        words = " ".join(terms).removeprefix("+ ") or "0"
        used = np.flatnonzero(np.abs(bounds) > CLOSE)
        at_bounds = [
            f"{self._name(int(j))} {'>=' if bounds[j] > 0 else '<='} "
            f"{(low[j] if bounds[j] > 0 else high[j]) + 0.0:.10g}"
            for j in used
        ]
        return words + (f" as {', '.join(at_bounds)}" if at_bounds else ""), not at_bounds

    def _name(self, variable: int) -> str:
        where = np.argwhere(self.posed.structure.place == variable)
        if len(where):
            row, cell = where[0]
            return self._place(int(row * len(self.keys) + cell))
        row, cell = np.argwhere(self.posed.structure.change == variable)[0]
        label = self.catalogue.label(int(self.keys[cell]))
        return f"change of {label} since release {-self.posed.view.releases[row]}"

    def _place(self, flat: int) -> str:
        row, cell = divmod(flat, len(self.keys))
        label = self.catalogue.label(int(self.keys[cell]))
        release = self.posed.view.releases[row]
        return label if release == 0 else f"{label} in release {-release}"


def _signed(factor: float) -> str:
    size = Fraction(abs(float(factor))).limit_denominator(DENOMINATOR)
    return ("+ " if factor > 0 else "- ") + ("" if size == 1 else f"{size} * ")
