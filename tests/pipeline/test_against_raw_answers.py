"""Random answers, and what pandas, scipy and numpy make of the same files without the pipeline."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import small_feeds
from scipy import stats

from dagster_project.common.settings import Settings
from dagster_project.orchestration.pipeline import refresh

Query = Callable[[str], list[dict[str, Any]]]

NO_ANSWER = ("", "99", "-1", "geen oordeel", "n.v.t.", "weet niet")
AT_THE_DESK = (
    *("openingstijden", "wachtruimte", "wachttijd", "privacy", "vriendelijkheid"),
    *(*small_feeds.ITEMS, "prijs", "doorlooptijd"),
)
BY_TELEPHONE = ("wachttijd", "vriendelijkheid", *small_feeds.ITEMS)
DAYS = {"2020Q3": "2020-08-03", "2020Q4": "2020-11-02"}
PLACES = (
    ("counter", "GM0637", "2020Q3", 190),
    ("counter", "GM0637", "2020Q4", 150),
    ("counter", "GM0363", "2020Q4", 45),
    ("telephone", "GM0637", "2020Q4", 120),
)


def answers(rng: np.random.Generator, place: tuple[str, str, str, int]) -> pd.DataFrame:
    """Answers of one place as they are delivered: grades that share a mood, some left out."""
    channel, municipality, quarter, respondents = place
    aspects = AT_THE_DESK if channel == "counter" else BY_TELEPHONE
    mood = rng.normal(size=respondents)

    def grade(own: float) -> np.ndarray:
        score = np.clip(np.rint(2 * (7 + mood + own * rng.normal(size=respondents))) / 2, 1, 10)
        return left_out(score.astype(str))

    def left_out(given: np.ndarray) -> np.ndarray:
        missing = rng.random(respondents) < 0.06
        return np.where(missing, rng.choice(NO_ANSWER, respondents), given)

    return pd.DataFrame(
        {
            "respons_id": [f"{municipality}-{quarter}-{n}" for n in range(respondents)],
            "gemeentecode": municipality,
            "product": "paspoort",
            "datum_contact": DAYS[quarter],
            "datum_invul": DAYS[quarter],
            "totaaloordeel": grade(0.7),
            "moeite": left_out(rng.integers(1, 6, respondents).astype(str)),
            "in_een_keer": left_out(rng.choice(["1", "2", "3", "9"], respondents)),
            **{aspect: grade(0.6 + 0.1 * at) for at, aspect in enumerate(aspects)},
            "channel": channel,
            "quarter": quarter,
        }
    )


RAW = [answers(np.random.default_rng(20), place) for place in PLACES]


def land(settings: Settings) -> None:
    feeds = {
        channel: pl.from_pandas(
            pd.concat([one for one in RAW if one["channel"][0] == channel]).drop(
                columns=["channel", "quarter"]
            )
        )
        for channel in ("counter", "telephone")
    }
    small_feeds.deliver(settings, feeds, "2021-01-05")


def measure_by_regression(settings: Settings) -> None:
    studies = settings.seeds / "studies.csv"
    text = studies.read_text(encoding="utf-8")
    assert text.count(",correlation,30") > 0
    studies.write_text(text.replace(",correlation,30", ",regression,30"), encoding="utf-8")


@pytest.fixture(scope="module")
def by_correlation(module_settings: Settings) -> Query:
    land(module_settings)
    refresh(module_settings, order=small_feeds.AS_IS)
    return partial(small_feeds.released, module_settings)


@pytest.fixture(scope="module")
def by_regression(studies_by_other_rules: Settings) -> Query:
    return partial(small_feeds.released, studies_by_other_rules)


def as_told(importance: float, raw: pd.DataFrame, metric: str, n: int) -> float:
    """Round an importance where 1 to 9 answered only one of the two, to what leaves them room."""
    answered = [raw[name].dropna().astype(float) for name in (metric, "totaaloordeel")]
    if not any(1 <= len(one) - n <= 9 for one in answered):
        return importance
    return round(
        importance, 2 if n * answered[0].std(ddof=0) * answered[1].std(ddof=0) >= 100 else 1
    )


def raw_cell(row: dict[str, Any]) -> pd.DataFrame:
    """The raw answers of a published row's cell; what is no answer is NaN."""
    found = [
        one
        for one in RAW
        if one["gemeentecode"][0] == row["organisation_code"]
        and row["period"] in (one["quarter"][0], "2020")
        and row["channel"] in (one["channel"][0], "all")
    ]
    return pd.concat(found).replace(list(NO_ANSWER), np.nan)


def test_item_response_counts_every_answer_that_was_given(by_correlation: Query) -> None:
    rows = by_correlation("from marts.mart_item_response where status = 'published'")
    assert len(rows) > 90
    for row in rows:
        raw = raw_cell(row)
        given = raw[row["question"]].notna().sum()
        assert (row["asked"], row["answered"]) == (len(raw), given), row
        assert row["share"] == pytest.approx(100 * given / len(raw), abs=1e-11)


def test_importance_is_the_correlation_over_those_who_answered_both(by_correlation: Query) -> None:
    rows = by_correlation("from marts.mart_priority where status = 'published'")
    found = {(row["organisation_code"], row["period"], row["channel"]) for row in rows}
    assert found >= {("GM0637", period, "counter") for period in ("2020Q3", "2020Q4", "2020")}
    assert ("GM0637", "2020", "telephone") in found
    for row in rows:
        raw = raw_cell(row)
        both = raw[[row["metric"], "totaaloordeel"]].dropna().astype(float)
        assert row["n"] == len(both) >= 30
        assert row["importance_method"] == (None if row["importance"] is None else "correlation")
        expected = stats.pearsonr(both[row["metric"]], both["totaaloordeel"]).statistic
        told = as_told(expected, raw, row["metric"], len(both))
        assert row["importance"] == pytest.approx(told, abs=1e-11), row
        mean = raw[row["metric"]].dropna().astype(float).mean()
        assert row["satisfaction"] == pytest.approx(mean, abs=1e-11)


def test_every_aspect_at_the_desk_is_in_the_matrix(by_correlation: Query) -> None:
    rows = by_correlation(
        "from marts.mart_priority where organisation_code = 'GM0637' and channel = 'counter'"
    )
    assert {row["metric"] for row in rows} == set(AT_THE_DESK)
    assert len(rows) == 3 * len(AT_THE_DESK)
    assert {row["status"] for row in rows} == {"published"}
    # no channel but the desk asks for all of them, and there is no row over channels
    assert by_correlation("from marts.mart_priority where channel = 'all'") == []


def test_a_quadrant_is_where_an_aspect_lies_against_the_mean_of_its_cell(
    by_correlation: Query,
) -> None:
    frame = pd.DataFrame(by_correlation("from marts.mart_priority where status = 'published'"))
    cell = frame.groupby(["organisation_code", "period", "channel"])
    means = cell[["satisfaction", "importance"]].transform("mean")
    names = {
        (True, True): "strength",
        (False, True): "high_priority",
        (True, False): "maintain",
        (False, False): "low_priority",
    }
    above = frame[["satisfaction", "importance"]] >= means
    assert frame["quadrant"].tolist() == [names[tuple(row)] for row in above.to_numpy().tolist()]
    assert set(frame["quadrant"]) == set(names.values())


def test_regression_is_least_squares_over_those_who_answered_everything(
    by_regression: Query,
) -> None:
    rows = by_regression("from marts.mart_priority where study = 'nvvb' and status = 'published'")
    frame = pd.DataFrame(rows)
    cells = frame.groupby(["organisation_code", "period", "channel"])
    assert ("GM0637", "2020", "counter") in cells.groups
    assert ("GM0637", "2020Q4", "telephone") in cells.groups
    for _, found in cells:
        aspects = found["metric"].tolist()
        raw = raw_cell(found.iloc[0].to_dict())
        asked = AT_THE_DESK if found["channel"].iloc[0] == "counter" else BY_TELEPHONE
        assert set(aspects) == set(asked)
        complete = raw[[*aspects, "totaaloordeel"]].dropna().astype(float)
        assert set(found["n"]) == {len(complete)}
        z = ((complete - complete.mean()) / complete.std(ddof=0)).to_numpy()
        inflation = np.diag(np.linalg.inv(np.corrcoef(z[:, :-1].T)))
        assert inflation.max() < 10
        expected, *_ = np.linalg.lstsq(z[:, :-1], z[:, -1], rcond=None)
        told = [
            as_told(one, raw, aspect, len(complete))
            for one, aspect in zip(expected.tolist(), aspects, strict=True)
        ]
        assert found["importance"].tolist() == pytest.approx(told, abs=1e-10)
        assert set(found["importance_method"].dropna()) <= {"regression"}
        assert found["importance_method"].notna().tolist() == found["importance"].notna().tolist()
