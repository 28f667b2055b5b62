"""Everything there is to say about one figure.

Belongs here: bringing together the release, the codebook and the home. Does not belong here:
arithmetic (worked_back), wording (lines).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import polars as pl

from dagster_project.codebook import Codebook
from dagster_project.codebook.model import Study
from dagster_project.codebook.organisations import organisations_called
from dagster_project.common.errors import UserError
from dagster_project.common.settings import Settings
from dagster_project.disclosure.attack.layout import TOTAL
from dagster_project.explain.asked import Asked, NoFigureError, find
from dagster_project.explain.deliveries import Behind, deliveries_behind
from dagster_project.explain.measured import Both, Measured, measured, metric_in
from dagster_project.explain.released import Released
from dagster_project.explain.worked_back import (
    Net,
    Row,
    net_counts,
    share_count,
    standard_deviation,
)

KPI = "mart_kpi"
KEY = ("study", "organisation_code", "period")
PUBLISHED = "published"
NET, SHARE = "net", "share"


@dataclass(frozen=True)
class Worked:
    """What is worked back from the published columns; None where they do not tell it."""

    sum_of_scores: float
    population: int | None
    standard_deviation: float | None
    weighted: bool
    count: int | None
    net: Net | None
    shares: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Compared:
    """A figure beside this one: `what` is previous, year_ago or benchmark."""

    what: str
    period: str | None
    value: float
    difference: float | None
    significant: bool | None
    organisations: int | None


@dataclass(frozen=True)
class Explanation:
    """One figure. Where it is suppressed, nothing is known but what it would be, and the rule.

    `row` is that of `mart_kpi`, `metric` that of `dim_metric`, `vintage` that of `mart_release`;
    `checks` are names, `delivered` counts the deliveries of the release. `missing` says what could
    not be looked up: `codebook` or `deliveries`.
    """

    release: str
    time: str
    row: dict[str, Any]
    metric: dict[str, Any]
    study: Study | None
    measured: Measured | None
    worked: Worked | None = None
    compared: tuple[Compared, ...] = ()
    vintage: dict[str, Any] | None = None
    checks: tuple[str, ...] = ()
    deliveries: tuple[Behind, ...] | None = None
    delivered: int = 0
    missing: tuple[str, ...] = field(default=())

    @property
    def suppressed(self) -> bool:
        """Whether the figure is hidden."""
        return bool(self.row["status"] != PUBLISHED)

    def label(self, what: str) -> Both:
        """Return the label or the definition of the metric as they were published."""
        return Both(str(self.metric[f"{what}_nl"]), str(self.metric[f"{what}_en"]))


def explain(
    released: Released, asked: Asked, codebook: Codebook, home: Settings | None
) -> Explanation:
    """Explain a figure of a release.

    Args:
        released: the release, or a copy of it.
        asked: the key of the figure.
        codebook: that of the checkout, for questions, scales and rules.
        home: the home that made the release, for its deliveries; None for a bare copy.

    Raises:
        NoFigureError: there is no such figure; it says what is near.
        UserError: the release, or what the home keeps of deliveries, cannot be read.

    """
    kpi = released.table(KPI)
    codes = kpi["organisation_code"].unique().to_list()
    called = organisations_called(codebook, codes, asked.organisation_code)
    if len(called) == 1:
        asked = replace(asked, organisation_code=called[0])
    try:
        row = find(kpi, asked)
    except NoFigureError as error:
        raise NoFigureError(f"release {released.manifest.release}: {error}") from None
    metric = _dimension(released, row)
    definition = metric_in(codebook, row["study"], row["metric"])
    study = _study(codebook, row)
    missing = [] if definition else ["codebook"]
    about = measured(codebook, definition) if definition else None
    base = (released.manifest.release, released.manifest.time, row, metric, study, about)
    if row["status"] != PUBLISHED:
        return Explanation(*base, missing=tuple(missing))
    deliveries = None
    if home is None or not (home.lake / "deliveries").is_dir() or study is None:
        missing.append("deliveries")
    else:
        of_figure = (row["study"], row["channel"])
        deliveries = deliveries_behind(home, codebook, released.manifest, *of_figure)
    return Explanation(
        *base,
        worked=_worked(released, kpi, row, str(metric["family"]), codebook),
        compared=tuple(_compared(released, row)),
        vintage=_vintage(released, row),
        checks=released.manifest.checks,
        deliveries=deliveries,
        delivered=len(released.manifest.deliveries),
        missing=tuple(missing),
    )


def _study(codebook: Codebook, row: dict[str, Any]) -> Study | None:
    return next((one for one in codebook.studies if one.study == row["study"]), None)


def _dimension(released: Released, row: dict[str, Any]) -> dict[str, Any]:
    found = released.table("dim_metric").filter(
        (pl.col("study") == row["study"])
        & (pl.col("metric") == row["metric"])
        & (pl.col("family") != "distribution")
    )
    if found.is_empty():
        raise UserError(
            f"release {released.manifest.release}: dim_metric has no {row['metric']} of "
            f"{row['study']}; copy the release whole"
        )
    return found.row(0, named=True)


def _worked(
    released: Released,
    kpi: pl.DataFrame,
    row: dict[str, Any],
    family: str,
    codebook: Codebook,
) -> Worked:
    study = _study(codebook, row)
    known = Row(
        row["n"], row["n_weighted"], row["value"], row["margin"], _population(released, row, study)
    )
    # without the rule of the population, nothing behind a margin can be told
    deviation = standard_deviation(known) if study else None
    return Worked(
        sum_of_scores=known.value * known.n_weighted,
        population=known.population,
        standard_deviation=deviation,
        weighted=known.weighted,
        count=share_count(known) if family == SHARE else None,
        net=net_counts(known) if family == NET and study else None,
        shares=tuple(_published_shares(kpi, row, codebook)) if family == NET else (),
    )


def _population(released: Released, row: dict[str, Any], study: Study | None) -> int | None:
    """Return N of the margin: the invited, where the answers are theirs, by published counts."""
    if study is None or study.population != "invited" or row["segment"] != TOTAL:
        return None
    cell = (*KEY, "channel", "product_code")
    response = released.table("mart_response").filter(
        pl.all_horizontal(pl.col(name) == row[name] for name in cell)
    )
    told = response.select("invited", "responses", "responses_invited").drop_nulls()
    if told.is_empty():
        return None
    invited, responses, theirs = told.row(0)
    return int(invited) if theirs >= responses and invited >= row["n"] else None


def _published_shares(
    kpi: pl.DataFrame, row: dict[str, Any], codebook: Codebook
) -> list[tuple[str, float]]:
    """Return the published shares for and against that a net score is the difference of.

    They are the metrics on the same questions that count just the answers which score 100, or
    -100; empty where there are none, or one of them is not published.
    """
    study, metric = row["study"], row["metric"]
    bands = codebook.bands_of(study, metric)
    found = []
    for points in (100.0, -100.0):
        wanted = {(one.lower, one.upper) for one in bands if one.points == points}
        for other in codebook.metrics_of(study):
            counted = {
                (one.lower, one.upper)
                for one in codebook.bands_of(study, other.metric)
                if one.points == 100.0  # noqa: PLR2004
            }
            same = codebook.questions_of_metric(study, other.metric)
            if other.family != SHARE or counted != wanted:
                continue
            if same != codebook.questions_of_metric(study, metric):
                continue
            cell = [name for name in kpi.columns[:8] if name != "metric"]
            figure = kpi.filter(
                pl.all_horizontal(pl.col(name) == row[name] for name in cell)
                & (pl.col("metric") == other.metric)
                & (pl.col("status") == PUBLISHED)
            )
            found += [(other.metric, float(figure["value"][0]))] if figure.height else []
    return found if len(found) == 2 else []  # noqa: PLR2004


def _compared(released: Released, row: dict[str, Any]) -> list[Compared]:
    period = released.table("dim_period").filter(
        (pl.col("study") == row["study"]) & (pl.col("period") == row["period"])
    )
    before = period.row(0, named=True) if period.height else {}
    found: list[Compared] = []
    for what, value, difference, significant in (
        ("previous", "previous_value", "change", "change_significant"),
        ("year_ago", "year_ago_value", "year_ago_change", "year_ago_significant"),
    ):
        named = before.get(f"{what}_period")
        if row[value] is not None and named not in {one.period for one in found}:
            told = row[value], row[difference], row[significant]
            found.append(Compared(what, named, *told, organisations=None))
    if row["benchmark_value"] is not None:
        told = (
            row["benchmark_value"],
            row["value"] - row["benchmark_value"],
            row["benchmark_significant"],
        )
        among = row["benchmark_organisations"]
        found.append(Compared("benchmark", None, *told, organisations=among))
    return found


def _vintage(released: Released, row: dict[str, Any]) -> dict[str, Any] | None:
    found = released.table("mart_release").filter(
        pl.all_horizontal(pl.col(name) == row[name] for name in KEY)
    )
    return found.row(0, named=True) if found.height else None


def explanation_json(found: Explanation) -> dict[str, Any]:
    """Give the whole explanation as JSON values; texts are in both languages.

    `release`, `time`; `figure`: the columns of `mart_kpi`; `metric`: those of `dim_metric`;
    `measured`: `questions`, `bands`, `min_items`; `rule`: `min_n`; and, of a published figure,
    `worked_back`, `compared`, `vintage`, `checks`, `deliveries` (null for a bare copy), `missing`.
    """
    told: dict[str, Any] = {
        "release": found.release,
        "time": found.time,
        "figure": found.row,
        "metric": found.metric,
        "measured": asdict(found.measured) if found.measured else None,
        "rule": {"min_n": found.study.min_n if found.study else None},
    }
    if not found.suppressed:
        told |= {
            "worked_back": asdict(found.worked) if found.worked else None,
            "compared": [asdict(one) for one in found.compared],
            "vintage": found.vintage,
            "checks": list(found.checks),
            "deliveries": None
            if found.deliveries is None
            else [asdict(one) for one in found.deliveries],
        }
    return told | {"missing": list(found.missing)}
