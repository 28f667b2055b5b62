"""Who was asked, who answered, and what a rule of publication makes of it.

Belongs here: sentences and tables on the response. Does not belong here: HTML.
"""

from __future__ import annotations

from collections.abc import Iterator

from dagster_project.factsheet.chosen import Chosen
from dagster_project.factsheet.contents import (
    Table,
)
from dagster_project.factsheet.figures import (
    ALL,
    FUNNEL,
    PUBLISHED,
    RESPONSES,
    VERDICTS,
)

RESPONSE_COLUMNS = (
    "responses",
    "reviews",
    "tips",
    "net_sample",
    "responses_invited",
    "response_rate",
    "required_sample",
)
FUNNEL_STEPS = (
    "gross_sample",
    "duplicates",
    "incomplete",
    "invited",
    "undeliverable",
    "opted_out",
    "net_sample",
    "responses_invited",
)


def response_lines(chosen: Chosen) -> list[str]:
    """Say how many answered, of how many who were invited, and whether that is enough."""
    rows = chosen.facts.rows(RESPONSES, chosen.period, channel=ALL, product_code=ALL)
    if not rows or rows[0]["status"] != PUBLISHED:
        return []
    row = rows[0]
    lines = [chosen.words("respondents", n=chosen.optional(row["responses"]))]
    if row["response_rate"] is None or row["net_sample"] is None:
        return [*lines, chosen.words("rate_unknown")]
    said = chosen.words(
        "rate",
        rate=f"{chosen.words.number(row['response_rate'], 1)}\u00a0%",
        invited=chosen.words.number(row["net_sample"]),
        answered=chosen.optional(row["responses_invited"]),
    )
    if row["required_sample"] is not None:
        key = "required_reached" if row["required_reached"] else "required_missed"
        enough = chosen.words(key, required=chosen.words.number(row["required_sample"]))
        said = f"{said}: {enough}"
    return [*lines, said]


def response_tables(chosen: Chosen) -> Iterator[Table]:
    """Tabulate the response by channel, without what the study does not count."""
    found = [
        (title or chosen.words("all_channels"), row)
        for channel, title in chosen.channels()
        for row in chosen.facts.rows(RESPONSES, chosen.period, channel=channel, product_code=ALL)
    ]
    columns = [
        one for one in RESPONSE_COLUMNS if one == "responses" or any(row[one] for _, row in found)
    ]
    if found:
        yield Table(
            chosen.words("responses"),
            [chosen.words("channel"), *(chosen.words(one) for one in columns)],
            [[label, *chosen.numbers(row, columns)] for label, row in found],
        )


def funnel(chosen: Chosen) -> Iterator[Table]:
    """Tabulate the way from address to answer, by method of approach."""
    rows = chosen.facts.rows(FUNNEL, chosen.period)
    if not rows:
        return
    methods = _methods(chosen)
    rows = sorted(rows, key=lambda row: row["method"] != ALL)
    columns = (*FUNNEL_STEPS, "response_rate")
    yield Table(
        chosen.words("funnel"),
        [chosen.words("method"), *(chosen.words(one) for one in columns)],
        [
            [methods.get(row["method"], str(row["method"])), *chosen.numbers(row, columns)]
            for row in rows
        ],
    )


def _methods(chosen: Chosen) -> dict[str, str]:
    scales = {
        column.scale
        for feed in chosen.codebook.feeds_of(chosen.study)
        for column in chosen.codebook.columns_of(feed.feed)
        if column.field == "method" and column.scale
    }
    named = {
        value.code: chosen.words.label(value)
        for scale in scales
        for value in chosen.codebook.values_of(scale)
        if value.code
    }
    return {**named, "unknown": chosen.words("unknown"), ALL: chosen.words("all_methods")}


def verdicts(chosen: Chosen) -> Iterator[Table]:
    """Tabulate what a rule of publication says of each product; the total comes last."""
    rows = chosen.facts.rows(VERDICTS, chosen.period)
    if not rows:
        return
    products = {
        one.product_code: chosen.words.label(one)
        for one in chosen.codebook.products_of(chosen.study)
    }
    rows = sorted(rows, key=lambda row: row["product_code"] == ALL)
    words = chosen.words
    shown_rows = []
    for row in rows:
        label = products.get(row["product_code"], words("all_channels"))
        if row["product_code"] == ALL:
            label = words("organisation")
        if row["status"] != PUBLISHED:
            shown_rows.append([label, *[words("hidden_mark")] * 7])
            continue
        shown_rows.append(
            [
                label,
                chosen.optional(row["responses"]),
                chosen.optional(row["response_rate"], 1),
                chosen.optional(row["value"], 1),
                chosen.optional(row["norm"], 1),
                chosen.optional(row["value_second_judgement"], 1),
                words("published_yes" if row["published"] else "published_no"),
                words(row["reason"]) if row["reason"] else "",
            ]
        )
    names = ("responses", "response_rate", "figure", "norm", "second_judgement")
    head = [words("product"), *map(words, names), words("publication"), words("reason")]
    yield Table(words("publication"), head, shown_rows)
