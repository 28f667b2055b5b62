"""Dagster's view of the pipeline: thin assets around functions that know nothing of Dagster."""
