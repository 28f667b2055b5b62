"""The codebook: every definition of a study, feed, question and figure, as rows of CSV files.

Belongs here: reading, checking and looking up those rows. Does not belong here: what is done with
them; names of studies, feeds, channels, questions and figures appear in the CSV files only.
"""

from __future__ import annotations

from dagster_project.codebook.codebook import Codebook
from dagster_project.codebook.folding import ANY_ANSWER, SEPARATOR, fold
from dagster_project.codebook.load import load_codebook, read_codebook
from dagster_project.codebook.merge import told_apart
from dagster_project.codebook.model import (
    Channel,
    Column,
    Constant,
    Feed,
    Inclusion,
    Merger,
    Metric,
    MetricBand,
    MetricQuestion,
    Organisation,
    Product,
    PublicationRule,
    Question,
    Scale,
    ScaleValue,
    Segment,
    Study,
    Wave,
)
from dagster_project.codebook.problems import CodebookError, Problem

__all__ = [
    "ANY_ANSWER",
    "SEPARATOR",
    "Channel",
    "Codebook",
    "CodebookError",
    "Column",
    "Constant",
    "Feed",
    "Inclusion",
    "Merger",
    "Metric",
    "MetricBand",
    "MetricQuestion",
    "Organisation",
    "Problem",
    "Product",
    "PublicationRule",
    "Question",
    "Scale",
    "ScaleValue",
    "Segment",
    "Study",
    "Wave",
    "fold",
    "load_codebook",
    "read_codebook",
    "told_apart",
]
