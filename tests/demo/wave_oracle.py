"""The published figures of surveys in waves by another way: pandas on the landed files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from demo_oracle import NO_ANSWER

from dagster_project.demo import PublishedFigure


@dataclass(frozen=True)
class Score:
    """A header and what one answer is worth; `asked` counts who did not answer as 0."""

    header: str
    points: Callable[[float], float]
    asked: bool = False


def _itself(answer: float) -> float:
    return answer


def _share(low: float, high: float) -> Callable[[float], float]:
    return lambda answer: 100.0 if low <= answer <= high else 0.0


def _net(answer: float) -> float:
    return 100.0 if answer >= 9 else 0.0 if answer >= 7 else -100.0


SMILEYS = (
    *("welkom", "locatie", "telefonisch_welkom", "telefonisch_bereikbaar"),
    *("omgang", "kennis", "afspraken", "verder_geholpen"),
)
SCORES: dict[str, dict[str, Score]] = {
    "madi": {
        "totaaloordeel": Score("rapportcijfer", _itself),
        "totaaloordeel_8plus": Score("rapportcijfer", _share(8, 10), asked=True),
        "totaaloordeel_voldoende": Score("rapportcijfer", _share(5.5, 7.9), asked=True),
        "totaaloordeel_onvoldoende": Score("rapportcijfer", _share(1, 5.4), asked=True),
        "nps": Score("aanbeveling", _net),
        "nps_promoters": Score("aanbeveling", _share(9, 10)),
        "nps_detractors": Score("aanbeveling", _share(0, 6)),
        **{f"{name}_zeer_tevreden": Score(name, _share(5, 5), asked=True) for name in SMILEYS},
        **{f"{name}_tevreden": Score(name, _share(4, 5), asked=True) for name in SMILEYS},
    },
}
ORGANISATION = {"madi": "organisatie"}
PRODUCT = {"madi": "werksoort"}
DAY = {"madi": "datum"}


def wave_rows(landing: Path, feed: str) -> pd.DataFrame:
    """All rows of a feed, every value as text, with the year of the wave."""
    paths = sorted((landing / feed).rglob("*.csv"))
    frame = pd.concat(
        [
            pd.read_csv(
                path, sep=";", dtype=str, keep_default_na=False, encoding="utf-8-sig"
            ).assign(file=path.name)
            for path in paths
        ],
        ignore_index=True,
    )
    return frame.assign(wave=pd.to_datetime(frame[DAY[feed]], format="%d-%m-%Y").dt.year)


def numbers(answers: pd.Series) -> pd.Series:
    """Answers as numbers; NaN for no answer."""
    given = answers.where(~answers.isin(NO_ANSWER)).str.replace(",", ".")
    return pd.to_numeric(given)


def value(frame: pd.DataFrame, score: Score) -> tuple[int, float]:
    """N and mean of the scores."""
    answers = numbers(frame[score.header])
    points = answers.dropna().map(score.points)
    n = len(frame) if score.asked else len(points)
    return n, float(points.sum()) / n


def wave_figure(rows: dict[str, pd.DataFrame], figure: PublishedFigure) -> float:
    """One published figure of a survey in waves."""
    frame = rows[figure.study]
    own = frame[frame["wave"] == int(figure.period)]
    if figure.study in ORGANISATION:
        own = own[own[ORGANISATION[figure.study]] == figure.organisation_code]
    if figure.product_code != "all":
        own = own[own[PRODUCT[figure.study]] == figure.product_code]
    if figure.column == "responses":
        return len(own)
    n, mean = value(own, SCORES[figure.study][figure.metric])
    return n if figure.column == "n" else mean
