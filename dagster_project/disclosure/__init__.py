"""Disclosure control: which cells may be published, and proof that nothing hidden can be worked out.

Belongs here: four packages that can be used alone. `protect` decides which cells are hidden,
`attack` works out what it can from what is published, `judge` compares that with what may be known,
and `audit` recomputes derived tables from published figures. Does not belong here: anything of
Dagster, dbt or surveys.
"""
