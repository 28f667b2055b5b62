"""Somebody is named in the names of files: in no byte of the home and in no line of a command."""

from __future__ import annotations

import polars as pl
import pytest
from kto import Place, answers, holding

SECRETS = ("geheim.persoon", "98765432", "111222333")
GOOD = answers(4, *range(20))
MORE = answers(4, *range(20, 32), grade=6)


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A home into which files came by names of people: two taken in, two refused, some ignored."""
    place = Place(tmp_path_factory.mktemp("named"))
    one_bad = GOOD.with_columns(
        totaaloordeel=pl.when(pl.int_range(pl.len()) == 0)
        .then(pl.lit("77"))
        .otherwise("totaaloordeel")
    )
    no_place = MORE.drop("gemeentecode")
    place.land("counter", "2021-01-05 geheim.persoon@voorbeeld.nl.csv", one_bad)
    place.land("counter", "copy geheim.persoon@voorbeeld.nl.csv", one_bad)
    place.land("counter/06-98765432", "2021-01-06.csv", MORE)
    place.land("counter", "2021-01-07 bsn 111222333.csv", no_place)
    place.land("counter", "2021-01-07 bsn 111222333 (2).csv", no_place.head(3))
    place.land("counter", "geheim.persoon@voorbeeld.nl.csv.part", GOOD)
    place.land("geheim.persoon@voorbeeld.nl", "2021-01-08.csv", GOOD)
    place.land("counter", "06-98765432.txt", GOOD)
    return place


def test_nobody_is_found_in_a_home_or_in_what_commands_say(named: Place) -> None:
    held = named.kto("refresh")
    assert held.exit_code == 0, held.output
    # as if whoever delivered had been asked, and sends nothing else
    published = named.kto("release", "--as-is", "2020", "--reason", "no more will come")

    said = [held.output, published.output]
    for words in (["status"], ["status", "--json"], ["bad-rows"], ["preview"], ["doctor"]):
        said.append(named.kto(*words).output)
    said.append(named.kto("forget", "--before", "2021-01-01").output)

    assert (named.home / "preview").exists()
    assert holding(named.home, SECRETS) == set()
    for text in said:
        assert not any(secret in text for secret in SECRETS)


def test_a_delivery_is_found_by_its_folder_its_masked_name_and_its_hash(named: Place) -> None:
    found = {
        (one["file"], one["state"], len(one["sha256"] or ""))
        for one in named.status()["deliveries"]
    }
    assert found == {
        ("counter/2021-01-05 ***.csv", "accepted", 64),
        ("counter/99-99999999/2021-01-06.csv", "accepted", 64),
        ("counter/2021-01-07 xxx 999999999.csv", "rejected", 64),
        ("counter/2021-01-07 xxx 999999999 (9).csv", "rejected", 64),
        ("counter/***.csv.part", "waiting", 0),
    }
    assert {(one["file"], one["misplaced"]) for one in named.status()["ignored"]} == {
        ("***/2021-01-08.csv", True),
        ("counter/***.csv", False),
        ("counter/99-99999999.txt", False),
    }
