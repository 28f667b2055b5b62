"""SPSS: user-missing values are blank, codes or their labels, whichever the codebook knows.

Belongs here: everything that is only true of SPSS files. Does not belong here: what a column means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl
import pyreadstat

from dagster_project.codebook import fold
from dagster_project.ingest.source import Batch, DeliveryRejectedError, Reading
from dagster_project.ingest.text import as_batch, as_text

ROWS = 100_000
UNREADABLE = "the file is not an SPSS file, or not all of it is there"
ANYTHING: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
FAULTS = (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, OverflowError)


@dataclass(frozen=True)
class SavSource:
    """An opened SPSS file; `words` says per column which texts of values give way to a label."""

    path: Path
    header: Sequence[str]
    rows: int
    words: Mapping[str, Mapping[str, str]]
    advice: str = ""

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """See `Source`."""
        for start in range(0, self.rows, ROWS):
            frame = self._read(columns, start)
            labelled = [
                as_text(frame[name]).replace(dict(self.words.get(name, {}))) for name in columns
            ]
            yield as_batch(pl.DataFrame(labelled), start + 2, partial(self._others, columns, start))

    def _others(self, columns: Sequence[str], start: int) -> list[pl.Series]:
        others = [name for name in self.header if name not in columns]
        return self._read(others, start).get_columns() if others else []

    def _read(self, columns: Sequence[str], start: int) -> pl.DataFrame:
        try:
            frame, _ = pyreadstat.read_sav(
                self.path,
                usecols=list(columns),
                row_offset=start,
                row_limit=ROWS,
                output_format="polars",
            )
        except FAULTS as error:
            raise DeliveryRejectedError(UNREADABLE) from error
        return pl.DataFrame(frame)


def open_sav(path: Path, reading: Reading) -> SavSource:
    """Read the file's dictionary.

    Raises:
        DeliveryRejectedError: no SPSS file, or not all of it.

    """
    path.open("rb").close()
    try:
        _, meta = pyreadstat.read_sav(path, metadataonly=True)
    except FAULTS as error:
        raise DeliveryRejectedError(UNREADABLE) from error
    if None in meta.column_names:  # a damaged dictionary
        raise DeliveryRejectedError(UNREADABLE)
    words = {
        name: _words(labels, *reading.known.get(fold(name), ANYTHING))
        for name, labels in meta.variable_value_labels.items()
    }
    return SavSource(path, meta.column_names, meta.number_rows, words)


def _words(
    labels: Mapping[float | str, str], answers: frozenset[str], no_answers: frozenset[str]
) -> dict[str, str]:
    """Which values are read as their label.

    A label that is an answer in the codebook says more than the bare code, which may run the other
    way round in this file; otherwise a code that the codebook knows goes before its label.
    """
    codes = as_text(pl.Series(list(labels), strict=False)).to_list()
    words = {}
    for code, label in zip(codes, labels.values(), strict=True):
        known = fold(code) in answers | no_answers
        listed = fold(label) in no_answers or bool(answers)
        if fold(label) in answers or (not known and listed):
            words[code] = label
    return words
