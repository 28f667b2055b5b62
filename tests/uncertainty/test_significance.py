"""Which differences are significant: Welch's test of another library on the same respondents."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from jinja2 import Environment
from made_up import Sample, cell, draw, inputs
from project_sql import ProjectSql
from scipy.stats import t, ttest_ind_from_stats

from dagster_project.common.settings import PROJECT_ROOT

MACRO = PROJECT_ROOT / "dbt_project" / "macros" / "student_t_975.sql"
CASES = 300
CLOSE = 1e-6
"""p values nearer to 0.05 than the quantile of t is exact; in 300 cases there is hardly one."""


def welch(one: Sample, other: Sample) -> float:
    """Two-sided p value."""
    return float(
        ttest_ind_from_stats(
            *(one.mean, one.deviation, one.effective),
            *(other.mean, other.deviation, other.effective),
            equal_var=False,
        ).pvalue
    )


def welch_of_others(own: Sample, others: list[Sample], shares: list[float]) -> float:
    """Two-sided p value of the own mean against a weighted mean of other means."""
    parts = [
        (1.0, own),
        *((-share / sum(shares), one) for share, one in zip(shares, others, strict=True)),
    ]
    difference = sum(factor * one.mean for factor, one in parts)
    errors = [(factor * one.deviation) ** 2 / one.effective for factor, one in parts]
    spread = sum(e**2 / (one.effective - 1) for e, (_, one) in zip(errors, parts, strict=True))
    error = sum(errors)
    return float(2 * t.sf(abs(difference) / np.sqrt(error), error**2 / spread))


def test_the_quantile_of_t_is_exact_to_six_decimals() -> None:
    given = [2.0, 2.5, 4.0, 4.5, 9.0, 17.3, 40.0, 250.0, 1e6]
    macro = Environment(autoescape=True).from_string(MACRO.read_text(encoding="utf-8")).module
    with duckdb.connect() as engine:
        listed = ", ".join(f"({df})" for df in given)
        rows = engine.execute(
            f"select {macro.student_t_975('df')} from (values {listed}) as given (df)"
        )
        found = [value for (value,) in rows.fetchall()]
    assert found == pytest.approx(t.ppf(0.975, given), abs=5e-7)


def agrees(flag: object, p: float) -> bool:
    return abs(p - 0.05) < CLOSE or flag is bool(p < 0.05)


@dataclass(frozen=True)
class Drawn:
    """Organisations of three periods each, and what the models make of them."""

    samples: dict[tuple[str, str], Sample]
    rows: dict[tuple[str, str], dict[str, Any]]


def compared(sql: ProjectSql, folder: Path, given: dict[str, Any]) -> dict[Any, dict[str, Any]]:
    with sql.run(folder, given) as engine:
        found = engine.sql("from intermediate.int_compared_cells").to_arrow_table().to_pylist()
    return {(row["organisation_code"], row["period"]): row for row in found}


@pytest.fixture(scope="module", params=["grade", "share", "nps", "ces"])
def drawn(
    request: pytest.FixtureRequest, sql: ProjectSql, tmp_path_factory: pytest.TempPathFactory
) -> Drawn:
    """Half of the organisations are weighted, many have ten answers or few more."""
    random = np.random.default_rng(20200401 + len(request.param))
    samples = {}
    for number in range(CASES):
        for period in ("2019Q2", "2020Q1", "2020Q2"):
            n = int(random.integers(10, 14) if number % 3 == 0 else random.integers(10, 400))
            one = draw(request.param, n, random, weighted=number % 2 == 1)
            samples[f"o{number:03}", period] = one
    cells = [cell(code, period, "m", one) for (code, period), one in samples.items()]
    folder = tmp_path_factory.mktemp("drawn")
    return Drawn(samples, compared(sql, folder, inputs(cells)))


def test_changes_are_significant_where_welch_says_so(drawn: Drawn) -> None:
    flags = []
    for (code, period), row in drawn.rows.items():
        if period != "2020Q2":
            assert row["change_significant"] is row["year_ago_significant"] is None
            continue
        now = drawn.samples[code, period]
        for before, change, flag in (
            ("2020Q1", "change", "change_significant"),
            ("2019Q2", "year_ago_change", "year_ago_significant"),
        ):
            then = drawn.samples[code, before]
            assert row[change] == pytest.approx(now.mean - then.mean, abs=1e-9)
            if now.deviation + then.deviation > 0:
                assert agrees(row[flag], welch(now, then)), (code, flag)
            flags.append(row[flag])
    assert len(flags) == 2 * CASES
    assert 0.1 < np.mean(flags) < 0.95


def test_margins_are_those_of_the_effective_number(drawn: Drawn) -> None:
    for key, row in drawn.rows.items():
        one = drawn.samples[key]
        spread = np.sqrt(np.average((one.scores - one.mean) ** 2, weights=one.weights))
        assert row["margin"] == pytest.approx(1.96 * spread / np.sqrt(one.effective), abs=1e-9)


@pytest.mark.parametrize("kind", ["grade", "share", "nps"])
def test_one_other_organisation_is_a_benchmark_by_welch(
    kind: str, sql: ProjectSql, tmp_path: Path
) -> None:
    random = np.random.default_rng(7)
    pairs = [
        [draw(kind, int(random.integers(10, 200)), random, weighted=bool(i % 2)) for _ in "ab"]
        for i in range(CASES)
    ]
    cells = [
        cell(code, "2020Q1", f"m{number:03}", one)
        for number, pair in enumerate(pairs)
        for code, one in zip("ab", pair, strict=True)
    ]
    with sql.run(tmp_path, inputs(cells)) as engine:
        rows = engine.execute(
            "select metric, benchmark_value, benchmark_significant "
            "from intermediate.int_compared_cells where organisation_code = 'a' order by metric"
        ).fetchall()
    assert len(rows) == CASES
    for (one, other), (metric, value, flag) in zip(pairs, rows, strict=True):
        assert value == pytest.approx(other.mean, abs=1e-9)
        assert agrees(flag, welch(one, other)), metric


@pytest.mark.parametrize("method", ["mean_of_others", "pooled"])
def test_a_mean_of_others_is_tested_with_the_errors_of_all(
    method: str, sql: ProjectSql, tmp_path: Path
) -> None:
    random = np.random.default_rng(11)
    samples = {
        f"o{number:03}": draw("grade", int(random.integers(10, 60)), random, weighted=False)
        for number in range(40)
    }
    cells = [cell(code, "2020Q1", "m", one) for code, one in samples.items()]
    rows = compared(sql, tmp_path, inputs(cells, benchmark_method=method))
    flags = []
    for code, own in samples.items():
        others = [one for other, one in samples.items() if other != code]
        shares = [len(one.scores) if method == "pooled" else 1.0 for one in others]
        row = rows[code, "2020Q1"]
        mean = np.average([one.mean for one in others], weights=shares)
        assert row["benchmark_value"] == pytest.approx(mean, abs=1e-9)
        assert agrees(row["benchmark_significant"], welch_of_others(own, others, shares)), code
        flags.append(row["benchmark_significant"])
    assert {True, False} == set(flags)


def equal_scores(score: float, n: int = 10) -> Sample:
    return Sample(np.full(n, score), np.ones(n))


def test_without_any_spread_every_difference_is_significant(
    sql: ProjectSql, tmp_path: Path
) -> None:
    mixed = Sample(np.array([6.0, 8.0] * 5), np.ones(10))
    pairs = {
        "same": (equal_scores(7.3), equal_scores(7.3), False),
        "other": (equal_scores(7.3), equal_scores(7.4), True),
        # an error of 1 / 9 at nine degrees of freedom allows 2.262 / 3 = 0.754
        "near": (equal_scores(7.75), mixed, False),
        "far": (equal_scores(7.76), mixed, True),
    }
    cells = [
        cell(code, period, "m", one)
        for code, (then, now, _) in pairs.items()
        for period, one in (("2020Q1", then), ("2020Q2", now))
    ]
    rows = compared(sql, tmp_path, inputs(cells))
    for code, (then, now, expected) in pairs.items():
        assert rows[code, "2020Q2"]["change_significant"] is expected, code
        if then.deviation + now.deviation > 0:
            assert (welch(then, now) < 0.05) is expected


def test_one_answer_has_no_margin_and_no_difference_from_it_is_tested(
    sql: ProjectSql, tmp_path: Path
) -> None:
    many, one = equal_scores(7.0), equal_scores(9.0, n=1)
    samples = {
        ("then", "2020Q1"): one,
        ("then", "2020Q2"): many,
        ("now", "2020Q1"): many,
        ("now", "2020Q2"): one,
        ("never", "2020Q1"): many,
        ("never", "2020Q2"): equal_scores(8.0),
    }
    cells = [cell(code, period, "m", sample) for (code, period), sample in samples.items()]
    rows = compared(sql, tmp_path, inputs(cells))
    for key, sample in samples.items():
        assert rows[key]["margin"] == (None if sample is one else 0.0), key
        # whoever is not one answer is compared with one
        assert rows[key]["benchmark_significant"] is None, key
    flags = {code: rows[code, "2020Q2"]["change_significant"] for code, _ in samples}
    assert flags == {"then": None, "now": None, "never": True}
    assert rows["now", "2020Q2"]["change"] == pytest.approx(2.0)


def test_nothing_is_compared_across_a_break(sql: ProjectSql, tmp_path: Path) -> None:
    cells = [
        cell("o", period, "m", equal_scores(score))
        for period, score in (("2019Q2", 6.0), ("2020Q1", 7.0), ("2020Q2", 9.0))
    ]
    given = inputs(cells, metric={"new_series_from": "2020-01-01"})
    row = compared(sql, tmp_path, given)["o", "2020Q2"]
    # the break lies between this period and the year before, not the quarter before
    assert (row["previous_value"], row["change"], row["change_significant"]) == (7.0, 2.0, True)
    assert (row["year_ago_value"], row["year_ago_change"]) == (6.0, None)
    assert row["year_ago_significant"] is None
    assert row["series_break"] is True


def test_merged_figures_are_those_of_all_respondents_together(
    sql: ProjectSql, tmp_path: Path
) -> None:
    random = np.random.default_rng(5)
    cells: list[dict[str, Any]] = []
    whole: dict[str, Sample] = {}
    for number in range(60):
        parts = [
            draw("grade", int(random.integers(10, 80)), random, weighted=number % 2 == 1)
            for _ in range(3)
        ]
        cells += [
            cell(code, "2020Q1", f"m{number:03}", one)
            for code, one in zip("abc", parts, strict=True)
        ]
        whole[f"m{number:03}"] = Sample(
            np.concatenate([one.scores for one in parts]),
            np.concatenate([one.weights for one in parts]),
        )
    # a became b, and b became c
    mergers = [
        {"from_code": "a", "to_code": "b", "effective_from": "2020-02-01"},
        {"from_code": "b", "to_code": "c", "effective_from": "2021-01-01"},
    ]
    given = inputs(cells) | {"stg_organisation_mergers": mergers}
    with sql.run(tmp_path, given) as engine:
        rows = engine.execute(
            "select metric, organisation_code, n, n_weighted, value, margin, "
            "error_variance, degrees_of_freedom from intermediate.int_merged_figures"
        ).fetchall()
    assert len(rows) == len(whole)
    for metric, organisation, n, *figures in rows:
        one = whole[metric]
        error = one.deviation**2 / one.effective
        margin = 1.96 * np.sqrt(error * (one.effective - 1) / one.effective)
        expected = (one.weights.sum(), one.mean, margin, error, one.effective - 1)
        assert (organisation, n) == ("c", len(one.scores))
        assert figures == pytest.approx(expected, rel=1e-10)
