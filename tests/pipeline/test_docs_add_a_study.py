"""A study added by following docs/codebook.md to the letter: its rows are taken from the page."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import small_feeds

from dagster_project.codebook import load_codebook
from dagster_project.common.progress import silent
from dagster_project.common.settings import PROJECT_ROOT, Settings
from dagster_project.ingest import ingest_feed, read_register

PAGE = PROJECT_ROOT / "docs" / "codebook.md"
BLOCK = re.compile(r"^```csv (?P<file>.+)\n(?P<lines>(?:.*\n)+?)```$", re.MULTILINE)
# how many, service, grade, likelihood of recommending, smiley, member
ANSWERS = (
    (12, "lenen", "8", "9", "blij", "ja"),
    (8, "lenen", "6", "7", "neutraal", "nee"),
    (4, "cursus", "10", "10", "heel blij", "nee"),
    (6, "cursus", "4", "3", "1", "ja"),
)


def blocks() -> dict[str, list[str]]:
    """The lines of each CSV block of the page, by the file that it belongs to."""
    text = PAGE.read_text(encoding="utf-8")
    return {found["file"]: found["lines"].splitlines() for found in BLOCK.finditer(text)}


def land(settings: Settings) -> None:
    """Follow the page: add its rows, land its answers."""
    for name, (header, *rows) in blocks().items():
        if name.startswith("seeds/"):
            path = settings.root / name
            old = path.read_text(encoding="utf-8")
            assert old.splitlines()[0] == header, name
            path.write_text(old + "\n".join(rows) + "\n", encoding="utf-8")
    load_codebook(*settings.codebook)
    land_answers(settings.landing)


def land_answers(landing: Path) -> None:
    """Land a file with more answers than fit on the page."""
    (name,) = (name for name in blocks() if name.startswith("my-feeds/"))
    lines = [blocks()[name][0]]
    for size, service, *answers in ANSWERS:
        for _ in range(size):
            first = [str(len(lines)), "bibliotheek_noord", service, "15-05-2024"]
            lines.append(";".join([*first, *answers]))
    path = landing / name.removeprefix("my-feeds/")
    path.parent.mkdir()
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def study(studies: Settings) -> Settings:
    """What came of following the page."""
    (delivery,) = (one for one in read_register(studies.lake) if one.feed == "bibliotheek")
    assert (delivery.state, delivery.rows_accepted) == ("accepted", 30), delivery.reason
    return studies


def figures(study: Settings, metric: str) -> dict[tuple[str, str], tuple[Any, ...]]:
    rows = small_feeds.released(
        study,
        f"""
        select product_code, segment_value, n, value from marts.mart_kpi
        where study = 'bibliotheek' and metric = '{metric}' and period = '2024'
            and organisation_code = 'bibliotheek_noord' and channel = 'all'
        """,
    )
    return {
        (row["product_code"], row["segment_value"]): (row["n"], pytest.approx(row["value"]))
        for row in rows
    }


def test_the_grade_is_a_mean_in_all_by_service_and_by_membership(study: Settings):
    # 96 + 48 + 40 + 24 points of 12, 8, 4 and 6 people
    assert figures(study, "totaaloordeel") == {
        ("all", "all"): (30, 208 / 30),
        ("lenen", "all"): (20, 144 / 20),
        ("cursus", "all"): (10, 64 / 10),
        ("all", "1"): (18, 120 / 18),
        ("all", "2"): (12, 88 / 12),
    }


def test_the_recommendation_is_promoters_less_detractors(study: Settings):
    # sixteen promoters, eight passives, six detractors
    assert figures(study, "nps") == {
        ("all", "all"): (30, 1000 / 30),
        ("lenen", "all"): (20, 60),
        ("cursus", "all"): (10, -20),
        ("all", "1"): (18, 600 / 18),
        ("all", "2"): (12, 400 / 12),
    }


def test_the_share_counts_the_two_best_answers_of_the_own_scale(study: Settings):
    assert figures(study, "collectie_blij") == {
        ("all", "all"): (30, 1600 / 30),
        ("lenen", "all"): (20, 60),
        ("cursus", "all"): (10, 40),
        ("all", "1"): (18, 1200 / 18),
        ("all", "2"): (12, 400 / 12),
    }


def test_the_distribution_has_a_row_per_answer(study: Settings):
    rows = small_feeds.released(
        study,
        """
        select answer, n, share from marts.mart_distribution
        where study = 'bibliotheek' and metric = 'collectie' order by answer
        """,
    )
    found = [(row["answer"], row["n"], row["share"]) for row in rows]
    assert found == [
        ("1", 30, pytest.approx(20)),
        ("2", 30, pytest.approx(800 / 30)),
        ("3", 30, pytest.approx(40)),
        ("4", 30, pytest.approx(400 / 30)),
    ]


def test_the_responses_are_counted_by_service(study: Settings):
    rows = small_feeds.released(
        study,
        """
        select product_code, responses, response_rate from marts.mart_response
        where study = 'bibliotheek' order by product_code
        """,
    )
    assert [tuple(row.values()) for row in rows] == [
        ("all", 30, None),
        ("cursus", 10, None),
        ("lenen", 20, None),
    ]


def test_the_rows_on_the_page_are_accepted_as_they_stand(study: Settings, tmp_path: Path):
    (name,) = (name for name in blocks() if name.startswith("my-feeds/"))
    apart = dataclasses.replace(study, landing=tmp_path / "my-feeds", home=tmp_path / "my-home")
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(blocks()[name]) + "\n", encoding="utf-8")
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    found = ingest_feed(apart, load_codebook(apart.seeds), "bibliotheek", silent, now)
    (delivery,) = found.deliveries
    assert (delivery.rows_read, delivery.rows_accepted, delivery.unknown_columns) == (2, 2, ())
