"""Publication: responses and figures that stand elsewhere, and a verdict that follows from them.

Belongs here: the audit of that table. Does not belong here: the figures themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import polars as pl

from dagster_project.disclosure.audit.contract import (
    KEYS,
    KPI,
    PERIOD,
    PUBLICATION,
    PUBLISHED,
    RESPONSE,
    TOTAL,
    Check,
    same,
)

KEY = KEYS[PUBLICATION]
ALWAYS, ENOUGH_ANSWERS, ENOUGH_RESPONSE, TOO_FEW = (
    "always_published",
    "enough_answers",
    "enough_response",
    "too_few_answers",
)


@dataclass(frozen=True)
class Publication:
    """What the codebook says about a study's publication; None is no rule."""

    judged: str
    second: str | None = None
    least_rate: float | None = None
    least_answers: int | None = None
    always: bool = False
    norm: float | None = None
    norm_of_product: float | None = None


def checks(
    tables: Mapping[str, pl.DataFrame], rules: Mapping[str, Publication] | None
) -> list[Check]:
    """(table, what is wrong, rows) of everything that does not follow from published figures.

    Without rules it is enough that each figure is a published one of the same cell.
    """
    if PUBLICATION not in tables:
        return []
    rows = _beside_figures(tables)
    if rules is None:
        return _copied(rows)
    return _judged(_by_rule(rows, tables[KPI], rules), rules)


def _beside_figures(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Put what is published of a cell beside its row; a cell without a row gets an empty one."""
    responses = (
        tables[RESPONSE]
        .filter(pl.col("channel") == TOTAL)
        .select(
            *KEY,
            told=pl.col("status") == PUBLISHED,
            known="responses",
            rate="response_rate",
            asked="invited",
        )
    )
    rows = tables[PUBLICATION].drop(PERIOD)
    return rows.join(responses, on=KEY, how="full", coalesce=True).join(
        _figures(tables[KPI]).group_by(KEY).agg(values=pl.col("figure")), on=KEY, how="left"
    )


def _figures(kpi: pl.DataFrame) -> pl.DataFrame:
    every = (pl.col("channel") == TOTAL) & (pl.col("segment") == TOTAL)
    shown = kpi.filter(every & (pl.col("status") == PUBLISHED))
    return shown.select(*KEY, "metric", figure="value")


def _copied(rows: pl.DataFrame) -> list[Check]:
    """Find figures that stand nowhere else."""
    shown = rows.filter(pl.col("status") == PUBLISHED).with_columns(
        pl.col("values").fill_null([]), told=pl.col("told").fill_null(value=False)
    )
    found = []
    for column, other in (("responses", "known"), ("response_rate", "rate")):
        copied = pl.col("told") & same(pl.col(column), pl.col(other))
        strange = shown.filter(pl.col(column).is_not_null() & ~copied)
        found.append((PUBLICATION, f"{column} is not that of {RESPONSE}", strange))
    for column in ("value", "value_second_judgement"):
        unknown = pl.col(column).is_not_null() & ~pl.col("values").list.contains(pl.col(column))
        found.append((PUBLICATION, f"{column} is no published value", shown.filter(unknown)))
    return found


def _by_rule(
    rows: pl.DataFrame, kpi: pl.DataFrame, rules: Mapping[str, Publication]
) -> pl.DataFrame:
    """Put the rule of the study, and the figures it judges by, beside each row."""
    schema = {
        "study": pl.String,
        "judged": pl.String,
        "second": pl.String,
        "least_rate": pl.Float64,
        "least_answers": pl.Int64,
        "always": pl.Boolean,
        "norm_over_all": pl.Float64,
        "norm_of_product": pl.Float64,
    }
    table = pl.DataFrame(
        [
            {"study": study, "norm_over_all": rule.norm} | asdict(rule)
            for study, rule in rules.items()
        ],
        schema=schema,
    )
    figures = _figures(kpi)
    for role in ("judged", "second"):
        named = figures.rename({"metric": role, "figure": f"{role}_value"})
        rows_of_role = table.select("study", role)
        named = named.join(rows_of_role, on=["study", role], how="semi").drop(role)
        rows = rows.join(named, on=KEY, how="left")
    return rows.join(table, on="study", how="left").with_columns(
        due=pl.when(pl.col("product_code") == TOTAL)
        .then("norm_over_all")
        .otherwise("norm_of_product")
    )


def _judged(rows: pl.DataFrame, rules: Mapping[str, Publication]) -> list[Check]:
    """Find rows that are not what the study's rule makes of the published figures."""
    of_rule = rows.filter(pl.col("study").is_in(list(rules)))
    strangers = rows.filter(~pl.col("study").is_in(list(rules)) & pl.col("status").is_not_null())
    reason = _reason()
    status = pl.when(reason.is_null()).then(pl.lit("suppressed")).otherwise(pl.lit(PUBLISHED))
    shown = pl.col("status") == PUBLISHED
    second = pl.when(pl.col("judged_value") < pl.col("due")).then(pl.col("second_value"))
    verdict = reason != TOO_FEW
    found = [
        ("no rule of the study asks for this row", strangers),
        ("the row is missing", of_rule.filter(pl.col("status").is_null())),
        ("status does not follow from published figures", _unlike(of_rule, "status", status)),
    ]
    told = of_rule.filter(shown)
    found += [
        ("reason does not follow from published figures", _unlike(told, "reason", reason)),
        ("published does not follow from published figures", _unlike(told, "published", verdict)),
    ]
    found += [
        (what, told.filter(~same(pl.col(column), other)))
        for what, column, other in (
            (f"responses is not that of {RESPONSE}", "responses", pl.col("known")),
            (f"response_rate is not that of {RESPONSE}", "response_rate", pl.col("rate")),
            ("value is not the judged metric's", "value", pl.col("judged_value")),
            ("value_second_judgement does not follow", "value_second_judgement", second),
            ("norm is not the study's", "norm", pl.col("due")),
        )
    ]
    return [(PUBLICATION, what, wrong) for what, wrong in found]


def _reason() -> pl.Expr:
    """Give the reason as published figures decide it; null where they do not."""
    few = pl.col("known") >= pl.col("least_answers")
    response = pl.col("rate") >= pl.col("least_rate")
    undecided = pl.col("least_rate").is_not_null() & pl.col("asked").is_null()
    return (
        pl.when(~pl.col("told").fill_null(value=False))
        .then(None)
        .when(pl.col("always"))
        .then(pl.lit(ALWAYS))
        .when(few.fill_null(value=False))
        .then(pl.lit(ENOUGH_ANSWERS))
        .when(response.fill_null(value=False))
        .then(pl.lit(ENOUGH_RESPONSE))
        .when(undecided)
        .then(None)
        .otherwise(pl.lit(TOO_FEW))
    )


def _unlike(rows: pl.DataFrame, column: str, expected: pl.Expr) -> pl.DataFrame:
    return rows.filter(pl.col("status").is_not_null() & pl.col(column).ne_missing(expected))
