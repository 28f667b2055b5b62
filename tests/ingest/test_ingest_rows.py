"""Which rows are accepted, and with which reasons the others are quarantined."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from landing_house import GOOD, House, among_good, csv_of

from dagster_project.ingest import Reason

ONE_BAD_VALUE = [
    ({"respons_id": ""}, Reason.MISSING_REQUIRED),
    ({"gemeentecode": " "}, Reason.MISSING_REQUIRED),
    ({"datum_contact": ""}, Reason.MISSING_REQUIRED),
    ({"respons_id": "jan@voorbeeld.nl"}, Reason.BAD_TYPE),
    ({"totaaloordeel": "acht"}, Reason.BAD_TYPE),
    ({"totaaloordeel": "7,55"}, Reason.BAD_TYPE),
    ({"totaaloordeel": "1.234,5"}, Reason.BAD_TYPE),
    ({"totaaloordeel": "\u0668"}, Reason.BAD_TYPE),
    ({"datum_contact": "31-02-2020"}, Reason.BAD_TYPE),
    ({"datum_contact": "gisteren"}, Reason.BAD_TYPE),
    ({"totaaloordeel": "0"}, Reason.OUT_OF_RANGE),
    ({"totaaloordeel": "11"}, Reason.OUT_OF_RANGE),
    ({"totaaloordeel": "-3"}, Reason.OUT_OF_RANGE),
    # more than an integer of 64 bits, or a double, can hold
    ({"totaaloordeel": "9" * 20}, Reason.OUT_OF_RANGE),
    ({"totaaloordeel": "9" * 400}, Reason.OUT_OF_RANGE),
    ({"datum_contact": "31-12-2014"}, Reason.OUT_OF_RANGE),
    ({"moeite": "6"}, Reason.UNKNOWN_CODE),
    ({"moeite": "gemiddeld"}, Reason.UNKNOWN_CODE),
    ({"gemeentecode": "GM9999"}, Reason.UNKNOWN_ORGANISATION),
    ({"gemeentecode": "Zoetermeer"}, Reason.UNKNOWN_ORGANISATION),
    ({"product": "vliegbrevet"}, Reason.UNKNOWN_PRODUCT),
    ({"datum_invul": "30-09-2020"}, Reason.SUBMITTED_BEFORE_CONTACT),
]


@pytest.mark.parametrize(("change", "reason"), ONE_BAD_VALUE)
def test_quarantines_a_row_with_one_bad_value(
    house: House, change: Mapping[str, str], reason: Reason
):
    delivery = house.deliver(among_good(change))

    assert house.reasons() == {2: [reason]}
    assert (delivery.rows_read, delivery.rows_accepted, delivery.rows_quarantined) == (11, 10, 1)
    assert delivery.reasons == {reason: 1}
    assert delivery.state == "accepted"


def test_every_reason_has_a_line_for_people():
    assert all(reason.explanation for reason in Reason)


def test_a_row_has_every_reason_it_deserves_in_words(house: House):
    house.deliver(among_good({"product": "x", "totaaloordeel": "11", "datum_contact": ""}))

    (row,) = house.rows("quarantine")
    assert row["reasons"] == ["unknown_product", "missing_required", "out_of_range"]
    assert row["details"] == [
        'Column product: a text like "x" is not a product that the codebook lists for this column.',
        "Column datum_contact is empty; every row needs a value here.",
        'Column totaaloordeel: "11" is not from 1 to 10.',
    ]


@pytest.mark.parametrize(
    ("text", "code", "number"),
    [
        ("7,3", "7", 7.3),
        ("7.5", "8", 7.5),
        (" 10 ", "10", 10.0),
        ("6,50", "7", 6.5),
        ("", None, None),
        ("99", None, None),
        ("-1", None, None),
        ("Geen Oordeel", None, None),
        ("n.v.t.", None, None),
    ],
)
def test_reads_grades_with_point_or_comma_and_what_means_no_answer(
    house: House, text: str, code: str | None, number: float | None
):
    house.deliver(csv_of([GOOD | {"totaaloordeel": text}]))

    assert house.rows("responses")[0]["answers"] == [
        {"question": "totaaloordeel", "code": code, "number": number}
    ]


def test_reads_codes_by_number_or_by_word(house: House):
    house.deliver(
        csv_of(
            [
                GOOD | {"respons_id": "1", "moeite": "2"},
                GOOD | {"respons_id": "2", "moeite": "Heel veel"},
                GOOD | {"respons_id": "3", "moeite": "weet niet"},
            ]
        )
    )

    answers = [row["answers"][1] for row in house.rows("responses")]
    assert [(a["question"], a["code"], a["number"]) for a in answers] == [
        ("moeite", "2", 2.0),
        ("moeite", "5", 5.0),
        ("moeite", None, None),
    ]


def test_several_answers_are_several_entries_and_none_is_one_empty_entry(house: House):
    many = GOOD | {"informatie_vooraf": "3|1 | 3"}
    house.deliver(
        csv_of([many, GOOD | {"respons_id": "2"}]),
        "digital/20210105.csv",
    )

    first, second = house.rows("responses", "digital")
    assert [(a["question"], a["code"]) for a in first["answers"]] == [
        ("totaaloordeel", "8"),
        ("informatie_vooraf", "3"),
        ("informatie_vooraf", "1"),
    ]
    assert [(a["question"], a["code"]) for a in second["answers"]] == [
        ("totaaloordeel", "8"),
        ("informatie_vooraf", None),
    ]


def test_one_unknown_code_among_several_is_an_unknown_code(house: House):
    good = [GOOD | {"respons_id": f"{n}", "informatie_vooraf": "1"} for n in range(9)]
    bad = GOOD | {"respons_id": "bad", "informatie_vooraf": "1|7"}

    house.deliver(csv_of([*good, bad]), "digital/20210105.csv")

    assert house.reasons("digital") == {11: ["unknown_code"]}


@pytest.mark.parametrize("spelling", ["637", "0637", "GM0637", "gm0637", "GM637"])
def test_spellings_of_an_organisation_code_are_the_same(house: House, spelling: str):
    house.deliver(csv_of([GOOD | {"gemeentecode": spelling}]))

    assert house.rows("responses")[0]["organisation_code"] == "GM0637"


def test_a_merged_organisation_is_known_until_the_day_it_went_up_into_another(house: House):
    before = {"gemeentecode": "GM0398", "datum_contact": "2021-12-31", "datum_invul": "2022-01-01"}
    after = {"gemeentecode": "GM0398", "datum_contact": "2022-01-01", "datum_invul": "2022-01-01"}
    not_yet = {"gemeentecode": "GM1980", "datum_contact": "2021-12-31", "datum_invul": "2022-01-01"}
    content = among_good(before, after, not_yet)

    house.deliver(content, "counter/2022-02-01.csv")

    assert house.reasons() == {3: ["unknown_organisation"], 4: ["unknown_organisation"]}
    assert house.rows("responses")[0]["organisation_code"] == "GM0398"


def test_contact_may_be_on_the_day_in_the_name_of_the_file_and_not_later(house: House):
    same_day = {"datum_contact": "05-01-2021", "datum_invul": "05-01-2021"}
    next_day = {"datum_contact": "06-01-2021", "datum_invul": "06-01-2021"}

    house.deliver(among_good(same_day, next_day), "counter/20210105 balie.csv")

    assert house.reasons() == {3: ["contact_in_future"]}


def test_short_long_and_empty_rows(house: House):
    header = ";".join(GOOD)
    good = [";".join((GOOD | {"respons_id": f"{n}"}).values()) for n in range(12)]
    lines = [header, *good[:2], "only;two", "", ";;;;;", *good[2:], good[0] + ";one more"]

    delivery = house.deliver("\n".join(lines) + "\n")

    assert house.reasons() == {4: ["malformed_row"], 17: ["malformed_row"]}
    assert [row["details"] for row in house.rows("quarantine")] == [
        ["The row has 2 fields and the header 6."],
        ["The row has 7 fields and the header 6."],
    ]
    assert (delivery.rows_read, delivery.rows_accepted) == (14, 12)


def test_nul_bytes_and_very_long_fields_are_malformed(house: House):
    nul, long = {"toelichting": "a\0b"}, {"toelichting": "x" * 5_000_000}

    house.deliver(among_good(nul, long, {"toelichting": "x" * 1_000_000}))

    assert house.reasons() == {2: ["malformed_row"], 3: ["malformed_row"]}


def test_na_and_none_are_text_and_not_blank(house: House):
    house.deliver(csv_of([GOOD | {"respons_id": "NA"}, GOOD | {"respons_id": "None"}]))

    assert [row["response_id"] for row in house.rows("responses")] == ["NA", "None"]


def test_line_breaks_and_marks_inside_quotes_stay_in_the_text(house: House):
    rows = [
        GOOD | {"toelichting": '"Prima; echt\nwaar ""top"""'},
        GOOD | {"respons_id": "2", "toelichting": 'de "snelle" balie'},
    ]

    house.deliver(csv_of(rows))

    assert [(row["row"], row["text"]) for row in house.rows("restricted")] == [
        (2, 'Prima; echt\nwaar "top"'),
        (3, 'de "snelle" balie'),
    ]


def test_texts_without_content_are_no_review_and_no_tip(house: House):
    house.deliver(
        csv_of(
            [
                GOOD | {"respons_id": "1", "toelichting": "Prima", "verbetertip": "n.v.t."},
                GOOD | {"respons_id": "2", "toelichting": " ", "verbetertip": "Langer open"},
            ]
        )
    )

    assert [(r["has_review"], r["has_tip"]) for r in house.rows("responses")] == [
        (True, False),
        (False, True),
    ]
    assert [(r["response_id"], r["field"], r["text"]) for r in house.rows("restricted")] == [
        ("1", "review", "Prima"),
        ("2", "tip", "Langer open"),
    ]


def test_invitations_are_read_with_their_own_roles(house: House):
    content = (
        "uitnodiging_id,gemeentecode,kanaal,product,methode,verzonden_op,status,herinnerd_op\n"
        "u1,637,Counter,paspoort,Inviter,31-03-2021 23:30,bezorgd,2021-04-07\n"
        "u2,637,fax,paspoort,Inviter,2021-03-31,bezorgd,\n"
    ) + "".join(f"v{n},637,counter,paspoort,,2021-03-31,,\n" for n in range(8))

    house.deliver(content, "invitations/20210501.csv")

    first = house.rows("invitations", "invitations")[0]
    assert (first["channel"], first["method"], first["status"]) == (
        "counter",
        "inviter",
        "delivered",
    )
    assert str(first["sent_date"]) == "2021-03-31"
    assert first["sent_at"].isoformat() == "2021-03-31T21:30:00+00:00"
    assert first["reminded_at"].isoformat() == "2021-04-06T22:00:00+00:00"
    assert house.reasons("invitations") == {3: ["unknown_code"]}


@pytest.mark.parametrize(
    ("weight", "reasons"),
    [
        ("", ["missing_required"]),
        ("0", ["out_of_range"]),
        ("-1", ["out_of_range"]),
        ("veel", ["bad_type"]),
    ],
)
def test_a_weight_is_a_number_above_zero(house: House, weight: str, reasons: list[str]):
    good = "".join(f"{n},1,A,0.3557037037,4,9\n" for n in range(9))
    content = f"RESPNUM,METHOD,BAREA,WEIGHT,Q7ALL,NETPRO\n{good}bad,1,A,{weight},4,9\n"

    house.deliver(content, "sfo_2017/survey.csv")

    assert house.reasons("sfo_2017") == {11: reasons}
    row = house.rows("responses", "sfo_2017")[0]
    assert (row["weight"], row["wave"], row["contact_date"]) == (0.3557037037, "2017", None)
    assert (row["organisation_code"], row["channel"], row["product_code"]) == ("SFO", "gate", "A")


def test_a_column_with_its_own_date_form(house: House):
    content = (
        "RESPNUM,INTDATE,METHOD,BAREA,WEIGHT\n"
        "1,05/11/2016 12:00:00 AM,1,A,1\n"
        "2,05/23/2016 12:00:00 AM,1,A,1\n"
    )

    house.deliver(content, "sfo_2016/20160701.csv")

    rows = house.rows("responses", "sfo_2016")
    assert [(str(row["contact_date"]), row["wave"]) for row in rows] == [
        ("2016-05-11", "2016"),
        ("2016-05-23", "2016"),
    ]
