"""Rows that do not count by the codebook, and values that it gives to all rows of a feed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from landing_house import GOOD, House, csv_of

from dagster_project.codebook.model import Constant, Inclusion


@pytest.fixture
def exports(house: House) -> House:
    """The feed `counter` takes in rows of finished questionnaires that are no previews."""
    rules = (("Status", "0"), ("Status", "IP Address"), ("Finished", "TRUE"))
    inclusions = tuple(
        Inclusion(row=n, feed="counter", header=header, value=value)
        for n, (header, value) in enumerate(rules, start=2)
    )
    house.codebook = replace(house.codebook, inclusions=inclusions)
    return house


def export(*states: tuple[str, str], **change: str) -> str:
    return csv_of(
        [
            {"Status": status, "Finished": finished} | GOOD | {"respons_id": f"r{n}"} | change
            for n, (status, finished) in enumerate(states)
        ]
    )


def test_previews_and_unfinished_rows_are_left_out_and_counted(exports: House):
    delivery = exports.deliver(
        export(("0", "true"), (" ip address ", "True"), ("Survey Preview", "true"), ("0", "false"))
    )

    assert (delivery.rows_read, delivery.rows_accepted, delivery.rows_left_out) == (2, 2, 2)
    assert [row["response_id"] for row in exports.rows("responses")] == ["r0", "r1"]
    assert delivery.unknown_columns == ()


def test_a_row_left_out_is_not_judged_and_one_that_counts_is(exports: House):
    bad = export(("Survey Preview", "true"), totaaloordeel="77")
    content = export(*[("0", "true")] * 9) + bad.splitlines()[1].replace("r0", "preview") + "\n"
    content += bad.splitlines()[1].replace("Survey Preview", "0").replace("r0", "counts") + "\n"

    delivery = exports.deliver(content)

    assert (delivery.rows_read, delivery.rows_quarantined, delivery.rows_left_out) == (10, 1, 1)
    assert exports.reasons() == {12: ["out_of_range"]}


def test_a_file_of_previews_only_says_so(exports: House):
    delivery = exports.deliver(export(("Survey Preview", "true")))

    assert (delivery.state, delivery.rows_read, delivery.rows_left_out) == ("accepted", 0, 1)
    assert delivery.reason == "no row of the file counts by inclusions.csv; all are left out"


def test_a_file_without_the_column_is_refused(exports: House):
    delivery = exports.deliver(csv_of([GOOD | {"Finished": "true"}]))

    assert delivery.reason == (
        "column status is missing, which tells which rows count (inclusions.csv)"
    )


def test_a_new_rule_judges_a_delivery_again(house: House, exports: House):
    rules = exports.codebook.inclusions
    house.codebook = replace(house.codebook, inclusions=())
    content = export(("0", "true"), ("Survey Preview", "true"))
    assert house.deliver(content).rows_accepted == 2

    house.codebook = replace(house.codebook, inclusions=rules)

    (delivery,) = house.ingest().deliveries
    assert (delivery.rows_accepted, delivery.rows_left_out) == (1, 1)


def test_a_weight_and_a_product_for_all_rows(house: House):
    constants = (
        Constant(row=2, feed="sfo_2017", field="weight", value="1.5"),
        Constant(row=3, feed="sfo_2017", field="product_code", value="A"),
    )
    columns = tuple(
        column
        for column in house.codebook.columns
        if (column.feed, column.field) not in {(c.feed, c.field) for c in constants}
    )
    house.codebook = replace(house.codebook, columns=columns, constants=constants)

    house.deliver("RESPNUM,METHOD,Q7ALL,NETPRO\n1,1,4,9\n", "sfo_2017/survey.csv")

    (row,) = house.rows("responses", "sfo_2017")
    assert (row["weight"], row["product_code"]) == (1.5, "A")
