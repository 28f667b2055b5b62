"""The attacker: what can be worked back from a release, by somebody who has all earlier ones too.

Belongs here: a second pair of eyes that shares nothing with the rest of the disclosure package. It
reads published tables, the codebook's scales and the hierarchies, and imports no sibling. Does not
belong here: deciding what to hide.

`attack` works out what follows from tables, and needs nothing else of this project: its docstring
names the tables and columns that it reads, and docs/disclosure.md has an example. `judge` says what
of that nobody may know, given the true cells; `audit_derived` and `audit_files` judge what was
computed from published figures, and the files of a release.
"""

from __future__ import annotations

from dagster_project.disclosure.attack.audit import Finding, audit_derived
from dagster_project.disclosure.attack.audit_files import audit_files
from dagster_project.disclosure.attack.audit_priority import Priorities
from dagster_project.disclosure.attack.audit_publication import Publication
from dagster_project.disclosure.attack.judge import Violation, count_extreme_shares, judge
from dagster_project.disclosure.attack.limits import Limits, targets_of
from dagster_project.disclosure.attack.release import read_release
from dagster_project.disclosure.attack.run import Intervals, attack

__all__ = [
    "Finding",
    "Intervals",
    "Limits",
    "Priorities",
    "Publication",
    "Violation",
    "attack",
    "audit_derived",
    "audit_files",
    "count_extreme_shares",
    "judge",
    "read_release",
    "targets_of",
]
