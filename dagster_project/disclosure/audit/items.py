"""Item response: counts of those asked and those who answered, all of which stand elsewhere.

Belongs here: the audit of that table. Does not belong here: the counts themselves.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from dagster_project.disclosure.attack.audit_compared import same
from dagster_project.disclosure.attack.contract import CHANNEL, ITEMS, KEYS
from dagster_project.disclosure.attack.names import DISTRIBUTION, KPI, PUBLISHED, RESPONSE, TOTAL

Check = tuple[str, str, pl.DataFrame]
OF_ONE_QUESTION = ("mean", "net", "share")


def checks(tables: Mapping[str, pl.DataFrame]) -> list[Check]:
    """(table, what is wrong, rows) of everything that is not a count published elsewhere.

    Those who answered are the n of the question's distribution, else of the metric that is called
    as the question. Which other metrics a question has is nowhere in a release: for those it is
    enough that the count is some published n of the cell.
    """
    if ITEMS not in tables:
        return []
    shown = tables[ITEMS].filter(pl.col("status") == PUBLISHED)
    rows = (
        shown.join(_responses(tables[RESPONSE]), on=CHANNEL, how="left")
        .join(_own_figures(tables), on=KEYS[ITEMS], how="left")
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


def _responses(responses: pl.DataFrame) -> pl.DataFrame:
    published = (pl.col("status") == PUBLISHED) & (pl.col("product_code") == TOTAL)
    return responses.filter(published).select(*CHANNEL, "responses")


def _totals(table: pl.DataFrame) -> pl.DataFrame:
    return table.filter((pl.col("product_code") == TOTAL) & (pl.col("segment") == TOTAL))


def _own_figures(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
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
