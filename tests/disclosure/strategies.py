"""Random surveys: tables of one to four dimensions with everything that makes them awkward.

Empty leaves, parents with a single child, overlapping partitions of one parent, totals that do not
exist, questions asked in part of the table, composites with their items, answers that are all the
same, weights. Belongs here: drawing. Does not belong here: adding up (made_cells).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from made_cells import Measure, Partition, Survey

from dagster_project.disclosure.protect import Rules

Floats = npt.NDArray[np.float64]
Axes = dict[tuple[str, str], tuple[str, ...]]
"""The leaves of each dimension and partition of leaves."""

DIMENSIONS = ("period", "channel", "product_code", "segment")
QUARTERS = tuple(f"2020Q{number}" for number in (1, 2, 3, 4))
LEAF = st.one_of(st.just(0), st.integers(1, 3), st.integers(4, 14), st.integers(15, 60))
MOST_LEAVES = 30


@st.composite
def shapes(draw: st.DrawFn) -> tuple[tuple[Partition, ...], Axes, frozenset[str]]:
    """Return the partitions, the leaves, and the nodes that get no rows."""
    used = draw(st.lists(st.sampled_from(DIMENSIONS), min_size=1, max_size=4, unique=True))
    most = 5 if len(used) < 3 else 3
    partitions: list[Partition] = []
    axes: Axes = {}
    without: frozenset[str] = frozenset()
    if "period" in used:
        quarters = QUARTERS[: draw(st.integers(2, min(4, most)))]
        partitions.append(Partition("period", "year", "2020", quarters))
        axes["period", "leaf"] = quarters
        without = draw(st.sampled_from([frozenset(), frozenset({"2020"})]))
    for dimension in ("channel", "product_code"):
        if dimension in used:
            leaves = tuple(f"{dimension[0]}{i}" for i in range(draw(st.integers(1, most))))
            axes[dimension, "leaf"] = leaves
            partitions.append(Partition(dimension, "leaf", "all", leaves))
    if "product_code" in used and draw(st.booleans()):
        partitions += draw(groupings(axes["product_code", "leaf"]))
    if "segment" in used:
        for name in draw(st.sampled_from([("size",), ("size", "job")])):
            nodes = tuple(f"{name}={i}" for i in range(draw(st.integers(1, 3))))
            axes["segment", name] = nodes
            partitions.append(Partition("segment", name, "all", nodes))
    return tuple(partitions), axes, without


@st.composite
def groupings(draw: st.DrawFn, leaves: tuple[str, ...]) -> list[Partition]:
    """Return one or two more ways in which the products add up to `all`, through groups."""
    found = []
    for name in draw(st.sampled_from([("kind",), ("kind", "region")])):
        of = draw(st.lists(st.integers(0, 1), min_size=len(leaves), max_size=len(leaves)))
        groups = [[leaf for leaf, g in zip(leaves, of, strict=True) if g == i] for i in (0, 1)]
        there = {f"{name}{i}": tuple(group) for i, group in enumerate(groups) if group}
        found.append(Partition("product_code", name, "all", tuple(there)))
        found += [Partition("product_code", "leaf", node, group) for node, group in there.items()]
    return found


@st.composite
def surveys(draw: st.DrawFn, *, questions: bool = True) -> tuple[Survey, Rules]:
    """Return a survey and the rules of its study."""
    partitions, axes, without = draw(shapes())
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    crossed = [axis for axis in axes if axis[0] != "segment"]
    leaves = list(itertools.product(*(axes[axis] for axis in crossed)))[:MOST_LEAVES]
    counts = draw(st.lists(LEAF, min_size=len(leaves), max_size=len(leaves)))
    if not sum(counts):
        counts[0] = 12
    places = {
        axis: np.repeat([leaf[position] for leaf in leaves], counts)
        for position, axis in enumerate(crossed)
    }
    size = sum(counts)
    for axis, nodes in axes.items():
        if axis[0] == "segment":
            likely = rng.dirichlet(np.ones(len(nodes)))
            places[axis] = rng.choice(nodes, size=size, p=likely)
    weights = rng.choice([0.3, 1.0, 1.0, 1.0, 6.0], size=size) if draw(WEIGHTED) else None
    measures, answers = draw(asked(axes, places, rng)) if questions else ((), {})
    rules = Rules(min_n=draw(st.sampled_from([3, 5, 10])))
    survey = Survey(partitions, places, measures, answers, weights, without=without)
    return survey, rules


WEIGHTED = st.sampled_from([False, False, False, True])
RATES = st.sampled_from([1.0, 0.92, 0.6])
PART = st.sampled_from(["everywhere", "channel", "period"])


@st.composite
def asked(
    draw: st.DrawFn, axes: Axes, places: dict[tuple[str, str], npt.NDArray[np.str_]], rng: object
) -> tuple[tuple[Measure, ...], dict[str, Floats]]:
    """Return the measures of up to four groups and everybody's answers to them."""
    groups = draw(st.lists(st.sampled_from(sorted(GROUPS)), max_size=3, unique=True))
    measures: list[Measure] = []
    answers: dict[str, Floats] = {}
    for group in groups:
        where = _part(draw(PART), axes)
        inside = _inside(where, axes, places)
        rate, likely = draw(RATES), draw(st.sampled_from(sorted(SHAPES_OF_ANSWERS)))
        for measure, scores in GROUPS[group](rng, inside, rate, SHAPES_OF_ANSWERS[likely]):
            measures.append(
                Measure(
                    measure.group,
                    measure.name,
                    measure.kind,
                    *_scale(measure),
                    measure.codes,
                    where,
                )
            )
            answers[measure.name] = scores
    return tuple(measures), answers


def _scale(measure: Measure) -> tuple[float, float]:
    return {"mean": (1.0, 10.0), "net": (-100.0, 100.0), "share": (0.0, 100.0)}.get(
        measure.kind, (0.0, 1.0)
    )


def _part(part: str, axes: Axes) -> frozenset[tuple[str, str]] | None:
    """Return the (period, channel) leaves that ask a question; None is everywhere."""
    periods = axes.get(("period", "leaf"), ("2020Q4",))
    channels = axes.get(("channel", "leaf"), ("all",))
    if part == "channel" and len(channels) > 1:
        return frozenset(itertools.product(periods, channels[:-1]))
    if part == "period" and len(periods) > 1:
        return frozenset(itertools.product(periods[1:], channels))
    return None


def _inside(
    where: frozenset[tuple[str, str]] | None,
    axes: Axes,
    places: dict[tuple[str, str], npt.NDArray[np.str_]],
) -> npt.NDArray[np.bool_]:
    size = len(next(iter(places.values())))
    if where is None:
        return np.ones(size, bool)
    nobody = {"period": "2020Q4", "channel": "all"}
    columns = [
        places.get((d, "leaf"), np.full(size, nobody[d]))
        if (d, "leaf") in axes
        else np.full(size, nobody[d])
        for d in ("period", "channel")
    ]
    return np.array([pair in where for pair in zip(*columns, strict=True)], bool)


SHAPES_OF_ANSWERS = {
    "spread": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
    "same": (10,),
    "top": (10, 10, 10, 10, 9, 10, 10, 7),
    "bottom": (1, 1, 1, 1, 1, 2, 1, 1),
}


def _answers(
    rng: np.random.Generator, inside: npt.NDArray[np.bool_], rate: float, likely: Sequence[int]
) -> Floats:
    given = rng.choice(likely, size=len(inside)).astype(float)
    return np.where(inside & (rng.random(len(inside)) < rate), given, np.nan)


def _grade(rng, inside, rate, likely):  # noqa: ANN001, ANN202
    scores = _answers(rng, inside, rate, likely)
    high = np.where(np.isnan(scores), np.nan, np.where(scores >= 8, 100.0, 0.0))
    yield Measure("grade", "grade", "mean"), scores
    yield Measure("grade", "grade_8plus", "share"), high


def _effort(rng, inside, rate, likely):  # noqa: ANN001, ANN202
    codes = np.ceil(_answers(rng, inside, rate, likely) / 4)
    yield Measure("effort", "effort", "net"), (2 - codes) * 100
    yield Measure("effort", "distribution of effort", "distribution", codes=(1, 2, 3)), codes


def _friendly(rng, inside, rate, likely):  # noqa: ANN001, ANN202
    items = np.array([_answers(rng, inside, rate, likely) for _ in range(3)])
    answered = (~np.isnan(items)).sum(axis=0)
    mean = np.nansum(items, axis=0) / np.maximum(answered, 1)
    yield Measure("friendly", "friendly", "mean"), np.where(answered >= 2, mean, np.nan)
    for number, item in enumerate(items):
        yield Measure("friendly", f"item {number}", "mean"), item


def _other(rng, inside, rate, likely):  # noqa: ANN001, ANN202
    yield Measure("other", "other", "mean"), _answers(rng, inside, rate * 0.5, likely)


GROUPS = {"grade": _grade, "effort": _effort, "friendly": _friendly, "other": _other}
