"""From landing to the lake: read deliveries, judge their rows, store what is accepted.

Belongs here: everything up to canonical Parquet. Does not belong here: anything that compares
deliveries with one another; that is for the models.
"""

from dagster_project.ingest.feed import FeedResult, ingest_feed, require_pseudonym_key
from dagster_project.ingest.holds import BadShare, too_many_bad_rows
from dagster_project.ingest.lake import ensure_lake
from dagster_project.ingest.reasons import Reason
from dagster_project.ingest.register import Delivery, check_lake, read_register
from dagster_project.ingest.scan import LandedFile, Scan, scan_after_a_moment, scan_landing
from dagster_project.ingest.standing import named_by, open_refusals, standing_refusals
from dagster_project.ingest.unmended import bad_rows, standing_bad_rows

__all__ = [
    "BadShare",
    "Delivery",
    "FeedResult",
    "LandedFile",
    "Reason",
    "Scan",
    "bad_rows",
    "check_lake",
    "ensure_lake",
    "ingest_feed",
    "named_by",
    "open_refusals",
    "read_register",
    "require_pseudonym_key",
    "scan_after_a_moment",
    "scan_landing",
    "standing_bad_rows",
    "standing_refusals",
    "too_many_bad_rows",
]
