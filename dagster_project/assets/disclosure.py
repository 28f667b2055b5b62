"""Disclosure control as one asset between the cells and the marts.

Belongs here: reading cells, writing the pattern. Does not belong here: the rules.
"""

import dagster as dg

from dagster_project.assets.writing import write_parquet
from dagster_project.disclosure import Memory, Report, Rules, protect
from dagster_project.release.restatement import (
    CELLS,
    CONTRIBUTIONS,
    HIERARCHIES,
    frozen_figures,
    read_figures,
)
from dagster_project.resources import Installation, told_in_one_line

PATTERN = dg.AssetKey("disclosure_pattern")


@dg.asset(
    key=PATTERN,
    deps=[CELLS, CONTRIBUTIONS, HIERARCHIES],
    group_name="disclosure",
    kinds={"python", "parquet"},
    owners=["team:data-engineering"],
    required_resource_keys={"installation"},
)
def disclosure_pattern(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Which cell of which disclosure group may be published, so that no hidden one follows.

    A figure on too few respondents is hidden, and with it as many others as it takes that nobody
    can work it back from everything that was ever released. A figure whose change would tell of too
    few respondents stays as it was released. The counts below are internal.
    """
    installation: Installation = context.resources.installation
    settings = installation.settings
    installation.progress("disclosure: deciding what may be published")
    with told_in_one_line():
        figures = read_figures(settings)
        memory = Memory.read(settings.decisions)
        pattern = protect(
            figures.cells,
            figures.hierarchies,
            figures.ledger,
            {study.study: Rules(min_n=study.min_n) for study in installation.codebook.studies},
            memory=memory,
            workers=figures.workers,
            progress=installation.progress,
        )
        write_parquet(pattern.table, settings.pattern)
        memory.save(settings.decisions)
        write_parquet(frozen_figures(settings, pattern.table), settings.frozen)
    installation.done(f"disclosure: {in_words(pattern.report)}")
    return dg.MaterializeResult(
        metadata={"in words": in_words(pattern.report), **_metadata(pattern.report)}
    )


def in_words(report: Report) -> str:
    """Say in a line what a pattern hides; internal."""
    line = (
        f"{report.cells} cells, {report.primary} too small, {report.secondary} more hidden to "
        f"protect them, {100 * report.respondents_lost:.1f} % of respondents"
    )
    if report.frozen:
        line += f", {report.frozen} figures as released before"
    return f"{line} ({report.seconds:.0f} s)"


def _metadata(report: Report) -> dict[str, int | float]:
    return {
        "dagster/row_count": report.rows,
        "cells": report.cells,
        "primary": report.primary,
        "secondary": report.secondary,
        "secondary, % of publishable cells": round(
            100 * report.secondary / max(1, report.publishable), 2
        ),
        "respondents lost, % of those in publishable cells": round(
            100 * report.respondents_lost, 2
        ),
        "figures hidden": report.groups_hidden,
        "figures frozen": report.frozen,
        "years of an organisation of which nothing new can be told": report.quiet,
        "demands that the ledger does not allow": report.unmet,
        "years of an organisation that are as they were decided before": report.remembered,
        "linear programs": report.programs,
        "seconds": round(report.seconds, 1),
    }
