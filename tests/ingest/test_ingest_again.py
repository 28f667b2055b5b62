"""Ingesting twice, after the codebook changed, after an interruption, after damage."""

from __future__ import annotations

import dataclasses
import json
import os

import pytest
from landing_house import GOOD, House, among_good, csv_of

from dagster_project.codebook import Product
from dagster_project.common.errors import UserError
from dagster_project.ingest import check_lake, ensure_lake, read_register
from dagster_project.ingest import feed as feeds

NEW_PRODUCT = Product("nvvb", "vliegbrevet", "Vliegbrevet", "Pilot licence", None, None)


def lake_bytes(house: House) -> dict[str, bytes]:
    files = sorted(path for path in house.settings.lake.rglob("*") if path.is_file())
    return {path.relative_to(house.settings.lake).as_posix(): path.read_bytes() for path in files}


def test_a_second_time_changes_nothing(house: House):
    house.deliver(among_good({"product": "x"}))
    before = lake_bytes(house)

    assert house.ingest().new == ()
    assert lake_bytes(house) == before


def test_a_row_is_accepted_once_the_codebook_knows_its_product(house: House):
    house.deliver(among_good({"product": "vliegbrevet"}))
    assert house.reasons() == {2: ["unknown_product"]}
    os.utime(house.settings.landing / "counter/20210105.csv", (0, 0))
    first = house.ingest().deliveries[0]

    products = (*house.codebook.products, NEW_PRODUCT)
    house.codebook = dataclasses.replace(house.codebook, products=products)
    result = house.ingest()

    assert result.new == (first.sha256,)
    assert result.deliveries[0].rows_accepted == 11
    assert result.deliveries[0].received_at == first.received_at
    assert house.reasons() == {}
    assert not (house.settings.lake / f"quarantine/counter/{first.sha256}.parquet").exists()


def test_a_delivery_that_becomes_rejected_leaves_the_lake(house: House):
    accepted = house.deliver(csv_of([GOOD]))
    assert accepted.rows_accepted == 1

    products = tuple(p for p in house.codebook.products if p.product_code != "paspoort")
    house.codebook = dataclasses.replace(house.codebook, products=products)
    rejected = house.ingest().deliveries[0]

    assert (rejected.state, rejected.rows_read, rejected.rows_quarantined) == ("rejected", 1, 1)
    assert house.rows("responses") == []
    assert house.rows("restricted") == []


def test_a_misnamed_file_is_judged_again_under_its_right_name(house: House):
    assert house.deliver(csv_of([GOOD]), "counter/a.xlsx").state == "rejected"
    landing = house.settings.landing / "counter"
    (landing / "a.xlsx").rename(landing / "a.csv")

    (delivery,) = house.ingest().deliveries
    assert (delivery.file, delivery.state) == ("counter/a.csv", "accepted")


def test_what_an_interrupted_run_left_is_cleared_away(house: House):
    ensure_lake(house.settings.lake)
    responses = house.settings.lake / "responses" / "counter"
    responses.mkdir()
    (responses / "half.parquet.tmp").write_bytes(b"half")
    (responses / "orphan.parquet").write_bytes(b"not in the register")

    delivery = house.deliver(csv_of([GOOD]))

    assert [path.name for path in responses.iterdir()] == [f"{delivery.sha256}.parquet"]


def test_an_interruption_before_the_register_is_written_does_no_harm(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    house.land("counter/20210105.csv", csv_of([GOOD]))
    with monkeypatch.context() as patch:
        patch.setattr("dagster_project.ingest.deliver.write_delivery", interrupt)
        with pytest.raises(KeyboardInterrupt):
            house.ingest()
    assert read_register(house.settings.lake) == ()

    house.ingest()

    interrupted = lake_bytes(house)
    for name in interrupted:
        (house.settings.lake / name).unlink()
    house.ingest()
    assert lake_bytes(house) == interrupted


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_file_that_is_gone_from_the_lake_is_made_again(house: House):
    delivery = house.deliver(csv_of([GOOD]))
    (name,) = [name for name in delivery.files if name.startswith("responses/")]
    content = (house.settings.lake / name).read_bytes()
    (house.settings.lake / name).unlink()

    with pytest.raises(UserError, match="is missing"):
        check_lake(house.settings.lake)
    house.ingest()

    assert (house.settings.lake / name).read_bytes() == content
    check_lake(house.settings.lake)


def test_a_damaged_file_of_the_lake_is_named(house: House):
    delivery = house.deliver(csv_of([GOOD]))
    (name,) = [name for name in delivery.files if name.startswith("responses/")]
    content = bytearray((house.settings.lake / name).read_bytes())
    content[100] ^= 1
    (house.settings.lake / name).write_bytes(content)

    with pytest.raises(UserError, match=f"{name} is damaged"):
        check_lake(house.settings.lake)


def test_a_damaged_register_file_is_named(house: House):
    house.deliver(csv_of([GOOD]))
    (path,) = (house.settings.lake / "deliveries").rglob("*.json")
    path.write_text("{", encoding="utf-8")

    with pytest.raises(UserError, match=f"{path} is damaged"):
        house.ingest()


def test_a_register_file_with_another_number_in_it_is_named(house: House):
    house.deliver(csv_of([GOOD]))
    (path,) = (house.settings.lake / "deliveries").rglob("*.json")
    text = path.read_text(encoding="utf-8")
    assert '"rows_read": 1,' in text
    path.write_text(text.replace('"rows_read": 1,', '"rows_read": 3,'), encoding="utf-8")

    with pytest.raises(UserError, match=f"{path} is damaged"):
        house.ingest()

    path.unlink()
    assert house.ingest().deliveries[0].rows_read == 1


def test_a_register_file_of_an_earlier_version_has_no_checksum(house: House):
    delivery = house.deliver(csv_of([GOOD]))
    (path,) = (house.settings.lake / "deliveries").rglob("*.json")
    fields = json.loads(path.read_text(encoding="utf-8"))
    del fields["checksum"]
    path.write_text(json.dumps(fields), encoding="utf-8")

    assert house.ingest().deliveries == (delivery,)


def test_a_damaged_empty_file_is_made_again(house: House):
    ensure_lake(house.settings.lake)
    anchor = house.settings.lake / "responses/_none/empty.parquet"
    content = anchor.read_bytes()
    anchor.write_bytes(content[:-9] + b"x" + content[-8:])

    ensure_lake(house.settings.lake)

    assert anchor.read_bytes() == content


def test_a_full_disk_is_told_in_one_line_and_leaves_no_drafts(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    house.land("counter/20210105.csv", csv_of([GOOD]))
    with monkeypatch.context() as patch:
        patch.setattr("pyarrow.parquet.ParquetWriter.write_table", full)
        with pytest.raises(UserError, match="No space left on device"):
            house.ingest()
    assert list(house.settings.lake.rglob("*.tmp")) == []

    assert house.ingest().deliveries[0].rows_accepted == 1


def test_an_empty_lake_has_files_with_the_right_columns(house: House):
    house.ingest()

    responses = house.rows("responses", "_none")
    assert responses == []
    assert feeds.ensure_lake is ensure_lake
    assert (house.settings.lake / "invitations/_none/empty.parquet").is_file()
