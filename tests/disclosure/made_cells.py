"""Cells made from respondents, as `protect` wants them, on paper-sized data.

Belongs here: adding up made-up answers over every cell of a table. Does not belong here:
drawing answers (strategies), cells written out by hand
(hand_cells), judging a pattern (oracles).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

DIMENSIONS = ("period", "channel", "product_code", "segment")
CELL = (
    "study",
    "organisation_code",
    "period",
    "channel",
    "product_code",
    "segment",
)
BASE = "responses"
CELLS = pa.schema(
    [
        *((name, pa.string()) for name in (*CELL, "disclosure_group", "measure", "kind", "answer")),
        ("n", pa.int64()),
        *((name, pa.float64()) for name in ("n_effective", "weight", "total", "total_squared")),
        ("low", pa.float64()),
        ("high", pa.float64()),
    ]
)
HIERARCHIES = pa.schema(
    [(name, pa.string()) for name in ("study", "dimension", "partition", "parent", "child")]
)

Key: TypeAlias = tuple[str, ...]
"""A cell: the values of `CELL`."""


@dataclass(frozen=True)
class Partition:
    """A parent that is exactly the sum of its children, in one dimension."""

    dimension: str
    name: str
    parent: str
    children: tuple[str, ...]


@dataclass(frozen=True)
class Measure:
    """What is asked: `asked` holds the (period, channel) leaves that ask it; None is everywhere."""

    group: str
    name: str
    kind: str
    low: float = 0.0
    high: float = 0.0
    codes: tuple[int, ...] = ()
    asked: frozenset[tuple[str, str]] | None = None


@dataclass(frozen=True)
class Survey:
    """Respondents and the table they are counted in.

    `leaves` gives each respondent's leaf per dimension and partition of leaves, `answers` the score
    of each respondent per measure (NaN: none; for a distribution the code).
    """

    partitions: tuple[Partition, ...]
    leaves: Mapping[tuple[str, str], npt.NDArray[np.str_]]
    measures: tuple[Measure, ...] = ()
    answers: Mapping[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    weights: npt.NDArray[np.float64] | None = None
    present: npt.NDArray[np.bool_] | None = None
    without: frozenset[str] = frozenset()
    """Nodes that get no rows, such as a year that is not closed."""

    @property
    def size(self) -> int:
        return len(next(iter(self.leaves.values())))

    def hierarchies(self, study: str = "s") -> pa.Table:
        return hierarchy_table(self.partitions, study)

    def cells(self, study: str = "s", organisation: str = "o") -> pa.Table:
        return pa.Table.from_pylist(list(_rows(self, study, organisation)), schema=CELLS)


def hierarchy_table(partitions: Iterable[Partition], study: str = "s") -> pa.Table:
    rows = [
        dict(zip(HIERARCHIES.names, (study, p.dimension, p.name, p.parent, child), strict=True))
        for p in partitions
        for child in p.children
    ]
    return pa.Table.from_pylist(rows, schema=HIERARCHIES)


def key(study: str, organisation: str, nodes: Mapping[str, str]) -> Key:
    """Return the cell with these nodes; a segment's node is `all` or `segment=value`."""
    return (study, organisation, *(nodes.get(dimension, "all") for dimension in DIMENSIONS))


def _masks(survey: Survey) -> dict[str, dict[str, npt.NDArray[np.bool_]]]:
    """Who is in which node, per dimension."""
    masks: dict[str, dict[str, npt.NDArray[np.bool_]]] = {d: {} for d in DIMENSIONS}
    for (dimension, _), leaf in survey.leaves.items():
        for node in sorted(set(leaf.tolist())):
            masks[dimension][node] = leaf == node
    for _ in survey.partitions:  # as many rounds as the deepest hierarchy can need
        for p in survey.partitions:
            known = [masks[p.dimension][c] for c in p.children if c in masks[p.dimension]]
            if known:
                masks[p.dimension][p.parent] = np.logical_or.reduce(known)
    for dimension, nodes in masks.items():
        if not nodes:
            nodes["2020Q4" if dimension == "period" else "all"] = np.ones(survey.size, bool)
    return masks


def _cells(survey: Survey) -> Iterable[tuple[dict[str, str], npt.NDArray[np.bool_]]]:
    """Every cell that somebody is in, and who."""
    masks = _masks(survey)
    present = survey.present if survey.present is not None else np.ones(survey.size, bool)
    for nodes in itertools.product(*(masks[d].items() for d in DIMENSIONS)):
        names = dict(zip(DIMENSIONS, (name for name, _ in nodes), strict=True))
        if names["product_code"] != "all" and names["segment"] != "all":
            continue
        inside = np.logical_and.reduce([mask for _, mask in nodes]) & present
        if inside.any() and not survey.without & set(names.values()):
            yield names, inside


def _asked(survey: Survey, measure: Measure, names: Mapping[str, str]) -> bool:
    """Whether everybody's leaf below the cell asks it: else the cell has no row of it."""
    if measure.kind == "distribution" and names["product_code"] != "all":
        return False
    if measure.asked is None:
        return True
    below = (_leaves_below(survey, d, names[d]) for d in ("period", "channel"))
    return set(itertools.product(*below)) <= measure.asked


def _leaves_below(survey: Survey, dimension: str, node: str) -> set[str]:
    children = {
        child
        for p in survey.partitions
        if p.dimension == dimension and p.parent == node
        for child in p.children
    }
    if not children:
        return {node}
    return set().union(*(_leaves_below(survey, dimension, child) for child in children))


def _rows(survey: Survey, study: str, organisation: str) -> Iterable[dict[str, object]]:
    weights = survey.weights if survey.weights is not None else np.ones(survey.size)
    for names, inside in _cells(survey):
        cell = dict(zip(CELL, key(study, organisation, names), strict=True))
        everybody = np.zeros(survey.size)
        base = Measure(BASE, BASE, "count")
        yield cell | _figures(base, None, everybody, inside, weights)
        for measure in survey.measures:
            if _asked(survey, measure, names):
                scores = survey.answers[measure.name]
                inside_too = inside & ~np.isnan(scores)
                for code in measure.codes if measure.kind == "distribution" else (None,):
                    yield cell | _figures(measure, code, scores, inside_too, weights)


def _figures(
    measure: Measure,
    code: int | None,
    scores: npt.NDArray[np.float64],
    inside: npt.NDArray[np.bool_],
    weights: npt.NDArray[np.float64],
) -> dict[str, object]:
    who = np.flatnonzero(inside)
    score, weight = scores[who], weights[who]
    if code is not None:
        score = (score == code).astype(float)
    counted = measure.kind != "count"
    return {
        "disclosure_group": measure.group,
        "measure": measure.name,
        "kind": measure.kind,
        "answer": None if code is None else str(code),
        "n": len(who),
        "n_effective": float(weight.sum() ** 2 / (weight**2).sum()) if len(who) else None,
        "weight": float(weight.sum()),
        "total": float((weight * score).sum()) if counted else None,
        "total_squared": float((weight * score**2).sum()) if counted else None,
        "low": measure.low if counted else None,
        "high": measure.high if counted else None,
    }
