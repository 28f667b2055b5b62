"""Disclosure control as one asset between the cells and the marts.

Belongs here: reading cells, writing the pattern. Does not belong here: the rules.
"""

import os

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project.disclosure import Rules, protect
from dagster_project.resources import Installation, told_in_one_line
from dagster_project.settings import Settings
from dagster_project.warehouse import read_warehouse

PATTERN = dg.AssetKey("disclosure_pattern")
CELLS_TABLE = "int_pattern_cells"


@dg.asset(
    key=PATTERN,
    deps=[CELLS_TABLE],
    group_name="disclosure",
    kinds={"python", "parquet"},
    owners=["team:data-engineering"],
    required_resource_keys={"installation"},
)
def disclosure_pattern(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Which cell of which disclosure group may be published, so that no hidden one follows."""
    installation: Installation = context.resources.installation
    installation.progress("disclosure: deciding what may be published")
    with read_warehouse(installation.settings) as warehouse:
        cells = warehouse.sql(f"from intermediate.{CELLS_TABLE}").to_arrow_table()
    studies = installation.codebook.studies
    pattern = protect(cells, {study.study: Rules(min_n=study.min_n) for study in studies})
    with told_in_one_line():
        _write(pattern, installation.settings)
    published = pc.sum(pattern["published"]).as_py() or 0
    suppressed = pattern.num_rows - published
    installation.done(f"disclosure: {pattern.num_rows} cells, {suppressed} of them suppressed")
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": pattern.num_rows,
            "cells": pattern.num_rows,
            "suppressed": suppressed,
        }
    )


def _write(pattern: pa.Table, settings: Settings) -> None:
    settings.pattern.parent.mkdir(parents=True, exist_ok=True)
    unfinished = settings.pattern.with_suffix(".part")
    pq.write_table(pattern, unfinished)
    os.replace(unfinished, settings.pattern)  # noqa: PTH105
