"""Ranges of sums and means of a measure from the bounds of its classes.

Belongs here: arithmetic on bounds. Does not belong here: where they come from.
"""

from __future__ import annotations

import numpy as np

from dagster_project.disclosure.attack.catalogue import Floats


def sum_range(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Bounds of the sum over classes (first axis)."""
    return low.sum(axis=0), high.sum(axis=0)


def total_range(scores: tuple[float, ...], low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Bounds of the sum of scores; `low` and `high` have a row per class."""
    weights = np.array(scores)[:, None]
    pair = weights * low, weights * high
    return np.minimum(*pair).sum(axis=0), np.maximum(*pair).sum(axis=0)


def mean_range(
    scores: tuple[float, ...], low: Floats, high: Floats, n_low: Floats, n_high: Floats
) -> tuple[Floats, Floats]:
    """Bounds of the mean of the scores of at least one respondent.

    Args:
        scores: score of each class.
        low: least number in each class (rows) of each cell (columns).
        high: greatest number, likewise.
        n_low: least number in all classes together.
        n_high: greatest number, likewise.

    """
    order = np.argsort(scores)
    least = _least_mean(np.array(scores)[order], low[order], high[order], n_low, n_high)
    falling = order[::-1]
    most = _least_mean(-np.array(scores)[falling], low[falling], high[falling], n_low, n_high)
    return least, -most


def _least_mean(scores: Floats, low: Floats, high: Floats, n_low: Floats, n_high: Floats) -> Floats:
    """Fill up from the lowest score on, as long as that lowers the mean or n is too small."""
    n, total = low.sum(axis=0), (scores[:, None] * low).sum(axis=0)
    n_low = np.maximum(n_low, 1e-9)
    for score, room in zip(scores, high - low, strict=True):
        allowed = np.clip(np.minimum(room, n_high - n), 0, None)
        needed = np.clip(n_low - n, 0, None)
        lowers = score * n < total
        added = np.where(lowers, allowed, np.minimum(allowed, needed))
        n = n + added
        total = total + score * added
    means: Floats = np.where(n > 0, total / np.where(n > 0, n, 1), scores[0])
    return means
