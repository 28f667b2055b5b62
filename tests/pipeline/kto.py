"""Commands as somebody types them, on a landing and a home of a test."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow.parquet as pq
from click.testing import CliRunner, Result

from dagster_project.commands.main import main


@dataclass(frozen=True)
class Place:
    """A landing and a home in one folder, and a folder of rows of one's own, if there is any."""

    folder: Path
    codebook: Path | None = None

    @property
    def landing(self) -> Path:
        return self.folder / "landing"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "KTO_HOME": str(self.home),
            "KTO_LANDING": str(self.landing),
            "KTO_QUIET_SECONDS": "0",
            "KTO_CODEBOOK": str(self.codebook or ""),
        }

    def land(self, feed: str, name: str, frame: pl.DataFrame) -> None:
        """Put a file with semicolons into the folder of a feed."""
        (self.landing / feed).mkdir(parents=True, exist_ok=True)
        frame.write_csv(self.landing / feed / name, separator=";")

    def kto(self, *words: str) -> Result:
        """Run a command, which must not end in a traceback."""
        done = CliRunner().invoke(main, words, env=self.environment, terminal_width=240)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.output
        return done

    def told(self, *words: str) -> list[str]:
        """Run a command that must succeed; what it printed."""
        done = self.kto(*words)
        assert done.exit_code == 0, done.output
        return done.stdout.splitlines()

    def refused(self, *words: str) -> str:
        """Run a command that must be refused; the one line it printed."""
        done = self.kto(*words)
        assert done.exit_code == 1, done.output
        (line,) = done.stderr.strip().splitlines()[-1:]
        return line

    def status(self) -> dict[str, Any]:
        return dict(json.loads(self.kto("status", "--json").stdout))

    @property
    def manifest(self) -> dict[str, Any]:
        path = self.home / "published" / "current" / "manifest.json"
        return dict(json.loads(path.read_text(encoding="utf-8")))

    def query(self, sql: str, folder: str = "published/current") -> list[tuple[Any, ...]]:
        """Ask the current release, or the preview."""
        with duckdb.connect(self.home / folder / "kto.duckdb", read_only=True) as release:
            return release.execute(sql).fetchall()

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Every published table but those that name a day."""
        folder = self.home / "published" / "current" / "parquet"
        return {
            file.stem: pl.read_parquet(file).to_dicts()
            for file in sorted(folder.glob("*"))
            if file.stem != "mart_release"
        }


def texts(path: Path) -> Iterator[str]:
    """Every byte of a file, and every value if it is a Parquet or DuckDB file."""
    yield path.read_bytes().decode("latin-1")
    if path.suffix == ".parquet":
        yield str(pq.ParquetFile(path).read().to_pydict())
    if path.suffix == ".duckdb":
        with duckdb.connect(path, read_only=True) as database:
            tables = database.execute("select schema_name, table_name from duckdb_tables()")
            for schema, table in tables.fetchall():
                yield str(database.execute(f'from "{schema}"."{table}"').fetchall())


_known: dict[tuple[str, bytes, frozenset[str]], bool] = {}
"""By kind, content and words: copies of a home hold the same files again and again."""


def _holds(path: Path, words: frozenset[str]) -> bool:
    key = path.suffix, sha256(path.read_bytes()).digest(), words
    if key not in _known:
        _known[key] = any(word in text for text in texts(path) for word in words)
    return _known[key]


def holding(home: Path, words: Collection[str]) -> set[str]:
    """Folders of a home in which any of these words is found, in a name, a byte or a value."""
    files = {path: path.relative_to(home) for path in home.rglob("*") if path.is_file()}
    return {
        name.parts[0]
        for path, name in files.items()
        if any(word in name.as_posix() for word in words) or _holds(path, frozenset(words))
    }


def answers(quarter: int, *numbers: int, grade: int = 8, year: int = 2020) -> pl.DataFrame:
    """Answers at the desk of GM0637, one a number, all with the same grade."""
    month = 3 * quarter - 2
    return pl.DataFrame(
        [
            {
                "respons_id": f"r{number}",
                "gemeentecode": "GM0637",
                "product": "paspoort",
                "datum_contact": f"{year}-{month:02d}-05",
                "datum_invul": f"{year}-{month:02d}-06",
                "totaaloordeel": str(grade),
            }
            for number in numbers
        ]
    )


GRADES = """
    select period, n, value from marts.mart_totaaloordeel
    where channel = 'counter' and product_code = 'all' order by period
"""
