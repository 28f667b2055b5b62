"""From marts to release: what goes out, what it must look like, and the one swap that makes it so.

Belongs here: staging, gates, publishing and the internal report on what happened. Does not belong
here: how a figure is computed (dbt) or which figure may be shown (disclosure).
"""

from dagster_project.release.render import status_lines
from dagster_project.release.report import status

__all__ = ["status", "status_lines"]
