"""Standardised regression coefficients from sums of products, by normal equations.

Belongs here: the arithmetic of one cell after the other. Does not belong here: reading, writing.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MATRIX = ("study", "organisation_code", "period", "channel", "overall_metric")
"""The columns that name a regression."""

MOST_INFLATION = 10.0
"""Variance inflation factor above which aspects are too closely related (docs/decisions.md)."""

SINGULAR = 1e-9
"""A correlation matrix with a smaller eigenvalue has aspects that follow from the others."""

REGRESSION, CORRELATION = "regression", "correlation"
"""By what an importance was found."""

NO_SPREAD = 1e-9
"""A smaller variance is the rounding of equal scores."""

COEFFICIENTS_SCHEMA = pa.schema(
    [
        *((name, pa.large_string()) for name in (*MATRIX, "metric")),
        ("n", pa.int64()),
        ("n_effective", pa.float64()),
        ("importance", pa.float64()),
        ("importance_method", pa.large_string()),
    ]
)


def coefficients(sums: pa.Table) -> pa.Table:
    """Find the importance of each aspect in each cell.

    That is its standardised regression coefficient: what the overall score gains, in standard
    deviations, with one standard deviation more on this aspect and the others as they are. Where a
    variance inflation factor is above 10 the coefficients depend more on chance than on the
    aspects; then, and with no more respondents than coefficients, importance is the correlation
    over the same respondents, for all aspects of the cell.

    Args:
        sums: a row per cell, overall metric and ordered pair of metrics: the columns of `MATRIX`,
            `metric`, `other_metric`, `n` (whole number), `sum_weight`, `sum_weight_squared`,
            `sum_score` (of `metric`) and `sum_product` (of both).

    Returns:
        A row per cell, overall metric and aspect with the columns of `COEFFICIENTS_SCHEMA`, sorted.
        Importance is null where the aspect or the overall metric has the same score throughout;
        `importance_method` is `regression` or `correlation`, one for all aspects of the cell.

    """
    rows: list[tuple[object, ...]] = []
    frame = pl.DataFrame(sums).sort(*MATRIX, "metric", "other_metric")
    for key, part in frame.partition_by(*MATRIX, as_dict=True, maintain_order=True).items():
        rows += [(*key, *row) for row in _of_matrix(part, str(key[-1]))]
    found = pl.DataFrame(rows, schema=COEFFICIENTS_SCHEMA.names, orient="row")
    return found.sort(*MATRIX, "metric").to_arrow().cast(COEFFICIENTS_SCHEMA)


def _of_matrix(part: pl.DataFrame, overall: str) -> list[tuple[str, int, float, float | None, str]]:
    """Give name, n, effective n, importance and its method of each aspect of one cell."""
    diagonal = part.filter(pl.col("metric") == pl.col("other_metric"))
    names = diagonal["metric"].to_list()
    if overall not in names:
        return []
    n, weight, weight_squared = diagonal.select("n", "sum_weight", "sum_weight_squared").row(0)
    means = diagonal["sum_score"].to_numpy() / weight
    products = part["sum_product"].to_numpy().reshape(len(names), len(names)) / weight
    covariance = products - np.outer(means, means)
    place = names.index(overall)
    aspects = [at for at in range(len(names)) if at != place]
    found, method = importances(covariance[np.ix_([*aspects, place], [*aspects, place])], n)
    effective = weight * weight / weight_squared
    return [
        (names[at], n, effective, value, method) for at, value in zip(aspects, found, strict=True)
    ]


def importances(covariance: Floats, n: int) -> tuple[list[float | None], str]:
    """Give the importance of each aspect, from the covariances of the aspects and, last, the whole.

    None for what has no spread. The second result says by which method it was found.

    The source of the inflation factor is D. W. Marquardt, "Generalized inverses, ridge regression,
    biased linear estimation, and nonlinear estimation", Technometrics 12 (1970): the diagonal of
    the inverse of the correlation matrix.
    """
    variances = np.diag(covariance)
    moving = np.flatnonzero(variances >= NO_SPREAD)
    found: list[float | None] = [None] * (len(variances) - 1)
    if variances[-1] < NO_SPREAD or len(moving) < 2:  # noqa: PLR2004
        return found, REGRESSION
    deviations = np.sqrt(variances[moving])
    correlation = covariance[np.ix_(moving, moving)] / np.outer(deviations, deviations)
    among, whole = correlation[:-1, :-1], np.clip(correlation[:-1, -1], -1, 1)
    method = CORRELATION if _inseparable(among, n) else REGRESSION
    told = whole if method == CORRELATION else np.linalg.solve(among, whole)
    for at, value in zip(moving[:-1].tolist(), told.tolist(), strict=True):
        found[at] = value
    return found, method


def _inseparable(among: Floats, n: int) -> bool:
    """Whether the aspects go together too closely, or are too many, for a coefficient each."""
    if n <= len(among) + 1 or np.linalg.eigvalsh(among)[0] < SINGULAR:
        return True
    return bool(np.diag(np.linalg.inv(among)).max() > MOST_INFLATION)
