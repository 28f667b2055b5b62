"""The warehouse: one DuckDB file that dbt alone writes and every part of the pipeline may read.

Belongs here: calling dbt, keeping its manifest fresh, reading tables back. Does not belong here:
what the tables mean (that is SQL), Dagster.
"""

from dagster_project.warehouse.dbt import DbtError, DbtNode
from dagster_project.warehouse.manifest import blocking_tests, dbt_manifest
from dagster_project.warehouse.run import read_warehouse, run_dbt

__all__ = ["DbtError", "DbtNode", "blocking_tests", "dbt_manifest", "read_warehouse", "run_dbt"]
