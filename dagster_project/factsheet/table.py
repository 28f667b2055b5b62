"""The figures of a factsheet as a CSV file that a Dutch spreadsheet opens as it is.

Belongs here: its columns. Does not belong here: any figure that the release does not have.
"""

from __future__ import annotations

import csv
from pathlib import Path

from dagster_project.codebook import Codebook
from dagster_project.factsheet.figures import ALL, KPI, PUBLISHED, Facts
from dagster_project.factsheet.outline import DISTRIBUTION
from dagster_project.factsheet.parts import answer_labels
from dagster_project.factsheet.words import MINUS, NARROW, Words

HEAD = (
    "channel",
    "product",
    "group",
    "aspect",
    "respondents_head",
    "value",
    "margin",
    "previous_period",
    "benchmark",
)
DECIMALS = 6


def sheet_table(codebook: Codebook, words: Words, facts: Facts, period: str, path: Path) -> None:
    """Write all figures of a period: semicolons, the decimal sign of the language, UTF-8 with BOM.

    A hidden figure has a row with its name and nothing else.
    """
    study = facts.study
    channels = {one.channel: words.label(one) for one in codebook.channels_of(study)}
    products = {one.product_code: words.label(one) for one in codebook.products_of(study)}
    metrics = {
        one.metric: words.label(one)
        for one in codebook.metrics_of(study)
        if one.family != DISTRIBUTION
    }
    groups = {
        (one.segment, code): f"{words.label(one)}: {label}"
        for one in codebook.segments
        if one.study == study
        for code, label in answer_labels(codebook, words, study, one.question).items()
    }
    numbers = ("value", "margin", "previous_value", "benchmark_value")
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow([words(one) for one in HEAD])
        for row in facts.rows(KPI, period):
            group = groups.get((row["segment"], row["segment_value"]), row["segment_value"])
            named = [
                channels.get(row["channel"], words("all_channels")),
                products.get(row["product_code"], ""),
                "" if row["segment"] == ALL else group,
                metrics.get(row["metric"], row["metric"]),
            ]
            if row["status"] != PUBLISHED:
                writer.writerow([*named, *[""] * 5])
            else:
                told = (row[one] for one in numbers)
                writer.writerow([*named, row["n"], *(_plain(words, one) for one in told)])


def _plain(words: Words, value: float | None) -> str:
    if value is None:
        return ""
    return words.number(value, DECIMALS).replace(NARROW, "").replace(MINUS, "-")
