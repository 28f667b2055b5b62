"""The command: finding a figure, what there is near it, exit codes, deliveries."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner, Result
from one_cell import CELL

from dagster_project.commands.main import main
from dagster_project.common.settings import PROJECT_ROOT
from dagster_project.explain.released import Released
from dagster_project.ingest.register import Delivery, write_delivery

Publish = Callable[..., Released]
KEY = CELL | {"metric": "ces", "status": "published"}
FIGURE = KEY | {"n": 200, "n_weighted": 200.0, "value": 76.0, "value_rounded": 76.0, "margin": 7.7}


def kto(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["explain", *(str(one) for one in arguments)])


def test_a_figure_is_found_whatever_the_capitals(publish: Publish) -> None:
    folder = publish(FIGURE).folder
    done = kto("gm0637", "2020q4", "CES", "--channel", "Counter", "--release", folder)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("GM0637 2020Q4 ces counter (nvvb): 76\n")


def test_an_organisation_may_be_named_by_its_name(publish: Publish) -> None:
    folder = publish(FIGURE).folder
    by_name, by_code = (
        kto(one, "2020Q4", "ces", "--channel", "counter", "--release", folder)
        for one in ("zoetermeer", "GM0637")
    )
    assert by_name.exit_code == 0
    assert by_name.stdout == by_code.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["GM0638", "2020Q4", "ces"],
            ("nothing is published for organisation GM0638; there is GM0363, GM0637"),
        ),
        (
            ["GM0637", "2020Q4", "cess"],
            "nothing of GM0637 is published for metric cess; there is ces",
        ),
        (
            ["GM0637", "2021", "ces"],
            "nothing of GM0637 ces is published for period 2021; there is 2020Q4",
        ),
        (
            ["GM0637", "2020Q4", "ces"],
            "nothing of GM0637 ces 2020Q4 is published for channel all; there is counter",
        ),
        (
            ["GM0637", "2020Q4", "ces", "--study", "madi"],
            "nothing of GM0637 ces is published for study madi; there is nvvb",
        ),
        (
            ["GM0637", "2020Q4", "ces", "--channel", "counter", "--product", "paspoort"],
            "nothing of GM0637 ces 2020Q4 counter is published for product paspoort; there is all",
        ),
    ],
)
def test_a_figure_that_is_not_there_is_one_line_with_what_is_near(
    publish: Publish, arguments: list[str], said: str
) -> None:
    other = FIGURE | {"organisation_code": "GM0363", "metric": "hostmanship"}
    folder = publish(FIGURE, other).folder
    done = kto(*arguments, "--release", folder)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == f"kto: release 20210115T060000Z-aaaaaaaa: {said}\n"


def test_of_many_values_the_nearest_are_named(publish: Publish) -> None:
    years = [FIGURE | {"period": f"{year}Q4"} for year in range(2010, 2021)]
    folder = publish(*years).folder
    done = kto("GM0637", "2015Q5", "ces", "--release", folder)
    assert "did you mean" in done.stderr
    assert "2015Q4" in done.stderr
    assert done.stderr.endswith("There are 11 in all\n")


def test_a_metric_of_two_studies_is_asked_for_in_one_line(publish: Publish) -> None:
    folder = publish(FIGURE, FIGURE | {"study": "divosa"}).folder
    done = kto("GM0637", "2020Q4", "ces", "--channel", "counter", "--release", folder)
    assert done.exit_code == 1
    assert done.stderr == (
        "kto: release 20210115T060000Z-aaaaaaaa: GM0637 ces is in the studies divosa and nvvb; "
        "name one with --study\n"
    )
    named = kto(
        *("GM0637", "2020Q4", "ces", "--channel", "counter"),
        *("--study", "nvvb", "--release", folder),
    )
    assert named.exit_code == 0


def test_a_copy_that_was_changed_is_refused(publish: Publish) -> None:
    folder = publish(FIGURE).folder
    file = folder / "parquet" / "mart_kpi.parquet"
    pl.read_parquet(file).with_columns(value=pl.lit(99.0)).write_parquet(file)
    done = kto("GM0637", "2020Q4", "ces", "--release", folder)
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert f"{file} is not what release 20210115T060000Z-aaaaaaaa published" in done.stderr


def test_a_folder_that_is_no_release_is_one_line(tmp_path: Path) -> None:
    done = kto("GM0637", "2020Q4", "ces", "--release", tmp_path)
    assert (done.exit_code, done.stderr) == (
        1,
        f"kto: {tmp_path} is no release: it has no manifest.json; copy one whole\n",
    )
    nothing = kto("GM0637", "2020Q4", "ces", "--home", tmp_path)
    assert (nothing.exit_code, nothing.stderr.count("\n")) == (1, 1)
    assert "nothing is published yet; run `kto refresh`" in nothing.stderr


@pytest.mark.parametrize(
    "arguments", [("GM0637", "2020Q4"), ("a", "b", "c", "--segment", "x"), ("a", "b", "c", "d")]
)
def test_wrong_usage_ends_with_two(arguments: tuple[str, ...]) -> None:
    assert kto(*arguments).exit_code == 2


def delivery(feed: str, sha256: str, rows: int) -> Delivery:
    return Delivery(
        feed=feed,
        study="nvvb",
        file=f"{feed}/{sha256}.csv",
        sha256=sha256,
        bytes=1,
        received_at="2021-01-05T00:00:00+00:00",
        judged_at="2021-01-05T00:00:00+00:00",
        state="accepted",
        rows_read=rows,
        rows_accepted=rows,
    )


@pytest.fixture
def home(publish: Publish, tmp_path: Path) -> Path:
    """A home with deliveries d1 and d2, which the release names, and d3, which it does not."""
    folder = publish(
        FIGURE,
        FIGURE | {"product_code": "paspoort", "n": 12},
        KEY | {"product_code": "rijbewijs", "status": "suppressed"},
    ).folder
    home = tmp_path / "home"
    (home / "published").mkdir(parents=True)
    (home / "published" / "current").symlink_to(folder)
    for one in (
        delivery("counter", "d1", 230),
        delivery("telephone", "d2", 50),
        delivery("invitations", "d2", 9),
        delivery("counter", "d3", 10),
    ):
        write_delivery(home / "lake", one)
    return home


def deliveries(home: Path, product: str) -> list[dict[str, Any]]:
    where = ("--channel", "counter", "--product", product, "--home", home, "--json")
    told: list[dict[str, Any]] = json.loads(kto("GM0637", "2020Q4", "ces", *where).stdout)[
        "deliveries"
    ]
    return told


def test_deliveries_are_those_of_the_release_in_feeds_that_have_the_channel(home: Path) -> None:
    found = [(one["feed"], one["sha256"], one["rows_read"]) for one in deliveries(home, "all")]
    assert found == [("counter", "d1", 230), ("invitations", "d2", None)]


def test_what_is_told_of_deliveries_does_not_depend_on_the_cell(home: Path) -> None:
    assert deliveries(home, "all") == deliveries(home, "paspoort")


def test_a_count_below_ten_is_not_told(home: Path) -> None:
    done = kto("GM0637", "2020Q4", "ces", "--channel", "counter", "--home", home)
    assert "invitations/d2.csv  d2  - read, - accepted, - counted" in done.stdout
    assert "internal, do not hand on" in done.stdout


def test_a_suppressed_figure_tells_nothing_of_deliveries(home: Path) -> None:
    where = ("--channel", "counter", "--product", "rijbewijs", "--home", home)
    done = kto("GM0637", "2020Q4", "ces", *where)
    assert done.exit_code == 0
    assert "d1" not in done.stdout
    assert "deliveries" not in json.loads(kto("GM0637", "2020Q4", "ces", *where, "--json").stdout)


def test_the_page_names_every_option() -> None:
    page = (PROJECT_ROOT / "docs" / "explain.md").read_text("utf-8")
    options = [one for param in main.commands["explain"].params for one in param.opts]
    assert [one for one in options if "--" in one and f"`{one}" not in page] == []
    contract = (PROJECT_ROOT / "docs" / "contract.md").read_text("utf-8")
    (row,) = re.findall(r"^\| `kto explain.*$", contract, re.M)
    assert [one for one in options if "--" in one and one not in row] == []
