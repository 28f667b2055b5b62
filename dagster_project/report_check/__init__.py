"""Check figures that a report prints, and say which of them cannot be right.

Belongs here: reading such figures from a file and the arithmetic of rounding. Does not belong here:
this project's own releases; nothing in this package knows Dagster, dbt or the codebook's studies.
"""

from dagster_project.report_check.check import Report, check_report
from dagster_project.report_check.lines import report_json, report_lines
from dagster_project.report_check.read import FiguresError

__all__ = ["FiguresError", "Report", "check_report", "report_json", "report_lines"]
