"""What `kto status` says: every delivery, with counts that add up, and nothing personal."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest
from small_release import make_warehouse, no_vintage, settings_in, stage

from dagster_project.codebook import Codebook, Feed, Study
from dagster_project.common.settings import Settings
from dagster_project.ingest import Delivery
from dagster_project.release.internal import RowCounts, export_internal, read_row_counts
from dagster_project.release.manifest import ReleaseError
from dagster_project.release.publish import publish
from dagster_project.release.render import status_lines
from dagster_project.release.report import delivery_report, status
from dagster_project.release.states import STATES
from dagster_project.release.vintages import ENTRY, Index, write_index

DATED = datetime(2026, 11, 1, tzinfo=UTC).isoformat()
BAR = Feed("bar", "cafe", "responses", None, None, "date", None, None)
CAFE = Study(
    study="cafe",
    label_nl="Café",
    label_en="Cafe",
    timing="quarter",
    organisation_kind="cafe",
    code_prefix=None,
    code_digits=None,
    min_n=10,
    starts_on=date(2020, 1, 1),
    release_day=None,
    max_bad_rows_pct=20,
    hold_bad_rows_pct=5,
    max_revisions=3,
    population="unknown",
    benchmark_method="mean_of_others",
    benchmark_min_organisations=3,
    priority_method="correlation",
    priority_min_n=30,
    benchmark_among="all",
)
CODEBOOK = Codebook(studies=(CAFE,), feeds=(BAR,))
KEYS = [
    "feed",
    "file",
    "sha256",
    "state",
    "reason",
    "rows_read",
    "rows_accepted",
    "rows_quarantined",
    "rows_left_out",
    "rows_counted",
    "rows_superseded",
    "rows_set_aside",
    "rows_unmatched",
    "rows_late",
    "reasons",
]


def delivery(sha256: str, **changes: object) -> Delivery:
    fields = {
        "feed": "bar",
        "study": "cafe",
        "file": f"bar/{sha256[0]}.csv",
        "sha256": sha256,
        "bytes": 100,
        "received_at": DATED,
        "judged_at": DATED,
        "state": "accepted",
        "rows_read": 12,
        "rows_accepted": 10,
        "rows_quarantined": 2,
        "rows_left_out": 0,
        "reasons": {"bad_type": 1, "out_of_range": 2},
    }
    return Delivery(**{**fields, **changes})


ACCEPTED = delivery("a" * 64)
REJECTED = delivery(
    "b" * 64,
    state="rejected",
    reason="60 % of its rows are bad",
    rows_read=5,
    rows_accepted=2,
    rows_quarantined=3,
)


def install(folder: Path) -> Settings:
    """A home with two judged deliveries, quarantine of the first, and one file that waits."""
    settings = settings_in(folder)
    for one in (ACCEPTED, REJECTED):
        path = settings.lake / "deliveries" / "bar" / f"{one.sha256}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**one.__dict__, "unknown_columns": []}))
    quarantine = settings.lake / "quarantine" / "bar" / f"{ACCEPTED.sha256}.parquet"
    quarantine.parent.mkdir(parents=True)
    duckdb.execute(
        "copy (select 'bar' as feed, 'a' as delivery, 7::bigint as row, "
        "['out_of_range'] as reasons, '{}' as masked_row, "
        "['Column taste: \"11\" is not between 1 and 10.'] as details) "
        f"to '{quarantine}'"
    )
    waiting = settings.landing / "bar" / "new.csv"
    waiting.parent.mkdir(parents=True)
    waiting.write_text("taste\n8\n")
    os.utime(waiting, (0, 0))
    (settings.landing / "note.txt").write_text("hello")
    return settings


def models_ran(settings: Settings) -> None:
    make_warehouse(
        settings,
        "create table warehouse.intermediate.int_delivery_rows as select 'bar' as feed, "
        f"'{ACCEPTED.sha256}' as delivery, 10 as rows_accepted, 7 as rows_counted, "
        "2 as rows_superseded, 1 as rows_set_aside, 3 as rows_unmatched, 4 as rows_late",
    )
    export_internal(settings)


def judged(settings: Settings, *, publishing: bool = True) -> None:
    """Two quarters of a run: one that went out before, one that is held."""
    shared = {"study": "cafe", "organisation_code": "A", "period_type": "quarter", "revision": 0}
    rows = [
        shared | {"period": "2020Q3", "state": "final", "is_released": True, "late": 2},
        shared | {"period": "2020Q4", "state": "held", "held_because": "x is wrong", "late": 0},
    ]
    settings.states.mkdir(parents=True)
    pl.DataFrame(rows, schema=STATES).write_parquet(settings.states / "periods.parquet")
    run = {"publishing": publishing, "revises": False}
    (settings.states / "run.json").write_text(json.dumps(run))
    entry = shared | {"period": "2020Q3", "vintage": "v", "as_is": False, "empty": False}
    write_index(settings, Index(entries=pl.DataFrame([entry], schema=ENTRY)))


def test_a_delivery_has_exactly_the_fields_of_the_contract():
    counts = {("bar", ACCEPTED.sha256): RowCounts(7, 2, 1, 3, 4)}
    found = delivery_report([REJECTED, ACCEPTED], counts)
    assert [list(one) for one in found] == [KEYS, KEYS]
    assert found[0] == {
        "feed": "bar",
        "file": "bar/a.csv",
        "sha256": "a" * 64,
        "state": "accepted",
        "reason": None,
        "rows_read": 12,
        "rows_accepted": 10,
        "rows_quarantined": 2,
        "rows_left_out": 0,
        "rows_counted": 7,
        "rows_superseded": 2,
        "rows_set_aside": 1,
        "rows_unmatched": 3,
        "rows_late": 4,
        "reasons": {"bad_type": 1, "out_of_range": 2},
    }


def test_before_the_models_ran_their_counts_are_unknown_and_of_a_rejected_delivery_none():
    accepted, rejected = delivery_report([ACCEPTED, REJECTED], {})
    assert accepted["rows_counted"] is None
    assert rejected["rows_counted"] == 0
    assert rejected["reason"] == "60 % of its rows are bad"
    assert rejected["rows_read"] == rejected["rows_accepted"] + rejected["rows_quarantined"]


def test_status_brings_landing_register_models_and_release_together(tmp_path: Path):
    settings = install(tmp_path)
    models_ran(settings)
    judged(settings)
    release = publish(settings, stage(settings), no_vintage).name
    found = json.loads(json.dumps(status(settings, CODEBOOK)))
    assert list(found) == [
        *("release", "stopped", "periods", "refused", "deliveries", "ignored", "ignored_columns"),
        "samples",
    ]
    assert (found["release"], found["stopped"]) == (release, None)
    assert [one["state"] for one in found["deliveries"]] == ["accepted", "rejected", "waiting"]
    assert all(list(one) == KEYS for one in found["deliveries"])
    assert found["deliveries"][0]["rows_counted"] == 7
    assert found["deliveries"][2]["file"] == "bar/new.csv"
    assert found["deliveries"][2]["reason"] == "not processed yet; run `kto refresh`"
    assert found["ignored"] == [
        {"file": "note.txt", "reason": "is not in a feed's folder", "misplaced": False}
    ]
    assert found["ignored_columns"] == []
    assert [(one["period"], one["state"]) for one in found["periods"]] == [
        ("2020Q3", "final"),
        ("2020Q4", "held"),
    ]
    assert found["samples"] == [
        {
            "feed": "bar",
            "sha256": "a" * 64,
            "row": 7,
            "detail": 'Column taste: "11" is not between 1 and 10.',
        }
    ]


def test_status_works_before_anything_ran(tmp_path: Path):
    found = status(settings_in(tmp_path), CODEBOOK)
    assert found["release"] is None
    assert found["deliveries"] == []
    assert "Current release: none yet; run `kto refresh`" in status_lines(found)


def test_status_says_that_a_staged_release_did_not_go_out(tmp_path: Path):
    settings = install(tmp_path)
    models_ran(settings)
    judged(settings)
    staged = stage(settings)
    found = status(settings, CODEBOOK)
    assert (found["release"], found["stopped"]) == (None, staged.id)
    assert any(line.startswith(f"Release {staged.id} did not go") for line in status_lines(found))


def test_a_candidate_of_a_preview_is_not_one_that_did_not_go_out(tmp_path: Path):
    settings = install(tmp_path)
    models_ran(settings)
    judged(settings, publishing=False)
    stage(settings)
    assert status(settings, CODEBOOK)["stopped"] is None


LATE = (
    "late       cafe 2020Q3: A: 2 rows came after it was published and are in no figure; "
    "`kto revise` takes them in"
)


def test_status_begins_with_what_needs_somebody(tmp_path: Path):
    settings = install(tmp_path)
    judged(settings)
    (settings.landing / "barr").mkdir()
    (settings.landing / "barr" / "b.csv").write_text("taste\n8\n")
    lines = status_lines(status(settings, CODEBOOK))
    start = next(number for number, line in enumerate(lines) if line.startswith("Needs action"))
    assert [line.strip() for line in lines[start + 1 : start + 4]] == [
        "held       cafe 2020Q4: A: x is wrong",
        LATE,
        "misplaced  barr/b.csv folder barr is not a feed of the codebook; did you mean bar?",
    ]
    assert "  final      cafe 2020Q3: A" in lines


def test_what_a_stopped_run_would_have_published_is_due(tmp_path: Path):
    settings = install(tmp_path)
    judged(settings)
    write_index(settings, Index())
    found = status(settings, CODEBOOK)["periods"]
    assert [(one["period"], one["state"]) for one in found] == [
        ("2020Q3", "due"),
        ("2020Q4", "held"),
    ]


def test_status_for_people_gives_each_reason_a_line_with_its_count(tmp_path: Path):
    settings = install(tmp_path)
    models_ran(settings)
    lines = status_lines(status(settings, CODEBOOK))
    assert "Internal: this report counts answers and is not for publication." in lines
    start = lines.index("bar/a.csv: some rows are in quarantine")
    assert lines[start : start + 4] == [
        "bar/a.csv: some rows are in quarantine",
        "  2 x out_of_range",
        "  1 x bad_type",
        '    row 7: Column taste: "11" is not between 1 and 10.',
    ]
    assert "bar/b.csv: 60 % of its rows are bad" in lines
    assert "Ignored: note.txt is not in a feed's folder" in lines
    row = next(line for line in lines if line.startswith(" bar/a.csv "))
    assert row.split() == ["bar/a.csv", "accepted", "12", "10", "2", "7", "2", "1", "3", "4"]


def test_run_summaries_are_replaced_whole_and_need_a_warehouse(tmp_path: Path):
    settings = install(tmp_path)
    with pytest.raises(ReleaseError, match="run `kto refresh` first"):
        export_internal(settings)
    assert read_row_counts(settings) == {}
    models_ran(settings)
    models_ran(settings)
    assert read_row_counts(settings) == {("bar", ACCEPTED.sha256): RowCounts(7, 2, 1, 3, 4)}
    assert [path.name for path in settings.internal.iterdir()] == ["delivery_rows.parquet"]
