"""An explanation as lines for people.

Belongs here: layout, and how many digits are shown. Does not belong here: finding anything out.
"""

from __future__ import annotations

from collections.abc import Iterator

from dagster_project.disclosure.attack.layout import TOTAL
from dagster_project.explain.explanation import Compared, Explanation
from dagster_project.explain.measured import Band, Measured, Question
from dagster_project.explain.words import Language, speaker, word

WIDTH = 12
SHOWN = 20
"""Deliveries that are shown; JSON has all."""
PLACE = ("channel", "product_code")

Pair = tuple[str, str]
"""A name of `WORDS` for the margin, and the text beside it."""


def explanation_lines(found: Explanation, language: Language) -> Iterator[str]:
    """Yield the figure, what it measures, how it follows, and since when it is out."""
    yield _heading(found, language)
    previous = ""
    for name, text in _pairs(found, language):
        margin = "" if name == previous else word(name, language)
        previous = name
        yield f"{margin:{WIDTH}} {text}"


def _heading(found: Explanation, language: Language) -> str:
    row = found.row
    place = [row[name] for name in PLACE if row[name] != TOTAL]
    if row["segment"] != TOTAL:
        place.append(f"{row['segment']}={row['segment_value']}")
    name = " ".join([row["organisation_code"], row["period"], row["metric"], *place])
    if found.suppressed:
        return f"{name} ({row['study']}): {word('hidden', language)}"
    return f"{name} ({row['study']}): {_rounded(found)}"


def _pairs(found: Explanation, language: Language) -> Iterator[Pair]:
    if found.suppressed:
        yield "hidden", _rule(found, language)
        yield from _measured(found, language)
    else:
        yield from _measured(found, language)
        yield from _computed(found, language)
        yield from (_comparison(found, one, language) for one in found.compared)
        yield from _history(found, language)
    day = found.time[:10]
    yield "release", word("of", language, release=found.release, day=day)
    if not found.suppressed:
        yield "checks", word("passed", language, count=len(found.checks))
        yield from _deliveries(found, language)
    for name in found.missing:
        yield "missing", word(f"missing_{name}", language, count=found.delivered)


def _rule(found: Explanation, language: Language) -> str:
    if found.study is None:
        return word("rule_unknown", language)
    return word("rule", language, min_n=found.study.min_n)


def _measured(found: Explanation, language: Language) -> Iterator[Pair]:
    label, definition = found.label("label").of(language), found.label("definition").of(language)
    yield "what", f"{label}: {definition}"
    about = found.measured
    if about is None:
        return
    scale = ""
    for one in about.questions:
        yield "question", f"{one.wording.of(language)} ({one.question})"
        scale = _scale(one, language)
    if scale:
        yield "scale", scale
    if about.bands or about.min_items:
        yield "scores", _scores(about, language)


def _scale(one: Question, language: Language) -> str:
    if one.minimum is None and any(label.of(language) != code for code, label in one.answers):
        return "; ".join(f"{code} {label.of(language)}" for code, label in one.answers)
    codes = [code for code, _ in one.answers]
    ends = (
        (codes[0], codes[-1]) if one.minimum is None else map(_number, (one.minimum, one.maximum))
    )
    low, high = ends
    return word("from_to", language, low=low, high=high)


def _scores(about: Measured, language: Language) -> str:
    if about.min_items:
        return word("items", language, least=about.min_items, count=len(about.questions))
    return "; ".join(_band(one, language) for one in about.bands)


def _band(one: Band, language: Language) -> str:
    ends = (_number(one.lower), _number(one.upper))
    low_high = (
        ends[0] if one.lower == one.upper else word("from_to", language, low=ends[0], high=ends[1])
    )
    points = word("as_given", language) if one.points is None else _number(one.points)
    return f"{low_high}: {points}"


def _computed(found: Explanation, language: Language) -> Iterator[Pair]:
    row, say = found.row, speaker(language)
    worked = found.worked
    if worked is None:
        return
    base = "asked" if found.metric["base"] == "asked" else "answered"
    weights = say("weights", weight=_digits(row["n_weighted"])) if worked.weighted else ""
    yield "n", say(base, n=row["n"]) + weights
    yield from (("value", text) for text in _value(found, language))
    yield (
        "rounded",
        say(
            "rounding",
            value=_digits(row["value"]),
            rounded=_rounded(found),
            decimals=found.metric["decimals"],
        ),
    )
    yield from (("margin", text) for text in _margin(found, language))


def _value(found: Explanation, language: Language) -> Iterator[str]:
    """Yield the formula with its numbers; of a net score by shares, by counts, or by both."""
    row, worked, say = found.row, found.worked, speaker(language)
    if worked is None:
        return
    value, family = _digits(row["value"]), found.metric["family"]
    if family == "net":
        if worked.shares:
            (first_name, first), (second_name, second) = worked.shares
            names = {"first_name": first_name, "second_name": second_name}
            yield say(
                "net_shares", value=value, first=_digits(first), second=_digits(second), **names
            )
        if worked.net:
            net = worked.net
            counts = {"plus": net.for_, "zero": net.neither, "minus": net.against}
            yield say("net_counts", value=value, n=row["n"], **counts)
            yield say("worked_back", n=row["n"])
        if not worked.shares and not worked.net:
            yield say("net", value=value)
    elif worked.count is not None:
        yield say("share", value=value, count=worked.count, n=row["n"])
    else:
        name = "weighted_mean" if worked.weighted else "mean"
        weight = _digits(row["n_weighted"])
        yield say(name, value=value, sum=_digits(worked.sum_of_scores), n=weight)


def _margin(found: Explanation, language: Language) -> Iterator[str]:
    row, worked, say = found.row, found.worked, speaker(language)
    if worked is None or row["margin"] is None:
        yield say("margin_none")
        return
    margin = _digits(row["margin"])
    if worked.weighted:
        yield say("margin_weighted", margin=margin)
        return
    if found.study is None:
        yield say("margin_unknown", margin=margin)
        return
    if worked.standard_deviation is None:
        yield say("margin_zero", margin=margin)
        return
    population, n = worked.population, row["n"]
    finite = " * sqrt((N - n) / N)" if population else ""
    filled = f" * sqrt(({population} - {n}) / {population})" if population else ""
    deviation = _digits(worked.standard_deviation)
    yield say("margin_of", margin=margin, sd=deviation, n=n, finite=finite, finite_filled=filled)
    tail = say("population", N=population) if population else say("no_population")
    yield f"{say('sd_back', sd=deviation)}; {tail}"


def _comparison(found: Explanation, one: Compared, language: Language) -> Pair:
    say = speaker(language)
    period = one.period or ""
    if one.what == "benchmark":
        period = _benchmark(found, one, language)
    other = _digits(one.value)
    if one.difference is None:
        return one.what, say("series_break", period=period, other=other)
    tested = {True: "significant", False: "not_significant", None: "no_test"}[one.significant]
    text = say(
        "compared",
        period=period,
        value=_digits(found.row["value"]),
        other=other,
        difference=_digits(one.difference),
        significance=say(tested) + say("welch"),
    )
    return one.what, text


def _benchmark(found: Explanation, one: Compared, language: Language) -> str:
    say, study = speaker(language), found.study
    if study is None:
        return say("others", count=one.organisations)
    among = say("size_class") if study.benchmark_among == "size_class" else ""
    least = say("at_least", least=study.benchmark_min_organisations)
    return say(study.benchmark_method, count=one.organisations) + among + least


def _history(found: Explanation, language: Language) -> Iterator[Pair]:
    vintage, say = found.vintage, speaker(language)
    if vintage is None:
        return
    yield "period", say("released_on", day=vintage["released_on"])
    if vintage["revised_on"] is None:
        yield "period", say("never_revised")
    else:
        told = {"day": vintage["revised_on"], "revision": vintage["revision"]}
        yield "period", say("revised", reason=vintage["reason"], **told)


def _deliveries(found: Explanation, language: Language) -> Iterator[Pair]:
    say = speaker(language)
    if found.deliveries is None or found.study is None:
        return
    least = found.study.min_n
    yield "deliveries", say("internal", count=len(found.deliveries), min_n=least)
    for one in found.deliveries[:SHOWN]:
        rows = {"read": one.rows_read, "accepted": one.rows_accepted, "counted": one.rows_counted}
        shown = {name: "-" if n is None else n for name, n in rows.items()}
        yield "deliveries", say("delivery", file=one.file, sha256=one.sha256[:12], **shown)
    if len(found.deliveries) > SHOWN:
        yield "deliveries", say("more", count=len(found.deliveries) - SHOWN)


def _rounded(found: Explanation) -> str:
    return f"{found.row['value_rounded']:.{found.metric['decimals']}f}"


def _digits(value: float) -> str:
    """Show at most four decimals; nothing is computed from what is shown."""
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"
