"""Splits figures into tables that can change one at a time, and says how far each should.

Belongs here: components of a measure, goals for them, what bounds on them say of a mean. Does not
belong here: reaching the goals (figures, bounds).

A figure is split into *components*: tables of figures that are never negative and add up as the
cells do. For n respondents with sum of scores s on a scale from low to high these are s - low n
and high n - s; for scores of 0 or 100 the people of either kind; for a net score the people above,
below and at zero; for a distribution the people per answer. Each component can change on its own
without breaking anything that is published, so what it can do alone it can do for certain, and
bounds on n, s and s / n follow by adding bounds on components.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from dagster_project.disclosure.protect.blocks import Floats, Measure
from dagster_project.disclosure.protect.bounds import Component
from dagster_project.disclosure.protect.rules import SLACK

Goal = tuple[int, Floats]
"""A component by number, and where its cells should move to, shape (cells,)."""

LIGHTEST = 1e-3
"""The smallest weight that a respondent is assumed to have."""


def components_of(measure: Measure) -> list[tuple[Floats, bool]]:
    """Split a measure into its components, shape (asked cells,) each, and whether they are counts.

    In a weighted study they are sums of weights. A mere count has none beside n itself.
    """
    weight, total, squares = measure.weight, measure.total, measure.squares
    low, high = measure.low, measure.high
    if measure.kind == "count":
        return []
    if measure.kind == "distribution":
        parts = [total]
    elif measure.kind == "share":
        parts = [total / high, weight - total / high]
    elif measure.kind == "net":
        either, balance = squares / high**2, total / high
        parts = [(either + balance) / 2, (either - balance) / 2, weight - either]
    else:
        parts = [total - low * weight, high * weight - total]
    whole = measure.kind != "mean" and not measure.is_weighted
    return [(np.maximum(np.round(part) if whole else part, 0.0), whole) for part in parts]


def goals(
    measure: Measure, components: Sequence[Component], n: Floats, mean_share: float
) -> Iterator[Goal]:
    """List moves worth trying, the likeliest first: component and goal, shape (cells,).

    `n` are the people by whom a net score is to move by `mean_share`; of 1, one moves.
    """
    if measure.kind == "mean":
        yield from _goals_of_mean(components[0].values, components[1].values, mean_share)
        return
    far = np.ones(len(n))
    if measure.kind == "net":
        far = np.maximum(1.0, np.ceil(2 * mean_share * n))
    for number, component in enumerate(components):
        yield number, component.values + far
        yield number, np.maximum(component.values - far, 0.0)


def _goals_of_mean(above: Floats, below: Floats, mean_share: float) -> Iterator[Goal]:
    """Goals at which the mean has moved by `mean_share` of the scale, one component moving."""
    part = above / np.maximum(above + below, SLACK)  # where the mean lies on its scale, 0 to 1
    up, down = part + mean_share, part - mean_share
    with np.errstate(divide="ignore", invalid="ignore"):
        yield 0, np.where(up < 1, below * up / (1 - up), np.inf)
        yield 1, np.where(up <= 1, above * (1 - up) / up, np.inf)
        yield 1, np.where(down > 0, above * (1 - down) / down, np.inf)
        yield 0, np.where(down >= 0, below * down / (1 - down), np.inf)


def lowest_net(
    above: Floats, below: Floats, zero: tuple[Floats, Floats], somebody: float
) -> Floats:
    """Return the lowest share of people above zero minus that of people below.

    Args:
        above: the fewest people above zero.
        below: the most people below zero.
        zero: the fewest and the most people at zero; they dilute the rest.
        somebody: the fewest people altogether.

    """
    fewest, most = zero
    above = np.maximum(above, somebody - below - most)
    neutral = np.where(above >= below, most, np.maximum(fewest, somebody - above - below))
    return np.asarray((above - below) / (above + below + neutral))
