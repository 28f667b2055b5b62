"""A small survey that is released again and again.

Belongs here: a round of protect, publish, attack; the marts as far as the attacker reads them. Does
not belong here: the respondents (small_survey), what must come of it (test_restatement).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from small_survey import HIERARCHIES, Survey

from dagster_project.disclosure import (
    CELL,
    LedgerStore,
    Pattern,
    Rules,
    protect,
    shrunk_since,
    vintage_of,
)
from dagster_project.disclosure.attack import Limits, Violation, attack, judge, targets_of

OF_QUESTION = "distribution of "
MIN_N = 10


@dataclass
class Releases:
    """Every release made of a survey so far."""

    folder: Path
    survey: Survey = field(default_factory=Survey)
    patterns: list[Pattern] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = LedgerStore(self.folder / "ledger")

    def release(self) -> list[Violation]:
        """Protect, attack with every earlier release in hand, publish; return what leaked."""
        cells = self.survey.cells()
        ledger = self.store.read(cells, self.survey.contributions, HIERARCHIES)
        pattern = protect(cells, HIERARCHIES, ledger, {"s": Rules(min_n=MIN_N)})
        frozen = self.store.frozen_figures(pattern.table)
        tables = published(cells, pattern.table, frozen)
        earlier = self.earlier()
        limits, scales = {"s": Limits(min_n=MIN_N)}, scales_of(cells)
        vintage = vintage_of(cells, pattern.table, ledger, len(earlier))
        told = {"touched": ledger.touched, "history": ledger.cells}
        intervals = attack(
            tables,
            earlier,
            HIERARCHIES,
            scales,
            targets=targets_of(cells, limits, releases=len(earlier), **told),
            vintage=vintage,
            shrunk=shrunk_since(cells, ledger),
        )
        found = judge(
            intervals,
            tables,
            earlier,
            cells,
            hierarchies=HIERARCHIES,
            scales=scales,
            limits=limits,
            vintage=vintage,
            **told,
        )
        self._publish(cells, pattern, tables)
        return found

    def earlier(self) -> list[dict[str, pa.Table]]:
        paths = self.store.released_tables()
        return [
            {path.stem: pq.ParquetFile(path).read() for path in group}
            for _, group in itertools.groupby(paths, key=lambda path: path.parent)
        ]

    def _publish(self, cells: pa.Table, pattern: Pattern, tables: dict[str, pa.Table]) -> None:
        number = len(self.patterns) + 1
        folder = self.folder / f"release {number}"
        folder.mkdir()
        for name, table in tables.items():
            pq.write_table(table, folder / f"{name}.parquet")
        self.store.append(
            f"release-{number}",
            cells,
            pattern.table,
            contributions=self.survey.contributions,
            hierarchies=HIERARCHIES,
            tables=folder,
        )
        self.patterns.append(pattern)

    def status(self, period: str, channel: str, product: str, group: str = "responses") -> str:
        """What became of a cell in the last release."""
        here = pl.DataFrame(self.patterns[-1].table).filter(
            (pl.col("period") == period)
            & (pl.col("channel") == channel)
            & (pl.col("product_code") == product)
            & (pl.col("disclosure_group") == group)
        )
        return str(here["status"].item())


def scales_of(cells: pa.Table) -> pa.Table:
    columns = ["study", "measure", "kind", "low", "high"]
    scored = pl.DataFrame(cells).select(columns).filter(pl.col("kind") != "count")
    return scored.rename({"measure": "metric"}).unique().to_arrow()


def published(cells: pa.Table, pattern: pa.Table, frozen: pa.Table) -> dict[str, pa.Table]:
    """The marts of a pattern: a cell without anybody has no row, but for its invitations."""
    key = [*CELL, "disclosure_group"]
    status = pl.DataFrame(pattern).select(*key, "status")
    rows = pl.DataFrame(cells).join(status, on=key, how="left")
    stays = pl.DataFrame(frozen).with_columns(status=pl.lit("frozen")).select(rows.columns)
    seen = pl.col("status") != "suppressed"
    shown = pl.concat([rows.filter(pl.col("status") != "frozen"), stays]).with_columns(
        n=pl.when(seen).then("n"),
        status=pl.when(seen).then(pl.lit("published")).otherwise(pl.lit("suppressed")),
    )
    figures = shown.filter(
        (pl.col("kind") != "count") & (pl.col("n").is_null() | (pl.col("n") > 0))
    )
    distribution = pl.col("kind") == "distribution"
    return {
        "mart_response": _response(shown.filter(pl.col("segment") == "all")).to_arrow(),
        "mart_response_funnel": _funnel(shown.filter(pl.col("segment") == "method")).to_arrow(),
        "mart_kpi": _kpi(figures.filter(~distribution)).to_arrow(),
        "mart_distribution": _distribution(figures.filter(distribution)).to_arrow(),
    }


def _response(shown: pl.DataFrame) -> pl.DataFrame:
    def count(measure: str) -> pl.DataFrame:
        rows = shown.filter(pl.col("measure") == measure)
        return rows.select(*CELL[:5], "status", pl.col("n").alias(measure))

    invited = count("responses_invited").drop("status")
    return count("responses").join(invited, on=CELL[:5], how="left")


def _funnel(shown: pl.DataFrame) -> pl.DataFrame:
    return shown.select(*CELL[:3], "status", method="segment_value", responses_invited="n")


def _kpi(figures: pl.DataFrame) -> pl.DataFrame:
    n, value = pl.col("n"), pl.col("total") / pl.col("n")
    spread = (pl.col("total_squared") / n - value.pow(2)).clip(0).sqrt()
    return figures.select(
        *CELL,
        "status",
        n,
        metric="measure",
        n_weighted=n.cast(pl.Float64),
        value=value,
        margin=1.96 * spread / n.sqrt(),
    )


def _distribution(figures: pl.DataFrame) -> pl.DataFrame:
    return figures.select(
        *CELL,
        "answer",
        "status",
        "n",
        metric=pl.col("measure").str.strip_prefix(OF_QUESTION),
        share=100 * pl.col("total") / pl.col("n"),
    )
