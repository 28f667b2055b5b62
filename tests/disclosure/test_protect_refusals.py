"""What `protect` refuses, as its guarantees would say nothing about it."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest
from hand_cells import base_figures, graded, listed, place
from made_cells import BASE, CELL, Partition, hierarchy_table

from dagster_project.disclosure.protect import Rules, protect

TEN = {"s": Rules(min_n=10)}
HALVES = hierarchy_table([Partition("product_code", "half", "all", ("A", "B"))])
NO_TOTALS = hierarchy_table([])

Row = dict[str, object]


def decided(cells: pa.Table, tree: pa.Table = NO_TOTALS) -> list[tuple[str, str]]:
    rows = protect(cells, tree, TEN).table.to_pylist()
    return [(row["disclosure_group"], row["status"]) for row in rows]


def one_cell(*rows: Row, respondents: int = 20) -> pa.Table:
    return listed({place(): [base_figures(respondents), *rows]})


def test_a_grade_of_everybody_is_accepted() -> None:
    assert decided(one_cell(graded(20, 140, 1000))) == [
        ("grade", "published"),
        (BASE, "published"),
    ]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        pytest.param([graded(21, 140, 1000)], "21 answers of 20 respondents", id="more answers"),
        pytest.param([graded(20, math.nan, 1000)], "total is not a finite number", id="nan"),
        pytest.param([graded(20, 140, math.inf)], "total_squared is not a finite", id="inf"),
        pytest.param([graded(20, 140, 1000)] * 2, "stands there 2 times", id="twice"),
        pytest.param([graded(20, 19, 1000)], "total 19 of scores from 1 to 10", id="below low"),
        pytest.param([graded(20, 201, 1000)], "total 201 of scores from 1 to 10", id="above high"),
        pytest.param(
            [graded(20, 140, 1000) | {"total": None}], "has answers and no total", id="no total"
        ),
        pytest.param([graded(20, 140, 1000) | {"kind": "grade"}], "kind grade is none", id="kind"),
        pytest.param([graded(20, 140, 1000) | {"measure": None}], "no measure", id="nameless"),
        pytest.param([base_figures(9) | {"n": -1, "measure": "x"}], "negative", id="negative"),
        pytest.param([base_figures(9) | {"n": None, "measure": "x"}], "missing", id="missing"),
        pytest.param(
            [graded(20, 140, 1000) | {"weight": -20.0}], "weight is negative", id="weight"
        ),
    ],
)
def test_refuses_figures_that_cannot_be(rows: list[Row], words: str) -> None:
    with pytest.raises(ValueError, match=words) as refused:
        decided(one_cell(*rows))
    assert "\n" not in str(refused.value)


def test_refuses_answers_in_a_cell_that_has_no_respondents() -> None:
    cells = listed({place("A"): [base_figures(20)], place("B"): [graded(12, 80, 600)]})
    with pytest.raises(ValueError, match=r"grade in .*B.*: 12 answers and no row in group"):
        decided(cells)


def test_nobody_needs_no_respondents() -> None:
    cells = listed({place("A"): [base_figures(20)], place("B"): [graded(0, 0, 0)]})
    assert ("grade", "published") in decided(cells)


def test_people_who_are_counted_apart_may_be_others_than_the_respondents() -> None:
    """Those invited are counted where they were invited, and by method, as no respondent is."""
    invited = {"disclosure_group": "invitations", "measure": "responses_invited"}
    cells = listed(
        {
            place(): [base_figures(20), base_figures(25) | invited],
            place(segment="method=letter"): [base_figures(25) | invited],
        }
    )
    assert set(decided(cells)) == {(BASE, "published"), ("invitations", "published")}


@pytest.mark.parametrize("n", [19.5, math.nan, math.inf])
def test_refuses_parts_of_a_respondent(n: float) -> None:
    cells = one_cell()
    halved = cells.set_column(cells.schema.get_field_index("n"), "n", pa.array([n]))
    with pytest.raises(ValueError, match="n is not a"):
        decided(halved)


def test_whole_numbers_may_come_as_floats() -> None:
    cells = one_cell()
    floats = cells.set_column(cells.schema.get_field_index("n"), "n", pa.array([20.0]))
    assert decided(floats) == [(BASE, "published")]


def test_refuses_text_where_numbers_belong() -> None:
    cells = one_cell()
    words = cells.set_column(cells.schema.get_field_index("weight"), "weight", pa.array(["many"]))
    with pytest.raises(ValueError, match="weight is not a finite number"):
        decided(words)


def halves(**changed: float) -> pa.Table:
    total = graded(40, 280, 2000) | changed
    return listed(
        {
            place("A"): [base_figures(20), graded(20, 140, 1000)],
            place("B"): [base_figures(20), graded(20, 140, 1000)],
            place(): [base_figures(40), total],
        }
    )


def test_parts_that_add_up_are_accepted() -> None:
    assert len(decided(halves(), HALVES)) == 6


@pytest.mark.parametrize(
    "changed", [{"n": 39}, {"weight": 39.5}, {"total": 279.0}, {"total_squared": 2001.0}]
)
def test_refuses_totals_that_are_not_the_sums_of_their_parts(changed: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"grade, grade in .*: the total is not the sum"):
        decided(halves(**changed), HALVES)


@pytest.mark.parametrize("end", [{"low": 5.0}, {"high": 9.0}])
def test_refuses_a_measure_with_two_scales(end: dict[str, float]) -> None:
    cells = listed(
        {
            place("A"): [base_figures(20), graded(20, 140, 1000)],
            place("B"): [
                base_figures(20),
                graded(20, 140, 1000) | end,
            ],
        }
    )
    with pytest.raises(ValueError, match=r"grade, grade .*: more than one kind, low or high"):
        decided(cells)


@pytest.mark.parametrize("rows", [pa.table({}), one_cell().slice(0, 0)])
def test_nothing_gives_an_empty_pattern(rows: pa.Table) -> None:
    assert protect(rows, NO_TOTALS, {}).table.num_rows == 0


def test_nothing_adds_up_where_the_hierarchies_are_empty() -> None:
    assert decided(one_cell(), pa.table({})) == [(BASE, "published")]


@pytest.mark.parametrize("column", [*CELL, "disclosure_group", "measure", "kind", "answer", "n"])
def test_names_the_columns_of_cells_that_are_missing(column: str) -> None:
    with pytest.raises(ValueError, match=f"^cells has no column {column}$"):
        decided(one_cell().drop_columns([column]))


def test_names_the_columns_that_only_scores_need() -> None:
    ends = ["low", "high"]
    assert decided(one_cell().drop_columns(ends)) == [(BASE, "published")]
    with pytest.raises(ValueError, match=r"^cells has no column low, high$"):
        decided(one_cell(graded(20, 140, 1000)).drop_columns(ends))


def test_names_the_columns_of_hierarchies_that_are_missing() -> None:
    with pytest.raises(ValueError, match=r"^hierarchies has no column partition$"):
        decided(halves(), HALVES.drop_columns(["partition"]))
