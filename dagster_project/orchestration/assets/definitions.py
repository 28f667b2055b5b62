"""The codebook as assets: the tables of definitions that the models read.

Belongs here: writing them, and what Dagster shows of them. Does not belong here: reading and
judging the CSV files, which is done before anything runs.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from dagster_project.codebook.typed import typed_tables
from dagster_project.orchestration.assets.writing import write_parquet
from dagster_project.orchestration.resources import Installation, told_in_one_line

SOURCE = "codebook"
"""The source of the models that these tables are, and the group and prefix of the assets."""


def codebook_key(table: str) -> dg.AssetKey:
    """Key of the asset of a table."""
    return dg.AssetKey([SOURCE, table])


def codebook_assets(manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """One asset per table, written in one step; dbt's manifest says what each holds."""
    said = {
        source["name"]: source["description"]
        for source in manifest["sources"].values()
        if source["source_name"] == SOURCE
    }

    @dg.multi_asset(
        name=SOURCE,
        specs=[
            dg.AssetSpec(
                codebook_key(table),
                description=f"{text} Rows of `seeds/`, with those of the folder `KTO_CODEBOOK` "
                "added or in their place.",
                group_name=SOURCE,
                kinds={"python", "parquet"},
                owners=["team:data-engineering"],
            )
            for table, text in sorted(said.items())
        ],
        required_resource_keys={"installation"},
    )
    def write(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        installation: Installation = context.resources.installation
        own = str(installation.settings.own_codebook or "")
        with told_in_one_line():
            installation.settings.remember_codebook()
            for name, table in typed_tables(installation.codebook):
                write_parquet(table, installation.settings.definitions / f"{name}.parquet")
                rows = getattr(installation.codebook, name)
                yield dg.MaterializeResult(
                    asset_key=codebook_key(name),
                    metadata={
                        "dagster/row_count": len(rows),
                        "rows of one's own": sum(
                            bool(own) and row.file.startswith(own) for row in rows
                        ),
                    },
                )

    return write
