"""The first week of a newcomer: mistakes hold a period, and mended it is as if there were none."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from kto import GRADES, Place, answers

GOOD = answers(4, *range(20))
MENDED = answers(4, *range(20, 32), grade=6)
# a header that nobody knows: refused whole
BROKEN = MENDED.rename({"gemeentecode": "plaats"})


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """All delivered well at once."""
    place = Place(tmp_path_factory.mktemp("fresh"))
    place.land("counter", "2021-01-05.csv", GOOD)
    place.land("counter", "2021-01-06.csv", MENDED)
    place.told("refresh")
    assert place.query(GRADES) == [("2020Q4", 32, pytest.approx((160 + 72) / 32))]
    return place


@pytest.mark.parametrize("first", ["broken", "good"])
def test_a_period_is_held_while_a_refused_delivery_stands_and_then_as_if_it_never_had_been(
    first: str, fresh: Place, tmp_path: Path
) -> None:
    place = Place(tmp_path)
    steps: list[tuple[str, pl.DataFrame]] = [("2021-01-06.csv", BROKEN), ("2021-01-05.csv", GOOD)]
    for name, frame in steps if first == "broken" else reversed(steps):
        place.land("counter", name, frame)
        if name == "2021-01-06.csv" or first == "broken":
            said = place.told("refresh")
    (held,) = [line for line in said if line.startswith("held       nvvb 2020Q4")]
    assert "counter/2021-01-06.csv was refused" in held
    assert "mend it and deliver it again under its name" in held
    assert not (place.home / "published" / "current").exists()
    # the preview shows it, and that it is held
    query = "select state from marts.mart_release where period = '2020Q4'"
    assert place.query(query, folder="preview") == [("held",)]
    assert place.query(GRADES, folder="preview") == [("2020Q4", 20, 8.0)]

    place.land("counter", "2021-01-06.csv", MENDED)
    said = place.told("refresh")
    assert "published  nvvb 2020Q4: GM0637" in said
    assert place.tables() == fresh.tables()


def test_a_file_in_a_folder_that_is_no_feed_holds_until_it_is_gone_or_released_as_is(
    fresh: Place, tmp_path: Path
) -> None:
    place = Place(tmp_path)
    place.land("counter", "2021-01-05.csv", GOOD)
    place.land("counters", "2021-01-06.csv", MENDED)
    (held,) = [line for line in place.told("refresh") if line.startswith("held       nvvb 2020Q4")]
    assert "counters/2021-01-06.csv folder counters is not a feed" in held
    assert "did you mean counter?" in held
    assert place.kto("release", "--reason", "x").exit_code == 2
    assert "nothing that is held was named" in place.refused(
        "release", "--study", "madi", "--as-is", "--reason", "x"
    )
    place.told("release", "--study", "nvvb", "--as-is", "--reason", "that file is of others")
    assert place.query(GRADES) == [("2020Q4", 20, 8.0)]
    (told,) = place.manifest["released_as_they_were"]
    assert (told["period"], told["reason"]) == ("2020Q4", "that file is of others")
    assert place.tables().keys() == fresh.tables().keys()
