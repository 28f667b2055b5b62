"""What a release costs as history grows: `python benchmarks/releases.py --help`.

Belongs here: deliveries of quarter after quarter, with late answers, and the seconds of each
refresh. Does not belong here: disclosure control by itself (disclosure.py).
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import polars as pl

from dagster_project.common.settings import PROJECT_ROOT, Settings
from dagster_project.orchestration.pipeline import refresh

FIRST_YEAR = 2016
CHANNELS = ("counter", "telephone", "digital")
GRADES = np.arange(4, 11)
EFFORTS = np.arange(1, 6)
LATE = 0.03
"""Answers to quarters published before, as a share of those of a new one."""

MOST_GROWTH = 1.5
"""How much longer the last release may take than the second."""


@dataclass(frozen=True)
class Release:
    """One refresh: what came, how long it took, and what it said of hiding and attacking."""

    quarter: str
    answers: int
    late: int
    seconds: float
    hidden: tuple[str, ...]


def codes(name: str, column: str, **where: str) -> list[str]:
    """Return the codes of one of the codebook's tables, in its order."""
    table = pl.read_csv(PROJECT_ROOT / "seeds" / name, infer_schema=False)
    return table.filter(**where)[column].to_list()


def answers(
    rng: np.random.Generator, organisations: list[str], quarter: int, count: int, prefix: str
) -> pl.DataFrame:
    """Make `count` answers to contacts in a quarter, with the channel of each in `channel`."""
    products = np.array(codes("products.csv", "product_code", study="nvvb"))
    shares = rng.dirichlet(np.linspace(4, 0.3, len(products)))
    first = np.datetime64(f"{FIRST_YEAR + quarter // 4}-{3 * (quarter % 4) + 1:02d}-01")
    days = (first + rng.integers(0, 90, count)).astype(str)
    return pl.DataFrame(
        {
            "respons_id": [f"{prefix}-{number}" for number in range(count)],
            "gemeentecode": rng.choice(organisations, count),
            "product": rng.choice(products, count, p=shares),
            "datum_contact": days,
            "datum_invul": days,
            "totaaloordeel": rng.choice(GRADES, count).astype(str),
            "moeite": rng.choice(EFFORTS, count).astype(str),
            "channel": rng.choice(CHANNELS, count, p=(0.5, 0.2, 0.3)),
        }
    )


def deliver(landing: Path, name: str, rows: pl.DataFrame) -> None:
    """Write a file per channel."""
    for (channel,), of_channel in rows.partition_by("channel", as_dict=True).items():
        folder = landing / str(channel)
        folder.mkdir(parents=True, exist_ok=True)
        of_channel.drop("channel").write_csv(folder / f"{name}.csv", separator=";")


def release(
    settings: Settings, rng: np.random.Generator, organisations: list[str], number: int, count: int
) -> Release:
    """Deliver a quarter, with late answers to those before it, and refresh."""
    label = f"{FIRST_YEAR + number // 4}Q{number % 4 + 1}"
    new = answers(rng, organisations, number, count, f"r{number}")
    late = round(LATE * count) if number else 0
    before = [
        answers(rng, organisations, quarter, late // number, f"l{number}-{quarter}")
        for quarter in range(number)
    ]
    deliver(settings.landing, f"{label} delivery", pl.concat([new, *before]))
    begun = time.perf_counter()
    outcome = refresh(settings)
    seconds = time.perf_counter() - begun
    return Release(label, count, sum(one.height for one in before), seconds, outcome.hidden)


@click.command()
@click.option("--organisations", type=click.IntRange(min=1, max=342), default=3, show_default=True)
@click.option("--releases", type=click.IntRange(min=3), default=12, show_default=True)
@click.option(
    "--answers",
    "each",
    type=click.IntRange(min=1),
    default=600,
    show_default=True,
    help="Answers per organisation and quarter.",
)
@click.option("--seed", type=int, default=1, show_default=True)
def main(organisations: int, releases: int, each: int, seed: int) -> None:
    """Publish quarter after quarter, and print the seconds of each release.

    Every delivery holds the answers of a new quarter and late ones to those published before. Exit
    1 if the last release takes more than one and a half times as long as the second.
    """
    rng = np.random.default_rng(seed)
    chosen = codes("organisations.csv", "organisation_code", kind="municipality")[:organisations]
    folder = Path(tempfile.mkdtemp(prefix="kto-releases-"))
    settings = Settings(PROJECT_ROOT, folder / "landing", folder / "home", b"benchmark")
    settings.landing.mkdir()
    click.echo("release  answers  late  seconds  protect and attack")
    done = []
    try:
        for number in range(releases):
            one = release(settings, rng, chosen, number, each * organisations)
            done.append(one)
            inside = ", ".join(re.findall(r"\((\d+ s)\)", " ".join(one.hidden)))
            click.echo(
                f"{one.quarter:8} {one.answers:7,} {one.late:5,} {one.seconds:8.1f}  {inside}"
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    growth = done[-1].seconds / done[1].seconds
    click.echo(f"the last took {growth:.2f} times as long as the second")
    if growth > MOST_GROWTH:
        sys.exit(1)


if __name__ == "__main__":
    main()
