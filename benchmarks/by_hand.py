"""The table of figures as one would make it by hand: DuckDB's SQL, Polars and pandas.

Belongs here: reading the same files, the newest version of each response, scores, and n and mean of
every metric per organisation, quarter, channel and product, with totals of the last two. Does not
belong here: validation, privacy, history or publication, which a script by hand leaves out.

Each function takes the files by feed and returns a Polars frame: `organisation`, `quarter`,
`channel`, `product` (`all` for a total), and per metric its mean and, as `n_...`, its respondents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl

from dagster_project.codebook import Codebook

KEY = ("organisation", "quarter", "channel", "product")
Files = Mapping[str, Path]


@dataclass(frozen=True)
class Score:
    """A metric of one question, by bands or as it is, or the mean of several from `least` on."""

    metric: str
    questions: tuple[str, ...]
    bands: tuple[tuple[float, float, float], ...] = ()
    least: int = 1


def scores_of(codebook: Codebook, study: str) -> list[Score]:
    """List the metrics of a study but its distributions."""
    return [
        Score(
            one.metric,
            tuple(codebook.questions_of_metric(study, one.metric)),
            tuple((b.lower, b.upper, b.points) for b in codebook.bands_of(study, one.metric)),
            one.min_items or 1,
        )
        for one in codebook.metrics_of(study)
        if one.family != "distribution"
    ]


def with_sql(files: Files, scores: Sequence[Score]) -> pl.DataFrame:
    """Use one statement of DuckDB."""
    questions = sorted({question for one in scores for question in one.questions})
    union = " union all by name ".join(
        f"select '{feed}' as channel, * from read_csv('{file}', delim=';', header=true)"
        for feed, file in files.items()
    )
    numbers = ", ".join(f"try_cast({one} as double) as {one}" for one in questions)
    scored = ", ".join(f"{_sql(one)} as s_{one.metric}" for one in scores)
    figures = ", ".join(
        f"avg(s_{one.metric}) as {one.metric}, count(s_{one.metric}) as n_{one.metric}"
        for one in scores
    )
    return duckdb.sql(f"""
        with delivered as ({union}),
        newest as (
            select gemeentecode as organisation, date_trunc('quarter', datum_contact) as quarter,
                channel, product, {numbers}
            from delivered
            qualify row_number() over (
                partition by channel, gemeentecode, respons_id order by datum_invul desc
            ) = 1
        ),
        scored as (select *, {scored} from newest)
        select organisation, strftime(quarter, '%Y-%m-%d') as quarter,
            coalesce(channel, 'all') as channel, coalesce(product, 'all') as product, {figures}
        from scored
        group by organisation, quarter, cube (channel, product)
    """).pl()


def _sql(score: Score) -> str:
    if len(score.questions) > 1:
        listed = ", ".join(score.questions)
        return f"case when list_count([{listed}]) >= {score.least} then list_avg([{listed}]) end"
    (question,) = score.questions
    if not score.bands:
        return question
    cases = " ".join(
        f"when {question} between {lower} and {upper} then {points}"
        for lower, upper, points in score.bands
    )
    return f"case {cases} end"


def with_polars(files: Files, scores: Sequence[Score]) -> pl.DataFrame:
    """Use Polars, lazily."""
    rows = pl.concat(
        [
            pl.scan_csv(file, separator=";", infer_schema=False).with_columns(channel=pl.lit(feed))
            for feed, file in files.items()
        ],
        how="diagonal",
    )
    questions = sorted({question for one in scores for question in one.questions})
    scored = (
        rows.sort("datum_invul", maintain_order=True)
        .unique(("channel", "gemeentecode", "respons_id"), keep="last")
        .with_columns(pl.col(questions).cast(pl.Float64, strict=False))
        .with_columns(_polars(one).alias(f"s_{one.metric}") for one in scores)
        .select(
            pl.col("gemeentecode").alias("organisation"),
            pl.col("datum_contact")
            .str.to_date()
            .dt.truncate("1q")
            .cast(pl.String)
            .alias("quarter"),
            "channel",
            "product",
            *(f"s_{one.metric}" for one in scores),
        )
        .collect()
    )
    figures = [
        figure
        for one in scores
        for figure in (
            pl.col(f"s_{one.metric}").mean().alias(one.metric),
            pl.col(f"s_{one.metric}").count().alias(f"n_{one.metric}"),
        )
    ]
    return pl.concat(
        scored.group_by("organisation", "quarter", *kept)
        .agg(figures)
        .with_columns(pl.lit("all").alias(name) for name in KEY[2:] if name not in kept)
        .select(*KEY, *(column for one in scores for column in (one.metric, f"n_{one.metric}")))
        for kept in _groupings()
    )


def _polars(score: Score) -> pl.Expr:
    if len(score.questions) > 1:
        known = pl.sum_horizontal(pl.col(score.questions).is_not_null().cast(pl.Int32))
        return pl.when(known >= score.least).then(pl.mean_horizontal(score.questions))
    (question,) = score.questions
    if not score.bands:
        return pl.col(question)
    return pl.coalesce(
        pl.when(pl.col(question).is_between(lower, upper)).then(points)
        for lower, upper, points in score.bands
    )


def with_pandas(files: Files, scores: Sequence[Score]) -> pl.DataFrame:
    """Use pandas."""
    rows = pd.concat(
        [pd.read_csv(file, sep=";").assign(channel=feed) for feed, file in files.items()]
    )
    rows = rows.sort_values("datum_invul", kind="stable").drop_duplicates(
        ["channel", "gemeentecode", "respons_id"], keep="last"
    )
    contact = pd.to_datetime(rows["datum_contact"])
    scored = pd.DataFrame(
        {
            "organisation": rows["gemeentecode"],
            "quarter": contact.dt.to_period("Q").dt.start_time.dt.strftime("%Y-%m-%d"),
            "channel": rows["channel"],
            "product": rows["product"],
            **{one.metric: _pandas(rows, one) for one in scores},
        }
    )
    metrics = [one.metric for one in scores]
    parts = []
    for kept in _groupings():
        groups = scored.groupby(["organisation", "quarter", *kept])[metrics]
        found = groups.mean().join(groups.count().add_prefix("n_")).reset_index()
        parts.append(found.assign(**{one: "all" for one in KEY[2:] if one not in kept}))
    return pl.from_pandas(pd.concat(parts))


def _pandas(rows: pd.DataFrame, score: Score) -> pd.Series[float]:
    if len(score.questions) > 1:
        items = rows[list(score.questions)]
        return items.mean(axis=1).where(items.notna().sum(axis=1) >= score.least)
    answers = rows[score.questions[0]]
    if not score.bands:
        return answers.astype(float)
    found = pd.Series(float("nan"), index=rows.index)
    for lower, upper, points in score.bands:
        found = found.mask(answers.between(lower, upper), points)
    return found


def _groupings() -> list[tuple[str, ...]]:
    return [
        tuple(name for name, kept in zip(KEY[2:], keep, strict=True) if kept)
        for keep in product((True, False), repeat=2)
    ]
