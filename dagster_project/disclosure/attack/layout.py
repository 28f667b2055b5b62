"""How cells are named, and the words and numbers that every step of the attack shares.

Belongs here: names of columns and measures, types, tolerances. Does not belong here: logic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Layout:
    """The columns that name a cell: `table`, then the `dimensions` that hierarchies run over.

    The value `all` is the total of a dimension, a value `a=b` is part `b` of breakdown `a`. What is
    asked of a cell may depend on the values of the dimensions in `asked_by`; of every other one, on
    whether the value is the total, and on its breakdown. A value of the dimension `time` without
    any row was not published at all, whereas other cells without a row have nobody.
    """

    table: str = "study"
    dimensions: tuple[str, ...] = (
        "organisation_code",
        "period",
        "channel",
        "product_code",
        "segment",
    )
    asked_by: tuple[str, ...] = ("period", "channel")
    time: str = "period"

    @property
    def cell(self) -> tuple[str, ...]:
        """All columns that name a cell."""
        return (self.table, *self.dimensions)


TOTAL = "all"

BASE = "responses"
"""The measure that counts the respondents of a cell; every other measure has some of them."""
INVITED = "responses_invited"
"""Respondents who were invited; a cell may have a row of them without anybody."""
OF_QUESTION = "distribution of "
"""How the measure of a distribution begins; the question follows."""

FIGURES = ("n", "total", "mean")

BIG = 1e7
"""Stands for infinity in programs: no cell has that many respondents."""
CLOSE = 1e-6
"""Numbers that differ less are equal: figures are whole numbers or sums of scores."""
