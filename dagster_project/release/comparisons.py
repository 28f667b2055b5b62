"""Marts held against dimensions and rules, with SQL on the staged Parquet files.

Belongs here: references, figures with what they may be, rows per period. Does not belong here: the
expectations that are put on them. Every function takes a connection that has a view per table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb
import pandas as pd

from dagster_project.release.contract import Rules, TableContract
from dagster_project.release.described import NEARLY

EVERYTHING = "all"
VALUES = ("value", "value_rounded", "previous_value", "year_ago_value", "benchmark_value")
Shapes = Mapping[str, tuple[tuple[str, str], ...]]
"""Columns and types found, by table."""


def references(
    engine: duckdb.DuckDBPyConnection, contract: Mapping[str, TableContract], shapes: Shapes
) -> pd.DataFrame:
    """One row per combination of a dimension's columns that a mart uses, and whether it is known.

    A mart refers to `dim_x` if it has the column of that key that is called `x` or `x_...`; then
    every column the two share must agree. The value `all` stands for the whole dimension, and null,
    where it is no part of the mart's key, for none of it.
    """
    frames = []
    for dimension, subject in _dimensions(contract, shapes):
        for mart, columns in shapes.items():
            names = [name for name, _ in columns]
            if mart.startswith("dim_") or subject not in names:
                continue
            shared = [name for name, _ in shapes[dimension] if name in names]
            match = " and ".join(f'd."{name}" is not distinct from m."{name}"' for name in shared)
            listed = ", ".join(f'"{name}"' for name in shared)
            # what is no part of a key may be unknown: a quadrant where there is no importance
            is_key = mart not in contract or subject in contract[mart].key
            whole = f"coalesce(m.\"{subject}\", '{'' if is_key else EVERYTHING}') = '{EVERYTHING}'"
            frames.append(
                engine.execute(
                    f"select '{mart}' as \"table\", '{dimension}' as dimension, "
                    f"concat_ws(' ', {listed}) as reference, {whole} "
                    f'or exists (select 1 from "{dimension}" as d where {match}) as known '
                    f'from (select distinct {listed} from "{mart}") as m'
                ).df()
            )
    return stack(frames, ("table", "dimension", "reference", "known"))


def _dimensions(contract: Mapping[str, TableContract], shapes: Shapes) -> Iterable[tuple[str, str]]:
    """Each dimension with the column of its key that it is about."""
    for table, columns in shapes.items():
        if table.startswith("dim_") and table in contract:
            about = table.removeprefix("dim_")
            names = {name for name, _ in columns}
            for name in contract[table].key:
                if name in names and (name == about or name.startswith(f"{about}_")):
                    yield table, name


def figures(engine: duckdb.DuckDBPyConnection, rules: Rules, shapes: Shapes) -> pd.DataFrame:
    """One row per published figure of any table with metrics and values, with what it may be.

    `rounding_error` is the distance between `value_rounded` and `value`, cast to decimal(18,6) and
    rounded half away from zero in whole millionths; the other errors are those of differences.
    A weighted mean of equal scores can lie off them by as much as a double is rounded.
    """
    engine.execute(
        "create table figure_rules "
        "(study varchar, metric varchar, lower double, upper double, decimals integer)"
    )
    for (study, metric), rule in rules.figures.items():
        engine.execute(
            "insert into figure_rules values (?, ?, ?, ?, ?)",
            [study, metric, rule.lower - NEARLY, rule.upper + NEARLY, rule.decimals],
        )
    needed = {"study", "metric", "status", "margin", "change", "year_ago_change", *VALUES}
    frames = []
    for table, columns in shapes.items():
        present = {name for name, _ in columns}
        if not {"study", "metric", "status", "value", "value_rounded"} <= present:
            continue
        optional = {name: name if name in present else "null::double" for name in needed}
        listed = ", ".join(f"{what} as {name}" for name, what in optional.items())
        frames.append(
            engine.execute(
                f"with figures as (select {listed} from \"{table}\" where status = 'published'), "
                "sized as (select *, (abs(value)::decimal(18, 6) * 1000000)::hugeint as millionths,"
                " (10 ** (6 - decimals))::hugeint as step "
                "from figures left join figure_rules using (study, metric)) "
                f"select '{table}' as \"table\", study, metric, {', '.join(VALUES)}, margin, "
                "lower, upper, abs(value_rounded - sign(value) * "
                "((millionths + step // 2) // step * step)::double / 1000000) as rounding_error, "
                "abs(value - previous_value - change) as change_error, "
                "abs(value - year_ago_value - year_ago_change) as year_ago_error from sized"
            ).df()
        )
    errors = ("rounding_error", "change_error", "year_ago_error")
    return stack(frames, ("table", "study", "metric", *VALUES, "margin", "lower", "upper", *errors))


def periods(engine: duckdb.DuckDBPyConnection, shapes: Shapes) -> pd.DataFrame:
    """One row per study and period of the dimension, with the rows that all marts have of it."""
    known = ("study", "period", "period_type", "closed")
    names = [name for name, _ in shapes.get("dim_period", ())]
    if not set(known) <= set(names):
        return stack([], (*known, "rows"))
    marts = [
        f'select study, period from "{table}"'
        for table, columns in shapes.items()
        if not table.startswith("dim_") and {"study", "period"} <= {name for name, _ in columns}
    ]
    union = " union all ".join(marts) or "select null as study, null as period limit 0"
    return engine.execute(
        f"select {', '.join(f'd.{name}' for name in known)}, count(m.period) as rows "
        f"from dim_period as d left join ({union}) as m using (study, period) group by all"
    ).df()


def stack(frames: list[pd.DataFrame], columns: Iterable[str]) -> pd.DataFrame:
    """Put frames under one another; without any, an empty one with these columns."""
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(columns))
