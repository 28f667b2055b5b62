"""Disclosure control: which cells of which figures may be published, and proof that it holds.

Belongs here: the decision as a pure function of counts, hierarchies, earlier releases and rules.
Does not belong here: anything of Dagster, dbt or surveys; the package can be used alone.
"""

from dagster_project.disclosure.ledger import Ledger, LedgerStore, shrunk_since, vintage_of
from dagster_project.disclosure.memory import Memory
from dagster_project.disclosure.protect import Pattern, Report, protect
from dagster_project.disclosure.rules import BASE_GROUP, CELL, Rules

__all__ = [
    "BASE_GROUP",
    "CELL",
    "Ledger",
    "LedgerStore",
    "Memory",
    "Pattern",
    "Report",
    "Rules",
    "protect",
    "shrunk_since",
    "vintage_of",
]
