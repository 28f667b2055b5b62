"""The demo landing holds the published figures, and faults that leave them alone."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest
from demo_oracle import HOST, NO_ANSWER, Rows, computed, counted_rows, landed_rows, rounded, text_of

from dagster_project.common.errors import UserError
from dagster_project.common.progress import silent
from dagster_project.demo import PublishedFigure, published_figures, write_demo


@pytest.fixture(scope="module")
def rows(landing: Path) -> Rows:
    return {feed: landed_rows(landing, feed) for feed in ("counter", "digital", "telephone")}


@pytest.fixture(scope="module")
def counted(rows: Rows) -> Rows:
    return {feed: counted_rows(frame) for feed, frame in rows.items()}


@pytest.fixture(scope="module")
def values(counted: Rows) -> dict[PublishedFigure, float]:
    return {f: computed(counted, f) for f in published_figures() if f.study == "nvvb"}


@pytest.mark.parametrize(
    "figure",
    [f for f in published_figures() if f.study == "nvvb"],
    ids=lambda f: f"{f.channel}-{f.period}-{f.metric}-{f.column}",
)
def test_landed_answers_show_the_published_figure(
    values: dict[PublishedFigure, float], figure: PublishedFigure
):
    assert rounded(values[figure], figure.decimals) == figure.published


def test_grades_stay_clear_of_the_edge_where_rounding_turns(values: dict[PublishedFigure, float]):
    of_kpis = {figure: value for figure, value in values.items() if figure.table == "mart_kpi"}
    assert len(of_kpis) == 34
    for figure, value in of_kpis.items():
        off = abs(value - float(figure.published)) * 10**figure.decimals
        assert off < 0.3, f"{figure.metric} {figure.column} is off by {off} of its last decimal"


def test_benchmark_holds_without_the_smallest_municipality(counted: Rows):
    without = {name: part[part["gemeentecode"] != "GM0093"] for name, part in counted.items()}
    benchmarks = [
        figure
        for figure in published_figures()
        if figure.study == "nvvb" and figure.column == "benchmark_value"
    ]
    assert len(benchmarks) == 16
    for figure in benchmarks:
        assert rounded(computed(without, figure), figure.decimals) == figure.published


def test_every_municipality_is_there_in_all_quarters_of_three_years(counted: Rows):
    for feed in ("counter", "digital"):
        frame = counted[feed]
        quarters = frame["datum_contact"].dt.to_period("Q")
        assert (
            frame.groupby("gemeentecode")
            .apply(lambda part, q=quarters: q[part.index].nunique())
            .eq(12)
            .all()
        )
        assert frame["gemeentecode"].nunique() == 8


def test_small_cells_are_there_to_be_hidden(counted: Rows):
    small = counted["counter"].query("gemeentecode == 'GM0093'")
    by_quarter = small.groupby(small["datum_contact"].dt.to_period("Q"))
    assert by_quarter.size().min() >= 10
    cells = small.groupby([small["datum_contact"].dt.to_period("Q"), "product"]).size()
    assert (cells < 10).sum() > 30


def test_some_give_too_few_grades_for_the_composite(counted: Rows):
    items = counted["counter"][HOST].apply(lambda c: ~c.isin(NO_ANSWER)).sum(axis=1)
    assert (items.between(1, 2)).sum() > 50
    assert (items >= 3).mean() > 0.95


@pytest.mark.parametrize(
    ("feed", "question", "best_is_high"),
    [
        ("counter", "moeite", False),
        ("digital", "moeite", False),
        ("telephone", "moeite", False),
        ("digital", "taal_duidelijk", True),
        ("digital", "vindbaar", True),
    ],
)
def test_who_is_satisfied_tends_to_the_better_answers(
    counted: Rows, feed: str, question: str, best_is_high: bool
):
    answers = counted[feed][["totaaloordeel", question]]
    given = answers[~answers.isin(NO_ANSWER).any(axis=1)]
    numbers = given.apply(lambda column: pd.to_numeric(column.str.replace(",", ".")))
    together = numbers[numbers.le(10).all(axis=1)].corr().iloc[0, 1]
    assert together > 0.3 if best_is_high else together < -0.3


def test_the_mess_is_what_the_table_says(rows: Rows, counted: Rows):
    mess = pd.read_csv(
        Path(__file__).parents[2] / "dagster_project" / "demo" / "mess.csv", keep_default_na=False
    )
    twice = mess["kind"].eq("same_id").mul(1).add(1)
    for feed, frame in rows.items():
        own = mess[(mess["feed"] == feed) & mess["kind"].isin(["bad", "same_id", "repeat"])]
        assert frame["bad"].sum() == (own["rows"] * twice[own.index]).sum()
    accepted = rows["counter"][~rows["counter"]["bad"]]
    assert accepted.duplicated(["gemeentecode", "respons_id"]).sum() == 20
    assert len(accepted) - len(counted["counter"]) == 20 + 1
    assert rows["counter"]["bad"].mean() < 0.01


def test_answers_without_a_known_invitation_are_the_lost_ones(landing: Path, counted: Rows):
    invited = pd.concat([text_of(p) for p in sorted((landing / "invitations").rglob("*.csv"))])
    known = set(invited["uitnodiging_id"])
    lost = {
        feed: (~frame["uitnodiging_id"].isin(known | {""})).sum() for feed, frame in counted.items()
    }
    assert lost == {"counter": 9, "telephone": 4, "digital": 0}
    answered = sum((f["uitnodiging_id"].isin(known - {""})).sum() for f in counted.values())
    assert 1.5 * answered < len(invited) < 4 * answered
    addresses = invited["email"][invited["email"] != ""]
    assert addresses.str.fullmatch(r"klant\d+@example\.(com|org|net)").all()


@pytest.mark.parametrize(
    ("feed", "question", "expected"),
    [("sfo_2016", "Q7ALL", (2919, 4.0380, 4.0533)), ("sfo_2017", "NETPRO", (2746, 39.84, 40.40))],
)
def test_the_real_survey_shows_its_figures(
    landing: Path, feed: str, question: str, expected: tuple[float, ...]
):
    (path,) = (landing / feed).glob("*.csv")
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    answers, weights = (
        pd.to_numeric(frame[question], errors="coerce"),
        frame["WEIGHT"].astype(float),
    )
    if question == "NETPRO":
        answered = answers.between(0, 10)
        scores = answers.ge(9) * 100.0 - answers.le(6) * 100.0
        decimals = 2
    else:
        answered, scores, decimals = answers.between(1, 5), answers, 4
    scores, weights = scores[answered], weights[answered]
    weighted = round(float((scores * weights).sum() / weights.sum()), decimals)
    assert (len(scores), round(float(scores.mean()), decimals), weighted) == expected
    if question == "Q7ALL":
        assert round(float(weights.sum()), 2) == 2908.60


def test_two_runs_write_the_same_bytes(landing: Path, tmp_path: Path):
    again = tmp_path / "again"
    write_demo(again, silent)
    first, second = (
        {path.relative_to(root): path for path in root.rglob("*") if path.is_file()}
        for root in (landing, again)
    )
    assert len(first) > 50
    assert first.keys() == second.keys()
    for name, path in first.items():
        assert second[name].read_bytes() == path.read_bytes(), name


def test_no_file_tells_when_it_was_made(landing: Path):
    (path,) = landing.rglob("*.sav")
    made = pyreadstat.read_sav(path, metadataonly=True)[1].creation_time
    assert made == datetime(2020, 10, 12, 9, 0)


def test_a_second_run_leaves_files_alone_and_mends_a_changed_one(landing: Path):
    before = {path: path.stat().st_mtime_ns for path in landing.rglob("*") if path.is_file()}
    changed = next(path for path in before if path.suffix == ".parquet")
    content = changed.read_bytes()
    changed.write_bytes(b"edited")
    os.utime(changed, ns=(0, 0))
    write_demo(landing, silent)
    assert changed.read_bytes() == content
    after = {path: path.stat().st_mtime_ns for path in landing.rglob("*") if path.is_file()}
    assert {p for p in before if before[p] != after[p]} == {changed}


def test_refuses_a_landing_with_a_users_files(tmp_path: Path):
    theirs = tmp_path / "counter" / "2023-01-15 balie.csv"
    theirs.parent.mkdir()
    theirs.write_text("respons_id\n1\n")
    with pytest.raises(UserError, match=re.escape("counter/2023-01-15 balie.csv")):
        write_demo(tmp_path, silent)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [theirs]


def test_refuses_a_users_file_that_has_a_demo_name(landing: Path, tmp_path: Path):
    name = next(iter(sorted(landing.rglob("*.csv")))).relative_to(landing)
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text("respons_id\n1\n")
    with pytest.raises(UserError, match="not the demo's"):
        write_demo(tmp_path, silent)


def test_brings_several_formats_and_a_public_key(landing: Path):
    assert {path.suffix for path in landing.rglob("*") if path.is_file()} == {
        *(".csv", ".parquet", ".sav", ".key"),
    }
    assert (landing / "demo.key").read_text() == "public-demo-key-not-a-secret\n"
    old = (landing / "digital" / "2019" / "2020-01-10 digitaal Q4.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        old.decode("utf-8")
    assert "ideeën" in old.decode("cp1252")
    assert sum(path.stat().st_size for path in landing.rglob("*") if path.is_file()) < 12e6


def test_undated_files_get_a_fixed_date(landing: Path):
    for feed in ("sfo_2016", "sfo_2017"):
        (path,) = (landing / feed).glob("*.csv")
        assert path.stat().st_mtime == pd.Timestamp("2018-01-01", tz="UTC").timestamp()
