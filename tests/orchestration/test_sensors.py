"""Each delivery is picked up once, and again when the run that should take it in failed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from dagster_project.common.progress import silent
from dagster_project.common.settings import Settings
from dagster_project.definitions import build_definitions
from dagster_project.ingest import ingest_feed
from dagster_project.orchestration import sensors
from dagster_project.orchestration.resources import Installation

HEADER = "respons_id;gemeentecode;product;datum_contact;datum_invul\n"


def land(settings: Settings, name: str, *ids: str) -> None:
    rows = "".join(f"{one};GM0637;paspoort;2020-10-01;2020-10-02\n" for one in ids)
    folder = settings.landing / "counter"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(HEADER + rows, encoding="utf-8")


def tick(installation: Installation, instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
    """Evaluate the sensor once, as the daemon would."""
    sensor = build_definitions(installation).resolve_sensor_def("new_deliveries")
    context = dg.build_sensor_context(instance=instance)
    data = sensor.evaluate_tick(context)
    if data.run_requests:
        return data.run_requests[0]
    return dg.SkipReason(data.skip_message)


def ran(instance: dg.DagsterInstance, request: dg.RunRequest, status: dg.DagsterRunStatus) -> None:
    """Leave a run of the request in the history, as the daemon would."""
    tags = {
        **request.tags,
        "dagster/run_key": str(request.run_key),
        "dagster/sensor_name": "new_deliveries",
    }
    instance.add_run(dg.DagsterRun(job_name="refresh", status=status, tags=tags))


@pytest.fixture
def instance() -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()


def test_an_empty_landing_asks_for_nothing(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    assert isinstance(tick(installation, instance), dg.SkipReason)


def test_all_new_deliveries_are_asked_for_in_one_run(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    land(installation.settings, "a.csv", "r1")
    land(installation.settings, "b.csv", "r2")
    request = tick(installation, instance)
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key is None
    # a tick that was interrupted is evaluated anew: the same key, so no second run
    again = tick(installation, instance)
    assert isinstance(again, dg.RunRequest)
    assert again.run_key == request.run_key


def test_what_was_taken_in_is_not_asked_for_again(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    land(installation.settings, "a.csv", "r1")
    request = tick(installation, instance)
    assert isinstance(request, dg.RunRequest)
    settings, codebook = installation.settings, installation.codebook
    ingest_feed(settings, codebook, "counter", silent, datetime.now(UTC))
    ran(instance, request, dg.DagsterRunStatus.SUCCESS)
    assert isinstance(tick(installation, instance), dg.SkipReason)
    # the same bytes under another name are the same delivery
    land(settings, "b.csv", "r1")
    assert isinstance(tick(installation, instance), dg.SkipReason)


def test_what_comes_during_a_run_waits_for_its_end(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    land(installation.settings, "a.csv", "r1")
    request = tick(installation, instance)
    assert isinstance(request, dg.RunRequest)
    ran(instance, request, dg.DagsterRunStatus.STARTED)
    land(installation.settings, "b.csv", "r2")
    skipped = tick(installation, instance)
    assert isinstance(skipped, dg.SkipReason)
    assert "is taking in deliveries" in str(skipped.skip_message)


def test_a_failed_run_is_tried_again_under_another_key_after_a_while(
    installation: Installation, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(installation.settings, "a.csv", "r1")
    first = tick(installation, instance)
    assert isinstance(first, dg.RunRequest)
    ran(instance, first, dg.DagsterRunStatus.FAILURE)
    waits = tick(installation, instance)
    assert isinstance(waits, dg.SkipReason)
    assert "1 runs failed" in str(waits.skip_message)
    monkeypatch.setattr(sensors, "_wait", lambda _: timedelta(0))
    second = tick(installation, instance)
    assert isinstance(second, dg.RunRequest)
    assert second.run_key != first.run_key
    assert second.tags["kto/deliveries"] == first.tags["kto/deliveries"]


def test_waits_grow_with_every_failure_up_to_a_day() -> None:
    minutes = [sensors._wait(failures) / timedelta(minutes=1) for failures in (1, 2, 3, 30)]
    assert minutes == [1, 2, 4, 24 * 60]


def test_a_file_that_is_still_being_written_is_left_alone(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    land(installation.settings, "a.csv.part", "r1")
    skipped = tick(installation, instance)
    assert isinstance(skipped, dg.SkipReason)
    assert "(1 still arriving)" in str(skipped.skip_message)
