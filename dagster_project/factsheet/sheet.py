"""What a factsheet holds: the sections of one organisation and period, in the order they are read.

Belongs here: choosing and arranging what is published. Does not belong here: HTML, charts' looks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dagster_project.codebook import Codebook, Metric
from dagster_project.codebook.organisations import organisation_name
from dagster_project.factsheet.breakdowns import breakdowns, first_by
from dagster_project.factsheet.chosen import Chosen
from dagster_project.factsheet.contents import (
    Answers,
    Block,
    Figures,
    Sheet,
    Stack,
    Stacks,
)
from dagster_project.factsheet.figures import (
    HIDDEN,
    KPI,
    PUBLISHED,
    Facts,
    Where,
)
from dagster_project.factsheet.outline import SHARE
from dagster_project.factsheet.parts import answer_labels, answer_parts, net_parts, share_parts
from dagster_project.factsheet.response import funnel, response_lines, response_tables, verdicts
from dagster_project.factsheet.series import matrices_of, trend_of
from dagster_project.factsheet.words import Words

MOST_SEGMENTS = 5
EQUAL = 1e-6
WHOLE = 100.5
"""Shares that add up to more are of a question with several answers; rounding adds up to less."""


def sheet_of(
    codebook: Codebook, words: Words, facts: Facts, period: str, *, preview: bool = False
) -> Sheet:
    """Choose what a factsheet shows of an organisation and a period.

    Args:
        codebook: labels, and what the metrics are to each other.
        words: the language.
        facts: what is published of the organisation.
        period: one of `facts.periods`.
        preview: whether the figures are those of a preview, also of a period that is published.

    """
    chosen = Chosen(codebook, words, facts, period)
    study = chosen.codebook.study(chosen.study)
    is_preview = preview or chosen.facts.told(period)["released_on"] is None
    name = organisation_name(chosen.codebook, chosen.facts.organisation_code)
    blocks = [block for channel in chosen.channels() if (block := _block(chosen, *channel))]
    return Sheet(
        title=f"{name}, {chosen.words.period(chosen.period)}",
        study_label=chosen.words.label(study),
        told=_told(chosen, preview=is_preview),
        is_preview=is_preview,
        response=response_lines(chosen),
        blocks=blocks,
        tables=[*response_tables(chosen), *funnel(chosen), *verdicts(chosen)],
        benchmark=_benchmark(chosen),
        weighted=_weighted(chosen),
        hidden=_hidden(chosen),
        definitions=_definitions(blocks),
    )


def _told(chosen: Chosen, *, preview: bool) -> str:
    row = chosen.facts.told(chosen.period)
    if preview:
        return chosen.words("preview")
    told = chosen.words("released", day=chosen.words.day(row["released_on"]))
    if row["revised_on"] is None:
        return f"{told}."
    day = chosen.words.day(row["revised_on"])
    return f"{told}, {chosen.words('revised', day=day, reason=row['reason'])}."


def _block(chosen: Chosen, channel: str, title: str) -> Block | None:
    where = Where(channel=channel)
    outline = chosen.outline
    lists = [*_composites(chosen, where), *_aspects(chosen, where), *_shares(chosen, where)]
    block = Block(
        title=title,
        tiles=chosen.strips(outline.headline, where),
        lists=[one for one in lists if one.strips],
        groups=list(first_by(chosen, channel)),
        stacks=_stacks(chosen, where),
        answers=list(_answers(chosen, channel)),
        trend=trend_of(chosen, where),
        matrices=list(matrices_of(chosen, channel)),
        tables=list(breakdowns(chosen, channel)),
    )
    is_empty = not any(
        (block.tiles, block.lists, block.groups, block.answers, block.stacks, block.tables)
    )
    return None if is_empty else block


def _composites(chosen: Chosen, where: Where) -> Iterator[Figures]:
    for metric in chosen.outline.headline:
        items = [one for one in chosen.outline.parts.get(metric.metric, ()) if one.family != SHARE]
        if items and chosen.facts.figure(chosen.period, where, metric.metric):
            title = chosen.words("items_of", label=chosen.words.label(metric))
            yield Figures(title, chosen.strips(items, where))


def _aspects(chosen: Chosen, where: Where) -> Iterator[Figures]:
    for unit, metrics in chosen.outline.aspects.items():
        title = chosen.words("aspects_grade" if unit == "grade" else "aspects_scale")
        ranges = {(one.lower, one.upper) for one in map(chosen.range_of, metrics)}
        note = ""
        if len(ranges) == 1:
            low, high = (chosen.words.number(one) for one in ranges.pop())
            note = chosen.words("scale_from_to", low=low, high=high)
        yield Figures(title, chosen.strips(metrics, where), note)


def _shares(chosen: Chosen, where: Where) -> Iterator[Figures]:
    """List the shares that stand by themselves, and those that overlap."""
    alone = chosen.strips(chosen.outline.statements, where)
    yield Figures(chosen.words("statements"), alone)
    overlapping = [
        share
        for owner in chosen.owners()
        if not share_parts(chosen, owner, where)
        for share in chosen.outline.parts.get(owner.metric, ())
        if share.family == SHARE
    ]
    strips = chosen.strips(overlapping, where)
    yield Figures(chosen.words("shares"), strips)


def _stacks(chosen: Chosen, where: Where) -> list[Stacks]:
    """Show the parts of net scores, and the shares of the answers behind other metrics."""
    found = []
    for owner in chosen.owners():
        if parts := share_parts(chosen, owner, where) or net_parts(chosen, owner, where):
            label = chosen.words.label(owner)
            found.append(Stacks(chosen.words("parts_of", label=label), [Stack(label, parts)]))
    judged = [
        Stack(chosen.words.label(question), answer_parts(chosen, question, where.channel))
        for question in chosen.outline.questions
        if _is_judged(chosen, question)
    ]
    shown_ones = [one for one in judged if one.segments]
    if shown_ones:
        found.append(Stacks(chosen.words("distribution"), shown_ones))
    return found


def _is_judged(chosen: Chosen, question: Metric) -> bool:
    """Say whether a question is that of an aspect and its few answers fit into one bar."""
    labels = answer_labels(chosen.codebook, chosen.words, chosen.study, question.metric)
    aspects = {one.metric for one in chosen.owners() if one not in chosen.outline.headline}
    return question.metric in aspects and len(labels) <= MOST_SEGMENTS


def _answers(chosen: Chosen, channel: str) -> Iterator[Answers]:
    for question in chosen.outline.questions:
        rows = chosen.facts.answers(chosen.period, channel, question.metric)
        shares = [row for row in rows if row["status"] == PUBLISHED and row["share"] is not None]
        if not rows or _is_judged(chosen, question):
            continue
        if not shares:
            yield Answers(chosen.words.label(question), chosen.words("hidden"), [])
            continue
        labels = answer_labels(chosen.codebook, chosen.words, chosen.study, question.metric)
        order = {code: place for place, code in enumerate(labels)}
        shares.sort(key=lambda row: order.get(row["answer"], len(order)))
        total = sum(row["share"] for row in shares)
        several = total > WHOLE
        yield Answers(
            title=chosen.words.label(question),
            base=chosen.words("distribution_base", n=chosen.words.number(shares[0]["n"])),
            rows=[
                (
                    labels.get(row["answer"], str(row["answer"])),
                    f"{chosen.words.number(row['share'])}\u00a0%",
                    round(row["share"], 2),
                )
                for row in shares
            ],
            note=chosen.words("several_answers") if several else "",
        )


def _benchmark(chosen: Chosen) -> str:
    """Say what a benchmark on the page is, and of how many organisations."""
    counts = [
        row["benchmark_organisations"]
        for row in chosen.facts.rows(KPI, chosen.period)
        if row["benchmark_organisations"]
    ]
    if not counts:
        return ""
    least, most = min(counts), max(counts)
    count = str(most) if least == most else chosen.words("counts_range", least=least, most=most)
    method = chosen.codebook.study(chosen.study).benchmark_method
    key = "benchmark_pooled" if method == "pooled" else "benchmark_note"
    return chosen.words(key, count=count)


def _weighted(chosen: Chosen) -> str:
    """Say that figures are weighted where they are."""
    rows = chosen.facts.rows(KPI, chosen.period, status=PUBLISHED)
    is_weighted = any(
        row["n_weighted"] is not None and abs(row["n_weighted"] - row["n"]) > EQUAL for row in rows
    )
    return chosen.words("weighted") if is_weighted else ""


def _hidden(chosen: Chosen) -> str:
    rows = chosen.facts.rows(HIDDEN, chosen.period)
    hidden = sum(row["cells_suppressed"] or 0 for row in rows)
    every = hidden + sum(row["cells_published"] or 0 for row in rows)
    min_n = chosen.codebook.study(chosen.study).min_n
    if not every:
        return chosen.words("not_shown_nothing")
    key = "not_shown_some" if hidden else "not_shown_none"
    return chosen.words(
        key, all=chosen.words.number(every), hidden=chosen.words.number(hidden), min_n=min_n
    )


def _definitions(blocks: Sequence[Block]) -> list[tuple[str, str]]:
    strips = [
        strip
        for block in blocks
        for strip in (*block.tiles, *(one for each in block.lists for one in each.strips))
    ]
    return list(dict.fromkeys((one.label, one.definition) for one in strips))
