"""Published and computed side by side, on a release made by hand."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from dagster_project.demo import PublishedFigure, compare, published_figures


@pytest.fixture
def release(tmp_path: Path) -> Path:
    path = tmp_path / "kto.duckdb"
    with duckdb.connect(str(path)) as made:
        made.execute("create schema marts")
        made.execute(
            "create table marts.mart_kpi as select * from (values "
            "('s', 'o', '2020', 'all', 'all', 'all', 'all', 'grade', 8.25), "
            "('s', 'o', '2020', 'all', 'all', 'size', 'big', 'grade', 3.0), "
            "('s', 'o', '2020', 'all', 'all', 'all', 'all', 'net', -12.5), "
            "('s', 'o', '2020', 'all', 'all', 'all', 'all', 'hidden', null)) "
            "t(study, organisation_code, period, channel, product_code, segment, segment_value,"
            " metric, value)"
        )
        made.execute(
            "create table marts.mart_response as select 's' as study, 'o' as organisation_code,"
            " '2020' as period, 'all' as channel, 'all' as product_code, 31 as tips"
        )
    return path


def _figure(metric: str, published: str, decimals: int, **other: str) -> PublishedFigure:
    place = {"table": "mart_kpi", "column": "value"} | other
    return PublishedFigure(
        study="s",
        organisation_code="o",
        period="2020",
        channel="all",
        product_code="all",
        metric=metric,
        published=Decimal(published),
        decimals=decimals,
        source="by hand",
        **place,
    )


@pytest.mark.parametrize(
    ("figure", "computed", "equal"),
    [
        (_figure("grade", "8.3", 1), Decimal("8.3"), True),
        (_figure("grade", "8.2", 1), Decimal("8.3"), False),
        (_figure("grade", "3", 0, segment="size", segment_value="big"), Decimal(3), True),
        (_figure("net", "-13", 0), Decimal("-13"), True),
        (_figure("hidden", "8.0", 1), None, False),
        (_figure("nowhere", "8.0", 1), None, False),
        (_figure("", "31", 0, table="mart_response", column="tips"), Decimal(31), True),
    ],
)
def test_rounds_half_away_from_zero_and_tells_whether_it_is_equal(
    release: Path, figure: PublishedFigure, computed: Decimal | None, equal: bool
):
    (row,) = compare([figure], release)
    assert (row.computed, row.equal) == (computed, equal)


def test_lists_every_figure_that_the_demo_must_show():
    figures = published_figures()
    by_study = Counter(figure.study for figure in figures)
    assert by_study == {
        "nvvb": 2 * (9 + 7) + 2 + 6,
        "sfo": 5,
        "madi": 6 + 4 + 6 + 8 + 3 + 1,
        "divosa": 4,
        "halt": 2 * 6 + 3 + 4 * 2 + 1 + 4 + 2 + 3 + 3 * 3,
        "blik_op_werk": 4 + 4 * 3 + 2 * 2 + 2,
        "blik_op_werk_opdrachtgevers": 3 + 1,
    }
    by_place = {(f.study, f.period, f.channel, f.metric, f.column): f.published for f in figures}
    assert by_place["nvvb", "2020", "counter", "hostmanship", "value_rounded"] == Decimal("8.9")
    assert by_place["nvvb", "2020", "digital", "info_vindbaar", "benchmark_value"] == Decimal(60)
    assert by_place["nvvb", "2020", "digital", "", "reviews"] == Decimal(382)
    assert by_place["madi", "2020", "all", "totaaloordeel_8plus", "value_rounded"] == Decimal(71)
    assert by_place["sfo", "2017", "all", "nps", "value"] == Decimal("40.40")
