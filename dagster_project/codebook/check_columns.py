"""Rules for rows of `columns.csv`: what a header holds and how it is read.

Belongs here: rules on one column or on the aliases of one field. Does not belong here: which
columns a feed must have (check_feeds.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from dagster_project.codebook.codebook import Codebook
from dagster_project.codebook.faults import Fault, row_of
from dagster_project.codebook.model import Column, Feed, Scale
from dagster_project.codebook.roles import (
    CODE_ROLES,
    DATE_ROLES,
    RESPONSES,
    ROLES,
    STATUSES,
    TEXT_ROLES,
)

_PROBE = datetime(2023, 11, 28)


def fields_are_known(codebook: Codebook) -> Iterator[Fault]:
    """Check that a column holds a role of its kind of feed, or a question of the feed's study."""
    feeds = {feed.feed: feed for feed in codebook.feeds}
    questions = {(question.study, question.question) for question in codebook.questions}
    for column in codebook.columns:
        feed = feeds.get(column.feed)
        if feed is None or column.field in ROLES[feed.kind]:
            continue
        if feed.kind != RESPONSES:
            known = ", ".join(sorted(ROLES[feed.kind]))
            yield Fault(
                column,
                "field",
                f"'{column.field}' is no role of a feed of {feed.kind}; use one of {known}",
            )
        elif (feed.study, column.field) not in questions:
            yield Fault(
                column,
                "field",
                f"'{column.field}' is neither a role nor a question of study '{feed.study}'; "
                "correct it or add the question to questions.csv",
            )


def aliases_agree(codebook: Codebook) -> Iterator[Fault]:
    """Check that several headers for one field of a feed are read in the same way."""
    first: dict[tuple[str, str], Column] = {}
    for column in codebook.columns:
        other = first.setdefault((column.feed, column.field), column)
        apart = column.answer is not None or other.answer is not None
        for name in ("required", "scale") if apart else ("required", "format", "scale"):
            if getattr(column, name) != getattr(other, name):
                yield Fault(
                    column,
                    name,
                    f"differs from {row_of(other, column)}, another header of '{column.field}'; "
                    "make them the same",
                )


def formats_can_be_read(codebook: Codebook) -> Iterator[Fault]:
    """Check that a format is of a date and holds a whole day, or is of a question of several."""
    feeds = {feed.feed: feed for feed in codebook.feeds}
    several = {scale.scale for scale in codebook.scales if scale.kind == "multiple"}
    scales = {(q.study, q.question): q.scale for q in codebook.questions if q.scale in several}
    for column in codebook.columns:
        if column.format is None:
            continue
        feed = feeds.get(column.feed)
        scale = scales.get((feed.study, column.field)) if feed else None
        if scale is not None:
            yield from _answer_faults(codebook, column, scale)
        elif column.field not in DATE_ROLES:
            known = ", ".join(sorted(DATE_ROLES))
            yield Fault(column, "format", f"only {known} have a format; clear the cell")
        elif not _carries_a_day(column.format):
            yield Fault(
                column,
                "format",
                f"'{column.format}' does not hold a year, month and day; write it as in %d-%m-%Y",
            )


def _answer_faults(codebook: Codebook, column: Column, scale: str) -> Iterator[Fault]:
    """Find a code that is none, and a separator that may be part of one."""
    codes = [value.code for value in codebook.values_of(scale) if value.code]
    if column.answer is not None:
        if column.answer not in codes:
            yield Fault(
                column,
                "format",
                f"'{column.answer}' is no code of scale '{scale}'; use one of {_some(codes)}",
            )
    elif any(letter.isalnum() for letter in column.format or ""):
        yield Fault(
            column,
            "format",
            f"'{column.format}' neither separates answers nor is = and the code of one; "
            "write it as in ; or =1",
        )


def _carries_a_day(form: str) -> bool:
    try:
        return datetime.strptime(_PROBE.strftime(form), form).date() == _PROBE.date()
    except ValueError:
        return False


def column_scales_fit(codebook: Codebook) -> Iterator[Fault]:
    """Check that a scale beside a role translates codes, or lists what is blank in a free text."""
    feeds = {feed.feed: feed for feed in codebook.feeds}
    scales = {scale.scale: scale for scale in codebook.scales}
    for column in codebook.columns:
        feed, scale = feeds.get(column.feed), scales.get(column.scale or "")
        if column.scale is None and column.field == "status":
            yield Fault(
                column,
                "scale",
                f"status needs a scale that gives the codes {', '.join(sorted(STATUSES))}; name it",
            )
        if feed is None or scale is None:
            continue
        yield from _scale_faults(codebook, feed, column, scale)


def _scale_faults(codebook: Codebook, feed: Feed, column: Column, scale: Scale) -> Iterator[Fault]:
    if column.field in CODE_ROLES or column.field in TEXT_ROLES:
        kind = "code" if column.field in CODE_ROLES else "no_answer"
        if scale.kind != kind:
            yield Fault(
                column,
                "scale",
                f"'{scale.scale}' is of kind {scale.kind}; {column.field} takes one of kind {kind}",
            )
            return
        known = _codes_of_role(codebook, feed, column.field)
        for value in codebook.values_of(scale.scale):
            if known is not None and value.code is not None and value.code not in known:
                yield Fault(
                    value,
                    "code",
                    f"'{value.code}' is no {column.field} for feed '{feed.feed}', which uses this "
                    f"scale; use one of {_some(known)}",
                )
    elif column.field in ROLES[feed.kind]:
        yield Fault(column, "scale", f"{column.field} is read without a scale; clear the cell")
    else:
        yield Fault(column, "scale", "a question has its scale in questions.csv; clear the cell")


def _codes_of_role(codebook: Codebook, feed: Feed, role: str) -> Collection[str] | None:
    """Look up the codes that a role may have; None when any will do."""
    if role == "channel":
        return [row.channel for row in codebook.channels_of(feed.study)]
    if role == "product_code":
        return [row.product_code for row in codebook.products_of(feed.study)]
    if role == "organisation_code":
        return [row.organisation_code for row in codebook.organisations_of(feed.study)]
    return sorted(STATUSES) if role == "status" else None


def _some(known: Collection[str]) -> str:
    shown = list(known)[:8]
    return ", ".join(shown) + (", ..." if len(known) > len(shown) else "")
