"""Answers of one block of respondents, drawn and then nudged to a target.

Belongs here: pure functions on arrays. Does not belong here: files, dates, who is asked what.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from dagster_project.demo.shapes import Question

Floats = NDArray[np.float64]
Texts = NDArray[np.str_]
SKEW = 0.25  # satisfaction has its long tail at the bottom


def draw(question: Question, factor: Floats, target: float | None, rng: Generator) -> Texts:
    """One answer per respondent, as text.

    Args:
        question: how it is answered.
        factor: general satisfaction per respondent, standard deviations around 0.
        target: mean grade, or share of `share_codes` in percent; None for as drawn.
        rng: numpy generator.

    Returns:
        Array of texts, shape of `factor`.

    Raises:
        ValueError: no grades on the scale have the target as their mean.

    """
    if question.kind == "multiple":
        return _several(question, factor.size, rng)
    latent = _latent(question, factor, rng)
    if question.kind == "code":
        return _codes(question, latent, target)
    return _as_text(_grades(question, latent, target, rng))


def exactly(question: Question, factor: Floats, counts: Mapping[str, int], rng: Generator) -> Texts:
    """As many of each answer as `counts` says, the first of them to those who are most satisfied.

    Raises:
        ValueError: there are more or fewer respondents than answers.

    """
    return _ranked(_latent(question, factor, rng), list(counts), np.array(list(counts.values())))


def _latent(question: Question, factor: Floats, rng: Generator) -> Floats:
    own = rng.standard_normal(factor.size)
    latent: Floats = question.loading * factor + np.sqrt(1 - question.loading**2) * own
    return latent


def _ranked(latent: Floats, codes: Sequence[str], counts: NDArray[np.int64]) -> Texts:
    ordered = np.repeat(np.array(codes), counts)
    answers = np.empty(latent.size, dtype=ordered.dtype)
    answers[np.argsort(-latent, kind="stable")] = ordered
    return answers


def _grades(question: Question, latent: Floats, target: float | None, rng: Generator) -> Floats:
    centre = (question.low + question.high) / 2 if target is None else target
    exact = centre + question.spread * (latent - SKEW * (latent**2 - 1))
    halves = rng.random(exact.size) < question.half_share
    grades = np.where(halves, np.rint(exact * 2) / 2, np.rint(exact))
    grades = np.clip(grades, question.low, question.high)
    return grades if target is None else nudge(grades, target, question.low, question.high, rng)


def nudge(grades: Floats, target: float, low: float, high: float, rng: Generator) -> Floats:
    """Move random grades one step until the mean is as near the target as whole steps allow.

    Raises:
        ValueError: the target is off the scale.

    """
    grades = grades.copy()
    steps = round(target * grades.size - float(grades.sum()))
    while steps:
        step = 1 if steps > 0 else -1
        room = np.flatnonzero((grades + step >= low) & (grades + step <= high))
        if not room.size:
            raise ValueError(f"no grades from {low:g} to {high:g} have a mean of {target:g}")
        moved = rng.permutation(room)[: abs(steps)]
        grades[moved] += step
        steps -= step * moved.size
    return grades


def _codes(question: Question, latent: Floats, target: float | None) -> Texts:
    weights = np.array(question.weights, dtype=np.float64)
    weights /= weights.sum()
    if target is not None:
        wanted = np.array([code in question.share_codes for code in question.codes])
        weights[wanted] *= target / 100 / weights[wanted].sum()
        weights[~wanted] *= (1 - target / 100) / weights[~wanted].sum()
    return _ranked(latent, question.codes, portion(latent.size, weights))


def portion(total: int, weights: Sequence[float] | Floats) -> NDArray[np.int64]:
    """Split a whole number by weight; rounding the running total keeps the sum exact."""
    shares = np.cumsum(np.asarray(weights, dtype=np.float64))
    bounds = np.floor(shares / shares[-1] * total + 0.5).astype(np.int64)
    counts: NDArray[np.int64] = np.diff(bounds, prepend=0)
    return counts


def _several(question: Question, size: int, rng: Generator) -> Texts:
    chosen = rng.random((size, len(question.codes))) * 100 < np.array(question.weights)
    answers = [
        "|".join(code for code, yes in zip(question.codes, row, strict=True) if yes)
        for row in chosen.tolist()
    ]
    return np.array(answers, dtype="<U16")


def _as_text(grades: Floats) -> Texts:
    values, where = np.unique(grades, return_inverse=True)
    return np.array([f"{value:g}" for value in values], dtype="<U8")[where]
