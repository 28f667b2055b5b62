"""What a release makes final: the entries of the index, and what its manifest says of them.

Belongs here: from states to index. Does not belong here: the states, the swap (publish).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict

import polars as pl

from dagster_project.codebook import Codebook
from dagster_project.common.settings import Settings
from dagster_project.release.contract import TableContract
from dagster_project.release.export import StagedRelease
from dagster_project.release.manifest import PARQUET_FOLDER, Story
from dagster_project.release.prepare import (
    EMPTY_FILE,
    PERIODS_FILE,
    read_periods_file,
)
from dagster_project.release.vintages import (
    ENTRY,
    KEY,
    Index,
    definitions_of,
    keep,
    kept_models,
    read_index,
    write_index,
)
from dagster_project.warehouse import dbt_manifest


def story_of(periods: pl.DataFrame, index: Index) -> Story:
    """Tell which periods a run publishes, revises and has withdrawn."""
    fresh = periods.filter("is_released", "is_built").sort(KEY)
    new = fresh.filter(pl.col("revision") == 0)
    revised = fresh.filter(pl.col("revision") > 0)
    withdrawn = [asdict(one) for one in index.withdrawals if one.release is None]
    return Story(
        periods_new=tuple(new.select(KEY).to_dicts()),
        periods_revised=tuple(revised.select(*KEY, "reason").to_dicts()),
        released_as_they_were=tuple(new.filter("as_is").select(*KEY, "reason").to_dicts()),
        withdrawn=tuple(
            {name: value for name, value in one.items() if name != "release"} for one in withdrawn
        ),
    )


def keyed_marts(contract: Mapping[str, TableContract], comparisons: frozenset[str]) -> list[str]:
    """Name the published tables whose rows belong to a period, and do not follow others."""
    return [
        table
        for table, one in contract.items()
        if set(KEY) <= {name for name, _ in one.columns} and table not in comparisons
    ]


def commit(
    settings: Settings,
    codebook: Codebook,
    staged: StagedRelease,
    keyed: list[str],
) -> None:
    """Keep what a release makes final and name it in the index; from then on it is published.

    Raises:
        OSError, duckdb.Error: there is no room, or the warehouse cannot be read.

    """
    index = read_index(settings)
    periods = read_periods_file(settings, PERIODS_FILE)
    fresh = periods.filter("is_released", "is_built").with_columns(empty=pl.lit(value=False))
    without = read_periods_file(settings, EMPTY_FILE)
    entries = pl.concat([fresh, _beside(without, fresh)], how="diagonal_relaxed")
    definitions = {study: definitions_of(codebook, study) for study in fresh["study"].unique()}
    names = {study: _name(found) for study, found in definitions.items()}
    record = None
    if entries.height:
        models = list(kept_models(dbt_manifest(settings)))
        marts = staged.path / PARQUET_FOLDER
        record = keep(settings, staged.id, fresh, models=models, marts=marts, keyed=keyed)
    entries = entries.with_columns(
        vintage=pl.lit(staged.id),
        definitions=pl.col("study").replace_strict(names, default=None, return_dtype=pl.String),
    )
    by_name = {names[study]: found for study, found in definitions.items()}
    write_index(settings, index.with_new(staged.id, entries, record, by_name))


def _beside(without: pl.DataFrame, fresh: pl.DataFrame) -> pl.DataFrame:
    """Make entries of quarters without any answer, whose year is published as it is."""
    years = fresh.filter(pl.col("period_type") == "year", "as_is").select(
        "study", "organisation_code", "released_on", "reason", year="period"
    )
    return (
        without.with_columns(year=pl.col("period").str.head(4))
        .join(years, on=["study", "organisation_code", "year"])
        .select(
            *KEY,
            "period_type",
            "period_start",
            "period_end",
            "released_on",
            "reason",
            revision=pl.lit(0, dtype=ENTRY["revision"]),
            as_is=pl.lit(value=True),
            empty=pl.lit(value=True),
        )
    )


def _name(definitions: Mapping[str, str]) -> str:
    text = json.dumps(definitions, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
