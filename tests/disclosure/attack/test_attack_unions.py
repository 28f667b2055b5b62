"""Small unions of hidden cells that are known: by hand, and against trying every subset."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pyarrow as pa
from attack_tables import (
    CELL,
    GRADE,
    attacked,
    figures,
    kpi,
    place,
    release,
    responses,
    tree,
    unions,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dagster_project.disclosure.attack import attack
from dagster_project.disclosure.attack.structure import Kernel, Structure
from dagster_project.disclosure.attack.unions import PRIME, basis_of

ROWS, COLUMNS = ("a", "b"), ("X", "Y", "Z")
LEAVES = tuple(product(ROWS, COLUMNS))
CELLS = tuple(product(("all", *ROWS), ("all", *COLUMNS)))
HIERARCHIES = tree(("channel", "all", ROWS), ("product_code", "all", COLUMNS))
MOST = 9

Cell = tuple[str, str]
RELAXED = settings(max_examples=40, suppress_health_check=[HealthCheck.filter_too_much])


def covers(cell: Cell, leaf: Cell) -> bool:
    return all(c in ("all", part) for c, part in zip(cell, leaf, strict=True))


def known_space(hidden: set[Cell]) -> np.ndarray:
    """One row per published cell: which leaves it counts."""
    rows = [[covers(cell, leaf) for leaf in LEAVES] for cell in CELLS if cell not in hidden]
    return np.array(rows, dtype=float).reshape(-1, len(LEAVES))


def inside(space: np.ndarray, union: np.ndarray) -> bool:
    rank = np.linalg.matrix_rank
    return bool(rank(np.vstack([space, union])) == (rank(space) if len(space) else 0))


def subsets(leaves: list[Cell]) -> list[np.ndarray]:
    return [
        np.array([leaf in chosen for leaf in LEAVES], dtype=float)
        for size in range(1, len(leaves) + 1)
        for chosen in combinations(leaves, size)
    ]


def published(n: dict[Cell, int], hidden: set[Cell]) -> dict[str, pa.Table]:
    shown = {("2020", *cell): None if cell in hidden else n[cell] for cell in CELLS}
    return release(response=responses(shown), kpis=[])


def totals(leaves: tuple[int, ...]) -> dict[Cell, int]:
    table = dict(zip(LEAVES, leaves, strict=True))
    return {cell: sum(n for leaf, n in table.items() if covers(cell, leaf)) for cell in CELLS}


def targets(n: dict[Cell, int]) -> pa.Table:
    """Every cell with fewer than ten may be in a union."""
    rows = [
        place(("2020", *cell)) | {"measure": "responses", "figure": "union", "vintage": 0}
        | {"low": float(n[cell])}
        for cell in CELLS if n[cell] <= MOST
    ]  # fmt: skip
    texts = [(name, pa.string()) for name in (*CELL, "measure", "figure")]
    numbers = [("low", pa.float64()), ("high", pa.float64())]
    return pa.Table.from_pylist(rows, pa.schema([*texts, ("vintage", pa.int64()), *numbers]))


counts = st.tuples(*(st.integers(1, 12) for _ in LEAVES))
patterns = st.sets(st.sampled_from(CELLS))


@RELAXED
@given(counts, patterns)
def test_the_lightest_union_is_that_of_all_subsets(leaves: tuple[int, ...], hidden: set[Cell]):
    n = totals(leaves)
    space = known_space(hidden)
    weights = [
        int(union @ np.array(leaves))
        for union in subsets([leaf for leaf in LEAVES if leaf in hidden])
        if inside(space, union)
    ]
    expected = min((weight for weight in weights if weight <= MOST), default=None)

    for given_targets in (None, targets(n)):
        result = attacked(published(n, hidden), HIERARCHIES, targets=given_targets, explain=False)
        found = [weight for measure, _, _, weight, _ in unions(result) if measure == "responses"]
        assert found == ([] if expected is None else [expected])
        assert result.limit == 0


movers = st.lists(
    st.tuples(st.sampled_from(LEAVES), st.sampled_from(LEAVES), st.booleans()), max_size=2
)


@RELAXED
@given(st.tuples(*(st.sampled_from((0, 0, 1, 4, 12)) for _ in LEAVES)), movers, patterns, patterns)
def test_the_lightest_union_of_a_difference_is_that_of_all_subsets(
    people: tuple[int, ...],
    moved: list[tuple[Cell, Cell, bool]],
    hidden_then: set[Cell],
    hidden_now: set[Cell],
):
    moved = [row for row in moved if row[0] != row[1]]
    spaces = [known_space(hidden) for hidden in (hidden_then, hidden_now)]
    found_by_hand = []
    for union in subsets(list(LEAVES)):
        changed = int(union @ np.array(people))
        ends = [
            (union[LEAVES.index(a)], union[LEAVES.index(b)], altered) for a, b, altered in moved
        ]
        noticed = sum(one != other or (altered and one > 0) for one, other, altered in ends)
        if changed <= MOST and changed + noticed and all(inside(s, union) for s in spaces):
            found_by_hand.append(changed)

    n = totals((30,) * len(LEAVES))
    pair = {"measure": "responses", "before": 1, "after": 0}
    rows = [place(("2020", *leaf)) | pair | {"people": k}
            for leaf, k in zip(LEAVES, people, strict=True) if k]  # fmt: skip
    moves = [
        place(("2020", *a)) | pair | {"people": 1, "altered": altered}
        | {f"to_{name}": value for name, value in place(("2020", *b)).items()}
        for a, b, altered in moved
    ]  # fmt: skip
    schema = pa.schema([(name, pa.string()) for name in (*CELL, "measure")] + [
        (name, pa.int64()) for name in ("before", "after", "people")])  # fmt: skip
    result = attack(
        figures(published(n, hidden_now), published(n, hidden_then)),
        HIERARCHIES,
        GRADE,
        changed=pa.Table.from_pylist(rows, schema),
        moved=pa.Table.from_pylist(moves) if moves else None,
        explain=False,
    )

    found = [weight for measure, _, since, weight, _ in unions(result)
             if measure == "responses" and since == 1]  # fmt: skip
    assert found == ([min(found_by_hand)] if found_by_hand else [])


def test_partitions_of_one_total_tell_a_cell_though_the_total_is_hidden():
    """Two sizes are published with 10 and 6, so all are 16; A has 12 of them, and B four."""
    both = tree(("product_code", "all", ("A", "B")), ("segment", "all", ("size=x", "size=y")))
    rows = kpi({("2020", "all", "all"): None, ("2020", "all", "A"): (12, 84.0),
                ("2020", "all", "B"): None})  # fmt: skip
    sizes = kpi({("2020", "all", "all"): (10, 70.0)}) + kpi({("2020", "all", "all"): (6, 42.0)})
    rows += [row | {"segment": "size", "segment_value": value}
             for row, value in zip(sizes, "xy", strict=True)]  # fmt: skip

    (found,) = [row for row in attacked(release(kpis=rows), both).unions.to_pylist()
                if row["measure"] == "grade"]  # fmt: skip

    assert (found["weight"], found["members"]) == (4, ["o 2020 B"])
    assert found["equation"] == (
        "o 2020 B = 10 (o 2020 size=x) + 6 (o 2020 size=y) - 12 (o 2020 A)"
    )


def test_a_member_may_have_nobody_who_answered():
    """Of B nobody answered: A and B together are the seven of A."""
    products = tree(("product_code", "all", ("A", "B", "C")))
    shown = {("2020", "all", "all"): (67, 469.0), ("2020", "all", "C"): (60, 420.0)}
    hidden = dict.fromkeys((("2020", "all", "A"), ("2020", "all", "B")))

    found = unions(attacked(release(kpis=kpi(shown | hidden)), products))

    assert ("grade", 0, None, 7, ["o 2020 A", "o 2020 B"]) in found


@given(st.lists(st.lists(st.integers(-1, 1), min_size=6, max_size=6), min_size=1, max_size=5),
       st.sets(st.integers(0, 5)))  # fmt: skip
def test_the_reduced_basis_spans_what_is_known_of_the_free_cells_alone(
    matrix: list[list[int]], free: set[int]
):
    dense = np.array(matrix)
    row, cell = np.nonzero(dense)
    mask = np.isin(np.arange(6), sorted(free))
    every, none = np.arange(6), np.empty(0, dtype=np.int64)
    coefficients = dense[row, cell].astype(float)
    empty = ~dense.any(axis=1)
    structure = Structure(every, every, row, cell, coefficients, none, none, none * 1.0, empty)

    basis = basis_of(Kernel(structure).columns, np.zeros(6), mask)

    rank = np.linalg.matrix_rank
    bounded = dense[:, ~mask]
    expected = rank(dense) - (rank(bounded) if bounded.size else 0)
    assert len(basis.rows) == expected
    assert (basis.rows < PRIME).all()
    assert set(basis.cells.tolist()) == free
