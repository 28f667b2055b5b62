"""What was decided of a block before: one that is as it was need not be decided again.

Belongs here: when two blocks are the same, decisions as a file. Does not belong here: deciding.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib.metadata import version
from pathlib import Path

import polars as pl
import pyarrow as pa

from dagster_project.disclosure.cut import Piece
from dagster_project.disclosure.rules import Rules

LIBRARIES = ("highspy", "numpy", "polars", "scipy")
KEY = "fingerprint"
SEEDS = (1, 2)
"""Of the hash of a row, which has 64 bits."""


@dataclass(frozen=True)
class Counts:
    """What the pattern of one block costs; see `Report`. `people` and `lost` count respondents."""

    quiet: bool
    cells: int
    publishable: int
    primary: int
    secondary: int
    groups_hidden: int
    frozen: int
    people: int
    lost: int
    unmet: int
    programs: int


@dataclass(frozen=True)
class Part:
    """The pattern of one block, with the columns of a pattern's table."""

    table: pa.Table
    counts: Counts


class Memory:
    """Decisions by the fingerprint of everything that they follow from.

    It forgets what is not asked for between reading and saving, so it stays as large as a pattern.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._known: dict[bytes, Part] = {}
        self._used: dict[bytes, Part] = {}

    @classmethod
    def read(cls, path: Path) -> Memory:
        """Read what an earlier run saved; nothing where no run did, or it cannot be read."""
        memory = cls()
        try:
            rows = pl.read_parquet(path)
            for (key,), part in rows.partition_by(KEY, as_dict=True, include_key=False).items():
                memory._known[bytes(key)] = _part(part)
        except (OSError, TypeError, pl.exceptions.PolarsError):
            memory._known.clear()
        return memory

    def save(self, path: Path) -> None:
        """Write down what was recalled and what is new, for the next run."""
        rows = [_rows(key, part) for key, part in self._used.items() if part.table.num_rows]
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".part")
        pl.concat(rows or [pl.DataFrame()]).write_parquet(draft)
        draft.replace(path)

    def recall(self, key: bytes) -> Part | None:
        """Return what was decided of this fingerprint, if anything."""
        part = self._known.get(key)
        if part is not None:
            self._used[key] = part
        return part

    def keep(self, key: bytes, part: Part) -> None:
        """Take note of a decision."""
        self._used[key] = part


def fingerprint(piece: Piece, rules: Rules) -> bytes:
    """Hash all that a decision follows from: cells of now and earlier, hierarchy, rules, code."""
    digest = hashlib.blake2b(_code(), digest_size=16)
    for frame in (piece.rows, piece.released, piece.touched):
        if frame is not None:
            digest.update(repr(frame.schema).encode())
            for seed in SEEDS:
                digest.update(frame.hash_rows(seed).to_numpy().tobytes())
        digest.update(b"|")
    digest.update(repr((piece.study, piece.branches, rules)).encode())
    return digest.digest()


@cache
def _code() -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    for library in LIBRARIES:
        digest.update(version(library).encode())
    return digest.digest()


def _rows(key: bytes, part: Part) -> pl.DataFrame:
    counts = {name: pl.lit(value) for name, value in asdict(part.counts).items()}
    return pl.DataFrame(part.table).with_columns(**counts, **{KEY: pl.lit(key)})


def _part(rows: pl.DataFrame) -> Part:
    names = [field.name for field in fields(Counts)]
    counts = rows.select(names).row(0, named=True)
    return Part(rows.drop(names).to_arrow(), Counts(**counts))
