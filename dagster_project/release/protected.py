"""What may be published of this run's cells, given what is published already.

Belongs here: bringing cells, states and vintages to the protector, in the order that they depend on
each other. Does not belong here: the decision (disclosure.protect).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from dagster_project.codebook import Codebook
from dagster_project.common.progress import Progress, silent
from dagster_project.common.settings import Settings
from dagster_project.disclosure.protect import (
    BASE_GROUP,
    Layout,
    Pattern,
    Report,
    Rules,
    protect,
)
from dagster_project.release.history import History, history_of
from dagster_project.release.prepare import FINAL_FILE, PERIODS_FILE, read_periods_file
from dagster_project.release.revised import laid_out
from dagster_project.release.vintages import KEY, kept, read_index
from dagster_project.warehouse import read_warehouse

CELLS = "int_pattern_cells"
HIERARCHIES = "int_hierarchies"
CONTRIBUTIONS = "int_contributions"
WORTH_SHARING = 20_000
"""Rows of cells that take about as long as it takes to start a process."""
CELL = list(Layout().cell)
DECIDED = dict.fromkeys((*CELL, "disclosure_group", "status"), pl.String)


@dataclass(frozen=True)
class Figures:
    """What disclosure control decides on.

    `cells` are those of this run, and of published quarters under a year of this run; `periods` the
    states; `decided` what is published and suppressed of published quarters; `history` the earlier
    vintages of blocks that were ever revised.
    """

    cells: pl.DataFrame
    hierarchies: pa.Table
    periods: pl.DataFrame
    decided: pl.DataFrame
    history: History | None

    @property
    def workers(self) -> int:
        """Processes that are worth starting for as many cells."""
        return min(4, os.cpu_count() or 1) if self.cells.height > WORTH_SHARING else 1


def read_figures(settings: Settings) -> Figures:
    """Read the cells from the warehouse, and what was decided of published quarters.

    Raises:
        UserError: something kept, or the states, cannot be read.

    """
    with read_warehouse(settings) as warehouse:
        cells = warehouse.sql(f"from intermediate.{CELLS}").pl()
        hierarchies = warehouse.sql(f"from intermediate.{HIERARCHIES}").to_arrow_table()
    periods = read_periods_file(settings, PERIODS_FILE)
    final = read_periods_file(settings, FINAL_FILE)
    beside = final.join(cells.select(KEY).unique(), on=KEY, how="semi")
    pattern = kept(settings, "pattern", beside)
    decided = pattern if pattern.width else pl.DataFrame(schema=DECIDED)
    history = history_of(settings, read_index(settings), periods, cells)
    return Figures(cells, hierarchies, periods, decided.select(list(DECIDED)), history)


def decide(
    figures: Figures, codebook: Codebook, progress: Progress = silent
) -> tuple[pa.Table, Report]:
    """Decide on this run's periods; quarters published before stay as they are.

    A year is decided together with those of its quarters that are new or revised in this run.

    Returns:
        The pattern of this run's periods, and what it costs.

    """
    rules = {one.study: Rules(min_n=one.min_n) for one in codebook.studies}
    built = figures.periods.filter("is_built")
    decided = figures.decided.join(built, on=KEY, how="anti")
    found = _protect(figures.cells, decided, figures, rules, progress)
    table = pl.DataFrame(found.table).join(built, on=KEY, how="semi")
    table = table.sort(*CELL, "disclosure_group")
    return table.to_arrow(), _report(table, figures.cells, [found.report])


def _protect(
    cells: pl.DataFrame,
    fate: pl.DataFrame,
    figures: Figures,
    rules: Mapping[str, Rules],
    progress: Progress,
) -> Pattern:
    """Protect cells; blocks that were ever revised one by one, with all their vintages."""
    history = figures.history.of(cells) if figures.history else None
    revised = history.periods if history else fate.clear()
    parts = [
        protect(
            cells.join(revised, on=KEY, how="anti").to_arrow(),
            figures.hierarchies,
            rules,
            decided=fate.join(revised, on=KEY, how="anti").to_arrow(),
            workers=figures.workers,
            progress=progress,
        )
    ]
    for block in history.blocks if history else ():
        own = cells.join(block.periods, on=KEY, how="semi")
        known = fate.join(block.periods, on=KEY, how="semi")
        every, tree, known, vintages = laid_out(block, own, figures.hierarchies, known)
        found = protect(every.to_arrow(), tree, rules, decided=known.to_arrow(), vintages=vintages)
        table = pl.DataFrame(found.table).join(own.select(KEY).unique(), on=KEY, how="semi")
        parts.append(Pattern(table.to_arrow(), found.report))
    table = pl.concat([pl.DataFrame(part.table) for part in parts])
    reports = [part.report for part in parts]
    return Pattern(table.to_arrow(), _report(table, cells, reports))


def _report(table: pl.DataFrame, cells: pl.DataFrame, costs: Sequence[Report]) -> Report:
    """Count what is hidden of this run's periods; decided quarters are in `costs` once more."""
    people = cells.filter(
        pl.col("disclosure_group") == BASE_GROUP, pl.col("measure") == BASE_GROUP, pl.col("n") > 0
    )
    base = table.filter(pl.col("disclosure_group") == BASE_GROUP)
    base = base.join(people.select(*CELL, "n"), on=CELL)
    large = base.filter(pl.col("role").ne_missing("primary"))
    lost = large.filter(pl.col("role") == "secondary")
    return Report(
        rows=table.height,
        cells=base.height,
        publishable=large.height,
        primary=base.height - large.height,
        secondary=lost.height,
        groups_hidden=table.filter(pl.col("status") == "suppressed").height,
        respondents_lost=float(lost["n"].sum()) / max(1.0, float(large["n"].sum())),
        unmet=sum(one.unmet for one in costs),
        programs=sum(one.programs for one in costs),
        seconds=sum(one.seconds for one in costs),
    )
