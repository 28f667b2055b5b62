"""A survey of one organisation that is released again and again, respondent by respondent.

Belongs here: turning respondents into cells, contributions and published tables, and a round of
protect, attack, publish. Does not belong here: what must come of it (test_restatement).
"""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.disclosure import CELL, LedgerStore, Pattern, Rules, protect
from dagster_project.disclosure.attack import Limits, Violation, attack, judge, targets_of
from dagster_project.disclosure.ledger import (
    CELLS_SCHEMA,
    CONTRIBUTIONS_SCHEMA,
    shrunk_since,
    vintage_of,
)

CHANNELS = ("counter", "digital")
PRODUCTS = ("a", "b", "c")
QUARTERS = ("2020Q1", "2020Q2")
HIERARCHIES = pa.Table.from_pylist(
    [
        {"study": "s", "dimension": dimension, "partition": "p", "parent": parent, "child": child}
        for dimension, parent, children in (
            ("channel", "all", CHANNELS),
            ("product_code", "all", PRODUCTS),
            ("period", "2020", QUARTERS),
        )
        for child in children
    ]
)
SCALES = pa.table(
    {"study": ["s"], "metric": ["grade"], "kind": ["mean"], "low": [1.0], "high": [10.0]}
)

Place = tuple[str, str, str]
Respondent = tuple[Place, int | None]
"""Quarter, channel and product of a respondent, and the grade given, if any."""


def fingerprint(*of: object) -> int:
    return int.from_bytes(hashlib.sha256(repr(of).encode()).digest()[:7], "big")


@dataclass
class Survey:
    """The respondents of now, and every release made of them so far."""

    folder: Path
    min_n: int = 10
    with_year: bool = True
    respondents: dict[int, Respondent] = field(default_factory=dict)
    releases: list[Pattern] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = LedgerStore(self.folder / "ledger")

    def add(self, count: int, place: Place, grade: int | None = 7) -> None:
        first = max(self.respondents, default=-1) + 1
        self.respondents |= dict.fromkeys(range(first, first + count), (place, grade))

    def cells(self) -> pa.Table:
        sums: dict[Place, dict[str, list[float]]] = {}
        for number, ((period, channel, product), grade) in self.respondents.items():
            periods = (period, "2020") if self.with_year else (period,)
            for cell in itertools.product(periods, (channel, "all"), (product, "all")):
                figures = sums.setdefault(cell, {"responses": [0, 0, 0, 0], "grade": [0, 0, 0, 0]})
                _add(figures["responses"], 0, fingerprint(number))
                if grade is not None:
                    _add(figures["grade"], grade, fingerprint(number, grade))
        rows = [
            _row(cell, measure, figure)
            for cell, figures in sums.items()
            for measure, figure in figures.items()
        ]
        return pa.Table.from_pylist(rows, CELLS_SCHEMA)

    def contributions(self, _: pa.Table) -> pa.Table:
        rows = [
            {
                "study": "s",
                "organisation_code": "o",
                "period": place[0],
                "channel": place[1],
                "product_code": place[2],
                "measure": measure,
                "respondent": fingerprint(number),
                "content": fingerprint(number, content),
            }
            for number, (place, grade) in self.respondents.items()
            for measure, content in (("responses", "here"), ("grade", grade))
            if content is not None
        ]
        return pa.Table.from_pylist(rows, CONTRIBUTIONS_SCHEMA)

    def release(self) -> list[Violation]:
        """Protect, attack with every earlier release in hand, publish; return what leaked."""
        cells = self.cells()
        ledger = self.store.read(cells, self.contributions, HIERARCHIES)
        pattern = protect(cells, HIERARCHIES, ledger, {"s": Rules(min_n=self.min_n)})
        frozen = self.store.frozen_figures(pattern.table)
        tables = published(cells, pattern.table, frozen)
        earlier = self.earlier()
        limits = {"s": Limits(min_n=self.min_n)}
        vintage = vintage_of(cells, pattern.table, ledger, len(earlier))
        intervals = attack(
            tables,
            earlier,
            HIERARCHIES,
            SCALES,
            targets=targets_of(
                cells,
                limits,
                touched=ledger.touched,
                history=ledger.cells,
                releases=len(earlier),
            ),
            vintage=vintage,
            shrunk=shrunk_since(cells, ledger),
        )
        found = judge(
            intervals,
            tables,
            earlier,
            cells,
            hierarchies=HIERARCHIES,
            scales=SCALES,
            limits=limits,
            touched=ledger.touched,
            history=ledger.cells,
            vintage=vintage,
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
        number = len(self.releases) + 1
        folder = self.folder / f"release {number}"
        folder.mkdir()
        for name, table in tables.items():
            pq.write_table(table, folder / f"{name}.parquet")
        self.store.append(
            f"release-{number}",
            cells,
            pattern.table,
            contributions=self.contributions,
            hierarchies=HIERARCHIES,
            tables=folder,
        )
        self.releases.append(pattern)

    def status(self, period: str, channel: str, product: str, group: str = "responses") -> str:
        """What became of a cell in the last release."""
        here = pl.DataFrame(self.releases[-1].table).filter(
            (pl.col("period") == period)
            & (pl.col("channel") == channel)
            & (pl.col("product_code") == product)
            & (pl.col("disclosure_group") == group)
        )
        return str(here["status"].item())


def published(cells: pa.Table, pattern: pa.Table, frozen: pa.Table) -> dict[str, pa.Table]:
    """The marts, as far as the attacker reads them."""
    key = [*CELL, "disclosure_group"]
    status = pl.DataFrame(pattern).select(*key, "status")
    rows = pl.DataFrame(cells).join(status, on=key, how="left")
    shown = pl.concat(
        [
            rows.filter(pl.col("status") != "frozen"),
            pl.DataFrame(frozen).with_columns(status=pl.lit("frozen")).select(rows.columns),
        ]
    ).filter((pl.col("n") > 0) | (pl.col("status") == "suppressed"))
    seen = pl.col("status") != "suppressed"
    shown = shown.with_columns(
        n=pl.when(seen).then("n"),
        value=pl.when(seen).then(pl.col("total") / pl.col("weight")),
        status=pl.when(seen).then(pl.lit("published")).otherwise(pl.lit("suppressed")),
    )
    responses = shown.filter(pl.col("measure") == "responses").rename({"n": "responses"})
    grades = shown.filter(pl.col("measure") == "grade").rename({"measure": "metric"})
    return {
        "mart_response": responses.select(*CELL[:5], "responses", "status").to_arrow(),
        "mart_kpi": grades.select(
            *CELL,
            "metric",
            "n",
            pl.col("n").cast(pl.Float64).alias("n_weighted"),
            "value",
            "status",
        ).to_arrow(),
    }


def _add(figure: list[float], grade: float, state: int) -> None:
    figure[0] += 1
    figure[1] += grade
    figure[2] += grade**2
    figure[3] = (figure[3] + state) % 2**63


def _row(cell: Place, measure: str, figure: list[float]) -> dict[str, object]:
    n, total, squared, state = figure
    graded = measure == "grade"
    return {
        **dict(zip(CELL, ("s", "o", *cell, "all", "all"), strict=True)),
        "disclosure_group": measure,
        "measure": measure,
        "kind": "mean" if graded else "count",
        "answer": None,
        "n": int(n),
        "n_effective": float(n) or None,
        "weight": float(n),
        "weight_squared": float(n),
        "total": float(total) if graded else None,
        "total_squared": float(squared) if graded else None,
        "low": 1.0 if graded else None,
        "high": 10.0 if graded else None,
        "state": int(state),
    }
