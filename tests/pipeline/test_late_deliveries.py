"""Late and corrected deliveries: what they touch is rebuilt, and nothing else."""

from __future__ import annotations

import polars as pl
import small_feeds

from dagster_project.pipeline import refresh
from dagster_project.settings import Settings


def contacts(day: str, *numbers: int, grade: str = "8") -> pl.DataFrame:
    """Answers at the desk, one a number, on contacts of one day."""
    return small_feeds.counter().head(1).select(pl.exclude("uitnodiging_id")).join(
        pl.DataFrame({"id": [f"r{number}" for number in numbers]}), how="cross"
    ).with_columns(
        pl.col("id").alias("respons_id"),
        pl.lit(day).alias("datum_contact"),
        pl.lit(day).alias("datum_invul"),
        pl.lit(grade).alias("totaaloordeel"),
    ).drop("id")  # fmt: skip


def means(settings: Settings) -> dict[str, tuple[int, float]]:
    rows = small_feeds.released(
        settings,
        """
        select period, n, value from marts.mart_kpi
        where metric = 'totaaloordeel' and channel = 'counter' and product_code = 'all'
            and period_type = 'quarter'
        """,
    )
    return {row["period"]: (row["n"], row["value"]) for row in rows}


def test_a_correction_rebuilds_the_quarter_it_left_and_the_one_it_reached(
    settings: Settings,
) -> None:
    small_feeds.deliver(settings, {"counter": contacts("2020-02-01", *range(20))}, "2020-07-01 a")
    small_feeds.deliver(settings, {"counter": contacts("2020-05-01", *range(20, 40))}, "2020-07-02")
    small_feeds.deliver(settings, {"counter": contacts("2020-08-01", *range(40, 60))}, "2020-10-01")
    first = refresh(settings)
    assert first.quarters == ("2020Q1", "2020Q2", "2020Q3")
    assert means(settings) == {"2020Q1": (20, 8.0), "2020Q2": (20, 8.0), "2020Q3": (20, 8.0)}

    # ten were not in February with an 8, but in August with a 4; fewer would not be told
    moved = contacts("2020-08-01", *range(10), grade="4")
    small_feeds.deliver(settings, {"counter": moved}, "2020-10-02 correction")
    second = refresh(settings)
    assert second.quarters == ("2020Q1", "2020Q3")
    assert means(settings) == {
        "2020Q1": (10, 8.0),
        "2020Q2": (20, 8.0),
        "2020Q3": (30, 200 / 30),
    }

    # what was rebuilt by quarter is what a rebuild of everything gives
    settings.warehouse.unlink()
    third = refresh(settings)
    assert third.quarters == ("2020Q1", "2020Q2", "2020Q3")
    assert not third.changed
    assert third.release == second.release


def test_deliveries_that_are_not_new_rebuild_nothing_unless_a_quarter_is_named(
    settings: Settings,
) -> None:
    from dagster_project.partitions import parse_quarter  # noqa: PLC0415

    small_feeds.deliver(settings, {"counter": contacts("2020-02-01", *range(20))}, "2020-07-01")
    refresh(settings)
    again = settings.landing / "counter" / "2020-08-08 the same bytes.csv"
    again.write_bytes((settings.landing / "counter" / "2020-07-01.csv").read_bytes())
    second = refresh(settings)
    assert (second.quarters, len(second.deliveries), second.changed) == ((), 1, False)
    third = refresh(settings, [parse_quarter("2020Q1")])
    assert (third.quarters, third.changed) == (("2020Q1",), False)


def test_of_two_answers_to_one_invitation_in_two_deliveries_the_first_submitted_counts(
    settings: Settings,
) -> None:
    late, early = small_feeds.counter().head(1), small_feeds.counter().head(1)
    late = late.with_columns(pl.lit("late").alias("respons_id"), datum_invul=pl.lit("2020-10-09"))
    early = early.with_columns(pl.lit("early").alias("respons_id"))
    small_feeds.deliver(settings, {"counter": late}, "2020-10-10")
    small_feeds.deliver(settings, {"counter": early}, "2020-10-11")
    refresh(settings)
    rows = pl.read_parquet(settings.internal / "delivery_rows.parquet").sort("rows_counted")
    assert rows["rows_set_aside"].to_list() == [1, 0]
    assert rows["rows_counted"].to_list() == [0, 1]
    assert rows["rows_unmatched"].sum() == 1
