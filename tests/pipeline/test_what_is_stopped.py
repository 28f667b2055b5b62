"""What the gates stop: a pattern that leaks, a mart that shows too much, a figure that changed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
import pytest
import small_feeds
from installing import copied

from dagster_project.codebook import load_codebook
from dagster_project.common.history import open_instance
from dagster_project.common.settings import Settings
from dagster_project.definitions import REFRESH, build_definitions
from dagster_project.orchestration.pipeline import StepError, refresh
from dagster_project.orchestration.resources import Installation


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


def land(settings: Settings, *frames: pl.DataFrame) -> None:
    """Land answers of one day."""
    small_feeds.deliver(settings, {"counter": pl.concat(frames)}, "2021-01-05")


def leaks(settings: Settings) -> dict[tuple[str, ...], str]:
    """What the attack worked out of the number of respondents, by rule and place."""
    audit = json.loads((settings.audit / "attack.json").read_text(encoding="utf-8"))
    return {
        (leak["rule"], *leak["cell"][2:5]): leak["equation"]
        for leak in audit["leaks"]
        if leak["measure"] == "responses"
    }


def test_a_pattern_that_leaks_is_stopped_before_anybody_can_read_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dagster_project.release import protected  # noqa: PLC0415

    # two on one product: the ten on the other have to be hidden with them
    land(settings, answers(*range(10)), answers(100, 101, product="rijbewijs"))
    protect = protected.protect

    def careless(*arguments: object, **options: object) -> object:
        pattern = protect(*arguments, **options)
        told = pl.DataFrame(pattern.table).with_columns(
            status=pl.when(pl.col("role") == "secondary")
            .then(pl.lit("published"))
            .otherwise("status")
        )
        return type(pattern)(told.to_arrow(), pattern.report)

    monkeypatch.setattr(protected, "protect", careless)
    with pytest.raises(StepError, match=r"did not pass attack: [0-9]+ hidden figures") as caught:
        refresh(settings)
    line = str(caught.value)
    assert "rijbewijs" not in line
    assert line.endswith("(what is published is unchanged)")
    assert not (settings.published / "current").exists()
    # all of them came to the counter, so its total and that of all channels are one number
    told = leaks(settings)["exact", "2020Q4", "counter", "rijbewijs"].replace(
        "2020Q4 counter", "2020Q4"
    )
    assert told == "GM0637 2020Q4 rijbewijs = 12 (GM0637 2020Q4) - 10 (GM0637 2020Q4 paspoort)"


def test_a_mart_that_shows_what_is_hidden_is_stopped_and_cannot_go_out_by_the_last_step_alone(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dagster_project.orchestration.assets import release  # noqa: PLC0415

    land(settings, answers(*range(20)), answers(100, 101, product="rijbewijs"))
    stage_release = release.stage_release

    def careless(*arguments: object, **options: object) -> object:
        with duckdb.connect(settings.warehouse) as warehouse:
            warehouse.execute("""
                update marts.mart_response
                set responses = 20, reviews = 0, tips = 0, status = 'published'
                where period = '2020Q4' and channel = 'counter' and product_code = 'paspoort'
            """)
        return stage_release(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(release, "stage_release", careless)
        with pytest.raises(StepError, match=r"did not pass attack: [0-9]+ hidden figures"):
            refresh(settings)
    equation = leaks(settings)["exact", "2020Q4", "counter", "rijbewijs"]
    assert "- 20 (GM0637 2020Q4 counter paspoort)" in equation

    # it lies there still
    assert list((settings.published / "releases").glob(".staged-*"))
    told = run_alone(settings, release.RELEASE)
    assert re.fullmatch(
        r"Release \S+ has not passed attack as it is now; materialize "
        r"release_candidate again, with its checks, or run `kto refresh`",
        told or "",
    )
    assert not (settings.published / "current").exists()
    assert not (settings.vintages / "index.json").exists()


@pytest.fixture(scope="module")
def candidate(module_settings: Settings) -> Settings:
    """Fifty answers of one quarter, as far as a release that is not published yet."""
    land(module_settings, answers(*range(50)))
    assert run_alone(module_settings, *before_the_release(module_settings)) is None
    return module_settings


def test_a_candidate_whose_figures_were_built_anew_does_not_go_out(
    candidate: Settings, tmp_path: Path
) -> None:
    """Others would be kept than were published."""
    from dagster_project.orchestration.assets import release  # noqa: PLC0415

    settings = copied(candidate, tmp_path)
    with duckdb.connect(settings.warehouse) as warehouse:
        warehouse.execute("update intermediate.int_pattern_cells set n = n + 1 where n > 40")
    assert "has not passed" in (run_alone(settings, release.RELEASE) or "")
    assert not (settings.published / "current").exists()


def test_a_metric_that_means_something_else_now_is_stopped_under_its_old_name(
    candidate: Settings, tmp_path: Path
) -> None:
    from dagster_project.orchestration.assets import release  # noqa: PLC0415

    settings = copied(candidate, tmp_path)
    assert run_alone(settings, release.RELEASE) is None
    published = (settings.published / "current").resolve()
    metrics = settings.seeds / "metrics.csv"
    text = metrics.read_text(encoding="utf-8")
    old = "nvvb,totaaloordeel,mean,grade,answered,1,"
    assert text.count(old) == 1
    metrics.write_text(text.replace(old, old.replace(",1,", ",2,")), encoding="utf-8")
    with pytest.raises(StepError, match="did not pass final_unchanged") as caught:
        refresh(settings)
    line = str(caught.value)
    assert "metrics.csv nvvb GM0637 2020Q4, totaaloordeel: its definition changed" in line
    assert (settings.published / "current").resolve() == published


def before_the_release(settings: Settings) -> list[dg.AssetKey]:
    from dagster_project.orchestration.assets.release import RELEASE  # noqa: PLC0415

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
    return build_definitions(Installation(settings, load_codebook(*settings.codebook)))
