"""What a feed's asset says about its deliveries, and which of it warns."""

from __future__ import annotations

import dataclasses
import os
import time
from datetime import date

import dagster as dg
import pytest

from dagster_project.orchestration.assets import feed_checks
from dagster_project.orchestration.assets.feeds import feed_assets, feed_key
from dagster_project.orchestration.resources import Installation, lent_to_one_run

HEADER = "respons_id;gemeentecode;product;datum_contact;datum_invul;totaaloordeel\n"
# the fourth row has a grade of 11, which no one can give
ROWS = "".join(
    f"r{number};GM0637;paspoort;2020-10-0{number};2020-10-09;{grade}\n"
    for number, grade in ((1, 7), (2, 8), (3, 9), (4, 11), (5, 8))
)


@pytest.fixture
def told(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> dg.ExecuteInProcessResult:
    """One delivery of five rows, taken in on a day when the fourth quarter of 2020 is closed."""
    monkeypatch.setattr(feed_checks, "today", lambda: date(2021, 1, 15))
    folder = installation.settings.landing / "counter"
    folder.mkdir()
    (folder / "2020-12-01.csv").write_text(HEADER + ROWS, encoding="utf-8")
    (folder / "2020-12-02.csv").write_text("nothing;of;ours\n1;2;3\n", encoding="utf-8")
    return taken_in(installation)


def taken_in(
    installation: Installation, instance: dg.DagsterInstance | None = None, **tags: str
) -> dg.ExecuteInProcessResult:
    """Materialize the feed in a run with these tags of Dagster's."""
    asset = next(
        asset
        for asset in feed_assets(installation.codebook, release_day=15)
        if asset.key == feed_key("counter")
    )
    return dg.materialize(
        [asset],
        resources={"installation": lent_to_one_run(installation)},
        instance=instance,
        tags={f"dagster/{name}": value for name, value in tags.items()},
    )


def test_the_log_says_of_each_delivery_judged_now_what_became_of_it(
    installation: Installation,
) -> None:
    folder = installation.settings.landing / "counter"
    folder.mkdir()
    (folder / "2020-12-01 Q4.csv").write_text(HEADER + ROWS, encoding="utf-8")
    logged = []
    with dg.DagsterInstance.ephemeral() as instance:
        for _ in range(2):
            run = taken_in(installation, instance).run_id
            lines = [entry.user_message for entry in instance.all_logs(run)]
            logged.append([line for line in lines if line.startswith("feed=")])
    (line,), again = logged
    assert again == []
    start = 'feed=counter file="counter/2020-12-01 Q4.csv" delivery='
    assert line.startswith(start)
    fields = dict(part.split("=") for part in line.removeprefix(start[:-9]).split())
    assert float(fields.pop("seconds")) > 0
    assert len(fields.pop("delivery")) == 12
    assert fields == {
        "state": "accepted",
        "rows_read": "5",
        "rows_accepted": "4",
        "rows_quarantined": "1",
    }


def test_rows_read_are_accepted_or_in_quarantine(told: dg.ExecuteInProcessResult) -> None:
    metadata = told.asset_materializations_for_node("lake__counter")[0].metadata
    counts = {
        name: metadata[name].value
        for name in ("rows read", "rows accepted", "rows quarantined", "deliveries")
    }
    assert counts == {
        "rows read": 5,
        "rows accepted": 4,
        "rows quarantined": 1,
        "deliveries": 2,
    }
    assert "| counter/2020-12-01.csv | accepted | 5 | 4 | 1 | out_of_range 1 |" in str(
        metadata["per delivery"].value
    )


def test_what_was_refused_warns_and_what_adds_up_passes(told: dg.ExecuteInProcessResult) -> None:
    checks = {check.check_name: check for check in told.get_asset_check_evaluations()}
    assert {name: check.passed for name, check in checks.items()} == {
        "rows_accounted_for": True,
        "no_rejected_rows": False,
        "no_rejected_deliveries": False,
        "channels_present": True,
    }
    for name in ("no_rejected_rows", "no_rejected_deliveries"):
        assert checks[name].severity == dg.AssetCheckSeverity.WARN
    assert checks["no_rejected_rows"].metadata["reason out_of_range"].value == 1
    assert "counter/2020-12-02.csv" in checks["no_rejected_deliveries"].metadata
    assert checks["channels_present"].metadata["counter: responses"].value == 4


def test_a_channel_without_answers_in_the_latest_closed_quarter_is_named(
    told: dg.ExecuteInProcessResult,
    installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert told.success
    feed = installation.codebook.feed("counter")
    monkeypatch.setattr(feed_checks, "today", lambda: date(2021, 4, 15))
    later = feed_checks.channels_present(installation, feed, feed_key("counter"))
    assert not later.passed
    assert later.severity == dg.AssetCheckSeverity.WARN
    assert later.metadata["quarter"].value == "2021Q1"
    assert later.metadata["missing"].value == "counter"


def test_a_channel_that_was_silent_for_a_year_is_over(
    told: dg.ExecuteInProcessResult,
    installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert told.success
    feed = installation.codebook.feed("counter")
    missing = {}
    # the quarter that is closed then, after answers in the fourth quarter of 2020
    for day, quarter in ((date(2022, 1, 15), "2021Q4"), (date(2022, 4, 15), "2022Q1")):
        monkeypatch.setattr(feed_checks, "today", lambda day=day: day)
        found = feed_checks.channels_present(installation, feed, feed_key("counter"))
        assert found.metadata["quarter"].value == quarter
        missing[quarter] = found.metadata["missing"].value
        assert found.passed == (missing[quarter] == "none")
    assert missing == {"2021Q4": "counter", "2022Q1": "none"}


def test_what_was_mended_warns_no_longer(
    told: dg.ExecuteInProcessResult, installation: Installation
) -> None:
    assert told.success
    folder = installation.settings.landing / "counter"
    mended = "r4;GM0637;paspoort;2020-10-04;2020-10-09;10\n"
    (folder / "2020-12-02.csv").write_text(HEADER + mended, encoding="utf-8")
    again = taken_in(installation).get_asset_check_evaluations()
    assert {check.check_name for check in again if not check.passed} <= {"channels_present"}


@pytest.mark.parametrize(
    ("tags", "deliveries"),
    [({}, 1), ({"schedule_name": "morning_release"}, 0), ({"sensor_name": "new_deliveries"}, 0)],
)
def test_only_a_run_that_somebody_asked_for_takes_in_what_has_just_come(
    installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
    tags: dict[str, str],
    deliveries: int,
) -> None:
    folder = installation.settings.landing / "counter"
    folder.mkdir()
    path = folder / "2020-12-01.csv"
    path.write_text(HEADER + ROWS, encoding="utf-8")
    monkeypatch.setattr(time, "sleep", lambda seconds: os.utime(path, (time.time() - seconds,) * 2))
    settings = dataclasses.replace(installation.settings, quiet_seconds=60)
    result = taken_in(dataclasses.replace(installation, settings=settings), **tags)
    metadata = result.asset_materializations_for_node("lake__counter")[0].metadata
    assert metadata["deliveries"].value == deliveries
