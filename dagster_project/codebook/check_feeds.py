"""Rules for feeds as a whole: where each row's organisation, channel and period come from.

Belongs here: rules on rows of `feeds.csv`, with the columns each feed must have. Does not belong
here: rules on a single column (check_columns.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from dagster_project.codebook.cells import YEAR
from dagster_project.codebook.codebook import Codebook
from dagster_project.codebook.faults import Fault, row_of
from dagster_project.codebook.model import Column, Feed
from dagster_project.codebook.roles import INVITATIONS, RESPONSES

_BY_SOURCE = {"date": "contact_date", "year": "year"}
"""The column of a response from which its period comes."""
_ALWAYS = {RESPONSES: ("response_id",), INVITATIONS: ("invitation_id", "sent_at")}
_NEVER_BLANK = {
    RESPONSES: ("response_id", "organisation_code", "channel", "product_code", "weight", "year"),
    INVITATIONS: ("invitation_id", "sent_at", "organisation_code", "channel", "product_code"),
}


def feeds_have_their_columns(codebook: Codebook) -> Iterator[Fault]:
    """Check that a feed has a column for all that identifies a row and that no constant gives."""
    for feed in codebook.feeds:
        columns = {column.field: column for column in reversed(codebook.columns_of(feed.feed))}
        needed = set(_ALWAYS[feed.kind])
        if feed.kind == RESPONSES and feed.period_source in _BY_SOURCE:
            needed.add(_BY_SOURCE[feed.period_source])
        # without it a total over products would hold respondents that no product has
        if codebook.products_of(feed.study):
            needed.add("product_code")
        for role in sorted(needed - set(columns) - set(codebook.constants_of(feed.feed))):
            or_constant = " or constants.csv" if role == "product_code" else ""
            yield Fault(
                feed,
                "feed",
                f"'{feed.feed}' has no column for {role}; "
                f"add a row for it to columns.csv{or_constant}",
            )
        for role in sorted({*_NEVER_BLANK[feed.kind], *needed} & set(columns)):
            if not columns[role].required:
                yield Fault(
                    columns[role],
                    "required",
                    f"a row without {role} cannot be counted; write true",
                )
        yield from _one_source(feed, columns, "organisation_code", needed=True)
        has_channels = bool(codebook.channels_of(feed.study))
        yield from _one_source(feed, columns, "channel", needed=has_channels)


def _one_source(
    feed: Feed, columns: dict[str, Column], role: str, *, needed: bool
) -> Iterator[Fault]:
    """Check that either the feed's constant or a column gives the role, and not both."""
    constant = getattr(feed, role) is not None
    if constant and role in columns:
        yield Fault(
            feed,
            role,
            f"'{getattr(feed, role)}' holds for every row and "
            f"{row_of(columns[role], feed)} gives one per row; keep one of the two",
        )
    if needed and not constant and role not in columns:
        yield Fault(
            feed,
            role,
            f"nothing says which {role} a row has; fill in the cell or add a column to columns.csv",
        )


def weights_are_everybodys(codebook: Codebook) -> Iterator[Fault]:
    """Check that either all responses of a study have a weight or none: 1 is no neutral weight."""
    weighted = {column.feed for column in codebook.columns if column.field == "weight"}
    weighted |= {constant.feed for constant in codebook.constants if constant.field == "weight"}
    responses = [feed for feed in codebook.feeds if feed.kind == RESPONSES]
    studies = {feed.study: feed.feed for feed in responses if feed.feed in weighted}
    for feed in responses:
        if feed.study in studies and feed.feed not in weighted:
            yield Fault(
                feed,
                "feed",
                f"'{feed.feed}' has no column for weight and '{studies[feed.study]}' of the same "
                "study has one; add a row for it to columns.csv, or a weight to constants.csv",
            )


def constants_are_of_no_column(codebook: Codebook) -> Iterator[Fault]:
    """Check that a constant is of a feed of responses without such a column, and can be used."""
    feeds = {feed.feed: feed for feed in codebook.feeds}
    for constant in codebook.constants:
        feed = feeds.get(constant.feed)
        if feed is None:
            continue
        given = [c for c in codebook.columns_of(feed.feed) if c.field == constant.field]
        products = {product.product_code for product in codebook.products_of(feed.study)}
        if given:
            yield Fault(
                constant,
                "field",
                f"{row_of(given[0], constant)} gives {constant.field} per row; keep one of the two",
            )
        if constant.field == "product_code" and constant.value not in products:
            yield Fault(
                constant,
                "value",
                f"'{constant.value}' is no product of study '{feed.study}'; "
                "correct it or add it to products.csv",
            )
        if constant.field == "weight" and feed.kind != RESPONSES:
            yield Fault(constant, "field", f"a feed of {feed.kind} has no weights; remove the row")
        elif constant.field == "weight" and not _is_weight(constant.value):
            yield Fault(constant, "value", f"'{constant.value}' is no number above 0; correct it")


def _is_weight(text: str) -> bool:
    try:
        return 0 < float(text) < float("inf")
    except ValueError:
        return False


def roles_have_something_to_name(codebook: Codebook) -> Iterator[Fault]:
    """Check that a study without channels or products has no columns for them."""
    feeds = {feed.feed: feed for feed in codebook.feeds}
    for column in codebook.columns:
        feed = feeds.get(column.feed)
        if feed is None:
            continue
        for role, file, rows in (
            ("channel", "channels.csv", codebook.channels_of(feed.study)),
            ("product_code", "products.csv", codebook.products_of(feed.study)),
        ):
            if column.field == role and not rows:
                yield Fault(
                    column,
                    "field",
                    f"study '{feed.study}' has no rows in {file}; add them or remove this column",
                )


def periods_have_one_source(codebook: Codebook) -> Iterator[Fault]:
    """Check that a period without dates is a year of a wave study's responses, told only once."""
    timing = {study.study: study.timing for study in codebook.studies}
    for feed in codebook.feeds:
        if feed.period_source != "constant" and feed.period is not None:
            source = feed.period_source
            yield Fault(feed, "period", f"the period comes from a {source}; clear the cell")
        yield from _unread_years(codebook, feed)
        if feed.period_source == "date":
            continue
        if feed.kind != RESPONSES:
            yield Fault(
                feed,
                "period_source",
                f"a feed of {feed.kind} takes its period from a date; write date",
            )
        elif timing.get(feed.study) == "quarter":
            yield Fault(
                feed,
                "period_source",
                f"study '{feed.study}' is timed by quarter, so each row needs a date; write date",
            )
        if feed.period_source == "year":
            continue
        if feed.period is None:
            yield Fault(feed, "period", "a constant period is needed; fill in the year of the wave")
        elif not YEAR.fullmatch(feed.period):
            yield Fault(feed, "period", f"'{feed.period}' is not a year; write it in four digits")


def _unread_years(codebook: Codebook, feed: Feed) -> Iterator[Fault]:
    """Find columns with the year of a feed whose period comes from elsewhere."""
    if feed.period_source == "year" or feed.kind != RESPONSES:
        return
    for column in codebook.columns_of(feed.feed):
        if column.field == "year":
            yield Fault(
                column,
                "field",
                f"the period of feed '{feed.feed}' comes from a {feed.period_source}; remove this "
                "column or write year as its period_source",
            )


def constant_organisations_are_of_the_study(codebook: Codebook) -> Iterator[Fault]:
    """Check that a feed's organisation is of the kind that its study is about."""
    kinds = {study.study: study.organisation_kind for study in codebook.studies}
    of_code = {row.organisation_code: row.kind for row in codebook.organisations}
    for feed in codebook.feeds:
        kind, found = kinds.get(feed.study), of_code.get(feed.organisation_code or "")
        if kind and found and kind != found:
            yield Fault(
                feed,
                "organisation_code",
                f"'{feed.organisation_code}' is of kind {found} and study '{feed.study}' is about "
                f"{kind}; choose another organisation",
            )
