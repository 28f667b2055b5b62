"""Regression from sums of products is the regression on the answers themselves."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from dagster_project.priority import COEFFICIENTS_SCHEMA, MOST_INFLATION, coefficients
from dagster_project.priority.regression import importances

CELL = {"study": "s", "organisation_code": "o", "period": "2020", "channel": "all"}


def sums(scores: np.ndarray, weights: np.ndarray | None = None, **cell: str) -> pl.DataFrame:
    """Sums of the columns of `scores`; the last one is the overall metric."""
    weights = np.ones(len(scores)) if weights is None else weights
    names = [*(f"aspect_{number}" for number in range(scores.shape[1] - 1)), "whole"]
    columns = dict(zip(names, scores.T, strict=True))
    return pl.DataFrame(
        [
            CELL
            | {"overall_metric": "whole", "metric": one, "other_metric": other, "n": len(scores)}
            | {"sum_weight": weights.sum(), "sum_weight_squared": (weights**2).sum()}
            | {"sum_score": (weights * columns[one]).sum()}
            | {"sum_product": (weights * columns[one] * columns[other]).sum()}
            | cell
            for one, other in product(names, names)
        ]
    )


def found(frame: pl.DataFrame) -> list[float | None]:
    return coefficients(frame.to_arrow())["importance"].to_pylist()


def grades(rng: np.random.Generator, respondents: int, aspects: int, own: float) -> np.ndarray:
    """Whole grades that share a mood; the larger `own`, the less they have in common."""
    mood = rng.normal(size=(respondents, 1))
    moods = mood + own * rng.normal(size=(respondents, aspects + 1))
    return np.clip(np.rint(7 + 1.5 * moods), 1, 10)


def standardised(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    mean = np.average(scores, axis=0, weights=weights)
    return (scores - mean) / np.sqrt(np.average((scores - mean) ** 2, axis=0, weights=weights))


@given(seed=st.integers(0, 2**32 - 1), aspects=st.integers(1, 6), respondents=st.integers(30, 200))
def test_coefficients_are_those_of_least_squares(seed: int, aspects: int, respondents: int):
    rng = np.random.default_rng(seed)
    scores = grades(rng, respondents, aspects, own=1.0)
    weights = rng.uniform(0.5, 2, respondents)
    root = np.sqrt(weights)[:, None]
    assume((scores.std(axis=0) > 0).all())
    z = standardised(scores, weights)
    among = np.average(z[:, :-1, None] * z[:, None, :-1], axis=0, weights=weights)
    assume(np.diag(np.linalg.inv(among)).max() < MOST_INFLATION)
    expected, *_ = np.linalg.lstsq(root * z[:, :-1], root[:, 0] * z[:, -1], rcond=None)
    assert found(sums(scores, weights)) == pytest.approx(expected.tolist(), abs=1e-9)


def test_one_aspect_counts_as_its_correlation():
    scores = grades(np.random.default_rng(1), 60, 1, own=0.8)
    assert found(sums(scores)) == [pytest.approx(stats.pearsonr(*scores.T).statistic, abs=1e-12)]


def test_aspects_that_go_together_too_closely_count_as_their_correlations():
    scores = grades(np.random.default_rng(2), 80, 3, own=0.15)
    z = standardised(scores, np.ones(80))
    inflation = np.diag(np.linalg.inv(np.corrcoef(scores[:, :-1].T)))
    assert inflation.max() > MOST_INFLATION
    least_squares, *_ = np.linalg.lstsq(z[:, :-1], z[:, -1], rcond=None)
    expected = [stats.pearsonr(aspect, scores[:, -1]).statistic for aspect in scores[:, :-1].T]
    assert found(sums(scores)) == pytest.approx(expected, abs=1e-12)
    assert found(sums(scores)) != pytest.approx(least_squares.tolist(), abs=1e-3)


@pytest.mark.parametrize(("inflation", "separate"), [(9.99, True), (10.01, False)])
def test_the_inflation_factor_decides_at_ten(inflation: float, separate: bool):
    # of two aspects with correlation r the factor is 1 / (1 - r^2)
    r = math.sqrt(1 - 1 / inflation)
    covariance = np.array([[1, r, 0.5], [r, 1, 0.3], [0.5, 0.3, 1]])
    one = (0.5 - 0.3 * r) / (1 - r * r)
    other = (0.3 - 0.5 * r) / (1 - r * r)
    found, method = importances(covariance, 100)
    assert found == pytest.approx([one, other] if separate else [0.5, 0.3])
    assert method == ("regression" if separate else "correlation")


def test_an_aspect_that_follows_from_others_leaves_correlations():
    scores = grades(np.random.default_rng(3), 50, 2, own=1.0)
    copied = np.column_stack([scores[:, 0], scores])
    expected = [stats.pearsonr(aspect, copied[:, -1]).statistic for aspect in copied[:, :-1].T]
    assert found(sums(copied)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("respondents", "separate"), [(3, False), (4, True)])
def test_a_coefficient_each_takes_more_respondents_than_coefficients(
    respondents: int, separate: bool
):
    covariance = np.array([[1, 0.5, 0.5], [0.5, 1, 0.3], [0.5, 0.3, 1]])
    # (0.5 - 0.3 * 0.5) / 0.75 and (0.3 - 0.5 * 0.5) / 0.75
    expected = [0.35 / 0.75, 0.05 / 0.75] if separate else [0.5, 0.3]
    assert importances(covariance, respondents)[0] == pytest.approx(expected)


def test_what_has_no_spread_has_no_importance_and_the_others_theirs():
    scores = grades(np.random.default_rng(4), 50, 2, own=1.0)
    constant = np.column_stack([scores[:, 0], np.full(50, 7.3), scores[:, 1:]])
    without = found(sums(scores))
    assert found(sums(constant)) == [pytest.approx(without[0]), None, pytest.approx(without[1])]


def test_a_whole_without_spread_leaves_nothing_to_count_in():
    scores = grades(np.random.default_rng(5), 50, 2, own=1.0)
    scores[:, -1] = 8
    assert found(sums(scores)) == [None, None]


def test_cells_are_by_themselves_and_sorted():
    rng = np.random.default_rng(6)
    cells = [(channel, grades(rng, 40, 2, own=1.0)) for channel in ("phone", "all", "desk")]
    together = pl.concat([sums(scores, channel=channel) for channel, scores in cells])
    table = coefficients(together.sample(fraction=1, shuffle=True, seed=1).to_arrow())
    assert table["channel"].to_pylist() == ["all", "all", "desk", "desk", "phone", "phone"]
    apart = {channel: found(sums(scores)) for channel, scores in cells}
    assert table["importance"].to_pylist() == [*apart["all"], *apart["desk"], *apart["phone"]]


def test_weights_make_fewer_of_the_respondents():
    scores = grades(np.random.default_rng(7), 40, 1, own=1.0)
    weights = np.repeat([1.0, 3.0], 20)
    (row,) = coefficients(sums(scores, weights).to_arrow()).to_pylist()
    # 80 * 80 / (20 + 180)
    assert (row["n"], row["n_effective"]) == (40, 32)


def test_without_its_overall_metric_there_is_nothing_to_find():
    scores = grades(np.random.default_rng(8), 40, 1, own=1.0)
    asked = sums(scores).filter((pl.col("metric") != "whole") & (pl.col("other_metric") != "whole"))
    assert coefficients(asked.to_arrow()).num_rows == 0


def test_no_sums_make_an_empty_table_of_the_same_columns():
    nothing = sums(np.ones((1, 2))).clear().to_arrow()
    assert coefficients(nothing).schema == COEFFICIENTS_SCHEMA
