"""Explain one published figure: what it measures, how it follows, and since when it is out.

Belongs here: reading a release and wording how a figure came about. Does not belong here: computing
figures (the models), or anything that a release does not tell of a cell. What is worked back here
is worked back from published columns only.
"""

from dagster_project.explain.asked import Asked
from dagster_project.explain.explanation import Explanation, explain, explanation_json
from dagster_project.explain.lines import explanation_lines

__all__ = ["Asked", "Explanation", "explain", "explanation_json", "explanation_lines"]
