"""The demo: made-up deliveries whose release shows the published figures, and the comparison.

Belongs here: what `make refresh` runs on. Does not belong here: anything the pipeline needs for a
user's own feeds.
"""

from __future__ import annotations

from dagster_project.demo.figures import Comparison, PublishedFigure, compare, published_figures
from dagster_project.demo.landing import write_demo

__all__ = ["Comparison", "PublishedFigure", "compare", "published_figures", "write_demo"]
