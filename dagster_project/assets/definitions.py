"""The codebook as an asset: the tables of definitions that the models read.

Belongs here: writing them, and what Dagster shows of them. Does not belong here: reading and
judging the CSV files, which is done before anything runs.
"""

from collections.abc import Mapping

import dagster as dg

from dagster_project.assets.writing import write_parquet
from dagster_project.codebook.typed import typed_tables
from dagster_project.resources import Installation, told_in_one_line

CODEBOOK = dg.AssetKey("codebook")


@dg.asset(
    key=CODEBOOK,
    group_name="codebook",
    kinds={"python", "parquet"},
    owners=["team:data-engineering"],
    required_resource_keys={"installation"},
)
def codebook_asset(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Every definition of a study, feed, question and figure, as tables for the models.

    They are the rows of `seeds/`, with those of the folder `KTO_CODEBOOK`, if there is one, added
    or in their place. `kto codebook check` judges them.
    """
    installation: Installation = context.resources.installation
    rows: dict[str, int] = {}
    with told_in_one_line():
        for name, table in typed_tables(installation.codebook):
            write_parquet(table, installation.settings.definitions / f"{name}.parquet")
            rows[name] = table.num_rows
    own = installation.settings.own_codebook
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(rows.values()),
            "rows": dg.MetadataValue.md(_listed(rows)),
            "folder of one's own": str(own) if own else "none",
        }
    )


def _listed(rows: Mapping[str, int]) -> str:
    lines = "\n".join(f"| {table} | {count} |" for table, count in rows.items())
    return f"| table | rows |\n|---|--:|\n{lines}"
