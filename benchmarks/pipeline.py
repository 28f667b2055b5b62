"""What the whole pipeline costs beside a script by hand: `python benchmarks/pipeline.py --help`.

Belongs here: measuring, comparing figures and ratios. Does not belong here: making feeds
(feeds.py), the scripts (by_hand.py), timing the steps of a refresh (timed_refresh.py).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import by_hand
import click
import duckdb
import polars as pl
from costs import PeakMemory
from feeds import CHANNELS, STUDY, write_feeds

from dagster_project.codebook import load_codebook
from dagster_project.common.settings import PROJECT_ROOT

RECORD = Path(__file__).with_name("pipeline.json")
WORSE = 1.15
"""How much higher than the recorded one a ratio may be before this says so."""
NEARLY = 1e-9
RUN = Path(__file__).with_name("timed_refresh.py")
MODELS = ("lake_models", "quarterly", "cells", "marts")


@click.command()
@click.option("--responses", type=click.IntRange(min=1000), default=1_000_000, show_default=True)
@click.option("--invitations", type=click.IntRange(min=0), default=300_000, show_default=True)
@click.option("--organisations", type=click.IntRange(1, 342), default=300, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--record", is_flag=True, help=f"Keep the ratios in {RECORD.name}.")
def main(responses: int, invitations: int, organisations: int, seed: int, record: bool) -> None:
    """Run the pipeline and scripts by hand on the same feeds; print seconds, memory and ratios.

    Exit 1 if a figure differs from the one by hand.
    """
    folder = Path(tempfile.mkdtemp(prefix="kto-pipeline-"))
    try:
        landing = folder / "landing"
        write_feeds(landing, responses, invitations, organisations, seed)
        files = {feed: next((landing / feed).glob("*.csv")) for feed in CHANNELS}
        scores = by_hand.scores_of(load_codebook(PROJECT_ROOT / "seeds"), STUDY)
        seconds: dict[str, float] = {}
        tables: dict[str, pl.DataFrame] = {}
        for name, script in (
            ("SQL", by_hand.with_sql),
            ("Polars", by_hand.with_polars),
            ("pandas", by_hand.with_pandas),
        ):
            tables[name], seconds[name] = _timed(lambda script=script: script(files, scores))
            click.echo(f"{name:12} {seconds[name]:8.1f} s")
        with PeakMemory() as memory:
            told, seconds["pipeline"] = _timed(lambda: _refresh(landing, folder / "home"))
        _report(told, seconds, memory.mebibytes)
        wrong = [name for name in tables if name != "SQL" and _differ(tables["SQL"], tables[name])]
        wrong += ["pipeline"] if _differ_from_cells(folder / "home", tables["SQL"], scores) else []
        _compare({"responses": responses}, seconds, told, record=record)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if wrong:
        click.echo(f"figures differ from those of SQL: {', '.join(wrong)}")
        sys.exit(1)
    click.echo("all figures are equal to those of SQL")


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    begun = time.perf_counter()
    result = work()
    return result, time.perf_counter() - begun


def _refresh(landing: Path, home: Path) -> dict[str, Any]:
    """Refresh in a process of its own, as somebody would."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, str(RUN)],
        env=os.environ
        | {
            "KTO_HOME": str(home),
            "KTO_LANDING": str(landing),
            "KTO_PSEUDONYM_KEY": "a key of the benchmark",
            "KTO_QUIET_SECONDS": "0",
            "PYTHONPATH": str(PROJECT_ROOT),
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def _report(told: dict[str, Any], seconds: dict[str, float], mebibytes: float) -> None:
    click.echo(f"{'pipeline':12} {seconds['pipeline']:8.1f} s, at most {mebibytes:,.0f} MiB")
    before = 0.0
    for step, at in told["steps"]:
        if at - before >= 0.5:  # noqa: PLR2004
            click.echo(f"    {step:28} {at - before:8.1f} s")
        before = at
    click.echo("    the slowest models and tests:")
    for kind, name, taken in sorted(told["nodes"], key=lambda node: -node[2])[:10]:
        click.echo(f"        {kind} {name[:50]:50} {taken:8.1f} s")


def _models(told: dict[str, Any]) -> float:
    """Add up landing to marts: reading, and the steps of dbt."""
    taken, before, ingested = 0.0, 0.0, False
    for step, at in told["steps"]:
        if step == "final_periods":
            ingested = True
        elif (not ingested and step != "start-up") or step in MODELS:
            taken += at - before
        before = at
    return taken


def _differ(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    both = one.join(other, on=by_hand.KEY, how="full", coalesce=True, suffix="_other")
    if both.height != one.height or both.height != other.height:
        return True
    figures = [name for name in one.columns if name not in by_hand.KEY]
    gaps = both.select((pl.col(name) - pl.col(f"{name}_other")).abs().max() for name in figures)
    return any(gap is not None and gap > NEARLY for gap in gaps.row(0))


def _differ_from_cells(home: Path, table: pl.DataFrame, scores: list[by_hand.Score]) -> bool:
    """Compare with the cells before anything is hidden."""
    with duckdb.connect(home / "warehouse.duckdb", read_only=True) as warehouse:
        cells = warehouse.sql("""
            select organisation_code as organisation, cast(period_start as varchar) as quarter,
                channel, product_code as product,
                metric, n, sum_score / nullif(sum_weight, 0) as value
            from intermediate.int_cells
            where period_type = 'quarter' and segment = 'all' and n > 0
        """).pl()
    by_metric = pl.concat(
        table.filter(pl.col(f"n_{one.metric}") > 0).select(
            *by_hand.KEY,
            metric=pl.lit(one.metric),
            by_hand=pl.col(one.metric),
            n_by_hand=pl.col(f"n_{one.metric}").cast(pl.Int64),
        )
        for one in scores
    )
    both = cells.join(by_metric, on=[*by_hand.KEY, "metric"], how="full", coalesce=True)
    # a metric that not every channel asks has no figure over all channels
    both = both.filter(pl.col("n").is_not_null() | (pl.col("channel") != "all"))
    same = both.filter(
        pl.col("n") == pl.col("n_by_hand"), (pl.col("value") - pl.col("by_hand")).abs() <= NEARLY
    )
    return same.height != both.height


def _compare(
    size: dict[str, int], seconds: dict[str, float], told: dict[str, Any], *, record: bool
) -> None:
    """Print ratios to the SQL, and say which are worse than those recorded."""
    ratios = {name: taken / seconds["SQL"] for name, taken in seconds.items()}
    ratios["landing to marts"] = _models(told) / seconds["SQL"]
    known = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.is_file() else {}
    label = f"{size['responses']} responses"
    before = known.get(label, {}).get("ratios", {})
    for name, ratio in ratios.items():
        was = f", {before[name]:.1f} recorded" if name in before else ""
        worse = name in before and ratio > WORSE * before[name]
        click.echo(f"{name:18} {ratio:8.1f} x SQL{was}{'  WORSE' if worse else ''}")
    if record:
        rounded = {name: round(ratio, 2) for name, ratio in ratios.items()}
        known[label] = {"cores": os.cpu_count(), "ratios": rounded}
        RECORD.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
