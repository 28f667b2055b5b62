"""Rows that do not count by the codebook, and values that it gives to all rows of a feed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from landing_house import GOOD, House, csv_of

from dagster_project.codebook import Column, Constant, Inclusion


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


SPOREN = {
    "respons_id": "1",
    "aanbieder": "nieuwe_sporen",
    "datum_einde_traject": "01-10-2021",
    "dienst": "naar_werk",
    "rapportcijfer": "8",
    "persoonlijk_contact": "5",
    "bereikbaar_en_snel": "4",
    "begeleiding": "tevreden",
}


def test_a_questionnaire_is_usable_with_any_answer_to_each_of_three_questions(house: House):
    changes = (
        {},
        {"rapportcijfer": ""},
        {"begeleiding": ""},
        {"bereikbaar_en_snel": " Geen Oordeel "},
        {"persoonlijk_contact": "99.0"},
        {"persoonlijk_contact": "7"},
        *[{}] * 4,
    )
    rows = [SPOREN | {"respons_id": f"r{n}"} | change for n, change in enumerate(changes)]

    delivery = house.deliver(csv_of(rows), "blik_op_werk/20220101.csv")

    # blank, geen oordeel and 99 are no answers; 7 is one that the scale does not have
    assert (delivery.rows_accepted, delivery.rows_quarantined, delivery.rows_left_out) == (6, 1, 3)
    assert house.reasons("blik_op_werk") == {7: ["unknown_code"]}
    assert [row["response_id"] for row in house.rows("responses", "blik_op_werk")] == [
        *("r0", "r1", "r6", "r7", "r8", "r9"),
    ]


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


DIGITAL = {
    "respons_id": "1",
    "gemeentecode": "637",
    "product": "verhuismelding",
    "datum_contact": "01-10-2020",
    "datum_invul": "02-10-2020",
    "totaaloordeel": "8",
}


def with_columns(house: House, *forms: tuple[str, str]) -> House:
    """Let `informatie_vooraf` of `digital` be read from columns of these headers and formats."""
    more = tuple(
        Column("digital", "informatie_vooraf", header, False, form, None) for header, form in forms
    )
    house.codebook = replace(house.codebook, columns=(*house.codebook.columns, *more))
    return house


def chosen(house: House, *rows: dict[str, str]) -> list[list[str | None]]:
    """What each row of a delivery with these columns has as its answers."""
    house.deliver(
        csv_of([DIGITAL | {"respons_id": f"r{n}"} | row for n, row in enumerate(rows)]),
        "digital/20210105.csv",
    )
    return [
        [a["code"] for a in row["answers"] if a["question"] == "informatie_vooraf"]
        for row in house.rows("responses", "digital")
    ]


def test_a_column_per_answer_is_one_question(house: House):
    with_columns(house, *((f"vooraf_{code}", f"={code}") for code in "123"))

    # 0 and 1; yes and no; the name of the column; none
    found = chosen(
        house,
        {"vooraf_1": "1", "vooraf_2": "0", "vooraf_3": "1"},
        {"vooraf_1": "nee", "vooraf_2": "Ja", "vooraf_3": ""},
        {"vooraf_1": "", "vooraf_2": "", "vooraf_3": "vooraf_3"},
        {"vooraf_1": "0", "vooraf_2": "0", "vooraf_3": "0"},
    )

    assert found == [["1", "3"], ["2"], ["3"], [None]]


def test_a_text_that_is_neither_yes_nor_no_is_an_unknown_code(house: House):
    with_columns(house, ("vooraf_1", "=1"), ("vooraf_2", "=2"))

    chosen(house, *[{"vooraf_1": "1", "vooraf_2": "misschien"}, *[{"vooraf_1": "1"}] * 9])

    assert house.reasons("digital") == {2: ["unknown_code"]}
    (said,) = house.rows("quarantine", "digital")[0]["details"]
    assert said.startswith('Column vooraf_1, vooraf_2: a text like "9|xxxxxxxxx" holds a code')


def test_another_separator(house: House):
    with_columns(house, ("Vooraf", ","))
    assert chosen(house, {"Vooraf": '"1, 4"'}, {"Vooraf": "2"}) == [["1", "4"], ["2"]]


def test_one_answer_beside_all_of_them_is_refused(house: House):
    with_columns(house, ("vooraf_1", "=1"))
    row = DIGITAL | {"informatie_vooraf": "1|2", "vooraf_1": "1"}

    delivery = house.deliver(csv_of([row]), "digital/20210105.csv")

    assert delivery.reason == (
        "column vooraf_1 holds one answer to informatie_vooraf, which another column of the file "
        "holds whole"
    )
