"""The gate closes on rows of the tables beside the KPIs that nobody may see, or that cannot be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from small_release import RULES, failures, make_warehouse, settings_in, stage

from dagster_project.release.contract import Figure, Priority, Publication, Rules, TableContract
from dagster_project.release.gates import judge


def found(folder: Path, table: str, contract: TableContract, row: str, rules: Rules = RULES):
    """What one row of a table fails on in itself; `row` is SQL, without its study."""
    settings = settings_in(folder)
    columns = ", ".join(f"{name} {kind}" for name, kind in contract.columns)
    make_warehouse(
        settings,
        f"create table {table} ({columns})",
        f"insert into {table} values ('cafe', {row})",
    )
    judged = failures(judge(stage(settings), replace(rules, contract={table: contract})))
    return {line for line in judged if line.startswith(f"{table}: ")}


ITEMS = TableContract(
    (
        ("study", "varchar"),
        ("question", "varchar"),
        ("asked", "bigint"),
        ("answered", "bigint"),
        ("share", "double"),
        ("status", "varchar"),
    ),
    ("study", "question"),
)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("40, 38, 95.0, 'published'", None),
        ("10, 9, 90.0, 'published'", "answered is 10 or more where published, study cafe"),
        ("9, 10, 99.0, 'published'", "asked is 10 or more where published, study cafe"),
        ("10, 12, 120.0, 'published'", "share lies between 0 and 100"),
        ("null, 12, 100.0, 'published'", "asked is known in published rows"),
        ("40, null, null, 'suppressed'", "asked is null in suppressed rows"),
    ],
)
def test_closes_on_an_item_response_that_nobody_may_see(
    tmp_path: Path, row: str, sentence: str | None
):
    expected = {f"mart_item_response: {sentence}"} if sentence else set()
    assert found(tmp_path, "mart_item_response", ITEMS, f"'taste', {row}") == expected


FUNNEL = TableContract(
    (
        ("study", "varchar"),
        ("method", "varchar"),
        ("invited", "bigint"),
        ("responses_invited", "bigint"),
        ("response_rate", "double"),
        ("status", "varchar"),
    ),
    ("study", "method"),
)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("40, 10, 25.0, 'published'", None),
        ("40, 0, 0.0, 'published'", None),
        (
            "40, 9, 22.5, 'published'",
            "responses_invited is 10 or more or 0 where published, study cafe",
        ),
        ("40, null, 25.0, 'published'", "responses_invited is known in published rows"),
        ("8, 10, 125.0, 'published'", "response_rate lies between 0 and 100"),
        ("40, null, null, 'suppressed'", "invited is null in suppressed rows"),
    ],
)
def test_closes_on_a_response_that_nobody_may_see(tmp_path: Path, row: str, sentence: str | None):
    expected = {f"mart_response_funnel: {sentence}"} if sentence else set()
    assert found(tmp_path, "mart_response_funnel", FUNNEL, f"'email', {row}") == expected


MATRIX = TableContract(
    (
        ("study", "varchar"),
        ("metric", "varchar"),
        ("n", "bigint"),
        ("satisfaction", "double"),
        ("importance", "double"),
        ("quadrant", "varchar"),
        ("status", "varchar"),
    ),
    ("study", "metric"),
)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("30, 8.0, -1.0, 'strength', 'published'", None),
        ("30, 8.0, null, null, 'published'", None),
        ("29, 8.0, 0.5, 'strength', 'published'", "an importance rests on 30 or more, study cafe"),
        ("30, 8.0, 1.1, 'strength', 'published'", "importance lies between -1 and 1, study cafe"),
        ("30, 8.0, 0.5, 'better', 'published'", "quadrant is one of four"),
        ("null, null, 0.5, null, 'suppressed'", "importance is null in suppressed rows"),
    ],
)
def test_closes_on_a_priority_that_nobody_may_see(tmp_path: Path, row: str, sentence: str | None):
    rules = replace(RULES, priorities={"cafe": Priority(30, 1.0)})
    expected = {f"mart_priority: {sentence}"} if sentence else set()
    assert found(tmp_path, "mart_priority", MATRIX, f"'taste', {row}", rules) == expected


VERDICTS = TableContract(
    (
        ("study", "varchar"),
        ("product_code", "varchar"),
        ("responses", "bigint"),
        ("response_rate", "double"),
        ("value", "double"),
        ("value_second_judgement", "double"),
        ("norm", "double"),
        ("published", "boolean"),
        ("reason", "varchar"),
        ("status", "varchar"),
    ),
    ("study", "product_code"),
)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("'all', 40, 20.0, 6.0, 6.5, 6.5, true, 'enough_answers', 'published'", None),
        ("'all', 0, null, null, null, 6.5, false, 'too_few_answers', 'published'", None),
        ("'tea', 40, 20.0, 8.0, null, null, true, 'enough_response', 'published'", None),
        ("'all', null, null, null, null, null, null, null, 'suppressed'", None),
        (
            "'all', 9, 20.0, 6.0, null, 6.5, false, 'too_few_answers', 'published'",
            "responses is 10 or more or 0 where published, study cafe",
        ),
        (
            "'all', 40, 20.0, 8.0, null, 6.5, true, 'well_done', 'published'",
            "reason is one of four",
        ),
        (
            "'all', 40, 20.0, 8.0, null, 6.5, false, 'enough_answers', 'published'",
            "published is true where the reason is enough_answers",
        ),
        (
            "'all', 40, 20.0, 8.0, null, 6.5, true, 'too_few_answers', 'published'",
            "published is false where the reason is too_few_answers",
        ),
        (
            "'all', 40, 20.0, 8.0, null, 6.5, null, 'enough_answers', 'published'",
            "published is known in published rows",
        ),
        (
            "'all', 40, 20.0, 8.0, null, 6.5, true, null, 'published'",
            "reason is known in published rows",
        ),
        (
            "'all', 40, 20.0, 8.0, null, 5.5, true, 'enough_answers', 'published'",
            "norm over all products is that of the codebook, study cafe",
        ),
        (
            "'tea', 40, 20.0, 8.0, null, 5.5, true, 'enough_answers', 'published'",
            "norm of a product is that of the codebook, study cafe",
        ),
        (
            "'all', 40, 20.0, 11.0, null, 6.5, true, 'enough_answers', 'published'",
            "value lies on the scale of what is judged, study cafe",
        ),
        (
            "'all', 40, 20.0, 4.0, 4.5, 6.5, true, 'enough_answers', 'published'",
            "value_second_judgement lies on the scale of what is judged, study cafe",
        ),
        (
            "'all', null, null, null, null, 6.5, null, null, 'suppressed'",
            "norm is null in suppressed rows",
        ),
    ],
)
def test_closes_on_a_verdict_that_the_codebook_does_not_give(
    tmp_path: Path, row: str, sentence: str | None
):
    again = {("cafe", "again"): Figure(5, 10, 1), ("cafe", "first"): Figure(1, 10, 1)}
    rules = replace(
        RULES,
        figures={**RULES.figures, **again},
        publications={"cafe": Publication("first", "again", 6.5, None)},
    )
    expected = {f"mart_publication: {sentence}"} if sentence else set()
    assert found(tmp_path, "mart_publication", VERDICTS, row, rules) == expected
