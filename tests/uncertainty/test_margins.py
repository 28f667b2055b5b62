"""Margins of error as one report prints them: 252 customers, 95 %, in per cent."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_up import EVERYTHING, STARTS, inputs
from project_sql import ProjectSql

CUSTOMERS = 252
# by number of answers, for 50-50, 75-25 and 90-10
PRINTED = {
    40: (14.2, 12.3, 8.5),
    50: (12.4, 10.7, 7.4),
    60: (11.0, 9.6, 6.6),
    75: (9.5, 8.2, 5.7),
    100: (7.6, 6.6, 4.6),
}
SPLITS = (50, 75, 90)


def test_the_printed_table_of_margins_is_reproduced(sql: ProjectSql, tmp_path: Path) -> None:
    cells, responses = [], []
    for n in PRINTED:
        place = {"study": "s", "organisation_code": f"o{n}", "period": "2020Q1", **EVERYTHING}
        counts = {"invited": CUSTOMERS, "responses": n, "responses_invited": n}
        responses.append(place | counts)
        for split in SPLITS:
            # the table is of percentages: half of 75 answers is 37.5
            cells.append(
                place
                | {"metric": f"m{split}", "n": n, "sum_weight": n, "sum_weight_squared": n}
                | {"sum_score": n * split, "sum_score_squared": n * split * 100}
                | {"period_type": "quarter", "period_start": STARTS["2020Q1"]}
            )
    given = inputs(cells, population="invited") | {"int_published_responses": responses}

    with sql.run(tmp_path, given) as engine:
        rows = engine.execute(
            "select organisation_code, metric, margin from intermediate.int_compared_cells"
        ).fetchall()

    found = {(code, metric): margin for code, metric, margin in rows}
    assert len(found) == 15
    for n, printed in PRINTED.items():
        for split, figure in zip(SPLITS, printed, strict=True):
            assert found[f"o{n}", f"m{split}"] == pytest.approx(figure, abs=0.05 + 1e-9), (n, split)
