"""The same id twice in one delivery."""

from __future__ import annotations

from landing_house import GOOD, House, csv_of

OTHERS = [GOOD | {"respons_id": f"other{n}"} for n in range(10)]
SAME = "The same row stands earlier in this delivery."
DIFFERENT = "The same id stands in other rows of this delivery with different content."


def test_of_identical_rows_the_first_one_counts(house: House):
    delivery = house.deliver(csv_of([GOOD, GOOD, *OTHERS]))

    assert house.reasons() == {3: ["duplicate_in_delivery"]}
    assert house.rows("quarantine")[0]["details"] == [SAME]
    assert house.rows("responses")[0]["row"] == 2
    assert (delivery.rows_read, delivery.rows_accepted, delivery.rows_quarantined) == (12, 11, 1)


def test_of_rows_with_one_id_and_different_content_none_counts(house: House):
    house.deliver(csv_of([GOOD, GOOD | {"totaaloordeel": "3"}, *OTHERS]))

    assert house.reasons() == {2: ["duplicate_in_delivery"], 3: ["duplicate_in_delivery"]}
    assert [row["details"] for row in house.rows("quarantine")] == [[DIFFERENT], [DIFFERENT]]


def test_spellings_of_the_organisation_do_not_make_another_id(house: House):
    house.deliver(csv_of([GOOD, GOOD | {"gemeentecode": "637"}, *OTHERS]))

    assert list(house.reasons()) == [2, 3]


def test_the_same_id_of_another_organisation_is_another_response(house: House):
    house.deliver(csv_of([GOOD, GOOD | {"gemeentecode": "GM0014"}]))

    assert house.reasons() == {}


def test_a_bad_row_with_the_same_id_spoils_the_good_one_as_well(house: House):
    house.deliver(csv_of([GOOD, GOOD | {"totaaloordeel": "11"}, *OTHERS]))

    assert house.reasons() == {
        2: ["duplicate_in_delivery"],
        3: ["out_of_range", "duplicate_in_delivery"],
    }


def test_rows_without_an_id_are_not_duplicates_of_each_other(house: House):
    house.deliver(csv_of([GOOD | {"respons_id": ""}, GOOD | {"respons_id": ""}, *OTHERS]))

    assert house.reasons() == {2: ["missing_required"], 3: ["missing_required"]}


def test_an_invitation_stands_once_in_a_delivery(house: House):
    line = "{},GM0637,counter,paspoort,2021-03-31\n"
    content = "uitnodiging_id,gemeentecode,kanaal,product,verzonden_op\n" + "".join(
        line.format(name) for name in ["u1", "u1", *[f"v{n}" for n in range(8)]]
    )

    house.deliver(content, "invitations/20210501.csv")

    assert house.reasons("invitations") == {3: ["duplicate_in_delivery"]}
