"""The audit: everything derived in a release follows from what is published in it.

Belongs here: derived tables and files recomputed from published figures. It stands alone, with its
own list of tables and columns, so that it finds any other. Does not belong here: what published
figures tell of hidden ones (`attack`, `judge`).
"""

from __future__ import annotations

from dagster_project.disclosure.audit.derived import Finding, audit_derived
from dagster_project.disclosure.audit.files import audit_files
from dagster_project.disclosure.audit.priority import Priorities
from dagster_project.disclosure.audit.publication import Publication

__all__ = ["Finding", "Priorities", "Publication", "audit_derived", "audit_files"]
