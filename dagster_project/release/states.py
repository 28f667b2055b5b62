"""How it stands with every period: open, held, due, final or revised.

Belongs here: the rules by which a period is published or not, as a pure function of small tables.
Does not belong here: finding out what came (the models) or what is wrong with it (`holds`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from dagster_project.codebook import Codebook
from dagster_project.release.order import Order
from dagster_project.release.vintages import KEY

OPEN, HELD, DUE, FINAL, REVISED = "open", "held", "due", "final", "revised"
ORGANISATION = ["study", "organisation_code"]
PERIOD = [*KEY, "period_type", "period_start", "period_end"]
STATES = pl.Schema(
    {
        **dict.fromkeys(KEY, pl.String),
        "period_type": pl.String,
        "period_start": pl.Date,
        "period_end": pl.Date,
        "state": pl.String,
        "is_released": pl.Boolean,
        "is_built": pl.Boolean,
        "revision": pl.Int32,
        "released_on": pl.Date,
        "revised_on": pl.Date,
        "reason": pl.String,
        "as_is": pl.Boolean,
        "held_because": pl.String,
        "due_on": pl.Date,
        "late": pl.Int64,
    }
)
HOLDS = pl.Schema(dict.fromkeys((*KEY, "why"), pl.String))
"""What is wrong: an organisation or period that is null stands for every one of the study."""


@dataclass(frozen=True)
class States:
    """The state of every period.

    `periods` has the columns of `STATES`; `empty` the quarters of which nothing was delivered and
    whose year goes out without them, in the columns of `PERIOD`.
    """

    periods: pl.DataFrame
    empty: pl.DataFrame


def states_of(
    contents: pl.DataFrame,
    newest: pl.DataFrame,
    holds: pl.DataFrame,
    codebook: Codebook,
    *,
    today: date,
    release_day: int,
    order: Order | None = None,
) -> States:
    """Say how it stands with every period that has something counted, or that is published.

    Args:
        contents: what came, by study, organisation, period and channel: `int_period_contents`.
        newest: the newest vintage of every published period, as the index has them.
        holds: what is known to be wrong, in the columns of `HOLDS`.
        codebook: for release days and the ends of fieldwork.
        today: the date in the Netherlands.
        release_day: day of the month from which a quarter is due, where its study has none.
        order: what the user asked for.

    """
    order = order or Order()
    parts = _parts(contents, newest, codebook, release_day)
    wrong = pl.concat([holds.select(HOLDS.names()), _missing_channels(contents)])
    judged = _judged(_with_holds(parts, wrong), order, today)
    years, empty = _years(judged, newest, _cut_off(codebook, release_day), order, today)
    periods = pl.concat([judged.select(STATES.names()), years.select(STATES.names())])
    return States(periods.cast(STATES).sort(KEY), empty)


def due_on(codebook: Codebook, release_day: int) -> pl.Expr:
    """First day on which a quarter or a wave may be published; null for at once."""
    wave = pl.lit(None, dtype=pl.Date)
    for one in codebook.waves:
        here = (pl.col("study") == one.study) & (pl.col("period") == one.period)
        wave = pl.when(here).then(pl.lit(one.fieldwork_ended_on).dt.offset_by("1d")).otherwise(wave)
    quarter = _cut_off(codebook, release_day)
    return pl.when(pl.col("period_type") == "quarter").then(quarter).otherwise(wave)


def _cut_off(codebook: Codebook, release_day: int) -> pl.Expr:
    """Release day in the month after the end of a period."""
    days = {one.study: one.release_day or release_day for one in codebook.studies}
    day = pl.col("study").replace_strict(days, default=release_day, return_dtype=pl.Int64)
    after = pl.col("period_end").dt.offset_by("1d")
    return pl.date(after.dt.year(), after.dt.month(), day)


def _parts(
    contents: pl.DataFrame, newest: pl.DataFrame, codebook: Codebook, release_day: int
) -> pl.DataFrame:
    """Lay quarters and waves out, those that came beside those that are published."""
    timing = {one.study: one.timing for one in codebook.studies}
    is_sum = (pl.col("period_type") == "year") & (
        pl.col("study").replace_strict(timing, default="quarter", return_dtype=pl.String)
        == "quarter"
    )
    came = contents.group_by(KEY).agg(
        pl.col("period_type", "period_start", "period_end").first(),
        counted=pl.col("responses").sum() + pl.col("invitations").sum(),
        late=pl.col("late").sum(),
    )
    published = newest.filter(~is_sum).with_columns(is_published=True)
    columns = ["period_type", "period_start", "period_end"]
    return (
        came.join(published, on=KEY, how="full", coalesce=True, suffix="_before")
        .with_columns(
            *(pl.coalesce(name, f"{name}_before").alias(name) for name in columns),
            is_published=pl.col("is_published").fill_null(value=False),
            late=pl.col("late").fill_null(0),
        )
        .filter(~pl.col("empty").fill_null(value=False) | (pl.col("counted").fill_null(0) > 0))
        .filter(pl.col("is_published") | (pl.col("counted").fill_null(0) > 0))
        .with_columns(due_on=due_on(codebook, release_day))
        .select(
            *PERIOD,
            "is_published",
            pl.col("revision"),
            pl.col("released_on"),
            pl.col("revised_on"),
            pl.col("reason"),
            pl.col("as_is").fill_null(value=False),
            "due_on",
            "late",
        )
    )


def _missing_channels(contents: pl.DataFrame) -> pl.DataFrame:
    """Find channels without answers that the organisation's period before had answers of."""
    answered = contents.filter(pl.col("responses") > 0)
    order = answered.select(*ORGANISATION, "period", "period_type", "period_start").unique()
    last = order.sort("period_start").with_columns(
        before=pl.col("period").shift(1).over([*ORGANISATION, "period_type"]),
        gap=pl.col("period_start").dt.offset_by("-3mo")
        != pl.col("period_start").shift(1).over([*ORGANISATION, "period_type"]),
    )
    # what came a quarter before last says nothing of this one; a wave follows the wave before it
    follows = last.filter(
        pl.col("before").is_not_null() & ((pl.col("period_type") != "quarter") | ~pl.col("gap"))
    )
    expected = follows.join(
        answered.select(*ORGANISATION, "channel", before="period"), on=[*ORGANISATION, "before"]
    )
    missing = expected.join(answered, on=[*KEY, "channel"], how="anti")
    return missing.sort(*KEY, "channel").select(
        *KEY,
        why=pl.format(
            "no answers of channel {}, of which {} had some; deliver them",
            "channel",
            "before",
        ),
    )


def _with_holds(parts: pl.DataFrame, holds: pl.DataFrame) -> pl.DataFrame:
    """Give every period what is wrong with it, in one line."""
    found = [
        parts.select(KEY).join(
            holds.filter(_names_exactly(named)).select("study", *named, "why"),
            on=["study", *named],
        )
        for named in ([], ["organisation_code"], ["period"], ["organisation_code", "period"])
    ]
    lines = (
        pl.concat([one.select(*KEY, "why") for one in found])
        .unique(maintain_order=True)
        .group_by(KEY, maintain_order=True)
        .agg(held_because=pl.col("why").str.join("; "))
    )
    return parts.join(lines, on=KEY, how="left")


def _names_exactly(named: list[str]) -> pl.Expr:
    """Say whether a hold names just these of organisation and period."""
    both = ("organisation_code", "period")
    tests = [pl.col(one).is_not_null() if one in named else pl.col(one).is_null() for one in both]
    return tests[0] & tests[1]


def _judged(parts: pl.DataFrame, order: Order, today: date) -> pl.DataFrame:
    """Judge quarters and waves."""
    rows = parts.join(order.revised.with_columns(is_revised=True), on=KEY, how="left")
    revised = pl.col("is_revised").fill_null(value=False) & pl.col("is_published")
    published = pl.col("is_published") & ~revised
    is_open = (pl.col("due_on") > today).fill_null(value=False)
    named = order.as_is.covers() if order.as_is else pl.lit(value=False)
    held = pl.col("held_because").is_not_null()
    state = (
        pl.when(published)
        .then(pl.when(pl.col("revision") > 0).then(pl.lit(REVISED)).otherwise(pl.lit(FINAL)))
        .when(revised)
        .then(pl.lit(REVISED))
        .when(is_open)
        .then(pl.lit(OPEN))
        .when(held & ~named)
        .then(pl.lit(HELD))
        .otherwise(pl.lit(DUE if order.revise else FINAL))
    )
    rows = rows.with_columns(state=state)
    is_released = pl.col("state").is_in([FINAL, REVISED])
    fresh = is_released & ~pl.col("is_published")
    as_is = fresh & held
    return rows.with_columns(
        is_released=is_released,
        is_built=~published,
        revision=pl.col("revision").fill_null(0) + revised.cast(pl.Int32),
        released_on=pl.when(fresh).then(pl.lit(today)).otherwise("released_on"),
        revised_on=pl.when(revised).then(pl.lit(today)).otherwise("revised_on"),
        reason=pl.when(revised | as_is).then(pl.lit(order.reason)).otherwise("reason"),
        as_is=pl.when(published).then("as_is").otherwise(as_is),
        held_because=pl.when(pl.col("state").is_in([HELD]) | as_is).then("held_because"),
    )


def _years(
    judged: pl.DataFrame, newest: pl.DataFrame, cut_off: pl.Expr, order: Order, today: date
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Judge the years that are sums of quarters, and the quarters that a year lacks."""
    quarters = pl.concat(
        [
            judged.filter(pl.col("period_type") == "quarter").select(
                *PERIOD, "is_released", "is_built", came=pl.lit(value=True)
            ),
            _absent(judged, newest),
        ]
    ).with_columns(year=pl.col("period_start").dt.year().cast(pl.String))
    by_year = quarters.group_by(*ORGANISATION, "year").agg(
        revised=(pl.col("is_released") & pl.col("is_built")).any(),
        waits=pl.col("period").filter(pl.col("came") & ~pl.col("is_released")).sort(),
        absent=pl.col("period").filter(~pl.col("came") & ~pl.col("is_released")).sort(),
    )
    rows = (
        by_year.rename({"year": "period"})
        .join(
            newest.filter(pl.col("period_type") == "year").select(
                *KEY, "revision", "released_on", "revised_on", "reason", "as_is"
            ),
            on=KEY,
            how="left",
        )
        .with_columns(
            is_published=pl.col("revision").is_not_null(),
            period_type=pl.lit("year"),
            period_start=pl.date(pl.col("period").cast(pl.Int32), 1, 1),
            period_end=pl.date(pl.col("period").cast(pl.Int32), 12, 31),
        )
        .with_columns(is_open=cut_off > today)
    )
    return _judged_years(rows, order, today), _goes_without(rows, quarters, order)


def _absent(judged: pl.DataFrame, newest: pl.DataFrame) -> pl.DataFrame:
    """List the quarters of which nothing came, in years of which something did."""
    of_year = (
        judged.filter(pl.col("period_type") == "quarter")
        .select(*ORGANISATION, year=pl.col("period_start").dt.year())
        .unique()
        .join(pl.DataFrame({"quarter": [1, 2, 3, 4]}), how="cross")
    )
    started = pl.date(pl.col("year"), pl.col("quarter") * 3 - 2, 1)
    listed = of_year.select(
        *ORGANISATION,
        period=pl.format("{}Q{}", "year", "quarter"),
        period_type=pl.lit("quarter"),
        period_start=started,
        period_end=started.dt.offset_by("3mo").dt.offset_by("-1d"),
    ).join(judged.select(KEY), on=KEY, how="anti")
    gone_out = newest.filter("empty").select(*KEY, is_released=pl.lit(value=True))
    return listed.join(gone_out, on=KEY, how="left").select(
        *PERIOD,
        is_released=pl.col("is_released").fill_null(value=False),
        is_built=pl.lit(value=False),
        came=pl.lit(value=False),
    )


def _named_years(order: Order) -> pl.Expr:
    """Say which years may be published without a quarter: only those that are named as such."""
    if order.as_is is None or not order.as_is.periods:
        return pl.lit(value=False)
    return order.as_is.covers()


def _judged_years(rows: pl.DataFrame, order: Order, today: date) -> pl.DataFrame:
    nothing_waits = pl.col("waits").list.len() == 0
    complete = nothing_waits & (pl.col("absent").list.len() == 0)
    revised = pl.col("is_published") & pl.col("revised") & nothing_waits
    published = pl.col("is_published") & ~revised
    as_is = ~pl.col("is_published") & nothing_waits & ~complete & _named_years(order)
    due = ~pl.col("is_published") & (complete | as_is)
    state = (
        pl.when(published)
        .then(pl.when(pl.col("revision") > 0).then(pl.lit(REVISED)).otherwise(pl.lit(FINAL)))
        .when(revised)
        .then(pl.lit(REVISED))
        .when(due)
        .then(pl.lit(DUE if order.revise else FINAL))
        .when(pl.col("is_open") | (pl.col("absent").list.len() == 0))
        .then(pl.lit(OPEN))
        .otherwise(pl.lit(HELD))
    )
    never = pl.format(
        "{} never delivered; deliver, or release the year as it is",
        pl.col("absent").list.join(", "),
    )
    waits = pl.format("waits for {}", pl.col("waits").list.join(", "))
    rows = rows.with_columns(state=state)
    is_released = pl.col("state").is_in([FINAL, REVISED])
    fresh = is_released & ~pl.col("is_published")
    return rows.with_columns(
        is_released=is_released,
        is_built=is_released & ~published,
        revision=pl.col("revision").fill_null(0) + revised.cast(pl.Int32),
        released_on=pl.when(fresh).then(pl.lit(today)).otherwise("released_on"),
        revised_on=pl.when(revised).then(pl.lit(today)).otherwise("revised_on"),
        reason=pl.when(revised | as_is).then(pl.lit(order.reason)).otherwise("reason"),
        as_is=pl.when(published).then("as_is").otherwise(as_is),
        held_because=pl.when((pl.col("state") == HELD) | as_is)
        .then(never)
        .when((pl.col("state") == OPEN) & ~nothing_waits)
        .then(waits),
        due_on=pl.lit(None, dtype=pl.Date),
        late=pl.lit(0, dtype=pl.Int64),
    )


def _goes_without(rows: pl.DataFrame, quarters: pl.DataFrame, order: Order) -> pl.DataFrame:
    """List the quarters that were never delivered and whose year is published without them."""
    years = rows.filter(
        ~pl.col("is_published")
        & (pl.col("waits").list.len() == 0)
        & (pl.col("absent").list.len() > 0)
        & _named_years(order)
        & pl.lit(not order.revise)
    )
    return (
        quarters.join(
            years.select(*ORGANISATION, year="period"), on=[*ORGANISATION, "year"], how="semi"
        )
        .filter(~pl.col("came") & ~pl.col("is_released"))
        .select(PERIOD)
    )


def count_states(periods: pl.DataFrame) -> Mapping[str, int]:
    """Count periods by state."""
    counted = periods.group_by("state").len().sort("state")
    return {str(state): int(count) for state, count in counted.iter_rows()}
