"""Regression as one asset between the cells and the marts.

Belongs here: reading sums, writing coefficients. Does not belong here: the arithmetic.
"""

import dagster as dg

from dagster_project.orchestration.assets.writing import write_parquet
from dagster_project.orchestration.resources import Installation, told_in_one_line
from dagster_project.priority import coefficients
from dagster_project.warehouse import read_warehouse

SUMS = "int_regression_sums"
COEFFICIENTS = dg.AssetKey("regression_coefficients")


@dg.asset(
    key=COEFFICIENTS,
    deps=[SUMS],
    group_name="priority",
    kinds={"python", "parquet"},
    owners=["team:data-engineering"],
    required_resource_keys={"installation"},
)
def regression_coefficients(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """How much each aspect counts in the overall judgement, in studies that ask for regression.

    One coefficient per cell and aspect; empty where every study takes the correlation. Internal:
    what may be published of it is decided in the marts.
    """
    installation: Installation = context.resources.installation
    with told_in_one_line(), read_warehouse(installation.settings) as warehouse:
        sums = warehouse.sql(f"from intermediate.{SUMS}").to_arrow_table()
    found = coefficients(sums)
    write_parquet(found, installation.settings.coefficients)
    return dg.MaterializeResult(metadata={"dagster/row_count": found.num_rows})
