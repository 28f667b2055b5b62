"""The published figures of surveys in waves by another way: pandas on the landed files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from demo_oracle import NO_ANSWER

from dagster_project.demo import PublishedFigure


@dataclass(frozen=True)
class Score:
    """A header and what one answer is worth; `asked` counts who did not answer as 0.

    `words` are what the answers of a verbal scale stand for.
    """

    header: str
    points: Callable[[float], float]
    asked: bool = False
    words: Mapping[str, float] = field(default_factory=dict)


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
VERBAL = {
    "zeer ontevreden": 1,
    "ontevreden": 3.25,
    "noch tevreden/noch ontevreden": 5.5,
    "tevreden": 7.75,
    "zeer tevreden": 10,
}
IMAGE = {"zeer negatief": 1, "negatief": 2, "neutraal": 3, "positief": 4, "zeer positief": 5}
SERVICES = (
    *("informatie_advies", "netwerkoverleggen", "voorlichtingen", "ouderbijeenkomsten"),
    *("schoolveiligheid", "veilige_wijk", "halt_loket", "sportveiligheid"),
    *("netwerkoverleggen_prijs", "voorlichtingen_prijs"),
)
STATEMENTS = ("imago_tweede_kans", "imago_jeugdpartners", "imago_partner_gemeenten")
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
    "halt": {
        "totaaloordeel": Score("algemene_waardering", _itself),
        "nps": Score("aanbeveling", _net),
        "beeld_positief": Score("beeld", _share(4, 5), words=IMAGE),
        "factsheets_gezien": Score("factsheets", _share(1, 1), words={"ja": 1, "nee": 2}),
        **{name: Score(name, _itself, words=VERBAL) for name in SERVICES},
        **{name: Score(name, _itself) for name in STATEMENTS},
        **{f"{name}_positief": Score(name, _share(4, 5)) for name in STATEMENTS},
    },
    "blik_op_werk": {
        "totaaloordeel": Score("rapportcijfer", _itself),
        "promotorscore": Score("aangeraden", _share(1, 1), words={"ja": 1, "nee": 2}),
    },
}
ASPECTS = ("persoonlijk_contact", "bereikbaar_en_snel", "begeleiding")
USABLE = {"blik_op_werk": ASPECTS}
"""A questionnaire counts when the questions on the service were filled in."""
ORGANISATION = {"madi": "organisatie"}
PRODUCT = {"madi": "werksoort", "blik_op_werk": "dienst"}
DAY = {"madi": "datum", "halt": "datum_uitnodiging", "blik_op_werk": "datum_einde_traject"}
SEGMENT = {
    "50000_100000": ("gemeentegrootte", "50.000 - 100.000 inwoners"),
    "20000_50000": ("gemeentegrootte", "20.000 - 50.000 inwoners"),
    "policy_adviser": ("functie", "beleidsadviseur"),
}
"""The column and the answer of those who are in a part of a segment."""
INVITED = {
    study: f"{study}_uitnodigingen"
    for study in ("halt", "blik_op_werk", "blik_op_werk_opdrachtgevers")
}
ALWAYS_PUBLISHED = ("blik_op_werk_opdrachtgevers",)
ENOUGH = 30
"""Answers, or percent of the net sample, with which a service is published."""
NOT_INVITED = ("dubbel", "onvolledig")
NOT_REACHED = ("onbestelbaar", "afgemeld")
PREVIOUS = {("halt", 2022): 2018}


def _text(landing: Path, feed: str) -> pd.DataFrame:
    """All rows of a feed, every value as text."""
    read = [
        pd.read_csv(path, sep=";", dtype=str, keep_default_na=False, encoding="utf-8-sig")
        for path in sorted((landing / feed).rglob("*.csv"))
    ]
    return pd.concat(read, ignore_index=True)


def wave_rows(landing: Path, feed: str) -> pd.DataFrame:
    """All responses that count, with the year of the wave; none where nobody answered."""
    if not (landing / feed).is_dir():
        return pd.DataFrame({"wave": []})
    frame = _text(landing, feed)
    if feed in USABLE:
        frame = frame[frame[list(USABLE[feed])].ne("").all(axis=1)]
    return frame.assign(wave=pd.to_datetime(frame[DAY[feed]], format="%d-%m-%Y").dt.year)


def invited_rows(landing: Path, study: str) -> pd.DataFrame:
    """All invitations of a study, with the year of the wave."""
    frame = _text(landing, INVITED[study])
    return frame.assign(wave=pd.to_datetime(frame["verzonden_op"], format="%d-%m-%Y").dt.year)


def numbers(answers: pd.Series, words: Mapping[str, float] | None = None) -> pd.Series:
    """Answers as numbers; NaN for no answer."""
    given = answers.where(~answers.isin(NO_ANSWER)).replace(words or {})
    return pd.to_numeric(given.astype(str).str.replace(",", ".").replace("nan", None))


def value(frame: pd.DataFrame, score: Score) -> tuple[int, float]:
    """N and mean of the scores."""
    answers = numbers(frame[score.header], score.words)
    points = answers.dropna().map(score.points)
    n = len(frame) if score.asked else len(points)
    return n, float(points.sum()) / n


def wave_figure(
    rows: dict[str, pd.DataFrame], invited: dict[str, pd.DataFrame], figure: PublishedFigure
) -> float:
    """One published figure of a survey in waves."""
    year = int(figure.period)
    if figure.column == "previous_value":
        year = PREVIOUS[figure.study, year]
    own = _cell(rows[figure.study], figure, year)
    if figure.table == "mart_response":
        return _response(own, invited, figure, year)
    if figure.table == "mart_publication":
        return _publication(own, invited, figure, year)
    n, mean = value(own, SCORES[figure.study][figure.metric])
    return n if figure.column == "n" else mean


def _response(
    own: pd.DataFrame, invited: dict[str, pd.DataFrame], figure: PublishedFigure, year: int
) -> float:
    if figure.column == "responses":
        return len(own)
    asked, net = _asked(invited, figure, year)
    return {
        "invited": asked,
        "net_sample": net,
        "response_rate": 100 * len(own) / net,
    }[figure.column]


def _publication(
    own: pd.DataFrame, invited: dict[str, pd.DataFrame], figure: PublishedFigure, year: int
) -> float:
    if figure.column == "value":
        return value(own, SCORES[figure.study]["totaaloordeel"])[1]
    _, net = _asked(invited, figure, year)
    enough = len(own) >= ENOUGH or 100 * len(own) / net >= ENOUGH
    return float(enough or figure.study in ALWAYS_PUBLISHED)


def _asked(invited: dict[str, pd.DataFrame], figure: PublishedFigure, year: int) -> tuple[int, int]:
    """Invited, and those of them who could be reached."""
    gross = _cell(invited[figure.study], figure, year)["status"]
    asked = gross[~gross.isin(NOT_INVITED)]
    net = asked[~asked.isin(NOT_REACHED)]
    return len(asked), len(net)


def _cell(frame: pd.DataFrame, figure: PublishedFigure, year: int) -> pd.DataFrame:
    own = frame[frame["wave"] == year]
    if figure.study in ORGANISATION:
        own = own[own[ORGANISATION[figure.study]] == figure.organisation_code]
    if figure.product_code != "all":
        own = own[own[PRODUCT[figure.study]] == figure.product_code]
    if figure.segment_value != "all":
        header, answer = SEGMENT[figure.segment_value]
        own = own[own[header] == answer]
    return own
