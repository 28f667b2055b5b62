"""The page with every figure of every study, as the codebook defines it.

Belongs here: laying out rows of `seeds/`, and what their families compute. Does not belong here:
any study, metric or label.
"""

from __future__ import annotations

from page_tables import table

from dagster_project.codebook import Codebook, load_codebook
from dagster_project.codebook.model import Metric, MetricBand, Study
from dagster_project.common.settings import PROJECT_ROOT

FOR, AGAINST = 100, -100
OPENING = """# Every figure

`make docs` writes this page from the codebook (`seeds/`), which [the codebook](codebook.md)
explains. Which survey each study is: [sources](../README.md#sources-and-licence).

Every figure is the mean of one score per respondent. In the formulas, a respondent gives the answer
`x`; `n` counts the respondents of the base, `n[8 to 10]` those of them whose answer is one of 8 to
10, and `sum` adds up over them. In a study with weights each respondent counts as their weight `w`:
read every `n` in a formula as the sum of `w`, and `sum x` as the sum of `w x`. The published `n`
stays the number of people. No figure of a total is the mean of figures of its parts.

| base | who is in `n` |
|---|---|
| answered | respondents who answered the question |
| asked | all respondents who were asked, whatever they left blank |

Numbers of answers are those that the scale gives them in `seeds/scale_values.csv`. *Decimals* are
those of the rounded value, the last step."""


def kpis_page() -> str:
    """Every metric of every study: label, definition, formula, base, unit, weights, source."""
    codebook = load_codebook(PROJECT_ROOT / "seeds")
    return "\n\n".join([OPENING, *(_study(codebook, study) for study in codebook.studies)]) + "\n"


def _study(codebook: Codebook, study: Study) -> str:
    feeds = codebook.feeds_of(study.study)
    weights = {
        column.header
        for feed in feeds
        for column in codebook.columns_of(feed.feed)
        if column.field == "weight"
    }
    weighted = f"weighted by {_names(sorted(weights))} of its files" if weights else "no weights"
    sources = [feed.feed for feed in feeds if feed.kind == "responses"]
    head = (
        f"## {study.study}\n\n{_both(study.label_en, study.label_nl)}. "
        f"A figure per {study.timing}, hidden on fewer than {study.min_n} respondents; {weighted}. "
        f"Source: the answers of {_names(sources)}."
    )
    rows = [_metric(codebook, metric) for metric in codebook.metrics_of(study.study)]
    heads = ("metric", "label", "definition", "question", "formula", "base", "unit, decimals")
    return head + "\n\n" + "\n".join(table(heads, rows))


def _metric(codebook: Codebook, metric: Metric) -> tuple[str, ...]:
    # a distribution is named after its question
    questions = codebook.questions_of_metric(metric.study, metric.metric) or (metric.metric,)
    return (
        f"`{metric.metric}`",
        _both(metric.label_en, metric.label_nl),
        metric.definition_en,
        _names(questions),
        _formula(codebook, metric),
        metric.base,
        f"{metric.unit}, {metric.decimals}",
    )


def _formula(codebook: Codebook, metric: Metric) -> str:
    """Write what the family computes, with the bands of the metric in it."""
    bands = codebook.bands_of(metric.study, metric.metric)
    points = {band.points for band in bands}
    if metric.family == "distribution":
        return "of each answer: `100 n[answer] / n`"
    if metric.family == "composite":
        least = f", if at least {metric.min_items} were answered" if metric.min_items else ""
        return f"`sum x / n`, x the mean of the answers of a respondent{least}{_scores(bands)}"
    if bands and points <= {FOR, 0, AGAINST}:
        counted = _count(bands, FOR)
        if AGAINST in points:
            counted = f"({counted} - {_count(bands, AGAINST)})"
        return f"`100 {counted} / n`"
    return f"`sum x / n`{_scores(bands)}"


def _count(bands: tuple[MetricBand, ...], points: float) -> str:
    return f"n[{', '.join(_range(band) for band in bands if band.points == points)}]"


def _scores(bands: tuple[MetricBand, ...]) -> str:
    """Say which answers count as another number; nothing if each counts as itself."""
    told = [f"{_range(one)} as {one.points:g}" for one in bands if one.points is not None]
    return f", counting {', '.join(told)}" if told else ""


def _range(band: MetricBand) -> str:
    if band.lower == band.upper:
        return f"{band.lower:g}"
    return f"{band.lower:g} to {band.upper:g}"


def _both(english: str, dutch: str) -> str:
    return english if english == dutch else f"{english} (*{dutch}*)"


def _names(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
