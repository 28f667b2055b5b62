"""Disclosure control as one asset between the cells and the marts.

Belongs here: reading cells, writing the pattern. Does not belong here: the rules.
"""

import dagster as dg

from dagster_project.disclosure.protect import Report
from dagster_project.orchestration.assets.states import STATES
from dagster_project.orchestration.assets.writing import write_parquet
from dagster_project.orchestration.resources import Installation, told_in_one_line
from dagster_project.release.protected import (
    CELLS,
    CONTRIBUTIONS,
    HIERARCHIES,
    decide,
    read_figures,
)

PATTERN = dg.AssetKey("disclosure_pattern")


@dg.asset(
    key=PATTERN,
    deps=[CELLS, CONTRIBUTIONS, HIERARCHIES, STATES],
    group_name="disclosure",
    kinds={"python", "parquet"},
    owners=["team:data-engineering"],
    required_resource_keys={"installation"},
)
def disclosure_pattern(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Which cell of which disclosure group may be published, so that no hidden one follows.

    A figure on too few respondents is hidden, and with it as many others as it takes that it cannot
    be worked back from what is published. Quarters and waves are decided first, then years given
    their quarters; final periods are not decided again. The counts below are internal.
    """
    installation: Installation = context.resources.installation
    settings = installation.settings
    installation.progress("disclosure: deciding what may be published")
    with told_in_one_line():
        table, report = decide(read_figures(settings), installation.codebook, installation.progress)
        write_parquet(table, settings.pattern)
    installation.done(f"disclosure: {in_words(report)}")
    return dg.MaterializeResult(metadata={"in words": in_words(report), **_metadata(report)})


def in_words(report: Report) -> str:
    """Say in a line what a pattern hides; internal."""
    return (
        f"{report.cells} cells, {report.primary} too small, {report.secondary} more hidden to "
        f"protect them, {100 * report.respondents_lost:.1f} % of respondents "
        f"({report.seconds:.0f} s)"
    )


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
        "demands that no table could meet": report.unmet,
        "linear programs": report.programs,
        "seconds": round(report.seconds, 1),
    }
