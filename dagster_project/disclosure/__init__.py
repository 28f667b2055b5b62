"""Disclosure control of additive tables: protect, attack, judge and audit.

Belongs here: four packages that know nothing of Dagster, dbt or surveys. `protect` decides what may
be published, `attack` works back what it can from what is published, `judge` says what of that is
too much, `audit` recomputes what is derived from published figures. `attack` shares no code with
`protect`.
"""
