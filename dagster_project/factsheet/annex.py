"""The technical annex of a study: how it was measured, and how its figures came about.

Belongs here: what the codebook and the release say of method and response. Does not belong here:
HTML, figures on customers' judgements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import polars as pl

from dagster_project.codebook import Codebook
from dagster_project.codebook.organisations import organisation_name
from dagster_project.factsheet.figures import ALL, PUBLISHED, RESPONSES, Row
from dagster_project.factsheet.outline import DISTRIBUTION
from dagster_project.factsheet.words import Words
from dagster_project.release.export import parquet_file

NORMAL_95 = 1.96
"""The margin is that of a 95 % interval."""


@dataclass(frozen=True)
class Annex:
    """What an annex holds: paragraphs under titles, the response, and what was measured."""

    study: str
    label: str
    paragraphs: Sequence[tuple[str, Sequence[str]]]
    response: Sequence[Sequence[str]]
    definitions: Sequence[tuple[str, str, str]]


def annex_of(codebook: Codebook, words: Words, folder: Path, study: str) -> Annex:
    """Say how a study was measured, from the codebook and a release."""
    rules = codebook.study(study)
    fieldwork = [
        words("fieldwork_until", period=one.period, day=words.day(one.fieldwork_ended_on))
        for one in codebook.waves
        if one.study == study
    ]
    channels = ", ".join(words.label(one) for one in codebook.channels_of(study))
    mode = words("mode_quarter" if rules.timing == "quarter" else "mode_wave")
    benchmark = words(
        f"benchmark_rule_{rules.benchmark_method}", count=rules.benchmark_min_organisations
    )
    paragraphs = [
        (words("population"), [words(f"population_{rules.population}")]),
        (words("mode"), [mode, *([f"{words('channel')}: {channels}."] if channels else [])]),
        (words("fieldwork"), fieldwork),
        (words("suppression"), [words("suppression_rule", min_n=rules.min_n)]),
        (words("benchmark"), [benchmark]),
        (words("definition"), [words("by_formula")]),
    ]
    return Annex(
        study=study,
        label=words.label(rules),
        paragraphs=[(title, lines) for title, lines in paragraphs if lines],
        response=_response(codebook, words, folder, study),
        definitions=[
            (words.label(one), words(f"family_{one.family}"), words.definition(one))
            for one in codebook.metrics_of(study)
            if one.family != DISTRIBUTION
        ],
    )


def _response(codebook: Codebook, words: Words, folder: Path, study: str) -> list[list[str]]:
    rows = (
        pl.scan_parquet(parquet_file(folder, RESPONSES))
        .filter(
            pl.col("study") == study,
            pl.col("channel") == ALL,
            pl.col("product_code") == ALL,
            pl.col("status") == PUBLISHED,
            pl.col("period_type") == "year",
        )
        .sort("organisation_code", "period")
        .collect()
        .to_dicts()
    )
    return [
        [
            organisation_name(codebook, row["organisation_code"]),
            row["period"],
            words.number(row["responses"]),
            *(
                "" if row["response_rate"] is None else words.number(row[one])
                for one in ("net_sample", "responses_invited")
            ),
            "" if row["response_rate"] is None else words.number(row["response_rate"], 1),
            "" if row["required_sample"] is None else words.number(row["required_sample"]),
            achieved_margin(words, row),
        ]
        for row in rows
    ]


def achieved_margin(words: Words, row: Row) -> str:
    """Return the margin of a share of 50 %, in percentage points, without weights.

    Where people were invited, on their answers: `1.96 * sqrt(0.25 / n) * sqrt((N - n) / N)`, with N
    the net sample; else on all answers, and the last factor is 1.
    """
    invited = row["net_sample"] if row["response_rate"] is not None else None
    n = row["responses"] if invited is None else row["responses_invited"]
    if not n:
        return ""
    left = sqrt(max(invited - n, 0) / invited) if invited else 1.0
    return f"± {words.number(100 * NORMAL_95 * sqrt(0.25 / n) * left, 1)}"
