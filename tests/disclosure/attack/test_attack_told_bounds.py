"""What hidden rows tell of themselves: limits of n, and means that are rounded."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dagster_project.disclosure.attack import Layout, attack

LAYOUT = Layout(table="study", dimensions=("service",), asked_by=(), time="service")
SCALE = pa.table({"study": ["s"], "metric": ["grade"], "kind": ["mean"], "low": [1], "high": [10]})


def attacked(rows: list[dict[str, object]], **options: float) -> dict[tuple[str, str, str], dict]:
    columns = ("n", "weight", "n_low", "n_high", "top_low", "top_high", "bottom_low", "bottom_high")
    figures = pa.table(
        {
            **{name: [row[name] for row in rows] for name in ("service", "measure", "hidden")},
            "study": ["s"] * len(rows),
            **{name: pa.array([row.get(name) for row in rows], pa.float64()) for name in columns},
        }
    )
    parts = sorted({str(row["service"]) for row in rows} - {"all"})
    adds_up = pa.table(
        {
            "study": ["s"] * len(parts),
            "dimension": ["service"] * len(parts),
            "partition": ["p"] * len(parts),
            "parent": ["all"] * len(parts),
            "child": parts,
        }
    )
    found = attack(figures, adds_up, SCALE, layout=LAYOUT, **options)  # type: ignore[arg-type]
    return {(r["service"], r["measure"], r["figure"]): r for r in found.intervals.to_pylist()}


def count(service: str, n: int | None, low: int | None = None, high: int | None = None) -> dict:
    told = {"n": n, "weight": n, "n_low": low, "n_high": high}
    return {"service": service, "measure": "responses", "hidden": n is None, **told}


def test_limits_of_hidden_rows_narrow_each_other() -> None:
    """17 in two cells of 9 at most: 8 or 9 each."""
    rows = [count("all", 60), count("a", 43), count("b", None, 0, 9), count("c", None, 0, 9)]
    found = attacked(rows, explain_within=1)
    cell = found["b", "responses", "n"]
    assert (cell["low"], cell["high"], cell["exact"]) == (8, 9, False)
    assert cell["equation"] == "b >= 60 (all) - 43 (a) as c <= 9 and <= 9"


def test_a_row_that_tells_it_may_be_nobody_is_not_taken_for_somebody() -> None:
    grades = [{"service": s, "measure": "grade", "hidden": True} for s in ("all", "a", "b")]
    told = attacked([count("all", 20), count("a", None, 0), count("b", None, 0), *grades])
    silent = attacked([count("all", 20), count("a", None), count("b", None), *grades])
    assert told["a", "responses", "n"]["low"] == 0
    assert silent["a", "responses", "n"]["low"] == 1


def test_a_cell_that_is_a_sum_of_published_ones_has_their_factors() -> None:
    found = attacked([count("all", 60), count("a", 43), count("b", 10), count("c", None)])
    cell = found["c", "responses", "n"]
    assert cell["equation"] == "c = 60 (all) - 43 (a) - 10 (b)"
    assert [(t["factor"], t["cell"]) for t in cell["terms"]] == [
        (-1, ["s", "a"]),
        (1, ["s", "all"]),
        (-1, ["s", "b"]),
    ]


def test_a_rounded_mean_is_a_mean_within_bounds() -> None:
    """Ten grades add up to 79.5 to 80.5 and six of them to 47.7 to 48.3: four to 31.2 to 32.8.

    Above the minimum, in shares of the nine points of the scale: (79.5 - 10) / 9 to (80.5 - 10) / 9
    and (47.7 - 6) / 9 to (48.3 - 6) / 9; what is left of n is below the maximum.
    """
    rows = [count("all", 10), count("a", 6), count("b", None)]
    for service, n, low, high in (("all", 10, 79.5, 80.5), ("a", 6, 47.7, 48.3)):
        top = ((low - n) / 9, (high - n) / 9)
        ends = {"top_low": top[0], "top_high": top[1]}
        ends |= {"bottom_low": n - top[1], "bottom_high": n - top[0], "n_low": n, "n_high": n}
        rows.append({"service": service, "measure": "grade", "hidden": True, **ends})
    rows.append({"service": "b", "measure": "grade", "hidden": True})
    found = attacked(rows)
    mean = found["b", "grade", "mean"]
    assert (mean["low"], mean["high"]) == pytest.approx((31.2 / 4, 32.8 / 4))
