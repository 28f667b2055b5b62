"""The series of organisations as they are now tells nothing that their parts did not publish.

A and B of the small release merged into AB in 2021, and AB into E; D will merge, but not yet.
"""

from __future__ import annotations

import math

import pyarrow as pa
import pytest
from derived_release import COLUMNS, SD, N, derived_release, error, significant, with_value

from dagster_project.disclosure.audit import audit_derived

BENCHMARK = ("benchmark_value", "benchmark_organisations", "benchmark_significant")
FIGURES = COLUMNS[10:]
INTO = {"A": "AB", "B": "AB", "AB": "E", "D": "AB", "C": None, "E": None}
NEVER_HIDDEN = {"product_code": "all", "organisation_code": "E", "period": "2020"}


def organisations() -> pa.Table:
    rows = [{"organisation_code": code, "merged_into": into} for code, into in INTO.items()]
    others = dict.fromkeys(("name", "size_class", "valid_from", "valid_to"))
    return pa.Table.from_pylist([row | others for row in rows])


def merged_release(population: tuple[int, int] | None = None) -> dict[str, pa.Table]:
    """The small release with its merged table, its rows of E worked out here.

    100 grades of A and 60 of B, half a grade higher in 2020; only the total of 2020 is whole.
    `population` is that of all answers of A and B over all products, where it is known.
    """
    tables = derived_release()
    columns = [name for name in COLUMNS if name not in BENCHMARK]
    rows = [
        {name: row[name] for name in columns}
        for row in tables["mart_kpi"].to_pylist()
        if row["organisation_code"] in ("C", "D")
    ]
    (sample,) = [r for r in rows if (r["organisation_code"], r["period"]) == ("C", "2019")][:1]
    n, mean = 160, (100 * 7.25 + 60 * 7.5) / 160
    between = 100 / 160 * (7.25 - mean) ** 2 + 60 / 160 * (7.5 - mean) ** 2
    variance = SD**2 + between
    whole = sum(population) if population else 0
    left = math.sqrt((whole - n) / whole) if whole else 1.0
    for year, shift in (("2019", 0.0), ("2020", 0.5)):
        for product in ("all", "p"):
            row = sample | dict.fromkeys(name for name in columns if name in FIGURES)
            row |= {"organisation_code": "E", "period": year, "product_code": product}
            row["period_start"] = sample["period_start"].replace(year=int(year))
            row["status"] = "suppressed"
            if (year, product) != ("2020", "p"):
                row |= {"status": "published", "n": n, "n_weighted": 160.0, "value": mean + shift}
                row["value_rounded"] = math.floor((mean + shift) * 10 + 0.5) / 10
                row["margin"] = 1.96 * math.sqrt(variance / n) * (left if product == "all" else 1)
                row["series_break"] = False
            if (year, product) == ("2020", "all"):
                both = [(variance / (n - 1), n - 1)] * 2
                row |= {"previous_value": mean, "change": 0.5, "year_ago_value": mean}
                row |= {"year_ago_change": 0.5, "change_significant": significant(0.5, *both)}
                row["year_ago_significant"] = row["change_significant"]
            rows.append(row)
    tables["mart_kpi_merged"] = pa.Table.from_pylist(rows)
    return tables | {"dim_organisation": organisations()}


def whats(tables: dict[str, pa.Table]) -> set[str]:
    return {finding.what for finding in audit_derived(tables)}


def changed(column: str, value: object, **where: str) -> set[str]:
    tables = merged_release()
    table = with_value(tables["mart_kpi_merged"], column, value, **where)
    return whats(tables | {"mart_kpi_merged": table})


def test_sums_of_published_cells_have_no_findings():
    assert error(100)[0] > 0  # the parts have a spread, so the margins are judged
    assert audit_derived(merged_release()) == []


@pytest.mark.parametrize(
    ("column", "value", "what"),
    [
        ("n", 161, "not the sum of published cells"),
        ("n_weighted", 161.0, "not the sum of published cells"),
        ("value", 7.9, "not the sum of published cells"),
        ("margin", 0.2, "margin does not follow from published cells"),
        ("margin", None, "margin does not follow from published cells"),
        ("value_rounded", 7.9, "value_rounded is not value, rounded"),
        ("change", 0.4, "change is not value - previous_value"),
        ("change_significant", False, "change_significant does not follow from published figures"),
        ("status", "suppressed", "published where a part is hidden, or hidden where none is"),
    ],
)
def test_a_figure_that_is_not_that_of_its_parts_is_found(column: str, value: object, what: str):
    assert what in changed(column, value, **NEVER_HIDDEN)


def test_a_cell_that_is_shown_though_a_part_is_hidden_is_found():
    tables = merged_release()
    # A's share of it as the whole: nothing secret, and yet not what the table promises
    table = tables["mart_kpi_merged"]
    where = {"organisation_code": "E", "period": "2020", "product_code": "p"}
    for column, value in {"status": "published", "n": 100, "value": 7.75}.items():
        table = with_value(table, column, value, **where)
    assert "published where a part is hidden, or hidden where none is" in whats(
        tables | {"mart_kpi_merged": table}
    )


def test_a_part_with_a_row_of_its_own_beside_its_successor_is_found():
    tables = merged_release()
    rows = tables["mart_kpi_merged"].to_pylist()
    twice = rows[0] | {"organisation_code": "A"}
    tables["mart_kpi_merged"] = pa.Table.from_pylist([*rows, twice])
    assert "not the sum of published cells" in whats(tables)


def test_rows_that_are_missing_or_that_no_part_has_are_found():
    tables = merged_release()
    rows = tables["mart_kpi_merged"].to_pylist()
    assert "a cell of its parts is missing" in whats(
        tables | {"mart_kpi_merged": pa.Table.from_pylist(rows[1:])}
    )
    more = rows[0] | {"product_code": "q"}
    assert "no such cell in any part" in whats(
        tables | {"mart_kpi_merged": pa.Table.from_pylist([*rows, more])}
    )


def test_the_margin_is_that_of_everybody_invited_in_every_part():
    tables = merged_release(population=(500, 500))
    response = tables["mart_response"]
    for code, n in (("A", 100), ("B", 60)):
        for year in ("2019", "2020"):
            where = {"organisation_code": code, "period": year, "product_code": "all"}
            response = with_value(response, "responses_invited", n, **where)
    found = whats(tables | {"mart_response": response})
    # A and B alone then have other spreads, which their own margins do not show
    assert "margin does not follow from published cells" in found
    kpi = tables["mart_kpi"]
    for code, n in (("A", 100), ("B", 60)):
        for year in ("2019", "2020"):
            where = {"organisation_code": code, "period": year, "product_code": "all"}
            margin = 1.96 * SD / math.sqrt(n) * math.sqrt((500 - n) / 500)
            kpi = with_value(kpi, "margin", margin, **where)
    tables |= {"mart_response": response, "mart_kpi": kpi, "mart_grade": kpi}
    assert whats(tables) == {"response_rate does not follow"}
    table = with_value(tables["mart_kpi_merged"], "margin", 0.24, **NEVER_HIDDEN)
    assert "margin does not follow from published cells" in whats(
        tables | {"mart_kpi_merged": table}
    )


def test_a_merged_cell_of_one_answer_has_no_margin(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(N, "D", 1)
    tables = merged_release()
    assert audit_derived(tables) == []
    where = {"organisation_code": "D", "period": "2020", "product_code": "all"}
    table = with_value(tables["mart_kpi_merged"], "margin", 0.0, **where)
    assert "margin does not follow from published cells" in whats(
        tables | {"mart_kpi_merged": table}
    )


def test_a_merged_table_without_the_organisations_cannot_be_judged():
    tables = merged_release()
    del tables["dim_organisation"]
    assert whats(tables) == {"the release lacks this table"}
