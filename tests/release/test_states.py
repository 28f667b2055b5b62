"""How it stands with periods, on tables of a few rows.

Study `s` is by quarter and due on day 15 (or on its own day), `w` is in waves.
"""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from dagster_project.codebook import Codebook
from dagster_project.codebook.model import Study, Wave
from dagster_project.release.order import Order, Selection
from dagster_project.release.states import HOLDS, States, states_of
from dagster_project.release.vintages import ENTRY

NEW_YEAR = date(2021, 1, 15)


def study(name: str, timing: str, release_day: int | None = None) -> Study:
    return Study(
        study=name, label_nl="", label_en="", timing=timing, organisation_kind="", code_prefix=None,
        code_digits=None, min_n=10, starts_on=date(2018, 1, 1), release_day=release_day,
        max_bad_rows_pct=20, hold_bad_rows_pct=5, max_revisions=3, population="",
        benchmark_method="", benchmark_min_organisations=3, priority_method="correlation",
        priority_min_n=50, benchmark_among="",
    )  # fmt: skip


def codebook(release_day: int | None = None, waves: tuple[Wave, ...] = ()) -> Codebook:
    studies = (study("s", "quarter", release_day), study("w", "wave"))
    return Codebook(studies=studies, waves=waves)


def ends(period: str) -> tuple[str, date, date]:
    year = int(period[:4])
    if len(period) == 4:
        return "year", date(year, 1, 1), date(year, 12, 31)
    start = date(year, 3 * int(period[5]) - 2, 1)
    after = date(year + start.month // 10, (start.month + 2) % 12 + 1, 1)
    return "quarter", start, date.fromordinal(after.toordinal() - 1)


def came(
    *periods: str, of: str = "s", organisation: str = "a", channels: tuple[str, ...] = ("desk",)
) -> pl.DataFrame:
    rows = [
        {"study": of, "organisation_code": organisation, "period": period, "channel": channel}
        | dict(zip(("period_type", "period_start", "period_end"), ends(period), strict=True))
        | {"is_final": False, "responses": 20, "invitations": 0, "late": 0}
        for period in periods
        for channel in channels
    ]
    return pl.DataFrame(rows)


def out(*periods: str, revision: int = 0, empty: bool = False) -> pl.DataFrame:
    rows = [
        {"study": "s", "organisation_code": "a", "period": period}
        | dict(zip(("period_type", "period_start", "period_end"), ends(period), strict=True))
        | {"revision": revision, "vintage": "v1", "released_on": date(2020, 6, 1)}
        | {"as_is": empty, "empty": empty}
        for period in periods
    ]
    return pl.DataFrame(rows, schema=ENTRY)


def wrong(why: str, organisation: str | None = None, period: str | None = None) -> pl.DataFrame:
    return pl.DataFrame([("s", organisation, period, why)], schema=HOLDS, orient="row")


def judge(
    contents: pl.DataFrame,
    newest: pl.DataFrame | None = None,
    holds: pl.DataFrame | None = None,
    *,
    today: date = NEW_YEAR,
    order: Order | None = None,
    rules: Codebook | None = None,
) -> States:
    return states_of(
        contents,
        ENTRY.to_frame() if newest is None else newest,
        HOLDS.to_frame() if holds is None else holds,
        rules or codebook(),
        today=today,
        release_day=15,
        order=order,
    )


def states(found: States, column: str = "state") -> dict[str, object]:
    return dict(found.periods.select("period", column).iter_rows())


YEAR = ("2020Q1", "2020Q2", "2020Q3", "2020Q4")


def test_a_quarter_is_open_until_the_release_day_after_it() -> None:
    fourth = came("2020Q4")
    assert states(judge(fourth, today=date(2021, 1, 14)))["2020Q4"] == "open"
    assert states(judge(fourth, today=date(2021, 1, 15)))["2020Q4"] == "final"
    on_the_20th = codebook(release_day=20)
    assert states(judge(fourth, today=date(2021, 1, 19), rules=on_the_20th))["2020Q4"] == "open"
    assert states(judge(fourth, today=date(2021, 1, 20), rules=on_the_20th))["2020Q4"] == "final"


def test_a_wave_is_due_the_day_after_its_fieldwork_or_at_once() -> None:
    wave = came("2020", of="w", channels=("all",))
    assert states(judge(wave, today=date(2020, 5, 1)))["2020"] == "final"
    dated = codebook(waves=(Wave(study="w", period="2020", fieldwork_ended_on=date(2020, 6, 30)),))
    assert states(judge(wave, today=date(2020, 6, 30), rules=dated))["2020"] == "open"
    assert states(judge(wave, today=date(2020, 7, 1), rules=dated))["2020"] == "final"


def test_what_is_wrong_holds_the_periods_it_is_about() -> None:
    contents = pl.concat([came("2020Q4"), came("2020Q4", organisation="b")])

    def held(holds: pl.DataFrame) -> list[tuple[str, str]]:
        found = judge(contents, holds=holds).periods.filter(pl.col("period") == "2020Q4")
        return list(
            found.filter(pl.col("state") == "held")
            .select("organisation_code", "held_because")
            .iter_rows()
        )

    assert held(wrong("x")) == [("a", "x"), ("b", "x")]
    assert held(wrong("x", organisation="b")) == [("b", "x")]
    assert held(wrong("x", period="2020Q3")) == []
    assert held(pl.concat([wrong("x", "b"), wrong("y", "b", "2020Q4")])) == [("b", "x; y")]


def test_a_published_period_stays_published_whatever_is_wrong() -> None:
    found = judge(came("2020Q3"), out("2020Q3"), wrong("x"))
    row = found.periods.filter(pl.col("period") == "2020Q3").to_dicts()[0]
    assert (row["state"], row["is_released"], row["is_built"]) == ("final", True, False)
    assert row["released_on"] == date(2020, 6, 1)


def test_a_channel_that_the_period_before_had_is_missed() -> None:
    both = came("2020Q3", channels=("desk", "phone"))
    found = judge(pl.concat([both, came("2020Q4")]))
    assert states(found)["2020Q4"] == "held"
    because = states(found, "held_because")["2020Q4"]
    assert because == "no answers of channel phone, of which 2020Q3 had some; deliver them"
    # a channel more is no less, and a quarter in between without anything tells nothing
    assert states(judge(pl.concat([both, came("2020Q2")])))["2020Q3"] == "final"
    assert (
        states(judge(pl.concat([came("2020Q2", channels=("desk", "phone")), came("2020Q4")])))[
            "2020Q4"
        ]
        == "final"
    )


def test_the_year_comes_with_its_last_quarter() -> None:
    found = judge(came(*YEAR), out("2020Q1", "2020Q2", "2020Q3"))
    assert states(found) == dict.fromkeys((*YEAR, "2020"), "final")
    assert states(found, "is_built") == {
        "2020Q1": False, "2020Q2": False, "2020Q3": False, "2020Q4": True, "2020": True,
    }  # fmt: skip


def test_the_year_waits_for_a_held_quarter() -> None:
    found = judge(came(*YEAR), holds=wrong("x", period="2020Q2"))
    assert states(found)["2020"] == "open"
    assert states(found, "held_because")["2020"] == "waits for 2020Q2"
    assert states(found, "is_built")["2020"] is False


def test_the_year_is_open_until_the_release_day_of_its_last_quarter() -> None:
    found = judge(came("2020Q1"), today=date(2020, 12, 1))
    assert states(found) == {"2020Q1": "final", "2020": "open"}


def test_a_quarter_that_never_came_holds_the_year_and_can_still_come() -> None:
    found = judge(came("2020Q1", "2020Q3", "2020Q4"))
    assert states(found)["2020"] == "held"
    because = states(found, "held_because")["2020"]
    assert because == "2020Q2 never delivered; deliver, or release the year as it is"
    assert "2020Q2" not in states(found)
    later = judge(came(*YEAR), out("2020Q1", "2020Q3", "2020Q4"))
    assert states(later) == dict.fromkeys((*YEAR, "2020"), "final")


def test_as_is_publishes_what_is_named_and_held_with_the_reason() -> None:
    contents = pl.concat([came("2020Q4"), came("2020Q4", organisation="b")])
    order = Order(as_is=Selection("s", "b", ("2020Q4",)), reason="agreed")
    found = judge(contents, holds=wrong("x"), order=order).periods.filter(
        pl.col("period") == "2020Q4"
    )
    assert list(found.select("organisation_code", "state", "as_is", "reason").iter_rows()) == [
        ("a", "held", False, None),
        ("b", "final", True, "agreed"),
    ]


def test_a_year_published_as_is_goes_without_the_quarter_that_never_came() -> None:
    every = Order(as_is=Selection(), reason="whatever is held")
    assert states(judge(came("2020Q1", "2020Q3", "2020Q4"), order=every))["2020"] == "held"
    order = Order(as_is=Selection(periods=("2020",)), reason="there is none")
    found = judge(came("2020Q1", "2020Q3", "2020Q4"), order=order)
    assert states(found)["2020"] == "final"
    assert found.empty["period"].to_list() == ["2020Q2"]
    # what comes for it later is late: it is published with its year
    published = pl.concat([out("2020Q1", "2020Q3", "2020Q4", "2020"), out("2020Q2", empty=True)])
    late = came("2020Q2").with_columns(
        responses=pl.lit(0, dtype=pl.Int64), late=pl.lit(5, dtype=pl.Int64), is_final=True
    )
    again = judge(pl.concat([came("2020Q1"), late]), published)
    assert states(again) == dict.fromkeys(("2020Q1", "2020Q3", "2020Q4", "2020"), "final")


def test_a_revision_makes_the_next_vintage_of_the_quarter_and_its_year_and_of_nothing_else() -> (
    None
):
    published = out(*YEAR, "2020")
    order = Order(revise=(("s", "a", "2020Q2"),), reason="wrong file")
    contents = pl.concat([came(*YEAR), came("2020Q4", organisation="b")])
    found = judge(contents, published, order=order).periods
    own = {
        row["period"]: (row["state"], row["revision"], row["is_built"], row["reason"])
        for row in found.filter(pl.col("organisation_code") == "a").to_dicts()
    }
    assert own["2020Q2"] == own["2020"] == ("revised", 1, True, "wrong file")
    assert own["2020Q1"] == ("final", 0, False, None)
    other = found.filter(pl.col("organisation_code") == "b", pl.col("period") == "2020Q4")
    assert other["state"].to_list() == ["due"]


def test_a_second_revision_counts_on() -> None:
    order = Order(revise=(("s", "a", "2020Q2"),), reason="again")
    found = judge(came("2020Q2"), out("2020Q2", revision=1), order=order)
    assert states(found, "revision")["2020Q2"] == 2


@pytest.mark.parametrize("late", [0, 3])
def test_late_rows_are_counted_with_the_period(late: int) -> None:
    contents = came("2020Q3").with_columns(late=pl.lit(late, dtype=pl.Int64), is_final=True)
    assert states(judge(contents, out("2020Q3")), "late")["2020Q3"] == late
