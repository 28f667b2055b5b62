"""What a staged release shows when its tables are held beside one another.

Belongs here: small pandas frames that the gates put expectations on, where an expectation on one
table cannot say it: references, rounding, agreement of files and manifest. Does not belong here:
the expectations themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb
import pandas as pd

from dagster_project.release.contract import Rules, TableContract
from dagster_project.release.export import OFFLINE, literal, parquet_file, sha256_of
from dagster_project.release.manifest import DATABASE_FILE, PARQUET_FOLDER, SCHEMA, Manifest

Evidence = Mapping[str, pd.DataFrame]
EVERYTHING = "all"
VALUES = ("value", "value_rounded", "previous_value", "year_ago_value", "benchmark_value")


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Read every Parquet file of a staged release; pandas frames by table name."""
    files = sorted((folder / PARQUET_FOLDER).glob("*.parquet"))
    return {file.stem: pd.read_parquet(file) for file in files}


def read_evidence(folder: Path, manifest: Manifest, rules: Rules) -> Evidence:
    """Hold the files of a staged release beside one another; frames by subject.

    Raises:
        duckdb.Error: a file of the release cannot be read at all.

    """
    with duckdb.connect(config=OFFLINE) as engine:
        engine.execute(f"attach {literal(folder / DATABASE_FILE)} as staged_release (read_only)")
        files = sorted((folder / PARQUET_FOLDER).glob("*.parquet"))
        for file in files:
            engine.execute(f'create view "{file.stem}" as from read_parquet({literal(file)})')
        shapes = {file.stem: _columns(engine, f'"{file.stem}"') for file in files}
        frames = {
            "files": _files(engine, folder, manifest, rules, shapes),
            "columns": _column_pairs(engine, rules, shapes),
            "references": _references(engine, rules.contract, shapes),
            "figures": _figures(engine, rules, shapes),
            "periods": _periods(engine, shapes),
            "texts": _texts(engine, shapes),
        }
    return frames


Shapes = Mapping[str, tuple[tuple[str, str], ...]]


def _columns(engine: duckdb.DuckDBPyConnection, relation: str) -> tuple[tuple[str, str], ...]:
    described = engine.execute(f"describe {relation}").fetchall()
    return tuple((str(row[0]), str(row[1])) for row in described)


def _files(
    engine: duckdb.DuckDBPyConnection,
    folder: Path,
    manifest: Manifest,
    rules: Rules,
    shapes: Shapes,
) -> pd.DataFrame:
    """One row per table: whether contract, manifest, Parquet and DuckDB file speak of the same."""
    found = engine.execute(
        "select table_name from information_schema.tables where table_catalog = 'staged_release'"
    ).fetchall()
    in_database = {str(name) for (name,) in found}
    names = sorted({*rules.contract, *manifest.tables, *shapes, *in_database})
    rows = []
    for name in names:
        parquet = _content(engine, f'"{name}"') if name in shapes else (None, None)
        stored = f"staged_release.{SCHEMA}.{name}"
        database = _content(engine, stored) if name in in_database else (None, None)
        digest = sha256_of(parquet_file(folder, name)) if name in shapes else None
        rows.append(
            {
                "table": name,
                "in_contract": name in rules.contract,
                "rows_manifest": manifest.tables.get(name, -1),
                "rows_parquet": -2 if parquet[0] is None else parquet[0],
                "sha256_manifest": manifest.parquet.get(name, ""),
                "sha256_parquet": digest or "no file",
                "content_database": str(database),
                "content_parquet": str(parquet),
                "not_finite": _not_finite(engine, name, shapes.get(name, ())),
            }
        )
    return pd.DataFrame(rows)


def _content(engine: duckdb.DuckDBPyConnection, relation: str) -> tuple[int, int | None]:
    """Rows, and one number over all values that does not depend on their order."""
    row = engine.execute(
        f"select count(*), sum(hash(one)::hugeint) from {relation} as one"
    ).fetchone()
    return (int(row[0]), row[1]) if row else (0, None)


def _not_finite(
    engine: duckdb.DuckDBPyConnection, table: str, columns: Iterable[tuple[str, str]]
) -> int:
    """Cells that hold infinity or not-a-number, which pandas would take for a null."""
    doubles = [name for name, kind in columns if kind in {"DOUBLE", "FLOAT"}]
    if not doubles:
        return 0
    sums = " + ".join(f'count(*) filter (where not isfinite("{name}"))' for name in doubles)
    row = engine.execute(f'select {sums} from "{table}"').fetchone()
    return int(row[0]) if row else 0


def _column_pairs(
    engine: duckdb.DuckDBPyConnection, rules: Rules, shapes: Shapes
) -> pd.DataFrame:
    """One row per table and position: the column and type found, and those the contract names."""
    rows = []
    for table in sorted({*rules.contract, *shapes}):
        promised = rules.contract[table].columns if table in rules.contract else ()
        found = shapes.get(table, ())
        for place in range(max(len(promised), len(found))):
            name, kind = found[place] if place < len(found) else ("(missing)", "(missing)")
            wanted = promised[place] if place < len(promised) else ("(none)", "(none)")
            rows.append(
                {
                    "table": table,
                    "column": name,
                    "contract_column": wanted[0],
                    "type": kind,
                    "contract_type": _standard_type(engine, wanted[1]),
                }
            )
    return pd.DataFrame(rows)


def _standard_type(engine: duckdb.DuckDBPyConnection, kind: str) -> str:
    """Name of a type as DuckDB spells it; an unknown one as it was given."""
    try:
        return _columns(engine, f"select cast(null as {kind}) as one")[0][1]
    except duckdb.Error:
        return kind


def _references(
    engine: duckdb.DuckDBPyConnection, contract: Mapping[str, TableContract], shapes: Shapes
) -> pd.DataFrame:
    """One row per combination that a mart uses of a dimension's columns: does the latter know it?

    A mart refers to `dim_x` if it has the column of that key that is called `x` or `x_...`; then
    every column the two share must agree. The value `all` stands for the whole dimension.
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
            frames.append(
                engine.execute(
                    f"select '{mart}' as \"table\", '{dimension}' as dimension, "
                    f"concat_ws(' ', {listed}) as reference, m.\"{subject}\" = '{EVERYTHING}' or "
                    f'exists (select 1 from "{dimension}" as d where {match}) as known '
                    f'from (select distinct {listed} from "{mart}") as m'
                ).df()
            )
    return _stack(frames, ("table", "dimension", "reference", "known"))


def _dimensions(
    contract: Mapping[str, TableContract], shapes: Shapes
) -> Iterable[tuple[str, str]]:
    """Each dimension with the column of its key that it is about."""
    for table, columns in shapes.items():
        if table.startswith("dim_") and table in contract:
            about = table.removeprefix("dim_")
            names = {name for name, _ in columns}
            for name in contract[table].key:
                if name in names and (name == about or name.startswith(f"{about}_")):
                    yield table, name


def _figures(engine: duckdb.DuckDBPyConnection, rules: Rules, shapes: Shapes) -> pd.DataFrame:
    """One row per published figure of any table with metrics and values, with what it may be.

    `rounding_error` is the distance between `value_rounded` and `value`, cast to decimal(18,6) and
    rounded half away from zero in whole millionths; the other errors are those of differences.
    """
    engine.register("figure_rules", _figure_rules(rules))
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
    return _stack(frames, ("table", "study", "metric", *VALUES, "margin", "lower", "upper", *errors))


def _figure_rules(rules: Rules) -> pd.DataFrame:
    rows = [
        (study, metric, figure.lower, figure.upper, figure.decimals)
        for (study, metric), figure in rules.figures.items()
    ]
    columns = ["study", "metric", "lower", "upper", "decimals"]
    kinds = {"study": "str", "metric": "str", "lower": float, "upper": float, "decimals": int}
    return pd.DataFrame(rows, columns=columns).astype(kinds)


def _periods(engine: duckdb.DuckDBPyConnection, shapes: Shapes) -> pd.DataFrame:
    """One row per study and period of the dimension, with the rows that all marts have of it."""
    known = ("study", "period", "period_type", "closed")
    names = [name for name, _ in shapes.get("dim_period", ())]
    if not set(known) <= set(names):
        return _stack([], (*known, "rows"))
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


def _texts(engine: duckdb.DuckDBPyConnection, shapes: Shapes) -> pd.DataFrame:
    """Every distinct text of every table: what a reader could come across."""
    frames = [
        engine.execute(
            f"select distinct '{table}' as \"table\", '{name}' as \"column\", \"{name}\" as text "
            f'from "{table}" where "{name}" is not null'
        ).df()
        for table, columns in shapes.items()
        for name, kind in columns
        if kind == "VARCHAR"
    ]
    return _stack(frames, ("table", "column", "text"))


def _stack(frames: list[pd.DataFrame], columns: Iterable[str]) -> pd.DataFrame:
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(columns))


