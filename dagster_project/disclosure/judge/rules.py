"""The rules, each as a table of what breaks it.

Belongs here: what may be known of figures, intervals, unions, and rows. Does not belong here:
working out what is known (attack).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from dagster_project.disclosure.attack.layout import BASE, CLOSE, INVITED, OF_QUESTION, Layout
from dagster_project.disclosure.judge.limits import NOW, is_primary, miss

NOTICEABLE = 1e-4
"""Figures that differ less tell nothing of a respondent."""
SAME = 1e-9
"""Share of a sum of squares below which its spread is rounding."""
HALF = 0.5
"""Respondents: counts that differ less are equal."""


@dataclass(frozen=True)
class Evidence:
    """What the rules are judged on, as tables of polars with a `vintage`.

    `intervals` and `unions` are what the attack found, with the rules of their table; `figures` is
    what is published; `truth` has the true cells with the rules of their table.
    """

    layout: Layout
    intervals: pl.DataFrame
    unions: pl.DataFrame
    figures: pl.DataFrame
    truth: pl.DataFrame
    rules: pl.DataFrame

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that name a figure in a vintage."""
        return (*self.layout.cell, "measure", "vintage")

    def broken(
        self, rule: str, rows: pl.DataFrame, what: str | pl.Expr, equation: str | pl.Expr = ""
    ) -> pl.DataFrame:
        """Word rows that break a rule."""
        said = pl.lit(what) if isinstance(what, str) else what
        follows = pl.lit(equation) if isinstance(equation, str) else equation
        vintage = pl.col("vintage").cast(pl.Int64)
        return rows.select(
            pl.lit(rule).alias("rule"),
            *self.key[:-1],
            vintage,
            said.cast(pl.String).alias("what"),
            follows.cast(pl.String).alias("equation"),
        )


def exact_figures(evidence: Evidence, hierarchies: pl.DataFrame) -> pl.DataFrame:
    """Hidden n and totals that have one possible value.

    Harmless: nobody answered; everybody did who responded; a share of nothing (counted apart); a
    figure published in some vintage; enough respondents in a cell of which no table lists them; and
    enough who answered if that follows from where everybody did, as a year's may from its quarters.
    """
    key = [*evidence.key, "answer", "figure"]
    rows = evidence.intervals.filter(
        pl.col("since").is_null()
        & pl.col("exact")
        & pl.col("figure").is_in(["n", "total"])
        & (pl.col("low").abs() > NOTICEABLE)
    )
    on = [name for name in key if name != "vintage"]
    same = (pl.col("low") - pl.col("told")).abs() <= NOTICEABLE * (1 + pl.col("told").abs())
    public = rows.join(_public(evidence), on=on, nulls_equal=True).filter(same).select(key).unique()
    leaks = rows.join(public, on=key, how="anti", nulls_equal=True).join(
        _unlisted(evidence), on=evidence.key, how="anti"
    )
    if leaks.height:
        of_n = public.filter(pl.col("figure") == "n").select(evidence.key)
        conceded = _following(evidence, of_n, hierarchies).with_columns(figure=pl.lit("n"))
        leaks = leaks.join(conceded, on=[*evidence.key, "figure"], how="anti")
    what = pl.format("{} = {} follows exactly", "figure", "low")
    return evidence.broken("exact", leaks, what, pl.col("equation"))


def _following(evidence: Evidence, public: pl.DataFrame, hierarchies: pl.DataFrame) -> pl.DataFrame:
    """Return the n of large cells that follow from public ones, equation by equation."""
    key, layout = list(evidence.key), evidence.layout
    rows = evidence.figures.filter(pl.col("answer").is_null())
    public = pl.concat([rows.filter(~pl.col("hidden")).select(key), public]).unique()
    small = evidence.truth.filter(is_primary() & pl.col("answer").is_null()).select(key)
    left = rows.select(key).join(public, on=key, how="anti").join(small, on=key, how="anti")
    sums = []
    for (dimension,), tree in hierarchies.partition_by("dimension", as_dict=True).items():
        names = tree.select(layout.table, "partition", "parent", "child").unique()
        parents = names.select(layout.table, "partition", "parent", child="parent").unique()
        others = [name for name in key if name != dimension]
        members = rows.select(key).join(
            pl.concat([names, parents]),
            left_on=[layout.table, dimension],
            right_on=[layout.table, "child"],
        )
        equation = pl.struct("partition", "parent", *others)
        sums.append(members.select(*key, equation=equation.hash()))
    members = pl.concat(sums)
    found = left.clear()
    while True:
        known = pl.concat([public, found])
        unknown = members.join(known, on=key, how="anti")
        single = unknown.filter(pl.len().over("equation") == 1)
        more = left.join(single, on=key, how="semi").join(found, on=key, how="anti")
        if not more.height:
            return found
        found = pl.concat([found, more])


def _unlisted(evidence: Evidence) -> pl.DataFrame:
    """Cells with enough respondents whose number no table has a row for, hidden or not."""
    cell = [*evidence.layout.cell, "vintage"]
    listed = evidence.figures.filter(pl.col("measure") == BASE).select(cell).unique()
    large = evidence.truth.filter((pl.col("measure") == BASE) & ~is_primary())
    return large.join(listed, on=cell, how="anti").select(*evidence.key, "n")


def _public(evidence: Evidence) -> pl.DataFrame:
    """Figures that are no secret: published in some vintage, or the respondents were.

    That everybody answered is no secret either, nor is it where enough responded in a cell of which
    no table lists them.
    """
    cell = list(evidence.layout.cell)
    open_ = evidence.figures.filter(~pl.col("hidden"))
    scale = [evidence.layout.table, "measure", "low", "high"]
    answered = pl.col("answer").is_not_null()
    total = pl.col("top") * pl.col("high") + pl.col("bottom") * pl.col("low")
    totals = open_.join(evidence.truth.select(scale).unique(), on=scale[:2]).with_columns(
        figure=pl.lit("total"), told=pl.when(answered).then("top").otherwise(total)
    )
    counts = open_.filter(~answered).with_columns(figure=pl.lit("n"), told="n")
    responded = counts.filter(pl.col("measure") == BASE).select(*cell, "figure", "told")
    unlisted = _unlisted(evidence).select(*cell, figure=pl.lit("n"), told=pl.col("n").cast(float))
    measures = evidence.intervals.select(scale[:2]).unique().filter(pl.col("measure") != BASE)
    everybody = pl.concat([responded, unlisted]).join(measures, on=scale[0])
    everybody = everybody.with_columns(answer=pl.lit(None, dtype=pl.String))
    columns = (*cell, "measure", "answer", "figure", "told")
    parts = [part.select(columns) for part in (totals, counts, everybody)]
    return pl.concat(parts).drop_nulls("told")


def narrow_respondents(evidence: Evidence) -> pl.DataFrame:
    """Intervals for the respondents of a small cell that are too narrow to one side.

    They need not reach below 1, nor below what the mere existence of rows shows.
    """
    rows = _small(evidence, pl.col("measure") == BASE, "n").filter(
        (pl.col("lower") <= pl.col("n")) & (pl.col("n") <= pl.col("upper"))
    )
    what = pl.format("{} respondents lie between {} and {}", "n", "lower", "upper")
    return evidence.broken("narrow", rows.filter(_near("n")), what, pl.col("equation"))


def _near(n: str) -> pl.Expr:
    """Whether an interval that holds `n` comes too close to it on one side."""
    least = pl.max_horizontal(pl.col(n) - miss(n), pl.lit(1.0), pl.col("floor"))
    return (pl.col("lower") > least) | (pl.col("upper") < pl.col(n) + miss(n))


def narrow_means(evidence: Evidence) -> pl.DataFrame:
    """Intervals for the mean of a small cell that come close to it on both sides."""
    rows = _small(evidence, pl.col("kind").is_in(["mean", "net"]), "mean")
    mean = pl.col("total") / pl.col("weight")
    step = pl.col("mean_share") * (pl.col("high") - pl.col("low")) - NOTICEABLE
    inside = (pl.col("lower") <= mean + NOTICEABLE) & (pl.col("upper") >= mean - NOTICEABLE)
    near = (pl.col("lower") > mean - step) & (pl.col("upper") < mean + step)
    rounded = (one.round(4) for one in (mean, pl.col("lower"), pl.col("upper")))
    what = pl.format("the mean of {} respondents, {}, lies between {} and {}", "n", *rounded)
    return evidence.broken("narrow_mean", rows.filter(inside & near), what, pl.col("equation"))


def _small(evidence: Evidence, which: pl.Expr, figure: str) -> pl.DataFrame:
    """Intervals of a figure of the small cells, with the truth of that vintage."""
    small = evidence.truth.filter(is_primary() & which & pl.col("answer").is_null())
    intervals = evidence.intervals.filter(
        (pl.col("figure") == figure) & pl.col("since").is_null()
    ).select(*evidence.key, "equation", "floor", lower="low", upper="high")
    return small.join(intervals, on=evidence.key)


def differences(evidence: Evidence) -> pl.DataFrame:
    """Return what came to a cell between two vintages, if it was few people and can be told.

    The interval for those who came is as wide as that for the few of a small cell.
    """
    rows = evidence.intervals.filter(
        pl.col("since").is_not_null()
        & (pl.col("people") >= 1)
        & (pl.col("people") < pl.col("min_n"))
    ).with_columns(lower="low", upper="high")
    n = pl.col("figure") == "n"
    told = (
        pl.when(n)
        .then((pl.col("low") - pl.col("people")).abs() < NOTICEABLE)
        .otherwise((pl.col("figure") == "total") & (pl.col("low").abs() > NOTICEABLE))
    )
    inside = (pl.col("low") <= pl.col("people")) & (pl.col("people") <= pl.col("high"))
    narrow = n & (pl.col("measure") == BASE) & inside & _near("people")
    what = pl.format(
        "{} of the {} who came since vintage {} lies between {} and {}",
        *("figure", "people", "since", "low", "high"),
    )
    found = rows.filter((pl.col("exact") & told) | narrow)
    return evidence.broken("difference", found, what, pl.col("equation"))


def unions(evidence: Evidence, tables: list[str]) -> pl.DataFrame:
    """Return hidden cells that together are known, and are too few people."""
    few = evidence.unions.filter(
        pl.col(evidence.layout.table).is_in(tables) & (pl.col("weight") < pl.col("min_n"))
    ).with_columns(names=pl.col("members").list.join(" + "))
    single = few.filter(pl.col("since").is_null() & (pl.col("weight") >= 1))
    of_two = few.filter(pl.col("since").is_not_null())
    respondents = pl.format("{} are {} respondents together", "names", "weight")
    people = pl.format(
        "in {} {} people changed and {} moved since vintage {}",
        *("names", "weight", "movers", "since"),
    )
    return pl.concat(
        [
            evidence.broken("union", single, respondents, pl.col("equation")),
            evidence.broken("difference", of_two, people, pl.col("equation")),
        ]
    )


def same_scores(evidence: Evidence, hierarchies: pl.DataFrame, tables: list[str]) -> pl.DataFrame:
    """Equations with a published total whose hidden parts all have the same score."""
    cell = [*evidence.layout.cell, "measure", "vintage"]
    scored = evidence.truth.filter(pl.col("kind").is_in(["mean", "net"]))
    truth = scored.select(*cell, "weight", "total", "total_squared", true_n="n")
    shown = evidence.figures.filter(
        pl.col("answer").is_null() & pl.col(evidence.layout.table).is_in(tables)
    ).select(*cell, "hidden", "n")
    found = [
        _same_in(evidence, shown, shown.join(truth, on=cell), tree, dimension)
        for (dimension,), tree in hierarchies.partition_by("dimension", as_dict=True).items()
    ]
    return pl.concat([evidence.broken("same_score", shown.clear(), ""), *found])


def _same_in(
    evidence: Evidence, shown: pl.DataFrame, parts: pl.DataFrame, tree: pl.DataFrame, dimension: str
) -> pl.DataFrame:
    """Every equation over one dimension, by its published parent."""
    table = evidence.layout.table
    on = [name for name in evidence.key if name not in (table, dimension)]
    children = tree.select(table, "partition", "parent", "child").join(
        parts, left_on=[table, "child"], right_on=[table, dimension]
    )
    hidden = pl.col("hidden")
    sums = children.group_by(table, *on, "parent", "partition").agg(
        *(pl.col(name).filter(hidden).sum() for name in ("weight", "total", "total_squared")),
        left=pl.col("true_n").filter(hidden).sum(),
        published=pl.col("n").filter(~hidden).sum(),
        names=pl.col("child").filter(hidden).sort().str.join(" + "),
    )
    rows = shown.filter(~hidden).join(
        sums, left_on=[table, *on, dimension], right_on=[table, *on, "parent"]
    )
    spread = pl.col("weight") * pl.col("total_squared") - pl.col("total") ** 2
    alike = rows.filter(
        (pl.col("left") >= 1)
        & ((pl.col("n") - pl.col("published") - pl.col("left")).abs() < HALF)
        & (spread <= SAME * pl.col("weight") * pl.col("total_squared"))
    )
    what = pl.format("the hidden parts {} are {} respondents with one score", "names", "left")
    counts = (pl.col(name).cast(pl.Int64) for name in ("n", "published"))
    follows = pl.format("{} = {} - {} of the published parts", "names", *counts)
    return evidence.broken("same_score", alike, what, follows)


def small_published(evidence: Evidence) -> pl.DataFrame:
    """Return published figures on too few respondents: by the n they show, or by the truth."""
    shown = evidence.figures.filter(~pl.col("hidden"))
    small = evidence.truth.filter(is_primary()).select(*evidence.key, true_n="n").unique()
    by_truth = shown.join(small, on=evidence.key)
    said = pl.format("published on {} respondents", "true_n")
    found = [small_by_n(evidence), evidence.broken("small_published", by_truth, said)]
    return pl.concat(found).unique(maintain_order=True)


def small_by_n(evidence: Evidence) -> pl.DataFrame:
    """Return published figures that show too few respondents themselves; 0 tells of nobody."""
    shown = evidence.figures.filter(~pl.col("hidden"))
    few = shown.join(evidence.rules, on=evidence.layout.table).filter(
        (pl.col("n") >= 1) & (pl.col("n") < pl.col("min_n"))
    )
    said = pl.format("published on {} respondents", pl.col("n").cast(pl.Int64))
    return evidence.broken("small_published", few, said)


def missing_rows(evidence: Evidence) -> pl.DataFrame:
    """Hidden cells that lack the row of something asked there: nobody answered it, then.

    A cell with too few respondents is hidden in its base group, and so in every other.
    """
    truth = evidence.truth.filter(pl.col("vintage") == NOW)
    small = truth.filter((pl.col("measure") == BASE) & is_primary())
    expected = truth.filter(~pl.col("measure").is_in([BASE, INVITED])).join(
        small.select(evidence.layout.cell), on=evidence.layout.cell, how="semi"
    )
    answers = pl.when(pl.col("measure").str.starts_with(OF_QUESTION)).then(pl.col("answer"))
    shown = evidence.figures.with_columns(answer=answers)
    lacking = expected.join(shown, on=[*evidence.key, "answer"], how="anti", nulls_equal=True)
    said = "hidden cell without a row for this: nobody answered it"
    return evidence.broken("missing_row", lacking, said).unique(maintain_order=True)


def not_attacked(evidence: Evidence) -> pl.DataFrame:
    """Hidden figures without an interval."""
    hidden = evidence.figures.filter(pl.col("hidden") & pl.col("answer").is_null())
    attacked = evidence.intervals.filter(pl.col("since").is_null()).select(evidence.key).unique()
    lacking = hidden.join(attacked, on=evidence.key, how="anti")
    return evidence.broken("not_attacked", lacking, "hidden, but the attack has no interval for it")


def extreme_shares(intervals: pl.DataFrame, scales: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Intervals that leave a share, or that of an answer, at 0 % or 100 %."""
    kinds = scales.select(layout.table, "kind", above="high", measure="metric")
    rows = intervals.filter(
        pl.col("exact") & pl.col("since").is_null() & (pl.col("vintage") == NOW)
    ).join(kinds, on=[layout.table, "measure"], how="left")
    answer = pl.col("measure").str.starts_with(OF_QUESTION)
    share = pl.col("kind") == "share"
    none = (pl.col("figure") == "total") & (pl.col("high").abs() < CLOSE)
    every = (pl.col("figure") == "mean") & ((pl.col("high") - pl.col("above")).abs() < CLOSE)
    return rows.filter((answer & none) | (share & (none | every)))


def told_shares(evidence: Evidence, scales: pl.DataFrame, tables: list[str]) -> pl.DataFrame:
    """Shares that are certain in a table that protects them, in cells where somebody answered."""
    key = [*evidence.layout.cell, "measure"]
    answered = evidence.truth.filter((pl.col("kind") == "share") & (pl.col("n") > 0))
    rows = extreme_shares(evidence.intervals, scales, evidence.layout).filter(
        pl.col(evidence.layout.table).is_in(tables) & (pl.col("kind") == "share")
    )
    found = rows.join(answered.select(key), on=key, how="semi")
    what = pl.format("everybody scores {}", "high")
    return evidence.broken("extreme_share", found, what, pl.col("equation"))
