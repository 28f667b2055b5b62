"""Dagster: what runs when, and how a run is started, seen and told of."""
