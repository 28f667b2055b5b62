"""What the codebook asks of each column of one delivery.

Belongs here: codebook rows turned into one rule per column that is in the file. Does not belong
here: reading or judging values.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property

from dagster_project.codebook import Codebook, Column, Feed, Organisation, Study, fold, roles
from dagster_project.ingest.header import Layout
from dagster_project.ingest.reasons import Reason


class Kind(StrEnum):
    """How the text of a column is read."""

    IDENTIFIER = "identifier"
    ORGANISATION = "organisation"
    CODE = "code"
    MULTIPLE = "multiple"
    NUMBER = "number"
    WEIGHT = "weight"
    MOMENT = "moment"
    YEAR = "year"
    TEXT = "text"
    EMAIL = "email"


PERSONAL = frozenset({Kind.TEXT, Kind.EMAIL})
"""Kinds whose values never leave the restricted part of the lake."""
KINDS: Mapping[str, Kind] = {
    "organisation_code": Kind.ORGANISATION,
    "weight": Kind.WEIGHT,
    "year": Kind.YEAR,
    "email": Kind.EMAIL,
    **dict.fromkeys(("channel", "product_code", "method", "status"), Kind.CODE),
    **dict.fromkeys(roles.DATE_ROLES, Kind.MOMENT),
    **dict.fromkeys(roles.TEXT_ROLES, Kind.TEXT),
}
"""Roles by kind; other roles are identifiers."""


@dataclass(frozen=True)
class Rule:
    """How one column is read and judged.

    `codes` maps texts (trimmed, lower case) to codes, None where any text is its own code;
    `numbers` maps codes to numbers; `no_answer` lists texts that count as blank. Where each of
    several columns stands for one answer, `answers` gives their codes, and `header` names them all.
    """

    field: str
    header: str
    kind: Kind
    required: bool
    question: bool
    codes: Mapping[str, str] | None = None
    numbers: Mapping[str, float | None] = dataclasses.field(default_factory=dict)
    no_answer: frozenset[str] = frozenset()
    unknown: Reason = Reason.UNKNOWN_CODE
    minimum: float | None = None
    maximum: float | None = None
    decimals: int = 0
    format: str | None = None
    answers: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def headers(self) -> tuple[str, ...]:
        """The columns of the file that it is read from."""
        return tuple(self.answers) or (self.header,)

    @property
    def reading(self) -> tuple[object, ...]:
        """All that says what a text in it means; rules that share it can be read together."""
        codes = None if self.codes is None else tuple(self.codes.items())
        numbers = tuple(self.numbers.items())
        return self.kind, codes, numbers, self.no_answer, self.decimals, self.format


@dataclass(frozen=True)
class Plan:
    """All rules of one delivery, in codebook order, with what holds for all its rows.

    `has_texts`: the feed may hold free text, whether or not this file does. `constants` are values
    by field that hold for all rows; `included` gives, by header as it stands in the file, the
    folded texts of which a row must have one to count; `ANY_ANSWER` among them is any answer.
    """

    feed: Feed
    study: Study
    rules: tuple[Rule, ...]
    organisations: tuple[Organisation, ...]
    has_texts: bool
    constants: Mapping[str, str] = dataclasses.field(default_factory=dict)
    included: Mapping[str, frozenset[str]] = dataclasses.field(default_factory=dict)

    @property
    def headers(self) -> tuple[str, ...]:
        """Columns of the file that are read."""
        read = [header for rule in self.rules for header in rule.headers]
        return tuple(dict.fromkeys([*read, *self.included]))

    def no_answers(self, header: str) -> frozenset[str]:
        """Folded texts of a column that mean no answer, besides a blank."""
        return frozenset().union(*(r.no_answer for r in self.rules if header in r.headers))

    @cached_property
    def read_alike(self) -> tuple[tuple[Rule, ...], ...]:
        """The rules, grouped by what their texts mean."""
        groups: dict[tuple[object, ...], list[Rule]] = {}
        for rule in self.rules:
            groups.setdefault(rule.reading, []).append(rule)
        return tuple(map(tuple, groups.values()))

    @property
    def key(self) -> tuple[str, ...]:
        """Fields that tell one row of a delivery from another."""
        if self.feed.kind == roles.INVITATIONS:
            return ("invitation_id",)
        if self.numbered_by_year:
            return ("organisation_code", "year", "response_id")
        return ("organisation_code", "response_id")

    @property
    def numbered_by_year(self) -> bool:
        """Whether each wave counts its respondents anew: an id is unique within a year only."""
        return self.feed.period_source == "year"

    @property
    def event(self) -> str:
        """The field that says on which day a row happened."""
        return "sent_at" if self.feed.kind == roles.INVITATIONS else "contact_date"

    @property
    def starts_on(self) -> date:
        """The earliest day that a row may be of."""
        return self.study.starts_on

    def rule(self, name: str) -> Rule | None:
        """Find the rule of a field, None when the file does not have it."""
        return next((rule for rule in self.rules if rule.field == name), None)

    def of_kind(self, *kinds: Kind) -> tuple[Rule, ...]:
        """Pick the rules of these kinds."""
        return tuple(rule for rule in self.rules if rule.kind in kinds)

    @property
    def questions(self) -> tuple[Rule, ...]:
        """Rules of the questions that were asked."""
        return tuple(rule for rule in self.rules if rule.question)


def plan(feed: Feed, layout: Layout, codebook: Codebook) -> Plan:
    """Make the rules for the columns that a file has."""
    order = {
        column.field: place
        for place, column in reversed([*enumerate(codebook.columns_of(feed.feed))])
    }
    required = {c.field for c in codebook.columns_of(feed.feed) if c.required}
    rules = [
        _rule(header, column, column.field in required, feed, codebook)
        for header, column in layout.columns.items()
        if column.answer is None
    ]
    parts: dict[str, dict[str, str]] = {}
    for header, column in layout.columns.items():
        if column.answer is not None:
            parts.setdefault(column.field, {})[header] = column.answer
    first = {column.field: column for column in reversed(codebook.columns_of(feed.feed))}
    for field, answers in parts.items():
        named = ", ".join(header.strip() for header in answers)
        rule = _rule(named, first[field], field in required, feed, codebook)
        rules.append(dataclasses.replace(rule, answers=answers))
    return Plan(
        feed,
        codebook.study(feed.study),
        tuple(sorted(rules, key=lambda rule: order[rule.field])),
        codebook.organisations_of(feed.study),
        any(column.field in roles.TEXT_ROLES for column in codebook.columns_of(feed.feed)),
        codebook.constants_of(feed.feed),
        layout.included,
    )


def known_texts(
    column: Column, feed: Feed, codebook: Codebook
) -> tuple[frozenset[str], frozenset[str]]:
    """Give the texts a column may hold: answers, then no-answers; empty when any may."""
    rule = _rule(column.header, column, column.required, feed, codebook)
    if rule.kind is Kind.NUMBER:
        return frozenset(), rule.no_answer
    return frozenset(rule.codes or ()), rule.no_answer


def _rule(header: str, column: Column, required: bool, feed: Feed, codebook: Codebook) -> Rule:
    if column.field in roles.ROLES[feed.kind]:
        return _role(header, column, required, feed, codebook)
    scale = codebook.scale(codebook.question(feed.study, column.field).scale)
    values = codebook.values_of(scale.scale)
    return Rule(
        column.field,
        header,
        Kind(scale.kind),
        required,
        question=True,
        codes={fold(value.raw): value.code or fold(value.raw) for value in values},
        numbers={value.code: value.number for value in values if value.code},
        no_answer=codebook.no_answers_of(scale.scale),
        minimum=scale.minimum,
        maximum=scale.maximum,
        decimals=scale.decimals or 0,
        format=column.format if column.answer is None else None,
    )


def _role(header: str, column: Column, required: bool, feed: Feed, codebook: Codebook) -> Rule:
    translated = codebook.scale(column.scale) if column.scale else None
    known = {
        "channel": [channel.channel for channel in codebook.channels_of(feed.study)],
        "product_code": [product.product_code for product in codebook.products_of(feed.study)],
    }.get(column.field)
    codes = None if known is None else {fold(code): code for code in known}
    if translated and translated.kind == "code":
        codes = {
            fold(value.raw): value.code
            for value in codebook.values_of(translated.scale)
            if value.code and (codes is None or value.code in codes.values())
        }
    return Rule(
        column.field,
        header,
        KINDS.get(column.field, Kind.IDENTIFIER),
        required,
        question=False,
        codes=codes,
        no_answer=codebook.no_answers_of(translated.scale) if translated else frozenset(),
        unknown=Reason.UNKNOWN_PRODUCT if column.field == "product_code" else Reason.UNKNOWN_CODE,
        format=column.format,
    )
