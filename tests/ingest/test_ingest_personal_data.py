"""E-mail addresses and free text: where they may be, and that they are nowhere else."""

from __future__ import annotations

import dataclasses
import io
import json

import openpyxl
import polars as pl
import pytest
from landing_house import GOOD, House, among_good, csv_of

from dagster_project.common.errors import UserError
from dagster_project.ingest import require_pseudonym_key, scan_landing
from dagster_project.ingest.pseudonym import pseudonym

HEADER = "uitnodiging_id,gemeentecode,kanaal,product,verzonden_op,email\n"
LINES = "".join(f"v{n},GM0637,counter,paspoort,2021-03-31,\n" for n in range(9))
INVITATIONS = HEADER + " u1,GM0637,counter,paspoort,2021-03-31, Jan.Jansen@Voorbeeld.NL \n" + LINES


def every_byte(house: House) -> bytes:
    files = [path for path in house.settings.home.rglob("*") if path.is_file()]
    assert files
    return b"".join(str(path).encode() + path.read_bytes() for path in files)


def test_spellings_of_an_address_have_one_pseudonym_and_keys_differ():
    wide = "\uff2aan.jansen@voorbeeld.nl"

    assert pseudonym(" Jan.Jansen@Voorbeeld.NL", b"key") == pseudonym(wide, b"key")
    assert pseudonym(wide, b"key") != pseudonym(wide, b"other")
    assert (
        pseudonym("jan@voorbeeld.nl", b"key")
        == "e9dbb22b5b6a9c9f1710dc54e59418556d29b149171d0801d6ab7c98e610db96"
    )


def test_an_address_is_a_pseudonym_in_the_lake(house: House):
    house.deliver(INVITATIONS, "invitations/20210501.csv")

    first, second, *_ = house.rows("invitations", "invitations")
    assert first["email_pseudonym"] == pseudonym(
        "jan.jansen@voorbeeld.nl", b"a secret of the tests"
    )
    assert second["email_pseudonym"] is None


def test_no_address_is_in_any_file_whatever_column_it_is_in(house: House):
    bad = (
        "geheim1@voorbeeld.nl,GM0637,counter,paspoort,2021-03-31,geheim2@voorbeeld.nl\n"
        "u2,geheim3@voorbeeld.nl,counter,geheim4@voorbeeld.nl,geheim5@voorbeeld.nl,\n"
        "u3,GM0637,geheim6@voorbeeld.nl,paspoort,2021-03-31,geheim7@voorbeeld.nl,extra\n"
    )
    many = LINES + LINES.replace("v", "w")

    delivery = house.deliver(HEADER + bad + many, "invitations/20210501.csv")

    assert (delivery.rows_accepted, delivery.rows_quarantined) == (18, 3)
    assert b"geheim" not in every_byte(house)
    masked = house.rows("quarantine", "invitations")[0]["masked_row"]
    assert '"uitnodiging_id":"***"' in masked
    assert '"email":"***"' in masked


def test_free_text_is_in_the_restricted_part_only(house: House):
    text = "Bel mij op 06-12345678"
    good = [GOOD | {"respons_id": f"{n}", "toelichting": text} for n in range(9)]

    house.deliver(csv_of([GOOD | {"respons_id": "b", "toelichting": text, "product": "x"}, *good]))

    assert len(house.rows("restricted")) == 9
    for path in house.settings.lake.rglob("*"):
        if path.is_file() and "restricted" not in path.parts:
            assert b"06-12345678" not in path.read_bytes()


def test_addresses_without_a_key_are_refused_and_nothing_is_written(house: House):
    house.settings = dataclasses.replace(house.settings, pseudonym_key=None)
    house.land("invitations/20210501.csv", INVITATIONS)

    with pytest.raises(UserError, match=r"invitations/20210501.csv .*KTO_PSEUDONYM_KEY"):
        house.ingest("invitations")

    assert not house.settings.home.exists()


def test_the_key_is_asked_for_before_any_feed_is_read(house: House):
    settings = dataclasses.replace(house.settings, pseudonym_key=None)
    house.land("counter/20210501.csv", csv_of([GOOD]))
    house.land("invitations/20210501.csv", INVITATIONS)

    with pytest.raises(UserError, match="KTO_PSEUDONYM_KEY"):
        require_pseudonym_key(settings, house.codebook, scan_landing(settings, house.codebook))


def test_no_key_is_needed_where_there_are_no_addresses(house: House):
    house.settings = dataclasses.replace(house.settings, pseudonym_key=None)

    delivery = house.deliver(HEADER + LINES, "invitations/20210501.csv")

    assert (delivery.state, delivery.rows_accepted) == ("accepted", 9)


def test_another_key_than_before_is_refused_and_nothing_is_written(house: House):
    house.deliver(INVITATIONS, "invitations/20210501.csv")
    before = every_byte(house)
    house.settings = dataclasses.replace(
        house.settings, pseudonym_key=b"another secret of the tests"
    )
    house.ingest("invitations")
    house.land("invitations/20210601.csv", INVITATIONS.replace("u1", "u2"))

    with pytest.raises(UserError, match="KTO_PSEUDONYM_KEY is not the key"):
        house.ingest("invitations")

    assert every_byte(house) == before


PERSONAL = {
    "telephone": [
        "0612345678",
        "Bel 06-12345678 a.u.b.",
        "06-12345678",
        "+31 6 1234 5678",
        "(020) 1234567",
        "0031612345678",
    ],
    "BSN": ["111222333", "1112.22.333", "123456782"],
    "address": [
        "jan\uff20voorbeeld.nl",
        "jan (at) voorbeeld.nl",
        "jan at voorbeeld punt nl",
        "x@y.z",
    ],
    "name": ["Fatima el Amrani", "Jansen, Piet", "De heer J. de Vries"],
}
COLUMNS = ("product", "totaaloordeel", "gemeentecode", "datum_contact", "moeite")


@pytest.mark.parametrize("kind", PERSONAL)
def test_nothing_of_a_person_is_kept_in_a_column_that_is_not_meant_for_it(house: House, kind: str):
    values = PERSONAL[kind]
    changes = [{name: value} for name in COLUMNS for value in values]
    if kind != "name":
        changes += [{"respons_id": value, "totaaloordeel": "77"} for value in values]

    delivery = house.deliver(among_good(*changes))

    assert delivery.rows_quarantined == len(changes)
    kept = every_byte(house).decode("utf-8", "replace")
    kept += "".join(
        str(pl.read_parquet(p).to_dicts()) for p in house.settings.home.rglob("*.parquet")
    )
    for value in values:
        assert value not in kept
        assert value.replace(" ", "") not in kept


def test_an_id_that_is_a_number_of_nobody_is_shown(house: House):
    shown = ["123456789", "abc-0042", "GM0637/12", "2020000123"]
    house.deliver(among_good(*[{"respons_id": text, "totaaloordeel": "77"} for text in shown]))

    rows = [json.loads(row["masked_row"]) for row in house.rows("quarantine")]
    assert [row["respons_id"] for row in rows] == shown


def test_a_header_or_a_sheet_that_is_a_person_is_not_shown(house: House):
    content = csv_of([GOOD | {"0612345678": "1", "111222333": "1", "opmerking": "1"}])

    assert house.deliver(content).unknown_columns == ("9999999999", "999999999", "opmerking")

    content = csv_of(
        [GOOD | {"Bel 06-12345678": "1", "opm.\x1b[31m": "1", '"Cijfer\r\n1-10"': "1"}]
    )

    unknown = house.deliver(content, "counter/20210106.csv").unknown_columns
    assert unknown == ("xxx 99-99999999", "opm.?[31m", "Cijfer 1-10")


@pytest.mark.parametrize("title", ["jan@voorbeeld.nl", "Jan 06-12345678"])
def test_a_sheet_that_is_called_after_a_person_is_not_named(house: House, title: str):
    book = openpyxl.Workbook()
    book.active.title = title
    book.active.append(list(GOOD))
    book.active.append(list(GOOD.values()))
    book.active.merge_cells("A2:B2")
    content = io.BytesIO()
    book.save(content)

    reason = house.deliver(content.getvalue(), "counter/20210105.xlsx").reason

    assert reason in {
        "sheet *** has merged cells; unmerge them",
        "sheet xxx 99-99999999 has merged cells; unmerge them",
    }


def test_addresses_under_a_short_key_are_refused_and_nothing_is_written(house: House):
    house.settings = dataclasses.replace(house.settings, pseudonym_key=b"fifteen bytes..")
    house.land("invitations/20210501.csv", INVITATIONS)
    with pytest.raises(UserError, match="shorter than 16 bytes"):
        house.ingest("invitations")
    assert not list(house.settings.lake.rglob("*.parquet"))
    house.settings = dataclasses.replace(house.settings, pseudonym_key=b"sixteen bytes...")
    house.ingest("invitations")


def test_a_telephone_number_among_words_is_no_id(house: House):
    ids = ["Bel 06-98765432 a.u.b.", "bel +31 6 98765432", "ZK-0123456789", "aanvraag 12"]
    rows = [GOOD | {"respons_id": str(n), "uitnodiging_id": one} for n, one in enumerate(ids)]

    # two of twelve rows, as too many would refuse the delivery
    more = [GOOD | {"respons_id": f"more {n}"} for n in range(8)]
    delivery = house.deliver(csv_of([*rows, *[one | {"uitnodiging_id": ""} for one in more]]))

    assert (delivery.state, delivery.reasons) == ("accepted", {"bad_type": 2})
    kept = {row["invitation_id"] for row in house.rows("responses")}
    assert kept == {"ZK-0123456789", "aanvraag 12", None}
    stored = [row["masked_row"] for row in house.rows("quarantine")]
    assert len(stored) == 2
    assert not any("98765432" in row for row in stored)
