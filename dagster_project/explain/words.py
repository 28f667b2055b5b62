"""The words of an explanation, in Dutch and in English.

Belongs here: sentences with places for figures. Does not belong here: figures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

Language = Literal["nl", "en"]
Say = Callable[..., str]
"""Takes the name of a sentence and its figures, gives it in one language."""

WORDS: dict[str, tuple[str, str]] = {
    "hidden": ("onderdrukt", "suppressed"),
    "rule": (
        (
            "Een cijfer op minder dan {min_n} respondenten wordt onderdrukt, net als de cijfers "
            "waaruit het zou volgen."
        ),
        (
            "A figure on fewer than {min_n} respondents is suppressed, and so are the figures that "
            "would give it away."
        ),
    ),
    "rule_unknown": (
        (
            "Een cijfer op te weinig respondenten wordt onderdrukt, net als de cijfers waaruit het "
            "zou volgen."
        ),
        (
            "A figure on too few respondents is suppressed, and so are the figures that would give "
            "it away."
        ),
    ),
    "release": ("uitgave", "release"),
    "of": ("{release} van {day}", "{release} of {day}"),
    "what": ("wat", "what"),
    "question": ("vraag", "question"),
    "scale": ("schaal", "scale"),
    "from_to": ("{low} tot en met {high}", "{low} to {high}"),
    "scores": ("scores", "scores"),
    "as_given": ("zoals gegeven", "as given"),
    "items": (
        "gemiddelde per respondent van de beantwoorde vragen, ten minste {least} van {count}",
        "mean per respondent of the questions answered, at least {least} of {count}",
    ),
    "n": ("n", "n"),
    "answered": ("{n} respondenten die antwoordden", "{n} respondents who answered"),
    "asked": ("{n} respondenten aan wie het is gevraagd", "{n} respondents who were asked"),
    "weights": ("; som van hun gewichten {weight}", "; sum of their weights {weight}"),
    "value": ("waarde", "value"),
    "mean": (
        "{value} = {sum} / {n}: som van de scores door n",
        "{value} = {sum} / {n}: sum of scores by n",
    ),
    "weighted_mean": (
        "{value} = {sum} / {n}: gewogen som van de scores door de som van de gewichten",
        "{value} = {sum} / {n}: weighted sum of scores by the sum of weights",
    ),
    "share": ("{value} % = 100 * {count} / {n}", "{value} % = 100 * {count} / {n}"),
    "net_shares": (
        "{value} = {first} % ({first_name}) - {second} % ({second_name})",
        "{value} = {first} % ({first_name}) - {second} % ({second_name})",
    ),
    "net_counts": (
        "{value} = 100 * ({plus} - {minus}) / {n}: {plus} voor, {zero} neutraal, {minus} tegen",
        "{value} = 100 * ({plus} - {minus}) / {n}: {plus} for, {zero} neither, {minus} against",
    ),
    "net": (
        "{value}: aandeel met score 100 min aandeel met score -100",
        "{value}: share that scores 100 minus share that scores -100",
    ),
    "worked_back": (
        "n = {n}, waarde en marge geven deze aantallen",
        "n = {n}, value and margin give these numbers",
    ),
    "rounded": ("afgerond", "rounded"),
    "rounding": (
        "{value} -> {rounded}: halven van nul af, {decimals} achter de komma, als laatste stap",
        "{value} -> {rounded}: half away from zero, {decimals} behind the point, as the last step",
    ),
    "margin": ("marge", "margin"),
    "margin_of": (
        "{margin} = 1.96 * sd / sqrt(n){finite} = 1.96 * {sd} / sqrt({n}){finite_filled} (95 %)",
        "{margin} = 1.96 * sd / sqrt(n){finite} = 1.96 * {sd} / sqrt({n}){finite_filled} (95 %)",
    ),
    "sd_back": (
        "sd = {sd}, deler n, teruggerekend uit de marge",
        "sd = {sd}, divisor n, worked back from the margin",
    ),
    "no_population": (
        "populatie onbekend, dus geen correctie",
        "population unknown, so no correction",
    ),
    "population": ("N = {N}: de uitgenodigden", "N = {N}: those who were invited"),
    "margin_weighted": (
        "{margin} = 1.96 * sd / sqrt(effectieve n): die is niet gepubliceerd, dus sd evenmin",
        "{margin} = 1.96 * sd / sqrt(effective n): that is not published, and so sd is not",
    ),
    "margin_zero": (
        "{margin}: iedereen die is uitgenodigd heeft geantwoord",
        "{margin}: everybody who was invited answered",
    ),
    "margin_unknown": (
        "{margin}: of een eindige populatie meetelt, staat in het codeboek van het onderzoek",
        "{margin}: whether a finite population counts is in the codebook of the survey",
    ),
    "margin_none": ("geen: een antwoord heeft geen spreiding", "none: one answer has no spread"),
    "previous": ("vorige", "previous"),
    "year_ago": ("jaar eerder", "year ago"),
    "benchmark": ("benchmark", "benchmark"),
    "compared": (
        "{period}: {other}; verschil {value} - {other} = {difference}; {significance}",
        "{period}: {other}; difference {value} - {other} = {difference}; {significance}",
    ),
    "series_break": (
        "{period}: {other}; niet vergeleken, want vraag of schaal is veranderd",
        "{period}: {other}; not compared, as wording or scale changed",
    ),
    "mean_of_others": (
        "ongewogen gemiddelde van de onafgeronde waarden van {count} andere organisaties",
        "mean of the unrounded values of {count} other organisations",
    ),
    "pooled": (
        "respondenten van {count} andere organisaties samen",
        "respondents of {count} other organisations together",
    ),
    "others": ("{count} andere organisaties", "{count} other organisations"),
    "size_class": (" van dezelfde grootteklasse", " of the same size class"),
    "at_least": (" (ten minste {least})", " (at least {least})"),
    "significant": ("significant", "significant"),
    "not_significant": ("niet significant", "not significant"),
    "no_test": ("niet te toetsen", "no test is possible"),
    "welch": (
        " (t-toets van Welch, tweezijdig, 95 %)",
        " (Welch's t test, two-sided, 95 %)",
    ),
    "period": ("periode", "period"),
    "released_on": ("definitief sinds {day}", "final since {day}"),
    "never_revised": ("nooit herzien", "never revised"),
    "revised": (
        "herzien op {day} (versie {revision}): {reason}",
        "revised on {day} (revision {revision}): {reason}",
    ),
    "checks": ("controles", "checks"),
    "passed": (
        "{count} doorstaan voor de uitgave, zie manifest.json",
        "{count} passed before the release, see manifest.json",
    ),
    "deliveries": ("leveringen", "deliveries"),
    "internal": (
        (
            "intern, niet doorgeven: {count} van dit onderzoek, over alle organisaties en perioden"
            "; -: minder dan {min_n}, of niet bekend"
        ),
        (
            "internal, do not hand on: {count} of this survey, of all organisations and periods"
            "; -: fewer than {min_n}, or not known"
        ),
    ),
    "delivery": (
        "{file}  {sha256}  {read} gelezen, {accepted} goed, {counted} geteld",
        "{file}  {sha256}  {read} read, {accepted} accepted, {counted} counted",
    ),
    "more": ("en nog {count}, zie --json", "and {count} more, see --json"),
    "missing": ("ontbreekt", "missing"),
    "missing_codebook": (
        "vraag, schaal en regels: het codeboek van deze checkout kent het kengetal niet",
        "question, scale and rules: the codebook of this checkout does not know the metric",
    ),
    "missing_deliveries": (
        (
            "bestanden en rijen van de leveringen: die staan in de home die de uitgave maakte; het "
            "manifest noemt {count} leveringen bij hun hash"
        ),
        (
            "files and rows of the deliveries: they are in the home that made the release; its "
            "manifest names {count} deliveries by their hash"
        ),
    ),
}


def word(name: str, language: Language, /, **figures: object) -> str:
    """Return a sentence in a language, with its figures filled in."""
    return WORDS[name][language == "en"].format(**figures)


def speaker(language: Language) -> Say:
    """Return `word` for one language."""

    def say(name: str, /, **figures: object) -> str:
        return word(name, language, **figures)

    return say
