"""The front page of a release: every organisation and period, what is new, what can be downloaded.

Belongs here: choosing what it lists. Does not belong here: HTML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dagster_project.codebook import Codebook
from dagster_project.codebook.organisations import organisation_name
from dagster_project.factsheet.figures import EVERYBODY, Facts, read_facts
from dagster_project.factsheet.outline import outline_of
from dagster_project.factsheet.strips import Strip, strip_of
from dagster_project.factsheet.words import Words
from dagster_project.release.contract import figure_of
from dagster_project.release.manifest import Manifest, read_manifest

SPARK_POINTS = 8
LEAST_SPAN = 0.1
"""Part of a figure's range that a line shows at least."""


@dataclass(frozen=True)
class Entry:
    """An organisation: its newest period, the first headline figure there, earlier periods."""

    code: str
    name: str
    newest: tuple[str, str]
    figure: Strip | None
    spark: str
    others: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Group:
    """A study and its organisations; `measure` is what is shown of each."""

    study: str
    label: str
    measure: str
    entries: Sequence[Entry]


@dataclass(frozen=True)
class Front:
    """What the front page holds; `news`, `revised`, `withdrawn` are sentences."""

    release: str
    day: str
    groups: Sequence[Group]
    news: Sequence[str]
    revised: Sequence[str]
    withdrawn: Sequence[str]
    tables: Mapping[str, str]


def front_of(codebook: Codebook, words: Words, folder: Path) -> Front:
    """Choose what the front page of a release shows."""
    manifest = read_manifest(folder)
    by_study: dict[str, list[Facts]] = {}
    for facts in read_facts(folder, totals_only=True):
        by_study.setdefault(facts.study, []).append(facts)
    return Front(
        release=manifest.release,
        day=words.day(manifest.day),
        groups=[
            _group(codebook, words, study, by_study[study])
            for study in (one.study for one in codebook.studies)
            if study in by_study
        ],
        news=_told(codebook, words, manifest.story.periods_new),
        revised=_told(codebook, words, manifest.story.periods_revised),
        withdrawn=_withdrawn(codebook, words, manifest),
        tables=_tables(words, manifest),
    )


def _group(codebook: Codebook, words: Words, study: str, facts: Sequence[Facts]) -> Group:
    lead = outline_of(codebook, study).lead
    entries = [_entry(codebook, words, one) for one in facts]
    return Group(
        study=study,
        label=words.label(codebook.study(study)),
        measure=words.label(lead[0]) if lead else "",
        entries=sorted(entries, key=lambda one: one.name),
    )


def _entry(codebook: Codebook, words: Words, facts: Facts) -> Entry:
    periods = facts.periods
    newest = periods[0]
    lead = outline_of(codebook, facts.study).lead
    figure, spark = None, ""
    if lead and (row := facts.figure(newest, EVERYBODY, lead[0].metric)):
        figure = strip_of(codebook, words, lead[0], row)
        series = facts.series(EVERYBODY, lead[0].metric, newest, SPARK_POINTS)
        span = figure_of(codebook, lead[0])
        least = LEAST_SPAN * (span.upper - span.lower)
        spark = _spark([one["value"] for _, one in series if one is not None], least)
    return Entry(
        code=facts.organisation_code,
        name=organisation_name(codebook, facts.organisation_code),
        newest=(newest, words.period(newest)),
        figure=figure,
        spark=spark,
        others=[(one, one) for one in periods if one != newest],
    )


def _spark(values: Sequence[float], least: float) -> str:
    """Return the points of a line in a box of 100 by 24; empty below two values.

    The height of the box is at least `least`, so that what hardly changes looks flat.
    """
    if len(values) < 2:  # noqa: PLR2004
        return ""
    span = max(max(values) - min(values), least)
    low = (max(values) + min(values) - span) / 2
    step = 96 / (len(values) - 1)
    return " ".join(
        f"{2 + place * step:.1f},{21 - 18 * (value - low) / span:.1f}"
        for place, value in enumerate(values)
    )


def _told(codebook: Codebook, words: Words, periods: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say which periods of which organisations; those of one organisation in one sentence."""
    labels = {one.study: words.label(one) for one in codebook.studies}
    found: dict[tuple[str, str], list[str]] = {}
    reasons: dict[tuple[str, str], str] = {}
    for one in periods:
        key = (str(one["study"]), str(one["organisation_code"]))
        found.setdefault(key, []).append(str(one["period"]))
        reasons[key] = str(one.get("reason") or "")
    return [
        f"{organisation_name(codebook, organisation)} ({labels.get(study, study)}): "
        + ", ".join(sorted(own))
        + (f" ({reasons[study, organisation]})" if reasons[study, organisation] else "")
        for (study, organisation), own in sorted(found.items())
    ]


def _withdrawn(codebook: Codebook, words: Words, manifest: Manifest) -> list[str]:
    """Say what was taken back, with the reason."""
    periods = [
        {**one, "period": period} for one in manifest.story.withdrawn for period in one["periods"]
    ]
    return _told(codebook, words, periods)


def _tables(words: Words, manifest: Manifest) -> dict[str, str]:
    return {
        table: words("download_parquet", table=table, rows=words.number(rows))
        for table, rows in sorted(manifest.tables.items())
    }
