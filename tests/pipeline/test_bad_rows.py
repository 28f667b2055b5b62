"""One bad row of each kind: each is kept, with its reason, and said in one line."""

from __future__ import annotations

import polars as pl
import pytest
import small_feeds
from click.testing import CliRunner

from dagster_project.commands.main import main
from dagster_project.common.settings import Settings
from dagster_project.orchestration.pipeline import refresh

HEADER = "respons_id;gemeentecode;product;datum_contact;datum_invul;totaaloordeel;moeite"
GOOD = [f"g{number};637;paspoort;01-10-2020;02-10-2020;8;1" for number in range(40)]
BAD = {
    "missing_required": "m1;0637;;01-10-2020;02-10-2020;8;1",
    "bad_type": "m2;GM0637;paspoort;31-09-2020;02-10-2020;8;1",
    "out_of_range": "m3;GM0637;paspoort;01-10-2020;02-10-2020;11;1",
    "unknown_code": "m4;GM0637;paspoort;01-10-2020;02-10-2020;8;7",
    "unknown_organisation": "m5;GM9999;paspoort;01-10-2020;02-10-2020;8;1",
    "unknown_product": "m6;GM0637;vliegbrevet;01-10-2020;02-10-2020;8;1",
    "contact_in_future": "m7;GM0637;paspoort;06-01-2021;06-01-2021;8;1",
    "submitted_before_contact": "m8;GM0637;paspoort;02-10-2020;01-10-2020;8;1",
    "duplicate_in_delivery": "g0;637;paspoort;01-10-2020;02-10-2020;8;1",
    "malformed_row": "m9;GM0637;paspoort",
}


@pytest.fixture(scope="module")
def delivered(module_settings: Settings) -> Settings:
    folder = module_settings.landing / "counter"
    folder.mkdir()
    lines = [HEADER, *GOOD, *BAD.values()]
    (folder / "2021-01-05 balie.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "2021-01-07 empty.csv").write_text(f"{HEADER};baliecode\n", encoding="utf-8")
    (folder / "2021-01-06 no dates.csv").write_text("respons_id;product\na;paspoort\n")
    refresh(module_settings)
    return module_settings


def test_a_period_with_so_many_bad_rows_is_held_and_not_published(delivered: Settings) -> None:
    assert not (delivered.published / "current").exists()
    periods = pl.read_parquet(delivered.states / "periods.parquet")
    (row,) = periods.filter(pl.col("period") == "2020Q4").to_dicts()
    assert row["state"] == "held"
    # one of the ten names no known organisation, and one has no date
    assert "no dates.csv was refused" in row["held_because"]
    assert "are in quarantine, more than 5 %" in row["held_because"]


def test_every_bad_row_is_in_quarantine_with_its_reason(delivered: Settings) -> None:
    (file,) = (delivered.lake / "quarantine" / "counter").glob("*.parquet")
    found = {row["row"]: row["reasons"] for row in pl.read_parquet(file).to_dicts()}
    # the header is row 1, so the first of the bad rows is row 42
    assert found == {row: [reason] for row, reason in enumerate(BAD, start=42)}


def test_status_says_what_was_refused_and_why(delivered: Settings) -> None:
    environment = {"KTO_HOME": str(delivered.home), "KTO_LANDING": str(delivered.landing)}
    said = CliRunner().invoke(main, ["status"], env=environment, terminal_width=240)
    assert said.exit_code == 0, said.output
    for reason in BAD:
        (line,) = [line for line in said.output.splitlines() if reason in line]
        assert "1" in line
    assert "datum_contact" in said.output
    assert "Columns ignored in counter/2021-01-07 empty.csv: baliecode" in said.output


def test_the_good_rows_count_in_the_preview(delivered: Settings) -> None:
    (row,) = small_feeds.released(
        delivered,
        """
        from marts.mart_response
        where period = '2020Q4' and channel = 'counter' and product_code = 'all'
        """,
        preview=True,
    )
    assert row["responses"] == 40
