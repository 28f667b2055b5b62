"""What a factsheet holds: the sections of one organisation and period, in the order they are read.

Belongs here: choosing and arranging what is published. Does not belong here: HTML, charts' looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dagster_project.codebook import Codebook, Metric
from dagster_project.factsheet.charts import Dot, Line, matrix, trend
from dagster_project.factsheet.figures import (
    ALL,
    EVERYBODY,
    FUNNEL,
    HIDDEN,
    PRIORITY,
    PUBLISHED,
    RESPONSES,
    VERDICTS,
    Facts,
    Row,
    Where,
)
from dagster_project.factsheet.outline import SHARE, Outline, organisation_name, outline_of
from dagster_project.factsheet.parts import (
    Segment,
    answer_labels,
    answer_parts,
    net_parts,
    share_parts,
)
from dagster_project.factsheet.strips import Strip, margin_decimals, shown, strip_of
from dagster_project.factsheet.words import Words
from dagster_project.release.contract import figure_of

MOST_POINTS = {4: 8, 6: 12}
"""How many periods a trend shows: of years, of quarters."""
LEAST_DOTS = 3
MOST_SEGMENTS = 5
RESPONSE_COLUMNS = (
    "responses",
    "reviews",
    "tips",
    "net_sample",
    "response_rate",
    "required_sample",
)
FUNNEL_STEPS = (
    "gross_sample",
    "duplicates",
    "incomplete",
    "invited",
    "undeliverable",
    "opted_out",
    "net_sample",
    "responses_invited",
)


@dataclass(frozen=True)
class Chart:
    """A chart, the text that stands for it, and the table behind it (a head, and rows)."""

    spec: Mapping[str, Any]
    alternative: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True)
class Figures:
    """A list of figures that share a scale."""

    title: str
    kind: str
    strips: Sequence[Strip]
    note: str = ""


@dataclass(frozen=True)
class Stack:
    """Parts of a whole as one bar; `segments` sum to 100."""

    label: str
    segments: Sequence[Segment]


@dataclass(frozen=True)
class Stacks:
    """Bars of parts under one title."""

    title: str
    stacks: Sequence[Stack]


@dataclass(frozen=True)
class Answers:
    """The distribution of a question: (label, percentage as text, percentage), or hidden."""

    title: str
    base: str
    rows: Sequence[tuple[str, str, float]]
    note: str = ""


@dataclass(frozen=True)
class Table:
    """A table of texts; numbers stand to the right."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True)
class Block:
    """All about the customers of one channel."""

    title: str
    tiles: Sequence[Strip]
    lists: Sequence[Figures]
    stacks: Sequence[Stacks]
    answers: Sequence[Answers]
    trend: Chart | None
    matrices: Sequence[tuple[str, Chart]]
    tables: Sequence[Table]


@dataclass(frozen=True)
class Sheet:
    """A factsheet; `hidden` says what is not shown, `definitions` are (label, definition)."""

    study: str
    organisation_code: str
    organisation: str
    period: str
    title: str
    study_label: str
    told: str
    is_preview: bool
    response: Sequence[str]
    blocks: Sequence[Block]
    tables: Sequence[Table]
    benchmark: str
    hidden: str
    definitions: Sequence[tuple[str, str]]


def sheet_of(codebook: Codebook, words: Words, facts: Facts, period: str) -> Sheet:
    """Choose what a factsheet shows of an organisation and a period.

    Args:
        codebook: labels, and what the metrics are to each other.
        words: the language.
        facts: what is published of the organisation.
        period: one of `facts.periods`.

    """
    return _Maker(codebook, words, facts, period).sheet()


@dataclass(frozen=True)
class _Maker:
    codebook: Codebook
    words: Words
    facts: Facts
    period: str

    @property
    def study(self) -> str:
        return self.facts.study

    @cached_property
    def outline(self) -> Outline:
        return outline_of(self.codebook, self.study)

    def sheet(self) -> Sheet:
        study = self.codebook.study(self.study)
        name = organisation_name(self.codebook, self.facts.organisation_code)
        blocks = [block for channel in self._channels() if (block := self._block(*channel))]
        return Sheet(
            study=self.study,
            organisation_code=self.facts.organisation_code,
            organisation=name,
            period=self.period,
            title=f"{name}, {self.words.period(self.period)}",
            study_label=self.words.label(study),
            told=self._told(),
            is_preview=self.facts.told(self.period)["released_on"] is None,
            response=self._response(),
            blocks=blocks,
            tables=[*self._response_tables(), *self._funnel(), *self._verdicts()],
            benchmark=self._benchmark(),
            hidden=self._hidden(),
            definitions=self._definitions(blocks),
        )

    def _channels(self) -> Iterator[tuple[str, str]]:
        own = self.codebook.channels_of(self.study)
        yield ALL, self.words("all_channels") if own else ""
        yield from ((one.channel, self.words.label(one)) for one in own)

    def _told(self) -> str:
        row = self.facts.told(self.period)
        if row["released_on"] is None:
            return self.words("preview")
        told = self.words("released", day=self.words.day(row["released_on"]))
        if row["revised_on"] is None:
            return f"{told}."
        day = self.words.day(row["revised_on"])
        return f"{told}, {self.words('revised', day=day, reason=row['reason'])}."

    def _block(self, channel: str, title: str) -> Block | None:
        where = Where(channel=channel)
        outline = self.outline
        lists = [*self._composites(where), *self._aspects(where), *self._shares(where)]
        lists += self._first_by(channel)
        block = Block(
            title=title,
            tiles=self._strips(outline.headline, where),
            lists=[one for one in lists if one.strips],
            stacks=self._stacks(where),
            answers=list(self._answers(channel)),
            trend=self._trend(where),
            matrices=list(self._matrices(channel)),
            tables=list(self._breakdowns(channel)),
        )
        is_empty = not (block.tiles or block.lists or block.answers or block.stacks)
        return None if is_empty else block

    def _strips(
        self, metrics: Iterable[Metric], where: Where, label: str | None = None
    ) -> list[Strip]:
        return [
            strip_of(self.codebook, self.words, metric, row, label)
            for metric in metrics
            if (row := self.facts.figure(self.period, where, metric.metric))
        ]

    def _composites(self, where: Where) -> Iterator[Figures]:
        for metric in self.outline.headline:
            items = [
                one for one in self.outline.parts.get(metric.metric, ()) if one.family != SHARE
            ]
            if items and self.facts.figure(self.period, where, metric.metric):
                title = self.words("items_of", label=self.words.label(metric))
                yield Figures(title, metric.unit, self._strips(items, where))

    def _aspects(self, where: Where) -> Iterator[Figures]:
        for unit, metrics in self.outline.aspects.items():
            title = self.words("aspects_grade" if unit == "grade" else "aspects_scale")
            ranges = {(one.lower, one.upper) for one in map(self._range, metrics)}
            note = ""
            if len(ranges) == 1:
                low, high = (self.words.number(one) for one in ranges.pop())
                note = self.words("scale_from_to", low=low, high=high)
            yield Figures(title, unit, self._strips(metrics, where), note)

    def _range(self, metric: Metric) -> Any:  # noqa: ANN401
        return figure_of(self.codebook, metric)

    def _shares(self, where: Where) -> Iterator[Figures]:
        """List the shares that stand by themselves, and those that overlap."""
        alone = self._strips(self.outline.statements, where)
        yield Figures(self.words("statements"), "percent", alone)
        overlapping = [
            share
            for owner in self._owners()
            if not share_parts(self, owner, where)
            for share in self.outline.parts.get(owner.metric, ())
            if share.family == SHARE
        ]
        strips = self._strips(overlapping, where)
        yield Figures(self.words("shares"), "percent", strips)

    def _stacks(self, where: Where) -> list[Stacks]:
        """Show the parts of net scores, and the shares of the answers behind other metrics."""
        found = []
        for owner in self._owners():
            if parts := share_parts(self, owner, where) or net_parts(self, owner, where):
                label = self.words.label(owner)
                found.append(Stacks(self.words("parts_of", label=label), [Stack(label, parts)]))
        judged = [
            Stack(self.words.label(question), answer_parts(self, question, where.channel))
            for question in self.outline.questions
            if self._is_judged(question)
        ]
        shown_ones = [one for one in judged if one.segments]
        if shown_ones:
            found.append(Stacks(self.words("distribution"), shown_ones))
        return found

    def _is_judged(self, question: Metric) -> bool:
        """Say whether a question is that of an aspect and its few answers fit into one bar."""
        labels = answer_labels(self.codebook, self.words, self.study, question.metric)
        aspects = {one.metric for one in self._owners() if one not in self.outline.headline}
        return question.metric in aspects and len(labels) <= MOST_SEGMENTS

    def _owners(self) -> list[Metric]:
        aspects = [one for metrics in self.outline.aspects.values() for one in metrics]
        return [*self.outline.headline, *aspects]

    def _answers(self, channel: str) -> Iterator[Answers]:
        for question in self.outline.questions:
            rows = self.facts.answers(self.period, channel, question.metric)
            shares = [
                row for row in rows if row["status"] == PUBLISHED and row["share"] is not None
            ]
            if not shares or self._is_judged(question):
                continue
            labels = answer_labels(self.codebook, self.words, self.study, question.metric)
            order = {code: place for place, code in enumerate(labels)}
            shares.sort(key=lambda row: order.get(row["answer"], len(order)))
            total = sum(row["share"] for row in shares)
            several = total > 100.5  # noqa: PLR2004
            yield Answers(
                title=self.words.label(question),
                base=self.words("distribution_base", n=self.words.number(shares[0]["n"])),
                rows=[
                    (
                        labels.get(row["answer"], str(row["answer"])),
                        f"{self.words.number(row['share'])}\u00a0%",
                        round(row["share"], 2),
                    )
                    for row in shares
                ],
                note=self.words("several_answers") if several else "",
            )

    def _trend(self, where: Where) -> Chart | None:
        """Draw the first of the leading figures over time, beside its benchmark."""
        for metric in self.outline.lead:
            most = MOST_POINTS[len(self.period)]
            series = self.facts.series(where, metric.metric, self.period, most)
            if len(series) < 2:  # noqa: PLR2004
                continue
            return self._trend_of(metric, series)
        return None

    def _trend_of(self, metric: Metric, series: Sequence[Row]) -> Chart:
        label = self.words.label(metric)
        own = Line(label, [(row["period"], row["value"], row["margin"]) for row in series])
        others = [row for row in series if row["benchmark_value"] is not None]
        lines = [own]
        if others:
            points = [(row["period"], row["benchmark_value"], None) for row in others]
            lines.append(Line(self.words("benchmark"), points, is_benchmark=True))
        span = self._range(metric)
        last = series[-1]
        return Chart(
            spec=trend(lines, self.words.language == "nl", (span.lower, span.upper)),
            alternative=self.words(
                "trend_alt",
                label=label,
                first=series[0]["period"],
                last=last["period"],
                value=shown(self.words, metric, last["value"]),
            ),
            head=[self.words("period"), label, self.words("margin"), self.words("benchmark")],
            rows=[
                [
                    row["period"],
                    shown(self.words, metric, row["value"]),
                    self._maybe(row["margin"], margin_decimals(metric)),
                    ""
                    if row["benchmark_value"] is None
                    else shown(self.words, metric, row["benchmark_value"]),
                ]
                for row in series
            ],
            note=self.words("trend_note"),
        )

    def _matrices(self, channel: str) -> Iterator[tuple[str, Chart]]:
        rows = {
            row["metric"]: row
            for row in self.facts.rows(PRIORITY, self.period, channel=channel)
            if row["status"] == PUBLISHED and None not in (row["importance"], row["quadrant"])
        }
        metrics = [one for one in self.codebook.metrics_of(self.study) if one.metric in rows]
        by_overall: dict[str, list[Metric]] = {}
        for metric in metrics:
            if metric.overall_metric:
                by_overall.setdefault(metric.overall_metric, []).append(metric)
        for overall, aspects in by_overall.items():
            if len(aspects) >= LEAST_DOTS:
                yield self._matrix(overall, aspects, rows)

    def _matrix(
        self, overall: str, aspects: Sequence[Metric], rows: Mapping[str, Row]
    ) -> tuple[str, Chart]:
        words = self.words
        dots = [
            Dot(place, rows[one.metric]["importance"], rows[one.metric]["satisfaction"])
            for place, one in enumerate(aspects, 1)
        ]
        label = next(words.label(one) for one in self.outline.headline if one.metric == overall)
        corners = [words(one) for one in ("low_priority", "high_priority", "maintain", "strength")]
        titles = (words("importance"), words("satisfaction"))
        chart = Chart(
            spec=matrix(dots, titles, words.language == "nl", corners),
            alternative=words("priority_alt", count=len(dots)),
            head=[words("aspect"), *titles[::-1], words("quadrant")],
            rows=[
                [
                    f"{place}. {words.label(one)}",
                    words.number(rows[one.metric]["satisfaction"], max(one.decimals, 1)),
                    words.number(rows[one.metric]["importance"], 2),
                    words(rows[one.metric]["quadrant"]),
                ]
                for place, one in enumerate(aspects, 1)
            ],
            note=words("priority_note", label=label),
        )
        return words("priority"), chart

    def _groups(self, channel: str) -> Iterator[tuple[str, str, list[tuple[str, Where]]]]:
        """Name the breakdowns of a channel: title, head, and each group with its label."""
        places = [one for one in self.facts.places(self.period) if one.channel == channel]
        products = {one.product_code for one in places}
        yield (
            self.words("by_product"),
            self.words("product"),
            [
                (self.words.label(one), Where(channel, product_code=one.product_code))
                for one in self.codebook.products_of(self.study)
                if one.product_code in products
            ],
        )
        for segment in self.codebook.segments:
            if segment.study != self.study:
                continue
            values = {one.segment_value for one in places if one.segment == segment.segment}
            named = answer_labels(self.codebook, self.words, self.study, segment.question)
            named |= {one: self.words("unknown") for one in sorted(values - set(named))}
            yield (
                self.words("by_segment", label=self.words.label(segment).lower()),
                self.words("group"),
                [
                    (label, Where(channel, segment=segment.segment, segment_value=code))
                    for code, label in named.items()
                    if code in values
                ],
            )

    def _first_by(self, channel: str) -> Iterator[Figures]:
        """List the first headline figure by product and by segment."""
        for title, _, groups in self._groups(channel):
            metric, rows = self._first(groups)
            if metric:
                strips = [
                    strip_of(self.codebook, self.words, metric, row, label) for label, row in rows
                ]
                yield Figures(f"{self.words.label(metric)}: {title.lower()}", metric.unit, strips)

    def _first(
        self, groups: Sequence[tuple[str, Where]]
    ) -> tuple[Metric | None, list[tuple[str, Row]]]:
        for metric in self.outline.headline:
            found = [
                (label, row)
                for label, where in groups
                if (row := self.facts.figure(self.period, where, metric.metric))
            ]
            if found:
                return metric, found
        return None, []

    def _breakdowns(self, channel: str) -> Iterator[Table]:
        """Tabulate the other headline figures by product and by segment."""
        for title, head, groups in self._groups(channel):
            first, _ = self._first(groups)
            metrics = [
                one
                for one in self.outline.headline
                if one != first
                and any(self.facts.figure(self.period, where, one.metric) for _, where in groups)
            ]
            if metrics:
                yield self._breakdown(title, head, groups, metrics)

    def _breakdown(
        self,
        title: str,
        head: str,
        groups: Sequence[tuple[str, Where]],
        metrics: Sequence[Metric],
    ) -> Table:
        rows = []
        for label, where in groups:
            cells = [self.facts.figure(self.period, where, one.metric) for one in metrics]
            pairs = zip(metrics, cells, strict=True)
            rows.append([label, *(text for pair in pairs for text in self._cell(*pair))])
        heads = [text for one in metrics for text in (self.words.label(one), "n")]
        return Table(title, [head, *heads], rows)

    def _cell(self, metric: Metric, row: Row | None) -> tuple[str, str]:
        if row is None:
            return "", ""
        if row["status"] != PUBLISHED:
            return self.words("hidden_mark"), ""
        return shown(self.words, metric, row["value"]), self.words.number(row["n"])

    def _response(self) -> list[str]:
        rows = self.facts.rows(RESPONSES, self.period, channel=ALL, product_code=ALL)
        if not rows or rows[0]["status"] != PUBLISHED:
            return []
        row = rows[0]
        lines = [self.words("respondents", n=self.words.number(row["responses"]))]
        if row["response_rate"] is None or row["net_sample"] is None:
            return [*lines, self.words("rate_unknown")]
        rate = f"{self.words.number(row['response_rate'], 1)}\u00a0%"
        invited = self.words.number(row["net_sample"])
        lines.append(self.words("rate", rate=rate, invited=invited))
        if row["required_sample"] is not None:
            said = "required_reached" if row["required_reached"] else "required_missed"
            lines.append(self.words(said, required=self.words.number(row["required_sample"])))
        return lines

    def _response_tables(self) -> Iterator[Table]:
        """Tabulate the response by channel, without what the study does not count."""
        found = [
            (title or self.words("all_channels"), row)
            for channel, title in self._channels()
            for row in self.facts.rows(RESPONSES, self.period, channel=channel, product_code=ALL)
        ]
        columns = [one for one in RESPONSE_COLUMNS if any(row[one] for _, row in found)]
        if columns:
            yield Table(
                self.words("responses"),
                [self.words("channel"), *(self.words(one) for one in columns)],
                [[label, *self._numbers(row, columns)] for label, row in found],
            )

    def _numbers(self, row: Row, columns: Iterable[str]) -> list[str]:
        if row["status"] != PUBLISHED:
            return [self.words("hidden_mark") for _ in columns]
        return [self._maybe(row[one], 1 if one.endswith("rate") else 0) for one in columns]

    def _maybe(self, value: float | None, decimals: int = 0) -> str:
        return "" if value is None else self.words.number(value, decimals)

    def _funnel(self) -> Iterator[Table]:
        rows = self.facts.rows(FUNNEL, self.period)
        if not rows:
            return
        methods = self._methods()
        rows = sorted(rows, key=lambda row: row["method"] != ALL)
        columns = (*FUNNEL_STEPS, "response_rate")
        yield Table(
            self.words("funnel"),
            [self.words("method"), *(self.words(one) for one in columns)],
            [
                [methods.get(row["method"], str(row["method"])), *self._numbers(row, columns)]
                for row in rows
            ],
        )

    def _methods(self) -> dict[str, str]:
        scales = {
            column.scale
            for feed in self.codebook.feeds_of(self.study)
            for column in self.codebook.columns_of(feed.feed)
            if column.field == "method" and column.scale
        }
        named = {
            value.code: self.words.label(value)
            for scale in scales
            for value in self.codebook.values_of(scale)
            if value.code
        }
        return {**named, "unknown": self.words("unknown"), ALL: self.words("all_methods")}

    def _verdicts(self) -> Iterator[Table]:
        rows = self.facts.rows(VERDICTS, self.period)
        if not rows:
            return
        products = {
            one.product_code: self.words.label(one) for one in self.codebook.products_of(self.study)
        }
        rows = sorted(rows, key=lambda row: row["product_code"] == ALL)
        words = self.words
        shown_rows = []
        for row in rows:
            label = products.get(row["product_code"], words("all_channels"))
            if row["product_code"] == ALL:
                label = words("organisation")
            if row["status"] != PUBLISHED:
                shown_rows.append([label, *[words("hidden_mark")] * 7])
                continue
            shown_rows.append(
                [
                    label,
                    self._maybe(row["responses"]),
                    self._maybe(row["response_rate"], 1),
                    self._maybe(row["value"], 1),
                    self._maybe(row["norm"], 1),
                    self._maybe(row["value_second_judgement"], 1),
                    words("published_yes" if row["published"] else "published_no"),
                    words(row["reason"]),
                ]
            )
        names = ("responses", "response_rate", "figure", "norm", "second_judgement")
        head = [words("product"), *map(words, names), words("publication"), words("reason")]
        yield Table(words("publication"), head, shown_rows)

    def _benchmark(self) -> str:
        counts = [
            row["benchmark_organisations"]
            for metric in self.outline.headline + self.outline.statements
            if (row := self.facts.figure(self.period, EVERYBODY, metric.metric))
            and row["benchmark_organisations"]
        ]
        if not counts:
            return ""
        method = self.codebook.study(self.study).benchmark_method
        key = "benchmark_pooled" if method == "pooled" else "benchmark_note"
        return self.words(key, count=max(counts))

    def _hidden(self) -> str:
        rows = self.facts.rows(HIDDEN, self.period)
        hidden = sum(row["cells_suppressed"] or 0 for row in rows)
        every = hidden + sum(row["cells_published"] or 0 for row in rows)
        min_n = self.codebook.study(self.study).min_n
        key = "not_shown_some" if hidden else "not_shown_none"
        return self.words(
            key, all=self.words.number(every), hidden=self.words.number(hidden), min_n=min_n
        )

    def _definitions(self, blocks: Sequence[Block]) -> list[tuple[str, str]]:
        strips = [
            strip
            for block in blocks
            for strip in (*block.tiles, *(one for each in block.lists for one in each.strips))
        ]
        return list(dict.fromkeys((one.label, one.definition) for one in strips))
