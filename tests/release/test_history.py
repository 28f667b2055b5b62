"""Who changed between vintages, counted by hand.

One quarter of one organisation, two channels; a person is a number, an answer a content.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest
from small_release import settings_in

from dagster_project.common.settings import Settings
from dagster_project.release.history import History, history_of
from dagster_project.release.revised import labels_of, laid_out
from dagster_project.release.states import STATES
from dagster_project.release.vintages import ENTRY, Index, keep

QUARTER = {"study": "s", "organisation_code": "o", "period": "2020Q4"}
Counted = dict[int, tuple[str, int]]
"""By person: the channel and what was answered."""


def contributions(counted: Counted, period: str = "2020Q4") -> list[tuple[object, ...]]:
    return [
        ("s", "o", period, channel, "all", "all", "responses", person, content)
        for person, (own, content) in counted.items()
        for channel in (own, "all")
    ]


def cells(counted: Counted) -> list[tuple[object, ...]]:
    sizes = {channel: 0 for channel, _ in counted.values()} | {"all": 0}
    for channel, _ in counted.values():
        sizes[channel] += 1
        sizes["all"] += 1
    return [
        ("s", "o", "2020Q4", channel, "all", "all", "responses", "responses", "count", None, n)
        for channel, n in sizes.items()
    ]


class Home:
    """A home whose warehouse holds what is counted now, and vintages of before."""

    def __init__(self, folder: Path) -> None:
        self.settings: Settings = settings_in(folder)
        self.settings.home.mkdir()
        (folder / "marts").mkdir()
        self.index = Index()

    def count(self, counted: Counted, others: Counted | None = None) -> None:
        self.settings.warehouse.unlink(missing_ok=True)
        rows = [*contributions(counted), *contributions(others or {}, "2021Q1")]
        with duckdb.connect(self.settings.warehouse) as engine:
            engine.execute(
                "create schema intermediate; use intermediate; "
                "create table int_contributions (study varchar, organisation_code varchar, "
                "period varchar, channel varchar, product_code varchar, segment varchar, "
                "measure varchar, respondent bigint, content bigint); "
                "create table int_pattern_cells (study varchar, organisation_code varchar, "
                "period varchar, channel varchar, product_code varchar, segment varchar, "
                "disclosure_group varchar, measure varchar, kind varchar, answer varchar, "
                "n bigint, n_effective double, weight double, total double, total_squared double, "
                "low double, high double); "
                "create table int_hierarchies as select 's' as study, 'channel' as dimension, "
                "'channel' as partition, 'all' as parent, child "
                "from (values ('a'), ('b')) as c (child)"
            )
            engine.executemany(
                "insert into int_contributions values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
            )
            engine.executemany(
                "insert into int_pattern_cells select ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, n, n, n, "
                "null, null, null, null from (select ?::bigint as n)",
                cells(counted),
            )
            pattern = engine.sql(
                "select distinct study, organisation_code, period, channel, product_code, segment, "
                "disclosure_group, 'published' as status from int_pattern_cells"
            ).pl()
        self.settings.pattern.parent.mkdir(exist_ok=True)
        pattern.write_parquet(self.settings.pattern)

    def publish(self, name: str, revision: int) -> None:
        entry = QUARTER | {
            "period_type": "quarter", "period_start": date(2020, 10, 1),
            "period_end": date(2020, 12, 31), "revision": revision, "vintage": name,
            "as_is": False, "empty": False,
        }  # fmt: skip
        entries = pl.DataFrame([entry], schema=ENTRY)
        record = keep(
            self.settings,
            name,
            entries,
            models=["int_contributions", "int_pattern_cells"],
            marts=self.settings.root / "marts",
            keyed=[],
        )
        self.index = self.index.with_new(name, entries, record, {})

    def history(self, revision: int) -> History | None:
        state = QUARTER | {
            "period_type": "quarter", "period_start": date(2020, 10, 1), "state": "revised",
            "is_released": True, "is_built": True, "revision": revision,
        }  # fmt: skip
        now = duckdb.connect(self.settings.warehouse, read_only=True)
        with now:
            found = now.sql("from intermediate.int_pattern_cells").pl()
        return history_of(self.settings, self.index, pl.DataFrame([state], schema=STATES), found)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def changed(history: History) -> dict[tuple[int, int, str], int]:
    rows = history.changed.select("before", "after", "channel", "people").iter_rows()
    return {(before, after, channel): people for before, after, channel, people in rows}


def moved(history: History) -> set[tuple[int, int, str, str, bool, int]]:
    columns = ("before", "after", "channel", "to_channel", "altered", "people")
    return set(history.moved.select(columns).iter_rows())


FIRST: Counted = {1: ("a", 8), 2: ("a", 8), 3: ("b", 8), 4: ("b", 8)}


def test_a_period_that_was_never_revised_has_no_history(home: Home) -> None:
    home.count(FIRST)
    assert home.history(revision=0) is None


def test_added_removed_and_changed_count_where_they_are_and_who_moved_does_not(home: Home) -> None:
    home.count(FIRST)
    home.publish("2021-01", 0)
    # 1 answers otherwise, 2 is gone, 3 moves to a, 5 and 6 are new in b
    home.count({1: ("a", 2), 3: ("a", 8), 4: ("b", 8), 5: ("b", 7), 6: ("b", 7)})
    history = home.history(revision=1)
    assert history is not None
    assert changed(history) == {(1, 0, "a"): 2, (1, 0, "b"): 2}
    assert moved(history) == {(1, 0, "b", "a", False, 1)}


def test_who_is_counted_elsewhere_too_moved_out_of_the_block_and_helps_nobody(home: Home) -> None:
    home.count(FIRST)
    home.publish("2021-01", 0)
    home.count({1: ("a", 8), 3: ("b", 8), 4: ("b", 8)}, others={2: ("a", 8)})
    history = home.history(revision=1)
    assert history is not None
    assert changed(history) == {}
    assert moved(history) == {(1, 0, "a", "elsewhere", False, 1)}


def test_who_is_touched_by_two_revisions_helps_in_none(home: Home) -> None:
    home.count(FIRST)
    home.publish("2021-01", 0)
    home.count(FIRST | {5: ("a", 7), 6: ("b", 7)})
    home.publish("2021-02", 1)
    # 5 is removed again, 6 stays
    home.count(FIRST | {6: ("b", 7)})
    history = home.history(revision=2)
    assert history is not None
    assert changed(history) == {(1, 2, "b"): 1, (1, 0, "b"): 1}
    assert moved(history) == {(1, 2, "a", "a", True, 1), (2, 0, "a", "a", True, 1)}


def test_earlier_vintages_are_periods_of_their_own_for_the_protector(home: Home) -> None:
    home.count(FIRST)
    home.publish("2021-01", 0)
    home.count(FIRST | {5: ("a", 7)})
    history = home.history(revision=1)
    assert history is not None
    assert dict(labels_of(history).select("step", "label").iter_rows()) == {
        0: "2020Q4",
        1: "2020Q4#1",
    }
    with duckdb.connect(home.settings.warehouse, read_only=True) as warehouse:
        now = warehouse.sql("from intermediate.int_pattern_cells").pl()
        tree = warehouse.sql("from intermediate.int_hierarchies").to_arrow_table()
    nothing = pl.DataFrame(
        schema=dict.fromkeys((*QUARTER, "channel", "product_code", "segment"), pl.String)
        | dict.fromkeys(("disclosure_group", "status"), pl.String)
    )
    every, _, known, vintages = laid_out(history, now, tree, nothing)
    sizes = {(row["period"], row["channel"]): row["n"] for row in every.to_dicts()}
    assert sizes == {
        ("2020Q4", "all"): 5, ("2020Q4", "a"): 3, ("2020Q4", "b"): 2,
        ("2020Q4#1", "all"): 4, ("2020Q4#1", "a"): 2, ("2020Q4#1", "b"): 2,
    }  # fmt: skip
    assert set(known.select("period", "status").iter_rows()) == {("2020Q4#1", "published")}
    assert vintages.pairs.to_pylist() == [
        {"study": "s", "since": 0, "after": "2020Q4", "before": "2020Q4#1"}
    ]
    (row,) = vintages.changed.to_pylist()
    assert (row["period"], row["channel"], row["people"]) == ("2020Q4", "a", 1)
