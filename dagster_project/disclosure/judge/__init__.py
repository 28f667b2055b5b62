"""The judgement: which of what an attack found must not be known, given the true cells.

Belongs here: the promises of disclosure control as rules. Does not belong here: working out what
is known (`attack`), deciding what to hide (`protect`).
"""

from __future__ import annotations

from dagster_project.disclosure.judge.limits import Limits, apart_of, scales_of, targets_of
from dagster_project.disclosure.judge.outside import judge_from_outside
from dagster_project.disclosure.judge.verdict import Violation, count_extreme_shares, judge

__all__ = [
    "Limits",
    "Violation",
    "apart_of",
    "count_extreme_shares",
    "judge",
    "judge_from_outside",
    "scales_of",
    "targets_of",
]
