"""Rows in a folder of one's own, beside a checkout that nobody touches: through real commands.

A study, a KPI, another label and, after the first release, a product that answers waited for.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
import pytest
import small_feeds
import test_docs_add_a_study
from kto import Place

from dagster_project.common.history import open_instance
from dagster_project.common.settings import PROJECT_ROOT, Settings
from dagster_project.definitions import defs

METRIC = "nvvb,totaaloordeel_9plus"
VISA = "visa.csv"


def write(place: Place, name: str, *lines: str) -> None:
    assert place.codebook is not None
    (place.codebook / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def shipped(name: str) -> list[str]:
    return (PROJECT_ROOT / "seeds" / name).read_text(encoding="utf-8").splitlines()


def add(place: Place, name: str, *rows: str) -> None:
    """Add rows to a file of one's own, which begins with the header of the shipped one."""
    assert place.codebook is not None
    path = place.codebook / name
    old = path.read_text(encoding="utf-8").splitlines() if path.exists() else shipped(name)[:1]
    write(place, name, *old, *rows)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A release that was made with such a folder."""
    folder = tmp_path_factory.mktemp("own")
    found = Place(folder, folder / "our codebook")
    (folder / "our codebook").mkdir()
    for name, (_, *rows) in test_docs_add_a_study.blocks().items():
        if name.startswith("seeds/"):
            add(found, Path(name).name, *rows)
    words = "9 of hoger,9 or higher,Aandeel 9 of hoger,Share of 9 or higher,"
    add(found, "metrics.csv", f"{METRIC},share,percent,answered,0,,totaaloordeel,true,,{words}")
    add(found, "metric_questions.csv", f"{METRIC},totaaloordeel")
    add(found, "metric_bands.csv", f"{METRIC},1,8.9,0", f"{METRIC},9,10,100")
    add(found, "products.csv", "nvvb,paspoort,Reisdocument,Travel document,,")
    found.landing.mkdir()
    test_docs_add_a_study.land_answers(found.landing)
    for feed in ("counter", "telephone"):
        frame = small_feeds.quarter()[feed]
        found.land(feed, "2021-01-05.csv", frame)
    waiting = small_feeds.telephone().with_columns(
        product=pl.lit("visum"), gemeentecode=pl.lit("GM0014")
    )
    found.land("telephone", VISA, waiting)
    assert "published  nvvb 2020Q4: GM0363, GM0637" in found.told("refresh")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in found.environment.items():
            patch.setenv(name, value)
        yield found


def test_the_study_is_published(place: Place) -> None:
    # 96 + 48 + 40 + 24 points of 12, 8, 4 and 6 people
    sql = """
        select n, value from marts.mart_kpi
        where study = 'bibliotheek' and metric = 'totaaloordeel' and product_code = 'all'
            and channel = 'all' and segment = 'all'
    """
    assert place.query(sql) == [(30, pytest.approx(208 / 30))]


def test_the_kpi_is_published_for_every_channel(place: Place) -> None:
    # two grades of 10 among 11 at the desk, ten of 9 by telephone
    sql = """
        select channel, n, value from marts.mart_kpi
        where metric = 'totaaloordeel_9plus' and organisation_code = 'GM0637'
            and period = '2020Q4' and product_code = 'all' order by channel
    """
    assert place.query(sql) == [
        ("all", 21, pytest.approx(1200 / 21)),
        ("counter", 11, pytest.approx(200 / 11)),
        ("telephone", 10, pytest.approx(100)),
    ]


def test_the_label_is_the_own_one_and_keeps_its_place(place: Place) -> None:
    sql = "select label_nl, upl_name from marts.dim_product where product_code = 'paspoort'"
    assert place.query(sql) == [("Reisdocument", None)]
    sql = "select product_code from marts.dim_product where study = 'nvvb' order by sort_order"
    assert [code for (code,) in place.query(sql)][:2] == ["all", "paspoort"]


def test_the_check_says_which_rows_are_the_own_ones(place: Place) -> None:
    said = place.told("codebook", "check")
    assert f"{place.codebook}/products.csv: 2 rows added, 1 replaced" in said
    assert any(line.startswith("9 studies, ") for line in said)
    assert said[-1] == f"{PROJECT_ROOT / 'seeds'} and {place.codebook}: no problems"
    assert f", with {place.codebook}" in place.kto("doctor").stdout


def test_dagster_tells_how_many_rows_of_a_table_are_the_own_ones(place: Place) -> None:
    with open_instance(Settings.from_env(home=place.home)) as instance:
        record = instance.get_latest_materialization_event(dg.AssetKey(["codebook", "products"]))
    assert record is not None
    assert record.asset_materialization is not None
    told = record.asset_materialization.metadata
    # two services of the study, and one product with another label
    assert told["rows of one's own"].value == 3
    assert told["dagster/row_count"].value == len(shipped("products.csv")) - 1 + 2


def test_dbt_alone_builds_the_same_in_that_home(place: Place, tmp_path: Path) -> None:
    places = ("--target-path", str(tmp_path / "target"), "--log-path", str(tmp_path))
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "dbt"),
            *("run", "--project-dir", "dbt_project", "--profiles-dir", "dbt_project"),
            *("--select", "stg_products", "dim_product", *places),
        ],
        cwd=PROJECT_ROOT,
        env={name: value for name, value in os.environ.items() if name != "KTO_CODEBOOK"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    with duckdb.connect(place.home / "warehouse.duckdb", read_only=True) as warehouse:
        sql = "select product_code from marts.dim_product where study = 'bibliotheek' order by all"
        assert warehouse.execute(sql).fetchall() == [("all",), ("cursus",), ("lenen",)]


def test_only_the_owner_reads_what_the_models_read(place: Place) -> None:
    files = list((place.home / "definitions").iterdir())
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert len(files) == 18


def test_a_home_that_was_filled_with_own_rows_is_not_filled_without_them(place: Place) -> None:
    """Answers of the own study would be refused, and what is personal there not be forgotten."""
    for words in (["refresh"], ["forget", "--before", "2020-01-01"]):
        line = Place(place.folder).refused(*words)
        assert line.startswith(
            f"kto: {place.home} was filled with the rows of {place.codebook}: set "
        )


def test_a_broken_row_stops_everything_in_one_line_that_names_it(place: Place) -> None:
    assert place.codebook is not None
    good = (place.codebook / "products.csv").read_text(encoding="utf-8")
    add(place, "products.csv", "nvvb,visum,Visum,,,")
    row = len(good.splitlines()) + 1
    line = f"{place.codebook}/products.csv row {row} column label_en: the cell is blank; fill it in"
    done = place.kto("codebook", "check")
    assert (done.exit_code, done.stdout.splitlines()) == (1, [line])
    for words in ("refresh", "status", "check"):
        named = [str(place.landing / "telephone" / VISA)] if words == "check" else []
        assert place.refused(words, *named) == f"kto: {line}"
    (place.codebook / "products.csv").write_text(good, encoding="utf-8")


def test_a_product_that_is_added_lets_in_the_rows_that_waited_for_it(place: Place) -> None:
    visa = str(place.landing / "telephone" / VISA)
    # before it, nothing is new
    assert place.told("refresh")[-1].startswith("release      nothing changed")
    assert "unknown_product" in place.kto("check", visa).stdout
    feeds = {spec.key.path[-1] for spec in defs().resolve_all_asset_specs()}
    add(place, "products.csv", "nvvb,visum,Visum,Visa,,")
    add(place, "feeds.csv", "tablet,nvvb,responses,counter,,date,,")
    counter = [line for line in shipped("columns.csv") if line.startswith("counter,")]
    add(place, "columns.csv", *(line.replace("counter,", "tablet,", 1) for line in counter))
    assert place.kto("check", visa).exit_code == 0
    again = {spec.key.path[-1] for spec in defs().resolve_all_asset_specs()}
    assert again - feeds == {"tablet"}
    said = place.told("refresh")
    assert "published  nvvb 2020Q4: GM0014" in said
    sql = """
        select n, value from marts.mart_kpi where organisation_code = 'GM0014'
            and product_code = 'visum' and channel = 'telephone' and metric = 'totaaloordeel'
            and period = '2020Q4'
    """
    assert place.query(sql) == [(10, 9.0)]
