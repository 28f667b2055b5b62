"""Counts of respondents, of answers and of rows, and what is derived from them.

Belongs here: response, suppression, item response. Does not belong here: metrics.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from dagster_project.disclosure.audit.contract import (
    CHANNEL,
    DISTRIBUTION,
    FUNNEL,
    ITEMS,
    KEYS,
    KPI,
    PUBLISHED,
    RESPONSE,
    SUPPRESSION,
    TOTAL,
    Check,
    same,
)

OF_FUNNEL = ("study", "organisation_code", "period")
INVITATIONS = ("invited", "undeliverable", "opted_out", "net_sample", "responses_invited")
OF_ONE_QUESTION = ("mean", "net", "share")


def checks(tables: Mapping[str, pl.DataFrame]) -> list[Check]:
    """(table, what is wrong, rows) of everything that does not follow from published counts."""
    found = _response(tables[RESPONSE].filter(pl.col("status") == PUBLISHED))
    if FUNNEL in tables:
        found += _funnel(tables)
    if SUPPRESSION in tables:
        found += _suppression(tables)
    return found


def _response(rows: pl.DataFrame) -> list[Check]:
    invited = pl.col("invited").cast(pl.Float64)
    # 95 % confidence, 5 points either way: n0 = 1.96^2 * 0.25 / 0.05^2 = 384.16
    needed = (384.16 / (1 + (384.16 - 1) / invited)).ceil()
    asks = pl.col("required_sample").is_not_null().any().over("study")
    sample = pl.when(asks & (invited > 0)).then(needed)
    reached = pl.col("responses_invited") >= pl.col("required_sample")
    silent = [pl.col(name).is_null() for name in INVITATIONS]
    rules = (
        (
            "some columns on invitations are null and some are not",
            pl.all_horizontal(silent) | ~pl.any_horizontal(silent),
        ),
        *_rate(),
        (
            "required_sample does not follow",
            same(pl.col("required_sample").cast(pl.Float64), sample),
        ),
        ("required_reached does not follow", pl.col("required_reached").eq_missing(reached)),
    )
    return [(RESPONSE, what, rows.filter(~good)) for what, good in rules]


def _rate() -> tuple[tuple[str, pl.Expr], ...]:
    net = pl.col("invited") - pl.col("undeliverable") - pl.col("opted_out")
    rate = pl.when((pl.col("invited") > 0) & (net != 0)).then(
        100.0 * pl.col("responses_invited") / net
    )
    return (
        ("net_sample is not invited - undeliverable - opted_out", same(pl.col("net_sample"), net)),
        ("response_rate does not follow", same(pl.col("response_rate"), rate)),
    )


def _funnel(tables: Mapping[str, pl.DataFrame]) -> list[Check]:
    """Check the funnel by method; all methods together are the total of `mart_response`."""
    funnel = tables[FUNNEL]
    whole = tables[RESPONSE].filter(
        (pl.col("channel") == TOTAL) & (pl.col("product_code") == TOTAL)
    )
    total = funnel.filter(pl.col("method") == TOTAL).join(
        whole.select(*OF_FUNNEL, *INVITATIONS),
        on=OF_FUNNEL,
        how="left",
        suffix="_there",
    )
    alike = [pl.col(name).eq_missing(pl.col(f"{name}_there")) for name in INVITATIONS]
    shown = funnel.filter(pl.col("status") == PUBLISHED)
    known = [pl.col(name).is_not_null() for name in INVITATIONS]
    gross = pl.col("invited") + pl.col("duplicates") + pl.col("incomplete")
    rules = (
        ("a published row without figures", pl.all_horizontal(known)),
        (
            "gross_sample is not invited + duplicates + incomplete",
            same(pl.col("gross_sample"), gross),
        ),
        *_rate(),
    )
    return [
        (FUNNEL, f"not what {RESPONSE} has", total.filter(~pl.all_horizontal(alike))),
        *((FUNNEL, what, shown.filter(~good)) for what, good in rules),
    ]


def _suppression(tables: Mapping[str, pl.DataFrame]) -> list[Check]:
    """Rows of the metrics by status, and the share of respondents outside published products."""
    counts = (
        tables[KPI]
        .group_by(CHANNEL)
        .agg(
            published=(pl.col("status") == PUBLISHED).sum().cast(pl.Int64),
            hidden=(pl.col("status") != PUBLISHED).sum().cast(pl.Int64),
        )
    )
    responses = tables[RESPONSE]
    total = responses.filter(
        (pl.col("product_code") == TOTAL) & (pl.col("status") == PUBLISHED)
    ).select(*CHANNEL, total="responses")
    products = (
        responses.filter(pl.col("product_code") != TOTAL)
        .group_by(CHANNEL)
        .agg(pl.col("responses").sum(), products=pl.lit(value=True))
    )
    rows = (
        tables[SUPPRESSION]
        .join(counts, on=CHANNEL, how="full", coalesce=True)
        .join(total, on=CHANNEL, how="left")
        .join(products, on=CHANNEL, how="left")
    )
    all_ = pl.col("total").cast(pl.Float64)
    share = (
        pl.when(pl.col("products").is_null())
        .then(0 * all_)
        .when(all_ != 0)
        .then(1 - pl.col("responses") / all_)
    )
    good = (
        same(pl.col("cells_published").cast(pl.Int64), pl.col("published"))
        & same(pl.col("cells_suppressed").cast(pl.Int64), pl.col("hidden"))
        & same(pl.col("answers_suppressed_share"), share)
    )
    return [(SUPPRESSION, "does not follow from published rows", rows.filter(~good))]


def items(tables: Mapping[str, pl.DataFrame]) -> list[Check]:
    """(table, what is wrong, rows) of everything that is not a count published elsewhere.

    Those who answered are the n of the question's distribution, else of the metric that is called
    as the question. Which other metrics a question has is nowhere in a release: for those it is
    enough that the count is some published n of the cell.
    """
    if ITEMS not in tables:
        return []
    shown = tables[ITEMS].filter(pl.col("status") == PUBLISHED)
    rows = (
        shown.join(_responses_of(tables[RESPONSE]), on=CHANNEL, how="left")
        .join(_figures_on_questions(tables), on=KEYS[ITEMS], how="left")
        .join(_all_n(tables), on=CHANNEL, how="left")
        .with_columns(pl.col("every_n").fill_null([]))
    )
    own, answered = pl.col("own_status"), pl.col("answered")
    share = 100.0 * answered / pl.col("asked")
    known = pl.col("every_n").list.contains(answered)
    return [
        (ITEMS, what, rows.filter(~good.fill_null(value=False)))
        for what, good in (
            ("share is not answered of asked", same(pl.col("share"), share)),
            ("asked is not the responses published", pl.col("asked") == pl.col("responses")),
            (
                "published, but the figure on the question is hidden",
                own.eq_missing(None) | (own == PUBLISHED),
            ),
            (
                "answered is not the n of the figure on the question",
                own.eq_missing(None) | (answered == pl.col("own_n")),
            ),
            ("answered is no published n of the cell", known),
        )
    ]


def _responses_of(responses: pl.DataFrame) -> pl.DataFrame:
    published = (pl.col("status") == PUBLISHED) & (pl.col("product_code") == TOTAL)
    return responses.filter(published).select(*CHANNEL, "responses")


def _totals(table: pl.DataFrame) -> pl.DataFrame:
    return table.filter((pl.col("product_code") == TOTAL) & (pl.col("segment") == TOTAL))


def _figures_on_questions(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Find the distribution of each question in each cell, else the metric called as it is."""
    columns = {"own_n": pl.col("n").cast(pl.Int64).max(), "own_status": pl.col("status").min()}
    distributions = _distributions(tables).group_by(KEYS[ITEMS]).agg(**columns)
    alike = tables["dim_metric"].filter(
        pl.col("family").is_in(OF_ONE_QUESTION) & (pl.col("base") == "answered")
    )
    # a question may be asked where its metric leaves answers out; then it has a distribution
    with_distribution = distributions.select("study", "question").unique()
    metrics = (
        _totals(tables[KPI])
        .join(alike.select("study", "metric"), on=["study", "metric"], how="semi")
        .rename({"metric": "question"})
        .join(with_distribution, on=["study", "question"], how="anti")
        .group_by(KEYS[ITEMS])
        .agg(**columns)
    )
    return pl.concat([distributions, metrics])


def _distributions(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    if DISTRIBUTION not in tables:
        return _totals(tables[KPI]).rename({"metric": "question"}).clear()
    return _totals(tables[DISTRIBUTION]).rename({"metric": "question"})


def _all_n(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Every n that is published of a cell over all products."""
    found = [
        _totals(tables[name])
        .filter(pl.col("status") == PUBLISHED)
        .select(*CHANNEL, pl.col("n").cast(pl.Int64))
        for name in (KPI, DISTRIBUTION)
        if name in tables
    ]
    return pl.concat(found).group_by(CHANNEL).agg(every_n=pl.col("n").unique())
