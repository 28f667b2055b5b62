"""What a staged release shows when its tables are held beside one another.

Belongs here: small pandas frames that the gates put expectations on, where an expectation on one
table cannot say it: references, rounding, agreement of files and manifest. Does not belong here:
the expectations themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb
import pandas as pd

from dagster_project.common.checksums import file_sha256
from dagster_project.common.sql_text import literal, read_from
from dagster_project.release.comparisons import Shapes, figures, periods, references, stack
from dagster_project.release.contract import Rules, TableContract
from dagster_project.release.expectations import OF_EACH_COLUMN, rules_of_columns
from dagster_project.release.export import OFFLINE, parquet_file
from dagster_project.release.manifest import DATABASE_FILE, PARQUET_FOLDER, SCHEMA, Manifest

Evidence = Mapping[str, pd.DataFrame]
NO_COLUMN = "(none)"


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
            engine.execute(f'create view "{file.stem}" as from read_parquet({read_from(file)})')
        shapes = {file.stem: _columns(engine, f'"{file.stem}"') for file in files}
        return {
            "files": _files(engine, folder, manifest, rules, shapes),
            "columns": _columns_of_all(engine, rules, shapes),
            "references": references(engine, rules.contract, shapes),
            "figures": figures(engine, rules, shapes),
            "periods": periods(engine, shapes),
            "texts": _texts(engine, shapes),
        }


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
    """One row per table: whether contract, manifest, Parquet and DuckDB file agree."""
    found = engine.execute(
        "select table_name from information_schema.tables "
        "where table_catalog = 'staged_release' "
        f"and (table_schema = '{SCHEMA}' or table_type <> 'VIEW')"
    ).fetchall()
    in_database = {str(name) for (name,) in found}
    names = sorted({*rules.contract, *manifest.tables, *shapes, *in_database})
    rows = []
    for name in names:
        parquet = _content(engine, f'"{name}"') if name in shapes else (None, None)
        stored = f"staged_release.{SCHEMA}.{name}"
        database = _content(engine, stored) if name in in_database else (None, None)
        digest = file_sha256(parquet_file(folder, name)) if name in shapes else None
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


def _columns_of_all(
    engine: duckdb.DuckDBPyConnection, rules: Rules, shapes: Shapes
) -> pd.DataFrame:
    """One row per table and position: the column and type found, and those the contract names.

    Beside them the number of rows in which the column is null though it is of the key, holds
    something though the row is suppressed, and is null though published figures rest on it.
    """
    promised_types = {kind for one in rules.contract.values() for _, kind in one.columns}
    standard = {kind: _standard_type(engine, kind) for kind in {NO_COLUMN, *promised_types}}
    rows = []
    for table in sorted({*rules.contract, *shapes}):
        contract = rules.contract.get(table)
        promised = contract.columns if contract else ()
        found = shapes.get(table, ())
        counts = _counts(engine, table, contract, [name for name, _ in found]) if contract else {}
        for place in range(max(len(promised), len(found))):
            name, kind = found[place] if place < len(found) else ("(missing)", "(missing)")
            wanted = promised[place] if place < len(promised) else (NO_COLUMN, NO_COLUMN)
            rows.append(
                {
                    "table": table,
                    "column": name,
                    "contract_column": wanted[0],
                    "type": kind,
                    "contract_type": standard[wanted[1]],
                    **{one: counts.get((one, name), 0) for one in OF_EACH_COLUMN},
                }
            )
    return pd.DataFrame(rows)


def _counts(
    engine: duckdb.DuckDBPyConnection, table: str, contract: TableContract, found: Sequence[str]
) -> dict[tuple[str, str], int]:
    """Count the rows in which a column breaks a rule, by rule and column, in one scan."""
    concerned = [
        (rule, name, broken)
        for rule, (names, broken) in rules_of_columns(contract).items()
        for name in names
        if name in found and ("status" in found or "status" not in broken)
    ]
    if not concerned:
        return {}
    listed = ", ".join(
        f"count(*) filter (where {broken.format(column=name)})" for _, name, broken in concerned
    )
    row = engine.execute(f'select {listed} from "{table}"').fetchone() or ()
    return {(rule, name): n for (rule, name, _), n in zip(concerned, row, strict=True)}


def _standard_type(engine: duckdb.DuckDBPyConnection, kind: str) -> str:
    """Name of a type as DuckDB spells it; an unknown one unchanged."""
    try:
        return _columns(engine, f"select cast(null as {kind}) as one")[0][1]
    except duckdb.Error:
        return kind


def _texts(engine: duckdb.DuckDBPyConnection, shapes: Shapes) -> pd.DataFrame:
    """Every distinct text of every table: what a reader could come across."""
    frames = [
        engine.execute(
            f'select distinct \'{table}\' as "table", "column", text '
            f'from "{table}" unpivot (text for "column" in ({listed}))'
        ).df()
        for table, columns in shapes.items()
        if (listed := ", ".join(f'"{name}"' for name, kind in columns if kind == "VARCHAR"))
    ]
    return stack(frames, ("table", "column", "text"))
