"""What every draw of the demo shares: its generator, weighted choice and units of time.

Belongs here: randomness without meaning. Does not belong here: anything a respondent is or says.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from dagster_project.demo.shapes import Row
from dagster_project.demo.tables import DemoTables

DAY = np.timedelta64(1, "D")
SECOND = np.timedelta64(1, "s")
LATEST_DAYS = 6  # answers come within the days before the quarter's delivery
Columns = dict[str, Any]
Flags = NDArray[np.bool_]


def generator(tables: DemoTables, *names: object) -> Generator:
    """Return a generator that depends on the seed and these names only, not on other rows."""
    return np.random.default_rng(
        [int(tables.settings["seed"]), *(crc32(str(n).encode()) for n in names)]
    )


def numbered(stem: str, numbers: NDArray[np.int64]) -> NDArray[np.str_]:
    """Ids of a stem and at least five digits."""
    return np.array([f"{stem}{number:05}" for number in numbers.tolist()], dtype="<U64")


def working_days(
    first: np.datetime64, last: np.datetime64, size: int, rng: Generator
) -> NDArray[np.datetime64]:
    """Days from Monday to Friday between two days, both included, in order."""
    span = np.arange(first.astype("datetime64[D]"), last.astype("datetime64[D]") + DAY)
    days: NDArray[np.datetime64] = np.sort(rng.choice(span[np.is_busday(span)], size=size))
    return days


def quarter_of(day: np.datetime64) -> int:
    """Quarter of the year, from 1."""
    return int(day.astype("datetime64[M]").astype(int)) % 12 // 3 + 1


def pick(rows: list[Row], weight: str, size: int, rng: Generator) -> NDArray[np.int64]:
    """Positions of `size` rows drawn by weight."""
    weights = np.array([float(row[weight]) for row in rows])
    drawn: NDArray[np.int64] = rng.choice(len(rows), size=size, p=weights / weights.sum())
    return drawn
