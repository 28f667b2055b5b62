"""Names of files in which somebody is named: shown and kept as a shape, and still told apart."""

from __future__ import annotations

import json

import pytest
from landing_house import GOOD, House, among_good, csv_of

from dagster_project.ingest import read_register, scan_landing, standing_refusals
from dagster_project.ingest.file_names import open_path
from dagster_project.ingest.register import write_delivery

MASKED = {
    "counter/jan.jansen@voorbeeld.nl.csv": "counter/***.csv",
    "counter/20210105 jan@voorbeeld.nl.csv": "counter/20210105 ***.csv",
    "counter/Jan\uff20voorbeeld.nl.csv": "counter/***.csv",
    "counter/jan (at) voorbeeld.nl.csv": "counter/***.csv",
    "counter/jan_at_voorbeeld.nl.csv": "counter/***.csv",
    "counter/0612345678.csv": "counter/9999999999.csv",
    "counter/06-12345678.xlsx": "counter/99-99999999.xlsx",
    "counter/06.12.34.56.78.csv": "counter/99.99.99.99.99.csv",
    "counter/20210105-0612345678.csv": "counter/20210105-9999999999.csv",
    "counter/2021-01-05 06-12-34-56-78.csv": "counter/2021-01-05 99-99-99-99-99.csv",
    "counter/export 20210105 0612345678.csv": "counter/xxxxxx 99999999 99999999.csv",
    "counter/tel0612345678.sav": "counter/xxx9999999999.sav",
    "counter/(020) 123 45 67.CSV": "counter/(999) 999 99 99.CSV",
    "counter/+31 (0)6 12345678.csv": "counter/+99 (9)9 99999999.csv",
    "counter/+32 470 12 34 56.csv": "counter/+99 999 99 99 99.csv",
    "counter/0031612345678.csv": "counter/9999999999999.csv",
    "counter/klant_111222333_2021.csv": "counter/xxxxx_999999999_9999.csv",
    "counter/111 222 333.csv": "counter/999 999 999.csv",
    "counter/1112.22.333.csv": "counter/9999.99.999.csv",
    "counter/12345672.csv": "counter/99999999.csv",
    "counter/map 06-12345678/a.csv": "counter/xxx 99-99999999/a.csv",
    "balie 06-12345678/a.csv.part": "xxxxx 99-99999999/a.csv.part",
    "06-12345678 mail.txt": "99-99999999 xxxx.xxx",
}
AS_THEY_ARE = (
    *("20210105.csv", "2021-01-05 08-30-45.csv", "2021-01-05T083045.csv", "05012021.csv"),
    *("export_20210105093000.csv", "20201001-20201231 balie.csv", "01-10-2020 tm 31-12-2020.csv"),
    *("2021-01-05 12-30-45 2.csv", "2020-10-01_2020-12-31.csv", "20200110 20200210.csv"),
    *("antwoorden.nl.csv", "export at 10.csv", "GM0637 2020Q4 balie.csv", "batch 000123.csv"),
    *("123456789.csv", "ZK0123456789.csv", "1612345678901.csv", "Één café (1).csv"),
    *("a8f3c2d4-1234-4567-8901-1234567890ab.csv", "Jan Jansen.csv", "20210105 balie/a b.xlsx"),
)


@pytest.mark.parametrize(("path", "shown"), MASKED.items())
def test_what_names_a_person_is_a_shape(path: str, shown: str):
    assert open_path(path) == shown
    assert open_path(shown) == shown


@pytest.mark.parametrize("name", AS_THEY_ARE)
def test_days_times_and_numbers_of_exports_stay_as_they_are(name: str):
    assert open_path(f"counter/{name}") == f"counter/{name}"


def test_a_day_and_an_ending_that_are_masked_away_still_count(house: House):
    house.land("counter/20210105 06-12345678.csv", csv_of([GOOD]))

    (delivery,) = house.ingest().deliveries

    assert (delivery.file, delivery.state) == ("counter/20210105 99-99999999.csv", "accepted")
    assert delivery.received_at == "2021-01-04T23:00:00+00:00"


def test_nothing_of_a_name_is_in_the_home_or_in_what_is_said(house: House):
    bad = among_good({"totaaloordeel": "77"})
    house.land("counter/20210105 geheim@voorbeeld.nl.csv", bad)
    house.land("counter/zz geheim@voorbeeld.nl.csv", bad)
    house.land("counter/06-98765432/20210106.csv", "no;header\n1;2\n")
    house.land("counter/111222333.xlsx", b"no workbook")
    house.land("counter/geheim@voorbeeld.nl.csv.part", b"")
    house.land("counter/geheim@voorbeeld.nl.txt", b"")
    house.land("balie 06-98765432/a.csv", csv_of([GOOD]))
    (house.settings.landing / "counter/geheim@x.nl.csv").symlink_to("/nowhere/geheim@x.nl")
    said: list[str] = []

    house.ingest(progress=said.append)

    scan = scan_landing(house.settings, house.codebook)
    told = str([(one.file, one.sha256) for one in scan.deliveries])
    told += str([scan.ignored, scan.misplaced, scan.astray, *said])
    home = [path for path in house.settings.home.rglob("*") if path.is_file()]
    kept = b"".join(str(path).encode() + path.read_bytes() for path in home).decode("latin-1")
    for secret in ("geheim", "98765432", "111222333"):
        assert secret not in told
        assert secret not in kept
    assert {d.file for d in read_register(house.settings.lake)} == {
        *("counter/20210105 ***.csv", "counter/99-99999999/20210106.csv"),
        "counter/999999999.xlsx",
    }
    same = "holds the same bytes as counter/20210105 ***.csv"
    assert ("counter/***.csv", same) in scan.ignored
    assert [file for file, _ in scan.misplaced] == ["xxxxx 99-99999999/a.csv"]
    assert [file for file, _ in scan.astray] == ["counter/***.csv"]


def test_a_path_that_comes_again_is_known_again(house: House):
    path = "counter/20210105 06-12345678.csv"
    house.land(path, "no;header\n1;2\n")
    (refused,) = house.ingest().deliveries
    assert standing(house) == ["counter/20210105 99-99999999.csv"]
    assert house.ingest().new == ()

    house.land(path, csv_of([GOOD]))

    assert len(house.ingest().new) == 1
    assert standing(house) == []
    # the refused bytes beside it, under another name: they were mended where they came from
    house.land("counter/oud.csv", "no;header\n1;2\n")
    assert house.ingest().new == ()
    assert standing(house) == []
    assert {d.sha256 for d in read_register(house.settings.lake)} > {refused.sha256}


def test_files_of_one_masked_name_do_not_stand_for_each_other(house: House):
    house.land("counter/06-12345678.csv", "no;header\n1;2\n")
    house.land("counter/06-87654321.csv", "no;header\n3;4\n")
    house.land("counter/06-11111111.csv", csv_of([GOOD]))

    deliveries = house.ingest().deliveries

    assert {d.file for d in deliveries} == {"counter/99-99999999.csv"}
    assert sorted(d.state for d in deliveries) == ["accepted", "rejected", "rejected"]
    assert standing(house) == ["counter/99-99999999.csv"] * 2


def test_a_name_that_an_earlier_version_noted_is_masked(house: House):
    (delivery,) = [house.deliver(csv_of([GOOD]))]
    (path,) = (house.settings.lake / "deliveries").rglob("*.json")
    fields = json.loads(path.read_text(encoding="utf-8"))
    del fields["checksum"]
    fields["file"] = "counter/06-12345678.csv"
    path.write_text(json.dumps(fields), encoding="utf-8")

    (again,) = house.ingest().deliveries

    assert again.file == "counter/99-99999999.csv"
    assert "12345678.csv" not in path.read_text(encoding="utf-8")
    assert again.rows_accepted == delivery.rows_accepted
    write_delivery(house.settings.lake, again)
    assert house.ingest().deliveries == (again,)


def standing(house: House) -> list[str]:
    scan = scan_landing(house.settings, house.codebook)
    return [d.file for d in standing_refusals(read_register(house.settings.lake), scan)]
