"""The suppression pattern, on cells small enough to see."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dagster_project.disclosure.protect import Layout, Rules, protect

CELL = Layout().cell
CELL_OF = {
    "study": "s",
    "organisation_code": "o",
    "period": "2020Q4",
    "channel": "all",
    "product_code": "all",
    "segment": "all",
}
TEN = {"s": Rules(min_n=10)}
NUMBERS = ("n_effective", "weight", "total", "total_squared", "low", "high")
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in (*CELL, "disclosure_group", "measure", "kind", "answer")),
        ("n", pa.int64()),
        *((name, pa.float64()) for name in NUMBERS),
    ]
)
NO_TOTALS = pa.table(
    {
        name: pa.array([], pa.string())
        for name in ("study", "dimension", "partition", "parent", "child")
    }
)


def counts(*rows: tuple[str, str, int], **cell: str) -> pa.Table:
    return pa.Table.from_pylist(
        [
            CELL_OF
            | cell
            | {
                "disclosure_group": group,
                "measure": measure,
                "kind": "count",
                "answer": None,
                "n": n,
                "n_effective": float(n),
                "weight": float(n),
            }
            for group, measure, n in rows
        ],
        SCHEMA,
    )


def published(cells: pa.Table, rules: dict[str, Rules] = TEN) -> dict[str, bool]:
    pattern = protect(cells, NO_TOTALS, rules).table.to_pylist()
    return {row["disclosure_group"]: row["status"] == "published" for row in pattern}


def test_suppresses_nine_respondents_and_publishes_ten():
    assert published(counts(("responses", "responses", 9))) == {"responses": False}
    assert published(counts(("responses", "responses", 10))) == {"responses": True}


def test_follows_the_min_n_of_the_study():
    assert published(counts(("responses", "responses", 9)), {"s": Rules(min_n=9)})["responses"]


def test_a_cell_of_invitations_without_answers_is_no_secret():
    assert published(counts(("responses", "responses", 0))) == {"responses": True}


def test_hides_every_group_of_a_hidden_cell_even_unanswered_ones():
    cells = counts(("responses", "responses", 9), ("a", "a", 0), ("b", "b", 9))
    assert published(cells) == {"responses": False, "a": False, "b": False}


def test_hides_a_group_without_hiding_the_cell_or_its_other_groups():
    cells = counts(("responses", "responses", 12), ("a", "a", 9), ("b", "b", 10))
    assert published(cells) == {"responses": True, "a": False, "b": True}


def test_hides_a_composite_together_with_all_its_items():
    cells = counts(
        ("responses", "responses", 12),
        ("friendly", "composite", 12),
        ("friendly", "item one", 12),
        ("friendly", "item two", 3),
    )
    assert published(cells) == {"responses": True, "friendly": False}


def test_refuses_figures_without_a_count_of_respondents():
    with pytest.raises(ValueError, match="needs one measure in group responses"):
        published(counts(("a", "a", 50)))


def test_hides_figures_that_rest_on_a_few_heavy_weights():
    cells = counts(("responses", "responses", 12), ("a", "a", 12))
    heavy = cells.set_column(
        cells.schema.get_field_index("n_effective"), "n_effective", pa.array([12.0, 4.9])
    )
    assert published(heavy) == {"responses": True, "a": False}


def test_names_each_cell_once_in_the_order_of_its_key():
    cells = pa.concat_tables(
        [counts(("responses", "responses", 20), product_code=code) for code in ("b", "a")]
    )
    pattern = protect(cells, NO_TOTALS, TEN).table
    assert pattern.column_names == [*CELL, "disclosure_group", "status", "role"]
    assert pattern["product_code"].to_pylist() == ["a", "b"]


def test_has_nothing_to_say_where_nobody_answered():
    pattern = protect(counts(), NO_TOTALS, TEN)
    assert pattern.table.column_names == [*CELL, "disclosure_group", "status", "role"]
    assert (pattern.table.num_rows, pattern.report.cells) == (0, 0)


def test_refuses_a_study_without_rules_and_counts_that_cannot_be():
    with pytest.raises(ValueError, match="no rules for study s"):
        protect(counts(("responses", "responses", 9)), NO_TOTALS, {})
    with pytest.raises(ValueError, match="negative or missing"):
        protect(counts(("responses", "responses", -1)), NO_TOTALS, TEN)
    with pytest.raises(ValueError, match="min_n is 0"):
        Rules(min_n=0)
