"""How much each aspect counts in the overall judgement, where a study asks for regression.

Belongs here: regression on sums of products. Does not belong here: correlation, which SQL does by
itself; what may be published; names of studies or metrics.
"""

from dagster_project.priority.regression import COEFFICIENTS_SCHEMA, MOST_INFLATION, coefficients

__all__ = ["COEFFICIENTS_SCHEMA", "MOST_INFLATION", "coefficients"]
