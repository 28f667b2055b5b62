"""A channel, a KPI and a product come from rows of the codebook alone.

Rows that have nothing to do with one another are added together: one run shows what came of all.
"""

from __future__ import annotations

from dataclasses import dataclass

import dagster as dg
import polars as pl
import pytest
import small_feeds
from installing import install

from dagster_project.codebook import load_codebook
from dagster_project.common.settings import Settings
from dagster_project.definitions import build_definitions
from dagster_project.ingest import Delivery, read_register
from dagster_project.orchestration.pipeline import refresh
from dagster_project.orchestration.resources import Installation


def add_rows(settings: Settings, file: str, *rows: str) -> None:
    path = settings.seeds / f"{file}.csv"
    path.write_text(path.read_text(encoding="utf-8") + "\n".join(rows) + "\n", encoding="utf-8")


def add_kiosk(settings: Settings) -> None:
    add_rows(settings, "channels", "nvvb,kiosk,Zuil,Kiosk")
    add_rows(settings, "feeds", "kiosk,nvvb,responses,kiosk,,date,,")
    header = (settings.seeds / "columns.csv").read_text(encoding="utf-8").splitlines()
    telephone = [line for line in header if line.startswith("telephone,")]
    add_rows(settings, "columns", *(line.replace("telephone,", "kiosk,", 1) for line in telephone))


def add_paper(settings: Settings) -> None:
    """Add a form at the desk, with the grade and without the question on effort."""
    add_rows(settings, "feeds", "paper,nvvb,responses,counter,,date,,")
    header = (settings.seeds / "columns.csv").read_text(encoding="utf-8").splitlines()
    counter = [line for line in header if line.startswith("counter,") and "moeite" not in line]
    add_rows(settings, "columns", *(line.replace("counter,", "paper,", 1) for line in counter))


def in_another_municipality(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(gemeentecode=pl.lit("GM0014"))


@pytest.fixture(scope="module")
def more_feeds(module_settings: Settings) -> Settings:
    """The small quarter, a kiosk beside it, and a municipality whose desk has a paper form too."""
    add_kiosk(module_settings)
    add_paper(module_settings)
    feeds = small_feeds.quarter() | {"kiosk": small_feeds.telephone()}
    small_feeds.deliver(module_settings, feeds, "2021-01-05 Q4")
    desk = small_feeds.desk().drop("uitnodiging_id")
    elsewhere = {
        "counter": desk,
        "telephone": small_feeds.telephone(),
        "paper": desk.drop("moeite"),
    }
    elsewhere = {feed: in_another_municipality(frame) for feed, frame in elsewhere.items()}
    small_feeds.deliver(module_settings, elsewhere, "2021-01-06 Q4")
    refresh(module_settings)
    return module_settings


def test_a_new_channel_appears_in_assets_checks_and_marts(more_feeds: Settings) -> None:
    codebook = load_codebook(more_feeds.seeds)
    definitions = build_definitions(Installation(more_feeds, codebook))
    keys = {spec.key for spec in definitions.resolve_all_asset_specs()}
    assert dg.AssetKey(["lake", "kiosk"]) in keys
    checks = definitions.resolve_asset_graph().asset_check_keys
    assert {check.name for check in checks if check.asset_key.path[-1] == "kiosk"} >= {
        "rows_accounted_for",
        "channels_present",
    }

    rows = small_feeds.released(
        more_feeds,
        """
        select channel, value from marts.mart_kpi
        where metric = 'totaaloordeel' and period = '2020Q4' and product_code = 'all'
            and status = 'published' and organisation_code = 'GM0637'
        """,
    )
    value = {row["channel"]: row["value"] for row in rows}
    assert value["kiosk"] == 9.0
    # 86 at the desk, 90 by telephone and 90 at the kiosk, over 31 grades
    assert value["all"] == 266 / 31


def test_who_was_not_asked_is_no_item_non_response(more_feeds: Settings) -> None:
    rows = small_feeds.released(
        more_feeds,
        """
        select channel, question, asked, answered from marts.mart_item_response
        where period = '2020Q4' and organisation_code = 'GM0014'
            and question in ('totaaloordeel', 'moeite')
        """,
    )
    assert {(row["channel"], row["question"]): (row["asked"], row["answered"]) for row in rows} == {
        ("counter", "totaaloordeel"): (24, 22),
        ("telephone", "totaaloordeel"): (10, 10),
        ("all", "totaaloordeel"): (34, 32),
        # twelve of twenty-four were asked, and who they are is nowhere else
        ("counter", "moeite"): (None, None),
        ("telephone", "moeite"): (10, 10),
        ("all", "moeite"): (None, None),
    }


@dataclass(frozen=True)
class MoreRows:
    """An installation, and what was known of deliveries before rows were added and after it."""

    settings: Settings
    before: tuple[Delivery, ...]
    after: tuple[Delivery, ...]


@pytest.fixture(scope="module")
def more_rows(tmp_path_factory: pytest.TempPathFactory) -> MoreRows:
    """A KPI, a segment and a product that came after the answers."""
    settings = install(tmp_path_factory.mktemp("more_rows"))
    small_feeds.deliver(settings, small_feeds.quarter(), "2021-01-05 Q4")
    visa = small_feeds.telephone().with_columns(product=pl.lit("rijbewijs_omwisselen"))
    visa = in_another_municipality(visa)
    small_feeds.deliver(settings, {"telephone": visa}, "2021-01-06 visa")
    small_feeds.preview(settings)
    before = read_register(settings.lake)
    metric = "nvvb,totaaloordeel_9plus,share,percent,answered,0,,totaaloordeel,true,,"
    add_rows(
        settings, "metrics", f"{metric}9 of hoger,9 or higher,Aandeel 9 of hoger,Share 9 plus,"
    )
    add_rows(settings, "metric_questions", "nvvb,totaaloordeel_9plus,totaaloordeel")
    add_rows(
        settings,
        "metric_bands",
        "nvvb,totaaloordeel_9plus,1,8.9,0",
        "nvvb,totaaloordeel_9plus,9,10,100",
    )
    add_rows(settings, "segments", "nvvb,moeite,moeite,Moeite,Effort")
    add_rows(
        settings,
        "products",
        "nvvb,rijbewijs_omwisselen,Rijbewijs omwisselen,Exchange a licence,"
        "rijbewijs buitenlands omwisseling,"
        "http://standaarden.overheid.nl/owms/terms/rijbewijs_buitenlands_omwisseling",
    )
    return MoreRows(settings, before, refresh(settings).deliveries)


def test_a_new_kpi_appears_in_the_marts_without_a_new_delivery(more_rows: MoreRows) -> None:
    (row,) = small_feeds.released(
        more_rows.settings,
        """
        from marts.mart_kpi
        where metric = 'totaaloordeel_9plus' and period = '2020Q4' and channel = 'counter'
            and product_code = 'all' and segment = 'all' and organisation_code = 'GM0637'
        """,
    )
    # two of eleven
    assert (row["n"], row["value_rounded"]) == (11, 18.0)


def test_a_segment_breaks_every_metric_down_and_hides_what_gives_the_few_away(
    more_rows: MoreRows,
) -> None:
    rows = small_feeds.released(
        more_rows.settings,
        """
        select channel, segment_value, n, value, status from marts.mart_kpi
        where segment = 'moeite' and product_code = 'all' and metric = 'totaaloordeel'
            and period = '2020Q4' and organisation_code = 'GM0637'
        """,
    )
    found = {(row["channel"], row["segment_value"]): row["n"] or row["status"] for row in rows}
    # at the desk 4, 3, 2, 2 and 1 answered 1 to 5; all ten by telephone said 1, and gave a 9
    assert found == {
        **{("counter", code): "suppressed" for code in "12345"},
        ("telephone", "1"): 10,
        ("all", "1"): "suppressed",
        **{("all", code): "suppressed" for code in "2345"},
    }
    assert [row["value"] for row in rows if row["n"]] == [9.0]


def test_a_new_product_lets_its_quarantined_rows_in(more_rows: MoreRows) -> None:
    def visa(deliveries: tuple[Delivery, ...]) -> list[tuple[object, ...]]:
        return [
            (one.rows_read, one.rows_accepted, one.rows_quarantined, one.state)
            for one in deliveries
            if "visa" in one.file
        ]

    assert visa(more_rows.before) == [(10, 0, 10, "rejected")]
    assert visa(more_rows.after) == [(10, 10, 0, "accepted")]
    rows = small_feeds.released(
        more_rows.settings,
        """
        select value from marts.mart_kpi
        where product_code = 'rijbewijs_omwisselen' and metric = 'totaaloordeel'
            and channel = 'telephone' and segment = 'all' and period = '2020Q4'
        """,
    )
    assert rows == [{"value": 9.0}]
