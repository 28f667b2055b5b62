"""Attack tables that others published, and say which suppressed cells they disclose.

Belongs here: reading such tables from a file, and wording what the attack found. Does not belong
here: the attack and its judgement (`dagster_project.disclosure`), this project's own releases.
"""

from dagster_project.table_check.check import Report, check_tables
from dagster_project.table_check.lines import report_json, report_lines
from dagster_project.table_check.read import TableError

__all__ = ["Report", "TableError", "check_tables", "report_json", "report_lines"]
