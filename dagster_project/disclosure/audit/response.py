"""What is derived from counts of respondents and of rows.

Belongs here: response and suppression. Does not belong here: metrics.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from dagster_project.disclosure.attack.audit_compared import same
from dagster_project.disclosure.attack.contract import CHANNEL, SUPPRESSION
from dagster_project.disclosure.attack.names import FUNNEL, KPI, PUBLISHED, RESPONSE, TOTAL

Check = tuple[str, str, pl.DataFrame]
PERIOD = ("study", "organisation_code", "period")
INVITATIONS = ("invited", "undeliverable", "opted_out", "net_sample", "responses_invited")


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
        whole.select(*PERIOD, *INVITATIONS), on=PERIOD, how="left", suffix="_there"
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
    # figures as an earlier release had them may not fit in a total of now
    fits = pl.when(share.is_between(0, 1)).then(share)
    good = (
        same(pl.col("cells_published").cast(pl.Int64), pl.col("published"))
        & same(pl.col("cells_suppressed").cast(pl.Int64), pl.col("hidden"))
        & same(pl.col("answers_suppressed_share"), fits)
    )
    return [(SUPPRESSION, "does not follow from published rows", rows.filter(~good))]
