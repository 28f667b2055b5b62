"""Answers that come after their quarter was released: what is told of them, and when."""

from __future__ import annotations

import json
import re

import dagster as dg
import duckdb
import polars as pl
import pytest
import small_feeds
from click.testing import CliRunner

from dagster_project.cli import main
from dagster_project.codebook import load_codebook
from dagster_project.definitions import REFRESH, build_definitions
from dagster_project.disclosure import LedgerStore
from dagster_project.pipeline import StepError, open_instance, refresh
from dagster_project.resources import Installation
from dagster_project.settings import Settings


def answers(*numbers: int, product: str = "paspoort") -> pl.DataFrame:
    """Answers at one desk, grades from 6 to 9 in turn."""
    return pl.DataFrame(
        [
            {
                "respons_id": f"r{number}",
                "gemeentecode": "GM0637",
                "product": product,
                "datum_contact": "2020-10-05",
                "datum_invul": "2020-10-06",
                "totaaloordeel": str(6 + number % 4),
                "moeite": str(1 + number % 5),
            }
            for number in numbers
        ]
    )


def deliver(settings: Settings, frame: pl.DataFrame, name: str) -> dict[str, object]:
    """Land answers, refresh, and return the manifest of the release."""
    small_feeds.deliver(settings, {"counter": frame}, name)
    refresh(settings)
    text = (settings.published / "current" / "manifest.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def responses(settings: Settings) -> dict[str, int]:
    rows = small_feeds.released(
        settings,
        """
        select product_code, responses from marts.mart_response
        where period = '2020Q4' and channel = 'counter'
        """,
    )
    return {row["product_code"]: row["responses"] for row in rows}


def grade(settings: Settings) -> dict[str, object]:
    (row,) = small_feeds.released(
        settings,
        """
        select status, n, value from marts.mart_totaaloordeel
        where period = '2020Q4' and channel = 'counter' and product_code = 'paspoort'
        """,
    )
    return row


def item_response(settings: Settings) -> tuple[int, int, float]:
    (row,) = small_feeds.released(
        settings,
        """
        select asked, answered, share from marts.mart_item_response
        where period = '2020Q4' and channel = 'counter' and question = 'totaaloordeel'
        """,
    )
    return row["asked"], row["answered"], row["share"]


def status(settings: Settings) -> str:
    environment = {"KTO_HOME": str(settings.home), "KTO_LANDING": str(settings.landing)}
    said = CliRunner().invoke(main, ["status"], env=environment, terminal_width=240)
    assert said.exit_code == 0, said.output
    return " ".join(said.output.split())


EXPLAINED = "so few answers came or changed since that the difference would tell of them"


def test_late_answers_are_told_once_ten_have_come(settings: Settings) -> None:
    desk = pl.concat([answers(*range(20)), answers(*range(100, 115), product="rijbewijs")])
    first = deliver(settings, desk, "2021-01-05")
    assert first["frozen"] == 0
    assert EXPLAINED not in status(settings)
    # five each of 6, 7, 8 and 9
    released = {"status": "published", "n": 20, "value": 7.5}
    assert grade(settings) == released

    # three on this product: its row, the row over products, both again over channels and for the
    # year, which is closed: eight cells
    second = deliver(settings, answers(20, 21, 22), "2021-01-12")
    assert second["release"] != first["release"]
    assert second["frozen"] == 8
    assert f"8 cells stay as an earlier release had them: {EXPLAINED}" in status(settings)
    assert responses(settings) == {"all": 35, "paspoort": 20, "rijbewijs": 15}
    assert grade(settings) == released
    assert item_response(settings) == (35, 35, 100.0)

    # six more make nine
    third = deliver(settings, answers(*range(23, 29)), "2021-01-19")
    assert third["frozen"] == 8
    assert responses(settings) == {"all": 35, "paspoort": 20, "rijbewijs": 15}

    # one more, and the ten are told together: 20 + 10 grades, of which eight a 6 and a 7 each
    fourth = deliver(settings, answers(29), "2021-01-26")
    assert item_response(settings) == (45, 45, 100.0)
    assert fourth["frozen"] == 0
    assert EXPLAINED not in status(settings)
    assert responses(settings) == {"all": 45, "paspoort": 30, "rijbewijs": 15}
    assert grade(settings) == {
        "status": "published",
        "n": 30,
        "value": pytest.approx((8 * 6 + 8 * 7 + 7 * 8 + 7 * 9) / 30, abs=1e-12),
    }

    # whoever held on to every release has four, and the ledger knows that
    assert len(list(settings.ledger.glob("[0-9]*"))) == 4
    stored = LedgerStore(settings.ledger).released_tables()
    assert len({path.parent for path in stored}) == 4


def test_a_pattern_that_leaks_is_stopped_before_anybody_can_read_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dagster_project.assets import disclosure  # noqa: PLC0415

    # two on one product: the ten on the other have to be hidden with them
    desk = pl.concat([answers(*range(10)), answers(100, 101, product="rijbewijs")])
    first = deliver(settings, desk, "2021-01-05")
    assert responses(settings) == {"all": 12, "paspoort": None, "rijbewijs": None}

    protect = disclosure.protect

    def careless(*arguments: object, **options: object) -> object:
        pattern = protect(*arguments, **options)
        told = pl.DataFrame(pattern.table).with_columns(
            status=pl.when(pl.col("role") == "secondary")
            .then(pl.lit("published"))
            .otherwise("status")
        )
        return type(pattern)(told.to_arrow(), pattern.report)

    monkeypatch.setattr(disclosure, "protect", careless)
    small_feeds.deliver(settings, {"counter": answers(*range(50, 80))}, "2021-01-12")
    with pytest.raises(StepError, match=r"did not pass attack: [0-9]+ hidden figures") as caught:
        refresh(settings)
    line = str(caught.value)
    assert "rijbewijs" not in line
    assert line.endswith("(what is published is unchanged)")
    assert (settings.published / "current").resolve().name == first["release"]
    assert len(list(settings.ledger.glob("[0-9]*"))) == 1

    audit = json.loads((settings.audit / "attack.json").read_text(encoding="utf-8"))
    leaks = {(leak["rule"], *leak["cell"][2:5]): leak["equation"] for leak in audit["leaks"]}
    assert leaks["exact", "2020Q4", "counter", "rijbewijs"] == (
        "GM0637 2020Q4 counter rijbewijs = 42 (GM0637 2020Q4 counter) "
        "- 40 (GM0637 2020Q4 counter paspoort)"
    )


def test_a_mart_that_shows_what_is_hidden_is_stopped_whatever_the_pattern_says(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dagster_project.assets import release  # noqa: PLC0415

    desk = pl.concat([answers(*range(20)), answers(100, 101, product="rijbewijs")])
    first = deliver(settings, desk, "2021-01-05")
    assert responses(settings) == {"all": 22, "paspoort": None, "rijbewijs": None}
    stage_release = release.stage_release

    def careless(*arguments: object, **options: object) -> object:
        with duckdb.connect(settings.warehouse) as warehouse:
            warehouse.execute("""
                update marts.mart_response
                set responses = 50, reviews = 0, tips = 0, status = 'published'
                where period = '2020Q4' and channel = 'counter' and product_code = 'paspoort'
            """)
        return stage_release(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(release, "stage_release", careless)
        small_feeds.deliver(settings, {"counter": answers(*range(50, 80))}, "2021-01-12")
        with pytest.raises(StepError, match=r"did not pass attack: [0-9]+ hidden figures"):
            refresh(settings)
    audit = json.loads((settings.audit / "attack.json").read_text(encoding="utf-8"))
    leaks = {
        (leak["rule"], *leak["cell"][2:5]): leak["equation"]
        for leak in audit["leaks"]
        if leak["measure"] == "responses"
    }
    assert ("unfounded", "2020Q4", "counter", "paspoort") in leaks
    # 52 of the desk, or of all channels, which are the desk; less the 50
    equation = leaks["exact", "2020Q4", "counter", "rijbewijs"]
    assert equation.startswith("GM0637 2020Q4 counter rijbewijs = 52 (GM0637 2020Q4")
    assert "- 50 (GM0637 2020Q4 counter paspoort)" in equation

    # it lies there still, and cannot go out by a run of the last step alone
    assert list((settings.published / "releases").glob(".staged-*"))
    told = run_alone(settings, release.RELEASE)
    assert re.fullmatch(
        r"Release \S+ has not passed attack as it is now; materialize "
        r"release_candidate again, with its checks, or run `kto refresh`",
        told or "",
    )
    assert (settings.published / "current").resolve().name == first["release"]
    assert len(list(settings.ledger.glob("[0-9]*"))) == 1


def test_a_candidate_whose_figures_were_built_anew_does_not_go_out(settings: Settings) -> None:
    """The ledger would hold the figures of now, and readers those of then."""
    from dagster_project.assets import release  # noqa: PLC0415

    first = deliver(settings, answers(*range(20)), "2021-01-05")
    small_feeds.deliver(settings, {"counter": answers(*range(50, 80))}, "2021-01-12")
    assert run_alone(settings, *before_the_release(settings)) is None
    with duckdb.connect(settings.warehouse) as warehouse:
        warehouse.execute("update intermediate.int_pattern_cells set n = n + 1 where n > 40")
    assert "has not passed" in (run_alone(settings, release.RELEASE) or "")
    assert (settings.published / "current").resolve().name == first["release"]

    assert run_alone(settings, *before_the_release(settings)) is None
    assert run_alone(settings, release.RELEASE) is None
    assert responses(settings) == {"all": 50, "paspoort": 50}


def before_the_release(settings: Settings) -> list[dg.AssetKey]:
    from dagster_project.assets.release import RELEASE  # noqa: PLC0415

    job = graph(settings).resolve_job_def(REFRESH)
    return [key for key in job.asset_layer.selected_asset_keys if key != RELEASE]


def run_alone(settings: Settings, *assets: dg.AssetKey) -> str | None:
    """Materialize some assets, with their checks; what the step that failed said."""
    with open_instance(settings) as instance:
        result = (
            graph(settings)
            .resolve_job_def(REFRESH)
            .execute_in_process(instance=instance, raise_on_error=False, asset_selection=assets)
        )
    for event in result.all_events:
        if event.is_step_failure:
            return str(event.step_failure_data.user_failure_data.description)
    return None


def graph(settings: Settings) -> dg.Definitions:
    return build_definitions(Installation(settings, load_codebook(settings.seeds)))


def test_a_cell_with_few_late_answers_tells_no_importance_until_ten_have_come(
    settings: Settings,
) -> None:
    def waited(*numbers: int) -> pl.DataFrame:
        # who gave 6, 7, 8, 9 in turn waited for 5, 7, 7, 9
        seconds = [str((5, 7, 7, 9)[number % 4]) for number in numbers]
        return answers(*numbers).with_columns(pl.Series("wachttijd", seconds))

    def importance() -> tuple[object, ...]:
        (row,) = small_feeds.released(
            settings,
            """
            from marts.mart_priority
            where period = '2020Q4' and channel = 'counter' and metric = 'wachttijd'
            """,
        )
        return row["status"], row["n"], row["importance"], row["quadrant"]

    # covariance 1.5, variances 1.25 and 2: 1.5 / sqrt(2.5); one aspect alone is in no quadrant
    correlation = pytest.approx(1.5 / 2.5**0.5, abs=1e-12)
    deliver(settings, waited(*range(40)), "2021-01-05")
    assert importance() == ("published", 40, correlation, None)
    deliver(settings, waited(40, 41, 42), "2021-01-12")
    assert importance() == ("suppressed", None, None, None)
    (row,) = small_feeds.released(
        settings,
        """
        from marts.mart_kpi
        where period = '2020Q4' and channel = 'counter' and metric = 'wachttijd'
            and product_code = 'all'
        """,
    )
    assert (row["status"], row["n"], row["value"]) == ("published", 40, 7.0)
    deliver(settings, waited(*range(43, 52)), "2021-01-19")
    assert importance() == ("published", 52, correlation, None)
