"""A benchmark within a size class is made of what the others of that class published."""

from __future__ import annotations

import pyarrow as pa
import pytest
from derived_release import VALUE, N, derived_release, error, significant, with_value

from dagster_project.disclosure.audit import audit_derived

SIZES = {"A": "large", "B": "large", "C": "large", "D": None}
BENCHMARK = ("benchmark_value", "benchmark_organisations", "benchmark_significant")
SHIFT = {"2019": 0.0, "2020": 0.5}


def with_classes(pooled: bool = False) -> dict[str, pa.Table]:
    """The small release with benchmarks among the large ones, of which there are three."""
    tables = derived_release()
    rows = tables["mart_kpi"].to_pylist()
    for row in rows:
        row.update(dict.fromkeys(BENCHMARK))
        own, year = row["organisation_code"], row["period"]
        others = [code for code in "ABC" if code != own]
        # B shows nothing of the product in 2020, which leaves one other: too few
        if SIZES[own] is None or (year, row["product_code"]) == ("2020", "p"):
            continue
        share = {code: N[code] if pooled else 1 for code in others}
        whole = sum(share.values())
        mean = sum(share[code] * (VALUE[code] + SHIFT[year]) for code in others) / whole
        parts = [(error(N[c])[0] * (share[c] / whole) ** 2, error(N[c])[1]) for c in others]
        flag = significant(row["value"] - mean, error(N[own]), *parts)
        row.update(zip(BENCHMARK, (mean, 2, flag), strict=True))
    table = pa.Table.from_pylist(rows, tables["mart_kpi"].schema)
    columns = ("name", "valid_from", "valid_to", "merged_into")
    organisations = [
        {"organisation_code": code, "size_class": size} | dict.fromkeys(columns)
        for code, size in SIZES.items()
    ]
    tables |= {"mart_kpi": table, "mart_grade": table}
    return tables | {"dim_organisation": pa.Table.from_pylist(organisations)}


def whats(tables: dict[str, pa.Table]) -> set[str]:
    return {finding.what for finding in audit_derived(tables, benchmark_minimum={"s": 2})}


@pytest.mark.parametrize("pooled", [False, True])
def test_a_benchmark_of_others_of_the_class_has_no_findings(pooled: bool):
    assert whats(with_classes(pooled)) == set()


@pytest.mark.parametrize("pooled", [False, True])
@pytest.mark.parametrize(
    ("organisation", "value"),
    # of C alone, of all three others, and of somebody without a class
    [("A", 8.5), ("A", (8.0 + 8.5 + 6.9) / 3), ("D", 8.0)],
)
def test_another_benchmark_is_found(pooled: bool, organisation: str, value: float):
    tables = with_classes(pooled)
    where = {"organisation_code": organisation, "period": "2020", "product_code": "all"}
    table = with_value(tables["mart_kpi"], "benchmark_value", value, **where)
    found = whats(tables | {"mart_kpi": table, "mart_grade": table})
    assert "benchmark_value is not the mean of the others' published values" in found


def test_a_benchmark_within_a_class_that_nobody_can_know_is_found():
    tables = with_classes()
    del tables["dim_organisation"]
    assert "benchmark_organisations is not the number of others published" in whats(tables)
