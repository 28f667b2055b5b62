"""Nothing derived in a release tells more than what is published in it."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from derived_release import N, derived_release, with_value

from dagster_project.disclosure.attack import read_release
from dagster_project.disclosure.audit import audit_derived, audit_files

A_2020 = {"organisation_code": "A", "period": "2020", "product_code": "all"}
B_2020 = {"organisation_code": "B", "period": "2020", "product_code": "p"}

FIXED = {"read.me": b"what every release has"}


def whats(released: dict[str, pa.Table]) -> set[str]:
    return {finding.what for finding in audit_derived(released)}


def changed(table: str, column: str, value: object, **where: str) -> dict[str, pa.Table]:
    """The release with one value changed, in the copy of the table too."""
    tables = derived_release()
    tables[table] = with_value(tables[table], column, value, **where)
    if table == "mart_kpi":
        tables["mart_grade"] = tables[table]
    return tables


def test_a_release_in_which_everything_follows_has_no_findings():
    assert audit_derived(derived_release()) == []


def test_a_benchmark_that_used_a_hidden_figure_is_found():
    # the other three published 8.0, 8.5 and 6.9; with B's hidden 8.0 the mean is another
    where = {"organisation_code": "A", "period": "2020", "product_code": "p"}
    assert derived_release()["mart_kpi"].num_rows == 16
    found = whats(changed("mart_kpi", "benchmark_value", 7.8, **where))
    assert "benchmark_value is not the mean of the others' published values" in found


def test_a_previous_value_that_shows_a_hidden_figure_is_found():
    tables = changed("mart_kpi", "status", "suppressed", organisation_code="C", period="2019")
    for column in tables["mart_kpi"].column_names[10:]:
        if column != "status":
            tables["mart_kpi"] = with_value(
                tables["mart_kpi"], column, None, organisation_code="C", period="2019"
            )
    tables["mart_grade"] = tables["mart_kpi"]

    found = whats(tables)

    assert "previous_value is not that figure as published" in found
    assert "year_ago_change is not value - year_ago_value" in found


@pytest.mark.parametrize(
    ("table", "column", "value", "what"),
    [
        ("mart_kpi", "value_rounded", 7.9, "value_rounded is not value, rounded"),
        ("mart_kpi", "change", 0.4, "change is not value - previous_value"),
        ("mart_kpi", "change", None, "change is not value - previous_value"),
        (
            "mart_kpi",
            "change_significant",
            False,
            "change_significant does not follow from published figures",
        ),
        (
            "mart_kpi",
            "benchmark_organisations",
            4,
            "benchmark_organisations is not the number of others published",
        ),
        (
            "mart_kpi",
            "benchmark_significant",
            True,
            "benchmark_significant does not follow from published figures",
        ),
        ("mart_kpi", "series_break", True, "series_break differs between like rows"),
        ("mart_kpi", "status", "secret", "status is neither published nor suppressed"),
        (
            "mart_response",
            "net_sample",
            474,
            "net_sample is not invited - undeliverable - opted_out",
        ),
        ("mart_response", "response_rate", 21.0, "response_rate does not follow"),
        ("mart_response", "required_sample", 200, "required_sample does not follow"),
        ("mart_response", "required_reached", True, "required_reached does not follow"),
    ],
)
def test_a_derived_figure_that_does_not_follow_is_found(
    table: str, column: str, value: object, what: str
):
    assert what in whats(changed(table, column, value, **A_2020))


@pytest.mark.parametrize("column", ["n", "margin", "benchmark_organisations", "series_break"])
def test_a_hidden_row_that_speaks_is_found(column: str):
    value = False if column == "series_break" else 3
    assert f"a hidden row has a value for {column}" in whats(
        changed("mart_kpi", column, value, **B_2020)
    )


@pytest.fixture
def one_answer(monkeypatch: pytest.MonkeyPatch) -> dict[str, pa.Table]:
    """The release where D has one answer, which everybody else is compared with too."""
    monkeypatch.setitem(N, "D", 1)
    return derived_release()


def test_one_answer_has_no_margin_and_no_test(one_answer: dict[str, pa.Table]):
    (row,) = [
        row
        for row in one_answer["mart_kpi"].to_pylist()
        if (row["organisation_code"], row["period"], row["product_code"]) == ("D", "2020", "all")
    ]
    assert (row["n"], row["margin"], row["change_significant"]) == (1, None, None)
    assert row["change"] == pytest.approx(0.5)
    assert whats(one_answer) == set()


@pytest.mark.parametrize(
    ("code", "column", "value", "what"),
    [
        ("D", "margin", 0.0, "margin is missing, or is one of one answer"),
        ("A", "margin", None, "margin is missing, or is one of one answer"),
        *(
            (code, column, flag, f"{column} does not follow from published figures")
            for code, column in (
                ("D", "change_significant"),
                ("D", "year_ago_significant"),
                ("D", "benchmark_significant"),
                ("A", "benchmark_significant"),
            )
            for flag in (True, False)
        ),
        (
            "A",
            "change_significant",
            None,
            "change_significant does not follow from published figures",
        ),
    ],
)
def test_a_margin_or_test_of_one_answer_is_found(
    one_answer: dict[str, pa.Table], code: str, column: str, value: object, what: str
):
    where = {"organisation_code": code, "period": "2020", "product_code": "all"}
    table = with_value(one_answer["mart_kpi"], column, value, **where)
    assert what in whats(one_answer | {"mart_kpi": table, "mart_grade": table})


def test_suppression_that_is_not_of_published_rows_is_found():
    tables = changed(
        "mart_suppression", "answers_suppressed_share", 0.4, organisation_code="B", period="2020"
    )
    assert whats(tables) == {"does not follow from published rows"}


def test_a_required_sample_is_reached_by_the_invited_alone():
    # 218 of the 500 invited must answer; 400 people answered, of whom 99 were invited
    tables = changed("mart_response", "responses", 400, **A_2020)
    assert "required_reached does not follow" not in whats(tables)
    tables["mart_response"] = with_value(
        tables["mart_response"], "required_reached", True, **A_2020
    )
    assert "required_reached does not follow" in whats(tables)


def test_a_row_may_be_silent_on_its_invitations_but_not_on_some_of_them():
    tables = derived_release()
    table = tables["mart_response"]
    silent = ("invited", "undeliverable", "opted_out", "net_sample", "responses_invited")
    for column in (*silent, "response_rate", "required_sample", "required_reached"):
        table = with_value(table, column, None, **A_2020)
    assert whats(tables | {"mart_response": table}) == set()
    told = with_value(table, "undeliverable", 20, **A_2020)
    assert "some columns on invitations are null and some are not" in whats(
        tables | {"mart_response": told}
    )


def test_a_copy_that_differs_is_found():
    tables = derived_release()
    tables["mart_grade"] = with_value(tables["mart_grade"], "n", 41, **A_2020)
    assert whats(tables) == {"not the rows of mart_kpi"}


def test_an_unknown_table_or_column_is_found():
    tables = derived_release()
    tables["mart_surprise"] = pa.table({"n": [3]})
    tables["mart_response"] = tables["mart_response"].append_column("mood", pa.array(["x"] * 16))

    assert {(f.table, f.row) for f in audit_derived(tables)} == {
        ("mart_surprise", ""),
        ("mart_response", "mood"),
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tables = derived_release()
    (tmp_path / "parquet").mkdir()
    with duckdb.connect(str(tmp_path / "kto.duckdb")) as database:
        database.execute("create schema marts")
        for name, table in tables.items():
            pq.write_table(table, tmp_path / "parquet" / f"{name}.parquet")
            database.register("source", table)
            database.execute(f'create table marts."{name}" as select * from source')
            database.unregister("source")
    manifest = {"release": "r", "time": "t", "software": "x", "deliveries": ["ab"]}
    manifest |= {"tables": {name: t.num_rows for name, t in tables.items()}}
    manifest |= {"parquet": dict.fromkeys(tables, "hash"), "checks": ["one"]}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    for name, content in FIXED.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def files_found(folder: Path) -> set[tuple[str, str]]:
    return {(f.table, f.row) for f in audit_files(folder, read_release(folder), FIXED)}


def test_a_release_folder_with_known_files_only_has_no_findings(folder: Path):
    assert files_found(folder) == set()


def test_an_unknown_file_is_found(folder: Path):
    (folder / "notes.txt").write_text("B has 3", encoding="utf-8")
    assert files_found(folder) == {("files", "notes.txt")}


@pytest.mark.parametrize("content", [None, b"B has 3"])
def test_a_file_that_every_release_has_is_there_and_the_same(folder: Path, content: bytes | None):
    (folder / "read.me").unlink()
    if content is not None:
        (folder / "read.me").write_bytes(content)
    assert files_found(folder) == {("files", "read.me")}


def test_an_unknown_key_and_a_count_in_the_manifest_are_found(folder: Path):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest |= {"answers": 812, "checks": [{"rows": 12}]}
    path.write_text(json.dumps(manifest), encoding="utf-8")

    assert files_found(folder) == {
        ("manifest", "answers"),
        ("manifest", "checks"),
    }


def test_a_database_that_holds_more_than_the_tables_is_found(folder: Path):
    with duckdb.connect(str(folder / "kto.duckdb")) as database:
        database.execute("create view marts.more as select 1 as n")
        database.execute("create table main.cells as select 3 as n")
        database.execute("update marts.mart_kpi set n = 12 where n = 100")

    assert files_found(folder) == {
        ("kto.duckdb", "marts.more"),
        ("kto.duckdb", "main.cells"),
        ("kto.duckdb", "mart_kpi"),
    }
