"""Names and numbers that every step of the attack shares.

Belongs here: names of tables and columns of a release, tolerances. Does not belong here: logic.
"""

from __future__ import annotations

CELL = (
    "study",
    "organisation_code",
    "period",
    "channel",
    "product_code",
    "segment",
    "segment_value",
)
"""The columns that name a cell."""

DIMENSIONS = ("organisation_code", "period", "channel", "product_code", "segment")
"""What equations run over; `segment` is the breakdown with its value."""

TOTAL = "all"
PUBLISHED = "published"
KPI = "mart_kpi"
RESPONSE = "mart_response"
FUNNEL = "mart_response_funnel"
DISTRIBUTION = "mart_distribution"

BASE = "responses"
INVITED = "responses_invited"
METHOD = "method"
"""The segment whose values are methods of approach; it has the people invited only."""
OF_QUESTION = "distribution of "
"""How the measure of a distribution begins; the question follows."""

BIG = 1e7
"""Stands for infinity in programs: no cell has that many respondents."""

CLOSE = 1e-6
"""Numbers that differ less are equal: figures are whole numbers or sums of scores."""

AS_PUBLISHED = "as published"
SOME_FROZEN = "some figures frozen"
ONLY_ADDED = "answers only added"
ONLY_ADDED_FROZEN = "answers only added, some figures frozen"
ASSUMPTIONS = (AS_PUBLISHED, SOME_FROZEN, ONLY_ADDED, ONLY_ADDED_FROZEN)

FIGURES = ("n", "total", "mean", "change_n", "change_total")

SAME_RESPONDENTS = ("n", "total")
"""Figures that may not be exact in a hidden cell."""
