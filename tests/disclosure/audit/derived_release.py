"""A whole small release with everything derived, computed here row by row and by hand's formulas.

One study, four organisations, two years, two products, one grade; B's product is hidden in 2020.
"""

from __future__ import annotations

import datetime as dt
import math

import pyarrow as pa
from scipy.stats import t

COLUMNS = (
    *("study", "organisation_code", "period", "channel", "product_code", "segment"),
    *("segment_value", "metric", "period_type", "period_start", "n", "n_weighted", "value"),
    *("value_rounded", "margin", "status", "previous_value", "change", "change_significant"),
    *("year_ago_value", "year_ago_change", "year_ago_significant", "benchmark_value"),
    *("benchmark_organisations", "benchmark_significant", "series_break"),
)
VALUES = COLUMNS[10:]
SD = 1.5
Row = dict[str, object]
N = {"A": 100, "B": 60, "C": 80, "D": 40}
VALUE = {"A": 7.25, "B": 7.5, "C": 8.0, "D": 6.4}


def significant(difference: float, *errors: tuple[float, float]) -> bool | None:
    """Welch's test from (squared standard error, degrees of freedom); None with one answer."""
    if any(f < 1 for _, f in errors):
        return None
    error = sum(e for e, _ in errors)
    df = error**2 / sum(e**2 / f for e, f in errors)
    return bool(abs(difference) > t.ppf(0.975, df) * math.sqrt(error))


def error(n: int) -> tuple[float, float]:
    return SD**2 / (n - 1) if n > 1 else math.nan, n - 1


def base_rows() -> dict[tuple[str, str, str], tuple[int, float] | None]:
    """(n, value) by organisation, year and product; None is hidden."""
    rows: dict[tuple[str, str, str], tuple[int, float] | None] = {}
    for year, shift in (("2019", 0.0), ("2020", 0.5)):
        for code, n in N.items():
            rows[code, year, "all"] = (n, VALUE[code] + shift)
            rows[code, year, "p"] = (n, VALUE[code] + shift)
    rows["B", "2020", "p"] = None
    return rows


def kpi_row(key: tuple[str, str, str]) -> Row:
    code, year, product = key
    rows = base_rows()
    row: Row = {
        "study": "s",
        "organisation_code": code,
        "period": year,
        "channel": "all",
        "product_code": product,
        "segment": "all",
        "segment_value": "all",
        "metric": "grade",
        "period_type": "year",
        "period_start": dt.date(int(year), 1, 1),
        "status": "suppressed",
    }
    mine = rows[key]
    if mine is None:
        return row | dict.fromkeys(name for name in VALUES if name != "status")
    n, value = mine
    others = [
        pair for (c, y, p), pair in rows.items() if c != code and (y, p) == (year, product) and pair
    ]
    row |= dict.fromkeys(VALUES)
    row |= {"status": "published", "n": n, "n_weighted": float(n), "value": value}
    row |= {
        "value_rounded": math.floor(value * 10 + 0.5) / 10,
        "margin": 1.96 * SD / math.sqrt(n) if n > 1 else None,
        "series_break": False,
    }
    if len(others) >= 3:
        mean = sum(v for _, v in others) / len(others)
        parts = [(error(k)[0] / len(others) ** 2, error(k)[1]) for k, _ in others]
        row |= {"benchmark_value": mean, "benchmark_organisations": len(others)}
        row["benchmark_significant"] = significant(value - mean, error(n), *parts)
    then = rows.get((code, str(int(year) - 1), product))
    if then is not None:
        flag = significant(value - then[1], error(n), error(then[0]))
        for old, change, mark in (
            ("previous_value", "change", "change_significant"),
            ("year_ago_value", "year_ago_change", "year_ago_significant"),
        ):
            row |= {old: then[1], change: value - then[1], mark: flag}
    return row


def response_row(key: tuple[str, str, str]) -> Row:
    code, year, product = key
    row: Row = {"study": "s", "organisation_code": code, "period": year, "channel": "all"}
    row |= {"product_code": product, "period_type": "year", "status": "published"}
    row |= {"period_start": dt.date(int(year), 1, 1)}
    hidden = base_rows()[key] is None
    n = N[code]
    counts = {"invited": 500, "undeliverable": 20, "opted_out": 5, "net_sample": 475}
    counts |= {"responses": n, "responses_invited": n - 1, "reviews": 3, "tips": 2}
    rate = 100 * (n - 1) / 475
    sample = {"required_sample": math.ceil(384.16 / (1 + 383.16 / 500))}
    reached = n - 1 >= sample["required_sample"]
    rest = {"response_rate": rate, **sample, "required_reached": reached}
    if hidden:
        return row | dict.fromkeys([*counts, *rest]) | {"status": "suppressed"}
    return row | counts | rest


def derived_release() -> dict[str, pa.Table]:
    keys = list(base_rows())
    kpis = [kpi_row(key) for key in keys]
    suppression = [
        {"study": "s", "organisation_code": code, "period": year, "channel": "all"}
        | {"cells_published": 1 if (code, year) == ("B", "2020") else 2}
        | {"cells_suppressed": 1 if (code, year) == ("B", "2020") else 0}
        | {"answers_suppressed_share": 1.0 if (code, year) == ("B", "2020") else 0.0}
        for year in ("2019", "2020")
        for code in N
    ]
    periods = [
        {"study": "s", "period": year, "period_type": "year"}
        | {"period_start": dt.date(int(year), 1, 1), "period_end": dt.date(int(year), 12, 31)}
        | {"previous_period": before, "year_ago_period": before, "closed": True}
        for year, before in (("2019", None), ("2020", "2019"))
    ]
    metric = {"study": "s", "metric": "grade", "label_nl": "Cijfer", "label_en": "Grade"}
    metric |= {"definition_nl": "", "definition_en": "", "family": "mean", "unit": "grade"}
    metric |= {"decimals": 1, "base": "answered", "disclosure_group": "grade"}
    table = pa.Table.from_pylist([{name: row[name] for name in COLUMNS} for row in kpis])
    return {
        "mart_kpi": table,
        "mart_grade": table,
        "mart_response": pa.Table.from_pylist([response_row(key) for key in keys]),
        "mart_suppression": pa.Table.from_pylist(suppression),
        "dim_period": pa.Table.from_pylist(periods),
        "dim_metric": pa.Table.from_pylist([metric | {"higher_is_better": True}]),
    }


def with_value(table: pa.Table, column: str, value: object, **where: str) -> pa.Table:
    """The table with another value in the rows where these columns have these values."""
    rows = table.to_pylist()
    for row in rows:
        if all(row[name] == wanted for name, wanted in where.items()):
            row[column] = value
    schema = table.schema
    if pa.types.is_null(schema.field(column).type):
        field = pa.field(column, pa.scalar(value).type)
        schema = schema.set(schema.get_field_index(column), field)
    return pa.Table.from_pylist(rows, schema)
