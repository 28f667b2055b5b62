"""Somebody is named in the names of files: in no byte of the home and in no line of a command."""

from __future__ import annotations

import polars as pl
import pytest
from kto import Place, answers, holding

SECRETS = ("geheim.persoon", "27182818", "111222333")
GOOD = answers(4, *range(20))
MORE = answers(4, *range(20, 32), grade=6)


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, list[str]]:
    """A home into which files came by names of people, and what was said then.

    Two were taken in, two refused, one waits and some are ignored.
    """
    place = Place(tmp_path_factory.mktemp("named"))
    one_bad = pl.concat([GOOD, answers(4, 99).with_columns(totaaloordeel=pl.lit("77"))])
    no_place = MORE.drop("gemeentecode")
    place.land("counter", "2021-01-05 geheim.persoon@voorbeeld.nl.csv", one_bad)
    place.land("counter", "copy geheim.persoon@voorbeeld.nl.csv", one_bad)
    place.land("counter/06-27182818", "2021-01-06.csv", MORE)
    place.land("counter", "2021-01-07 bsn 111222333.csv", no_place)
    place.land("counter", "2021-01-07 bsn 111222333 (2).csv", no_place.head(3))
    place.land("counter", "geheim.persoon@voorbeeld.nl.csv.part", GOOD)
    place.land("geheim.persoon@voorbeeld.nl", "2021-01-08.csv", GOOD)
    place.land("counter", "06-27182818.txt", GOOD)
    return place, place.told("refresh", "--preview")


def test_nobody_is_found_in_a_home_or_in_what_commands_say(
    named: tuple[Place, list[str]],
) -> None:
    place, said = named
    assert [line for line in said if "xxx 999999999" in line]
    # published as it is, as if whoever delivered the rest had nothing to add
    said += place.told("release", "--study", "nvvb", "--as-is", "--reason", "no more will come")
    (rows,) = place.query("select n from marts.mart_totaaloordeel where period = '2020Q4' limit 1")
    assert rows == (32,)
    for words in (["status"], ["status", "--json"], ["bad-rows"], ["doctor"]):
        said += place.told(*words)
    said += place.told("forget", "--before", "2021-01-01")

    folders = {"lake", "dagster", "published", "preview", "vintages", "data_docs"}
    assert folders <= {path.name for path in place.home.iterdir()}
    assert holding(place.home, SECRETS) == set()
    assert [line for line in said if any(secret in line for secret in SECRETS)] == []


def test_a_delivery_is_found_by_its_folder_its_masked_name_and_its_hash(
    named: tuple[Place, list[str]],
) -> None:
    status = named[0].status()
    found = {(one["file"], one["state"], len(one["sha256"] or "")) for one in status["deliveries"]}
    assert found == {
        ("counter/2021-01-05 ***.csv", "accepted", 64),
        ("counter/99-99999999/2021-01-06.csv", "accepted", 64),
        ("counter/2021-01-07 xxx 999999999.csv", "rejected", 64),
        ("counter/2021-01-07 xxx 999999999 (9).csv", "rejected", 64),
        ("counter/***.part", "waiting", 0),
    }
    assert {(one["file"], one["misplaced"]) for one in status["ignored"]} == {
        ("***/2021-01-08.csv", True),
        ("counter/***.csv", False),
        ("counter/99-99999999.xxx", False),
    }
