"""What is wrong with data that came, and for how long: bad rows, refused and misplaced files."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import date
from hashlib import sha256

import polars as pl
import pytest
from landing_house import GOOD, House, csv_of

from dagster_project.codebook import Codebook
from dagster_project.common.checksums import CHECKSUM
from dagster_project.ingest import (
    BadShare,
    Delivery,
    bad_rows,
    named_by,
    open_refusals,
    read_register,
    scan_landing,
    standing_bad_rows,
    standing_refusals,
    too_many_bad_rows,
)
from dagster_project.ingest.lake import LAYOUT
from dagster_project.ingest.unmended import BAD_ROWS, FINAL

FILE = "counter/20210105 a.csv"
LATER = "counter/20210106 b.csv"
BAD = {"totaaloordeel": "12"}
"""A grade that is out of range: the row says whose and when it is."""
HERE = ("GM0637", "2020Q4")


def some(count: int, name: str, **change: str) -> list[dict[str, str]]:
    """Rows with ids `<name>0`, `<name>1`, ..."""
    return [GOOD | {"respons_id": f"{name}{n}"} | change for n in range(count)]


def land(house: House, rows: list[dict[str, str]], name: str = FILE) -> Delivery:
    return house.deliver(csv_of(rows), name)


def table(house: House) -> pl.DataFrame:
    scan = scan_landing(house.settings, house.codebook)
    return bad_rows(house.settings.lake, house.codebook, scan)


def shares(house: House) -> dict[tuple[str | None, str | None], tuple[int, int]]:
    """Bad rows and all rows by organisation and period, over all deliveries."""
    found: dict[tuple[str | None, str | None], tuple[int, int]] = {}
    for row in table(house).to_dicts():
        key = (row["organisation_code"], row["period"])
        bad, total = found.get(key, (0, 0))
        found[key] = (bad + row["bad_rows"], total + row["all_rows"])
    return found


def held(house: House) -> dict[tuple[str, str], tuple[int, int]]:
    return {
        (share.organisation_code, share.period): (share.bad_rows, share.all_rows)
        for share in too_many_bad_rows(table(house), house.codebook)
    }


def refusals(house: House) -> list[str]:
    register = read_register(house.settings.lake)
    scan = scan_landing(house.settings, house.codebook)
    return [delivery.file for delivery in standing_refusals(register, scan)]


def place(row: Mapping[str, object]) -> tuple[object, object, object]:
    return row["organisation_code"], row["event_date"], row["period"]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (BAD, ("GM0637", date(2020, 10, 1), "2020Q4")),
        ({"gemeentecode": "637"} | BAD, ("GM0637", date(2020, 10, 1), "2020Q4")),
        ({"gemeentecode": "GM9999"}, (None, date(2020, 10, 1), "2020Q4")),
        ({"gemeentecode": ""}, (None, date(2020, 10, 1), "2020Q4")),
        # Dijk en Waard begins in 2022, so the row is of some other municipality
        ({"gemeentecode": "GM1980"}, (None, date(2020, 10, 1), "2020Q4")),
        ({"datum_contact": "1 oktober"}, ("GM0637", None, None)),
        # before the study, and after the day on which the file came
        ({"datum_contact": "31-12-2014"}, ("GM0637", None, None)),
        ({"datum_contact": "06-01-2021"}, ("GM0637", None, None)),
        ({"datum_invul": "30-09-2020"}, ("GM0637", date(2020, 10, 1), "2020Q4")),
        ({"datum_contact": "2020-09-30T23:59"} | BAD, ("GM0637", date(2020, 9, 30), "2020Q3")),
    ],
)
def test_a_row_in_quarantine_knows_whose_and_when_it_is_if_it_says_so(
    house: House, change: dict[str, str], found: tuple[object, ...]
):
    land(house, [*some(1, "bad", **change), *some(10, "good")])

    (row,) = house.rows("quarantine")
    assert place(row) == found


def test_a_row_in_quarantine_keeps_a_fingerprint_of_its_id(house: House):
    land(house, [*some(1, "bad", **BAD), *some(10, "good")])

    (row,) = house.rows("quarantine")
    assert row["id_fingerprint"] == sha256(b"bad0").hexdigest()


def test_an_address_in_the_place_of_an_id_has_no_fingerprint(house: House):
    land(house, [*some(1, "", respons_id="jan@voorbeeld.nl"), *some(10, "good")])

    (row,) = house.rows("quarantine")
    assert (row["id_fingerprint"], row["organisation_code"]) == (None, "GM0637")


def test_a_row_that_was_cut_off_says_nothing(house: House):
    house.deliver(csv_of(some(10, "good")) + "1;GM0637\n", FILE)

    (row,) = house.rows("quarantine")
    assert (*place(row), row["id_fingerprint"]) == (None, None, None, None)


def test_good_rows_of_a_refused_delivery_say_where_they_belong_too(house: House):
    delivery = land(house, [*some(1, "bad", **BAD), *some(1, "good")])

    assert delivery.state == "rejected"
    places = {place(row) for row in house.rows("quarantine")}
    assert places == {("GM0637", date(2020, 10, 1), "2020Q4")}
    named = named_by(house.settings.lake, [delivery])
    assert named.rows() == [("counter", delivery.sha256, *HERE, 2)]


def test_a_refused_delivery_that_cannot_be_read_names_nobody(house: House):
    delivery = house.deliver(b"", FILE)

    assert delivery.state == "rejected"
    assert named_by(house.settings.lake, [delivery]).is_empty()


def test_an_invitation_belongs_to_the_quarter_in_which_it_was_sent(house: House):
    header = "uitnodiging_id;gemeentecode;kanaal;product;verzonden_op;email\n"
    good = "".join(f"{n};GM0637;counter;paspoort;2021-03-31;\n" for n in range(10))
    bad = "u1;GM0637;pigeon;paspoort;2021-03-31;jan@voorbeeld.nl\n"

    house.deliver(header + bad + good, "invitations/20210501.csv")

    (row,) = house.rows("quarantine", "invitations")
    assert place(row) == ("GM0637", date(2021, 3, 31), "2021Q1")
    assert row["id_fingerprint"] == sha256(b"u1").hexdigest()
    assert shares(house) == {("GM0637", "2021Q1"): (1, 11)}


def test_a_row_of_a_wave_belongs_to_its_year(house: House):
    row = {"respondent": "1", "gemnr": "637", "jr": "2024", "weging": "1", "dv01": "7"}
    good = [row | {"respondent": f"good{n}"} for n in range(10)]

    house.deliver(csv_of([row | {"dv01": "12"}, *good]), "burgerpeiling/20250115.csv")

    (found,) = house.rows("quarantine", "burgerpeiling")
    assert place(found) == ("GM0637", None, "2024")
    assert found["id_fingerprint"] == sha256(b"2024-1").hexdigest()
    assert shares(house) == {("GM0637", "2024"): (1, 11)}


def test_a_feed_of_one_organisation_and_year_says_so_for_every_row(house: House):
    good = "".join(f"{n},1,A,1\n" for n in range(10))

    house.deliver("RESPNUM,METHOD,BAREA,WEIGHT\n" + good + "10,1\n", "sfo_2017/a.csv")

    (row,) = house.rows("quarantine", "sfo_2017")
    assert place(row) == ("SFO", None, "2017")


@pytest.mark.parametrize(("good", "expected"), [(19, {}), (18, {HERE: (1, 19)})])
def test_a_twentieth_of_bad_rows_holds_nothing_and_more_does(
    house: House, good: int, expected: dict[tuple[str, str], tuple[int, int]]
):
    land(house, [*some(1, "bad", **BAD), *some(good, "good")])

    assert shares(house) == {HERE: (1, good + 1)}
    assert held(house) == expected


def test_the_study_says_which_share_holds(house: House):
    land(house, [*some(1, "bad", **BAD), *some(18, "good")])
    counted = table(house)

    def with_limit(pct: float) -> Codebook:
        studies = [dataclasses.replace(s, hold_bad_rows_pct=pct) for s in house.codebook.studies]
        return dataclasses.replace(house.codebook, studies=tuple(studies))

    assert too_many_bad_rows(counted, with_limit(10)) == ()
    assert too_many_bad_rows(counted, with_limit(0)) == (
        BadShare("nvvb", *HERE, 1, 19, 0, FILE, named=True),
    )


def test_says_in_one_line_what_holds(house: House):
    land(house, [*some(2, "bad", **BAD), *some(18, "good")])

    (share,) = too_many_bad_rows(table(house), house.codebook)

    assert share.why == (
        "2 of 20 rows are in quarantine, more than 5 %, most in counter/20210105 a.csv; "
        "mend that file and deliver it again under its name"
    )


def test_rows_of_all_deliveries_and_feeds_of_a_study_count_together(house: House):
    land(house, [*some(2, "bad", **BAD), *some(8, "good")])
    land(house, some(30, "more"), LATER)
    # of another quarter, and of another municipality
    land(house, some(10, "old", datum_contact="01-07-2020"), "counter/20210107 c.csv")
    land(house, some(10, "other", gemeentecode="GM0363"), "counter/20210108 d.csv")
    digital = [row | {"respons_id": f"d{n}"} for n, row in enumerate(some(10, ""))]
    house.deliver(csv_of(digital), "digital/20210105.csv")

    assert shares(house)[HERE] == (2, 50)
    assert held(house) == {}


def test_a_row_that_a_later_delivery_brings_right_is_mended(house: House):
    land(house, [*some(2, "x", **BAD), *some(10, "good")])
    assert held(house) == {HERE: (2, 12)}

    land(house, some(2, "x"), LATER)
    assert shares(house) == {}


def test_a_row_of_another_municipality_with_the_same_id_mends_nothing(house: House):
    land(house, [*some(2, "x", **BAD), *some(10, "good")])

    land(house, some(2, "x", gemeentecode="GM0363"), LATER)
    assert held(house) == {HERE: (2, 12)}


def test_a_correction_that_is_bad_itself_counts_once(house: House):
    land(house, [*some(2, "x", **BAD), *some(10, "good")])

    land(house, [*some(2, "x", **BAD), *some(18, "more")], LATER)
    assert shares(house) == {HERE: (2, 30)}


def test_an_earlier_good_row_does_not_mend_a_later_bad_one(house: House):
    land(house, some(10, "x"))

    land(house, [*some(2, "x", **BAD), *some(10, "good")], LATER)
    # ten good ones that came first, ten that came with the two bad ones
    assert shares(house) == {HERE: (2, 22)}


def test_a_file_that_is_put_in_the_place_of_another_takes_its_bad_rows_away(house: House):
    land(house, [*some(2, "x", **BAD), *some(10, "good")])

    land(house, some(9, "new"))
    assert shares(house) == {}


def test_a_file_that_is_taken_out_of_landing_takes_its_bad_rows_away(house: House):
    land(house, [*some(2, "x", **BAD), *some(10, "good")])

    (house.settings.landing / FILE).unlink()
    assert shares(house) == {}


def test_a_file_that_is_moved_keeps_its_bad_rows(house: House):
    land(house, [*some(2, "x", **BAD), *some(10, "good")])

    (house.settings.landing / FILE).rename(house.settings.landing / LATER)
    assert held(house) == {HERE: (2, 12)}


def test_rows_that_say_neither_whose_nor_when_hold_all_periods_of_their_delivery(house: House):
    nameless = some(6, "x", gemeentecode="", datum_contact="")
    two_quarters = [*some(47, "a"), *some(47, "b", datum_contact="01-07-2020")]
    land(house, [*nameless, *two_quarters])
    land(house, some(10, "c", datum_contact="01-04-2020"), LATER)

    # the quarter of the other file is not held
    assert held(house) == {HERE: (6, 100), ("GM0637", "2020Q3"): (6, 100)}
    (share, _) = too_many_bad_rows(table(house), house.codebook)
    assert share.why == (
        "6 of 100 rows of counter/20210105 a.csv do not say of which known organisation or of when "
        "they are, more than 5 %; mend that file and deliver it again under its name"
    )


def test_a_few_rows_that_do_not_say_whose_they_are_hold_nothing(house: House):
    land(house, [*some(5, "x", gemeentecode="", datum_contact=""), *some(95, "good")])

    assert shares(house) == {(None, None): (5, 100), HERE: (0, 95)}
    assert held(house) == {}


def test_rows_without_a_date_hold_the_periods_of_their_municipality_only(house: House):
    # 2 of 12 rows of the one, of 112 rows in all
    small = [*some(2, "x", datum_contact=""), *some(10, "small")]
    land(house, [*small, *some(100, "large", gemeentecode="GM0363")])

    assert held(house) == {HERE: (2, 12)}


def test_rows_without_a_municipality_hold_their_quarter_only(house: House):
    quarter = [*some(2, "x", gemeentecode=""), *some(10, "few")]
    land(house, [*quarter, *some(100, "many", datum_contact="01-07-2020")])

    assert held(house) == {HERE: (2, 12)}


def test_a_row_without_a_municipality_is_mended_by_one_of_its_delivery(house: House):
    land(house, [*some(2, "x", gemeentecode=""), *some(10, "good")])

    land(house, some(2, "x", gemeentecode="GM0363"), LATER)
    assert held(house) == {HERE: (2, 12)}

    land(house, some(2, "x"), "counter/20210107 c.csv")
    assert held(house) == {}


def test_a_period_that_is_final_is_not_looked_at(house: House):
    summer = {"datum_contact": "01-07-2020"}
    land(house, [*some(2, "x", **BAD, **summer), *some(2, "y", **BAD), *some(20, "good", **summer)])
    final = pl.DataFrame([("nvvb", "GM0637", "2020Q3")], orient="row")
    final.columns = ["study", "organisation_code", "period"]
    scan = scan_landing(house.settings, house.codebook)

    found = bad_rows(house.settings.lake, house.codebook, scan, final)

    assert found.select("period", "bad_rows", "all_rows").rows() == [("2020Q4", 2, 2)]


def test_nothing_in_quarantine_is_an_empty_table(house: House):
    land(house, some(3, "good"))

    assert table(house).schema == BAD_ROWS
    assert table(house).is_empty()
    assert too_many_bad_rows(table(house), house.codebook) == ()


def test_rows_that_an_earlier_version_put_in_quarantine_are_judged_again(house: House):
    delivery = land(house, [*some(2, "x", **BAD), *some(10, "good")])
    lake = house.settings.lake
    quarantine = lake / "quarantine" / "counter" / f"{delivery.sha256}.parquet"
    pl.read_parquet(quarantine).select(
        "feed", "delivery", "row", "reasons", "details", "masked_row"
    ).write_parquet(quarantine)
    noted = lake / "deliveries" / "counter" / f"{delivery.sha256}.json"
    known = json.loads(noted.read_text(encoding="utf-8"))
    assert known.pop("layout") == LAYOUT
    del known[CHECKSUM]
    noted.write_text(json.dumps(known), encoding="utf-8")

    # until then they do not say whose they are
    assert shares(house)[None, None] == (2, 12)
    assert house.ingest().new == (delivery.sha256,)
    assert shares(house) == {HERE: (2, 12)}


def test_a_refused_delivery_stands_until_it_is_replaced(house: House):
    house.deliver("x\n1\n", FILE)
    assert refusals(house) == [FILE]

    land(house, some(1, "good"))
    assert refusals(house) == []


def test_a_refused_delivery_stands_until_it_is_gone(house: House):
    house.deliver("x\n1\n", FILE)
    moved = house.settings.landing / LATER
    (house.settings.landing / FILE).rename(moved)
    house.ingest()
    assert refusals(house) == [FILE]

    moved.unlink()
    assert refusals(house) == []


def test_a_refused_delivery_that_was_put_aside_for_a_good_one_does_not_stand(house: House):
    house.deliver("x\n1\n", FILE)
    (house.settings.landing / FILE).rename(house.settings.landing / "counter/old.csv")

    land(house, some(1, "good"))
    assert refusals(house) == []


def test_a_refused_delivery_of_which_there_is_a_copy_stands(house: House):
    house.deliver("x\n1\n", FILE)
    house.land("counter/0 copy.csv", "x\n1\n")

    assert refusals(house) == [FILE]


def to_mend(house: House, *final: tuple[str, str]) -> list[int]:
    """Rows that somebody has to mend, when these organisations and periods are final."""
    scan = scan_landing(house.settings, house.codebook)
    lake, periods = house.settings.lake, of_nvvb(*final)
    return standing_bad_rows(lake, house.codebook, scan, periods)["row"].to_list()


def of_nvvb(*periods: tuple[str, str]) -> pl.DataFrame:
    return pl.DataFrame([("nvvb", *one) for one in periods], schema=FINAL, orient="row")


def test_nobody_has_to_mend_a_row_of_a_final_period(house: House):
    land(house, [*some(1, "x", **BAD), *some(9, "good")])
    assert to_mend(house, ("GM0637", "2020Q3")) == [2]
    assert to_mend(house, HERE) == []


def test_a_row_that_does_not_say_when_it_is_is_over_with_the_rest_of_its_delivery(house: House):
    earlier = some(5, "before", datum_contact="30-09-2020")
    land(house, [*some(1, "x", datum_contact="?"), *some(5, "good"), *earlier])
    assert to_mend(house, HERE) == [2]
    assert to_mend(house, HERE, ("GM0637", "2020Q3")) == []


def test_a_row_of_no_known_organisation_is_over_with_the_rest_of_its_delivery(house: House):
    land(house, [*some(1, "x", gemeentecode="GM9999"), *some(9, "good")])
    assert to_mend(house) == [2]
    assert to_mend(house, HERE) == []


def still_refused(house: House, *final: tuple[str, str]) -> list[str]:
    scan = scan_landing(house.settings, house.codebook)
    refused = standing_refusals(read_register(house.settings.lake), scan)
    return [one.file for one in open_refusals(house.settings.lake, refused, of_nvvb(*final))]


def test_a_refused_delivery_of_final_periods_is_over(house: House):
    land(house, [*some(5, "x", **BAD), *some(5, "y", datum_contact="30-09-2020", **BAD)])
    assert still_refused(house) == [FILE]
    assert still_refused(house, HERE) == [FILE]
    both = (HERE, ("GM0637", "2020Q3"))
    assert still_refused(house, *both) == []
    assert to_mend(house, *both) == []


def test_a_refused_delivery_that_says_nothing_is_not_over(house: House):
    house.deliver("x\n1\n", FILE)
    assert still_refused(house, HERE) == [FILE]
